//! What the keys of a plan used: <https://docs.aws.amazon.com/apigateway/latest/api/API_GetUsage.html>
//!
//! The data plane counts; a record a day is what it kept. An answer holds, for each key and each day, how many requests were
//! admitted and how many the quota left at the end of it; without a quota the second number is 0.

use std::collections::BTreeMap;

use portcullis_model::{
    Timestamp,
    resources::usage_plans::{DayOfUsage, UsagePlanKey},
};
use portcullis_store::kinds;
use serde_json::{Value, json};

use super::{Listed, Wanted, api_key::Plans};
use crate::{
    operation::AwsError,
    services::apigateway::{errors::bad_request, patch::PatchOperation},
};

const SECONDS_A_DAY: i64 = 86_400;
/// Days of usage that one answer holds.
const DAYS_MAX: u32 = 100;

/// The first and the last day of an answer, counted from the epoch.
#[derive(Clone, Copy, Debug)]
pub struct Days {
    first: u32,
    last: u32,
}

impl Days {
    /// Reads two dates, `2026-11-28`.
    pub fn parse(first: &str, last: &str) -> Result<Self, AwsError> {
        let (Some(first), Some(last)) = (parse_day(first), parse_day(last)) else {
            return Err(bad_request(
                "The start date and the end date must have the form YYYY-MM-DD",
            ));
        };
        if last < first || last - first >= DAYS_MAX {
            return Err(bad_request(format!(
                "The end date must follow the start date within {DAYS_MAX} days"
            )));
        }
        Ok(Self { first, last })
    }

    /// Returns the day of `now`.
    pub fn today(now: Timestamp) -> Self {
        let day = u32::try_from(now.seconds().div_euclid(SECONDS_A_DAY)).unwrap_or(0);
        Self {
            first: day,
            last: day,
        }
    }
}

fn parse_day(text: &str) -> Option<u32> {
    let form = time::macros::format_description!("[year]-[month]-[day]");
    let day = time::Date::parse(text, &form).ok()?.midnight().assume_utc();
    u32::try_from(day.unix_timestamp().div_euclid(SECONDS_A_DAY)).ok()
}

fn render_day(day: u32) -> String {
    let at = Timestamp::from_seconds(i64::from(day) * SECONDS_A_DAY);
    at.iso8601().split('T').next().unwrap_or_default().to_owned()
}

/// Reads `replace /remaining`, the one operation that there is.
pub fn remaining(operations: &[PatchOperation]) -> Result<u32, AwsError> {
    let value = match operations {
        [only] if only.op == "replace" && only.path == "/remaining" => only.value.as_deref(),
        _ => None,
    };
    value.and_then(|value| value.parse().ok()).ok_or_else(|| {
        bad_request("Invalid patch operations: replace '/remaining' by a number of at least 0")
    })
}

impl Plans<'_> {
    /// Returns a key of a plan that has a quota.
    pub async fn metered(&self, plan: &str, key: &str) -> Result<UsagePlanKey, AwsError> {
        self.usage_plan_key(plan, key).await?;
        if self.usage_plan(plan).await?.value.quota.is_none() {
            return Err(bad_request("The usage plan has no quota"));
        }
        Ok(UsagePlanKey {
            plan_id: plan.to_owned(),
            key_id: key.to_owned(),
        })
    }

    /// Returns what the keys of a plan, or one of them, used.
    pub async fn usage(
        &self,
        plan: &str,
        key: Option<&str>,
        days: Days,
        wanted: &Wanted,
    ) -> Result<Value, AwsError> {
        let quota = self.usage_plan(plan).await?.value.quota;
        let limit = quota.map_or(0, |quota| quota.limit);
        let listed = match key {
            None => self.pairs_page(plan, wanted).await?,
            Some(key) => {
                self.usage_plan_key(plan, key).await?;
                let (plan_id, key_id) = (plan.to_owned(), key.to_owned());
                Listed {
                    items: vec![UsagePlanKey { plan_id, key_id }],
                    position: None,
                }
            }
        };
        let mut values = BTreeMap::new();
        for pair in &listed.items {
            let kept: Vec<DayOfUsage> = self
                .apis
                .all_of(kinds::USAGE, &format!("{plan}/{}/", pair.key_id))
                .await?;
            // What the data plane knows is newer.
            let counted = self.counters.used(self.apis.scope, pair);
            let known: BTreeMap<u32, DayOfUsage> = kept
                .into_iter()
                .chain(counted)
                .map(|day| (day.day, day))
                .collect();
            let of = |day: u32| match known.get(&day) {
                Some(day) => [day.used, limit.saturating_sub(day.period_used)],
                None => [0, limit],
            };
            let days: Vec<[u32; 2]> = (days.first..=days.last).map(of).collect();
            values.insert(pair.key_id.clone(), days);
        }
        let mut answer = json!({
            "usagePlanId": plan,
            "startDate": render_day(days.first),
            "endDate": render_day(days.last),
            "values": values,
        });
        if let (Some(position), Some(answer)) = (listed.position, answer.as_object_mut()) {
            answer.insert("position".into(), position.into());
        }
        Ok(answer)
    }
}
