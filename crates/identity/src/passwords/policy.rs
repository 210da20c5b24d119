//! Does a password meet the pool's policy? In AWS's words, the first thing that is missing.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html>

use portcullis_model::{SecretText, resources::cognito::PasswordPolicy};

use crate::IdentityError;

/// Longest password that is looked at, AWS's own limit.
pub(crate) const PASSWORD_CHARACTERS_MAX: usize = 256;

/// What AWS counts as a symbol. A space inside counts too.
pub(crate) const SYMBOLS: &str = "^$*.[]{}()?\"!@#%&/\\,><':;|_~`=+- ";

/// Refuses a password that does not meet `policy`.
pub(crate) fn check(policy: &PasswordPolicy, password: &SecretText) -> Result<(), IdentityError> {
    let password = password.expose();
    check_length(password)?;
    if password.starts_with(char::is_whitespace) || password.ends_with(char::is_whitespace) {
        return Err(IdentityError::invalid_parameter(
            "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must satisfy \
             regular expression pattern: ^[\\S]+.*[\\S]+$",
        ));
    }
    let has = |is: fn(char) -> bool| password.chars().any(is);
    let missing = if password.chars().count() < policy.minimum_length as usize {
        "Password not long enough"
    } else if policy.require_lowercase && !has(|c| c.is_ascii_lowercase()) {
        "Password must have lowercase characters"
    } else if policy.require_uppercase && !has(|c| c.is_ascii_uppercase()) {
        "Password must have uppercase characters"
    } else if policy.require_numbers && !has(|c| c.is_ascii_digit()) {
        "Password must have numeric characters"
    } else if policy.require_symbols && !has(|c| SYMBOLS.contains(c)) {
        "Password must have symbol characters"
    } else {
        return Ok(());
    };
    Err(IdentityError::invalid_password(format!(
        "Password did not conform with policy: {missing}"
    )))
}

/// Refuses what is too long to be any password, before anything is computed from it.
pub(crate) fn check_length(password: &str) -> Result<(), IdentityError> {
    if password.chars().count() <= PASSWORD_CHARACTERS_MAX {
        return Ok(());
    }
    Err(IdentityError::invalid_parameter(format!(
        "1 validation error detected: Value at 'password' failed to satisfy constraint: Member must have length less \
         than or equal to {PASSWORD_CHARACTERS_MAX}"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(password: &str) -> String {
        match check(&PasswordPolicy::default(), &SecretText::new(password.into())) {
            Ok(()) => "fine".into(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn each_missing_class_is_named_in_awss_words() {
        let refused = "InvalidPasswordException: Password did not conform with policy: Password";
        assert_eq!(said("Aa1!"), format!("{refused} not long enough"));
        assert_eq!(
            said("AAAAAA1!"),
            format!("{refused} must have lowercase characters")
        );
        assert_eq!(
            said("aaaaaa1!"),
            format!("{refused} must have uppercase characters")
        );
        assert_eq!(
            said("aaaaaaA!"),
            format!("{refused} must have numeric characters")
        );
        assert_eq!(said("aaaaaaA1"), format!("{refused} must have symbol characters"));
        assert_eq!(said("aaaaaA1!"), "fine");
        assert_eq!(said("aaa aaA1"), "fine");
    }

    #[test]
    fn overlong_and_padded_passwords_are_refused() {
        assert!(said(&"a".repeat(257)).starts_with("InvalidParameterException"));
        assert!(said(" aaaaaA1!").starts_with("InvalidParameterException"));
    }
}
