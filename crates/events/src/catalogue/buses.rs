//! Event buses: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateEventBus.html>

use std::collections::BTreeMap;

use portcullis_model::resources::events::EventBus;
use portcullis_store::{
    Batch, Expect, Page, kinds, settled,
    typed::{self, Versioned},
};

use super::{Catalogue, tags::check_tags};
use crate::{DEFAULT_BUS, EventsError, bus_name, check_producer_tags, names::check_name};

/// Buses of an account.
const BUSES_MAX: usize = 100;
const NAME_CHARACTERS_MAX: usize = 256;

impl Catalogue<'_> {
    /// Makes a bus.
    pub async fn create_bus(
        &self,
        name: &str,
        description: Option<String>,
        tags: BTreeMap<String, String>,
    ) -> Result<EventBus, EventsError> {
        check_name("Event bus name", name, NAME_CHARACTERS_MAX)?;
        check_bus_tags(&tags)?;
        let exists = || EventsError::exists(format!("Event bus {name} already exists."));
        if name == DEFAULT_BUS {
            return Err(exists());
        }
        if self.buses().await?.len() > BUSES_MAX {
            return Err(EventsError::limit(format!(
                "The requested resource exceeds the maximum number allowed: {BUSES_MAX} event buses"
            )));
        }
        let now = self.clock.now();
        let bus = EventBus {
            name: name.to_owned(),
            description,
            tags,
            creation_time: now,
            last_modified_time: now,
        };
        let batch = Batch::new().put_json(self.key(kinds::EVENT_BUS, name), &bus, Expect::Absent)?;
        match self.store.commit(batch).await.map_err(EventsError::from) {
            Err(error) if error.is_conflict() => Err(exists()),
            other => other.map(|_| bus),
        }
    }

    /// Returns the bus that `name_or_arn` means.
    pub async fn bus(&self, name_or_arn: &str) -> Result<EventBus, EventsError> {
        Ok(self.found_bus(name_or_arn).await?.0)
    }

    /// Returns every bus, by name.
    pub async fn buses(&self) -> Result<Vec<EventBus>, EventsError> {
        let found =
            typed::list_json::<EventBus>(self.store, self.scope, kinds::EVENT_BUS, Page::all("")).await?;
        let mut buses: Vec<EventBus> = found.into_iter().map(|found| found.value).collect();
        if !buses.iter().any(|bus| bus.name == DEFAULT_BUS) {
            buses.push(default_bus());
            buses.sort_by(|one, other| one.name.cmp(&other.name));
        }
        Ok(buses)
    }

    /// Changes a bus's description and tags.
    pub async fn change_bus(
        &self,
        name_or_arn: &str,
        change: &(dyn Fn(&mut EventBus) -> Result<(), EventsError> + Sync),
    ) -> Result<EventBus, EventsError> {
        settled(EventsError::is_conflict, || async {
            let (mut bus, found) = self.found_bus(name_or_arn).await?;
            change(&mut bus)?;
            check_bus_tags(&bus.tags)?;
            bus.last_modified_time = self.clock.now();
            let expect = found.map_or(Expect::Absent, |found| found.expect());
            let key = self.key(kinds::EVENT_BUS, bus.name.as_str());
            self.store
                .commit(Batch::new().put_json(key, &bus, expect)?)
                .await?;
            Ok(bus)
        })
        .await
    }

    /// Deletes a bus. One that is not there is fine; one with rules is not deleted.
    pub async fn delete_bus(&self, name: &str) -> Result<(), EventsError> {
        if bus_name(self.scope, name) == Some(DEFAULT_BUS) {
            return Err(EventsError::validation("Cannot delete event bus default."));
        }
        let Ok((bus, Some(found))) = self.found_bus(name).await else {
            return Ok(());
        };
        if !self.rules(&bus.name, "").await?.is_empty() {
            return Err(EventsError::validation(format!(
                "Event bus {} cannot be deleted: it still has rules. Delete them first.",
                bus.name
            )));
        }
        let batch = Batch::new().delete(found.key.clone(), found.expect());
        self.store.commit(batch).await?;
        Ok(())
    }

    /// Returns the bus with its record; the default bus may be without one.
    pub(super) async fn found_bus(
        &self,
        name_or_arn: &str,
    ) -> Result<(EventBus, Option<Versioned<EventBus>>), EventsError> {
        let missing = || EventsError::not_found(format!("Event bus {name_or_arn} does not exist."));
        let name = bus_name(self.scope, name_or_arn).ok_or_else(missing)?;
        let found = typed::read_json::<EventBus>(self.store, &self.key(kinds::EVENT_BUS, name)).await?;
        match found {
            Some(found) => Ok((found.value.clone(), Some(found))),
            None if name == DEFAULT_BUS => Ok((default_bus(), None)),
            None => Err(missing()),
        }
    }
}

fn default_bus() -> EventBus {
    EventBus {
        name: DEFAULT_BUS.to_owned(),
        ..EventBus::default()
    }
}

fn check_bus_tags(tags: &BTreeMap<String, String>) -> Result<(), EventsError> {
    check_tags(tags)?;
    check_producer_tags(tags)
}
