//! The methods of a path: <https://docs.aws.amazon.com/apigateway/latest/api/API_Method.html>

use std::collections::BTreeMap;

use portcullis_model::{
    ApiId, AuthorizerId, ResourceId,
    resources::apigateway::{AuthorizationType, Authorizer, AuthorizerType, Method, Resource},
};
use portcullis_store::{Expect, kinds};
use serde::{Deserialize, Serialize};

use super::{Apis, Kept, check_http_method};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, conflict, not_found},
};

/// Scopes of one method, as AWS's quota.
const SCOPES_MAX: usize = 10;

/// Which method of which path of which API.
#[derive(Clone, Debug)]
pub struct MethodKey {
    pub api: ApiId,
    pub resource: ResourceId,
    pub http_method: String,
}

/// What a caller chooses about a method.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MethodSettings {
    #[serde(default)]
    pub authorization_type: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorizer_id: Option<AuthorizerId>,
    #[serde(default)]
    pub authorization_scopes: Vec<String>,
    #[serde(default)]
    pub api_key_required: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub operation_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_validator_id: Option<String>,
    #[serde(default)]
    pub request_parameters: BTreeMap<String, bool>,
    #[serde(default)]
    pub request_models: BTreeMap<String, String>,
}

impl MethodSettings {
    /// Returns the settings that `method` has.
    pub fn of(method: &Method) -> Self {
        Self {
            authorization_type: authorization_name(method.authorization_type).into(),
            authorizer_id: method.authorizer_id.clone(),
            authorization_scopes: method.authorization_scopes.clone(),
            api_key_required: method.api_key_required,
            operation_name: method.operation_name.clone(),
            request_validator_id: method.request_validator_id.clone(),
            request_parameters: method.request_parameters.clone(),
            request_models: method.request_models.clone(),
        }
    }

    fn authorization(&self) -> Result<AuthorizationType, AwsError> {
        match self.authorization_type.to_ascii_uppercase().as_str() {
            "NONE" => Ok(AuthorizationType::None),
            "COGNITO_USER_POOLS" => Ok(AuthorizationType::CognitoUserPools),
            "AWS_IAM" => Ok(AuthorizationType::AwsIam),
            "CUSTOM" => Ok(AuthorizationType::Custom),
            "JWT" => Ok(AuthorizationType::Jwt),
            _ => Err(bad_request(
                "Invalid authorization type specified. Valid options are NONE, AWS_IAM, CUSTOM, COGNITO_USER_POOLS, and JWT",
            )),
        }
    }

    /// Checks what needs no record; returns the kind of authorization.
    fn check(&self) -> Result<AuthorizationType, AwsError> {
        let authorization = self.authorization()?;
        if self.authorization_scopes.len() > SCOPES_MAX {
            return Err(bad_request(format!(
                "A method may have at most {SCOPES_MAX} authorization scopes"
            )));
        }
        let takes_scopes = matches!(
            authorization,
            AuthorizationType::CognitoUserPools | AuthorizationType::Jwt
        );
        if !takes_scopes && !self.authorization_scopes.is_empty() {
            return Err(bad_request(
                "Invalid authorization type specified. Authorization scopes can only be used with COGNITO_USER_POOLS or JWT",
            ));
        }
        let parameters = self.request_parameters.keys();
        match parameters.into_iter().find(|name| !is_request_parameter(name)) {
            Some(name) => Err(bad_request(format!(
                "Invalid mapping expression specified: Validation Result: warnings : [], errors : [Invalid mapping expression parameter specified: {name}]"
            ))),
            None => Ok(authorization),
        }
    }
}

/// Returns AWS's spelling.
pub fn authorization_name(authorization: AuthorizationType) -> &'static str {
    match authorization {
        AuthorizationType::None => "NONE",
        AuthorizationType::AwsIam => "AWS_IAM",
        AuthorizationType::Custom => "CUSTOM",
        AuthorizationType::CognitoUserPools => "COGNITO_USER_POOLS",
        AuthorizationType::Jwt => "JWT",
    }
}

fn is_request_parameter(name: &str) -> bool {
    let rest = name.strip_prefix("method.request.");
    let (place, name) = rest.and_then(|rest| rest.split_once('.')).unwrap_or_default();
    matches!(
        place,
        "header" | "querystring" | "path" | "multivalueheader" | "multivaluequerystring"
    ) && !name.is_empty()
}

impl Apis<'_> {
    /// Makes a method on a path.
    pub async fn put_method(&self, key: &MethodKey, settings: MethodSettings) -> Result<Method, AwsError> {
        check_http_method(&key.http_method)?;
        let resource = self.resource(&key.api, &key.resource).await?;
        if resource.value.methods.contains_key(&key.http_method) {
            return Err(conflict("Method already exists for this resource"));
        }
        let method = Method {
            http_method: key.http_method.clone(),
            authorization_type: AuthorizationType::None,
            authorizer_id: None,
            authorization_scopes: Vec::new(),
            api_key_required: false,
            operation_name: None,
            request_validator_id: None,
            request_parameters: BTreeMap::new(),
            request_models: BTreeMap::new(),
            method_responses: BTreeMap::new(),
            integration: None,
        };
        let method = self.with_settings(&key.api, method, settings).await?;
        self.write_method(key, resource, method).await
    }

    /// Returns a method, or AWS's error when there is none.
    pub async fn method(&self, key: &MethodKey) -> Result<Method, AwsError> {
        Ok(self.resource_of(key).await?.1)
    }

    /// Gives a method new settings; its responses and integration stay.
    pub async fn replace_method(
        &self,
        key: &MethodKey,
        settings: MethodSettings,
    ) -> Result<Method, AwsError> {
        let (resource, method) = self.resource_of(key).await?;
        let method = self.with_settings(&key.api, method, settings).await?;
        self.write_method(key, resource, method).await
    }

    /// Deletes a method.
    pub async fn delete_method(&self, key: &MethodKey) -> Result<(), AwsError> {
        let (mut resource, _) = self.resource_of(key).await?;
        resource.value.methods.remove(&key.http_method);
        let expect = Expect::Version(resource.version);
        self.put_resource(&key.api, &resource.value, expect).await
    }

    /// Changes one method by `change` and writes it back.
    pub(super) async fn change_method<T>(
        &self,
        key: &MethodKey,
        change: impl FnOnce(&mut Method) -> Result<T, AwsError>,
    ) -> Result<T, AwsError> {
        let (resource, mut method) = self.resource_of(key).await?;
        let answer = change(&mut method)?;
        self.write_method(key, resource, method).await?;
        Ok(answer)
    }

    async fn resource_of(&self, key: &MethodKey) -> Result<(Kept<Resource>, Method), AwsError> {
        let resource = self.resource(&key.api, &key.resource).await?;
        let method = resource.value.methods.get(&key.http_method).cloned();
        let method = method.ok_or_else(|| not_found("Invalid Method identifier specified"))?;
        Ok((resource, method))
    }

    async fn write_method(
        &self,
        key: &MethodKey,
        mut resource: Kept<Resource>,
        method: Method,
    ) -> Result<Method, AwsError> {
        let methods = &mut resource.value.methods;
        methods.insert(key.http_method.clone(), method.clone());
        let expect = Expect::Version(resource.version);
        self.put_resource(&key.api, &resource.value, expect).await?;
        Ok(method)
    }

    async fn with_settings(
        &self,
        api: &ApiId,
        method: Method,
        settings: MethodSettings,
    ) -> Result<Method, AwsError> {
        let authorization_type = settings.check()?;
        let authorizer_id = match authorization_type {
            AuthorizationType::CognitoUserPools | AuthorizationType::Custom | AuthorizationType::Jwt => Some(
                self.fitting_authorizer(api, &settings, authorization_type)
                    .await?,
            ),
            _ => None,
        };
        for model in settings.request_models.values() {
            self.model(api, model).await?;
        }
        let validator = settings.request_validator_id.filter(|id| !id.is_empty());
        if let Some(id) = &validator {
            let found = self.request_validator(api, id).await;
            found.map_err(|_| bad_request("Invalid Request Validator identifier specified"))?;
        }
        Ok(Method {
            authorization_type,
            authorizer_id,
            authorization_scopes: settings.authorization_scopes,
            api_key_required: settings.api_key_required,
            operation_name: settings.operation_name,
            request_validator_id: validator,
            request_parameters: settings.request_parameters,
            request_models: settings.request_models,
            ..method
        })
    }

    async fn fitting_authorizer(
        &self,
        api: &ApiId,
        settings: &MethodSettings,
        authorization: AuthorizationType,
    ) -> Result<AuthorizerId, AwsError> {
        let wrong = || {
            bad_request(
                "Invalid authorizer ID specified. Setting the authorization type to CUSTOM, COGNITO_USER_POOLS or JWT requires a valid authorizer.",
            )
        };
        let id = settings.authorizer_id.clone().ok_or_else(wrong)?;
        let found = self
            .find::<Authorizer>(kinds::API_AUTHORIZER, format!("{api}/{id}"))
            .await?;
        match found {
            Some(kept) => {
                let fitting = match kept.value.authorizer_type {
                    AuthorizerType::CognitoUserPools => AuthorizationType::CognitoUserPools,
                    AuthorizerType::Token | AuthorizerType::Request => AuthorizationType::Custom,
                    AuthorizerType::Jwt => AuthorizationType::Jwt,
                };
                if authorization == fitting {
                    Ok(id)
                } else {
                    Err(wrong())
                }
            }
            None => Err(wrong()),
        }
    }
}
