//! VPC links of REST APIs: <https://docs.aws.amazon.com/apigateway/latest/api/API_VpcLink.html>
//!
//! What a target ARN stands for is the operator's to say: a link to one that the configuration does not name is refused.

use std::collections::BTreeMap;

use portcullis_model::{
    Scope,
    arn::Arn,
    resources::{
        apigateway::{Integration, Resource},
        vpc_links::VpcLink,
    },
};
use portcullis_store::{Expect, kinds};
use serde::{Deserialize, Serialize};

use super::{Apis, Kept, Listed, Wanted};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, not_found},
};

/// Links of an account in a region, as AWS's quota for HTTP APIs (that for REST APIs is 20, and can be raised).
pub const LINKS_MAX: usize = 100;
/// Characters of a link's name.
const NAME_CHARACTERS_MAX: usize = 128;

/// What a caller chooses about a link.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VpcLinkSettings {
    #[serde(default)]
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default)]
    pub target_arns: Vec<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl VpcLinkSettings {
    /// Returns the settings that `link` has.
    pub fn of(link: &VpcLink) -> Self {
        Self {
            name: link.name.clone(),
            description: link.description.clone(),
            target_arns: vec![link.target_arn.clone()],
            tags: link.tags.clone(),
        }
    }
}

/// Rejects a link's name.
pub fn check_name(name: &str) -> Result<(), AwsError> {
    if (1..=NAME_CHARACTERS_MAX).contains(&name.trim().chars().count()) {
        return Ok(());
    }
    Err(bad_request(format!(
        "VPC link name must have from 1 to {NAME_CHARACTERS_MAX} characters"
    )))
}

/// Says that there may be no more links.
pub fn too_many() -> AwsError {
    let message = format!("An account may have at most {LINKS_MAX} VPC links in a region");
    AwsError::new("LimitExceededException", 429, message)
}

/// Rejects the ARN of a target that is not of `services`, or of another account or region: a link leads to what its owner owns.
pub fn check_target(arn: &str, scope: &Scope, services: &[&str]) -> Result<(), AwsError> {
    let parsed = arn.parse::<Arn>().ok();
    let Some(target) = parsed.filter(|target| services.contains(&target.service.as_str())) else {
        return Err(bad_request(format!(
            "`{arn}` is no ARN of {}",
            services.join(" or ")
        )));
    };
    if target.account != scope.account.as_str() || target.region != scope.region.as_str() {
        return Err(bad_request(format!(
            "`{arn}` is not in account {} and region {}, as the VPC link is",
            scope.account, scope.region
        )));
    }
    Ok(())
}

impl Apis<'_> {
    /// Refuses a target that the configuration does not name.
    pub(in crate::services) fn check_upstream(&self, arn: &str) -> Result<(), AwsError> {
        if self.compiler.has_upstream(arn) {
            return Ok(());
        }
        Err(bad_request(format!(
            "The configuration names no servers for `{arn}`: say which addresses it stands for with `--upstream`, or `upstreams` under `serve`"
        )))
    }

    /// Makes a link.
    pub async fn create_vpc_link(&self, settings: VpcLinkSettings) -> Result<VpcLink, AwsError> {
        check_name(&settings.name)?;
        let [target_arn] = settings.target_arns.as_slice() else {
            return Err(bad_request("A VPC link has exactly one target ARN"));
        };
        check_target(target_arn, self.scope, &["elasticloadbalancing"])?;
        self.check_upstream(target_arn)?;
        if self.all_of::<VpcLink>(kinds::VPC_LINK, "").await?.len() >= LINKS_MAX {
            return Err(too_many());
        }
        let link = VpcLink {
            id: self.entropy.lower_alphanumeric(6),
            target_arn: target_arn.clone(),
            name: settings.name,
            description: settings.description,
            tags: settings.tags,
        };
        self.put(kinds::VPC_LINK, link.id.as_str(), &link, Expect::Absent)
            .await?;
        Ok(link)
    }

    /// Returns a link, or AWS's error when there is none.
    pub async fn vpc_link(&self, id: &str) -> Result<Kept<VpcLink>, AwsError> {
        let found = self.find(kinds::VPC_LINK, id).await?;
        found.ok_or_else(|| not_found("Invalid Vpc Link identifier specified"))
    }

    /// Returns a page of the links.
    pub async fn vpc_links(&self, wanted: &Wanted) -> Result<Listed<VpcLink>, AwsError> {
        self.page(kinds::VPC_LINK, "", wanted).await
    }

    /// Gives a link another name, description or tags; its target stays, as on AWS.
    pub async fn replace_vpc_link(&self, id: &str, settings: VpcLinkSettings) -> Result<VpcLink, AwsError> {
        check_name(&settings.name)?;
        let kept = self.vpc_link(id).await?;
        if settings.target_arns != [kept.value.target_arn.as_str()] {
            return Err(bad_request(
                "The target of a VPC link cannot be changed: make another link",
            ));
        }
        let link = VpcLink {
            name: settings.name,
            description: settings.description,
            tags: settings.tags,
            ..kept.value
        };
        let expect = Expect::Version(kept.version);
        self.put(kinds::VPC_LINK, id, &link, expect).await?;
        Ok(link)
    }

    /// Deletes a link that no method uses.
    pub async fn delete_vpc_link(&self, id: &str) -> Result<(), AwsError> {
        let kept = self.vpc_link(id).await?;
        let resources: Vec<Resource> = self.all_of(kinds::API_RESOURCE, "").await?;
        for resource in &resources {
            let uses = |integration: &Integration| integration.connection_id.as_deref() == Some(id);
            let mut methods = resource.methods.iter();
            let user = methods.find(|(_, method)| method.integration.as_ref().is_some_and(uses));
            if let Some((method, _)) = user {
                return Err(bad_request(format!(
                    "Cannot delete vpc link. Vpc link '{id}', is referenced in [{method}:{}]",
                    resource.path
                )));
            }
        }
        self.remove(kinds::VPC_LINK, id, kept.version).await
    }
}
