//! A group on the wire.

use portcullis_identity::directory::GroupInput;
use portcullis_model::resources::cognito::Group;
use serde_json::{Map, Value, json};

use super::rules;
use crate::input::{Input, Text};

/// Reads the settings of a group.
pub(super) fn read(input: &mut Input<'_>) -> GroupInput {
    let role = Text {
        min: 20,
        ..Text::up_to(2048)
    };
    GroupInput {
        user_pool_id: input.required("UserPoolId", rules::USER_POOL_ID).to_owned(),
        group_name: input.required("GroupName", rules::USERNAME).to_owned(),
        description: input.text("Description", Text::up_to(2048)).map(str::to_owned),
        role_arn: input.text("RoleArn", role).map(str::to_owned),
        precedence: input.unsigned("Precedence", i32::MAX.unsigned_abs()),
    }
}

/// Returns a group as callers see it.
pub(super) fn describe(group: &Group) -> Value {
    let mut shown = Map::new();
    shown.insert("GroupName".into(), json!(group.group_name));
    shown.insert("UserPoolId".into(), json!(group.user_pool_id));
    if let Some(description) = &group.description {
        shown.insert("Description".into(), json!(description));
    }
    if let Some(role) = &group.role_arn {
        shown.insert("RoleArn".into(), json!(role));
    }
    if let Some(precedence) = group.precedence {
        shown.insert("Precedence".into(), json!(precedence));
    }
    shown.insert(
        "LastModifiedDate".into(),
        json!(group.last_modified_date.seconds_fractional()),
    );
    shown.insert(
        "CreationDate".into(),
        json!(group.creation_date.seconds_fractional()),
    );
    Value::Object(shown)
}
