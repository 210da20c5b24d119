//! `CreateConnection`: makes a connection with an API key or a user name and password.

use portcullis_events::NewConnection;
use portcullis_model::{SecretText, resources::events::ConnectionAuthorization};
use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateConnection",
    route: None,
    access: access::on_connection("events:CreateConnection"),
    members: &["Name", "Description", "AuthorizationType", "AuthParameters"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let name = members.required("Name", input::NAME).to_owned();
    let description = members.text("Description", input::DESCRIPTION).map(str::to_owned);
    let kind = members.one_of(
        "AuthorizationType",
        &["API_KEY", "BASIC", "OAUTH_CLIENT_CREDENTIALS"],
    );
    members.require("AuthorizationType", kind.is_some());
    let known = ["ApiKeyAuthParameters", "BasicAuthParameters"];
    let parameters = members.structure("AuthParameters", &known, |parameters| {
        let key = parameters.structure("ApiKeyAuthParameters", &["ApiKeyName", "ApiKeyValue"], |key| {
            let api_key_name = key.required("ApiKeyName", input::SECRET).to_owned();
            let secret = key.required_secret("ApiKeyValue", input::SECRET);
            (ConnectionAuthorization::ApiKey { api_key_name }, secret)
        });
        let basic = parameters.structure("BasicAuthParameters", &["Username", "Password"], |basic| {
            let username = basic.required("Username", input::SECRET).to_owned();
            let secret = basic.required_secret("Password", input::SECRET);
            (ConnectionAuthorization::Basic { username }, secret)
        });
        (key, basic)
    });
    members.require("AuthParameters", parameters.is_some());
    if kind == Some("OAUTH_CLIENT_CREDENTIALS") {
        let message = "AuthorizationType OAUTH_CLIENT_CREDENTIALS is not supported: use API_KEY or BASIC";
        return Err(AwsError::new("ValidationException", 400, message));
    }
    input::finish(members)?;
    let (authorization, secret) = chosen(kind.unwrap_or_default(), parameters.unwrap_or_default())?;
    let new = NewConnection {
        name,
        description,
        authorization,
        secret,
    };
    let connection = catalogue(call).create_connection(new).await?;
    Ok(wire::connection_state(&connection, "AUTHORIZED"))
}

type Given = (ConnectionAuthorization, SecretText);

/// Returns the parameters of the kind that was asked for; those of the other kind must not be there.
fn chosen(kind: &str, parameters: (Option<Given>, Option<Given>)) -> Result<Given, AwsError> {
    match (kind, parameters) {
        ("API_KEY", (Some(given), None)) | ("BASIC", (None, Some(given))) => Ok(given),
        _ => Err(AwsError::new(
            "ValidationException",
            400,
            format!("AuthParameters must hold the parameters of {kind}, and no others"),
        )),
    }
}
