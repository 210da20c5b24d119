//! A producer with a key of his own, and a bus that knows it.

use std::{collections::BTreeMap, sync::Arc};

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use portcullis_engines::canonical_json;
use portcullis_model::{Entropy, ManualClock, Scope, SystemEntropy, Timestamp};
use portcullis_store::{Store, sqlite::SqliteStore};
use portcullis_vault::{RootKey, Vault};
use serde_json::{Value, json};

use crate::{
    Catalogue, Events, EventsParts, NewApiDestination, NewConnection, PRODUCER_TAG, PutRule, bus_arn,
    ingest::Entry,
};
use portcullis_model::resources::events::{ConnectionAuthorization, RuleState, Target};

pub(crate) const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

/// A producer's key.
pub(crate) struct Producer {
    pub(crate) key: Ed25519KeyPair,
    pub(crate) id: String,
}

impl Producer {
    pub(crate) fn new(id: &str, seed: u8) -> Self {
        Self {
            key: Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap(),
            id: id.to_owned(),
        }
    }

    pub(crate) fn public(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.key.public_key().as_ref())
    }

    pub(crate) fn header(&self, bus: &str, id: &str, at: Timestamp) -> Value {
        json!({ "alg": "EdDSA", "kid": self.id, "aud": bus_arn(&scope(), bus), "iat": at.seconds(), "jti": id })
    }

    /// Signs what `entry` says under `header`, whatever it says.
    pub(crate) fn signature(&self, entry: &Entry, header: &Value) -> String {
        let detail: Value = serde_json::from_str(&entry.detail).unwrap();
        let payload = json!({
            "detail": detail,
            "detail-type": entry.detail_type,
            "resources": entry.resources,
            "source": entry.source,
        });
        let payload = canonical_json::render(&payload).unwrap();
        let header = URL_SAFE_NO_PAD.encode(header.to_string());
        let input = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
        let signature = self.key.sign(input.as_bytes());
        format!("{header}..{}", URL_SAFE_NO_PAD.encode(signature.as_ref()))
    }

    /// Returns the entry with its signature in its detail.
    pub(crate) fn signed(&self, mut entry: Entry, bus: &str, id: &str, at: Timestamp) -> Entry {
        let signature = self.signature(&entry, &self.header(bus, id, at));
        set_signature(&mut entry, signature.into());
        entry
    }
}

pub(crate) fn set_signature(entry: &mut Entry, signature: Value) {
    let mut detail: Value = serde_json::from_str(&entry.detail).unwrap();
    detail["_signature"] = signature;
    entry.detail = detail.to_string();
}

pub(crate) fn scope() -> Scope {
    Scope::new("000000000000", "us-east-1")
}

pub(crate) fn entry(bus: &str) -> Entry {
    Entry {
        bus: bus.to_owned(),
        source: "shop".into(),
        detail_type: "order".into(),
        detail: json!({ "id": 7, "price": 1.5, "note": "ä \"quoted\"" }).to_string(),
        resources: vec!["arn:x".into()],
        time: None,
    }
}

/// Buses over a store in memory whose clock a test sets.
pub(crate) struct World {
    pub(crate) parts: EventsParts,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) events: Arc<Events>,
}

impl World {
    pub(crate) fn new() -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let store: Arc<dyn Store> = Arc::new(SqliteStore::in_memory(clock.clone()).unwrap());
        let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
        let parts = EventsParts {
            store,
            vault: Arc::new(Vault::new(&RootKey::from_array([7; 32]), entropy.clone())),
            clock: clock.clone(),
            entropy,
        };
        Self {
            events: Arc::new(Events::new(parts.clone())),
            parts,
            clock,
        }
    }

    /// A second process over the same store.
    pub(crate) fn restarted(&self) -> Self {
        Self {
            parts: self.parts.clone(),
            clock: self.clock.clone(),
            events: Arc::new(Events::new(self.parts.clone())),
        }
    }

    pub(crate) fn catalogue<'a>(&'a self, scope: &'a Scope) -> Catalogue<'a> {
        Catalogue {
            store: self.parts.store.as_ref(),
            vault: &self.parts.vault,
            clock: self.parts.clock.as_ref(),
            entropy: self.parts.entropy.as_ref(),
            scope,
        }
    }

    /// Makes a bus with these producers' tags.
    pub(crate) async fn bus(&self, name: &str, producers: &[(&Producer, &str)]) {
        let tags = producers.iter().map(|(producer, sources)| {
            let value = format!("{} {sources}", producer.public());
            (
                format!("{PRODUCER_TAG}{}", producer.id),
                value.trim_end().to_owned(),
            )
        });
        let tags: BTreeMap<String, String> = tags.collect();
        self.catalogue(&scope())
            .create_bus(name, None, tags)
            .await
            .unwrap();
        self.events.load().await.unwrap();
    }

    /// Makes a rule of `bus` for `pattern` that sends to `endpoint`.
    pub(crate) async fn rule(&self, bus: &str, pattern: Value, endpoint: &str) {
        let scope = scope();
        let catalogue = self.catalogue(&scope);
        let connection = NewConnection {
            name: format!("{bus}-connection"),
            description: None,
            authorization: ConnectionAuthorization::ApiKey {
                api_key_name: "x-key".into(),
            },
            secret: portcullis_model::SecretText::new("hunter2".into()),
        };
        let connection = catalogue.create_connection(connection).await.unwrap();
        let destination = NewApiDestination {
            name: format!("{bus}-destination"),
            description: None,
            connection_arn: connection.arn,
            invocation_endpoint: endpoint.to_owned(),
            http_method: "POST".into(),
            invocation_rate_limit_per_second: None,
        };
        let destination = catalogue.create_api_destination(destination).await.unwrap();
        let rule = PutRule {
            name: "all".into(),
            bus: bus.to_owned(),
            event_pattern: pattern.to_string(),
            state: RuleState::Enabled,
            description: None,
            tags: BTreeMap::new(),
        };
        catalogue.put_rule(&rule).await.unwrap();
        let target = Target {
            id: "consumer".into(),
            arn: destination.arn,
            role_arn: Some("arn:aws:iam::000000000000:role/sender".into()),
            input: None,
            input_path: None,
            retry_policy: None,
        };
        catalogue.put_targets(bus, "all", &[target]).await.unwrap();
        self.events.load().await.unwrap();
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.parts.clock.now()
    }
}
