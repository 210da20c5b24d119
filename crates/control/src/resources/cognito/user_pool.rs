//! `AWS::Cognito::UserPool`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cognito-userpool.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_identity::directory::{CreateUserPool, UpdateUserPool};
use portcullis_model::{arn::Arn, resources::cloudformation::StackResource};

use super::{
    gone_is_fine,
    pool_options::{options, schema},
    refused,
};
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
};

/// A user pool.
pub struct UserPool;

const ALIASES: Shape = Shape::List(&Shape::OneOf(&["email", "phone_number", "preferred_username"]));
const ADDRESSES: Shape = Shape::List(&Shape::OneOf(&["email", "phone_number"]));
const NO_SMS: &str = "nothing here sends text messages";
const NO_FACTORS: &str = "there are no second factors yet";

const POLICIES: Shape = Shape::Object(&[
    P::optional(
        "PasswordPolicy",
        Shape::Object(&[
            P::optional(
                "MinimumLength",
                Shape::Integer {
                    minimum: 6,
                    maximum: 99,
                },
            ),
            P::refused("PasswordHistorySize", "earlier passwords are not kept"),
            P::optional("RequireLowercase", Shape::Boolean),
            P::optional("RequireNumbers", Shape::Boolean),
            P::optional("RequireSymbols", Shape::Boolean),
            P::optional("RequireUppercase", Shape::Boolean),
            P::optional(
                "TemporaryPasswordValidityDays",
                Shape::Integer {
                    minimum: 0,
                    maximum: 365,
                },
            ),
        ]),
    ),
    P::refused("SignInPolicy", "passwords are the one first factor yet"),
]);

const ADMIN_CREATE_USER: Shape = Shape::Object(&[
    P::optional("AllowAdminCreateUserOnly", Shape::Boolean),
    P::optional(
        "InviteMessageTemplate",
        Shape::Object(&[
            P::optional("EmailMessage", Shape::Text),
            P::optional("EmailSubject", Shape::Text),
            P::optional("SMSMessage", Shape::Text).inert(NO_SMS),
        ]),
    ),
    P::optional(
        "UnusedAccountValidityDays",
        Shape::Integer {
            minimum: 0,
            maximum: 365,
        },
    )
    .inert("set `TemporaryPasswordValidityDays` of the password policy, as AWS recommends"),
]);

const ATTRIBUTE: Shape = Shape::Object(&[
    P::optional(
        "AttributeDataType",
        Shape::OneOf(&["String", "Number", "DateTime", "Boolean"]),
    ),
    P::optional("DeveloperOnlyAttribute", Shape::Boolean),
    P::optional("Mutable", Shape::Boolean),
    P::required(
        "Name",
        Shape::TextLength {
            minimum: 1,
            maximum: 20,
        },
    ),
    P::optional(
        "NumberAttributeConstraints",
        Shape::Object(&[
            P::optional("MaxValue", Shape::Text),
            P::optional("MinValue", Shape::Text),
        ]),
    ),
    P::optional("Required", Shape::Boolean),
    P::optional(
        "StringAttributeConstraints",
        Shape::Object(&[
            P::optional("MaxLength", Shape::Text),
            P::optional("MinLength", Shape::Text),
        ]),
    ),
]);

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Cognito::UserPool",
    properties: &[
        P::optional(
            "AccountRecoverySetting",
            Shape::Object(&[P::optional(
                "RecoveryMechanisms",
                Shape::List(&Shape::Object(&[
                    P::optional(
                        "Name",
                        Shape::OneOf(&["admin_only", "verified_email", "verified_phone_number"]),
                    ),
                    P::optional(
                        "Priority",
                        Shape::Integer {
                            minimum: 1,
                            maximum: 2,
                        },
                    ),
                ])),
            )]),
        ),
        P::optional("AdminCreateUserConfig", ADMIN_CREATE_USER),
        P::optional("AliasAttributes", ALIASES).replaces(),
        P::optional("AutoVerifiedAttributes", ADDRESSES),
        P::optional("DeletionProtection", Shape::OneOf(&["ACTIVE", "INACTIVE"])),
        P::refused("DeviceConfiguration", "devices are not remembered yet"),
        P::refused("EmailAuthenticationMessage", NO_FACTORS),
        P::refused("EmailAuthenticationSubject", NO_FACTORS),
        P::optional(
            "EmailConfiguration",
            Shape::Object(&[
                P::refused("ConfigurationSet", "mail leaves through the outbox only"),
                P::optional("EmailSendingAccount", Shape::OneOf(&["COGNITO_DEFAULT"])),
                P::refused("From", "mail leaves through the outbox only"),
                P::optional("ReplyToEmailAddress", Shape::Text).inert("mail leaves through the outbox only"),
                P::refused("SourceArn", "mail leaves through the outbox only"),
            ]),
        ),
        P::optional(
            "EmailVerificationMessage",
            Shape::TextLength {
                minimum: 6,
                maximum: 20_000,
            },
        ),
        P::optional(
            "EmailVerificationSubject",
            Shape::TextLength {
                minimum: 1,
                maximum: 140,
            },
        ),
        P::refused("EnabledMfas", NO_FACTORS),
        P::refused("LambdaConfig", "there are no Lambda triggers yet"),
        P::optional("MfaConfiguration", Shape::OneOf(&["OFF"])),
        P::optional("Policies", POLICIES),
        P::optional("Schema", Shape::List(&ATTRIBUTE)),
        P::optional("SmsAuthenticationMessage", Shape::Text).inert(NO_SMS),
        P::refused("SmsConfiguration", NO_SMS),
        P::optional("SmsVerificationMessage", Shape::Text).inert(NO_SMS),
        P::refused(
            "UserAttributeUpdateSettings",
            "changed addresses are not verified again yet",
        ),
        P::refused("UserPoolAddOns", "threat protection is not there yet"),
        P::optional(
            "UserPoolName",
            Shape::TextLength {
                minimum: 1,
                maximum: 128,
            },
        ),
        P::optional("UserPoolTags", Shape::MapOf(&Shape::Text)),
        P::optional("UserPoolTier", Shape::OneOf(&["LITE", "ESSENTIALS", "PLUS"])).inert("there is one tier"),
        P::optional("UsernameAttributes", ADDRESSES).replaces(),
        P::optional(
            "UsernameConfiguration",
            Shape::Object(&[P::optional("CaseSensitive", Shape::Boolean)]),
        )
        .replaces(),
        P::optional(
            "VerificationMessageTemplate",
            Shape::Object(&[
                P::optional(
                    "DefaultEmailOption",
                    Shape::OneOf(&["CONFIRM_WITH_CODE", "CONFIRM_WITH_LINK"]),
                ),
                P::optional("EmailMessage", Shape::Text),
                P::optional("EmailMessageByLink", Shape::Text),
                P::optional("EmailSubject", Shape::Text),
                P::optional("EmailSubjectByLink", Shape::Text),
                P::optional("SmsMessage", Shape::Text).inert(NO_SMS),
            ]),
        ),
        P::refused("WebAuthnRelyingPartyID", "passkeys are not there yet"),
        P::refused("WebAuthnUserVerification", "passkeys are not there yet"),
    ],
    attributes: &["Arn", "ProviderName", "ProviderURL", "UserPoolId"],
};

/// `ProviderURL` is AWS's spelling wherever the pool's own issuer is: templates join it to what is compared with it.
fn made(maker: &Maker<'_>, id: &str) -> Made {
    let (region, account) = (&maker.scope.region, &maker.scope.account);
    let provider = format!("cognito-idp.{region}.amazonaws.com/{id}");
    let arn = Arn::new(
        "cognito-idp",
        region.as_str(),
        account.as_str(),
        format!("userpool/{id}"),
    );
    Made::named(id)
        .with("Arn", arn.to_string())
        .with("ProviderURL", format!("https://{provider}"))
        .with("ProviderName", provider)
        .with("UserPoolId", id)
}

fn input(maker: &Maker<'_>, properties: Properties<'_>) -> Result<CreateUserPool, AwsError> {
    let case = properties.object("UsernameConfiguration");
    Ok(CreateUserPool {
        pool_name: properties
            .string("UserPoolName")
            .unwrap_or_else(|| maker.generated_name()),
        username_attributes: properties.texts("UsernameAttributes"),
        alias_attributes: properties.texts("AliasAttributes"),
        username_case_sensitive: case.and_then(|case| case.boolean("CaseSensitive")),
        schema: schema(properties)?,
        options: options(properties)?,
    })
}

impl StackedResource for UserPool {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let input = input(maker, properties)?;
            let pool = maker
                .identity
                .create_user_pool(maker.scope, input)
                .await
                .map_err(refused)?;
            Ok(made(maker, pool.id.as_str()))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let (identity, id) = (maker.identity, before.reference.as_str());
            let old = Properties::of(&before.properties);
            let added = added_attributes(old, properties)?;
            let input = UpdateUserPool {
                pool_name: properties.string("UserPoolName"),
                options: options(properties)?,
            };
            identity
                .update_user_pool(maker.scope, id, input)
                .await
                .map_err(refused)?;
            if !added.is_empty() {
                let added = identity.add_custom_attributes(maker.scope, id, added);
                added.await.map_err(refused)?;
            }
            Ok(made(maker, id))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let gone = maker.identity.delete_user_pool(maker.scope, &made.reference);
            gone_is_fine(gone.await)
        })
    }
}

/// Returns the attributes that the new properties have more. As on AWS, none can be changed or taken away.
fn added_attributes(
    old: Properties<'_>,
    new: Properties<'_>,
) -> Result<Vec<portcullis_model::resources::cognito::SchemaAttribute>, AwsError> {
    let (before, mut after) = (schema(old)?, schema(new)?);
    if let Some(changed) = before.iter().find(|attribute| !after.contains(attribute)) {
        return Err(AwsError::new(
            "InvalidParameterException",
            400,
            format!(
                "Existing schema attributes cannot be modified or deleted: `{}`",
                changed.name
            ),
        ));
    }
    after.retain(|attribute| !before.contains(attribute));
    Ok(after)
}
