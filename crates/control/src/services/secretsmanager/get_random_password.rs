//! `GetRandomPassword`: draws a password by rules; nothing is kept.

use portcullis_vault::secrets::{
    PASSWORD_LENGTH_DEFAULT, PASSWORD_LENGTH_MAX, PasswordRules, random_password,
};
use serde_json::{Value, json};

use super::access;
use crate::{
    input::{Input, Text},
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "GetRandomPassword",
    route: None,
    access: access::everywhere("secretsmanager:GetRandomPassword"),
    members: &[
        "PasswordLength",
        "ExcludeCharacters",
        "ExcludeNumbers",
        "ExcludePunctuation",
        "ExcludeUppercase",
        "ExcludeLowercase",
        "IncludeSpace",
        "RequireEachIncludedType",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let length = input.unsigned("PasswordLength", u32::MAX);
    let excluded = input.text("ExcludeCharacters", Text::up_to(PASSWORD_LENGTH_MAX).sensitive());
    let rules = PasswordRules {
        length: length.map_or(PASSWORD_LENGTH_DEFAULT, |length| length as usize),
        exclude_characters: excluded.unwrap_or_default().to_owned(),
        exclude_lowercase: input.boolean("ExcludeLowercase").unwrap_or_default(),
        exclude_uppercase: input.boolean("ExcludeUppercase").unwrap_or_default(),
        exclude_numbers: input.boolean("ExcludeNumbers").unwrap_or_default(),
        exclude_punctuation: input.boolean("ExcludePunctuation").unwrap_or_default(),
        include_space: input.boolean("IncludeSpace").unwrap_or_default(),
        require_each_included_type: input.boolean("RequireEachIncludedType").unwrap_or(true),
    };
    input.finish()?;
    let password = random_password(&rules, call.parts.entropy.as_ref())?;
    Ok(json!({ "RandomPassword": password.expose() }))
}
