//! `ListWebACLs`: what there is of one scope, by page.

use portcullis_model::resources::wafv2::WebAcl;
use serde_json::Value;

use super::{access, errors, rules, waf, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListWebACLs",
    route: None,
    access: access::everywhere("wafv2:ListWebACLs"),
    members: &["Scope", "NextMarker", "Limit"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let (scope, wanted) = (rules::scope(&mut input), rules::page(&mut input));
    errors::finish(input)?;
    let listed = waf(call)
        .list::<WebAcl>(scope, wanted.after, wanted.limit)
        .await?;
    Ok(wire::page("WebACLs", &listed, wire::summary))
}
