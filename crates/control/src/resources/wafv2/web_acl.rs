//! `AWS::WAFv2::WebACL`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-wafv2-webacl.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::{cloudformation::StackResource, wafv2};
use serde_json::{Map, Value};

use super::{find, find_if_there, name, replace_tags, scope, statements};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::wafv2::{invalid, label_namespace, records::web_acl::WebAclSettings},
};

/// A web ACL.
pub struct WebAcl;

static VISIBILITY: &[P] = &[
    P::required("CloudWatchMetricsEnabled", Shape::Boolean),
    P::required(
        "MetricName",
        Shape::TextLength {
            minimum: 1,
            maximum: 255,
        },
    ),
    P::required("SampledRequestsEnabled", Shape::Boolean),
];

static BODY: &[P] = &[
    P::required("Content", Shape::Text),
    P::required(
        "ContentType",
        Shape::OneOf(&["TEXT_PLAIN", "TEXT_HTML", "APPLICATION_JSON"]),
    ),
];

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::WAFv2::WebACL",
    properties: &[
        P::refused("ApplicationConfig", "Bot Control and its kin are not built in"),
        P::optional("AssociationConfig", Shape::Json),
        P::refused("CaptchaConfig", "captchas are not served"),
        P::refused("ChallengeConfig", "challenges are not served"),
        P::optional("CustomResponseBodies", Shape::MapOf(&Shape::Object(BODY))),
        P::refused(
            "DataProtectionConfig",
            "samples leave credentials out by themselves",
        ),
        P::required("DefaultAction", Shape::Json),
        super::DESCRIPTION,
        P::optional("Name", super::NAME).replaces(),
        P::refused("OnSourceDDoSProtectionConfig", "load balancers are not served"),
        P::optional("Rules", Shape::List(&Shape::Json)),
        P::required("Scope", super::SCOPE).replaces(),
        P::optional("Tags", Shape::Tags),
        P::refused("TokenDomains", "captchas and challenges are not served"),
        P::required("VisibilityConfig", Shape::Object(VISIBILITY)),
    ],
    attributes: &["Arn", "Capacity", "Id", "LabelNamespace"],
};

fn settings(properties: Properties<'_>) -> Result<WebAclSettings, AwsError> {
    let mut members = Map::new();
    for name in [
        "AssociationConfig",
        "CustomResponseBodies",
        "DefaultAction",
        "Description",
        "VisibilityConfig",
    ] {
        if let Some(value) = properties.value(name) {
            members.insert(name.to_owned(), value.clone());
        }
    }
    let rules = properties.value("Rules").map(statements::translated);
    members.insert(
        "Rules".into(),
        rules.transpose()?.unwrap_or_else(|| Value::Array(Vec::new())),
    );
    serde_json::from_value(members.into()).map_err(|cause| invalid("WEB_ACL", cause.to_string()))
}

fn made(acl: &wafv2::WebAcl) -> Made {
    super::made(acl)
        .with("Capacity", acl.capacity)
        .with("LabelNamespace", label_namespace(acl))
}

impl StackedResource for WebAcl {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let (scope, name) = (scope(properties), name(maker, properties));
            let tags = properties.tags("Tags");
            let settings = settings(properties)?;
            let acl = maker.waf().create_web_acl(scope, &name, settings, tags).await?;
            Ok(made(&acl))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let kept = find(&maker.waf(), &before.reference).await?;
            let settings = settings(properties)?;
            let acl = maker.waf().update_web_acl(kept, None, settings).await?;
            replace_tags::<wafv2::WebAcl>(&maker.waf(), &before.reference, properties).await?;
            Ok(made(&acl))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            match find_if_there(&maker.waf(), &made.reference).await? {
                Some(kept) => maker.waf().delete_web_acl(&kept, None).await,
                None => Ok(()),
            }
        })
    }
}
