//! Functions: their policies, and where they run here, their code and settings.

use std::sync::Arc;

use portcullis_model::resources::lambda::Function;
use portcullis_store::{Kind, RecordKey, Store, kinds, typed};
use portcullis_vault::Vault;

use super::{Feed, Serving};
use crate::wiring::functions::ServerFunctions;

pub(in crate::wiring) struct FunctionsFeed {
    pub(in crate::wiring) store: Arc<dyn Store>,
    pub(in crate::wiring) vault: Arc<Vault>,
    pub(in crate::wiring) functions: ServerFunctions,
}

impl Feed for FunctionsFeed {
    fn kinds(&self) -> &'static [Kind] {
        &[kinds::LAMBDA_FUNCTION]
    }

    fn load(&self) -> Serving<'_> {
        Box::pin(async {
            let store = self.store.as_ref();
            let all = typed::list_everywhere_json::<Function>(store, kinds::LAMBDA_FUNCTION).await?;
            if let Some(local) = &self.functions.runner.local {
                local.keep_only(&all.iter().map(|found| found.value.code_digest.as_str()).collect());
            }
            for found in all {
                let (scope, name) = (found.key.scope, found.key.id);
                let serving = self
                    .functions
                    .serve(store, &self.vault, &scope, (&name, Some(found.value)));
                serving.await?;
            }
            Ok(())
        })
    }

    fn apply<'a>(&'a self, key: &'a RecordKey) -> Serving<'a> {
        Box::pin(async move {
            let store = self.store.as_ref();
            let found = typed::read_json::<Function>(store, key).await?;
            let function = (key.id.as_str(), found.map(|found| found.value));
            self.functions
                .serve(store, &self.vault, &key.scope, function)
                .await
        })
    }
}
