//! Buses and destinations, compiled: patterns, producers' keys and paths are ready before an event comes.
//!
//! `server` calls [`Events::publish`] with each changed record; a bus that does not compile keeps its last good form.

use std::sync::Arc;

use portcullis_engines::{event_pattern::Pattern, json_path::JsonPath};
use portcullis_model::{
    Scope,
    resources::events::{ApiDestination, Connection, EventBus, RetryPolicy, Rule, RuleState, Target},
};
use portcullis_store::{Kind, Page, RecordKey, StoreError, kinds, typed};

use crate::{DEFAULT_BUS, Events, EventsError, bus_arn, producers::Producers};

/// The kinds of records that [`Events::publish`] wants to hear of.
pub const KINDS: &[Kind] = &[
    kinds::EVENT_BUS,
    kinds::EVENT_RULE,
    kinds::EVENT_CONNECTION,
    kinds::EVENT_API_DESTINATION,
];

/// A bus, ready.
#[derive(Debug)]
pub(crate) struct CompiledBus {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) producers: Producers,
    /// Those that are enabled.
    pub(crate) rules: Vec<CompiledRule>,
}

/// A rule, ready.
#[derive(Debug)]
pub(crate) struct CompiledRule {
    pub(crate) name: String,
    pub(crate) pattern: Pattern,
    pub(crate) targets: Vec<CompiledTarget>,
}

/// A target, ready.
#[derive(Debug)]
pub(crate) struct CompiledTarget {
    pub(crate) id: String,
    pub(crate) destination_arn: String,
    pub(crate) role_arn: Option<String>,
    pub(crate) content: Content,
    pub(crate) retry: RetryPolicy,
}

/// What of the event is sent.
#[derive(Debug)]
pub(crate) enum Content {
    Whole,
    Fixed(String),
    Part(JsonPath),
}

/// A destination with the connection that it uses.
#[derive(Clone, Debug)]
pub(crate) struct Destination {
    pub(crate) scope: Scope,
    pub(crate) destination: ApiDestination,
}

/// What events are judged and sent by. Beside the snapshot of the data plane, fed by the same changes.
#[derive(Default)]
pub(crate) struct Index {
    buses: papaya::HashMap<(Scope, String), Arc<CompiledBus>>,
    destinations: papaya::HashMap<String, Arc<Destination>>,
    connections: papaya::HashMap<String, Arc<Connection>>,
}

impl Index {
    /// Returns the bus; none where there is none, or none that could be compiled.
    pub(crate) fn bus(&self, scope: &Scope, name: &str) -> Option<Arc<CompiledBus>> {
        self.buses.pin().get(&(scope.clone(), name.to_owned())).cloned()
    }

    pub(crate) fn destination(&self, arn: &str) -> Option<Arc<Destination>> {
        self.destinations.pin().get(arn).cloned()
    }

    pub(crate) fn connection(&self, arn: &str) -> Option<Arc<Connection>> {
        self.connections.pin().get(arn).cloned()
    }
}

impl Events {
    /// Compiles everything that is there.
    pub async fn load(&self) -> Result<(), StoreError> {
        let store = self.parts.store.as_ref();
        for kind in [
            kinds::EVENT_CONNECTION,
            kinds::EVENT_API_DESTINATION,
            kinds::EVENT_BUS,
        ] {
            for record in store.list_everywhere(kind).await? {
                self.publish(&record.key).await?;
            }
        }
        // A default bus may have rules without a record of its own.
        for record in store.list_everywhere(kinds::EVENT_RULE).await? {
            if bus_of(&record.key.id) == DEFAULT_BUS {
                self.publish(&record.key).await?;
            }
        }
        Ok(())
    }

    /// Compiles what a changed record says now, or drops what is gone.
    pub async fn publish(&self, key: &RecordKey) -> Result<(), StoreError> {
        match key.kind {
            kinds::EVENT_BUS => self.publish_bus(&key.scope, &key.id).await,
            kinds::EVENT_RULE => self.publish_bus(&key.scope, bus_of(&key.id)).await,
            kinds::EVENT_CONNECTION => self.publish_connection(key).await,
            kinds::EVENT_API_DESTINATION => self.publish_destination(key).await,
            _ => Ok(()),
        }
    }

    /// Returns the bus as it judges events. Every account has its default bus.
    pub(crate) async fn compiled_bus(
        &self,
        scope: &Scope,
        name: &str,
    ) -> Result<Option<Arc<CompiledBus>>, StoreError> {
        if let Some(bus) = self.snapshot.bus(scope, name) {
            return Ok(Some(bus));
        }
        if name == DEFAULT_BUS
            && let Some(compiled) = self.read_bus(scope, name).await?
        {
            // What the change log has published meanwhile is newer than what was read here.
            let place = (scope.clone(), name.to_owned());
            self.snapshot.buses.pin().get_or_insert(place, compiled);
        }
        Ok(self.snapshot.bus(scope, name))
    }

    async fn publish_bus(&self, scope: &Scope, name: &str) -> Result<(), StoreError> {
        let place = (scope.clone(), name.to_owned());
        if let Some(compiled) = self.read_bus(scope, name).await? {
            self.snapshot.buses.pin().insert(place, compiled);
        } else if !self.has_bus(scope, name).await? {
            self.snapshot.buses.pin().remove(&place);
        }
        Ok(())
    }

    async fn has_bus(&self, scope: &Scope, name: &str) -> Result<bool, StoreError> {
        let key = RecordKey::new(scope, kinds::EVENT_BUS, name);
        Ok(name == DEFAULT_BUS || self.parts.store.read(&key).await?.is_some())
    }

    /// Compiles a bus and its rules; none where there is no such bus, or where it does not compile.
    async fn read_bus(&self, scope: &Scope, name: &str) -> Result<Option<Arc<CompiledBus>>, StoreError> {
        let store = self.parts.store.as_ref();
        let key = RecordKey::new(scope, kinds::EVENT_BUS, name);
        let found = typed::read_json::<EventBus>(store, &key)
            .await?
            .map(|found| found.value);
        let bus = match found {
            Some(bus) => bus,
            None if name == DEFAULT_BUS => EventBus::default(),
            None => return Ok(None),
        };
        let page = Page::all(format!("{name}/"));
        let rules = typed::list_json::<Rule>(store, scope, kinds::EVENT_RULE, page).await?;
        match compile(scope, name, &bus, rules.into_iter().map(|rule| rule.value)) {
            Ok(compiled) => Ok(Some(Arc::new(compiled))),
            Err(cause) => {
                tracing::error!("event bus {name} keeps its last good configuration: {cause}");
                Ok(None)
            }
        }
    }

    async fn publish_connection(&self, key: &RecordKey) -> Result<(), StoreError> {
        let found = typed::read_json::<Connection>(self.parts.store.as_ref(), key).await?;
        let connections = self.snapshot.connections.pin();
        let arn_of = format!(
            "{}/",
            crate::names::arn(&key.scope, &format!("connection/{}", key.id))
        );
        connections.retain(|arn, _| !arn.starts_with(&arn_of));
        if let Some(found) = found {
            connections.insert(found.value.arn.clone(), Arc::new(found.value));
        }
        Ok(())
    }

    async fn publish_destination(&self, key: &RecordKey) -> Result<(), StoreError> {
        let found = typed::read_json::<ApiDestination>(self.parts.store.as_ref(), key).await?;
        let destinations = self.snapshot.destinations.pin();
        let arn_of = format!(
            "{}/",
            crate::names::arn(&key.scope, &format!("api-destination/{}", key.id))
        );
        destinations.retain(|arn, _| !arn.starts_with(&arn_of));
        if let Some(found) = found {
            let destination = Destination {
                scope: key.scope.clone(),
                destination: found.value,
            };
            destinations.insert(destination.destination.arn.clone(), Arc::new(destination));
        }
        Ok(())
    }
}

/// Returns the bus in a rule's record id, `{bus}/{rule}`.
fn bus_of(rule: &str) -> &str {
    rule.split_once('/').map_or(rule, |(bus, _)| bus)
}

fn compile(
    scope: &Scope,
    name: &str,
    bus: &EventBus,
    rules: impl Iterator<Item = Rule>,
) -> Result<CompiledBus, EventsError> {
    let enabled = rules.filter(|rule| rule.state == RuleState::Enabled);
    Ok(CompiledBus {
        name: name.to_owned(),
        arn: bus_arn(scope, name),
        producers: Producers::of(&bus.tags)?,
        rules: enabled
            .map(|rule| compile_rule(&rule))
            .collect::<Result<_, _>>()?,
    })
}

fn compile_rule(rule: &Rule) -> Result<CompiledRule, EventsError> {
    Ok(CompiledRule {
        name: rule.name.clone(),
        pattern: compile_pattern(&rule.event_pattern)?,
        targets: rule
            .targets
            .values()
            .map(compile_target)
            .collect::<Result<_, _>>()?,
    })
}

/// Compiles a pattern, or says why not.
pub(crate) fn compile_pattern(text: &str) -> Result<Pattern, EventsError> {
    Pattern::parse(text).map_err(|cause| {
        EventsError::new(
            "InvalidEventPatternException",
            format!("Event pattern is not valid. Reason: {cause}"),
        )
    })
}

pub(crate) fn compile_target(target: &Target) -> Result<CompiledTarget, EventsError> {
    let content = match (&target.input, &target.input_path) {
        (None, None) => Content::Whole,
        (Some(input), None) => Content::Fixed(input.clone()),
        (None, Some(path)) => Content::Part(JsonPath::parse(path).map_err(|cause| {
            EventsError::validation(format!("target `{}`: `InputPath` is no path: {cause}", target.id))
        })?),
        (Some(_), Some(_)) => {
            return Err(EventsError::validation(format!(
                "target `{}`: only one of `Input` and `InputPath` can be given",
                target.id
            )));
        }
    };
    Ok(CompiledTarget {
        id: target.id.clone(),
        destination_arn: target.arn.clone(),
        role_arn: target.role_arn.clone(),
        content,
        retry: target.retry_policy.unwrap_or_default(),
    })
}
