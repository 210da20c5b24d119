//! Customised answers for refusals: <https://docs.aws.amazon.com/apigateway/latest/api/API_GatewayResponse.html>
//!
//! Every type exists always; a record exists only for a customised one.

use std::collections::BTreeMap;

use portcullis_model::{ApiId, resources::apigateway::GatewayResponse};
use portcullis_store::{Expect, kinds};
use serde::{Deserialize, Serialize};

use super::{Apis, authorizer::is_header_name, check_status_code};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, not_found},
};

/// Every type with its status; the defaults of a class have none.
pub const RESPONSE_TYPES: [(&str, Option<&str>); 21] = [
    ("ACCESS_DENIED", Some("403")),
    ("API_CONFIGURATION_ERROR", Some("500")),
    ("AUTHORIZER_CONFIGURATION_ERROR", Some("500")),
    ("AUTHORIZER_FAILURE", Some("500")),
    ("BAD_REQUEST_BODY", Some("400")),
    ("BAD_REQUEST_PARAMETERS", Some("400")),
    ("DEFAULT_4XX", None),
    ("DEFAULT_5XX", None),
    ("EXPIRED_TOKEN", Some("403")),
    ("INTEGRATION_FAILURE", Some("504")),
    ("INTEGRATION_TIMEOUT", Some("504")),
    ("INVALID_API_KEY", Some("403")),
    ("INVALID_SIGNATURE", Some("403")),
    ("MISSING_AUTHENTICATION_TOKEN", Some("403")),
    ("QUOTA_EXCEEDED", Some("429")),
    ("REQUEST_TOO_LARGE", Some("413")),
    ("RESOURCE_NOT_FOUND", Some("404")),
    ("THROTTLED", Some("429")),
    ("UNAUTHORIZED", Some("401")),
    ("UNSUPPORTED_MEDIA_TYPE", Some("415")),
    ("WAF_FILTERED", Some("403")),
];

/// What a caller chooses about a gateway response.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct GatewayResponseSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status_code: Option<String>,
    #[serde(default)]
    pub response_parameters: BTreeMap<String, String>,
    #[serde(default)]
    pub response_templates: BTreeMap<String, String>,
}

impl GatewayResponseSettings {
    /// Returns the settings that `response` has.
    pub fn of(response: &GatewayResponse) -> Self {
        Self {
            status_code: response.status_code.clone(),
            response_parameters: response.response_parameters.clone(),
            response_templates: response.response_templates.clone(),
        }
    }

    fn build(self, response_type: &str) -> Result<GatewayResponse, AwsError> {
        default_response(response_type)?;
        if let Some(status) = &self.status_code {
            check_status_code(status)?;
        }
        if let Some((name, source)) = self
            .response_parameters
            .iter()
            .find(|(name, source)| !is_mapping(name, source))
        {
            return Err(bad_request(format!(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression specified: {name}={source}]"
            )));
        }
        Ok(GatewayResponse {
            response_type: response_type.to_owned(),
            status_code: self.status_code,
            response_parameters: self.response_parameters,
            response_templates: self.response_templates,
        })
    }
}

fn is_mapping(name: &str, source: &str) -> bool {
    let header = name.strip_prefix("gatewayresponse.header.");
    let quoted = source.len() >= 2 && source.starts_with('\'') && source.ends_with('\'');
    let known = ["method.request.", "context.", "stageVariables."];
    header.is_some_and(is_header_name) && (quoted || known.iter().any(|prefix| source.starts_with(prefix)))
}

/// Returns what a type answers when nobody customised it.
pub fn default_response(response_type: &str) -> Result<GatewayResponse, AwsError> {
    let known = RESPONSE_TYPES.iter().find(|(name, _)| *name == response_type);
    let (name, status) = known.ok_or_else(|| not_found("Invalid Gateway Response type specified"))?;
    Ok(GatewayResponse {
        response_type: (*name).to_owned(),
        status_code: status.map(str::to_owned),
        response_parameters: BTreeMap::new(),
        response_templates: BTreeMap::from([(
            "application/json".to_owned(),
            "{\"message\":$context.error.messageString}".to_owned(),
        )]),
    })
}

impl Apis<'_> {
    /// Customises a response, whether it was already or not.
    pub async fn put_gateway_response(
        &self,
        api: &ApiId,
        response_type: &str,
        settings: GatewayResponseSettings,
    ) -> Result<GatewayResponse, AwsError> {
        self.rest_api(api).await?;
        let response = settings.build(response_type)?;
        let id = format!("{api}/{response_type}");
        self.put(kinds::API_GATEWAY_RESPONSE, id, &response, Expect::Anything)
            .await?;
        Ok(response)
    }

    /// Returns a response, and whether it is the one that nobody customised.
    pub async fn gateway_response(
        &self,
        api: &ApiId,
        response_type: &str,
    ) -> Result<(GatewayResponse, bool), AwsError> {
        self.rest_api(api).await?;
        let default = default_response(response_type)?;
        let id = format!("{api}/{response_type}");
        let kept = self
            .find::<GatewayResponse>(kinds::API_GATEWAY_RESPONSE, id)
            .await?;
        Ok(kept.map_or((default, true), |kept| (kept.value, false)))
    }

    /// Returns every response, and whether each is the one that nobody customised.
    pub async fn gateway_responses(&self, api: &ApiId) -> Result<Vec<(GatewayResponse, bool)>, AwsError> {
        self.rest_api(api).await?;
        let custom: Vec<GatewayResponse> = self.all(kinds::API_GATEWAY_RESPONSE, api).await?;
        RESPONSE_TYPES
            .iter()
            .map(|(name, _)| {
                let own = custom.iter().find(|response| response.response_type == *name);
                match own {
                    Some(response) => Ok((response.clone(), false)),
                    None => Ok((default_response(name)?, true)),
                }
            })
            .collect()
    }

    /// Takes the customisation of a response away.
    pub async fn delete_gateway_response(&self, api: &ApiId, response_type: &str) -> Result<(), AwsError> {
        self.rest_api(api).await?;
        let id = format!("{api}/{response_type}");
        match self
            .find::<GatewayResponse>(kinds::API_GATEWAY_RESPONSE, id.clone())
            .await?
        {
            Some(kept) => self.remove(kinds::API_GATEWAY_RESPONSE, id, kept.version).await,
            None => Err(not_found("Gateway response type not defined on api")),
        }
    }
}
