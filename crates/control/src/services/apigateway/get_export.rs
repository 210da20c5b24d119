//! `GetExport` writes the API that a stage serves as an OpenAPI document.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetExport.html>

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_engines::openapi::{
    Version,
    export::{Extensions, RestExport, export_rest_api, render_yaml},
};
use portcullis_model::StageName;
use serde_json::{Value, json};

use super::{api, apis, arn, errors::bad_request, label};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetExport",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/stages/{stage_name}/exports/{export_type}",
        query: &["extensions"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/stages/{stage_name}/exports/{export_type}",
            )
        },
    },
    members: &[
        "restapi_id",
        "stage_name",
        "export_type",
        "extensions",
        "accepts",
        "body",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let version = match label(call, "export_type") {
        "oas30" => Version::OpenApi3,
        "swagger" => Version::Swagger2,
        _ => return Err(bad_request("Invalid export type specified: use oas30 or swagger")),
    };
    let yaml = wants_yaml(call.text("accepts"))?;
    let extensions = Extensions::parse(label(call, "extensions")).map_err(bad_request)?;
    let (apis, api) = (apis(call), api(call));
    let name = StageName::from(label(call, "stage_name"));
    let stage = apis.stage(&api, &name).await?.value;
    let deployment = apis.deployment(&api, &stage.deployment_id).await?.value;
    let document = export_rest_api(&RestExport {
        image: &deployment.image,
        stage_name: name.as_str(),
        host: &format!("{api}.execute-api.{}.amazonaws.com", call.scope.region),
        deployed: &deployment.created_date.iso8601(),
        version,
        extensions,
    })
    .map_err(bad_request)?;
    let (kind, ending, text) = if yaml {
        ("application/yaml", "yaml", render_yaml(&document))
    } else {
        let text = serde_json::to_string_pretty(&document)
            .map_err(|cause| AwsError::internal(format!("a document cannot be written: {cause}")))?;
        ("application/json", "json", text)
    };
    let file = format!("{}_{name}.{ending}", label(call, "export_type"));
    Ok(json!({
        "contentType": kind,
        "contentDisposition": format!("attachment; filename=\"{file}\""),
        "body": STANDARD.encode(text),
    }))
}

/// Tells YAML from JSON, which is what nobody's wish gets.
fn wants_yaml(accepts: Option<&str>) -> Result<bool, AwsError> {
    match accepts {
        None | Some("application/json" | "*/*") => Ok(false),
        Some("application/yaml") => Ok(true),
        Some(_) => Err(bad_request(
            "Invalid Accept header specified: use application/json or application/yaml",
        )),
    }
}
