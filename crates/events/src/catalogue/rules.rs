//! Rules: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html>

use std::collections::BTreeMap;

use portcullis_model::resources::events::{Rule, RuleState};
use portcullis_store::{
    Batch, Expect, Page, kinds, settled,
    typed::{self, Versioned},
};

use super::{Catalogue, tags::check_tags};
use crate::{EventsError, names::check_name, snapshot::compile_pattern};

/// Rules of a bus.
const RULES_MAX: usize = 300;
const NAME_CHARACTERS_MAX: usize = 64;

/// What a rule shall be; its targets stay.
#[derive(Clone, Debug)]
pub struct PutRule {
    pub name: String,
    /// Name or ARN.
    pub bus: String,
    pub event_pattern: String,
    pub state: RuleState,
    pub description: Option<String>,
    /// Those of a new rule; AWS leaves those of an old one alone.
    pub tags: BTreeMap<String, String>,
}

impl Catalogue<'_> {
    /// Makes or changes a rule.
    pub async fn put_rule(&self, put: &PutRule) -> Result<Rule, EventsError> {
        check_name("Rule name", &put.name, NAME_CHARACTERS_MAX)?;
        check_tags(&put.tags)?;
        compile_pattern(&put.event_pattern)?;
        settled(EventsError::is_conflict, || async {
            let bus = self.bus(&put.bus).await?.name;
            let found = self.read_rule(&bus, &put.name).await?;
            if found.is_none() && self.rules(&bus, "").await?.len() >= RULES_MAX {
                return Err(EventsError::limit(format!(
                    "The requested resource exceeds the maximum number allowed: {RULES_MAX} rules of an event bus"
                )));
            }
            let before = found.as_ref().map(|found| found.value.clone());
            let (tags, targets) = match before {
                Some(before) => (before.tags, before.targets),
                None => (put.tags.clone(), BTreeMap::new()),
            };
            let rule = Rule {
                name: put.name.clone(),
                event_bus_name: bus,
                event_pattern: put.event_pattern.clone(),
                state: put.state,
                description: put.description.clone(),
                tags,
                targets,
            };
            let expect = found.map_or(Expect::Absent, |found| found.expect());
            self.write_rule(&rule, expect).await?;
            Ok(rule)
        })
        .await
    }

    /// Returns a rule.
    pub async fn rule(&self, bus: &str, name: &str) -> Result<Rule, EventsError> {
        Ok(self.found_rule(bus, name).await?.value)
    }

    /// Returns the rules of a bus whose names begin with `prefix`, by name.
    pub async fn rules(&self, bus: &str, prefix: &str) -> Result<Vec<Rule>, EventsError> {
        let bus = self.bus(bus).await?.name;
        let page = Page::all(format!("{bus}/{prefix}"));
        let found = typed::list_json::<Rule>(self.store, self.scope, kinds::EVENT_RULE, page).await?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }

    /// Changes a rule that is there.
    pub async fn change_rule<T: Send>(
        &self,
        bus: &str,
        name: &str,
        change: &(dyn Fn(&mut Rule) -> Result<T, EventsError> + Sync),
    ) -> Result<T, EventsError> {
        settled(EventsError::is_conflict, || async {
            let found = self.found_rule(bus, name).await?;
            let mut rule = found.value.clone();
            let outcome = change(&mut rule)?;
            self.write_rule(&rule, found.expect()).await?;
            Ok(outcome)
        })
        .await
    }

    /// Deletes a rule without targets. One that is not there is fine.
    pub async fn delete_rule(&self, bus: &str, name: &str) -> Result<(), EventsError> {
        let bus = self.bus(bus).await?.name;
        let Some(found) = self.read_rule(&bus, name).await? else {
            return Ok(());
        };
        if !found.value.targets.is_empty() {
            return Err(EventsError::validation(
                "Rule can't be deleted since it has targets.",
            ));
        }
        let batch = Batch::new().delete(found.key.clone(), found.expect());
        self.store.commit(batch).await?;
        Ok(())
    }

    async fn found_rule(&self, bus: &str, name: &str) -> Result<Versioned<Rule>, EventsError> {
        let bus = self.bus(bus).await?.name;
        self.read_rule(&bus, name)
            .await?
            .ok_or_else(|| EventsError::not_found(format!("Rule {name} does not exist on EventBus {bus}.")))
    }

    async fn read_rule(&self, bus: &str, name: &str) -> Result<Option<Versioned<Rule>>, EventsError> {
        let key = self.key(kinds::EVENT_RULE, format!("{bus}/{name}"));
        Ok(typed::read_json::<Rule>(self.store, &key).await?)
    }

    async fn write_rule(&self, rule: &Rule, expect: Expect) -> Result<(), EventsError> {
        let key = self.key(
            kinds::EVENT_RULE,
            format!("{}/{}", rule.event_bus_name, rule.name),
        );
        self.store
            .commit(Batch::new().put_json(key, rule, expect)?)
            .await?;
        Ok(())
    }
}
