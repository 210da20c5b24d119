//! `ListSecretVersionIds`: the versions of a secret, by page; never their values.

use serde_json::Value;

use super::{access, filter, rules, secrets, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListSecretVersionIds",
    route: None,
    access: access::on_secret("secretsmanager:ListSecretVersionIds"),
    members: &["SecretId", "MaxResults", "NextToken", "IncludeDeprecated"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let id = input.required("SecretId", rules::SECRET_ID);
    let with_deprecated = input.boolean("IncludeDeprecated").unwrap_or_default();
    let limit = input.integer("MaxResults", 1, 100).unwrap_or(100);
    let after = filter::page_token(&mut input)?;
    input.finish()?;
    let secret = secrets(call).find(id).await?;
    let versions = secret
        .versions
        .iter()
        .filter(|(_, version)| with_deprecated || !version.stages.is_empty())
        .map(|(id, version)| (id.clone(), wire::version(id, version)))
        .collect();
    let limit = usize::try_from(limit).unwrap_or_default();
    let (page, next) = filter::page(versions, after.as_deref(), limit, true);
    let mut answer = wire::named(&secret, None);
    answer.insert("Versions".into(), page.into());
    if let Some(next) = next {
        answer.insert("NextToken".into(), next.into());
    }
    Ok(answer.into())
}
