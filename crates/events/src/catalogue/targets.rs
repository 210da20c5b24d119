//! Targets of a rule: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutTargets.html>
//!
//! One kind is there: an API destination.

use portcullis_model::resources::events::{RetryPolicy, Target};

use super::Catalogue;
use crate::{EventsError, names::arn, snapshot::compile_target};

/// Targets of a rule.
const TARGETS_MAX: usize = 5;
const ID_CHARACTERS_MAX: usize = 64;
/// Characters of a fixed input.
const INPUT_CHARACTERS_MAX: usize = 8_192;
const INPUT_PATH_CHARACTERS_MAX: usize = 256;
/// Seconds that a delivery is tried.
const EVENT_AGE_SECONDS: std::ops::RangeInclusive<u32> = 60..=86_400;
const RETRY_ATTEMPTS_MAX: u32 = 185;

impl Catalogue<'_> {
    /// Adds targets, or changes those of the same id.
    pub async fn put_targets(&self, bus: &str, rule: &str, targets: &[Target]) -> Result<(), EventsError> {
        for target in targets {
            self.check_target(target).await?;
        }
        self.change_rule(bus, rule, &|rule| {
            for target in targets {
                rule.targets.insert(target.id.clone(), target.clone());
            }
            if rule.targets.len() > TARGETS_MAX {
                return Err(EventsError::limit(format!(
                    "The requested resource exceeds the maximum number allowed: {TARGETS_MAX} targets of a rule"
                )));
            }
            Ok(())
        })
        .await
    }

    /// Removes targets; returns the ids that the rule did not have.
    pub async fn remove_targets(
        &self,
        bus: &str,
        rule: &str,
        ids: &[String],
    ) -> Result<Vec<String>, EventsError> {
        self.change_rule(bus, rule, &|rule| {
            let missing = ids.iter().filter(|id| rule.targets.remove(id.as_str()).is_none());
            Ok(missing.cloned().collect())
        })
        .await
    }

    async fn check_target(&self, target: &Target) -> Result<(), EventsError> {
        let id_fits = (1..=ID_CHARACTERS_MAX).contains(&target.id.len())
            && target
                .id
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
        let refuse = |message: &str| {
            Err(EventsError::validation(format!(
                "target `{}`: {message}",
                target.id
            )))
        };
        if !id_fits {
            return refuse("an id has 1 to 64 letters, digits and `.-_`");
        }
        if !target.arn.starts_with(&arn(self.scope, "api-destination/")) {
            return refuse(
                "`Arn` must be that of an API destination of this account and region: other targets are not supported",
            );
        }
        if target.role_arn.is_none() {
            return refuse("`RoleArn` is required: a delivery is made in the name of a role");
        }
        let is_there = self
            .api_destinations("")
            .await?
            .iter()
            .any(|destination| destination.arn == target.arn);
        if !is_there {
            return refuse("there is no API destination with this `Arn`");
        }
        if let Some(input) = &target.input
            && (input.chars().count() > INPUT_CHARACTERS_MAX
                || serde_json::from_str::<serde_json::Value>(input).is_err())
        {
            return refuse("`Input` must be JSON of at most 8192 characters");
        }
        if target
            .input_path
            .as_ref()
            .is_some_and(|path| path.chars().count() > INPUT_PATH_CHARACTERS_MAX)
        {
            return refuse("`InputPath` has more than 256 characters");
        }
        if let Some(RetryPolicy {
            maximum_event_age_in_seconds: age,
            maximum_retry_attempts: attempts,
        }) = target.retry_policy
            && !(EVENT_AGE_SECONDS.contains(&age) && attempts <= RETRY_ATTEMPTS_MAX)
        {
            return refuse(
                "`RetryPolicy` wants 60 to 86400 `MaximumEventAgeInSeconds` and at most 185 `MaximumRetryAttempts`",
            );
        }
        compile_target(target).map(drop)
    }
}
