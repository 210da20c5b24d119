//! From a call to what stacks take.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::{
    operation::{AwsError, Call},
    stacks::{OnFailure, StackRequest, Stacks},
};

/// Items on a page, as AWS.
pub(super) const PAGE_ITEMS_MAX: usize = 100;

/// Returns the stacks as the caller sees them.
pub(super) fn stacks(call: &Call<'_>) -> Stacks {
    Stacks::new(call.parts.clone(), call.scope.clone())
}

/// Returns the ARN of the stack that is named.
pub(super) fn stack_arn(call: &Call<'_>) -> String {
    match call.text("StackName") {
        Some(id) if id.starts_with("arn:") => id.to_owned(),
        Some(name) => call.arn("cloudformation", &format!("stack/{name}/*")),
        None => any_stack(call),
    }
}

/// Returns what an operation on no stack in particular needs permission for.
pub(super) fn any_stack(_call: &Call<'_>) -> String {
    "*".into()
}

/// Returns a text that must be there.
pub(super) fn required<'c>(call: &'c Call<'_>, member: &str) -> Result<&'c str, AwsError> {
    call.text(member).filter(|text| !text.is_empty()).ok_or_else(|| {
        let mut wire = member.to_owned();
        if let Some(first) = wire.get_mut(..1) {
            first.make_ascii_lowercase();
        }
        AwsError::validation(format!(
            "1 validation error detected: Value null at '{wire}' failed to satisfy constraint: Member must not be null"
        ))
    })
}

/// Returns a list of texts.
pub(super) fn texts(call: &Call<'_>, member: &str) -> Vec<String> {
    let items = call
        .input
        .get(member)
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    items.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Returns the template that is given; one behind a URL is refused.
pub(super) fn template_body<'c>(call: &'c Call<'_>) -> Result<&'c str, AwsError> {
    if call.text("TemplateURL").is_some() {
        return Err(AwsError::validation(
            "`TemplateURL` is not supported: there is no S3 to read from; give `TemplateBody`",
        ));
    }
    call.text("TemplateBody")
        .ok_or_else(|| AwsError::validation("Either Template URL or Template Body must be specified."))
}

/// Reads what `CreateStack` is asked for.
pub(super) fn stack_request(call: &Call<'_>) -> Result<StackRequest, AwsError> {
    let (parameters, previous_parameters) = parameters(call)?;
    if let Some(name) = previous_parameters.first() {
        return Err(AwsError::validation(format!(
            "Invalid input for parameter key {name}. Cannot specify usePreviousValue as true when creating a stack"
        )));
    }
    Ok(StackRequest {
        stack_name: required(call, "StackName")?.to_owned(),
        template: Some(template_body(call)?.to_owned()),
        parameters,
        previous_parameters,
        tags: Some(tags(call).unwrap_or_default()),
        capabilities: texts(call, "Capabilities"),
        on_failure: on_failure(call)?,
    })
}

/// Reads what `UpdateStack` is asked for.
pub(super) fn update_request(call: &Call<'_>) -> Result<StackRequest, AwsError> {
    let keeps = is_true(call, "UsePreviousTemplate");
    if keeps && call.text("TemplateBody").is_some() {
        return Err(AwsError::validation(
            "You cannot specify both usePreviousTemplate and Template Body.",
        ));
    }
    let (parameters, previous_parameters) = parameters(call)?;
    let template = if keeps {
        None
    } else {
        Some(template_body(call)?.to_owned())
    };
    Ok(StackRequest {
        stack_name: required(call, "StackName")?.to_owned(),
        template,
        parameters,
        previous_parameters,
        tags: tags(call),
        capabilities: texts(call, "Capabilities"),
        on_failure: on_failure(call)?,
    })
}

fn is_true(call: &Call<'_>, member: &str) -> bool {
    call.text(member)
        .is_some_and(|text| text.eq_ignore_ascii_case("true"))
}

fn on_failure(call: &Call<'_>) -> Result<OnFailure, AwsError> {
    match call.text("OnFailure") {
        Some(_) if call.text("DisableRollback").is_some() => Err(AwsError::validation(
            "You can specify either DisableRollback or OnFailure, but not both.",
        )),
        Some("DO_NOTHING") => Ok(OnFailure::DoNothing),
        Some("DELETE") => Ok(OnFailure::Delete),
        Some("ROLLBACK") => Ok(OnFailure::Rollback),
        Some(other) => Err(AwsError::validation(format!(
            "1 validation error detected: Value '{other}' at 'onFailure' failed to satisfy constraint: Member must satisfy enum value set: [ROLLBACK, DELETE, DO_NOTHING]"
        ))),
        None if is_true(call, "DisableRollback") => Ok(OnFailure::DoNothing),
        None => Ok(OnFailure::Rollback),
    }
}

type Parameters = (BTreeMap<String, String>, Vec<String>);

fn parameters(call: &Call<'_>) -> Result<Parameters, AwsError> {
    let (mut given, mut previous) = (BTreeMap::new(), Vec::new());
    for item in call
        .input
        .get("Parameters")
        .and_then(Value::as_array)
        .into_iter()
        .flatten()
    {
        let text = |name| item.get(name).and_then(Value::as_str);
        let key = text("ParameterKey")
            .ok_or_else(|| AwsError::validation("Each parameter needs a ParameterKey"))?;
        if text("UsePreviousValue").is_some_and(|keeps| keeps.eq_ignore_ascii_case("true")) {
            previous.push(key.to_owned());
        } else {
            let value = text("ParameterValue").unwrap_or_default();
            given.insert(key.to_owned(), value.to_owned());
        }
    }
    Ok((given, previous))
}

fn tags(call: &Call<'_>) -> Option<BTreeMap<String, String>> {
    let items = call.input.get("Tags")?.as_array()?;
    let text = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).map(str::to_owned);
    let tags = items
        .iter()
        .filter_map(|item| Some((text(item, "Key")?, text(item, "Value")?)));
    Some(tags.collect())
}

/// Items and the token of the next page.
type Page<'l, T> = (&'l [T], Option<String>);

/// Returns a page of a list and the token of the next; a token is a number here.
pub(super) fn numbered<'l, T>(call: &Call<'_>, all: &'l [T]) -> Result<Page<'l, T>, AwsError> {
    let start = match call.text("NextToken") {
        None => 0,
        Some(token) => token
            .parse::<usize>()
            .map_err(|_| AwsError::validation("The value provided for NextToken is invalid"))?,
    };
    let end = start.saturating_add(PAGE_ITEMS_MAX).min(all.len());
    let page = all.get(start..end).unwrap_or_default();
    Ok((page, (end < all.len()).then(|| end.to_string())))
}
