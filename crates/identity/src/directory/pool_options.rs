//! What of a pool can be changed later: checked, with defaults filled in. What we cannot do is refused by name.

use portcullis_model::resources::cognito::{PasswordPolicy, UserPool};
use serde_json::Value;

use super::PoolOptions;
use crate::IdentityError;

/// Settings that are kept as given. Mail texts among them are used; the others change nothing yet, because what they
/// steer (recovery, branding, tiers) does not exist yet or exists in one form only.
pub const SETTINGS: &[&str] = &[
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

/// Settings in JSON, all together.
const SETTINGS_BYTES_MAX: usize = 128 * 1024;
/// The pool itself, as an identity provider of its clients.
pub(crate) const COGNITO: &str = "COGNITO";
const NAME_CHARACTERS_MAX: usize = 128;
const TAGS_MAX: usize = 50;

/// Refuses options that AWS refuses, and those that we cannot honour.
pub(crate) fn check(options: &PoolOptions) -> Result<(), IdentityError> {
    if let Some(policy) = &options.password_policy {
        check_policy(policy)?;
    }
    check_one_of(
        "autoVerifiedAttributes",
        &options.auto_verified_attributes,
        &["phone_number", "email"],
    )?;
    if options
        .auto_verified_attributes
        .iter()
        .any(|name| name == "phone_number")
    {
        return Err(not_yet(
            "AutoVerifiedAttributes `phone_number`",
            "nothing here sends text messages",
        ));
    }
    check_value(
        "defaultEmailOption",
        &options.default_email_option,
        &["CONFIRM_WITH_LINK", "CONFIRM_WITH_CODE"],
    )?;
    check_value(
        "mfaConfiguration",
        &options.mfa_configuration,
        &["OFF", "ON", "OPTIONAL"],
    )?;
    if options
        .mfa_configuration
        .as_deref()
        .is_some_and(|mfa| mfa != "OFF")
    {
        return Err(not_yet(
            "MfaConfiguration other than `OFF`",
            "there are no second factors yet",
        ));
    }
    check_value(
        "deletionProtection",
        &options.deletion_protection,
        &["ACTIVE", "INACTIVE"],
    )?;
    if options.tags.as_ref().is_some_and(|tags| tags.len() > TAGS_MAX) {
        return Err(IdentityError::invalid_parameter(format!(
            "a user pool has at most {TAGS_MAX} tags"
        )));
    }
    check_settings(options)
}

fn check_settings(options: &PoolOptions) -> Result<(), IdentityError> {
    if let Some((name, _)) = options
        .settings
        .iter()
        .find(|(name, _)| !SETTINGS.contains(&name.as_str()))
    {
        return Err(not_yet(&format!("`{name}`"), "leave it out"));
    }
    let bytes = serde_json::to_vec(&options.settings)
        .map_err(IdentityError::broken)?
        .len();
    if bytes > SETTINGS_BYTES_MAX {
        return Err(IdentityError::invalid_parameter(format!(
            "the settings of a user pool take at most {SETTINGS_BYTES_MAX} bytes of JSON, these take {bytes}"
        )));
    }
    let sending = options
        .settings
        .get("EmailConfiguration")
        .and_then(|email| email.get("EmailSendingAccount"));
    if sending.is_some_and(|account| account != &Value::from("COGNITO_DEFAULT")) {
        return Err(not_yet(
            "EmailSendingAccount other than `COGNITO_DEFAULT`",
            "mail leaves through the outbox only",
        ));
    }
    Ok(())
}

fn check_policy(policy: &PasswordPolicy) -> Result<(), IdentityError> {
    if !(6..=99).contains(&policy.minimum_length) {
        return Err(IdentityError::invalid_parameter(format!(
            "1 validation error detected: Value '{}' at 'policies.passwordPolicy.minimumLength' failed to satisfy \
             constraint: Member must have value between 6 and 99",
            policy.minimum_length
        )));
    }
    if policy.temporary_password_validity_days > 365 {
        return Err(IdentityError::invalid_parameter(format!(
            "1 validation error detected: Value '{}' at 'policies.passwordPolicy.temporaryPasswordValidityDays' failed \
             to satisfy constraint: Member must have value less than or equal to 365",
            policy.temporary_password_validity_days
        )));
    }
    Ok(())
}

/// Sets `options` on `pool`, with AWS's defaults for what is not given.
pub(crate) fn apply(pool: &mut UserPool, options: PoolOptions) {
    pool.password_policy = options.password_policy.unwrap_or_default();
    if pool.password_policy.temporary_password_validity_days == 0 {
        pool.password_policy.temporary_password_validity_days = 7;
    }
    pool.auto_verified_attributes = options.auto_verified_attributes;
    pool.allow_admin_create_user_only = options.allow_admin_create_user_only;
    pool.default_email_option = options
        .default_email_option
        .unwrap_or_else(|| "CONFIRM_WITH_CODE".into());
    pool.mfa_configuration = options.mfa_configuration.unwrap_or_else(|| "OFF".into());
    pool.deletion_protection = options.deletion_protection.unwrap_or_else(|| "INACTIVE".into());
    if let Some(tags) = options.tags {
        pool.tags = tags;
    }
    pool.settings = options.settings;
}

/// Refuses a pool name that AWS refuses: `[\w\s+=,.@-]{1,128}`.
pub(crate) fn check_name(name: &str) -> Result<(), IdentityError> {
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "_+=,.@-".contains(c);
    if (1..=NAME_CHARACTERS_MAX).contains(&name.chars().count()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(IdentityError::invalid_parameter(format!(
        "1 validation error detected: Value '{name}' at 'name' failed to satisfy constraint: Member must satisfy regular \
         expression pattern: [\\w\\s+=,.@-]+"
    )))
}

/// Refuses values that are not in `allowed`, in AWS's words.
pub(crate) fn check_one_of(field: &str, values: &[String], allowed: &[&str]) -> Result<(), IdentityError> {
    for value in values {
        check_value(field, &Some(value.clone()), allowed)?;
    }
    Ok(())
}

/// Refuses a value that is not in `allowed`, in AWS's words.
pub(crate) fn check_value(
    field: &str,
    value: &Option<String>,
    allowed: &[&str],
) -> Result<(), IdentityError> {
    match value {
        Some(value) if !allowed.contains(&value.as_str()) => Err(IdentityError::invalid_parameter(format!(
            "1 validation error detected: Value '{value}' at '{field}' failed to satisfy constraint: Member must satisfy \
             enum value set: [{}]",
            allowed.join(", ")
        ))),
        _ => Ok(()),
    }
}

fn not_yet(what: &str, why: &str) -> IdentityError {
    IdentityError::invalid_parameter(format!("{what} is not supported yet: {why}"))
}
