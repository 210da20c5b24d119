//! What the members of these operations must be.

use std::collections::BTreeMap;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_model::{SecretBytes, SecretText};

use super::errors::{invalid, parameter};
use crate::{
    input::{Input, Text},
    operation::AwsError,
};

/// Bytes of a certificate, a key, a chain, as AWS's.
pub(super) const CERTIFICATE_BYTES_MAX: usize = 32_768;
pub(super) const KEY_BYTES_MAX: usize = 5_120;
pub(super) const CHAIN_BYTES_MAX: usize = 65_536;
/// Tags of a certificate, as AWS's.
const TAGS_MAX: usize = 50;
/// Names of a certificate, as AWS's default quota.
const NAMES_MAX: usize = 10;

pub(super) const ARN: Text = Text {
    min: 20,
    ..Text::up_to(2_048)
};
pub(super) const NAME: Text = Text {
    min: 1,
    ..Text::up_to(253)
};
pub(super) const WORD: Text = Text::up_to(64);

/// Reads a member of bytes, base64 on the wire, that holds text.
pub(super) fn pem(
    input: &mut Input<'_>,
    member: &str,
    bytes_max: usize,
) -> Result<Option<SecretText>, AwsError> {
    let Some(encoded) = input.secret(member, Text::up_to(bytes_max.saturating_mul(2))) else {
        return Ok(None);
    };
    let serialization = || AwsError::new("SerializationException", 400, format!("{member} must be base64"));
    let bytes = STANDARD.decode(encoded.expose()).map_err(|_| serialization())?;
    let bytes = SecretBytes::new(bytes);
    if bytes.expose().len() > bytes_max {
        return Err(parameter(format!("`{member}` has more than {bytes_max} bytes")));
    }
    match std::str::from_utf8(bytes.expose()) {
        Ok(text) => Ok(Some(SecretText::new(text.to_owned()))),
        Err(_) => Err(invalid(format!("`{member}` is not text in PEM"))),
    }
}

/// Reads tags, each key once.
pub(super) fn tags(input: &mut Input<'_>) -> Result<BTreeMap<String, String>, AwsError> {
    const KEY: Text = Text {
        min: 1,
        ..Text::up_to(128)
    };
    let read = input.structures("Tags", &["Key", "Value"], |tag| {
        let key = tag.required("Key", KEY).to_owned();
        (
            key,
            tag.text("Value", Text::up_to(256)).unwrap_or_default().to_owned(),
        )
    });
    let tags: Vec<(String, String)> = read.unwrap_or_default();
    let count = tags.len();
    let by_key: BTreeMap<_, _> = tags.into_iter().collect();
    if by_key.len() != count {
        return Err(AwsError::new(
            "InvalidTagException",
            400,
            "a key stands twice in `Tags`",
        ));
    }
    Ok(by_key)
}

/// Rejects more tags than a certificate may have.
pub(super) fn check_tags(tags: &BTreeMap<String, String>) -> Result<(), AwsError> {
    if tags.len() <= TAGS_MAX {
        return Ok(());
    }
    let message = format!("a certificate has at most {TAGS_MAX} tags");
    Err(AwsError::new("TooManyTagsException", 400, message))
}

/// Returns the names of a certificate, the first one first and each once, in lower case.
pub(super) fn names(domain_name: &str, others: &[String]) -> Result<Vec<String>, AwsError> {
    let mut names: Vec<String> = Vec::with_capacity(others.len() + 1);
    for name in std::iter::once(domain_name).chain(others.iter().map(String::as_str)) {
        let name = name.to_ascii_lowercase();
        if !is_host(name.strip_prefix("*.").unwrap_or(&name)) {
            return Err(invalid(format!(
                "`{name}` is no host name; a `*` may stand for the first label alone"
            )));
        }
        if !names.contains(&name) {
            names.push(name);
        }
    }
    if names.len() > NAMES_MAX {
        let message = format!("a certificate has at most {NAMES_MAX} names");
        return Err(AwsError::new("LimitExceededException", 400, message));
    }
    Ok(names)
}

fn is_host(name: &str) -> bool {
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.contains('.') && name.split('.').all(label)
}
