//! Does the root key belong to this data? The store keeps a value that only one root key gives.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_model::Scope;
use portcullis_store::{Batch, Expect, RecordKey, Store, StoreError, kinds, typed::read_json};
use serde::{Deserialize, Serialize};

use crate::{Vault, VaultError, envelope};

const RECORD_ID: &str = "root-key-check";

#[derive(Serialize, Deserialize)]
struct RootKeyCheck {
    value: String,
}

impl Vault {
    /// Confirms that `store` was sealed under this root key; a store that was never asked takes it as its own.
    pub async fn confirm_root_key(&self, store: &dyn Store) -> Result<(), VaultError> {
        let value = envelope::check_value(&self.keys).ok_or_else(|| VaultError::Sealing {
            purpose: RECORD_ID.to_owned(),
        })?;
        let own = RootKeyCheck {
            value: URL_SAFE_NO_PAD.encode(value),
        };
        // The installation's own facts belong to no account.
        let key = RecordKey::new(&Scope::new("-", "-"), kinds::INSTALLATION, RECORD_ID);
        if let Some(kept) = read_json::<RootKeyCheck>(store, &key).await? {
            return compare(&own, &kept.value);
        }
        let batch = Batch::new().put_json(key.clone(), &own, Expect::Absent)?;
        match store.commit(batch).await {
            Ok(_) => Ok(()),
            Err(StoreError::Conflict { .. }) => match read_json::<RootKeyCheck>(store, &key).await? {
                Some(kept) => compare(&own, &kept.value),
                None => Err(VaultError::AnotherRootKey),
            },
            Err(cause) => Err(cause.into()),
        }
    }
}

fn compare(own: &RootKeyCheck, kept: &RootKeyCheck) -> Result<(), VaultError> {
    // Not a secret: it says nothing about the key.
    if own.value == kept.value {
        Ok(())
    } else {
        Err(VaultError::AnotherRootKey)
    }
}
