//! REST APIs: <https://docs.aws.amazon.com/apigateway/latest/api/API_RestApi.html>

use std::collections::BTreeMap;

use portcullis_model::{
    ApiId, ResourceId,
    resources::apigateway::{Model, Resource, RestApi, Stage},
};
use portcullis_store::{Batch, Expect, Page, kinds};
use serde::{Deserialize, Serialize};

use super::{Apis, Kept, Listed, Wanted, encode, resource_policy};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, from_store, unsupported},
};

/// What a caller chooses about an API.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RestApiSettings {
    #[serde(default)]
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_source: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_configuration: Option<EndpointConfiguration>,
    #[serde(default)]
    pub binary_media_types: Vec<String>,
    /// Answers of so many bytes and more are compressed; none are without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub minimum_compression_size: Option<i64>,
    #[serde(default)]
    pub disable_execute_api_endpoint: bool,
    /// The resource policy: JSON, in a text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    // AWS's other fields: named here so that their refusal can name them.
    #[serde(default, skip_serializing)]
    pub clone_from: Option<serde_json::Value>,
    #[serde(default, skip_serializing)]
    pub security_policy: Option<serde_json::Value>,
    #[serde(default, skip_serializing)]
    pub endpoint_access_mode: Option<serde_json::Value>,
}

/// Where an API is reached. `EDGE` and `REGIONAL` mean the same here: there is one edge; `PRIVATE` is through VPC endpoints alone.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct EndpointConfiguration {
    #[serde(default)]
    pub types: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub vpc_endpoint_ids: Vec<String>,
}

impl RestApiSettings {
    /// Returns the settings that `api` has.
    pub fn of(api: &RestApi) -> Self {
        Self {
            name: api.name.clone(),
            description: api.description.clone(),
            version: api.version.clone(),
            api_key_source: Some(api.api_key_source.clone()),
            endpoint_configuration: Some(EndpointConfiguration {
                types: api.endpoint_types.clone(),
                vpc_endpoint_ids: api.vpc_endpoint_ids.clone(),
                ..EndpointConfiguration::default()
            }),
            binary_media_types: api.binary_media_types.clone(),
            minimum_compression_size: api.minimum_compression_size.map(i64::from),
            disable_execute_api_endpoint: api.disable_execute_api_endpoint,
            policy: api.policy.clone(),
            tags: api.tags.clone(),
            ..Self::default()
        }
    }

    /// Returns the size from which on answers are compressed.
    fn compression_size(&self) -> Result<Option<u32>, AwsError> {
        let Some(bytes) = self.minimum_compression_size else {
            return Ok(None);
        };
        match u32::try_from(bytes) {
            Ok(bytes) if bytes <= COMPRESSION_SIZE_MAX => Ok(Some(bytes)),
            _ => Err(bad_request(
                "Invalid minimum compression size, must be between 0 and 10485760",
            )),
        }
    }

    fn check(&self) -> Result<(), AwsError> {
        let refused = [
            (
                "cloneFrom",
                self.clone_from.is_some(),
                "create the parts one by one",
            ),
            (
                "securityPolicy",
                self.security_policy.is_some(),
                "the listener decides the TLS versions",
            ),
            (
                "endpointAccessMode",
                self.endpoint_access_mode.is_some(),
                "the listener decides who may connect",
            ),
        ];
        if let Some((field, _, reason)) = refused.iter().find(|(_, given, _)| *given) {
            return Err(unsupported(field, reason));
        }
        if self.name.trim().is_empty() {
            return Err(bad_request("No REST API name specified"));
        }
        if self.name.chars().count() > 1024 {
            return Err(bad_request(
                "REST API name must not be longer than 1024 characters",
            ));
        }
        match self.api_key_source.as_deref() {
            None | Some("HEADER" | "AUTHORIZER") => {}
            Some(_) => return Err(bad_request("Invalid API key source specified")),
        }
        self.endpoint_configuration
            .as_ref()
            .map_or(Ok(()), EndpointConfiguration::check)
    }

    fn endpoint_types(&self) -> Vec<String> {
        let given = self
            .endpoint_configuration
            .as_ref()
            .map(|configuration| configuration.types.clone());
        given
            .filter(|types| !types.is_empty())
            .unwrap_or_else(|| vec!["EDGE".into()])
    }
}

impl RestApiSettings {
    fn vpc_endpoint_ids(&self) -> Vec<String> {
        let configuration = self.endpoint_configuration.as_ref();
        configuration.map_or_else(Vec::new, |configuration| configuration.vpc_endpoint_ids.clone())
    }
}

impl EndpointConfiguration {
    fn check(&self) -> Result<(), AwsError> {
        if self.types.len() > 1 {
            return Err(bad_request("Only one endpoint type may be specified"));
        }
        match self.types.first().map(String::as_str) {
            Some("PRIVATE") => {}
            None | Some("EDGE" | "REGIONAL") if self.vpc_endpoint_ids.is_empty() => {}
            None | Some("EDGE" | "REGIONAL") => {
                return Err(bad_request(
                    "VPC endpoints can only be associated with APIs of the endpoint type PRIVATE",
                ));
            }
            Some(other) => return Err(bad_request(format!("Invalid endpoint type specified: {other}"))),
        }
        match self.ip_address_type.as_deref() {
            None | Some("ipv4" | "dualstack") => Ok(()),
            Some(_) => Err(bad_request("Invalid ipAddressType specified")),
        }
    }
}

/// The largest `minimumCompressionSize`, in bytes.
const COMPRESSION_SIZE_MAX: u32 = 10_485_760;
/// Symbols of an API's id, as AWS writes them.
const API_ID_SYMBOLS: usize = 10;

impl Apis<'_> {
    /// Makes an API with its root resource and the models `Empty` and `Error`.
    pub async fn create_rest_api(&self, settings: RestApiSettings) -> Result<RestApi, AwsError> {
        self.new_rest_api(self.new_api_id(), settings, &self.first_models())
            .await
    }

    /// Returns an id that no API has.
    pub(super) fn new_api_id(&self) -> ApiId {
        ApiId::from(self.entropy.lower_alphanumeric(API_ID_SYMBOLS))
    }

    /// Makes an API with its root resource and `models`.
    pub(super) async fn new_rest_api(
        &self,
        id: ApiId,
        settings: RestApiSettings,
        models: &[Model],
    ) -> Result<RestApi, AwsError> {
        settings.check()?;
        let root = Resource {
            id: ResourceId::from(self.entropy.lower_alphanumeric(API_ID_SYMBOLS)),
            parent_id: None,
            path_part: None,
            path: "/".into(),
            methods: BTreeMap::new(),
        };
        let policy = resource_policy::compile(self.scope, &id, settings.policy.as_deref())?;
        let api = RestApi {
            minimum_compression_size: settings.compression_size()?,
            id: id.clone(),
            created_date: self.clock.now(),
            root_resource_id: root.id.clone(),
            api_key_source: settings.api_key_source.clone().unwrap_or_else(|| "HEADER".into()),
            endpoint_types: settings.endpoint_types(),
            vpc_endpoint_ids: settings.vpc_endpoint_ids(),
            name: settings.name,
            description: settings.description,
            version: settings.version,
            binary_media_types: settings.binary_media_types,
            disable_execute_api_endpoint: settings.disable_execute_api_endpoint,
            policy,
            tags: settings.tags,
        };
        let mut batch = Batch::new()
            .put(
                self.key(kinds::REST_API, id.as_str()),
                encode(&api)?,
                Expect::Absent,
            )
            .put(
                self.key(kinds::API_RESOURCE, format!("{id}/{}", root.id)),
                encode(&root)?,
                Expect::Absent,
            );
        for model in models {
            let key = self.key(kinds::API_MODEL, format!("{id}/{}", model.name));
            batch = batch.put(key, encode(model)?, Expect::Absent);
        }
        self.commit(batch).await?;
        Ok(api)
    }

    /// The models that every new API has on AWS, word for word.
    fn first_models(&self) -> [Model; 2] {
        let model = |name: &str, description: &str, schema: &str| Model {
            id: self.entropy.lower_alphanumeric(6),
            name: name.into(),
            description: Some(description.into()),
            schema: Some(schema.into()),
            content_type: "application/json".into(),
        };
        [
            model("Empty", "This is a default empty schema model", EMPTY_SCHEMA),
            model("Error", "This is a default error schema model", ERROR_SCHEMA),
        ]
    }

    /// Returns an API, or AWS's error when there is none.
    pub async fn rest_api(&self, api: &ApiId) -> Result<Kept<RestApi>, AwsError> {
        self.find(kinds::REST_API, api.as_str())
            .await?
            .ok_or_else(|| self.unknown_api(api))
    }

    /// Returns a page of the APIs.
    pub async fn rest_apis(&self, wanted: &Wanted) -> Result<Listed<RestApi>, AwsError> {
        self.page(kinds::REST_API, "", wanted).await
    }

    /// Gives an API new settings.
    pub async fn replace_rest_api(
        &self,
        api: &ApiId,
        settings: RestApiSettings,
    ) -> Result<RestApi, AwsError> {
        settings.check()?;
        let kept = self.rest_api(api).await?;
        self.check_endpoint_change(&kept.value, &settings).await?;
        let changed = RestApi {
            minimum_compression_size: settings.compression_size()?,
            endpoint_types: settings.endpoint_types(),
            vpc_endpoint_ids: settings.vpc_endpoint_ids(),
            name: settings.name,
            description: settings.description,
            version: settings.version,
            binary_media_types: settings.binary_media_types,
            disable_execute_api_endpoint: settings.disable_execute_api_endpoint,
            policy: resource_policy::compile(self.scope, api, settings.policy.as_deref())?,
            tags: settings.tags,
            ..kept.value
        };
        let expect = Expect::Version(kept.version);
        self.put(kinds::REST_API, api.as_str(), &changed, expect).await?;
        Ok(changed)
    }

    /// Refuses a change of the endpoint type that AWS has none of, or that would leave a custom domain leading to nothing.
    async fn check_endpoint_change(&self, api: &RestApi, settings: &RestApiSettings) -> Result<(), AwsError> {
        let to = settings.endpoint_types();
        let to_private = to.iter().any(|kind| kind == "PRIVATE");
        if api.is_private() && to.iter().any(|kind| kind == "EDGE") {
            return Err(bad_request(
                "A private API cannot become edge-optimized: make it REGIONAL first",
            ));
        }
        if to_private && !api.is_private() {
            let domains = self.domains_of(&api.id).await?;
            if !domains.is_empty() {
                return Err(bad_request(format!(
                    "A private API is not reached by custom domains: remove its mappings in {}",
                    domains.join(", ")
                )));
            }
        }
        Ok(())
    }

    /// Deletes an API with everything of it.
    pub async fn delete_rest_api(&self, api: &ApiId) -> Result<(), AwsError> {
        let kept = self.rest_api(api).await?;
        let domains = self.domains_of(api).await?;
        if !domains.is_empty() {
            return Err(bad_request(format!(
                "Deleting RestApi {api} failed. Please remove all base path mappings related to the RestApi in your domains: {}",
                domains.join(", ")
            )));
        }
        let mut batch = Batch::new().delete(
            self.key(kinds::REST_API, api.as_str()),
            Expect::Version(kept.version),
        );
        for stage in self.all::<Stage>(kinds::API_STAGE, api).await? {
            let association = self.key(kinds::WEB_ACL_ASSOCIATION, stage.arn(self.scope));
            batch = batch.delete(association, Expect::Anything);
        }
        for kind in PARTS {
            let page = Page::all(format!("{api}/"));
            let parts = self.store.list(self.scope, kind, page).await;
            for part in parts.map_err(|error| from_store(&error))? {
                batch = batch.delete(part.key, Expect::Anything);
            }
        }
        self.commit(batch).await
    }
}

/// The kinds of record that belong to one API.
const PARTS: [portcullis_store::Kind; 7] = [
    kinds::API_RESOURCE,
    kinds::API_AUTHORIZER,
    kinds::API_MODEL,
    kinds::API_REQUEST_VALIDATOR,
    kinds::API_GATEWAY_RESPONSE,
    kinds::API_DEPLOYMENT,
    kinds::API_STAGE,
];

const EMPTY_SCHEMA: &str = r##"{
  "$schema": "http://json-schema.org/draft-04/schema#",
  "title" : "Empty Schema",
  "type" : "object"
}"##;
const ERROR_SCHEMA: &str = r##"{
  "$schema" : "http://json-schema.org/draft-04/schema#",
  "title" : "Error Schema",
  "type" : "object",
  "properties" : {
    "message" : { "type" : "string" }
  }
}"##;
