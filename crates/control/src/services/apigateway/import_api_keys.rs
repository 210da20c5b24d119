//! `ImportApiKeys` makes and changes the API keys of a file.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_ImportApiKeys.html>

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use super::{SERVICE, arn, errors::bad_request, is_on, plans};
use crate::{
    admission,
    operation::{Access, AwsError, Call, Operation, Route, Subject},
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ImportApiKeys",
    route: Some(Route {
        method: "POST",
        path: "/apikeys?mode=import",
        query: &["mode", "format", "failonwarnings"],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/apikeys"),
    },
    members: &["mode", "format", "failonwarnings", "body"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    if call.text("format") != Some("csv") {
        return Err(bad_request("Invalid format specified: only `csv` is supported"));
    }
    let body = STANDARD
        .decode(call.text("body").unwrap_or_default())
        .unwrap_or_default();
    let plans = plans(call);
    // To put a key into a plan takes what CreateUsagePlanKey takes.
    for plan in plans.plans_of_file(&body)? {
        let subject = Subject {
            arn: arn(call, &format!("/usageplans/{plan}/keys")),
            context: Vec::new(),
        };
        admission::authorize_on(&SERVICE, call, "apigateway:POST", &subject).await?;
    }
    let imported = plans
        .import_api_keys(&body, is_on(call, "failonwarnings"))
        .await?;
    Ok(json!({ "ids": imported.ids, "warnings": imported.warnings }))
}
