//! One page of users or roles, below a path.

use portcullis_store::{Kind, typed};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::users;
use crate::operation::{AwsError, Call};

/// What a listing shows of an entity: its path, its name, and the whole as the wire has it.
pub(super) struct Shown {
    pub(super) path: String,
    pub(super) name: String,
    pub(super) described: Value,
}

/// Returns the page that the call asks for, under `member`. Pages are of what there is; the path prefix thins them out, as AWS
/// allows itself.
pub(super) async fn page<T: DeserializeOwned>(
    call: &Call<'_>,
    kind: Kind,
    member: &str,
    show: impl Fn(&T) -> Shown,
) -> Result<Value, AwsError> {
    let prefix = call.text("PathPrefix").unwrap_or("/");
    let (page, limit) = users::page(call)?;
    let mut found = typed::list_json::<T>(call.parts.store.as_ref(), call.scope, kind, page).await?;
    let more = found.len() > limit;
    found.truncate(limit);
    let shown: Vec<Shown> = found.iter().map(|found| show(&found.value)).collect();
    let marker = shown.last().filter(|_| more).map(|last| last.name.clone());
    let below: Vec<Value> = shown
        .into_iter()
        .filter(|shown| shown.path.starts_with(prefix))
        .map(|shown| shown.described)
        .collect();
    Ok(json!({ member: below, "IsTruncated": more, "Marker": marker }))
}
