//! `ExportApi` writes an API, or what one of its stages serves, as an OpenAPI document.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-exports-specification.html>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_engines::openapi::export::{HttpExport, export_http_api, render_yaml};
use serde_json::{Value, json};

use super::{api, http_apis, stage};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::{
        errors::bad_request,
        input::{arn, label},
    },
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ExportApi",
    route: Some(Route {
        method: "GET",
        path: "/v2/apis/{apiId}/exports/{specification}",
        query: &["exportVersion", "includeExtensions", "outputType", "stageName"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/apis/{apiId}/exports/{specification}"),
    },
    members: &[
        "apiId",
        "specification",
        "exportVersion",
        "includeExtensions",
        "outputType",
        "stageName",
        "body",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    if label(call, "specification") != "OAS30" {
        return Err(bad_request(
            "Invalid specification specified: the one there is is OAS30",
        ));
    }
    if call.text("exportVersion").is_some_and(|version| version != "1.0") {
        return Err(bad_request(
            "Invalid export version specified: the one there is is 1.0",
        ));
    }
    let yaml = match label(call, "outputType") {
        "YAML" => true,
        "JSON" => false,
        _ => {
            return Err(bad_request(
                "Invalid output type specified. Valid options are YAML, JSON",
            ));
        }
    };
    let extensions = match call.text("includeExtensions") {
        None | Some("true") => true,
        Some("false") => false,
        Some(_) => return Err(bad_request("`includeExtensions` is true or false")),
    };
    let (apis, api) = (http_apis(call), api(call));
    let name = stage(call);
    let image = if name.as_str().is_empty() {
        apis.image(&api).await?
    } else {
        let stage = apis.stage(&api, &name).await?.value;
        let nothing = || bad_request(format!("The stage {name} has no deployment"));
        let deployment = stage.deployment_id.ok_or_else(nothing)?;
        apis.deployment(&api, &deployment).await?.value.image
    };
    let document = export_http_api(&HttpExport {
        image: &image,
        stage_name: (!name.as_str().is_empty()).then(|| name.as_str()),
        host: &format!("{api}.execute-api.{}.amazonaws.com", call.scope.region),
        taken: &call.now.iso8601(),
        extensions,
    })
    .map_err(bad_request)?;
    let (kind, text) = if yaml {
        ("application/yaml", render_yaml(&document))
    } else {
        let text = serde_json::to_string_pretty(&document)
            .map_err(|cause| AwsError::internal(format!("a document cannot be written: {cause}")))?;
        ("application/json", text)
    };
    Ok(json!({ "contentType": kind, "body": STANDARD.encode(text) }))
}
