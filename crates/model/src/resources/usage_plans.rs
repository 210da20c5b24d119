//! API keys and usage plans of REST APIs:
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ApiId, StageName, Timestamp};

/// An API key. Its value stands sealed, and as a keyed hash by which it is found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ApiKey {
    pub id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_id: Option<String>,
    pub enabled: bool,
    pub created_date: Timestamp,
    pub last_updated_date: Timestamp,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    pub sealed_value: String,
    /// Base64url of 32 bytes.
    pub value_hash: String,
}

/// How many requests a second, and how many at once: a token bucket.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Throttle {
    /// Tokens that the bucket holds.
    pub burst_limit: u32,
    /// Tokens that it gains in a second.
    pub rate_limit: f64,
}

/// What a quota counts over; periods begin at midnight UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Period {
    Day,
    Week,
    Month,
}

/// How many requests in a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Quota {
    pub limit: u32,
    /// The day that a period starts on: days after Sunday, or after the first of the month.
    #[serde(default)]
    pub offset: u8,
    pub period: Period,
}

/// A stage that the keys of a plan open.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlanStage {
    pub api_id: ApiId,
    pub stage: StageName,
    /// `/path/METHOD` to what replaces the plan's own throttle there.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub throttle: BTreeMap<String, Throttle>,
}

/// A usage plan.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlan {
    pub id: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub api_stages: Vec<PlanStage>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<Throttle>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<Quota>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
}

impl UsagePlan {
    /// Returns a stage that both plans open.
    pub fn shares_stage_with<'p>(&self, other: &'p Self) -> Option<&'p PlanStage> {
        let shared = |stage: &&PlanStage| {
            let mut own = self.api_stages.iter();
            own.any(|own| own.api_id == stage.api_id && own.stage == stage.stage)
        };
        other.api_stages.iter().find(shared)
    }
}

/// A key in a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct UsagePlanKey {
    pub plan_id: String,
    pub key_id: String,
}

/// What a key in a plan has used: one record a day, the newest with the state of the quota.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DayOfUsage {
    /// Days after the Unix epoch.
    pub day: u32,
    pub used: u32,
    /// When the quota's period began, in days after the epoch.
    pub period: u32,
    /// Requests in that period.
    pub period_used: u32,
    /// Up to how many of them leases reach: after a crash all of these count as used.
    #[serde(default)]
    pub granted: u32,
}
