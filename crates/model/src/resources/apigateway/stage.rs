//! Named ways into a deployment: <https://docs.aws.amazon.com/apigateway/latest/api/API_Stage.html>

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::{ApiId, DeploymentId, Scope, StageName, Timestamp, resources::usage_plans::Throttle};

/// What a stage says of one method, or of all.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct MethodSetting {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_burst_limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttling_rate_limit: Option<f64>,
    #[serde(default)]
    pub metrics_enabled: bool,
    #[serde(default)]
    pub data_trace_enabled: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub logging_level: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub caching_enabled: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_ttl_in_seconds: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_data_encrypted: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub require_authorization_for_cache_control: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unauthorized_cache_control_header_strategy: Option<String>,
}

/// AWS's throttle of an account in a region; what a stage leaves out is this.
pub const ACCOUNT_THROTTLE: Throttle = Throttle {
    burst_limit: 5_000,
    rate_limit: 10_000.0,
};

/// Returns the throttle that a setting of a method or a route makes, if it makes one: what it leaves open is the account's.
pub(in crate::resources) fn throttle_of(
    burst_limit: Option<u32>,
    rate_limit: Option<f64>,
) -> Option<Throttle> {
    if burst_limit.is_none() && rate_limit.is_none() {
        return None;
    }
    Some(Throttle {
        burst_limit: burst_limit.unwrap_or(ACCOUNT_THROTTLE.burst_limit),
        rate_limit: rate_limit.unwrap_or(ACCOUNT_THROTTLE.rate_limit),
    })
}

impl MethodSetting {
    /// Returns the throttle, if there is one.
    pub fn throttle(&self) -> Option<Throttle> {
        throttle_of(self.throttling_burst_limit, self.throttling_rate_limit)
    }
}

/// A named way into a deployment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stage {
    pub api_id: ApiId,
    pub stage_name: StageName,
    pub deployment_id: DeploymentId,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub variables: BTreeMap<String, String>,
    /// By method, `pets/{id}/GET` or `/GET` on the root; `*/*` for every method.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub method_settings: BTreeMap<String, MethodSetting>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tags: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub access_log_settings: Option<AccessLogSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canary_settings: Option<CanarySettings>,
    /// What it presents to backends that ask who calls.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_certificate_id: Option<String>,
    #[serde(default)]
    pub cache_cluster_enabled: bool,
    /// In gigabytes, as AWS writes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_cluster_size: Option<String>,
    pub created_date: Timestamp,
    pub last_updated_date: Timestamp,
}

/// A second deployment of a stage, which a share of its requests meets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CanarySettings {
    pub deployment_id: DeploymentId,
    /// Of a hundred requests, so many.
    #[serde(default)]
    pub percent_traffic: f64,
    /// Over the stage's own variables.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub stage_variable_overrides: BTreeMap<String, String>,
    #[serde(default)]
    pub use_stage_cache: bool,
}

/// Where a stage logs its requests, and in which format. Empty is what was not given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AccessLogSettings {
    #[serde(default)]
    pub destination_arn: String,
    #[serde(default)]
    pub format: String,
}

impl AccessLogSettings {
    /// Tells whether nothing was given: there is no log then.
    pub fn is_empty(&self) -> bool {
        self.destination_arn.is_empty() && self.format.is_empty()
    }
}

impl Stage {
    /// Returns the ARN under which other services know the stage; it has no account.
    pub fn arn(&self, scope: &Scope) -> String {
        format!(
            "arn:aws:apigateway:{}::/restapis/{}/stages/{}",
            scope.region, self.api_id, self.stage_name
        )
    }

    /// Returns the stage as the requests meet it that its canary takes; none without a canary.
    #[must_use]
    pub fn as_canary(&self) -> Option<Self> {
        let canary = self.canary_settings.clone()?;
        let mut stage = self.clone();
        stage.deployment_id = canary.deployment_id;
        stage.variables.extend(canary.stage_variable_overrides);
        stage.canary_settings = None;
        Some(stage)
    }

    /// Tells whether the stage or its canary points at a deployment.
    pub fn points_at(&self, deployment: &DeploymentId) -> bool {
        let canary = self.canary_settings.as_ref();
        self.deployment_id == *deployment || canary.is_some_and(|canary| canary.deployment_id == *deployment)
    }
}
