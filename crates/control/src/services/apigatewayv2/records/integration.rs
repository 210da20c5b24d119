//! Integrations: <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/apis-apiid-integrations.html>

use std::collections::BTreeMap;

use portcullis_model::{
    ApiId,
    resources::apigatewayv2::{HttpIntegration, HttpIntegrationType, HttpRoute},
};
use portcullis_store::{Batch, Expect, kinds};
use serde::{Deserialize, Serialize};

use super::HttpApis;
use crate::{
    operation::AwsError,
    services::apigateway::{
        errors::{bad_request, conflict, unsupported},
        records::{Kept, Listed, Wanted, encode},
    },
};

/// Milliseconds that an HTTP API waits, as AWS.
const TIMEOUT_MS_MIN: u32 = 50;
const TIMEOUT_MS_MAX: u32 = 30_000;
const METHODS: [&str; 8] = ["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "ANY"];

/// What a caller chooses about an integration.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntegrationSettings {
    #[serde(default)]
    pub integration_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integration_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub payload_format_version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_type: Option<String>,
    #[serde(default, rename = "timeoutInMillis", skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u32>,
    #[serde(default)]
    pub request_parameters: BTreeMap<String, String>,
}

impl IntegrationSettings {
    /// Returns the settings that `integration` has.
    pub fn of(integration: &HttpIntegration) -> Self {
        Self {
            integration_type: match integration.integration_type {
                HttpIntegrationType::HttpProxy => "HTTP_PROXY".into(),
                HttpIntegrationType::AwsProxy => "AWS_PROXY".into(),
            },
            description: integration.description.clone(),
            integration_method: Some(integration.integration_method.clone()),
            integration_uri: Some(integration.integration_uri.clone()),
            payload_format_version: Some(integration.payload_format_version.clone()),
            connection_type: None,
            timeout_ms: Some(integration.timeout_ms),
            request_parameters: integration.request_parameters.clone(),
        }
    }

    /// Returns the integration that has these settings.
    pub(super) fn build(mut self, integration_id: String) -> Result<HttpIntegration, AwsError> {
        let integration_type = match self.integration_type.as_str() {
            "HTTP_PROXY" => HttpIntegrationType::HttpProxy,
            "AWS_PROXY" => {
                self.check_function()?;
                HttpIntegrationType::AwsProxy
            }
            "HTTP" | "AWS" | "MOCK" => {
                return Err(bad_request(
                    "HTTP APIs support HTTP_PROXY and AWS_PROXY integrations, on AWS neither others",
                ));
            }
            _ => return Err(bad_request("Invalid integration type specified")),
        };
        let is_function = integration_type == HttpIntegrationType::AwsProxy;

        if !matches!(self.connection_type.as_deref(), None | Some("INTERNET")) {
            return Err(unsupported(
                "connectionType",
                "there are no VPC links; use `INTERNET`",
            ));
        }
        let method = self
            .integration_method
            .ok_or_else(|| bad_request("integrationMethod must be specified for HTTP_PROXY integrations"))?;
        if !METHODS.contains(&method.as_str()) {
            return Err(bad_request(format!("Invalid HTTP method specified: {method}")));
        }
        let uri = self.integration_uri.unwrap_or_default();
        if !is_function && !uri.starts_with("https://") && !uri.starts_with("http://") {
            return Err(bad_request(format!(
                "Invalid HTTP endpoint specified for URI: {uri}"
            )));
        }
        let version = self.payload_format_version.unwrap_or_else(|| "1.0".into());
        if !is_function && version != "1.0" {
            return Err(bad_request(
                "Invalid payload format version specified. HTTP_PROXY integrations have version 1.0",
            ));
        }
        let timeout_ms = self.timeout_ms.unwrap_or(TIMEOUT_MS_MAX);
        if !(TIMEOUT_MS_MIN..=TIMEOUT_MS_MAX).contains(&timeout_ms) {
            return Err(bad_request(format!(
                "Timeout should be between {TIMEOUT_MS_MIN} ms and {TIMEOUT_MS_MAX} ms"
            )));
        }
        Ok(HttpIntegration {
            integration_id,
            integration_type,
            description: self.description,
            integration_method: method,
            integration_uri: uri,
            payload_format_version: version,
            timeout_ms,
            request_parameters: self.request_parameters,
        })
    }
}

impl IntegrationSettings {
    /// Checks what is said of a function, which is always invoked with `POST`.
    fn check_function(&mut self) -> Result<(), AwsError> {
        let uri = self.integration_uri.as_deref().unwrap_or_default();
        if !uri.starts_with("arn:aws:lambda:") && !uri.starts_with("arn:aws:apigateway:") {
            return Err(bad_request(format!(
                "Invalid function ARN specified for URI: {uri}"
            )));
        }
        match self.payload_format_version.as_deref() {
            Some("1.0" | "2.0") => {}
            _ => {
                return Err(bad_request(
                    "payloadFormatVersion must be specified for AWS_PROXY integrations: use 1.0 or 2.0",
                ));
            }
        }
        if !self.request_parameters.is_empty() {
            return Err(unsupported(
                "requestParameters",
                "a function gets the request as it is: mapping parameters for one is not supported yet",
            ));
        }
        match self
            .integration_method
            .get_or_insert_with(|| "POST".into())
            .as_str()
        {
            "POST" => Ok(()),
            other => Err(bad_request(format!(
                "functions are invoked with POST, not {other}"
            ))),
        }
    }
}

impl HttpApis<'_> {
    /// Makes an integration.
    pub async fn create_integration(
        &self,
        api: &ApiId,
        settings: IntegrationSettings,
    ) -> Result<HttpIntegration, AwsError> {
        self.api(api).await?;
        let integration = settings.build(self.0.entropy.lower_alphanumeric(7))?;
        self.put_integration(api, integration, Expect::Absent).await
    }

    /// Returns an integration, or AWS's error when there is none.
    pub async fn integration(&self, api: &ApiId, id: &str) -> Result<Kept<HttpIntegration>, AwsError> {
        self.part(kinds::HTTP_API_INTEGRATION, "Integration", api, id)
            .await
    }

    /// Returns a page of the integrations of an API.
    pub async fn integrations(
        &self,
        api: &ApiId,
        wanted: &Wanted,
    ) -> Result<Listed<HttpIntegration>, AwsError> {
        self.api(api).await?;
        self.0
            .page(kinds::HTTP_API_INTEGRATION, &format!("{api}/"), wanted)
            .await
    }

    /// Gives an integration new settings.
    pub async fn replace_integration(
        &self,
        api: &ApiId,
        id: &str,
        settings: IntegrationSettings,
    ) -> Result<HttpIntegration, AwsError> {
        let kept = self.integration(api, id).await?;
        let integration = settings.build(id.to_owned())?;
        self.put_integration(api, integration, Expect::Version(kept.version))
            .await
    }

    /// Deletes an integration that no route uses.
    pub async fn delete_integration(&self, api: &ApiId, id: &str) -> Result<(), AwsError> {
        let kept = self.integration(api, id).await?;
        let routes: Vec<HttpRoute> = self.0.all(kinds::HTTP_API_ROUTE, api).await?;
        let target = format!("integrations/{id}");
        if let Some(route) = routes.iter().find(|route| route.target.as_ref() == Some(&target)) {
            return Err(conflict(format!(
                "Cannot delete Integration '{id}', is referenced by the route '{}'",
                route.route_key
            )));
        }
        let key = self.0.key(kinds::HTTP_API_INTEGRATION, format!("{api}/{id}"));
        let batch = Batch::new().delete(key, Expect::Version(kept.version));
        self.commit_and_deploy(api, batch, |image| {
            image.integrations.retain(|other| other.integration_id != id);
        })
        .await
    }

    async fn put_integration(
        &self,
        api: &ApiId,
        integration: HttpIntegration,
        expect: Expect,
    ) -> Result<HttpIntegration, AwsError> {
        let id = format!("{api}/{}", integration.integration_id);
        let key = self.0.key(kinds::HTTP_API_INTEGRATION, id);
        let batch = Batch::new().put(key, encode(&integration)?, expect);
        self.commit_and_deploy(api, batch, |image| {
            image
                .integrations
                .retain(|other| other.integration_id != integration.integration_id);
            image.integrations.push(integration.clone());
        })
        .await?;
        Ok(integration)
    }
}
