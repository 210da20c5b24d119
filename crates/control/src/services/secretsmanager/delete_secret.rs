//! `DeleteSecret`: deletes a secret after a recovery window, or at once.

use serde_json::{Value, json};

use super::{access, rules, secrets, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteSecret",
    route: None,
    access: access::on_secret("secretsmanager:DeleteSecret"),
    members: &["SecretId", "RecoveryWindowInDays", "ForceDeleteWithoutRecovery"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let id = input.required("SecretId", rules::SECRET_ID);
    let days = input.integer("RecoveryWindowInDays", i64::MIN, i64::MAX);
    let force = input.boolean("ForceDeleteWithoutRecovery").unwrap_or_default();
    input.finish()?;
    if force && days.is_some() {
        return Err(rules::invalid(
            "You can't use ForceDeleteWithoutRecovery in conjunction with RecoveryWindowInDays.",
        ));
    }
    let deletion = if force {
        secrets(call).delete_now(id).await?
    } else {
        secrets(call).delete(id, days).await?
    };
    Ok(json!({
        "ARN": deletion.arn,
        "Name": deletion.name,
        "DeletionDate": wire::date(deletion.date),
    }))
}
