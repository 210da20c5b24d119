//! `BatchGetSecretValue`: opens the current versions of several secrets; of each the caller must be allowed to.

use serde_json::{Map, Value, json};

use super::{SERVICE, access, filter, rules, secrets, wire};
use crate::{
    admission,
    input::Input,
    operation::{AwsError, Call, Operation},
};

/// Secrets of one call.
const SECRETS_MAX: i64 = 20;

pub(super) const OPERATION: Operation = Operation {
    name: "BatchGetSecretValue",
    route: None,
    access: access::everywhere("secretsmanager:BatchGetSecretValue"),
    members: &["SecretIdList", "Filters", "MaxResults", "NextToken"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let listed = input.texts("SecretIdList", rules::SECRET_ID);
    let limit = input.integer("MaxResults", 1, SECRETS_MAX).unwrap_or(SECRETS_MAX);
    let limit = usize::try_from(limit).unwrap_or_default();
    let filters = filter::read(&mut input)?;
    let order = filter::order(&mut input)?;
    input.finish()?;
    let (ids, next) = match listed {
        Some(ids) if filters.is_empty() && (1..=limit).contains(&ids.len()) => (ids, None),
        None if !filters.is_empty() => {
            let mut all = secrets(call).list().await?;
            all.retain(|secret| secret.deletion.is_none());
            all.retain(|secret| filters.iter().all(|filter| filter.admits(secret)));
            let (page, next) = order.page(all, limit);
            (page.into_iter().map(|secret| secret.arn).collect(), next)
        }
        _ => {
            return Err(rules::invalid(format!(
                "You must specify either Filters or SecretIdList with 1 to {SECRETS_MAX} secrets, not both."
            )));
        }
    };
    let (mut values, mut errors) = (Vec::new(), Vec::new());
    for id in ids {
        match open(call, &id).await {
            Ok(value) => values.push(value),
            Err(error) => errors.push(json!({
                "SecretId": id,
                "ErrorCode": error.code,
                "Message": error.message,
            })),
        }
    }
    let mut answer = Map::new();
    answer.insert("SecretValues".into(), values.into());
    answer.insert("Errors".into(), errors.into());
    if let Some(next) = next {
        answer.insert("NextToken".into(), next.into());
    }
    Ok(answer.into())
}

async fn open(call: &Call<'_>, id: &str) -> Result<Value, AwsError> {
    let subject = access::subject(call, id).await?;
    admission::authorize_on(&SERVICE, call, "secretsmanager:GetSecretValue", &subject).await?;
    let opened = secrets(call).value(id, Default::default()).await?;
    secrets(call).note_access(&opened).await?;
    Ok(wire::opened(&opened))
}
