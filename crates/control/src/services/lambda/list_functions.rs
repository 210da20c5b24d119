//! `ListFunctions`: returns every function, by name.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_ListFunctions.html>

use portcullis_model::resources::lambda::function_arn;
use serde_json::{Value, json};

use super::{functions, settings::invalid, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// Functions in one answer: AWS has 50 as well.
const PAGE_ITEMS_MAX: usize = 50;

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ListFunctions",
    route: Some(Route {
        method: "GET",
        path: "/2015-03-31/functions",
        query: &["Marker", "MaxItems", "FunctionVersion"],
        status: 200,
    }),
    access: Access::Signed {
        action: "lambda:ListFunctions",
        resource: |call| function_arn(call.scope, "*"),
    },
    members: &["Marker", "MaxItems", "FunctionVersion"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let asked = call.text("MaxItems").map(str::parse::<usize>).transpose();
    let asked = asked
        .map_err(|_| invalid("`MaxItems` is no number"))?
        .unwrap_or(PAGE_ITEMS_MAX);
    let (marker, wanted) = (call.text("Marker"), asked.clamp(1, PAGE_ITEMS_MAX));
    let mut all = functions(call).all().await?;
    all.retain(|function| marker.is_none_or(|marker| function.value.function_name.as_str() > marker));
    let more = all.len() > wanted;
    all.truncate(wanted);
    let listed = all
        .iter()
        .map(|function| wire::configuration(call, &function.value));
    let mut answer = json!({ "Functions": listed.collect::<Result<Vec<_>, _>>()? });
    if let (true, Some(last), Some(answer)) = (more, all.last(), answer.as_object_mut()) {
        answer.insert("NextMarker".into(), last.value.function_name.clone().into());
    }
    Ok(answer)
}
