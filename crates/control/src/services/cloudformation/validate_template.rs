//! `ValidateTemplate` checks a template and names its parameters.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_ValidateTemplate.html>

use std::collections::BTreeMap;

use portcullis_engines::cloudformation::parse_template;
use portcullis_model::Problem;
use serde_json::{Value, json};

use super::{any_stack, describe, template_body};
use crate::{
    operation::{Access, AwsError, Call, Operation},
    stacks::check,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "ValidateTemplate",
    route: None,
    access: Access::Signed {
        action: "cloudformation:ValidateTemplate",
        resource: any_stack,
    },
    members: &["TemplateBody", "TemplateURL"],
    call: |call| Box::pin(answer(call)),
};

#[allow(
    clippy::unused_async,
    reason = "operations are futures, this one has nothing to wait for"
)]
async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let text = template_body(call)?;
    let problems = check(text, &BTreeMap::new());
    let errors: Vec<String> = problems
        .iter()
        .filter(|problem| problem.is_error())
        .map(Problem::to_string)
        .collect();
    if !errors.is_empty() {
        return Err(AwsError::validation(format!(
            "Template format error: {}",
            errors.join("\n")
        )));
    }
    let template = parse_template(text).unwrap_or_default();
    let parameters: Vec<Value> = template.parameters.iter().map(describe::parameter).collect();
    Ok(json!({
        "Parameters": parameters,
        "Description": template.description,
        "Capabilities": [],
    }))
}
