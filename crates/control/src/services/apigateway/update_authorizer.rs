//! `UpdateAuthorizer` changes an authorizer by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateAuthorizer.html>

use portcullis_model::AuthorizerId;
use serde_json::Value;

use super::{api, apis, arn, label, patch, patches, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::authorizer::AuthorizerSettings,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateAuthorizer",
    route: Some(Route {
        method: "PATCH",
        path: "/restapis/{restapi_id}/authorizers/{authorizer_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/restapis/{restapi_id}/authorizers/{authorizer_id}"),
    },
    members: &["restapi_id", "authorizer_id", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api, id) = (
        apis(call),
        api(call),
        AuthorizerId::from(label(call, "authorizer_id")),
    );
    let present = AuthorizerSettings::of(&apis.authorizer(&api, &id).await?.value);
    let settings = patch::apply(&present, &patches(call)?, patch::AUTHORIZER)?;
    Ok(wire::plain(&apis.replace_authorizer(&api, &id, settings).await?))
}
