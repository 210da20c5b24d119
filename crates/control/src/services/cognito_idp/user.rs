//! A user on the wire: attributes as `{Name, Value}`, and where a code went.

use portcullis_identity::{directory::UserDescription, flows::CodeDelivery};
use serde_json::{Value, json};

use super::rules;
use crate::input::Input;

/// Reads `UserAttributes`.
pub(super) fn read_attributes(input: &mut Input<'_>) -> Vec<(String, String)> {
    let read = |attribute: &mut Input<'_>| {
        let name = attribute.required("Name", rules::ATTRIBUTE_NAME).to_owned();
        let value = attribute
            .text("Value", rules::ATTRIBUTE_VALUE)
            .unwrap_or_default();
        (name, value.to_owned())
    };
    input
        .structures("UserAttributes", &["Name", "Value"], read)
        .unwrap_or_default()
}

/// Returns attributes as callers see them.
pub(super) fn attributes(attributes: &[(String, String)]) -> Value {
    attributes
        .iter()
        .map(|(name, value)| json!({ "Name": name, "Value": value }))
        .collect()
}

/// Returns a user as listings show him.
pub(super) fn describe(user: &UserDescription) -> Value {
    json!({
        "Username": user.username,
        "Attributes": attributes(&user.attributes),
        "UserCreateDate": user.user_create_date.seconds_fractional(),
        "UserLastModifiedDate": user.user_last_modified_date.seconds_fractional(),
        "Enabled": user.enabled,
        "UserStatus": user.user_status,
    })
}

/// Returns where a code went.
pub(super) fn delivery(delivery: &CodeDelivery) -> Value {
    json!({
        "Destination": delivery.destination,
        "DeliveryMedium": delivery.delivery_medium,
        "AttributeName": delivery.attribute_name,
    })
}
