//! Random passwords: every password that the rules admit is equally likely.
//!
//! <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_GetRandomPassword.html>

use portcullis_model::{Entropy, SecretText};

use super::SecretsError;

/// Characters where no length is said.
pub const PASSWORD_LENGTH_DEFAULT: usize = 32;
/// Characters at most.
pub const PASSWORD_LENGTH_MAX: usize = 4096;
/// Draws until one holds every required kind. The rarest case, four characters of which three kinds have one
/// member, needs about 2000; so many more say that the randomness is broken.
const DRAWS_MAX: usize = 200_000;

const LOWERCASE: &[u8] = b"abcdefghijklmnopqrstuvwxyz";
const UPPERCASE: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const NUMBERS: &[u8] = b"0123456789";
const PUNCTUATION: &[u8] = b"!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

/// What a password shall be made of.
#[derive(Clone, Debug)]
pub struct PasswordRules {
    pub length: usize,
    pub exclude_characters: String,
    pub exclude_lowercase: bool,
    pub exclude_uppercase: bool,
    pub exclude_numbers: bool,
    pub exclude_punctuation: bool,
    pub include_space: bool,
    /// At least one of each kind that is not excluded.
    pub require_each_included_type: bool,
}

impl Default for PasswordRules {
    fn default() -> Self {
        Self {
            length: PASSWORD_LENGTH_DEFAULT,
            exclude_characters: String::new(),
            exclude_lowercase: false,
            exclude_uppercase: false,
            exclude_numbers: false,
            exclude_punctuation: false,
            include_space: false,
            require_each_included_type: true,
        }
    }
}

/// Draws a password.
pub fn random_password(rules: &PasswordRules, entropy: &dyn Entropy) -> Result<SecretText, SecretsError> {
    if rules.length == 0 || rules.length > PASSWORD_LENGTH_MAX {
        return Err(SecretsError::invalid_parameter(format!(
            "The password length must be between 1 and {PASSWORD_LENGTH_MAX}."
        )));
    }
    let kinds = kinds(rules);
    let mut alphabet = kinds.concat();
    if rules.include_space && !rules.exclude_characters.contains(' ') {
        alphabet.push(b' ');
    }
    if alphabet.is_empty() {
        return Err(SecretsError::invalid_parameter(
            "The password can't be generated because every character is excluded.",
        ));
    }
    let required: &[Vec<u8>] = if rules.require_each_included_type {
        &kinds
    } else {
        &[]
    };
    if rules.length < required.len() {
        return Err(SecretsError::invalid_parameter(
            "The password length is too short based on the required types.",
        ));
    }
    for _ in 0..DRAWS_MAX {
        let password = SecretText::new(entropy.text(rules.length, &alphabet));
        let has = |kind: &Vec<u8>| password.expose().bytes().any(|byte| kind.contains(&byte));
        if required.iter().all(has) {
            return Ok(password);
        }
    }
    Err(SecretsError::internal(
        "the randomness never gives what the rules ask for",
    ))
}

/// Returns the kinds of characters that are included. One of which every character is excluded is no kind.
fn kinds(rules: &PasswordRules) -> Vec<Vec<u8>> {
    let all = [
        (LOWERCASE, rules.exclude_lowercase),
        (UPPERCASE, rules.exclude_uppercase),
        (NUMBERS, rules.exclude_numbers),
        (PUNCTUATION, rules.exclude_punctuation),
    ];
    let included = all.into_iter().filter(|(_, excluded)| !excluded);
    included
        .map(|(kind, _)| {
            let kept = kind.iter().copied();
            kept.filter(|byte| !rules.exclude_characters.contains(char::from(*byte)))
                .collect::<Vec<u8>>()
        })
        .filter(|kind| !kind.is_empty())
        .collect()
}
