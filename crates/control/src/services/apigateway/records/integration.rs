//! What stands behind a method: <https://docs.aws.amazon.com/apigateway/latest/api/API_Integration.html>
//!
//! What an `AWS` integration may call is the data plane's to say, at deployment.

use std::collections::BTreeMap;

use portcullis_model::resources::apigateway::{
    Integration, IntegrationType, Method, PassthroughBehavior, ResponseTransferMode, TlsConfig,
    default_timeout,
};
use portcullis_store::kinds;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Apis, check_http_method, method::MethodKey};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, not_found, unsupported},
};

/// How long a streamed answer may last.
const STREAM_TIMEOUT_MS_MAX: u32 = 900_000;

/// What a caller chooses about an integration.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntegrationSettings {
    #[serde(default, rename = "type")]
    pub integration_type: String,
    /// The method of the request to the backend, `integrationHttpMethod` when it is given.
    #[serde(
        default,
        alias = "integrationHttpMethod",
        skip_serializing_if = "Option::is_none"
    )]
    pub http_method: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub uri: Option<String>,
    #[serde(default)]
    pub request_parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub request_templates: BTreeMap<String, String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub passthrough_behavior: Option<String>,
    #[serde(default, rename = "timeoutInMillis", skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_type: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cache_key_parameters: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_transfer_mode: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tls_config: Option<TlsConfig>,
    // AWS's other fields: named here so that their refusal can name them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub credentials: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cache_namespace: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_handling: Option<String>,
    #[serde(default, skip_serializing)]
    pub integration_target: Option<Value>,
}

impl IntegrationSettings {
    /// Returns the settings that `integration` has.
    pub fn of(integration: &Integration) -> Self {
        Self {
            integration_type: integration_name(integration.integration_type).into(),
            http_method: integration.http_method.clone(),
            uri: integration.uri.clone(),
            connection_type: integration.connection_type.clone(),
            connection_id: integration.connection_id.clone(),
            credentials: integration.credentials.clone(),
            request_parameters: integration.request_parameters.clone(),
            request_templates: integration.request_templates.clone(),
            passthrough_behavior: Some(passthrough_name(integration.passthrough_behavior).into()),
            content_handling: integration.content_handling.clone(),
            timeout_ms: Some(i64::from(integration.timeout_ms)),
            cache_namespace: integration.cache_namespace.clone(),
            cache_key_parameters: integration.cache_key_parameters.clone(),
            tls_config: integration.tls_config,
            response_transfer_mode: (integration.response_transfer_mode == ResponseTransferMode::Stream)
                .then(|| "STREAM".to_owned()),
            ..Self::default()
        }
    }

    fn kind(&self) -> Result<IntegrationType, AwsError> {
        match self.integration_type.as_str() {
            "MOCK" => Ok(IntegrationType::Mock),
            "HTTP_PROXY" => Ok(IntegrationType::HttpProxy),
            "HTTP" => Ok(IntegrationType::Http),
            "AWS" => Ok(IntegrationType::Aws),
            "AWS_PROXY" => Ok(IntegrationType::AwsProxy),
            _ => Err(bad_request(
                "Enumeration value for IntegrationType must be one of HTTP, AWS, MOCK, HTTP_PROXY, AWS_PROXY",
            )),
        }
    }

    fn refuse_unsupported(&self) -> Result<(), AwsError> {
        let refused = [(
            "integrationTarget",
            self.integration_target.is_some(),
            "a VPC link of a REST API leads to its own target",
        )];
        match refused.iter().find(|(_, given, _)| *given) {
            Some((field, _, reason)) => Err(unsupported(field, reason)),
            None => Ok(()),
        }
    }

    /// Returns the VPC link that is gone through.
    fn link(&self, integration_type: IntegrationType) -> Result<Option<String>, AwsError> {
        let is_http = matches!(
            integration_type,
            IntegrationType::Http | IntegrationType::HttpProxy
        );
        let message = match (self.connection_type.as_deref(), &self.connection_id) {
            (None | Some("INTERNET"), None) => return Ok(None),
            (Some("VPC_LINK"), Some(id)) if is_http && !id.is_empty() => return Ok(Some(id.clone())),
            (Some("VPC_LINK"), Some(_)) if !is_http => {
                "A VPC link can be used by HTTP and HTTP_PROXY integrations alone"
            }
            (Some("VPC_LINK"), _) => "connectionId must be specified for connectionType VPC_LINK",
            (None | Some("INTERNET"), Some(_)) => {
                "connectionId can be specified for connectionType VPC_LINK alone"
            }
            (Some(_), _) => "Enumeration value for ConnectionType must be one of INTERNET, VPC_LINK",
        };
        Err(bad_request(message))
    }

    /// A stream may take as long to begin as it may last.
    fn timeout_ms(&self, mode: ResponseTransferMode) -> Result<u32, AwsError> {
        let longest = match mode {
            ResponseTransferMode::Buffered => default_timeout(),
            ResponseTransferMode::Stream => STREAM_TIMEOUT_MS_MAX,
        };
        let given = self.timeout_ms.unwrap_or(i64::from(default_timeout()));
        u32::try_from(given)
            .ok()
            .filter(|timeout_ms| (50..=longest).contains(timeout_ms))
            .ok_or_else(|| bad_request(format!("Timeout should be between 50 ms and {longest} ms")))
    }

    fn transfer_mode(&self, kind: IntegrationType) -> Result<ResponseTransferMode, AwsError> {
        match (self.response_transfer_mode.as_deref(), kind) {
            (None | Some("BUFFERED"), _) => Ok(ResponseTransferMode::Buffered),
            (Some("STREAM"), IntegrationType::HttpProxy) => Ok(ResponseTransferMode::Stream),
            (Some("STREAM"), IntegrationType::AwsProxy) => Err(unsupported(
                "responseTransferMode",
                "functions answer whole; the answers of `HTTP_PROXY` stream",
            )),
            (Some("STREAM"), _) => Err(bad_request(
                "Response transfer mode STREAM is supported for HTTP_PROXY and AWS_PROXY integrations only",
            )),
            (Some(_), _) => Err(bad_request(
                "Enumeration value for ResponseTransferMode must be one of BUFFERED, STREAM",
            )),
        }
    }

    fn passthrough(&self) -> Result<PassthroughBehavior, AwsError> {
        match self.passthrough_behavior.as_deref() {
            None | Some("WHEN_NO_MATCH") => Ok(PassthroughBehavior::WhenNoMatch),
            Some("WHEN_NO_TEMPLATES") => Ok(PassthroughBehavior::WhenNoTemplates),
            Some("NEVER") => Ok(PassthroughBehavior::Never),
            Some(_) => Err(bad_request("Invalid passthrough behavior specified")),
        }
    }

    /// Checks the settings and makes an integration of them.
    fn build(self) -> Result<Integration, AwsError> {
        let integration_type = self.kind()?;
        self.refuse_unsupported()?;
        check_content_handling(self.content_handling.as_deref())?;
        let connection_id = self.link(integration_type)?;
        let is_http = matches!(
            integration_type,
            IntegrationType::Http | IntegrationType::HttpProxy
        );
        if self.tls_config.is_some_and(|tls| tls.insecure_skip_verification) && !is_http {
            return Err(bad_request(
                "tlsConfig.insecureSkipVerification is supported for HTTP and HTTP_PROXY integrations only",
            ));
        }
        let response_transfer_mode = self.transfer_mode(integration_type)?;
        let (timeout_ms, passthrough_behavior) =
            (self.timeout_ms(response_transfer_mode)?, self.passthrough()?);
        if integration_type != IntegrationType::Mock {
            match &self.http_method {
                Some(method) => check_http_method(method)?,
                None => return Err(bad_request("Enumeration value for HttpMethod must be non-empty")),
            }
        }
        match integration_type {
            IntegrationType::Mock => {}
            IntegrationType::Http | IntegrationType::HttpProxy => check_http_uri(self.uri.as_deref())?,
            IntegrationType::Aws | IntegrationType::AwsProxy => check_aws_uri(self.uri.as_deref())?,
        }
        let is_aws = matches!(integration_type, IntegrationType::Aws | IntegrationType::AwsProxy);
        if self.credentials.is_some() && !is_aws {
            return Err(unsupported(
                "credentials",
                "backends are called without AWS credentials",
            ));
        }
        if let Some((name, source)) = self
            .request_parameters
            .iter()
            .find(|(name, source)| !is_mapping(name, source))
        {
            return Err(bad_request(format!(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: {name}={source}]"
            )));
        }
        Ok(Integration {
            integration_type,
            http_method: self.http_method,
            uri: self.uri,
            connection_type: connection_id.as_ref().map(|_| "VPC_LINK".to_owned()),
            connection_id,
            credentials: self.credentials,
            request_parameters: self.request_parameters,
            request_templates: self.request_templates,
            passthrough_behavior,
            content_handling: self.content_handling,
            timeout_ms,
            cache_namespace: self.cache_namespace.filter(|name| !name.is_empty()),
            cache_key_parameters: self.cache_key_parameters,
            response_transfer_mode,
            tls_config: self.tls_config,
            integration_responses: BTreeMap::new(),
        })
    }
}

/// Checks how bodies are converted.
pub(super) fn check_content_handling(handling: Option<&str>) -> Result<(), AwsError> {
    match handling {
        None | Some("CONVERT_TO_BINARY" | "CONVERT_TO_TEXT") => Ok(()),
        Some(_) => Err(bad_request(
            "Enumeration value for ContentHandlingStrategy must be one of CONVERT_TO_BINARY, CONVERT_TO_TEXT",
        )),
    }
}

fn check_http_uri(uri: Option<&str>) -> Result<(), AwsError> {
    let host = uri.and_then(|uri| {
        uri.strip_prefix("http://")
            .or_else(|| uri.strip_prefix("https://"))
    });
    match host {
        Some(host) if !host.is_empty() && !host.starts_with(['/', '?', '#']) => Ok(()),
        _ => Err(bad_request("Invalid HTTP endpoint specified for URI")),
    }
}

/// `arn:aws:apigateway:{region}:{service}:path/…` or `:action/…`
fn check_aws_uri(uri: Option<&str>) -> Result<(), AwsError> {
    let parts: Vec<&str> = uri.unwrap_or_default().splitn(6, ':').collect();
    let ["arn", partition, "apigateway", region, service, rest] = parts.as_slice() else {
        return Err(bad_request("Invalid ARN specified in the request"));
    };
    if !partition.starts_with("aws") || region.is_empty() || service.is_empty() {
        return Err(bad_request("Invalid ARN specified in the request"));
    }
    if !rest.starts_with("path/") && !rest.starts_with("action/") {
        return Err(bad_request("AWS ARN for integration must contain path or action"));
    }
    Ok(())
}

fn is_mapping(name: &str, source: &str) -> bool {
    let target = name.strip_prefix("integration.request.").unwrap_or_default();
    let place = target
        .split_once('.')
        .map(|(place, name)| (place, !name.is_empty()));
    let quoted = source.len() >= 2 && source.starts_with('\'') && source.ends_with('\'');
    let known = ["method.request.", "context.", "stageVariables."];
    matches!(place, Some(("header" | "querystring" | "path", true)))
        && (quoted || known.iter().any(|prefix| source.starts_with(prefix)))
}

/// Refuses to map a parameter that the method does not declare, as AWS does; the body needs no declaration.
fn check_sources(method: &Method, integration: &Integration) -> Result<(), AwsError> {
    let undeclared = integration.request_parameters.values().find(|source| {
        source.starts_with("method.request.")
            && !source.starts_with("method.request.body")
            && !method.request_parameters.contains_key(*source)
    });
    undeclared.map_or(Ok(()), |source| {
        Err(bad_request(format!("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: {source}]")))
    })
}

/// Returns AWS's spelling.
pub fn integration_name(integration: IntegrationType) -> &'static str {
    match integration {
        IntegrationType::Mock => "MOCK",
        IntegrationType::Http => "HTTP",
        IntegrationType::HttpProxy => "HTTP_PROXY",
        IntegrationType::Aws => "AWS",
        IntegrationType::AwsProxy => "AWS_PROXY",
    }
}

fn passthrough_name(behavior: PassthroughBehavior) -> &'static str {
    match behavior {
        PassthroughBehavior::WhenNoMatch => "WHEN_NO_MATCH",
        PassthroughBehavior::WhenNoTemplates => "WHEN_NO_TEMPLATES",
        PassthroughBehavior::Never => "NEVER",
    }
}

/// Says that a method has no integration.
pub(super) fn unknown_integration() -> AwsError {
    not_found("Invalid Integration identifier specified")
}

impl Apis<'_> {
    /// Puts an integration behind a method, in place of an earlier one and its responses.
    pub async fn put_integration(
        &self,
        key: &MethodKey,
        settings: IntegrationSettings,
    ) -> Result<Integration, AwsError> {
        let integration = settings.build()?;
        self.check_link(&integration).await?;
        self.change_method(key, |method| {
            check_sources(method, &integration)?;
            Ok(method.integration.insert(integration).clone())
        })
        .await
    }

    /// Refuses a link that is not there; what a stage's variable will hold, the deployment to that stage checks.
    async fn check_link(&self, integration: &Integration) -> Result<(), AwsError> {
        match integration.connection_id.as_deref() {
            Some(id) if !id.contains("${") => {
                let found = self.find::<serde::de::IgnoredAny>(kinds::VPC_LINK, id).await?;
                let unknown = || bad_request("Invalid Vpc Link identifier specified");
                found.map(drop).ok_or_else(unknown)
            }
            _ => Ok(()),
        }
    }

    /// Returns the integration behind a method.
    pub async fn integration(&self, key: &MethodKey) -> Result<Integration, AwsError> {
        self.method(key)
            .await?
            .integration
            .ok_or_else(unknown_integration)
    }

    /// Gives an integration new settings; its responses stay.
    pub async fn replace_integration(
        &self,
        key: &MethodKey,
        settings: IntegrationSettings,
    ) -> Result<Integration, AwsError> {
        let built = settings.build()?;
        self.check_link(&built).await?;
        self.change_method(key, |method| {
            check_sources(method, &built)?;
            let integration = method.integration.as_mut().ok_or_else(unknown_integration)?;
            let integration_responses = std::mem::take(&mut integration.integration_responses);
            *integration = Integration {
                integration_responses,
                ..built
            };
            Ok(integration.clone())
        })
        .await
    }

    /// Takes the integration away from a method.
    pub async fn delete_integration(&self, key: &MethodKey) -> Result<(), AwsError> {
        self.change_method(key, |method| {
            method
                .integration
                .take()
                .map(drop)
                .ok_or_else(unknown_integration)
        })
        .await
    }
}
