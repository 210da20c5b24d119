//! VPC links of HTTP APIs: <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/vpclinks.html>
//!
//! Subnets and security groups are kept and shown; what an integration's target stands for, the configuration says.

use std::collections::BTreeMap;

use portcullis_model::resources::{apigatewayv2::HttpIntegration, vpc_links::HttpVpcLink};
use portcullis_store::{Expect, kinds};
use serde::{Deserialize, Serialize};

use super::HttpApis;
use crate::{
    operation::AwsError,
    services::apigateway::{
        errors::{bad_request, not_found},
        records::{
            Kept, Listed, Wanted,
            vpc_link::{LINKS_MAX, check_name, too_many},
        },
    },
};

/// What a caller chooses about a link.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct VpcLinkSettings {
    #[serde(default)]
    pub name: String,
    #[serde(default)]
    pub security_group_ids: Vec<String>,
    #[serde(default)]
    pub subnet_ids: Vec<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

impl HttpApis<'_> {
    /// Makes a link.
    pub async fn create_vpc_link(&self, settings: VpcLinkSettings) -> Result<HttpVpcLink, AwsError> {
        check_name(&settings.name)?;
        if settings.subnet_ids.is_empty() {
            return Err(bad_request("At least one subnet ID must be specified"));
        }
        let known = self.0.all_of::<HttpVpcLink>(kinds::HTTP_VPC_LINK, "").await?;
        if known.len() >= LINKS_MAX {
            return Err(too_many());
        }
        let link = HttpVpcLink {
            vpc_link_id: self.0.entropy.lower_alphanumeric(6),
            name: settings.name,
            created_date: self.0.clock.now(),
            security_group_ids: settings.security_group_ids,
            subnet_ids: settings.subnet_ids,
            tags: settings.tags,
        };
        let id = link.vpc_link_id.as_str();
        self.0
            .put(kinds::HTTP_VPC_LINK, id, &link, Expect::Absent)
            .await?;
        Ok(link)
    }

    /// Returns a link, or AWS's error when there is none.
    pub async fn vpc_link(&self, id: &str) -> Result<Kept<HttpVpcLink>, AwsError> {
        let found = self.0.find(kinds::HTTP_VPC_LINK, id).await?;
        found.ok_or_else(|| not_found(format!("Unable to find VpcLink by ID {id}")))
    }

    /// Returns a page of the links.
    pub async fn vpc_links(&self, wanted: &Wanted) -> Result<Listed<HttpVpcLink>, AwsError> {
        self.0.page(kinds::HTTP_VPC_LINK, "", wanted).await
    }

    /// Gives a link another name; the rest of it stays, as on AWS.
    pub async fn rename_vpc_link(&self, id: &str, name: &str) -> Result<HttpVpcLink, AwsError> {
        check_name(name)?;
        let kept = self.vpc_link(id).await?;
        let link = HttpVpcLink {
            name: name.to_owned(),
            ..kept.value
        };
        let expect = Expect::Version(kept.version);
        self.0.put(kinds::HTTP_VPC_LINK, id, &link, expect).await?;
        Ok(link)
    }

    /// Deletes a link that no integration uses.
    pub async fn delete_vpc_link(&self, id: &str) -> Result<(), AwsError> {
        let kept = self.vpc_link(id).await?;
        let integrations: Vec<HttpIntegration> = self.0.all_of(kinds::HTTP_API_INTEGRATION, "").await?;
        let mut uses = integrations
            .iter()
            .filter(|integration| integration.connection_id.as_deref() == Some(id));
        if let Some(user) = uses.next() {
            return Err(bad_request(format!(
                "Cannot delete vpc link. Vpc link '{id}' is used by the integration '{}'",
                user.integration_id
            )));
        }
        self.0.remove(kinds::HTTP_VPC_LINK, id, kept.version).await
    }
}
