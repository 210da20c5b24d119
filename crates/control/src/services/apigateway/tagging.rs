//! Tags of everything that API Gateway keeps, by ARN; the interfaces of REST APIs and of HTTP APIs know the same resources.
//!
//! A tag of a stage that begins with `portcullis:` says what is enforced there. Who may give tags alone shall not be able to take a
//! layer out of force, so such a tag wants the right to change the resource, too.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-tagging-supported-resources.html>

use std::collections::BTreeMap;

use portcullis_model::{ApiId, Scope, StageName};
use portcullis_store::{Expect, kinds};
use serde_json::Value;

use super::{
    SERVICE, apis, domains,
    errors::{bad_request, not_found},
    plans,
    records::{
        api_key::ApiKeySettings,
        client_certificate::ClientCertificateSettings,
        domain_name::{DomainNameSettings, TruststoreRead},
        rest_api::RestApiSettings,
        stage::StageSettings,
        usage_plan_settings::UsagePlanSettings,
        vpc_link::VpcLinkSettings,
    },
};
use crate::{
    admission,
    operation::{AwsError, Call, Subject},
    services::apigatewayv2::records::{
        HttpApis, api::ApiSettings, stage::StageSettings as HttpStageSettings,
    },
};

/// Tags of one resource, as AWS's quota.
const TAGS_MAX: usize = 50;
/// Characters of a tag's name and of its value, as AWS's quota.
const NAME_CHARACTERS_MAX: usize = 128;
const VALUE_CHARACTERS_MAX: usize = 256;
/// What the names of tags begin with that are instructions to us.
const OWN: &str = "portcullis:";

/// The tags of one resource.
type Tags = BTreeMap<String, String>;

/// What has tags.
enum Tagged<'a> {
    RestApi(ApiId),
    RestStage(ApiId, StageName),
    HttpApi(ApiId),
    HttpStage(ApiId, StageName),
    ApiKey(&'a str),
    UsagePlan(&'a str),
    VpcLink(&'a str),
    ClientCertificate(&'a str),
    Domain(&'a str),
}

impl<'a> Tagged<'a> {
    fn of(arn: &'a str, scope: &Scope) -> Result<Self, AwsError> {
        let prefix = format!("arn:aws:apigateway:{}::/", scope.region);
        let unknown = || not_found(format!("Invalid resource ARN specified: {arn}"));
        let path = arn.strip_prefix(&prefix).ok_or_else(unknown)?;
        let segments: Vec<&str> = path.split('/').collect();
        Ok(match segments.as_slice() {
            ["restapis", api] => Self::RestApi(ApiId::from(*api)),
            ["restapis", api, "stages", stage] => Self::RestStage(ApiId::from(*api), StageName::from(*stage)),
            ["apis", api] => Self::HttpApi(ApiId::from(*api)),
            ["apis", api, "stages", stage] => Self::HttpStage(ApiId::from(*api), StageName::from(*stage)),
            ["apikeys", key] => Self::ApiKey(key),
            ["usageplans", plan] => Self::UsagePlan(plan),
            ["vpclinks", link] => Self::VpcLink(link),
            ["clientcertificates", id] => Self::ClientCertificate(id),
            ["domainnames", name] => Self::Domain(name),
            _ => return Err(unknown()),
        })
    }
}

/// Returns the tags of what `arn` names.
pub(in crate::services) async fn tags(call: &Call<'_>, arn: &str) -> Result<Tags, AwsError> {
    let apis = apis(call);
    let http = HttpApis(apis);
    Ok(match Tagged::of(arn, call.scope)? {
        Tagged::RestApi(api) => apis.rest_api(&api).await?.value.tags,
        Tagged::RestStage(api, stage) => apis.stage(&api, &stage).await?.value.tags,
        Tagged::HttpApi(api) => http.api(&api).await?.value.tags,
        Tagged::HttpStage(api, stage) => http.stage(&api, &stage).await?.value.tags,
        Tagged::ApiKey(key) => plans(call).api_key(key).await?.value.tags,
        Tagged::UsagePlan(plan) => plans(call).usage_plan(plan).await?.value.tags,
        Tagged::ClientCertificate(id) => apis.client_certificate(id).await?.value.tags,
        Tagged::Domain(name) => domains(call).domain_name(name).await?.value.tags,
        Tagged::VpcLink(link) => match apis.vpc_link(link).await {
            Ok(kept) => kept.value.tags,
            Err(_) => http.vpc_link(link).await?.value.tags,
        },
    })
}

/// Gives what `arn` names the tags of the call.
pub(in crate::services) async fn tag(call: &Call<'_>, arn: &str) -> Result<(), AwsError> {
    let given = call.input.get("tags").cloned();
    let given = given.ok_or_else(|| bad_request("tags must hold at least one tag"))?;
    let given: Tags = serde_json::from_value(given)
        .map_err(|cause| bad_request(format!("Invalid request input: {cause}")))?;
    authorize_names(call, arn, given.keys()).await?;
    change(call, arn, |present| present.extend(given)).await
}

/// Takes from what `arn` names the tags that the call names.
pub(in crate::services) async fn untag(call: &Call<'_>, arn: &str) -> Result<(), AwsError> {
    let names: Vec<String> = match call.input.get("tagKeys") {
        Some(Value::String(name)) => vec![name.clone()],
        Some(Value::Array(names)) => {
            let names = names.iter().filter_map(Value::as_str);
            names.map(str::to_owned).collect()
        }
        _ => return Err(bad_request("tagKeys must name at least one tag")),
    };
    authorize_names(call, arn, &names).await?;
    change(call, arn, |present| {
        present.retain(|name, _| !names.contains(name))
    })
    .await
}

/// Changes the tags of what `arn` names, by the way of every other change of it: what could not be served is refused.
async fn change(call: &Call<'_>, arn: &str, change: impl FnOnce(&mut Tags)) -> Result<(), AwsError> {
    let apis = apis(call);
    let http = HttpApis(apis);
    let changed = |mut tags: Tags| {
        change(&mut tags);
        check(&tags).map(|()| tags)
    };
    match Tagged::of(arn, call.scope)? {
        Tagged::RestApi(api) => {
            let mut settings = RestApiSettings::of(&apis.rest_api(&api).await?.value);
            settings.tags = changed(settings.tags)?;
            apis.replace_rest_api(&api, settings).await?;
        }
        Tagged::RestStage(api, stage) => {
            let mut settings = StageSettings::of(&apis.stage(&api, &stage).await?.value);
            settings.tags = changed(settings.tags)?;
            apis.replace_stage(&api, &stage, settings).await?;
        }
        Tagged::HttpApi(api) => {
            let mut settings = ApiSettings::of(&http.api(&api).await?.value);
            settings.tags = changed(settings.tags)?;
            http.replace_api(&api, settings).await?;
        }
        Tagged::HttpStage(api, stage) => {
            let mut settings = HttpStageSettings::of(&http.stage(&api, &stage).await?.value);
            settings.tags = changed(settings.tags)?;
            http.replace_stage(&api, &stage, settings).await?;
        }
        Tagged::ApiKey(key) => {
            let mut settings = ApiKeySettings::of(&plans(call).api_key(key).await?.value);
            settings.tags = changed(settings.tags)?;
            plans(call).replace_api_key(key, settings).await?;
        }
        Tagged::UsagePlan(plan) => {
            let mut settings = UsagePlanSettings::of(&plans(call).usage_plan(plan).await?.value);
            settings.tags = changed(settings.tags)?;
            plans(call).replace_usage_plan(plan, settings).await?;
        }
        Tagged::ClientCertificate(id) => {
            let kept = apis.client_certificate(id).await?;
            let mut settings = ClientCertificateSettings::of(&kept.value);
            settings.tags = changed(settings.tags)?;
            apis.replace_client_certificate(id, settings).await?;
        }
        Tagged::Domain(name) => {
            let mut settings = DomainNameSettings::of(&domains(call).domain_name(name).await?.value);
            settings.tags = changed(settings.tags)?;
            // Its truststore stays as it was read.
            let read = TruststoreRead::IfMoved;
            domains(call).replace_domain_name(name, settings, read).await?;
        }
        Tagged::VpcLink(link) => match apis.vpc_link(link).await {
            Ok(kept) => {
                let mut settings = VpcLinkSettings::of(&kept.value);
                settings.tags = changed(settings.tags)?;
                apis.replace_vpc_link(link, settings).await?;
            }
            Err(_) => {
                let mut kept = http.vpc_link(link).await?;
                kept.value.tags = changed(kept.value.tags)?;
                let expect = Expect::Version(kept.version);
                apis.put(kinds::HTTP_VPC_LINK, link, &kept.value, expect).await?;
            }
        },
    }
    Ok(())
}

/// Rejects more tags than a resource may have, and those that are none.
fn check(tags: &Tags) -> Result<(), AwsError> {
    if tags.len() > TAGS_MAX {
        return Err(bad_request(format!(
            "A resource may have at most {TAGS_MAX} tags"
        )));
    }
    let fits = |(name, value): &(&String, &String)| {
        (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count())
            && value.chars().count() <= VALUE_CHARACTERS_MAX
            && !name.starts_with("aws:")
    };
    match tags.iter().find(|tag| !fits(tag)) {
        Some((name, _)) => Err(bad_request(format!("Invalid tag: {name}"))),
        None => Ok(()),
    }
}

/// Checks that the caller may change tags with these names on the resource `arn`.
async fn authorize_names(
    call: &Call<'_>,
    arn: &str,
    names: impl IntoIterator<Item = &String>,
) -> Result<(), AwsError> {
    let is_own = |name: &String| {
        let head = name.get(..OWN.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(OWN))
    };
    if names.into_iter().any(is_own) {
        let subject = Subject {
            arn: arn.to_owned(),
            context: Vec::new(),
        };
        admission::authorize_on(&SERVICE, call, "apigateway:PATCH", &subject).await?;
    }
    Ok(())
}
