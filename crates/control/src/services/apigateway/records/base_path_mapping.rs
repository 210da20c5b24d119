//! What the base paths of a custom domain lead to:
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_BasePathMapping.html> for REST APIs and a single segment,
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames-domainname-apimappings.html> for both kinds and
//! several segments. They are one list.

use portcullis_model::{
    ApiId, StageName,
    resources::{
        apigateway::RestApi,
        custom_domains::{BasePathMapping, NO_BASE_PATH},
    },
};
use portcullis_store::{Batch, Expect, Kind, Page, StoreError, kinds};
use serde::{Deserialize, Serialize};

use super::{Apis, Kept, Listed, Wanted, decode, domain_name::Domains, encode};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, conflict, from_store, not_found},
};

/// Mappings of one domain, as AWS's quota.
const MAPPINGS_MAX: usize = 200;
/// Symbols of a mapping's id, as AWS's.
const ID_SYMBOLS: usize = 6;
/// Characters of a base path, as AWS's.
const BASE_PATH_CHARACTERS_MAX: usize = 300;

/// What a caller chooses about a mapping.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct BasePathMappingSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base_path: Option<String>,
    /// `restapiId` is how patch operations call it.
    #[serde(default, rename = "restapiId", alias = "restApiId")]
    pub rest_api_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}

impl BasePathMappingSettings {
    /// Returns the settings that `mapping` has.
    pub fn of(mapping: &BasePathMapping) -> Self {
        Self {
            base_path: Some(mapping.base_path.clone()),
            rest_api_id: mapping.rest_api_id.as_str().to_owned(),
            stage: mapping.stage.as_ref().map(|stage| stage.as_str().to_owned()),
        }
    }

    /// Returns the base path as it is kept.
    fn base_path(&self) -> Result<String, AwsError> {
        let path = match self.base_path.as_deref() {
            None | Some("" | NO_BASE_PATH) => return Ok(NO_BASE_PATH.to_owned()),
            Some(path) => path,
        };
        if path.contains('/') {
            return Err(bad_request(
                "API Gateway V1 doesn't support the slash character (/) in base path mappings. To create a \
                 multi-level base path mapping, use API Gateway V2.",
            ));
        }
        check_base_path(path)
    }
}

/// Returns `path` if it is made of segments that a base path may have.
fn check_base_path(path: &str) -> Result<String, AwsError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_.+!*'()".contains(&byte);
    let segment = |segment: &str| !matches!(segment, "" | "." | "..") && segment.bytes().all(plain);
    if path.len() > BASE_PATH_CHARACTERS_MAX || !path.split('/').all(segment) {
        return Err(bad_request(format!(
            "Invalid base path `{path}`: at most {BASE_PATH_CHARACTERS_MAX} letters, digits and `$-_.+!*'()`, segments between `/`"
        )));
    }
    Ok(path.to_owned())
}

/// What a caller chooses about a mapping through the interface of HTTP APIs.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ApiMappingSettings {
    #[serde(default)]
    pub api_id: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_mapping_key: Option<String>,
    #[serde(default)]
    pub stage: String,
}

impl ApiMappingSettings {
    /// Returns the settings that `mapping` has.
    pub fn of(mapping: &BasePathMapping) -> Self {
        Self {
            api_id: mapping.rest_api_id.as_str().to_owned(),
            api_mapping_key: Some(mapping.base_path.clone()).filter(|path| path != NO_BASE_PATH),
            stage: mapping
                .stage
                .as_ref()
                .map(|stage| stage.as_str().to_owned())
                .unwrap_or_default(),
        }
    }
}

impl Apis<'_> {
    /// Returns the custom domains that lead to an API, which must not be deleted while there are any.
    pub(in crate::services) async fn domains_of(&self, api: &ApiId) -> Result<Vec<String>, AwsError> {
        let all = self
            .all_of::<BasePathMapping>(kinds::API_BASE_PATH_MAPPING, "")
            .await?;
        let led = all.into_iter().filter(|mapping| mapping.rest_api_id == *api);
        let mut domains: Vec<String> = led.map(|mapping| mapping.domain_name).collect();
        domains.dedup();
        Ok(domains)
    }
}

impl Domains<'_> {
    /// Makes a mapping.
    pub async fn create_base_path_mapping(
        &self,
        domain: &str,
        settings: BasePathMappingSettings,
    ) -> Result<BasePathMapping, AwsError> {
        self.domain_name(domain).await?;
        let mapping = self.mapped(domain, self.new_id(), settings).await?;
        self.put_new(mapping).await
    }

    fn new_id(&self) -> String {
        self.apis.entropy.lower_alphanumeric(ID_SYMBOLS)
    }

    async fn put_new(&self, mapping: BasePathMapping) -> Result<BasePathMapping, AwsError> {
        let domain = &mapping.domain_name;
        if self.mappings(domain).await?.len() >= MAPPINGS_MAX {
            let message = "Maximum number of base path mappings of this domain has been reached";
            return Err(AwsError::new("LimitExceededException", 429, message));
        }
        let key = self
            .apis
            .key(kinds::API_BASE_PATH_MAPPING, id(domain, &mapping.base_path));
        let batch = Batch::new().put(key, encode(&mapping)?, Expect::Absent);
        match self.apis.store.commit(batch).await {
            Err(StoreError::Conflict { .. }) => {
                Err(conflict("Base path already exists for this domain name"))
            }
            other => other.map(|_| mapping).map_err(|error| from_store(&error)),
        }
    }

    /// Returns every mapping of a domain.
    async fn mappings(&self, domain: &str) -> Result<Vec<Kept<BasePathMapping>>, AwsError> {
        let page = Page::all(format!("{domain}/"));
        let records = self
            .apis
            .store
            .list(self.apis.scope, kinds::API_BASE_PATH_MAPPING, page)
            .await
            .map_err(|error| from_store(&error))?;
        records.iter().map(decode).collect()
    }

    /// Tells whether there is such a record; a store that fails is no answer.
    async fn has(&self, kind: Kind, id: String) -> Result<bool, AwsError> {
        let found: Option<Kept<serde::de::IgnoredAny>> = self.apis.find(kind, id).await?;
        Ok(found.is_some())
    }

    /// Tells whether there is such a REST API; refuses one that is private, which no custom domain of ours reaches.
    async fn check_api(&self, api: &ApiId) -> Result<bool, AwsError> {
        let found: Option<Kept<RestApi>> = self.apis.find(kinds::REST_API, api.to_string()).await?;
        if found.as_ref().is_some_and(|api| api.value.is_private()) {
            return Err(bad_request(
                "A private API is reached through VPC endpoints alone, not by a custom domain name",
            ));
        }
        Ok(found.is_some())
    }

    async fn mapped(
        &self,
        domain: &str,
        id: String,
        settings: BasePathMappingSettings,
    ) -> Result<BasePathMapping, AwsError> {
        let base_path = settings.base_path()?;
        let api = ApiId::from(settings.rest_api_id.as_str());
        if !self.check_api(&api).await? {
            return Err(bad_request("Invalid REST API identifier specified"));
        }
        let stage = settings
            .stage
            .filter(|stage| !stage.is_empty())
            .map(|stage| StageName::from(stage.as_str()));
        if let Some(stage) = &stage
            && !self.has(kinds::API_STAGE, format!("{api}/{stage}")).await?
        {
            return Err(bad_request("Invalid stage identifier specified"));
        }
        Ok(BasePathMapping {
            domain_name: domain.to_owned(),
            id,
            base_path,
            rest_api_id: api,
            stage,
        })
    }

    /// As [`Self::mapped`], for both kinds of API; the stage must be named.
    async fn api_mapped(
        &self,
        domain: &str,
        id: String,
        settings: ApiMappingSettings,
    ) -> Result<BasePathMapping, AwsError> {
        let base_path = match settings.api_mapping_key.as_deref() {
            None | Some("" | NO_BASE_PATH) => NO_BASE_PATH.to_owned(),
            Some(path) => check_base_path(path)?,
        };
        let api = ApiId::from(settings.api_id.as_str());
        let stage = StageName::from(settings.stage.as_str());
        let place = format!("{api}/{stage}");
        self.check_api(&api).await?;
        let found = self.has(kinds::API_STAGE, place.clone()).await?
            || self.has(kinds::HTTP_API_STAGE, place).await?;
        if !found {
            return Err(bad_request(format!(
                "Invalid stage identifier specified: the API `{api}` has no stage `{stage}`"
            )));
        }
        Ok(BasePathMapping {
            domain_name: domain.to_owned(),
            id,
            base_path,
            rest_api_id: api,
            stage: Some(stage),
        })
    }

    /// Makes a mapping to a stage of either kind of API.
    pub async fn create_api_mapping(
        &self,
        domain: &str,
        settings: ApiMappingSettings,
    ) -> Result<BasePathMapping, AwsError> {
        self.domain_name(domain).await?;
        let mapping = self.api_mapped(domain, self.new_id(), settings).await?;
        self.put_new(mapping).await
    }

    /// Returns a mapping by its id, or AWS's error when there is none.
    pub async fn api_mapping(&self, domain: &str, id: &str) -> Result<Kept<BasePathMapping>, AwsError> {
        self.domain_name(domain).await?;
        let mut all = self.mappings(domain).await?.into_iter();
        all.find(|kept| kept.value.id == id)
            .ok_or_else(|| not_found("The API mapping specified is invalid"))
    }

    /// Gives a mapping new settings.
    pub async fn replace_api_mapping(
        &self,
        domain: &str,
        id: &str,
        settings: ApiMappingSettings,
    ) -> Result<BasePathMapping, AwsError> {
        let kept = self.api_mapping(domain, id).await?;
        let changed = self.api_mapped(domain, id.to_owned(), settings).await?;
        self.replace(kept, changed).await
    }

    /// Deletes a mapping.
    pub async fn delete_api_mapping(&self, domain: &str, id: &str) -> Result<(), AwsError> {
        let kept = self.api_mapping(domain, id).await?;
        self.delete_base_path_mapping(domain, &kept.value.base_path).await
    }

    /// Returns a mapping, or AWS's error when there is none.
    pub async fn base_path_mapping(
        &self,
        domain: &str,
        base_path: &str,
    ) -> Result<Kept<BasePathMapping>, AwsError> {
        self.domain_name(domain).await?;
        let found = self
            .apis
            .find(kinds::API_BASE_PATH_MAPPING, id(domain, base_path));
        let unknown = || not_found("Invalid base path mapping identifier specified");
        found.await?.ok_or_else(unknown)
    }

    /// Returns a page of the mappings of a domain.
    pub async fn base_path_mappings(
        &self,
        domain: &str,
        wanted: &Wanted,
    ) -> Result<Listed<BasePathMapping>, AwsError> {
        self.domain_name(domain).await?;
        let prefix = format!("{domain}/");
        self.apis
            .page(kinds::API_BASE_PATH_MAPPING, &prefix, wanted)
            .await
    }

    /// Gives a mapping new settings, another base path included.
    pub async fn replace_base_path_mapping(
        &self,
        domain: &str,
        base_path: &str,
        settings: BasePathMappingSettings,
    ) -> Result<BasePathMapping, AwsError> {
        let kept = self.base_path_mapping(domain, base_path).await?;
        let own = kept.value.id.clone();
        let changed = self.mapped(domain, own, settings).await?;
        self.replace(kept, changed).await
    }

    async fn replace(
        &self,
        kept: Kept<BasePathMapping>,
        changed: BasePathMapping,
    ) -> Result<BasePathMapping, AwsError> {
        let key = |mapping: &BasePathMapping| {
            let id = id(&mapping.domain_name, &mapping.base_path);
            self.apis.key(kinds::API_BASE_PATH_MAPPING, id)
        };
        let (before, after) = (key(&kept.value), key(&changed));
        let expect = Expect::Version(kept.version);
        let batch = if before == after {
            Batch::new().put(after, encode(&changed)?, expect)
        } else {
            Batch::new()
                .delete(before, expect)
                .put(after, encode(&changed)?, Expect::Absent)
        };
        self.apis.commit(batch).await?;
        Ok(changed)
    }

    /// Deletes a mapping.
    pub async fn delete_base_path_mapping(&self, domain: &str, base_path: &str) -> Result<(), AwsError> {
        let kept = self.base_path_mapping(domain, base_path).await?;
        let id = id(domain, base_path);
        self.apis
            .remove(kinds::API_BASE_PATH_MAPPING, id, kept.version)
            .await
    }
}

fn id(domain: &str, base_path: &str) -> String {
    format!("{domain}/{base_path}")
}
