//! `ImportApi` makes an API of an OpenAPI document.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis.html>

use serde_json::Value;

use super::{
    http_apis,
    input::import_options,
    records::{
        HttpApis,
        import::{ImportOptions, Imported},
    },
    wire,
};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::{
        input::{arn, label},
        records::{
            Apis,
            import::{Source, Staging},
        },
    },
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ImportApi",
    route: Some(Route {
        method: "PUT",
        path: "/v2/apis",
        query: &["basepath", "failOnWarnings"],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:PUT",
        resource: |call| arn(call, "/apis"),
    },
    members: &["basepath", "failOnWarnings", "body"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let options: ImportOptions = import_options(call)?;
    let staging = Staging::over(&call.parts.store);
    let staged = HttpApis(Apis {
        store: staging.store(),
        ..http_apis(call).0
    });
    let source = Source::Text(label(call, "body").as_bytes());
    let imported: Imported = staged.import_api(source, &options).await?;
    staging.commit().await?;
    Ok(wire::imported(call, &imported))
}
