//! `AdminCreateUser`: makes a user with a temporary password, and invites him by mail.

use portcullis_identity::flows::{AdminCreateUser, MessageAction};
use serde_json::{Value, json};

use super::{access, rules, user};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "AdminCreateUser",
    route: None,
    access: access::on_pool("cognito-idp:AdminCreateUser"),
    members: &[
        "UserPoolId",
        "Username",
        "UserAttributes",
        "ValidationData",
        "TemporaryPassword",
        "ForceAliasCreation",
        "MessageAction",
        "DesiredDeliveryMediums",
        "ClientMetadata",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let pool = input.required("UserPoolId", rules::USER_POOL_ID);
    let username = input.required("Username", rules::USERNAME);
    let message_action = input.one_of("MessageAction", &["RESEND", "SUPPRESS"]);
    let settings = AdminCreateUser {
        user_pool_id: pool.to_owned(),
        username: username.to_owned(),
        user_attributes: user::read_attributes(&mut input),
        temporary_password: input.secret("TemporaryPassword", rules::PASSWORD),
        force_alias_creation: input.boolean("ForceAliasCreation").unwrap_or_default(),
        message_action: message_action.map(|action| match action {
            "RESEND" => MessageAction::Resend,
            _ => MessageAction::Suppress,
        }),
        desired_delivery_mediums: input
            .texts("DesiredDeliveryMediums", rules::WORD)
            .unwrap_or_default(),
    };
    input.finish()?;
    let user = call
        .parts
        .identity
        .admin_create_user(call.scope, settings)
        .await?;
    Ok(json!({ "User": user::describe(&user) }))
}
