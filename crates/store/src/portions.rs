//! All records of a kind in portions: there may be a million, and they are never all held at once.

use crate::{Kind, Page, Record, Store, StoreError};

/// Records of a portion.
const RECORDS_MAX: usize = 2_000;

/// Hands every record of one kind in every scope to `take`, ordered within its scope; for start-up only.
pub async fn each_everywhere(
    store: &dyn Store,
    kind: Kind,
    mut take: impl FnMut(Record) -> Result<(), StoreError> + Send,
) -> Result<(), StoreError> {
    for scope in store.scopes(kind).await? {
        let mut page = Page {
            limit: RECORDS_MAX,
            ..Page::default()
        };
        loop {
            let records = store.list(&scope, kind, page.clone()).await?;
            let Some(last) = records.last() else {
                break;
            };
            page.after = Some(last.key.id.clone());
            records.into_iter().try_for_each(&mut take)?;
        }
    }
    Ok(())
}
