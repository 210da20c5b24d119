//! A user pool on the wire: the settings that callers choose, and the description that they get back.

use portcullis_identity::directory::PoolOptions;
use portcullis_model::resources::cognito::{PasswordPolicy, SchemaAttribute, UserPool};
use serde_json::{Map, Value, json};

use super::rules;
use crate::{
    input::{Input, Text},
    operation::Call,
};

/// Settings that are kept and returned as given.
const SETTINGS: [&str; 10] = [
    "AccountRecoverySetting",
    "AdminCreateUserConfig",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "SmsAuthenticationMessage",
    "SmsVerificationMessage",
    "UserAttributeUpdateSettings",
    "UserPoolTier",
    "VerificationMessageTemplate",
];

/// Reads the settings that can be changed later.
pub(crate) fn read_options(input: &mut Input<'_>) -> PoolOptions {
    let default_email_option = input
        .structure("VerificationMessageTemplate", TEMPLATE, |template| {
            template.one_of("DefaultEmailOption", &["CONFIRM_WITH_LINK", "CONFIRM_WITH_CODE"])
        })
        .flatten()
        .map(str::to_owned);
    let allow_admin_create_user_only = input
        .structure("AdminCreateUserConfig", ADMIN_CREATE_USER, |configuration| {
            configuration.integer("UnusedAccountValidityDays", 0, 365);
            configuration.boolean("AllowAdminCreateUserOnly")
        })
        .flatten()
        .unwrap_or_default();
    PoolOptions {
        password_policy: read_password_policy(input),
        auto_verified_attributes: input
            .texts("AutoVerifiedAttributes", rules::WORD)
            .unwrap_or_default(),
        allow_admin_create_user_only,
        default_email_option,
        mfa_configuration: input
            .one_of("MfaConfiguration", &["OFF", "ON", "OPTIONAL"])
            .map(str::to_owned),
        deletion_protection: input
            .one_of("DeletionProtection", &["ACTIVE", "INACTIVE"])
            .map(str::to_owned),
        tags: input.text_map("UserPoolTags").map(|tags| {
            tags.into_iter()
                .map(|(key, value)| (key.to_owned(), value.to_owned()))
                .collect()
        }),
        settings: read_settings(input),
    }
}

const TEMPLATE: &[&str] = &[
    "SmsMessage",
    "EmailMessage",
    "EmailSubject",
    "EmailMessageByLink",
    "EmailSubjectByLink",
    "DefaultEmailOption",
];
const ADMIN_CREATE_USER: &[&str] = &[
    "AllowAdminCreateUserOnly",
    "UnusedAccountValidityDays",
    "InviteMessageTemplate",
];
const PASSWORD_POLICY: &[&str] = &[
    "MinimumLength",
    "RequireUppercase",
    "RequireLowercase",
    "RequireNumbers",
    "RequireSymbols",
    "TemporaryPasswordValidityDays",
];

fn read_password_policy(input: &mut Input<'_>) -> Option<PasswordPolicy> {
    input
        .structure("Policies", &["PasswordPolicy"], |policies| {
            policies.structure("PasswordPolicy", PASSWORD_POLICY, |policy| PasswordPolicy {
                minimum_length: policy
                    .integer("MinimumLength", 6, 99)
                    .and_then(|length| u32::try_from(length).ok())
                    .unwrap_or(8),
                require_uppercase: policy.boolean("RequireUppercase").unwrap_or_default(),
                require_lowercase: policy.boolean("RequireLowercase").unwrap_or_default(),
                require_numbers: policy.boolean("RequireNumbers").unwrap_or_default(),
                require_symbols: policy.boolean("RequireSymbols").unwrap_or_default(),
                temporary_password_validity_days: policy
                    .unsigned("TemporaryPasswordValidityDays", 365)
                    .unwrap_or(7),
            })
        })
        .flatten()
}

fn read_settings(input: &mut Input<'_>) -> Map<String, Value> {
    SETTINGS
        .iter()
        .filter_map(|name| Some(((*name).to_owned(), input.value(name)?.clone())))
        .collect()
}

/// Reads attributes of a schema.
pub(crate) fn read_schema(input: &mut Input<'_>, member: &str) -> Vec<SchemaAttribute> {
    const MEMBERS: &[&str] = &[
        "Name",
        "AttributeDataType",
        "DeveloperOnlyAttribute",
        "Mutable",
        "Required",
        "StringAttributeConstraints",
        "NumberAttributeConstraints",
    ];
    let read = |attribute: &mut Input<'_>| SchemaAttribute {
        name: attribute
            .text("Name", Text::up_to(20))
            .unwrap_or_default()
            .to_owned(),
        attribute_data_type: attribute
            .one_of("AttributeDataType", &["String", "Number", "DateTime", "Boolean"])
            .unwrap_or_default()
            .to_owned(),
        developer_only_attribute: attribute.boolean("DeveloperOnlyAttribute").unwrap_or_default(),
        mutable: attribute.boolean("Mutable").unwrap_or(true),
        required: attribute.boolean("Required").unwrap_or_default(),
        string_attribute_constraints: read_limits(
            attribute,
            "StringAttributeConstraints",
            &["MinLength", "MaxLength"],
        ),
        number_attribute_constraints: read_limits(
            attribute,
            "NumberAttributeConstraints",
            &["MinValue", "MaxValue"],
        ),
    };
    input.structures(member, MEMBERS, read).unwrap_or_default()
}

fn read_limits(
    attribute: &mut Input<'_>,
    member: &str,
    names: &[&str],
) -> Option<std::collections::BTreeMap<String, String>> {
    attribute.structure(member, names, |limits| {
        names
            .iter()
            .filter_map(|name| Some(((*name).to_owned(), limits.text(name, rules::WORD)?.to_owned())))
            .collect()
    })
}

/// Returns a pool as `DescribeUserPool` shows it.
pub(crate) fn describe(call: &Call<'_>, pool: &UserPool) -> Value {
    let mut shown = pool.settings.clone();
    let mut set = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    set("Id", json!(pool.id));
    set("Name", json!(pool.name));
    set(
        "Arn",
        call.arn("cognito-idp", &format!("userpool/{}", pool.id)).into(),
    );
    set("CreationDate", json!(pool.creation_date.seconds_fractional()));
    set(
        "LastModifiedDate",
        json!(pool.last_modified_date.seconds_fractional()),
    );
    set("Policies", json!({ "PasswordPolicy": pool.password_policy }));
    set("DeletionProtection", json!(pool.deletion_protection));
    set("LambdaConfig", json!({}));
    set(
        "SchemaAttributes",
        pool.schema_attributes.iter().map(describe_attribute).collect(),
    );
    set("MfaConfiguration", json!(pool.mfa_configuration));
    set("UserPoolTags", json!(pool.tags));
    // No `EstimatedNumberOfUsers`: nobody counts them, and a made-up number would be worse than none.
    set(
        "UsernameConfiguration",
        json!({ "CaseSensitive": pool.username_case_sensitive }),
    );
    for (name, attributes) in [
        ("AutoVerifiedAttributes", &pool.auto_verified_attributes),
        ("UsernameAttributes", &pool.username_attributes),
        ("AliasAttributes", &pool.alias_attributes),
    ] {
        if !attributes.is_empty() {
            set(name, json!(attributes));
        }
    }
    if let Some(domain) = &pool.domain {
        set("Domain", json!(domain));
    }
    complete(&mut shown, pool);
    Value::Object(shown)
}

/// Adds the parts of settings that AWS shows even where nobody gave them.
fn complete(shown: &mut Map<String, Value>, pool: &UserPool) {
    let mut inside = |name: &str, member: &str, value: Value| {
        let settings = shown.entry(name).or_insert_with(|| json!({}));
        if let Some(settings) = settings.as_object_mut() {
            settings.entry(member).or_insert(value);
        }
    };
    let only = json!(pool.allow_admin_create_user_only);
    inside("AdminCreateUserConfig", "AllowAdminCreateUserOnly", only);
    let days = pool.password_policy.temporary_password_validity_days;
    inside("AdminCreateUserConfig", "UnusedAccountValidityDays", json!(days));
    let option = json!(pool.default_email_option);
    inside("VerificationMessageTemplate", "DefaultEmailOption", option);
    inside(
        "EmailConfiguration",
        "EmailSendingAccount",
        json!("COGNITO_DEFAULT"),
    );
}

fn describe_attribute(attribute: &SchemaAttribute) -> Value {
    // `Required` and the like are always shown; the record leaves out only the limits that are not set.
    serde_json::to_value(attribute).unwrap_or_default()
}

/// Returns a pool as `ListUserPools` shows it.
pub(super) fn describe_briefly(pool: &UserPool) -> Value {
    json!({
        "Id": pool.id,
        "Name": pool.name,
        "LambdaConfig": {},
        "LastModifiedDate": pool.last_modified_date.seconds_fractional(),
        "CreationDate": pool.creation_date.seconds_fractional(),
    })
}
