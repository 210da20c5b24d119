//! `ImportRestApi` makes an API of an OpenAPI document.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_ImportRestApi.html>

use serde_json::Value;

use super::{
    SERVICE, arn,
    input::{document, import_options},
    records::import::{Imported, Source, Staging},
    wire,
};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    roles,
    services::apigateway::records::Apis,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ImportRestApi",
    route: Some(Route {
        method: "POST",
        path: "/restapis?mode=import",
        query: &[
            "mode",
            "failonwarnings",
            "basepath",
            "endpointConfigurationTypes",
            "ignore",
        ],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/restapis"),
    },
    members: &[
        "mode",
        "failonwarnings",
        "basepath",
        "endpointConfigurationTypes",
        "ignore",
        "body",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (body, options) = (document(call), import_options(call)?);
    let staging = Staging::over(&call.parts.store);
    let apis = Apis {
        store: staging.store(),
        ..Apis::of(call.parts, call.scope)
    };
    let imported = apis.import_rest_api(Source::Text(&body), &options).await?;
    finish(call, &staging, &imported).await
}

/// Asks whether the caller may lend the roles of the document, and writes what it made.
pub(super) async fn finish(
    call: &Call<'_>,
    staging: &Staging,
    imported: &Imported,
) -> Result<Value, AwsError> {
    for role in &imported.roles {
        roles::check_pass_role(&SERVICE, call, role, "apigateway.amazonaws.com").await?;
    }
    staging.commit().await?;
    Ok(wire::imported_rest_api(&imported.api, &imported.warnings))
}
