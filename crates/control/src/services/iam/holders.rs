//! What the operations on a user's, a group's and a role's policies have in common: which entity a call names, the permission
//! on it, and what is done to its policies.

use portcullis_model::resources::iam::{Group, Role, User};
use portcullis_store::typed::Versioned;
use serde_json::{Value, json};

use super::{
    entities::{Entity, Holder, entities},
    users::{check_name, percent_encoded, policy_name},
};
use crate::operation::{Access, AwsError, Call, Caller, Subject};

/// Characters of any entity's name, as a member of a call.
const NAME_MAX: usize = 128;

/// Returns the name of the entity that a call is about: the one that it names; a user may leave his own out.
fn named<'a, E: Entity>(call: &'a Call<'_>) -> Option<&'a str> {
    let given = call.text(&format!("{}Name", E::WORD));
    match (given, call.caller) {
        (None, Caller::User { user_name, .. }) if E::WORD == User::WORD => Some(user_name),
        (given, _) => given,
    }
}

/// Reads the entity that a call names.
pub(super) async fn read<E: Entity>(call: &Call<'_>) -> Result<Versioned<E>, AwsError> {
    let name = check_name(&format!("{}Name", E::WORD), named::<E>(call), NAME_MAX)?;
    entities(call).read(name).await
}

/// The permission `action` on the user that `UserName` names, by his whole ARN: policies name users by path.
pub(super) const fn on_user(action: &'static str) -> Access {
    Access::SignedOnFound {
        action,
        resource: |call| Box::pin(subject_of::<User>(call, "user")),
    }
}

/// The permission `action` on the group that `GroupName` names.
pub(super) const fn on_group(action: &'static str) -> Access {
    Access::SignedOnFound {
        action,
        resource: |call| Box::pin(subject_of::<Group>(call, "group")),
    }
}

/// The permission `action` on the role that `RoleName` names.
pub(super) const fn on_role(action: &'static str) -> Access {
    Access::SignedOnFound {
        action,
        resource: |call| Box::pin(subject_of::<Role>(call, "role")),
    }
}

async fn subject_of<E: Entity>(call: &Call<'_>, kind: &str) -> Result<Subject, AwsError> {
    let name = named::<E>(call).unwrap_or_default();
    let account = call.scope.account.as_str();
    let mut subject = Subject::default();
    match entities(call).find::<E>(name).await? {
        // What is not there yet is judged by the path that it is to have.
        None => {
            let path = call.text("Path").unwrap_or("/");
            subject.arn = format!("arn:aws:iam::{account}:{kind}{path}{name}");
        }
        Some(found) => {
            subject.arn = found.value.arn(account);
            subject.context = found.value.facts();
        }
    }
    for (member, key) in [
        ("PolicyArn", "iam:PolicyARN"),
        ("PermissionsBoundary", "iam:PermissionsBoundary"),
    ] {
        if let Some(arn) = call.text(member) {
            subject.context.push((key.to_owned(), arn.to_owned()));
        }
    }
    Ok(subject)
}

/// Puts an inline policy.
pub(super) async fn put_policy<H: Holder>(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = policy_name(call)?;
    let document = call.text("PolicyDocument").unwrap_or_default();
    let mut holder = read::<H>(call).await?;
    holder
        .value
        .inline_mut()
        .insert(name.to_owned(), document.to_owned());
    entities(call).write(&holder).await?;
    Ok(Value::Null)
}

/// Returns an inline policy.
pub(super) async fn get_policy<H: Holder>(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = policy_name(call)?;
    let holder = read::<H>(call).await?.value;
    let document = holder.inline().get(name).ok_or_else(|| no_policy::<H>(name))?;
    Ok(json!({
        format!("{}Name", H::WORD): holder.name(),
        "PolicyName": name,
        "PolicyDocument": percent_encoded(document),
    }))
}

/// Lists the names of the inline policies.
pub(super) async fn list_policies<H: Holder>(call: &Call<'_>) -> Result<Value, AwsError> {
    let holder = read::<H>(call).await?.value;
    let names: Vec<&String> = holder.inline().keys().collect();
    Ok(json!({ "PolicyNames": names, "IsTruncated": false }))
}

/// Takes an inline policy away.
pub(super) async fn delete_policy<H: Holder>(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = policy_name(call)?;
    let mut holder = read::<H>(call).await?;
    let removed = holder.value.inline_mut().remove(name);
    removed.ok_or_else(|| no_policy::<H>(name))?;
    entities(call).write(&holder).await?;
    Ok(Value::Null)
}

/// Attaches a managed policy.
pub(super) async fn attach<H: Holder>(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut holder = read::<H>(call).await?;
    entities(call)
        .attach(&mut holder.value, policy_arn(call)?)
        .await?;
    entities(call).write(&holder).await?;
    Ok(Value::Null)
}

/// Detaches a managed policy.
pub(super) async fn detach<H: Holder>(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut holder = read::<H>(call).await?;
    let arn = policy_arn(call)?;
    if !holder.value.attached_mut().remove(arn) {
        return Err(AwsError::new(
            "NoSuchEntity",
            404,
            format!("Policy {arn} was not found."),
        ));
    }
    entities(call).write(&holder).await?;
    Ok(Value::Null)
}

/// Lists the managed policies that are attached.
pub(super) async fn list_attached<H: Holder>(call: &Call<'_>) -> Result<Value, AwsError> {
    let holder = read::<H>(call).await?.value;
    let below = call.text("PathPrefix").unwrap_or("/");
    let attached = holder.attached().iter().filter_map(|arn| {
        let (_, path_and_name) = arn.split_once(":policy")?;
        let name = path_and_name.rsplit('/').next()?;
        path_and_name
            .starts_with(below)
            .then(|| json!({ "PolicyName": name, "PolicyArn": arn }))
    });
    let attached: Vec<Value> = attached.collect();
    Ok(json!({ "AttachedPolicies": attached, "IsTruncated": false }))
}

/// Sets the permissions boundary.
pub(super) async fn put_boundary<H: Holder>(call: &Call<'_>) -> Result<Value, AwsError> {
    let arn = call.text("PermissionsBoundary").unwrap_or_default();
    let mut holder = read::<H>(call).await?;
    entities(call).check_attachable(arn).await?;
    if let Some(boundary) = holder.value.boundary_mut() {
        *boundary = Some(arn.to_owned());
    }
    entities(call).write(&holder).await?;
    Ok(Value::Null)
}

/// Takes the permissions boundary away.
pub(super) async fn delete_boundary<H: Holder>(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut holder = read::<H>(call).await?;
    let taken = holder.value.boundary_mut().and_then(Option::take);
    taken.ok_or_else(|| {
        let message = format!("{} has no permissions boundary", holder.value.name());
        AwsError::new("NoSuchEntity", 404, message)
    })?;
    entities(call).write(&holder).await?;
    Ok(Value::Null)
}

/// Checks the boundary that a new entity is to have.
pub(super) async fn new_boundary(call: &Call<'_>) -> Result<Option<String>, AwsError> {
    let Some(arn) = call.text("PermissionsBoundary") else {
        return Ok(None);
    };
    entities(call).check_attachable(arn).await?;
    Ok(Some(arn.to_owned()))
}

/// Says that an entity still has policies, if it has.
pub(super) fn check_bare<H: Holder>(holder: &H) -> Result<(), AwsError> {
    let what = match (holder.inline().is_empty(), holder.attached().is_empty()) {
        (true, true) => return Ok(()),
        (false, _) => "must delete policies first",
        (true, false) => "must detach all policies first",
    };
    Err(conflict(what))
}

pub(super) fn conflict(what: &str) -> AwsError {
    AwsError::new("DeleteConflict", 409, format!("Cannot delete entity, {what}."))
}

pub(super) fn policy_arn<'a>(call: &'a Call<'_>) -> Result<&'a str, AwsError> {
    call.text("PolicyArn")
        .ok_or_else(|| AwsError::validation("PolicyArn is missing"))
}

fn no_policy<H: Holder>(name: &str) -> AwsError {
    let message = format!(
        "The {} policy with name {name} cannot be found.",
        H::WORD.to_ascii_lowercase()
    );
    AwsError::new("NoSuchEntity", 404, message)
}
