//! What the base paths of a custom domain lead to:
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_BasePathMapping.html>

use portcullis_model::{
    ApiId, StageName,
    resources::custom_domains::{BasePathMapping, NO_BASE_PATH},
};
use portcullis_store::{Batch, Expect, StoreError, kinds};
use serde::{Deserialize, Serialize};

use super::{Kept, Listed, Wanted, domain_name::Domains, encode};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, conflict, from_store, not_found},
};

/// Mappings of one domain, as AWS's quota.
const MAPPINGS_MAX: usize = 200;
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
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"$-_.+!*'()".contains(&byte);
        if path.len() > BASE_PATH_CHARACTERS_MAX || !path.bytes().all(plain) {
            return Err(bad_request(format!(
                "Invalid base path `{path}`: at most {BASE_PATH_CHARACTERS_MAX} letters, digits and `$-_.+!*'()`"
            )));
        }
        Ok(path.to_owned())
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
        let page = Wanted {
            position: None,
            limit: Some(MAPPINGS_MAX),
        };
        if self.base_path_mappings(domain, &page).await?.items.len() >= MAPPINGS_MAX {
            let message = "Maximum number of base path mappings of this domain has been reached";
            return Err(AwsError::new("LimitExceededException", 429, message));
        }
        let mapping = self.mapped(domain, settings).await?;
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

    async fn mapped(
        &self,
        domain: &str,
        settings: BasePathMappingSettings,
    ) -> Result<BasePathMapping, AwsError> {
        let base_path = settings.base_path()?;
        let api = ApiId::from(settings.rest_api_id.as_str());
        if self.apis.rest_api(&api).await.is_err() {
            return Err(bad_request("Invalid REST API identifier specified"));
        }
        let stage = settings
            .stage
            .filter(|stage| !stage.is_empty())
            .map(|stage| StageName::from(stage.as_str()));
        if let Some(stage) = &stage
            && self.apis.stage(&api, stage).await.is_err()
        {
            return Err(bad_request("Invalid stage identifier specified"));
        }
        Ok(BasePathMapping {
            domain_name: domain.to_owned(),
            base_path,
            rest_api_id: api,
            stage,
        })
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
        let changed = self.mapped(domain, settings).await?;
        let before = self.apis.key(kinds::API_BASE_PATH_MAPPING, id(domain, base_path));
        let after = self
            .apis
            .key(kinds::API_BASE_PATH_MAPPING, id(domain, &changed.base_path));
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
