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

use crate::operation::{Access, AwsError, Call, Protocol, Service};
use records::LambdaFunctions;
use settings::invalid;

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
        resource: |call| function_arn(call.scope, &bare(call.text("FunctionName").unwrap_or_default())),
    }
}

/// Returns the name in a name or an ARN, whole or partial, without its qualifier.
fn bare(said: &str) -> String {
    let rest = said.rsplit_once("function:").map_or(said, |(_, rest)| rest);
    rest.split(':').next().unwrap_or(rest).to_owned()
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
    let name = bare(said);
    settings::check_name(&name)?;
    let rest = said
        .rsplit_once(&format!("{name}:"))
        .map(|(_, qualifier)| qualifier);
    let qualifier = call.text("Qualifier").or(rest);
    if qualifier.is_some_and(|qualifier| qualifier != "$LATEST") {
        return Err(not_found());
    }
    Ok(name)
}

/// Refuses to publish a version: there are none.
fn refuse_publish(call: &Call<'_>) -> Result<(), AwsError> {
    match call.input.get("Publish") {
        None | Some(Value::Bool(false)) => Ok(()),
        Some(_) => Err(invalid("`Publish` is not supported: there are no versions")),
    }
}
