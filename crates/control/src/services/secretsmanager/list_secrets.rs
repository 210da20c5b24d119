//! `ListSecrets`: the secrets of the account, by page; never their values.

use serde_json::{Map, Value};

use super::{access, filter, secrets, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListSecrets",
    route: None,
    access: access::everywhere("secretsmanager:ListSecrets"),
    members: &[
        "IncludePlannedDeletion",
        "MaxResults",
        "NextToken",
        "Filters",
        "SortOrder",
        "SortBy",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let with_deleted = input.boolean("IncludePlannedDeletion").unwrap_or_default();
    let limit = input.integer("MaxResults", 1, 100).unwrap_or(100);
    let filters = filter::read(&mut input)?;
    let order = filter::order(&mut input)?;
    input.finish()?;
    let mut all = secrets(call).list().await?;
    all.retain(|secret| with_deleted || secret.deletion.is_none());
    all.retain(|secret| filters.iter().all(|filter| filter.admits(secret)));
    let (page, next) = order.page(all, usize::try_from(limit).unwrap_or_default());
    let list: Vec<Value> = page
        .iter()
        .map(|secret| wire::described(secret, "SecretVersionsToStages"))
        .collect();
    let mut answer = Map::new();
    answer.insert("SecretList".into(), list.into());
    if let Some(next) = next {
        answer.insert("NextToken".into(), next.into());
    }
    Ok(answer.into())
}
