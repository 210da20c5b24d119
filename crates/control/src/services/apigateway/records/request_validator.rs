//! Request validators: <https://docs.aws.amazon.com/apigateway/latest/api/API_RequestValidator.html>

use portcullis_model::{
    ApiId,
    resources::apigateway::{RequestValidator, Resource},
};
use portcullis_store::{Expect, kinds};
use serde::{Deserialize, Serialize};

use super::{Apis, Kept, Listed, Wanted};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, conflict, not_found},
};

/// Characters of a validator's name, as AWS's quota for names.
const NAME_CHARACTERS_MAX: usize = 128;

/// What a caller chooses about a request validator.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RequestValidatorSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(default)]
    pub validate_request_body: bool,
    #[serde(default)]
    pub validate_request_parameters: bool,
}

impl RequestValidatorSettings {
    /// Returns the settings that `validator` has.
    pub fn of(validator: &RequestValidator) -> Self {
        Self {
            name: validator.name.clone(),
            validate_request_body: validator.validate_request_body,
            validate_request_parameters: validator.validate_request_parameters,
        }
    }

    fn build(self, id: String) -> Result<RequestValidator, AwsError> {
        let length = self.name.as_ref().map_or(0, |name| name.chars().count());
        if length > NAME_CHARACTERS_MAX {
            return Err(bad_request(format!(
                "Request validator name must not be longer than {NAME_CHARACTERS_MAX} characters"
            )));
        }
        Ok(RequestValidator {
            id,
            name: self.name,
            validate_request_body: self.validate_request_body,
            validate_request_parameters: self.validate_request_parameters,
        })
    }
}

impl Apis<'_> {
    /// Makes a request validator.
    pub async fn create_request_validator(
        &self,
        api: &ApiId,
        settings: RequestValidatorSettings,
    ) -> Result<RequestValidator, AwsError> {
        self.rest_api(api).await?;
        let validator = settings.build(self.entropy.lower_alphanumeric(6))?;
        let id = format!("{api}/{}", validator.id);
        self.put(kinds::API_REQUEST_VALIDATOR, id, &validator, Expect::Absent)
            .await?;
        Ok(validator)
    }

    /// Returns a request validator, or AWS's error when there is none.
    pub async fn request_validator(&self, api: &ApiId, id: &str) -> Result<Kept<RequestValidator>, AwsError> {
        match self
            .find(kinds::API_REQUEST_VALIDATOR, format!("{api}/{id}"))
            .await?
        {
            Some(kept) => Ok(kept),
            None => {
                self.rest_api(api).await?;
                Err(not_found("Invalid Request Validator identifier specified"))
            }
        }
    }

    /// Returns a page of the request validators of an API.
    pub async fn request_validators(
        &self,
        api: &ApiId,
        wanted: &Wanted,
    ) -> Result<Listed<RequestValidator>, AwsError> {
        self.rest_api(api).await?;
        self.page(kinds::API_REQUEST_VALIDATOR, &format!("{api}/"), wanted)
            .await
    }

    /// Gives a request validator new settings.
    pub async fn replace_request_validator(
        &self,
        api: &ApiId,
        id: &str,
        settings: RequestValidatorSettings,
    ) -> Result<RequestValidator, AwsError> {
        let kept = self.request_validator(api, id).await?;
        let validator = settings.build(kept.value.id)?;
        let expect = Expect::Version(kept.version);
        self.put(
            kinds::API_REQUEST_VALIDATOR,
            format!("{api}/{id}"),
            &validator,
            expect,
        )
        .await?;
        Ok(validator)
    }

    /// Deletes a request validator that no method uses. Nobody has recorded what AWS does with one in use; without it the
    /// method would be open to every request, so it stays.
    pub async fn delete_request_validator(&self, api: &ApiId, id: &str) -> Result<(), AwsError> {
        let kept = self.request_validator(api, id).await?;
        let resources: Vec<Resource> = self.all(kinds::API_RESOURCE, api).await?;
        let mut methods = resources.iter().flat_map(|resource| resource.methods.values());
        if methods.any(|method| method.request_validator_id.as_deref() == Some(id)) {
            return Err(conflict(format!(
                "Cannot delete request validator '{id}', is referenced in a method"
            )));
        }
        self.remove(kinds::API_REQUEST_VALIDATOR, format!("{api}/{id}"), kept.version)
            .await
    }
}
