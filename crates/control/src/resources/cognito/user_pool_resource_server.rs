//! `AWS::Cognito::UserPoolResourceServer`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cognito-userpoolresourceserver.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_identity::directory::ResourceServerInput;
use portcullis_model::resources::{cloudformation::StackResource, cognito::ResourceServerScope};

use super::{gone_is_fine, refused};
use crate::resources::{Made, Maker, Making, Properties, StackedResource};

/// A resource server: an audience with scopes.
pub struct UserPoolResourceServer;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Cognito::UserPoolResourceServer",
    properties: &[
        P::required(
            "Identifier",
            Shape::TextLength {
                minimum: 1,
                maximum: 256,
            },
        )
        .replaces(),
        P::required(
            "Name",
            Shape::TextLength {
                minimum: 1,
                maximum: 256,
            },
        ),
        P::optional(
            "Scopes",
            Shape::List(&Shape::Object(&[
                P::required(
                    "ScopeDescription",
                    Shape::TextLength {
                        minimum: 1,
                        maximum: 256,
                    },
                ),
                P::required(
                    "ScopeName",
                    Shape::TextLength {
                        minimum: 1,
                        maximum: 256,
                    },
                ),
            ])),
        ),
        P::required("UserPoolId", Shape::Text).replaces(),
    ],
    attributes: &[],
};

fn input(properties: Properties<'_>) -> ResourceServerInput {
    ResourceServerInput {
        user_pool_id: properties.text_or_empty("UserPoolId").to_owned(),
        identifier: properties.text_or_empty("Identifier").to_owned(),
        name: properties.text_or_empty("Name").to_owned(),
        scopes: properties
            .objects("Scopes")
            .map(|scope| ResourceServerScope {
                scope_name: scope.text_or_empty("ScopeName").to_owned(),
                scope_description: scope.text_or_empty("ScopeDescription").to_owned(),
            })
            .collect(),
    }
}

impl StackedResource for UserPoolResourceServer {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let made = maker
                .identity
                .create_resource_server(maker.scope, input(properties));
            Ok(Made::named(made.await.map_err(refused)?.identifier))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let changed = maker
                .identity
                .update_resource_server(maker.scope, input(properties));
            changed.await.map_err(refused)?;
            Ok(Made::named(before.reference.clone()))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let pool = Properties::of(&made.properties).text_or_empty("UserPoolId");
            let gone = maker
                .identity
                .delete_resource_server(maker.scope, pool, &made.reference);
            gone_is_fine(gone.await)
        })
    }
}
