//! `AWS::Cognito::UserPoolDomain`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cognito-userpooldomain.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::cloudformation::StackResource;

use super::{gone_is_fine, refused};
use crate::resources::{Made, Maker, Making, Properties, StackedResource};

/// A user pool's domain.
pub struct UserPoolDomain;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Cognito::UserPoolDomain",
    properties: &[
        P::refused("CustomDomainConfig", "custom domains are not there yet"),
        P::required(
            "Domain",
            Shape::TextLength {
                minimum: 1,
                maximum: 63,
            },
        )
        .replaces(),
        P::optional(
            "ManagedLoginVersion",
            Shape::Integer {
                minimum: 1,
                maximum: 2,
            },
        )
        .inert("there is one set of pages, whatever the version"),
        P::required("UserPoolId", Shape::Text).replaces(),
    ],
    attributes: &["Id"],
};

fn made(domain: &str) -> Made {
    Made::named(domain).with("Id", domain)
}

impl StackedResource for UserPoolDomain {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let (pool, domain) = (
                properties.text_or_empty("UserPoolId"),
                properties.text_or_empty("Domain"),
            );
            let identity = maker.identity;
            identity
                .create_user_pool_domain(maker.scope, pool, domain)
                .await
                .map_err(refused)?;
            Ok(made(domain))
        })
    }

    fn update<'a>(
        &'a self,
        _maker: &'a Maker<'a>,
        before: &'a StackResource,
        _properties: Properties<'a>,
    ) -> Making<'a, Made> {
        // Only what has no effect changes in place.
        Box::pin(async move { Ok(made(&before.reference)) })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let pool = Properties::of(&made.properties).text_or_empty("UserPoolId");
            let gone = maker
                .identity
                .delete_user_pool_domain(maker.scope, pool, &made.reference);
            gone_is_fine(gone.await)
        })
    }
}
