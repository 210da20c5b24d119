//! `UpdateRegexPatternSet`: replaces the expressions of a set, if the lock token is the newest.

use portcullis_model::resources::wafv2::RegexPatternSet;
use serde_json::{Value, json};

use super::{access, errors, rules, waf, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateRegexPatternSet",
    route: None,
    access: access::on_regex_pattern_set("wafv2:UpdateRegexPatternSet"),
    members: &[
        "Name",
        "Scope",
        "Id",
        "Description",
        "RegularExpressionList",
        "LockToken",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let named = rules::named(&mut input);
    let token = input.required("LockToken", rules::LOCK_TOKEN);
    let contents = wire::expressions(&mut input);
    errors::finish(input)?;
    let kept = waf(call)
        .get::<RegexPatternSet>(named.scope, named.name, named.id)
        .await?;
    let changed = waf(call)
        .update_regex_pattern_set(kept, Some(token), contents)
        .await?;
    Ok(json!({ "NextLockToken": changed.lock_token }))
}
