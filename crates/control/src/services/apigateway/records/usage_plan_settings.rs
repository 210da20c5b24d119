//! What a caller chooses about a usage plan, and the patch operations on it:
//! <https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html#UpdateUsagePlan-Patch>

use std::collections::BTreeMap;

use portcullis_model::resources::usage_plans::{Period, Quota, Throttle, UsagePlan};
use serde::{Deserialize, Serialize};

use crate::{
    operation::AwsError,
    services::apigateway::{
        errors::{bad_request, not_found},
        patch::PatchOperation,
    },
};

/// What a caller chooses about a plan.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UsagePlanSettings {
    #[serde(default)]
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default)]
    pub api_stages: Vec<PlanStageSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub throttle: Option<ThrottleSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<QuotaSettings>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// A stage, as a caller names it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct PlanStageSettings {
    #[serde(default)]
    pub api_id: String,
    #[serde(default)]
    pub stage: String,
    #[serde(default)]
    pub throttle: BTreeMap<String, ThrottleSettings>,
}

/// A throttle, as a caller gives it.
#[derive(Clone, Copy, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ThrottleSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub burst_limit: Option<u32>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<f64>,
}

/// A quota, as a caller gives it.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct QuotaSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<u32>,
    #[serde(default)]
    pub offset: u8,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
}

impl ThrottleSettings {
    fn of(throttle: Throttle) -> Self {
        Self {
            burst_limit: Some(throttle.burst_limit),
            rate_limit: Some(throttle.rate_limit),
        }
    }

    /// Nobody has recorded what AWS does with half a throttle; we ask for both rather than guess the other.
    pub(super) fn check(self, what: &str) -> Result<Throttle, AwsError> {
        match (self.burst_limit, self.rate_limit) {
            (Some(burst_limit), Some(rate_limit)) if rate_limit.is_finite() && rate_limit >= 0.0 => {
                Ok(Throttle {
                    burst_limit,
                    rate_limit,
                })
            }
            _ => Err(bad_request(format!(
                "{what} needs both `burstLimit` and `rateLimit`, at least 0"
            ))),
        }
    }
}

impl QuotaSettings {
    pub(super) fn check(&self) -> Result<Quota, AwsError> {
        let (Some(limit), Some(period)) = (self.limit, self.period) else {
            return Err(bad_request("Usage Plan quota needs both `limit` and `period`"));
        };
        let (last, says) = match period {
            Period::Day => (0, "must be zero in the DAY period"),
            Period::Week => (6, "must be between zero and six inclusive in the WEEK period"),
            Period::Month => (27, "must be between zero and 27 inclusive in the MONTH period"),
        };
        if self.offset > last {
            return Err(bad_request(format!("Usage Plan quota offset {says}")));
        }
        Ok(Quota {
            limit,
            offset: self.offset,
            period,
        })
    }
}

impl UsagePlanSettings {
    /// Returns the settings that `plan` has.
    pub fn of(plan: &UsagePlan) -> Self {
        let stages = plan.api_stages.iter().map(|stage| PlanStageSettings {
            api_id: stage.api_id.to_string(),
            stage: stage.stage.to_string(),
            throttle: stage
                .throttle
                .iter()
                .map(|(method, throttle)| (method.clone(), ThrottleSettings::of(*throttle)))
                .collect(),
        });
        Self {
            name: plan.name.clone(),
            description: plan.description.clone(),
            api_stages: stages.collect(),
            throttle: plan.throttle.map(ThrottleSettings::of),
            quota: plan.quota.map(|quota| QuotaSettings {
                limit: Some(quota.limit),
                offset: quota.offset,
                period: Some(quota.period),
            }),
            tags: plan.tags.clone(),
        }
    }
}

/// Applies an operation on the stages of a plan: `add` or `remove` of `/apiStages` with `{api}:{stage}` as its value, and
/// `/apiStages/{api}:{stage}/throttle/{path}/{method}/rateLimit` or `…/burstLimit`. False: the path is another one.
pub fn patch_stages(
    stages: &mut Vec<PlanStageSettings>,
    operation: &PatchOperation,
) -> Result<bool, AwsError> {
    let Some(path) = operation.path.strip_prefix("/apiStages") else {
        return Ok(false);
    };
    let wrong = || {
        bad_request(format!(
            "Invalid patch path '{}' specified for op '{}': add or remove /apiStages with {{api}}:{{stage}} as its value, or name \
             /apiStages/{{api}}:{{stage}}/throttle/{{path}}/{{method}}/rateLimit or burstLimit",
            operation.path, operation.op
        ))
    };
    let named = |text: &str| {
        let (api, stage) = text.split_once(':')?;
        (!api.is_empty() && !stage.is_empty()).then(|| (api.to_owned(), stage.to_owned()))
    };
    let value = operation.value.as_deref().unwrap_or_default();
    if path.is_empty() {
        let (api, stage) = named(value).ok_or_else(wrong)?;
        let at = stages
            .iter()
            .position(|known| known.api_id == api && known.stage == stage);
        match (operation.op.as_str(), at) {
            ("add", None) => stages.push(PlanStageSettings {
                api_id: api,
                stage,
                throttle: BTreeMap::new(),
            }),
            ("add", Some(_)) => {}
            ("remove", Some(at)) => drop(stages.remove(at)),
            ("remove", None) => return Err(not_found(format!("API Stage not found: {value}"))),
            _ => return Err(wrong()),
        }
        return Ok(true);
    }
    let (stage, rest) = path
        .strip_prefix('/')
        .and_then(|path| path.split_once("/throttle"))
        .ok_or_else(wrong)?;
    let (api, stage) = named(stage).ok_or_else(wrong)?;
    let stage = stages
        .iter_mut()
        .find(|known| known.api_id == api && known.stage == stage)
        .ok_or_else(|| not_found(format!("API Stage not found: {api}")))?;
    patch_throttle(stage, rest, operation).ok_or_else(wrong)?;
    Ok(true)
}

/// Applies an operation on `/{path}/{method}/rateLimit`, or removes `/{path}/{method}`.
fn patch_throttle(stage: &mut PlanStageSettings, path: &str, operation: &PatchOperation) -> Option<()> {
    let decoded = |path: &str| {
        let path = path.replace("~1", "/").replace("~0", "~");
        format!("/{}", path.trim_start_matches('/'))
    };
    if operation.op == "remove" && stage.throttle.remove(&decoded(path)).is_some() {
        return Some(());
    }
    let (method, name) = path.rsplit_once('/')?;
    let throttle = stage.throttle.entry(decoded(method)).or_default();
    let value = match operation.op.as_str() {
        "add" | "replace" => operation.value.as_deref(),
        _ => return None,
    };
    match name {
        "rateLimit" => throttle.rate_limit = Some(value?.parse().ok()?),
        "burstLimit" => throttle.burst_limit = Some(value?.parse().ok()?),
        _ => return None,
    }
    Some(())
}
