//! `GetRegexPatternSet`: a set of regular expressions whole.

use portcullis_model::resources::wafv2::RegexPatternSet;
use serde_json::{Value, json};

use super::{access, errors, rules, waf, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "GetRegexPatternSet",
    route: None,
    access: access::on_regex_pattern_set("wafv2:GetRegexPatternSet"),
    members: &["Name", "Scope", "Id"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let named = rules::named(&mut input);
    errors::finish(input)?;
    let kept = waf(call)
        .get::<RegexPatternSet>(named.scope, named.name, named.id)
        .await?;
    let set = wire::regex_pattern_set(&kept.value);
    Ok(json!({ "RegexPatternSet": set, "LockToken": kept.value.lock_token }))
}
