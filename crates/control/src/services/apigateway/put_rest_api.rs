//! `PutRestApi` brings an OpenAPI document into an API: beside what it has, or in its place.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_PutRestApi.html>

use serde_json::Value;

use super::{
    api, arn,
    import_rest_api::finish,
    input::{document, import_options},
    records::import::{ImportOptions, Mode, Source, Staging},
};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::Apis,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "PutRestApi",
    route: Some(Route {
        method: "PUT",
        path: "/restapis/{restapi_id}",
        query: &["mode", "failonwarnings", "basepath", "ignore"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PUT",
        resource: |call| arn(call, "/restapis/{restapi_id}"),
    },
    members: &[
        "restapi_id",
        "mode",
        "failonwarnings",
        "basepath",
        "ignore",
        "body",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let options = ImportOptions {
        mode: Mode::parse(call.text("mode"))?,
        ..import_options(call)?
    };
    let body = document(call);
    let staging = Staging::over(&call.parts.store);
    let apis = Apis {
        store: staging.store(),
        ..Apis::of(call.parts, call.scope)
    };
    let imported = apis
        .put_rest_api(&api(call), Source::Text(&body), &options)
        .await?;
    finish(call, &staging, &imported).await
}
