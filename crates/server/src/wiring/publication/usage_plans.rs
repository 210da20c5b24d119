//! API keys, usage plans, and the keys in them. They are no part of the snapshot: there may be many, and none is compiled.

use std::sync::Arc;

use portcullis_control::services::apigateway::records::api_key::parse_hash;
use portcullis_gateway::usage::UsagePlans as Index;
use portcullis_model::{
    Scope,
    resources::usage_plans::{ApiKey, UsagePlan, UsagePlanKey},
};
use portcullis_store::{Kind, Record, RecordKey, Store, StoreError, each_everywhere, kinds, typed};

use super::{Feed, Serving};

pub(super) struct UsagePlans {
    pub(super) store: Arc<dyn Store>,
    pub(super) index: Arc<Index>,
}

impl UsagePlans {
    fn serve_key(&self, scope: &Scope, key: &ApiKey) {
        match parse_hash(&key.value_hash) {
            Some(hash) => self.index.put_key(scope, key, &hash),
            None => {
                tracing::error!(
                    key = key.id,
                    "the API key's record holds no hash: it opens nothing"
                );
                self.index.remove_key(scope, &key.id);
            }
        }
    }

    fn serve(&self, record: Record) -> Result<(), StoreError> {
        let (kind, scope) = (record.key.kind, record.key.scope.clone());
        if kind == kinds::API_KEY {
            self.serve_key(&scope, &typed::parse_record::<ApiKey>(record)?.value);
        } else if kind == kinds::USAGE_PLAN {
            let plan = typed::parse_record::<UsagePlan>(record)?.value;
            self.index.put_plan(&scope, &plan);
        } else {
            let pair = typed::parse_record::<UsagePlanKey>(record)?.value;
            self.index.put_plan_key(&scope, &pair);
        }
        Ok(())
    }

    fn gone(&self, key: &RecordKey) {
        let (scope, id) = (&key.scope, key.id.as_str());
        if key.kind == kinds::API_KEY {
            self.index.remove_key(scope, id);
        } else if key.kind == kinds::USAGE_PLAN {
            self.index.remove_plan(scope, id);
        } else if let Some((plan_id, key_id)) = id.split_once('/') {
            let (plan_id, key_id) = (plan_id.to_owned(), key_id.to_owned());
            self.index
                .remove_plan_key(scope, &UsagePlanKey { plan_id, key_id });
        }
    }
}

impl Feed for UsagePlans {
    fn kinds(&self) -> &'static [Kind] {
        &[kinds::API_KEY, kinds::USAGE_PLAN, kinds::USAGE_PLAN_KEY]
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(async {
            for kind in self.kinds() {
                each_everywhere(self.store.as_ref(), *kind, |record| self.serve(record)).await?;
            }
            Ok(())
        })
    }

    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a> {
        Box::pin(async move {
            let Some(record) = self.store.read(key).await? else {
                self.gone(key);
                return Ok(());
            };
            self.serve(record)
        })
    }
}
