//! `AssumeRole`: temporary credentials of a role that trusts the caller.
//! <https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>
//!
//! The role's trust policy must allow it, always. In the role's own account the caller's policies must not deny it, and must
//! allow it where the trust policy names only the account; a caller of another account needs both sides.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>

use portcullis_engines::iam::{AccessRequest, Permit, Policy, Verdict, evaluate};
use portcullis_model::{
    Scope,
    arn::Arn,
    resources::iam::{Role, SessionPrincipal},
};
use portcullis_store::{RecordKey, kinds, typed};
use serde_json::{Value, json};

use super::credentials;
use crate::{
    admission,
    operation::{Access, AwsError, Call, Caller, Operation, Subject},
    services::iam::entities::Entities,
    sessions::{self, NewSession},
};

const ACTION: &str = "sts:AssumeRole";
/// The shortest session, the usual one, and the longest that a role's session may ask for: AWS's.
const SECONDS_LEAST: u32 = 900;
const SECONDS_DEFAULT: u32 = 3600;
const CHAINED_SECONDS_MAX: u32 = 3600;
const SESSION_NAME_CHARACTERS: (usize, usize) = (2, 64);
const EXTERNAL_ID_CHARACTERS: (usize, usize) = (2, 1224);
const POLICY_CHARACTERS_MAX: usize = 2048;
const POLICY_ARNS_MAX: usize = 10;

pub(super) const OPERATION: Operation = Operation {
    name: "AssumeRole",
    route: None,
    access: Access::SignedByBoth { action: ACTION },
    members: &[
        "RoleArn",
        "RoleSessionName",
        "DurationSeconds",
        "ExternalId",
        "Policy",
        "PolicyArns",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let session_name = checked(call, "RoleSessionName", SESSION_NAME_CHARACTERS)?
        .ok_or_else(|| AwsError::validation("RoleSessionName is missing"))?;
    let external_id = checked(call, "ExternalId", EXTERNAL_ID_CHARACTERS)?;
    let role_arn = call.text("RoleArn").unwrap_or_default();
    let (scope, role) = find(call, role_arn).await?;
    check(call, &scope, &role, session_name, external_id).await?;
    let is_chained = matches!(call.caller, Caller::Role { .. });
    let most = if is_chained {
        CHAINED_SECONDS_MAX
    } else {
        role.max_session_duration
    };
    let seconds = credentials::seconds(call, SECONDS_DEFAULT, SECONDS_LEAST, most)?;
    let new = NewSession {
        account: scope.account.clone(),
        principal: SessionPrincipal::Role {
            role_name: role.role_name.clone(),
            role_id: role.role_id.clone(),
            session_name: session_name.to_owned(),
        },
        expires: call.now.plus_seconds(seconds),
        policies: policies(call)?,
        policy_arns: policy_arns(call, &scope).await?,
    };
    let issued = sessions::issue(&call.parts.vault, call.parts.entropy.as_ref(), call.now, new)?;
    let arn = format!(
        "arn:aws:sts::{}:assumed-role/{}/{session_name}",
        scope.account, role.role_name
    );
    Ok(json!({
        "Credentials": credentials::describe(&issued),
        "AssumedRoleUser": { "AssumedRoleId": format!("{}:{session_name}", role.role_id), "Arn": arn },
        "PackedPolicySize": issued.packed_percent(),
    }))
}

/// Finds the role, in whatever account it is. One that is not there is refused like one that trusts nobody.
async fn find(call: &Call<'_>, role_arn: &str) -> Result<(Scope, Role), AwsError> {
    let refused = |cause: &str| denied(call, role_arn, cause);
    let arn = role_arn.parse::<Arn>().ok().filter(|arn| arn.service == "iam");
    let name = arn.as_ref().and_then(|arn| arn.resource.strip_prefix("role/"));
    let name = name.and_then(|path| path.rsplit('/').next());
    let (Some(arn), Some(name)) = (&arn, name) else {
        return Err(AwsError::validation(format!("{role_arn} is invalid")));
    };
    let scope = Scope::new(arn.account.as_str(), call.scope.region.as_str());
    let key = RecordKey::new(&scope, kinds::IAM_ROLE, name);
    let found = typed::read_json::<Role>(call.parts.store.as_ref(), &key).await?;
    let role = found.map(|found| found.value);
    let role = role.filter(|role| role.arn(&arn.account) == role_arn);
    let role = role.ok_or_else(|| refused("there is no such role"))?;
    Ok((scope, role))
}

/// Both sides, by AWS's tables.
async fn check(
    call: &Call<'_>,
    scope: &Scope,
    role: &Role,
    session_name: &str,
    external_id: Option<&str>,
) -> Result<(), AwsError> {
    let role_arn = role.arn(scope.account.as_str());
    let refused = |cause: &str| denied(call, &role_arn, cause);
    if let Caller::Root { .. } = call.caller {
        return Err(AwsError::new(
            "AccessDeniedException",
            403,
            "Roles may not be assumed by root accounts.",
        ));
    }
    let mut facts = vec![("sts:RoleSessionName".to_owned(), session_name.to_owned())];
    facts.extend(external_id.map(|id| ("sts:ExternalId".to_owned(), id.to_owned())));
    facts.extend(
        role.tags
            .iter()
            .map(|(key, value)| (format!("aws:ResourceTag/{key}"), value.clone())),
    );
    let subject = Subject {
        arn: role_arn.clone(),
        context: facts,
    };
    let permit = admission::permit(call, ACTION, &subject).await?;
    let trust = Policy::parse_trust(&role.assume_role_policy_document)
        .map_err(|cause| refused(&format!("the trust policy cannot be read: {cause}")))?;
    let mut context = admission::call_context(call);
    admission::add_caller(&mut context, call);
    admission::add_role(&mut context, call).await?;
    for (key, value) in &subject.context {
        context.set(key, value.as_str());
    }
    let request = AccessRequest {
        principal_arn: Some(&call.caller.arn(call.scope)),
        action: ACTION,
        resource: &role_arn,
        context: &context,
    };
    match evaluate(&[&trust], &request) {
        Verdict::Allow { .. } => {}
        Verdict::ExplicitDeny { .. } => return Err(refused("the trust policy denies it")),
        Verdict::ImplicitDeny => return Err(refused("the trust policy does not allow it")),
    }
    let is_own = call.scope.account == scope.account;
    match permit {
        Permit::Allow(_) => Ok(()),
        Permit::Neither if is_own && trust.allows_by_name(&request) => Ok(()),
        Permit::Neither if is_own => Err(refused(
            "the trust policy names the account alone, and no policy of the caller allows it",
        )),
        refusing => Err(refused(&format!("the caller's side: {refusing}"))),
    }
}

/// Returns a name of `[A-Za-z0-9_+=,.@-]`, an external id also with `:` and `/`.
fn checked<'a>(
    call: &'a Call<'_>,
    member: &str,
    (least, most): (usize, usize),
) -> Result<Option<&'a str>, AwsError> {
    let Some(text) = call.text(member) else {
        return Ok(None);
    };
    let more: &[u8] = if member == "ExternalId" { b":/" } else { b"" };
    let is_plain =
        |byte: u8| byte.is_ascii_alphanumeric() || b"_+=,.@-".contains(&byte) || more.contains(&byte);
    if (least..=most).contains(&text.len()) && text.bytes().all(is_plain) {
        return Ok(Some(text));
    }
    Err(AwsError::validation(format!(
        "{member} must have {least} to {most} alphanumeric characters or +=,.@-_"
    )))
}

/// Returns the session policy that is given along.
fn policies(call: &Call<'_>) -> Result<Vec<String>, AwsError> {
    let Some(document) = call.text("Policy") else {
        return Ok(Vec::new());
    };
    if document.chars().count() > POLICY_CHARACTERS_MAX {
        let message = format!("Policy must have at most {POLICY_CHARACTERS_MAX} characters");
        return Err(AwsError::validation(message));
    }
    Policy::parse_identity_based(document)
        .map_err(|cause| AwsError::new("MalformedPolicyDocument", 400, cause.to_string()))?;
    Ok(vec![document.to_owned()])
}

/// Returns the managed session policies that are given along, of the role's account or AWS's.
async fn policy_arns(call: &Call<'_>, scope: &Scope) -> Result<Vec<String>, AwsError> {
    let given = call.input.get("PolicyArns").and_then(Value::as_array);
    let given = given.map(Vec::as_slice).unwrap_or_default();
    if given.len() > POLICY_ARNS_MAX {
        let message = format!("PolicyArns must have at most {POLICY_ARNS_MAX} members");
        return Err(AwsError::validation(message));
    }
    let entities = Entities {
        store: call.parts.store.as_ref(),
        scope,
        clock: call.parts.clock.as_ref(),
        entropy: call.parts.entropy.as_ref(),
    };
    let mut arns = Vec::with_capacity(given.len());
    for member in given {
        let arn = member.get("arn").and_then(Value::as_str).unwrap_or_default();
        entities.check_attachable(arn).await?;
        arns.push(arn.to_owned());
    }
    Ok(arns)
}

fn denied(call: &Call<'_>, role_arn: &str, cause: &str) -> AwsError {
    admission::denied(&call.caller.arn(call.scope), ACTION, role_arn, cause)
}
