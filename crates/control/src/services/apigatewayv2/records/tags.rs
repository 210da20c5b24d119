//! Tags of HTTP APIs and of their stages, by ARN: <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/tags-resource-arn.html>

use portcullis_model::{ApiId, StageName};

use super::{HttpApis, api::ApiSettings, stage::StageSettings};
use crate::{
    operation::AwsError,
    services::apigateway::{
        errors::{not_found, unsupported},
        records::tags::{Tags, check_tags},
    },
};

/// What has tags.
enum Tagged {
    Api(ApiId),
    Stage(ApiId, StageName),
}

impl HttpApis<'_> {
    /// Returns the tags of the API or stage that `arn` names.
    pub async fn tags(&self, arn: &str) -> Result<Tags, AwsError> {
        Ok(match self.tagged(arn)? {
            Tagged::Api(api) => self.api(&api).await?.value.tags,
            Tagged::Stage(api, stage) => self.stage(&api, &stage).await?.value.tags,
        })
    }

    /// Changes the tags of the API or stage that `arn` names.
    pub async fn change_tags(&self, arn: &str, change: impl FnOnce(&mut Tags)) -> Result<(), AwsError> {
        match self.tagged(arn)? {
            Tagged::Api(api) => {
                let mut settings = ApiSettings::of(&self.api(&api).await?.value);
                change(&mut settings.tags);
                check_tags(&settings.tags)?;
                self.replace_api(&api, settings).await?;
            }
            Tagged::Stage(api, stage) => {
                let mut settings = StageSettings::of(&self.stage(&api, &stage).await?.value);
                change(&mut settings.tags);
                check_tags(&settings.tags)?;
                self.replace_stage(&api, &stage, settings).await?;
            }
        }
        Ok(())
    }

    fn tagged(&self, arn: &str) -> Result<Tagged, AwsError> {
        let prefix = format!("arn:aws:apigateway:{}::/", self.0.scope.region);
        let path = arn
            .strip_prefix(&prefix)
            .ok_or_else(|| not_found(format!("Invalid resource ARN specified: {arn}")))?;
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            ["apis", api] => Ok(Tagged::Api(ApiId::from(*api))),
            ["apis", api, "stages", stage] => Ok(Tagged::Stage(ApiId::from(*api), StageName::from(*stage))),
            [noun, ..] => Err(unsupported(
                "resourceArn",
                &format!("tags of `{noun}` are not kept; those of `apis` and their stages are"),
            )),
            [] => Err(not_found(format!("Invalid resource ARN specified: {arn}"))),
        }
    }
}
