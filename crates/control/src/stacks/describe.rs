//! What stacks look like from outside: the stack with its secrets masked, its events, its resources, exports.

use portcullis_model::resources::cloudformation::{Stack, StackEvent};
use portcullis_store::{Page, kinds};

use super::{StackRecord, Stacks, prepare::parse};
use crate::operation::AwsError;

/// An export.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Export {
    pub exporting_stack_id: String,
    pub name: String,
    pub value: String,
}

/// Which stacks of a listing.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// Only these statuses; none for all.
    pub statuses: Vec<String>,
    /// Stacks that are gone too.
    pub with_deleted: bool,
}

/// What a `NoEcho` parameter shows.
const MASK: &str = "****";

fn does_not_exist(name_or_id: &str) -> AwsError {
    AwsError::validation(format!("Stack with id {name_or_id} does not exist"))
}

impl Stacks {
    /// Returns a stack by name, or by id when it is gone; `NoEcho` parameters masked.
    pub async fn stack(&self, name_or_id: &str) -> Result<Stack, AwsError> {
        Ok(self.masked_record(name_or_id).await?.stack)
    }

    /// Returns a stack's record with `NoEcho` parameters masked.
    pub async fn masked_record(&self, name_or_id: &str) -> Result<StackRecord, AwsError> {
        Ok(masked(self.record(name_or_id).await?))
    }

    /// Returns a stack's record by name, or by id when it is gone.
    pub async fn record(&self, name_or_id: &str) -> Result<StackRecord, AwsError> {
        if let Some((record, _)) = self.live(name_or_id).await? {
            return Ok(record);
        }
        let key = portcullis_store::RecordKey::new(&self.scope, kinds::STACK, name_or_id);
        match self.parts.store.read(&key).await? {
            Some(found) => Ok(self.open(&found)?.0),
            None => Err(does_not_exist(name_or_id)),
        }
    }

    /// Returns a stack that is not deleted; none when there is none of that name.
    pub async fn find_record(&self, name_or_id: &str) -> Result<Option<StackRecord>, AwsError> {
        Ok(self.live(name_or_id).await?.map(|(record, _)| record))
    }

    /// Returns every stack that the filter lets through, newest first, masked.
    pub async fn stacks(&self, filter: &Filter) -> Result<Vec<StackRecord>, AwsError> {
        let mut stacks = Vec::new();
        for found in self
            .parts
            .store
            .list(&self.scope, kinds::STACK, Page::all(""))
            .await?
        {
            let (record, _) = self.open(&found)?;
            let status = &record.stack.stack_status;
            let wanted = if filter.statuses.is_empty() {
                filter.with_deleted || !record.is_deleted()
            } else {
                filter.statuses.contains(status)
            };
            if wanted {
                stacks.push(masked(record));
            }
        }
        stacks.sort_by(|left, right| {
            let key = |record: &StackRecord| (record.stack.creation_time, record.stack.stack_id.clone());
            key(right).cmp(&key(left))
        });
        Ok(stacks)
    }

    /// Returns a page of a stack's events, newest first, and where the next begins.
    pub async fn events(
        &self,
        name_or_id: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<StackEvent>, Option<String>), AwsError> {
        let record = self.record(name_or_id).await;
        let record =
            record.map_err(|_| AwsError::validation(format!("Stack [{name_or_id}] does not exist")))?;
        let prefix = format!("{}/", record.stack.stack_id);
        let page = Page {
            after: after.map(|after| format!("{prefix}{after}")),
            limit: limit.saturating_add(1),
            prefix: prefix.clone(),
        };
        let mut found = self
            .parts
            .store
            .list(&self.scope, kinds::STACK_EVENT, page)
            .await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let last = found
            .last()
            .and_then(|last| last.key.id.strip_prefix(&prefix))
            .map(str::to_owned);
        let events = found
            .iter()
            .map(|record| {
                serde_json::from_slice(&record.body).map_err(|cause| AwsError::internal(cause.to_string()))
            })
            .collect::<Result<_, _>>()?;
        Ok((events, if more { last } else { None }))
    }

    /// Returns a page of the exports of all stacks, and where the next begins.
    pub async fn list_exports(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Export>, Option<String>), AwsError> {
        let page = Page {
            prefix: String::new(),
            after: after.map(str::to_owned),
            limit: limit.saturating_add(1),
        };
        let mut found = self.exports(page).await?;
        let more = found.len() > limit;
        found.truncate(limit);
        let exports: Vec<Export> = found
            .into_iter()
            .map(|(export, value)| Export {
                exporting_stack_id: export.exporting_stack_id.to_string(),
                name: export.name,
                value,
            })
            .collect();
        let next = exports.last().filter(|_| more).map(|last| last.name.clone());
        Ok((exports, next))
    }
}

/// Hides what must not be shown.
fn masked(mut record: StackRecord) -> StackRecord {
    // A template that can no longer be read hides everything.
    let template = parse(&record.stack.template).ok();
    for (name, value) in &mut record.stack.parameters {
        let declaration = template
            .as_ref()
            .and_then(|template| template.parameters.get(name));
        if declaration.is_none_or(|declaration| declaration.no_echo) {
            *value = MASK.to_owned();
        }
    }
    record.previous = None;
    record
}
