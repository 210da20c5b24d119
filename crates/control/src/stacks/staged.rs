//! A store that keeps its writes back until they are finished together.
//!
//! A resource of a stack is made by the same functions that answer the operations. They write to this store, and
//! what they wrote is committed with the stack record that names it: a crash leaves both or neither. Reads see the
//! writes kept back. What is absent: expiry of records kept back, and the change log, which nobody asks for here.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use portcullis_model::Scope;
use portcullis_store::{
    Answer, Batch, Change, Committed, Expect, Kind, Lookup, Page, Put, Record, RecordKey, Store, StoreError,
};

/// A store over another one whose commits wait for [`StagedStore::take`].
pub struct StagedStore {
    below: Arc<dyn Store>,
    staged: Mutex<BTreeMap<String, Staged>>,
}

/// What one record will be.
#[derive(Clone)]
struct Staged {
    key: RecordKey,
    /// What the first writer believed about the record below.
    expect: Expect,
    version: u64,
    /// None: it will be gone.
    put: Option<Put>,
}

impl StagedStore {
    /// Returns a store without writes of its own over `below`.
    pub fn over(below: Arc<dyn Store>) -> Self {
        Self {
            below,
            staged: Mutex::new(BTreeMap::new()),
        }
    }

    /// Takes out everything that was written, one write a record.
    pub fn take(&self) -> Batch {
        let mut batch = Batch::new();
        for (_, staged) in std::mem::take(&mut *self.lock()) {
            match staged.put {
                Some(put) => batch.puts.push(Put {
                    expect: staged.expect,
                    ..put
                }),
                // A record that was made and deleted here was never below: nothing to write.
                None if staged.expect == Expect::Absent => {}
                None => batch.deletes.push((staged.key, staged.expect)),
            }
        }
        batch
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, Staged>> {
        self.staged.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn look(&self, key: &RecordKey) -> Option<Staged> {
        self.lock().get(&key.to_string()).cloned()
    }

    /// Checks `expect` and returns how the record will be known below: its expectation and present version.
    async fn admit(&self, key: &RecordKey, expect: Expect) -> Result<(Expect, u64), StoreError> {
        let (first, present) = match self.look(key) {
            Some(staged) => (
                Some(staged.expect),
                staged.put.is_some().then_some(staged.version),
            ),
            None => (None, self.below.read(key).await?.map(|record| record.version)),
        };
        let fits = match expect {
            Expect::Absent => present.is_none(),
            Expect::Version(version) => present == Some(version),
            Expect::Anything => true,
        };
        if !fits {
            return Err(StoreError::Conflict { key: key.to_string() });
        }
        Ok((first.unwrap_or(expect), present.unwrap_or(0)))
    }

    async fn refuse_taken(&self, put: &Put) -> Result<(), StoreError> {
        for lookup in put.lookups.iter().filter(|lookup| lookup.unique) {
            let holders = self.find(put.key.kind, lookup.name, &lookup.value).await?;
            if holders.iter().any(|holder| *holder != put.key) {
                return Err(StoreError::Taken {
                    name: lookup.name,
                    value: lookup.value.clone(),
                });
            }
        }
        Ok(())
    }

    async fn stage(&self, batch: Batch) -> Result<Committed, StoreError> {
        let mut writes = Vec::new();
        for (key, expect) in batch.deletes {
            let (expect, version) = self.admit(&key, expect).await?;
            writes.push(Staged {
                key,
                expect,
                version,
                put: None,
            });
        }
        let mut versions = Vec::new();
        for put in batch.puts {
            let (expect, version) = self.admit(&put.key, put.expect).await?;
            self.refuse_taken(&put).await?;
            versions.push(version.saturating_add(1));
            writes.push(Staged {
                key: put.key.clone(),
                expect,
                version: version.saturating_add(1),
                put: Some(put),
            });
        }
        self.lock()
            .extend(writes.into_iter().map(|write| (write.key.to_string(), write)));
        let sequence = self.below.sequence().await?;
        Ok(Committed { sequence, versions })
    }

    /// Puts the writes kept back over what the store below lists.
    fn overlay(&self, records: Vec<Record>, belongs: impl Fn(&RecordKey) -> bool) -> Vec<Record> {
        let mut by_key: BTreeMap<String, Record> = records
            .into_iter()
            .map(|record| (record.key.to_string(), record))
            .collect();
        for (name, staged) in self.lock().iter().filter(|(_, staged)| belongs(&staged.key)) {
            match staged.record() {
                Some(record) => by_key.insert(name.clone(), record),
                None => by_key.remove(name),
            };
        }
        by_key.into_values().collect()
    }
}

impl Staged {
    fn record(&self) -> Option<Record> {
        self.put.as_ref().map(|put| Record {
            key: put.key.clone(),
            version: self.version,
            body: put.body.clone(),
            expires: put.expires,
        })
    }

    fn is_named(&self, name: &str, value: &str) -> bool {
        let named = |lookup: &Lookup| lookup.name == name && lookup.value == value;
        self.put.as_ref().is_some_and(|put| put.lookups.iter().any(named))
    }
}

impl Store for StagedStore {
    fn read<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        Box::pin(async move {
            match self.look(key) {
                Some(staged) => Ok(staged.record()),
                None => self.below.read(key).await,
            }
        })
    }

    fn list<'a>(&'a self, scope: &'a Scope, kind: Kind, page: Page) -> Answer<'a, Vec<Record>> {
        Box::pin(async move {
            // The whole prefix is read: which records the page holds is known only with the writes laid over it.
            let below = self
                .below
                .list(scope, kind, Page::all(page.prefix.clone()))
                .await?;
            let mut records = self.overlay(below, |key| {
                key.kind == kind && key.scope == *scope && key.id.starts_with(&page.prefix)
            });
            if let Some(after) = &page.after {
                records.retain(|record| record.key.id > *after);
            }
            if page.limit > 0 {
                records.truncate(page.limit);
            }
            Ok(records)
        })
    }

    fn list_everywhere(&self, kind: Kind) -> Answer<'_, Vec<Record>> {
        Box::pin(async move {
            let below = self.below.list_everywhere(kind).await?;
            Ok(self.overlay(below, |key| key.kind == kind))
        })
    }

    fn scopes(&self, kind: Kind) -> Answer<'_, Vec<Scope>> {
        Box::pin(async move {
            let mut scopes = self.below.scopes(kind).await?;
            let staged = self.lock();
            let own = staged.values().filter(|staged| staged.key.kind == kind);
            scopes.extend(own.map(|staged| staged.key.scope.clone()));
            scopes.sort();
            scopes.dedup();
            Ok(scopes)
        })
    }

    fn find<'a>(&'a self, kind: Kind, name: &'static str, value: &'a str) -> Answer<'a, Vec<RecordKey>> {
        Box::pin(async move {
            let mut keys = self.below.find(kind, name, value).await?;
            let staged = self.lock();
            keys.retain(|key| !staged.contains_key(&key.to_string()));
            keys.extend(
                staged
                    .values()
                    .filter(|staged| staged.key.kind == kind && staged.is_named(name, value))
                    .map(|staged| staged.key.clone()),
            );
            Ok(keys)
        })
    }

    fn commit(&self, batch: Batch) -> Answer<'_, Committed> {
        Box::pin(self.stage(batch))
    }

    fn changes_since(&self, sequence: u64, limit: usize) -> Answer<'_, Vec<Change>> {
        self.below.changes_since(sequence, limit)
    }

    fn sequence(&self) -> Answer<'_, u64> {
        self.below.sequence()
    }
}
