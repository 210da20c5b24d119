//! Carries a plan out: validators, authorizers and models, then paths and their methods.

use std::collections::BTreeMap;

use portcullis_engines::openapi::{
    Part,
    rest::{MethodPlan, RestPlan},
};
use portcullis_model::{
    ApiId, AuthorizerId, ResourceId,
    resources::apigateway::{Authorizer, RequestValidator, Resource},
};
use portcullis_store::kinds;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::Mode;
use crate::{
    operation::AwsError,
    services::apigateway::{
        errors::bad_request,
        records::{
            Apis, authorizer::AuthorizerSettings, method::MethodKey,
            request_validator::RequestValidatorSettings,
        },
    },
};

/// Failures of methods that one import tells.
const FAILURES_MAX: usize = 50;

/// The ids of what methods name.
#[derive(Default)]
struct Named {
    validators: BTreeMap<String, String>,
    authorizers: BTreeMap<String, AuthorizerId>,
}

impl Apis<'_> {
    /// Makes everything of a plan in an API.
    pub(super) async fn apply(&self, api: &ApiId, plan: &RestPlan, mode: Mode) -> Result<(), AwsError> {
        self.clear(api, plan, mode).await?;
        let named = Named {
            validators: self.apply_validators(api, &plan.request_validators).await?,
            authorizers: self.apply_authorizers(api, &plan.authorizers).await?,
        };
        self.apply_models(api, plan, mode).await?;
        for response in &plan.gateway_responses {
            let what = || format!("Unable to put gateway response '{}'", response.name);
            let settings = read(response, what)?;
            let put = self.put_gateway_response(api, &response.name, settings).await;
            put.map_err(|cause| told(&what(), &response.pointer, cause))?;
        }
        let mut tree: BTreeMap<String, ResourceId> = self
            .all::<Resource>(kinds::API_RESOURCE, api)
            .await?
            .into_iter()
            .map(|resource| (resource.path, resource.id))
            .collect();
        let mut failures = Vec::new();
        for path in &plan.paths {
            let resource = match self.ensure_path(api, &mut tree, &path.path).await {
                Ok(resource) => resource,
                Err(cause) => {
                    let what = format!("Unable to create resource at path '{}'", path.path);
                    note(&mut failures, told(&what, &path.pointer, cause))?;
                    continue;
                }
            };
            for method in &path.methods {
                let key = MethodKey {
                    api: api.clone(),
                    resource: resource.clone(),
                    http_method: method.http_method.clone(),
                };
                if let Err(cause) = self.apply_method(&key, &path.path, method, &named).await {
                    note(&mut failures, cause)?;
                }
            }
        }
        if failures.is_empty() {
            return Ok(());
        }
        Err(bad_request(format!(
            "Errors found during import:\n\t{}",
            failures.join("\n\t")
        )))
    }

    async fn apply_validators(
        &self,
        api: &ApiId,
        parts: &[Part],
    ) -> Result<BTreeMap<String, String>, AwsError> {
        let present: Vec<RequestValidator> = self.all(kinds::API_REQUEST_VALIDATOR, api).await?;
        let mut ids = BTreeMap::new();
        for part in parts {
            let what = || format!("Unable to create request validator '{}'", part.name);
            let settings: RequestValidatorSettings = read(part, what)?;
            let same = present
                .iter()
                .find(|other| other.name.as_ref() == Some(&part.name));
            let made = match same {
                Some(other) => self.replace_request_validator(api, &other.id, settings).await,
                None => self.create_request_validator(api, settings).await,
            };
            let made = made.map_err(|cause| told(&what(), &part.pointer, cause))?;
            ids.insert(part.name.clone(), made.id);
        }
        Ok(ids)
    }

    async fn apply_authorizers(
        &self,
        api: &ApiId,
        parts: &[Part],
    ) -> Result<BTreeMap<String, AuthorizerId>, AwsError> {
        let present: Vec<Authorizer> = self.all(kinds::API_AUTHORIZER, api).await?;
        let mut ids = BTreeMap::new();
        for part in parts {
            let what = || format!("Unable to create authorizer '{}'", part.name);
            let settings: AuthorizerSettings = read(part, what)?;
            let same = present.iter().find(|other| other.name == part.name);
            let made = match same {
                Some(other) => self.replace_authorizer(api, &other.id, settings).await,
                None => self.create_authorizer(api, settings).await,
            };
            let made = made.map_err(|cause| told(&what(), &part.pointer, cause))?;
            ids.insert(part.name.clone(), made.id);
        }
        Ok(ids)
    }

    async fn apply_models(&self, api: &ApiId, plan: &RestPlan, mode: Mode) -> Result<(), AwsError> {
        let mut settings = Vec::new();
        for part in &plan.models {
            settings.push(read(part, || {
                format!("Unable to create model for '{}'", part.name)
            })?);
        }
        let put = self.put_models(api, settings, mode == Mode::Merge).await;
        put.map_err(|(name, cause)| {
            let part = plan.models.iter().find(|part| part.name == name);
            let pointer = part.map_or("#", |part| &part.pointer);
            told(&format!("Unable to create model for '{name}'"), pointer, cause)
        })
    }

    /// Returns the resource of a path, made with all above it.
    async fn ensure_path(
        &self,
        api: &ApiId,
        tree: &mut BTreeMap<String, ResourceId>,
        path: &str,
    ) -> Result<ResourceId, AwsError> {
        let missing = || AwsError::internal("an API has no root");
        let mut resource = tree.get("/").cloned().ok_or_else(missing)?;
        let mut above = String::new();
        for part in path.split('/').skip(1).filter(|_| path != "/") {
            let here = format!("{above}/{part}");
            resource = match tree.get(&here) {
                Some(resource) => resource.clone(),
                None => {
                    let made = self.create_resource(api, &resource, part).await?;
                    tree.insert(here.clone(), made.id.clone());
                    made.id
                }
            };
            above = here;
        }
        Ok(resource)
    }

    async fn apply_method(
        &self,
        key: &MethodKey,
        path: &str,
        plan: &MethodPlan,
        named: &Named,
    ) -> Result<(), AwsError> {
        let http_method = &plan.http_method;
        let what = format!("Unable to put method '{http_method}' on resource at path '{path}'");
        let mut members = plan.members.clone();
        if let Some(id) = plan
            .authorizer
            .as_ref()
            .and_then(|name| named.authorizers.get(name))
        {
            members.insert("authorizerId".into(), id.as_str().into());
        }
        if let Some(id) = plan
            .request_validator
            .as_ref()
            .and_then(|name| named.validators.get(name))
        {
            members.insert("requestValidatorId".into(), id.as_str().into());
        }
        let settings = read_members(members.into(), &what, &plan.pointer)?;
        let put = self.put_method(key, settings).await;
        put.map_err(|cause| told(&what, &plan.pointer, cause))?;
        for response in &plan.responses {
            let what = format!(
                "Unable to put method response '{}' on '{http_method}' for resource at path '{path}'",
                response.name
            );
            let settings = read(response, || what.clone())?;
            let put = self.put_method_response(key, &response.name, settings).await;
            put.map_err(|cause| told(&what, &response.pointer, cause))?;
        }
        if let Some(integration) = &plan.integration {
            let what = format!("Unable to put integration on '{http_method}' for resource at path '{path}'");
            let settings = read(integration, || what.clone())?;
            let put = self.put_integration(key, settings).await;
            put.map_err(|cause| told(&what, &integration.pointer, cause))?;
        }
        for response in &plan.integration_responses {
            let what = format!(
                "Unable to put integration response on '{http_method}' for resource at path '{path}'"
            );
            let settings = read(response, || what.clone())?;
            let put = self.put_integration_response(key, &response.name, settings).await;
            put.map_err(|cause| told(&what, &response.pointer, cause))?;
        }
        Ok(())
    }
}

/// Reads the members of a part as an operation's settings.
fn read<S: DeserializeOwned>(part: &Part, what: impl Fn() -> String) -> Result<S, AwsError> {
    read_members(part.members.clone().into(), &what(), &part.pointer)
}

fn read_members<S: DeserializeOwned>(members: Value, what: &str, pointer: &str) -> Result<S, AwsError> {
    serde_json::from_value(members).map_err(|cause| told(what, pointer, bad_request(cause.to_string())))
}

/// Says of an operation's refusal what it was about and where the document asks for it.
fn told(what: &str, pointer: &str, cause: AwsError) -> AwsError {
    if cause.status >= 500 || cause.code == "LimitExceededException" {
        return cause;
    }
    // Whatever the operation says, it is the document that is wrong.
    AwsError {
        code: "BadRequestException",
        status: 400,
        message: format!("{what}: {} ({pointer})", cause.message),
        ..cause
    }
}

/// Keeps a refusal, to be told with the others; what broke on our side ends the import.
fn note(failures: &mut Vec<String>, cause: AwsError) -> Result<(), AwsError> {
    if cause.status >= 500 || cause.code == "LimitExceededException" {
        return Err(cause);
    }
    if failures.len() < FAILURES_MAX {
        failures.push(cause.message);
    }
    Ok(())
}
