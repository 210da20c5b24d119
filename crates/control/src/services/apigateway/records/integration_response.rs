//! How an integration's answer becomes a method's:
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_IntegrationResponse.html>

use std::collections::BTreeMap;

use portcullis_engines::java_pattern;
use portcullis_model::resources::apigateway::{IntegrationResponse, Method};
use serde::{Deserialize, Serialize};

use super::{
    Apis, check_status_code,
    integration::{check_content_handling, unknown_integration},
    method::MethodKey,
    method_response::unknown_status,
};
use crate::{operation::AwsError, services::apigateway::errors::bad_request};

/// What a caller chooses about an integration response.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntegrationResponseSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection_pattern: Option<String>,
    #[serde(default)]
    pub response_parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub response_templates: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_handling: Option<String>,
}

impl IntegrationResponseSettings {
    /// Returns the settings that `response` has.
    pub fn of(response: &IntegrationResponse) -> Self {
        Self {
            selection_pattern: response.selection_pattern.clone(),
            response_parameters: response.response_parameters.clone(),
            response_templates: response.response_templates.clone(),
            content_handling: response.content_handling.clone(),
        }
    }

    fn build(self, status: &str, method: &Method) -> Result<IntegrationResponse, AwsError> {
        check_status_code(status)?;
        check_content_handling(self.content_handling.as_deref())?;
        let Some(response) = method.method_responses.get(status) else {
            return Err(bad_request(format!(
                "Output mapping refers to an invalid method response: {status}"
            )));
        };
        if let Some(name) = self
            .response_parameters
            .keys()
            .find(|name| !response.response_parameters.contains_key(*name))
        {
            return Err(bad_request(format!(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: {name}]"
            )));
        }
        if let Some(pattern) = self.selection_pattern.as_deref() {
            java_pattern::compile(pattern, true)
                .map_err(|cause| bad_request(format!("Invalid selection pattern specified: {cause}")))?;
        }
        Ok(IntegrationResponse {
            status_code: status.to_owned(),
            // AWS treats an empty pattern as none: the default response.
            selection_pattern: self.selection_pattern.filter(|pattern| !pattern.is_empty()),
            response_parameters: self.response_parameters,
            response_templates: self.response_templates,
            content_handling: self.content_handling,
        })
    }
}

impl Apis<'_> {
    /// Makes a response of an integration, in place of an earlier one.
    pub async fn put_integration_response(
        &self,
        key: &MethodKey,
        status: &str,
        settings: IntegrationResponseSettings,
    ) -> Result<IntegrationResponse, AwsError> {
        self.change_method(key, |method| {
            if method.integration.is_none() {
                return Err(unknown_integration());
            }
            let response = settings.build(status, method)?;
            let integration = method.integration.as_mut().ok_or_else(unknown_integration)?;
            let responses = &mut integration.integration_responses;
            responses.insert(status.to_owned(), response.clone());
            Ok(response)
        })
        .await
    }

    /// Returns a response of an integration.
    pub async fn integration_response(
        &self,
        key: &MethodKey,
        status: &str,
    ) -> Result<IntegrationResponse, AwsError> {
        let mut integration = self.integration(key).await?;
        integration
            .integration_responses
            .remove(status)
            .ok_or_else(unknown_status)
    }

    /// Gives a response of an integration new settings.
    pub async fn replace_integration_response(
        &self,
        key: &MethodKey,
        status: &str,
        settings: IntegrationResponseSettings,
    ) -> Result<IntegrationResponse, AwsError> {
        self.integration_response(key, status).await?;
        self.put_integration_response(key, status, settings).await
    }

    /// Deletes a response of an integration.
    pub async fn delete_integration_response(&self, key: &MethodKey, status: &str) -> Result<(), AwsError> {
        self.change_method(key, |method| {
            let integration = method.integration.as_mut().ok_or_else(unknown_integration)?;
            let gone = integration.integration_responses.remove(status);
            gone.map(drop).ok_or_else(unknown_status)
        })
        .await
    }
}
