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
        records::{Kept, Listed, Wanted, encode, vpc_link::check_target},
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
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_config: Option<TlsConfig>,
    #[serde(default, rename = "timeoutInMillis", skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u32>,
    #[serde(default)]
    pub request_parameters: BTreeMap<String, String>,
}

/// How servers behind a VPC link prove who they are.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsConfig {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server_name_to_verify: Option<String>,
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
            connection_type: integration.connection_id.as_ref().map(|_| "VPC_LINK".into()),
            connection_id: integration.connection_id.clone(),
            tls_config: integration.server_name_to_verify.clone().map(|name| TlsConfig {
                server_name_to_verify: Some(name),
            }),
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

        let connection_id = self.link(is_function)?;
        let is_private = connection_id.is_some();
        let server_name_to_verify = self.server_name(is_private)?;
        let method = self
            .integration_method
            .ok_or_else(|| bad_request("integrationMethod must be specified for HTTP_PROXY integrations"))?;
        if !METHODS.contains(&method.as_str()) {
            return Err(bad_request(format!("Invalid HTTP method specified: {method}")));
        }
        let uri = self.integration_uri.unwrap_or_default();
        if !is_function && !is_private && !uri.starts_with("https://") && !uri.starts_with("http://") {
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
            connection_id,
            server_name_to_verify,
            payload_format_version: version,
            timeout_ms,
            request_parameters: self.request_parameters,
        })
    }
}

impl IntegrationSettings {
    /// Returns the VPC link that is gone through.
    fn link(&self, is_function: bool) -> Result<Option<String>, AwsError> {
        let message = match (self.connection_type.as_deref(), &self.connection_id) {
            (None | Some("INTERNET"), None) => return Ok(None),
            (Some("VPC_LINK"), Some(id)) if !is_function && !id.is_empty() => return Ok(Some(id.clone())),
            (Some("VPC_LINK"), _) if is_function => "A VPC link can be used by HTTP_PROXY integrations alone",
            (Some("VPC_LINK"), _) => "connectionId must be specified for connectionType VPC_LINK",
            (None | Some("INTERNET"), Some(_)) => {
                "connectionId can be specified for connectionType VPC_LINK alone"
            }
            (Some(_), _) => "connectionType must be INTERNET or VPC_LINK",
        };
        Err(bad_request(message))
    }

    /// Returns the name that servers behind a link prove.
    fn server_name(&self, is_private: bool) -> Result<Option<String>, AwsError> {
        let Some(tls) = &self.tls_config else {
            return Ok(None);
        };
        if !is_private {
            let message = "tlsConfig can be specified for connectionType VPC_LINK alone";
            return Err(bad_request(message));
        }
        let name = tls.server_name_to_verify.as_deref().unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if name.is_empty() || name.len() > 253 || !name.bytes().all(plain) {
            return Err(bad_request(format!(
                "tlsConfig.serverNameToVerify `{name}` is no host name"
            )));
        }
        Ok(Some(name.to_ascii_lowercase()))
    }

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
        self.check_link(&integration).await?;
        self.put_integration(api, integration, Expect::Absent).await
    }

    /// Refuses a link that is not there, and a target that is not the account's or that the configuration does not name.
    pub(super) async fn check_link(&self, integration: &HttpIntegration) -> Result<(), AwsError> {
        let Some(id) = &integration.connection_id else {
            return Ok(());
        };
        self.vpc_link(id).await?;
        let arn = &integration.integration_uri;
        check_target(arn, self.0.scope, &["elasticloadbalancing", "servicediscovery"])?;
        self.0.check_upstream(arn)
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
        self.check_link(&integration).await?;
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
