//! What a method may answer: <https://docs.aws.amazon.com/apigateway/latest/api/API_MethodResponse.html>

use std::collections::BTreeMap;

use portcullis_model::{ApiId, resources::apigateway::MethodResponse};
use serde::{Deserialize, Serialize};

use super::{Apis, check_status_code, method::MethodKey};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, conflict, not_found},
};

/// What a caller chooses about a method response.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MethodResponseSettings {
    #[serde(default)]
    pub response_parameters: BTreeMap<String, bool>,
    #[serde(default)]
    pub response_models: BTreeMap<String, String>,
}

impl MethodResponseSettings {
    /// Returns the settings that `response` has.
    pub fn of(response: &MethodResponse) -> Self {
        Self {
            response_parameters: response.response_parameters.clone(),
            response_models: response.response_models.clone(),
        }
    }

    fn check(&self) -> Result<(), AwsError> {
        let wrong = self.response_parameters.keys().find(|name| {
            let header = name.strip_prefix("method.response.header.");
            header.is_none_or(str::is_empty)
        });
        wrong.map_or(Ok(()), |name| {
            Err(bad_request(format!("Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: {name}]")))
        })
    }
}

/// Says that a status has no response.
pub(super) fn unknown_status() -> AwsError {
    not_found("Invalid Response status code specified")
}

impl Apis<'_> {
    /// Makes a response of a method.
    pub async fn put_method_response(
        &self,
        key: &MethodKey,
        status: &str,
        settings: MethodResponseSettings,
    ) -> Result<MethodResponse, AwsError> {
        check_status_code(status)?;
        self.check_response(&key.api, &settings).await?;
        self.change_method(key, |method| {
            if method.method_responses.contains_key(status) {
                return Err(conflict("Response already exists for this resource"));
            }
            Ok(insert(&mut method.method_responses, status, settings))
        })
        .await
    }

    /// Returns a response of a method.
    pub async fn method_response(&self, key: &MethodKey, status: &str) -> Result<MethodResponse, AwsError> {
        let mut method = self.method(key).await?;
        method.method_responses.remove(status).ok_or_else(unknown_status)
    }

    /// Gives a response new settings.
    pub async fn replace_method_response(
        &self,
        key: &MethodKey,
        status: &str,
        settings: MethodResponseSettings,
    ) -> Result<MethodResponse, AwsError> {
        self.check_response(&key.api, &settings).await?;
        self.change_method(key, |method| {
            if !method.method_responses.contains_key(status) {
                return Err(unknown_status());
            }
            Ok(insert(&mut method.method_responses, status, settings))
        })
        .await
    }

    /// Deletes a response of a method.
    pub async fn delete_method_response(&self, key: &MethodKey, status: &str) -> Result<(), AwsError> {
        self.change_method(key, |method| {
            let gone = method.method_responses.remove(status);
            gone.map(drop).ok_or_else(unknown_status)
        })
        .await
    }

    async fn check_response(&self, api: &ApiId, settings: &MethodResponseSettings) -> Result<(), AwsError> {
        settings.check()?;
        for model in settings.response_models.values() {
            self.model(api, model).await?;
        }
        Ok(())
    }
}

fn insert(
    responses: &mut BTreeMap<String, MethodResponse>,
    status: &str,
    settings: MethodResponseSettings,
) -> MethodResponse {
    let response = MethodResponse {
        status_code: status.to_owned(),
        response_parameters: settings.response_parameters,
        response_models: settings.response_models,
    };
    responses.insert(status.to_owned(), response.clone());
    response
}
