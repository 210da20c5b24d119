//! `DeleteRegexPatternSet`: deletes a set that no web ACL refers to, if the lock token is the newest.

use portcullis_model::resources::wafv2::RegexPatternSet;
use serde_json::{Value, json};

use super::{access, errors, rules, waf};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteRegexPatternSet",
    route: None,
    access: access::on_regex_pattern_set("wafv2:DeleteRegexPatternSet"),
    members: &["Name", "Scope", "Id", "LockToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let named = rules::named(&mut input);
    let token = input.required("LockToken", rules::LOCK_TOKEN);
    errors::finish(input)?;
    let kept = waf(call)
        .get::<RegexPatternSet>(named.scope, named.name, named.id)
        .await?;
    waf(call).delete_regex_pattern_set(&kept, Some(token)).await?;
    Ok(json!({}))
}
