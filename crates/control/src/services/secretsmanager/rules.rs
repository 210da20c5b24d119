//! What the members of these operations must be.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use portcullis_model::{SecretBytes, SecretText};
use portcullis_vault::secrets::{LABELS_MAX, NewValue, SecretValue, VALUE_BYTES_MAX};

use crate::{
    input::{Input, Text},
    operation::AwsError,
};

pub(super) const SECRET_ID: Text = between(1, 2048);
pub(super) const NAME: Text = between(1, 512);
pub(super) const DESCRIPTION: Text = Text::up_to(2048);
pub(super) const KMS_KEY_ID: Text = Text::up_to(2048);
pub(super) const VERSION_ID: Text = between(32, 64);
pub(super) const STAGE: Text = between(1, 256);
pub(super) const TAG_KEY: Text = between(1, 128);
pub(super) const TAG_VALUE: Text = Text::up_to(256);

const fn between(min: usize, max: usize) -> Text {
    Text {
        min,
        ..Text::up_to(max)
    }
}

/// Returns the error of a parameter that does not fit.
pub(super) fn invalid(message: impl Into<String>) -> AwsError {
    AwsError::new("InvalidParameterException", 400, message)
}

/// Reads the value that an input carries, if it does.
pub(super) fn value(input: &mut Input<'_>) -> Result<Option<NewValue>, AwsError> {
    let text = input.secret("SecretString", between(1, VALUE_BYTES_MAX));
    let binary = input.secret("SecretBinary", between(1, VALUE_BYTES_MAX * 2));
    let token = input.text("ClientRequestToken", VERSION_ID).map(str::to_owned);
    let value = match (text, binary) {
        (Some(_), Some(_)) => {
            return Err(invalid(
                "You can't specify both a binary secret value and a string secret value in the same secret.",
            ));
        }
        (Some(text), None) => SecretValue::Text(text),
        (None, Some(binary)) => SecretValue::Binary(decoded(&binary)?),
        (None, None) => return Ok(None),
    };
    Ok(Some(NewValue { value, token }))
}

fn decoded(binary: &SecretText) -> Result<SecretBytes, AwsError> {
    let bytes = STANDARD
        .decode(binary.expose())
        .map_err(|_| AwsError::new("SerializationException", 400, "SecretBinary must be base64"))?;
    Ok(SecretBytes::new(bytes))
}

/// Reads tags, each key once.
pub(super) fn tags(input: &mut Input<'_>) -> Result<Option<BTreeMap<String, String>>, AwsError> {
    let listed = input.structures("Tags", &["Key", "Value"], |tag| {
        let key = tag.required("Key", TAG_KEY).to_owned();
        (key, tag.text("Value", TAG_VALUE).unwrap_or_default().to_owned())
    });
    let Some(listed) = listed else {
        return Ok(None);
    };
    let mut tags = BTreeMap::new();
    for (key, value) in listed {
        if tags.insert(key.clone(), value).is_some() {
            return Err(invalid(format!("The tag key {key} is given more than once.")));
        }
    }
    Ok(Some(tags))
}

/// Reads staging labels.
pub(super) fn stages(input: &mut Input<'_>) -> Result<Option<Vec<String>>, AwsError> {
    let stages = input.texts("VersionStages", STAGE);
    if stages
        .as_ref()
        .is_some_and(|stages| stages.is_empty() || stages.len() > LABELS_MAX)
    {
        return Err(invalid(format!(
            "VersionStages must name 1 to {LABELS_MAX} staging labels."
        )));
    }
    Ok(stages)
}
