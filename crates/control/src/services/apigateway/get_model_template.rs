//! `GetModelTemplate` returns a sample of a mapping template that makes what a model describes.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetModelTemplate.html>

use portcullis_engines::{json_schema::model_url, model_template};
use serde_json::{Value, json};

use super::{api, apis, arn, label};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetModelTemplate",
    route: Some(Route {
        method: "GET",
        path: "/restapis/{restapi_id}/models/{model_name}/default_template",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| {
            arn(
                call,
                "/restapis/{restapi_id}/models/{model_name}/default_template",
            )
        },
    },
    members: &["restapi_id", "model_name"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, api) = (apis(call), api(call));
    let model = apis.model(&api, label(call, "model_name")).await?.value;
    let others = apis.all_models(&api).await?;
    let schema_of = |schema: Option<&str>| -> Value {
        let parsed = schema.and_then(|text| serde_json::from_str(text).ok());
        parsed.unwrap_or_else(|| json!({}))
    };
    let find = |url: &str| {
        let other = others
            .iter()
            .find(|other| model_url(api.as_str(), &other.name) == url)?;
        Some(schema_of(other.schema.as_deref()))
    };
    let value = model_template::sample(&schema_of(model.schema.as_deref()), &find);
    Ok(json!({ "value": value }))
}
