//! Tags of buses and rules: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_TagResource.html>

use std::collections::BTreeMap;

use super::Catalogue;
use crate::{DEFAULT_BUS, EventsError, bus_name, rule_arn};

/// Tags of a resource.
const TAGS_MAX: usize = 50;
const KEY_CHARACTERS_MAX: usize = 128;
const VALUE_CHARACTERS_MAX: usize = 256;

/// What a tag's ARN names.
enum Tagged {
    Bus(String),
    Rule { bus: String, name: String },
}

impl Catalogue<'_> {
    /// Returns the tags of a bus or rule.
    pub async fn tags(&self, arn: &str) -> Result<BTreeMap<String, String>, EventsError> {
        match self.tagged(arn)? {
            Tagged::Bus(bus) => Ok(self.bus(&bus).await?.tags),
            Tagged::Rule { bus, name } => Ok(self.rule(&bus, &name).await?.tags),
        }
    }

    /// Changes the tags of a bus or rule.
    pub async fn change_tags(
        &self,
        arn: &str,
        change: &(dyn Fn(&mut BTreeMap<String, String>) + Sync),
    ) -> Result<(), EventsError> {
        match self.tagged(arn)? {
            Tagged::Bus(bus) => {
                self.change_bus(&bus, &|bus| {
                    change(&mut bus.tags);
                    Ok(())
                })
                .await?;
            }
            Tagged::Rule { bus, name } => {
                self.change_rule(&bus, &name, &|rule| {
                    change(&mut rule.tags);
                    check_tags(&rule.tags)
                })
                .await?;
            }
        }
        Ok(())
    }

    fn tagged(&self, arn: &str) -> Result<Tagged, EventsError> {
        if let Some(bus) = bus_name(self.scope, arn).filter(|_| arn.starts_with("arn:")) {
            return Ok(Tagged::Bus(bus.to_owned()));
        }
        let rule = arn.strip_prefix(&rule_arn(self.scope, DEFAULT_BUS, ""));
        match rule.map(|rule| rule.split_once('/').unwrap_or((DEFAULT_BUS, rule))) {
            Some((bus, name)) => Ok(Tagged::Rule {
                bus: bus.to_owned(),
                name: name.to_owned(),
            }),
            None => Err(EventsError::not_found(format!(
                "`{arn}` is no event bus and no rule of this account and region"
            ))),
        }
    }
}

/// Checks tags on their own.
pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), EventsError> {
    if tags.len() > TAGS_MAX {
        return Err(EventsError::limit(format!(
            "A resource can have {TAGS_MAX} tags."
        )));
    }
    let fits = |(key, value): (&String, &String)| {
        (1..=KEY_CHARACTERS_MAX).contains(&key.chars().count())
            && !key.to_ascii_lowercase().starts_with("aws:")
            && value.chars().count() <= VALUE_CHARACTERS_MAX
    };
    if tags.iter().all(fits) {
        return Ok(());
    }
    Err(EventsError::validation(
        "A tag key must have 1 to 128 characters and not begin with aws:, a tag value at most 256 characters.",
    ))
}
