//! `AWS::Cognito::UserPoolUser`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cognito-userpooluser.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_identity::flows::{AdminCreateUser, MessageAction};
use portcullis_model::resources::cloudformation::StackResource;

use super::{gone_is_fine, refused};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
};

/// A user, made by an administrator.
pub struct UserPoolUser;

const ATTRIBUTES: Shape = Shape::List(&Shape::Object(&[
    P::optional("Name", Shape::Text).replaces(),
    P::optional("Value", Shape::Text).replaces(),
]));

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Cognito::UserPoolUser",
    properties: &[
        P::refused("ClientMetadata", "there are no Lambda triggers yet"),
        P::optional(
            "DesiredDeliveryMediums",
            Shape::List(&Shape::OneOf(&["EMAIL", "SMS"])),
        )
        .replaces(),
        P::optional("ForceAliasCreation", Shape::Boolean).replaces(),
        P::optional("MessageAction", Shape::OneOf(&["SUPPRESS", "RESEND"])).replaces(),
        P::optional("UserAttributes", ATTRIBUTES).replaces(),
        P::required("UserPoolId", Shape::Text).replaces(),
        P::optional(
            "Username",
            Shape::TextLength {
                minimum: 1,
                maximum: 128,
            },
        )
        .replaces(),
        P::refused("ValidationData", "there are no Lambda triggers yet"),
    ],
    attributes: &[],
};

fn input(maker: &Maker<'_>, properties: Properties<'_>) -> Result<AdminCreateUser, AwsError> {
    let message_action = match properties.text("MessageAction") {
        None => None,
        Some("SUPPRESS") => Some(MessageAction::Suppress),
        Some(_) => Some(MessageAction::Resend),
    };
    Ok(AdminCreateUser {
        user_pool_id: properties.text_or_empty("UserPoolId").to_owned(),
        username: properties
            .string("Username")
            .unwrap_or_else(|| maker.generated_name()),
        user_attributes: properties
            .objects("UserAttributes")
            .map(|attribute| {
                let (name, value) = (attribute.text_or_empty("Name"), attribute.text_or_empty("Value"));
                (name.to_owned(), value.to_owned())
            })
            .collect(),
        force_alias_creation: properties.boolean("ForceAliasCreation").unwrap_or(false),
        message_action,
        desired_delivery_mediums: properties.texts("DesiredDeliveryMediums"),
        ..AdminCreateUser::default()
    })
}

impl StackedResource for UserPoolUser {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let input = input(maker, properties)?;
            let user = maker
                .identity
                .admin_create_user(maker.scope, input)
                .await
                .map_err(refused)?;
            Ok(Made::named(user.username))
        })
    }

    fn update<'a>(
        &'a self,
        _maker: &'a Maker<'a>,
        before: &'a StackResource,
        _properties: Properties<'a>,
    ) -> Making<'a, Made> {
        // Every property replaces: there is nothing to change in place.
        Box::pin(async move { Ok(Made::named(before.reference.clone())) })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let pool = Properties::of(&made.properties).text_or_empty("UserPoolId");
            gone_is_fine(
                maker
                    .identity
                    .admin_delete_user(maker.scope, pool, &made.reference)
                    .await,
            )
        })
    }
}
