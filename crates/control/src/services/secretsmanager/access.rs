//! Who may call these operations: each permission is asked about the secret's whole ARN, random end included, however
//! the input names it.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html>

use super::secrets;
use crate::operation::{Access, AwsError, Call, Subject};

/// Returns the permission `action` on the secret that `SecretId` names.
pub(super) const fn on_secret(action: &'static str) -> Access {
    Access::SignedOnFound {
        action,
        resource: |call| Box::pin(subject_of(call, "SecretId")),
    }
}

/// Returns the permission `action` on the secret that `Name` will name.
pub(super) const fn on_new_secret(action: &'static str) -> Access {
    Access::SignedOnFound {
        action,
        resource: |call| Box::pin(subject_of(call, "Name")),
    }
}

/// Returns the permission `action`, which AWS does not tie to a resource.
pub(super) const fn everywhere(action: &'static str) -> Access {
    Access::Signed {
        action,
        resource: |_| "*".into(),
    }
}

async fn subject_of(call: &Call<'_>, member: &str) -> Result<Subject, AwsError> {
    let id = call.text(member).unwrap_or_default();
    let mut subject = subject(call, id).await?;
    if let Some(name) = call.text("Name") {
        add(&mut subject, "secretsmanager:Name", name);
    }
    let members = [
        ("VersionId", "secretsmanager:VersionId"),
        ("VersionStage", "secretsmanager:VersionStage"),
        ("Description", "secretsmanager:Description"),
        ("KmsKeyId", "secretsmanager:KmsKeyId"),
    ];
    for (member, key) in members {
        if let Some(text) = call.text(member) {
            add(&mut subject, key, text);
        }
    }
    if let Some(days) = call
        .input
        .get("RecoveryWindowInDays")
        .and_then(serde_json::Value::as_i64)
    {
        add(
            &mut subject,
            "secretsmanager:RecoveryWindowInDays",
            &days.to_string(),
        );
    }
    if let Some(force) = call
        .input
        .get("ForceDeleteWithoutRecovery")
        .and_then(serde_json::Value::as_bool)
    {
        add(
            &mut subject,
            "secretsmanager:ForceDeleteWithoutRecovery",
            &force.to_string(),
        );
    }
    Ok(subject)
}

/// Returns what conditions may say of the secret `id`.
pub(super) async fn subject(call: &Call<'_>, id: &str) -> Result<Subject, AwsError> {
    let found = match secrets(call).find(id).await {
        Err(error) if error.is_not_found() => None,
        other => Some(other?),
    };
    let mut subject = Subject {
        arn: secrets(call).permission_arn(id).await?,
        context: Vec::new(),
    };
    add(&mut subject, "secretsmanager:SecretId", id);
    for (key, value) in found.iter().flat_map(|secret| &secret.tags) {
        add(&mut subject, &format!("aws:ResourceTag/{key}"), value);
        add(&mut subject, &format!("secretsmanager:ResourceTag/{key}"), value);
    }
    Ok(subject)
}

fn add(subject: &mut Subject, key: &str, value: &str) {
    subject.context.push((key.to_owned(), value.to_owned()));
}
