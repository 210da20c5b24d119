//! What the operations that give out temporary credentials have in common: for how long, and how they are told.

use serde_json::{Value, json};

use crate::{
    operation::{AwsError, Call},
    sessions::Issued,
};

/// Reads for how many seconds credentials are asked for, `least` to `most`.
pub(super) fn seconds(call: &Call<'_>, default: u32, least: u32, most: u32) -> Result<i64, AwsError> {
    let Some(text) = call.text("DurationSeconds") else {
        return Ok(i64::from(default.min(most)));
    };
    let asked = text.parse::<u32>().ok();
    let asked = asked.filter(|seconds| (least..=most).contains(seconds));
    asked.map(i64::from).ok_or_else(|| {
        AwsError::validation(format!(
            "The requested DurationSeconds exceeds the MaxSessionDuration set for this role, or is not a number from \
             {least} to {most}"
        ))
    })
}

pub(super) fn describe(issued: &Issued) -> Value {
    json!({
        "AccessKeyId": issued.session.access_key_id,
        "SecretAccessKey": issued.secret.expose(),
        "SessionToken": issued.token.expose(),
        "Expiration": issued.session.expires.iso8601(),
    })
}
