//! A resource server on the wire.

use portcullis_identity::directory::ResourceServerInput;
use portcullis_model::resources::cognito::{ResourceServer, ResourceServerScope};
use serde_json::{Value, json};

use super::rules;
use crate::input::{Input, Text};

/// Reads the settings of a resource server.
pub(super) fn read(input: &mut Input<'_>) -> ResourceServerInput {
    let read_scope = |scope: &mut Input<'_>| ResourceServerScope {
        scope_name: scope.required("ScopeName", rules::SCOPE).to_owned(),
        scope_description: scope
            .required(
                "ScopeDescription",
                Text {
                    min: 1,
                    ..Text::up_to(256)
                },
            )
            .to_owned(),
    };
    ResourceServerInput {
        user_pool_id: input.required("UserPoolId", rules::USER_POOL_ID).to_owned(),
        identifier: input.required("Identifier", rules::RESOURCE_SERVER).to_owned(),
        name: input.required("Name", rules::RESOURCE_SERVER_NAME).to_owned(),
        scopes: input
            .structures("Scopes", &["ScopeName", "ScopeDescription"], read_scope)
            .unwrap_or_default(),
    }
}

/// Returns a resource server as callers see it.
pub(super) fn describe(server: &ResourceServer) -> Value {
    json!({
        "UserPoolId": server.user_pool_id,
        "Identifier": server.identifier,
        "Name": server.name,
        "Scopes": server.scopes,
    })
}
