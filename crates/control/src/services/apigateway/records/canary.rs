//! Canaries of stages: <https://docs.aws.amazon.com/apigateway/latest/developerguide/canary-release.html>
//!
//! A canary is made by `CreateDeployment` or by patching a stage, and promoted by copying what it is into the stage. What the
//! page says of copying into a canary the service refuses.

use std::collections::BTreeMap;

use portcullis_model::{DeploymentId, resources::apigateway::CanarySettings};
use serde::{Deserialize, Serialize};

use super::stage::StageSettings;
use crate::{
    operation::AwsError,
    services::apigateway::{errors::bad_request, patch::PatchOperation},
};

const ROOT: &str = "/canarySettings";
const OVERRIDES: &str = "/canarySettings/stageVariableOverrides";

/// What a caller chooses about a canary.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CanaryChoice {
    /// The stage's own where none is given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<DeploymentId>,
    #[serde(default)]
    pub percent_traffic: f64,
    #[serde(default)]
    pub stage_variable_overrides: BTreeMap<String, String>,
    #[serde(default)]
    pub use_stage_cache: bool,
}

impl From<CanarySettings> for CanaryChoice {
    fn from(settings: CanarySettings) -> Self {
        Self {
            deployment_id: Some(settings.deployment_id),
            percent_traffic: settings.percent_traffic,
            stage_variable_overrides: settings.stage_variable_overrides,
            use_stage_cache: settings.use_stage_cache,
        }
    }
}

impl CanaryChoice {
    /// Checks what needs no record.
    pub(super) fn check(&self) -> Result<(), AwsError> {
        if !(0.0..=100.0).contains(&self.percent_traffic) {
            return Err(bad_request(format!(
                "Invalid canary percentTraffic '{}': use 0.0 to 100.0",
                self.percent_traffic
            )));
        }
        Ok(())
    }

    /// Returns the canary of a stage that points at `own`.
    pub(super) fn settings(self, own: &DeploymentId) -> CanarySettings {
        CanarySettings {
            deployment_id: self.deployment_id.unwrap_or_else(|| own.clone()),
            percent_traffic: self.percent_traffic,
            stage_variable_overrides: self.stage_variable_overrides,
            use_stage_cache: self.use_stage_cache,
        }
    }
}

/// Applies an operation that concerns the canary. False: its path is no canary's.
pub fn patch(settings: &mut StageSettings, operation: &PatchOperation) -> Result<bool, AwsError> {
    let path = operation.path.as_str();
    if operation.op == "copy" {
        return promote(settings, operation).map(|()| true);
    }
    let Some(name) = path
        .strip_prefix(ROOT)
        .filter(|rest| rest.is_empty() || rest.starts_with('/'))
    else {
        return Ok(false);
    };
    match operation.op.as_str() {
        "remove" => remove(settings, name),
        "replace" => replace(settings, name, operation),
        other => Err(bad_request(format!(
            "Invalid {other} operation with path: {path}"
        ))),
    }
    .map(|()| true)
}

fn remove(settings: &mut StageSettings, name: &str) -> Result<(), AwsError> {
    if name.is_empty() {
        settings.canary_settings = None;
        return Ok(());
    }
    let gone = settings.canary_settings.as_mut().and_then(|canary| {
        let variable = name.strip_prefix("/stageVariableOverrides/")?;
        canary.stage_variable_overrides.remove(variable)
    });
    if gone.is_some() {
        return Ok(());
    }
    Err(bad_request(format!(
        "Cannot remove method setting canarySettings{name} because there is no method setting for this method "
    )))
}

/// The first operation makes the canary: nothing goes to it until its share says so.
fn replace(settings: &mut StageSettings, name: &str, operation: &PatchOperation) -> Result<(), AwsError> {
    let text = operation.value.clone().unwrap_or_default();
    let wrong = || {
        bad_request(format!(
            "Invalid patch value '{text}' specified for '{}'",
            operation.path
        ))
    };
    let canary = settings.canary_settings.get_or_insert_default();
    match name {
        "/percentTraffic" => canary.percent_traffic = text.parse().map_err(|_| wrong())?,
        "/deploymentId" => canary.deployment_id = Some(text.into()),
        "/useStageCache" => {
            canary.use_stage_cache = text.to_ascii_lowercase().parse().map_err(|_| wrong())?;
        }
        _ => match name.strip_prefix("/stageVariableOverrides/") {
            Some(variable) if !variable.is_empty() => {
                canary.stage_variable_overrides.insert(variable.to_owned(), text);
            }
            _ => {
                return Err(bad_request(format!(
                    "Invalid method setting path: {}. Must be one of: [{ROOT}/percentTraffic, {ROOT}/deploymentId, {ROOT}/useStageCache, {OVERRIDES}/{{variable_name}}]",
                    operation.path
                )));
            }
        },
    }
    Ok(())
}

/// Copies what the canary is into the stage. The canary stays, with its share.
fn promote(settings: &mut StageSettings, operation: &PatchOperation) -> Result<(), AwsError> {
    let (from, to) = (
        operation.from.as_deref().unwrap_or_default(),
        operation.path.as_str(),
    );
    let known = [
        ("/canarySettings/deploymentId", "/deploymentId"),
        (OVERRIDES, "/variables"),
    ];
    if !known.contains(&(from, to)) {
        return Err(bad_request(format!(
            "Invalid copy operation with path: {to} and from {from}. Valid are {OVERRIDES} to /variables, and {ROOT}/deploymentId to /deploymentId"
        )));
    }
    let Some(canary) = &settings.canary_settings else {
        return Err(bad_request("Promotion not available: the stage has no canary"));
    };
    if to == "/variables" {
        settings.variables.extend(canary.stage_variable_overrides.clone());
    } else if let Some(deployment) = &canary.deployment_id {
        settings.deployment_id = Some(deployment.clone());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn operation(op: &str, path: &str, value: Option<&str>, from: Option<&str>) -> PatchOperation {
        PatchOperation {
            op: op.into(),
            path: path.into(),
            value: value.map(str::to_owned),
            from: from.map(str::to_owned),
        }
    }

    fn replaced(settings: &mut StageSettings, path: &str, value: &str) -> Result<bool, AwsError> {
        patch(settings, &operation("replace", path, Some(value), None))
    }

    #[test]
    fn canary_is_made_by_its_first_setting_changed_promoted_and_removed() {
        let mut stage = StageSettings {
            deployment_id: Some("one".into()),
            variables: [
                ("kept".to_owned(), "a".to_owned()),
                ("over".to_owned(), "a".to_owned()),
            ]
            .into(),
            ..StageSettings::default()
        };
        assert!(replaced(&mut stage, "/canarySettings/percentTraffic", "12.5").unwrap());
        assert_eq!(
            stage
                .canary_settings
                .clone()
                .unwrap()
                .settings(&"one".into())
                .deployment_id
                .as_str(),
            "one"
        );
        assert!(replaced(&mut stage, "/canarySettings/deploymentId", "two").unwrap());
        assert!(replaced(&mut stage, "/canarySettings/useStageCache", "TRUE").unwrap());
        assert!(replaced(&mut stage, "/canarySettings/stageVariableOverrides/over", "b").unwrap());
        for (from, to) in [
            ("/canarySettings/deploymentId", "/deploymentId"),
            ("/canarySettings/stageVariableOverrides", "/variables"),
        ] {
            assert!(patch(&mut stage, &operation("copy", to, None, Some(from))).unwrap());
        }
        assert_eq!(stage.deployment_id.as_ref().unwrap().as_str(), "two");
        assert_eq!(
            (stage.variables["kept"].as_str(), stage.variables["over"].as_str()),
            ("a", "b")
        );
        let gone = operation(
            "remove",
            "/canarySettings/stageVariableOverrides/over",
            None,
            None,
        );
        assert!(patch(&mut stage, &gone).unwrap());
        assert!(patch(&mut stage, &operation("remove", "/canarySettings", None, None)).unwrap());
        assert!(stage.canary_settings.is_none());
    }

    #[test]
    fn what_is_no_setting_of_a_canary_is_refused_in_the_services_words() {
        let mut stage = StageSettings::default();
        let said = |result: Result<bool, AwsError>| result.unwrap_err().message;
        assert_eq!(
            said(patch(
                &mut stage,
                &operation("add", "/canarySettings/deploymentId", Some("x"), None)
            )),
            "Invalid add operation with path: /canarySettings/deploymentId"
        );
        assert_eq!(
            said(patch(
                &mut stage,
                &operation("remove", "/canarySettings/badPath", None, None)
            )),
            "Cannot remove method setting canarySettings/badPath because there is no method setting for this method "
        );
        assert!(
            said(replaced(&mut stage, "/canarySettings/badPath", "x"))
                .starts_with("Invalid method setting path: /canarySettings/badPath. ")
        );
        for (from, to) in [
            ("/variables", "/canarySettings/stageVariableOverrides"),
            ("/canarySettings/deploymentId", "/deploymentId"),
        ] {
            let mut none = StageSettings::default();
            patch(&mut none, &operation("copy", to, None, Some(from))).unwrap_err();
        }
        for (path, value) in [("percentTraffic", "many"), ("useStageCache", "perhaps")] {
            replaced(&mut stage, &format!("/canarySettings/{path}"), value).unwrap_err();
        }
        for percent in [-0.1, 100.1, f64::NAN] {
            let canary = CanaryChoice {
                percent_traffic: percent,
                ..CanaryChoice::default()
            };
            canary.check().unwrap_err();
        }
        assert!(!replaced(&mut stage, "/description", "x").unwrap());
    }
}
