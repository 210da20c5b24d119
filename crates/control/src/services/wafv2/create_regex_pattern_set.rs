//! `CreateRegexPatternSet`: makes a set of regular expressions.

use serde_json::{Value, json};

use super::{access, errors, rules, waf, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateRegexPatternSet",
    route: None,
    access: access::on_new_regex_pattern_set("wafv2:CreateRegexPatternSet"),
    members: &["Name", "Scope", "Description", "RegularExpressionList", "Tags"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let (scope, name) = (rules::scope(&mut input), input.required("Name", rules::NAME));
    let contents = wire::expressions(&mut input);
    let tags = rules::tags(&mut input)?;
    errors::finish(input)?;
    let made = waf(call)
        .create_regex_pattern_set((scope, name), contents, tags)
        .await?;
    Ok(json!({ "Summary": wire::summary(&made) }))
}
