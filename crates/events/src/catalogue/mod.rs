//! The buses, rules, connections and destinations of one account, as operations and stacks change them.

mod api_destinations;
mod buses;
mod connections;
mod rules;
mod tags;
mod targets;

use portcullis_model::{Clock, Entropy, Scope};
use portcullis_store::{RecordKey, Store};
use portcullis_vault::{Vault, secrets::Secrets};

pub use api_destinations::{ApiDestinationChange, NewApiDestination};
pub use connections::{ConnectionSecret, NewConnection};
pub use rules::PutRule;

/// The configuration of one account and region.
#[derive(Clone, Copy)]
pub struct Catalogue<'a> {
    pub store: &'a dyn Store,
    pub vault: &'a Vault,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub scope: &'a Scope,
}

impl<'a> Catalogue<'a> {
    fn secrets(&self) -> Secrets<'a> {
        Secrets {
            store: self.store,
            vault: self.vault,
            clock: self.clock,
            entropy: self.entropy,
            scope: self.scope,
        }
    }

    fn key(&self, kind: portcullis_store::Kind, id: impl Into<String>) -> RecordKey {
        RecordKey::new(self.scope, kind, id)
    }
}
