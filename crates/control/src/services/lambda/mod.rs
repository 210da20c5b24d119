//! AWS Lambda: <https://docs.aws.amazon.com/lambda/latest/api/API_Operations.html>
//!
//! Thin: the wire on one side, [`records`] and `portcullis_functions` on the other. There are neither versions nor aliases nor
//! layers, and functions are invoked synchronously alone.

mod add_permission;
mod create_function;
mod delete_function;
mod get_function;
mod get_function_configuration;
mod get_policy;
mod invoke;
mod list_functions;
pub(crate) mod permission;
pub(crate) mod records;
mod remove_permission;
pub(crate) mod settings;
#[cfg(test)]
mod tests;
mod update_function_code;
mod update_function_configuration;
mod wire;

use portcullis_model::{arn::Arn, resources::lambda::function_arn};
use serde_json::Value;

use crate::{
    operation::{Access, AwsError, Call, Protocol, Service},
    roles,
};
use records::LambdaFunctions;
use settings::invalid;

/// As trust policies name the service.
const PRINCIPAL: &str = "lambda.amazonaws.com";

pub const SERVICE: Service = Service {
    name: "lambda",
    protocol: Protocol::RestJson,
    operations: &[
        &add_permission::OPERATION,
        &create_function::OPERATION,
        &delete_function::OPERATION,
        &get_function::OPERATION,
        &get_function_configuration::OPERATION,
        &get_policy::OPERATION,
        &invoke::OPERATION,
        &list_functions::OPERATION,
        &remove_permission::OPERATION,
        &update_function_code::OPERATION,
        &update_function_configuration::OPERATION,
    ],
};

/// Returns the functions of the caller's account.
fn functions<'a>(call: &'a Call<'_>) -> LambdaFunctions<'a> {
    LambdaFunctions {
        store: call.parts.store.as_ref(),
        vault: &call.parts.vault,
        scope: call.scope,
        clock: call.parts.clock.as_ref(),
        entropy: call.parts.entropy.as_ref(),
        buckets: call.parts.buckets.as_ref(),
        runner: &call.parts.functions,
    }
}

/// Returns the permission `action` on the function that the call names.
const fn on_function(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |call| function_arn(call.scope, parts(call.text("FunctionName").unwrap_or_default()).0),
    }
}

/// Returns the name and the qualifier in a name or an ARN, whole or partial.
fn parts(said: &str) -> (&str, Option<&str>) {
    let named = said.match_indices(":function:").next();
    let rest = named.map_or(said, |(at, word)| said.get(at + word.len()..).unwrap_or_default());
    rest.split_once(':')
        .map_or((rest, None), |(name, qualifier)| (name, Some(qualifier)))
}

/// Returns the name of the function that the call names. One of another account or region is not here; and there are
/// neither versions nor aliases.
fn name(call: &Call<'_>) -> Result<String, AwsError> {
    let said = call.text("FunctionName").unwrap_or_default();
    let not_found = || {
        AwsError::new(
            "ResourceNotFoundException",
            404,
            format!("Function not found: {said}"),
        )
    };
    if let Ok(arn) = said.parse::<Arn>() {
        let ours = arn.service == "lambda"
            && arn.region == call.scope.region.as_str()
            && arn.account == call.scope.account.as_str();
        if !ours {
            return Err(not_found());
        }
    }
    let (name, qualifier) = parts(said);
    settings::check_name(name)?;
    let qualifier = call.text("Qualifier").or(qualifier);
    if qualifier.is_some_and(|qualifier| qualifier != "$LATEST") {
        return Err(not_found());
    }
    Ok(name.to_owned())
}

/// Checks that the caller may lend a function the role that he names for it.
async fn check_role(call: &Call<'_>) -> Result<(), AwsError> {
    match settings::text(call.input, "Role")? {
        Some(role) => roles::check_pass_role(&SERVICE, call, &role, PRINCIPAL)
            .await
            .map(drop),
        None => Ok(()),
    }
}

/// Refuses to publish a version: there are none.
fn refuse_publish(call: &Call<'_>) -> Result<(), AwsError> {
    match call.input.get("Publish") {
        None | Some(Value::Bool(false)) => Ok(()),
        Some(_) => Err(invalid("`Publish` is not supported: there are no versions")),
    }
}
