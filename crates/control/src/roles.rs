//! Acting in a role's name: whom a role trusts, and what its policies let him do.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_terms-and-concepts.html>
//!
//! How to use it:
//!
//! * A service of ours that calls another in a role's name (an `AWS` integration, a rule's target) gives a [`RoleCall`] to
//!   [`Control::call_in_role`](crate::Control::call_in_role). The operation then runs with [`Caller::Role`], through the same
//!   permission check as a signed call; the answer is the service's own, refusals included.
//! * What is no operation (to invoke a function, to send to an API destination) asks [`authorize`]: may this role do `action`
//!   on `resource`?
//! * An operation that takes a role's ARN from its caller, for a service to use later, asks [`check_pass_role`] first: else
//!   whoever may make an integration could lend himself any role's rights.
//!
//! * What a service runs outside of this process (a function's) gets [`credentials`] of its role.
//!
//! Roles are of the account that uses them; another account's is refused. Users and roles take a role on by `sts:AssumeRole`.

use std::str::FromStr as _;

use bytes::Bytes;
use portcullis_engines::iam::{AccessRequest, Context, Policy, Verdict, evaluate};
use portcullis_model::{
    RequestId, Scope,
    arn::Arn,
    resources::iam::{Role, SessionPrincipal},
};
use portcullis_store::{RecordKey, kinds, typed};

use crate::{
    AwsError, ControlParts, admission,
    grants::{Grants, NoGrants},
    operation::{Call, Caller, Service, Subject},
    sessions::{self, Issued, NewSession},
};

/// How long the credentials hold that a service gives to what it runs.
const SERVICE_SESSION_SECONDS: i64 = 3600;

/// A service that wants to act in a role's name.
#[derive(Clone, Copy, Debug)]
pub struct RoleUse<'a> {
    /// The account and region of what makes the service act: the API, the rule.
    pub scope: &'a Scope,
    pub role_arn: &'a str,
    /// As trust policies name it: `apigateway.amazonaws.com`, `events.amazonaws.com`.
    pub principal: &'a str,
    /// What makes the service act, for the conditions `aws:SourceArn` and `aws:SourceAccount`.
    pub source_arn: &'a str,
    /// Ends the session's ARN: `BackplaneAssumeRoleSession`.
    pub session: &'a str,
}

/// A call of an operation in a role's name.
#[derive(Clone, Debug)]
pub struct RoleCall {
    pub scope: Scope,
    pub role_arn: String,
    pub principal: String,
    pub source_arn: String,
    pub session: String,
    /// The service as signatures name it: `events`.
    pub service: String,
    /// The operation: `PutEvents`.
    pub action: String,
    pub request_id: RequestId,
    /// JSON for services of JSON 1.1; a form without `Action` for those of the Query protocol.
    pub body: Bytes,
}

impl RoleCall {
    /// Returns who wants to act in whose name.
    pub fn role_use(&self) -> RoleUse<'_> {
        RoleUse {
            scope: &self.scope,
            role_arn: &self.role_arn,
            principal: &self.principal,
            source_arn: &self.source_arn,
            session: &self.session,
        }
    }
}

/// Lets a service take a role on, if the role trusts it. What the caller may do is asked with each call.
pub async fn assume(parts: &ControlParts, role_use: &RoleUse<'_>) -> Result<Caller, AwsError> {
    let role = find(parts, role_use).await?;
    check_trust(parts, role_use, &role)?;
    Ok(Caller::Role {
        role_name: role.role_name,
        role_id: role.role_id,
        session: role_use.session.to_owned(),
        temporary: None,
    })
}

/// Checks that a role trusts the service and allows `action` on a resource, and says by what.
pub async fn authorize(
    parts: &ControlParts,
    role_use: &RoleUse<'_>,
    action: &str,
    subject: &Subject,
) -> Result<String, AwsError> {
    let role = find(parts, role_use).await?;
    check_trust(parts, role_use, &role)?;
    let caller_arn = session_arn(&role, role_use);
    let mut context = global_context(parts, role_use);
    add_facts(&mut context, &role, role_use.scope, role_use.session);
    for (key, value) in &subject.context {
        context.set(key, value.as_str());
    }
    let grants = Grants::of_role(parts.store.as_ref(), role_use.scope, &role).await;
    let grants = grants.map_err(|cause| match cause {
        NoGrants::Unreadable(cause) => admission::denied(&caller_arn, action, &subject.arn, &cause),
        NoGrants::Failed(error) => error,
    })?;
    let permit = grants.evaluate(&AccessRequest {
        principal_arn: Some(&caller_arn),
        action,
        resource: &subject.arn,
        context: &context,
    });
    admission::check_permit(&permit, &caller_arn, action, &subject.arn)
}

/// Temporary credentials of a role for what a service runs, such as a function's process, if the role trusts the service.
pub async fn credentials(parts: &ControlParts, role_use: &RoleUse<'_>) -> Result<Issued, AwsError> {
    let role = find(parts, role_use).await?;
    check_trust(parts, role_use, &role)?;
    let now = parts.clock.now();
    let new = NewSession {
        account: role_use.scope.account.clone(),
        principal: SessionPrincipal::Role {
            role_name: role.role_name,
            role_id: role.role_id,
            session_name: role_use.session.to_owned(),
        },
        expires: now.plus_seconds(SERVICE_SESSION_SECONDS),
        policies: Vec::new(),
        policy_arns: Vec::new(),
    };
    sessions::issue(&parts.vault, parts.entropy.as_ref(), now, new)
}

/// Checks that the caller may hand a role to a service: `iam:PassRole`.
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>
pub async fn check_pass_role(
    service: &Service,
    call: &Call<'_>,
    role_arn: &str,
    principal: &str,
) -> Result<String, AwsError> {
    let subject = Subject {
        arn: role_arn.to_owned(),
        context: vec![("iam:PassedToService".to_owned(), principal.to_owned())],
    };
    admission::authorize_on(service, call, "iam:PassRole", &subject).await
}

/// Reads the role that an ARN names, in the account that uses it.
async fn find(parts: &ControlParts, role_use: &RoleUse<'_>) -> Result<Role, AwsError> {
    let refused = |cause: &str| not_assumed(role_use, cause);
    let arn = Arn::from_str(role_use.role_arn).map_err(|_| refused("it is not an ARN"))?;
    let name = arn
        .resource
        .strip_prefix("role/")
        .and_then(|path| path.rsplit('/').next());
    let (Some(name), "iam") = (name, arn.service.as_str()) else {
        return Err(refused("it is not a role's ARN"));
    };
    if arn.account != role_use.scope.account.as_str() {
        return Err(refused("it is of another account"));
    }
    let key = RecordKey::new(role_use.scope, kinds::IAM_ROLE, name);
    let found = typed::read_json::<Role>(parts.store.as_ref(), &key).await?;
    found
        .map(|found| found.value)
        .filter(|role| role.arn(&arn.account) == role_use.role_arn)
        .ok_or_else(|| refused("there is no such role"))
}

fn check_trust(parts: &ControlParts, role_use: &RoleUse<'_>, role: &Role) -> Result<(), AwsError> {
    let refused = |cause: &str| Err(not_assumed(role_use, cause));
    let trust = match Policy::parse_trust(&role.assume_role_policy_document) {
        Ok(trust) => trust,
        Err(cause) => return refused(&format!("its trust policy cannot be read: {cause}")),
    };
    let context = global_context(parts, role_use);
    let request = AccessRequest {
        principal_arn: Some(role_use.principal),
        action: "sts:AssumeRole",
        resource: role_use.role_arn,
        context: &context,
    };
    match evaluate(&[&trust], &request) {
        Verdict::Allow { .. } => Ok(()),
        Verdict::ExplicitDeny { .. } => refused("its trust policy denies it"),
        Verdict::ImplicitDeny => refused("its trust policy does not name the service"),
    }
}

/// What a service's call is known by. The network's facts are absent: no stranger is near.
fn global_context(parts: &ControlParts, role_use: &RoleUse<'_>) -> Context<'static> {
    let (scope, now) = (role_use.scope, parts.clock.now());
    let mut context = Context::new();
    context.set("aws:SourceArn", role_use.source_arn);
    context.set("aws:SourceAccount", scope.account.as_str());
    context.set("aws:RequestedRegion", scope.region.as_str());
    context.set("aws:SecureTransport", "true");
    context.set("aws:CurrentTime", now.iso8601());
    context.set("aws:EpochTime", now.seconds().to_string());
    context
}

/// Adds what conditions may ask of a role that somebody took on.
fn add_facts(context: &mut Context<'_>, role: &Role, scope: &Scope, session: &str) {
    context.set("aws:userid", format!("{}:{session}", role.role_id));
    context.set("aws:PrincipalAccount", scope.account.as_str());
    context.set("aws:PrincipalType", "AssumedRole");
    context.set("aws:PrincipalArn", role.arn(scope.account.as_str()));
    add_tags(context, role);
}

/// Adds the tags of a role, as whoever is in its name has them.
pub(crate) fn add_tags(context: &mut Context<'_>, role: &Role) {
    for (key, value) in &role.tags {
        context.set(&format!("aws:PrincipalTag/{key}"), value.as_str());
    }
}

fn session_arn(role: &Role, role_use: &RoleUse<'_>) -> String {
    let account = &role_use.scope.account;
    format!(
        "arn:aws:sts::{account}:assumed-role/{}/{}",
        role.role_name, role_use.session
    )
}

fn not_assumed(role_use: &RoleUse<'_>, cause: &str) -> AwsError {
    let message = format!(
        "User: {} is not authorized to perform: sts:AssumeRole on resource: {}",
        role_use.principal, role_use.role_arn
    );
    AwsError::new("AccessDeniedException", 403, message).because(format!(
        "the role `{}` cannot be taken on by {}: {cause}",
        role_use.role_arn, role_use.principal
    ))
}
