//! Tags, by ARN: <https://docs.aws.amazon.com/apigateway/latest/api/API_TagResource.html>
//!
//! A stage's tags that this program acts on count as soon as they are there, as those that the stage was made with.

use std::collections::BTreeMap;

use portcullis_model::{ApiId, StageName};

use super::{
    Apis, client_certificate::ClientCertificateSettings, rest_api::RestApiSettings, stage::StageSettings,
    vpc_link::VpcLinkSettings,
};
use crate::{
    operation::AwsError,
    services::apigateway::errors::{bad_request, not_found, unsupported},
};

/// Tags of one resource, as AWS's quota.
const TAGS_MAX: usize = 50;

/// Tags by name.
pub type Tags = BTreeMap<String, String>;

/// What has tags.
enum Tagged<'a> {
    Api(ApiId),
    Stage(ApiId, StageName),
    VpcLink(&'a str),
    ClientCertificate(&'a str),
}

impl Apis<'_> {
    /// Returns the tags of what `arn` names.
    pub async fn tags(&self, arn: &str) -> Result<Tags, AwsError> {
        Ok(match self.tagged(arn)? {
            Tagged::Api(api) => self.rest_api(&api).await?.value.tags,
            Tagged::Stage(api, stage) => self.stage(&api, &stage).await?.value.tags,
            Tagged::VpcLink(id) => self.vpc_link(id).await?.value.tags,
            Tagged::ClientCertificate(id) => self.client_certificate(id).await?.value.tags,
        })
    }

    /// Changes the tags of what `arn` names.
    pub async fn change_tags(&self, arn: &str, change: impl FnOnce(&mut Tags)) -> Result<(), AwsError> {
        let changed = |tags: &mut Tags| {
            change(tags);
            check_tags(tags)
        };
        match self.tagged(arn)? {
            Tagged::Api(api) => {
                let mut settings = RestApiSettings::of(&self.rest_api(&api).await?.value);
                changed(&mut settings.tags)?;
                self.replace_rest_api(&api, settings).await.map(drop)
            }
            Tagged::Stage(api, stage) => {
                let mut settings = StageSettings::of(&self.stage(&api, &stage).await?.value);
                changed(&mut settings.tags)?;
                self.replace_stage(&api, &stage, settings).await.map(drop)
            }
            Tagged::VpcLink(id) => {
                let mut settings = VpcLinkSettings::of(&self.vpc_link(id).await?.value);
                changed(&mut settings.tags)?;
                self.replace_vpc_link(id, settings).await.map(drop)
            }
            Tagged::ClientCertificate(id) => {
                let mut settings = ClientCertificateSettings::of(&self.client_certificate(id).await?.value);
                changed(&mut settings.tags)?;
                self.replace_client_certificate(id, settings).await.map(drop)
            }
        }
    }

    fn tagged<'a>(&self, arn: &'a str) -> Result<Tagged<'a>, AwsError> {
        let unknown = || not_found(format!("Invalid resource ARN specified: {arn}"));
        let prefix = format!("arn:aws:apigateway:{}::/", self.scope.region);
        let path = arn.strip_prefix(&prefix).ok_or_else(unknown)?;
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["restapis", api] => Ok(Tagged::Api(ApiId::from(*api))),
            ["restapis", api, "stages", stage] => {
                Ok(Tagged::Stage(ApiId::from(*api), StageName::from(*stage)))
            }
            ["vpclinks", id] => Ok(Tagged::VpcLink(id)),
            ["clientcertificates", id] => Ok(Tagged::ClientCertificate(id)),
            [noun @ ("apikeys" | "usageplans" | "domainnames"), _] => Err(unsupported(
                "resourceArn",
                &format!("tags of `{noun}` are those that they were made with"),
            )),
            _ => Err(unknown()),
        }
    }
}

/// Rejects tags that AWS does not take.
pub(in crate::services) fn check_tags(tags: &Tags) -> Result<(), AwsError> {
    if tags.len() > TAGS_MAX {
        return Err(bad_request(format!(
            "A resource may have at most {TAGS_MAX} tags"
        )));
    }
    let fits = |(name, value): &(&String, &String)| {
        (1..=128).contains(&name.chars().count()) && value.chars().count() <= 256 && !name.starts_with("aws:")
    };
    match tags.iter().find(|tag| !fits(tag)) {
        Some((name, _)) => Err(bad_request(format!("Invalid tag: {name}"))),
        None => Ok(()),
    }
}
