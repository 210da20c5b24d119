//! From a pool's properties to what identity takes.

use portcullis_identity::directory::PoolOptions;
use portcullis_model::resources::cognito::{PasswordPolicy, SchemaAttribute};
use serde_json::{Map, Value};

use crate::{operation::AwsError, resources::Properties};

/// Properties that identity keeps as given, some of them with effect on mails.
const SETTINGS: [&str; 9] = [
    "AccountRecoverySetting",
    "AdminCreateUserConfig",
    "EmailConfiguration",
    "EmailVerificationMessage",
    "EmailVerificationSubject",
    "SmsAuthenticationMessage",
    "SmsVerificationMessage",
    "UserPoolTier",
    "VerificationMessageTemplate",
];

/// Reads what can be set at creation and changed later.
pub fn options(properties: Properties<'_>) -> Result<PoolOptions, AwsError> {
    let mut settings = Map::new();
    for name in SETTINGS {
        if let Some(value) = properties.value(name) {
            settings.insert(name.to_owned(), value.clone());
        }
    }
    let password_policy = properties
        .object("Policies")
        .and_then(|policies| policies.object("PasswordPolicy"))
        .map(password_policy);
    let template = properties.object("VerificationMessageTemplate");
    Ok(PoolOptions {
        password_policy,
        auto_verified_attributes: properties.texts("AutoVerifiedAttributes"),
        allow_admin_create_user_only: properties
            .object("AdminCreateUserConfig")
            .and_then(|config| config.boolean("AllowAdminCreateUserOnly"))
            .unwrap_or(false),
        default_email_option: template.and_then(|template| template.string("DefaultEmailOption")),
        mfa_configuration: properties.string("MfaConfiguration"),
        deletion_protection: properties.string("DeletionProtection"),
        tags: Some(tags(properties)),
        settings,
    })
}

/// Requirements that a policy does not name are off, as on AWS; without a policy all are on.
fn password_policy(policy: Properties<'_>) -> PasswordPolicy {
    let on = |name| policy.boolean(name).unwrap_or(false);
    PasswordPolicy {
        minimum_length: policy.number("MinimumLength").unwrap_or(8),
        require_uppercase: on("RequireUppercase"),
        require_lowercase: on("RequireLowercase"),
        require_numbers: on("RequireNumbers"),
        require_symbols: on("RequireSymbols"),
        temporary_password_validity_days: policy.number("TemporaryPasswordValidityDays").unwrap_or(7),
    }
}

/// A pool's tags are an object from key to value, unlike elsewhere.
fn tags(properties: Properties<'_>) -> std::collections::BTreeMap<String, String> {
    let entries = properties
        .value("UserPoolTags")
        .and_then(Value::as_object)
        .into_iter()
        .flatten();
    entries
        .filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
        .collect()
}

/// Reads the attributes that users of the pool have.
pub fn schema(properties: Properties<'_>) -> Result<Vec<SchemaAttribute>, AwsError> {
    properties
        .objects("Schema")
        .map(|attribute| {
            Ok(SchemaAttribute {
                name: attribute.text_or_empty("Name").to_owned(),
                attribute_data_type: attribute.text("AttributeDataType").unwrap_or("String").to_owned(),
                developer_only_attribute: attribute.boolean("DeveloperOnlyAttribute").unwrap_or(false),
                mutable: attribute.boolean("Mutable").unwrap_or(true),
                required: attribute.boolean("Required").unwrap_or(false),
                string_attribute_constraints: constraints(attribute, "StringAttributeConstraints")?,
                number_attribute_constraints: constraints(attribute, "NumberAttributeConstraints")?,
            })
        })
        .collect()
}

type Constraints = Option<std::collections::BTreeMap<String, String>>;

fn constraints(attribute: Properties<'_>, name: &str) -> Result<Constraints, AwsError> {
    let given = attribute
        .value(name)
        .map(|value| serde_json::from_value(value.clone()))
        .transpose();
    given.map_err(|cause| AwsError::validation(format!("`{name}` does not fit: {cause}")))
}
