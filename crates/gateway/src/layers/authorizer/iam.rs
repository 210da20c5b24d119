//! `AWS_IAM`: the call is signed (Signature Version 4, in a header or presigned), and the signer's policies and the API's own
//! allow it. In the API's account one of them suffices; a signer of another account needs both.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html>. The account's own key may everything in its
//! account. Temporary credentials are those of a role or a user, within the session's own policies; what a permissions boundary
//! or a session's policy does not allow, no policy of the API allows either (AWS lets a policy that names a user pass his
//! boundary: we do not).

use std::{borrow::Cow, rc::Rc, sync::Arc};

use portcullis_engines::iam::{
    AccessRequest, Context, Permit, Policy, PolicyKind, PrincipalPolicies, Verdict,
};
use portcullis_model::{AccountId, resources::iam::SessionPrincipal};

use super::{
    combination::{Ruling, Says, Table, combine},
    signature::{self, Claim, Signer, unknown_key},
    signers::OpenSession,
};
use crate::{
    callers::{Callers, CallersPolicies, CallersRole, CallersUser},
    decision::{LayerName, Reason},
    exchange::Exchange,
    gateway::Worker,
    layers::{
        method_arn::method_arn,
        resource_policy::{self, INVOKE, PolicyVerdict, RequestFacts},
    },
    refusal::Refusal,
};

/// Who signed.
pub(crate) struct IamCaller {
    account: AccountId,
    access_key_id: Box<str>,
    /// `AIDA…`, `AROA…:session`, or the account's id for its own key.
    principal_id: Box<str>,
    /// Of the user, of the session, or of the account's own key.
    arn: Box<str>,
    /// As conditions name it: a session's is its role's.
    principal_arn: Box<str>,
    principal_type: &'static str,
    user_name: Option<Box<str>>,
    tags: Vec<(Box<str>, Box<str>)>,
    powers: Powers,
    session: Option<Rc<OpenSession>>,
}

/// What a caller may by policies of his own.
enum Powers {
    /// The account's own key may everything in it.
    All,
    These {
        policies: CallersPolicies,
        /// Managed policies of the session.
        session: Vec<Arc<Policy>>,
    },
    /// They are not known: nothing.
    Unknown(&'static str),
}

impl From<Result<CallersPolicies, &'static str>> for Powers {
    fn from(found: Result<CallersPolicies, &'static str>) -> Self {
        match found {
            Ok(policies) => Self::These {
                policies,
                session: Vec::new(),
            },
            Err(cause) => Self::Unknown(cause),
        }
    }
}

impl IamCaller {
    fn root(account: &AccountId, access_key_id: Box<str>) -> Self {
        let arn: Box<str> = format!("arn:aws:iam::{account}:root").into();
        Self {
            account: account.clone(),
            access_key_id,
            principal_id: account.as_str().into(),
            principal_arn: arn.clone(),
            arn,
            principal_type: "Account",
            user_name: None,
            tags: Vec::new(),
            powers: Powers::All,
            session: None,
        }
    }

    fn user(callers: &Callers, account: &AccountId, access_key_id: Box<str>, user: &CallersUser) -> Self {
        Self {
            principal_id: user.user_id.clone(),
            arn: user.arn.clone(),
            principal_arn: user.arn.clone(),
            principal_type: "User",
            user_name: Some(user.user_name.clone()),
            powers: callers.policies_of_user(account, user).into(),
            ..Self::root(account, access_key_id)
        }
    }

    fn role(
        callers: &Callers,
        account: &AccountId,
        access_key_id: Box<str>,
        role: &CallersRole,
        (role_name, session_name): (&str, &str),
    ) -> Self {
        let arn = format!("arn:aws:sts::{account}:assumed-role/{role_name}/{session_name}");
        Self {
            principal_id: format!("{}:{session_name}", role.role_id).into(),
            arn: arn.into(),
            principal_arn: role.arn.clone(),
            principal_type: "AssumedRole",
            tags: role.tags.clone(),
            powers: callers.policies_of_role(role).into(),
            ..Self::root(account, access_key_id)
        }
    }

    /// Takes away what the session's policies do not allow.
    fn limit(&mut self, callers: &Callers, open: Rc<OpenSession>) {
        if let Powers::These { session, .. } = &mut self.powers {
            let found = open.session.policy_arns.iter().map(|arn| callers.policy(arn));
            match found.collect::<Result<Vec<_>, _>>() {
                Ok(managed) => *session = managed,
                Err(cause) => self.powers = Powers::Unknown(cause),
            }
        }
        if open.policies.is_none() {
            self.powers = Powers::Unknown("a policy of the session cannot be read");
        }
        self.session = Some(open);
    }

    /// What the caller's own policies say.
    fn says(&self, request: &AccessRequest<'_>) -> (Says, String) {
        let (policies, managed) = match &self.powers {
            Powers::All => return (Says::Allow, "the account's own key may everything in it".into()),
            Powers::Unknown(cause) => return (Says::Deny, (*cause).to_owned()),
            Powers::These { policies, session } => (policies, session),
        };
        let own = self
            .session
            .iter()
            .flat_map(|open| open.policies.iter().flatten());
        let policies = PrincipalPolicies {
            identity: policies.identity.iter().map(Arc::as_ref).collect(),
            boundary: policies.boundary.as_deref(),
            session: own.chain(managed.iter().map(Arc::as_ref)).collect(),
        };
        let permit = policies.evaluate(request);
        let whose = if self.user_name.is_some() { "user" } else { "role" };
        match &permit {
            Permit::Allow(statement) => (Says::Allow, format!("{statement} of the {whose} allows it")),
            Permit::Neither => (Says::Neither, format!("no policy of the {whose} allows it")),
            Permit::Limited(_) => (Says::Limited, permit.to_string()),
            Permit::Deny(PolicyKind::Identity, statement) => {
                (Says::Deny, format!("{statement} of the {whose} denies it"))
            }
            Permit::Deny(..) => (Says::Deny, permit.to_string()),
        }
    }

    /// Returns who it is, as policies name him.
    pub(crate) fn arn(&self) -> &str {
        &self.arn
    }

    /// Returns `$context.identity.{name}`.
    pub(crate) fn identity(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "accessKey" => Some(self.access_key_id.as_ref().into()),
            "accountId" => Some(self.account.as_str().into()),
            "caller" | "user" => Some(self.principal_id.as_ref().into()),
            "userArn" => Some(self.arn.as_ref().into()),
            _ => None,
        }
    }
}

/// Finds who signed; the signature holds, nothing is said of permissions.
pub(crate) fn signer(exchange: &Exchange, worker: &Worker) -> Result<IamCaller, Refusal> {
    identify(signature::authenticate(exchange, worker)?, worker.callers())
}

/// Decides about an exchange.
pub(crate) fn check(exchange: &Exchange, worker: &Worker) -> Result<(IamCaller, Reason), Refusal> {
    let arn = method_arn(exchange)?;
    let caller = signer(exchange, worker)?;
    let reason = authorize(exchange, &caller, &arn)?;
    Ok((caller, reason))
}

/// Finds who signed, and what he may by policies of his own.
fn identify(claim: Claim, callers: &Callers) -> Result<IamCaller, Refusal> {
    let access_key_id: Box<str> = claim.presented.access_key_id.into();
    match claim.signer {
        Signer::Key(key) => match &key.user_name {
            None => Ok(IamCaller::root(&key.account, access_key_id)),
            Some(name) => {
                let user = callers.user(&key.account, name);
                let user = user.ok_or_else(|| unknown_key("the access key's user is gone"))?;
                Ok(IamCaller::user(callers, &key.account, access_key_id, &user))
            }
        },
        Signer::Session(open) => {
            let account = &open.session.account;
            let mut caller = match &open.session.principal {
                SessionPrincipal::Role {
                    role_name,
                    role_id,
                    session_name,
                } => {
                    let role = callers.role(account, role_name);
                    // A new role of the same name is another one.
                    let role = role.filter(|role| *role.role_id == **role_id);
                    let role = role.ok_or_else(|| unknown_key("the session's role is gone"))?;
                    IamCaller::role(callers, account, access_key_id, &role, (role_name, session_name))
                }
                SessionPrincipal::User {
                    user_name,
                    user_id,
                    access_key_id: asked_with,
                } => {
                    let key = callers.key(asked_with.as_str());
                    let key = key.filter(|key| key.user_name.as_deref() == Some(user_name));
                    key.ok_or_else(|| unknown_key("the access key that asked for the session is gone"))?;
                    let user = callers.user(account, user_name);
                    let user = user.filter(|user| *user.user_id == **user_id);
                    let user = user.ok_or_else(|| unknown_key("the session's user is gone"))?;
                    IamCaller::user(callers, account, access_key_id, &user)
                }
            };
            caller.limit(callers, open);
            Ok(caller)
        }
    }
}

/// Combines what the signer's policies and the API's say.
fn authorize(exchange: &Exchange, caller: &IamCaller, arn: &str) -> Result<Reason, Refusal> {
    let facts = RequestFacts::of(exchange);
    let context = context_with(&facts, caller);
    let request = AccessRequest {
        principal_arn: Some(&caller.arn),
        action: INVOKE,
        resource: arn,
        context: &context,
    };
    let denied = |cause: String, is_explicit: bool| {
        Err(resource_policy::denied(exchange, &caller.arn, cause, is_explicit))
    };
    let (policy, policy_said) = match policy_says(exchange, caller, &request) {
        Ok(said) => said,
        Err(cause) => return denied(cause, true),
    };
    let (says, said) = caller.says(&request);
    let table = if is_foreign(exchange, caller) {
        Table::OtherAccount
    } else {
        Table::SameAccount
    };
    let reason = format!("signed by `{}`: {said}{policy_said}", caller.arn);
    match combine(table, says, policy) {
        Ruling::Allow => Ok(reason.into()),
        Ruling::ExplicitDeny => denied(reason, true),
        Ruling::ImplicitDeny => denied(reason, false),
        Ruling::PolicySilent => denied(
            format!("{reason}; a caller of another account needs the resource policy's permission too"),
            false,
        ),
    }
}

/// Tells whether the caller may besides do `action` with the method: his policies and the API's together say so.
pub(crate) fn allows(exchange: &Exchange, caller: &IamCaller, action: &str, arn: &str) -> bool {
    let facts = RequestFacts::of(exchange);
    let context = context_with(&facts, caller);
    let request = AccessRequest {
        principal_arn: Some(&caller.arn),
        action,
        resource: arn,
        context: &context,
    };
    let Ok((policy, _)) = policy_says(exchange, caller, &request) else {
        return false;
    };
    let table = if is_foreign(exchange, caller) {
        Table::OtherAccount
    } else {
        Table::SameAccount
    };
    let (says, _) = caller.says(&request);
    matches!(combine(table, says, policy), Ruling::Allow)
}

/// What the API's policy says of this caller; the error is the cause of an explicit denial.
fn policy_says(
    exchange: &Exchange,
    caller: &IamCaller,
    request: &AccessRequest<'_>,
) -> Result<(PolicyVerdict, String), String> {
    let policy = exchange.stage().and_then(|stage| stage.policy.as_deref());
    let policy = policy.filter(|_| !exchange.is_observed(LayerName::ResourcePolicy));
    let Some(policy) = policy else {
        return Ok((PolicyVerdict::Unasked, String::new()));
    };
    match policy.evaluate(request) {
        // An account that is named hands the permission on by its own policies: for its own callers those decide.
        Verdict::Allow { statement } if !policy.names_caller(request) && !is_foreign(exchange, caller) => {
            let said = format!("; the resource policy's {statement} names the account alone");
            Ok((PolicyVerdict::Neither, said))
        }
        Verdict::Allow { statement } => {
            let said = format!("; the resource policy's {statement} allows it");
            Ok((PolicyVerdict::Allow, said))
        }
        Verdict::ImplicitDeny => Ok((PolicyVerdict::Neither, "; the resource policy is silent".into())),
        Verdict::ExplicitDeny { statement } => Err(format!(
            "signed by `{}`: the resource policy's {statement} denies it",
            caller.arn
        )),
    }
}

/// Returns what conditions may ask of a signed request.
pub(crate) fn context_with<'e>(facts: &'e RequestFacts<'_>, caller: &IamCaller) -> Context<'e> {
    let mut context = Context::of(facts);
    context.set("aws:PrincipalArn", caller.principal_arn.as_ref());
    context.set("aws:PrincipalAccount", caller.account.as_str());
    context.set("aws:userid", caller.principal_id.as_ref());
    context.set("aws:PrincipalType", caller.principal_type);
    if let Some(name) = &caller.user_name {
        context.set("aws:username", name.as_ref());
    }
    for (key, value) in &caller.tags {
        context.set(key, value.as_ref());
    }
    if let Some(open) = &caller.session {
        context.set("aws:TokenIssueTime", open.session.issued.iso8601());
        context.set("aws:MultiFactorAuthPresent", "false");
    }
    context
}

fn is_foreign(exchange: &Exchange, caller: &IamCaller) -> bool {
    exchange
        .stage()
        .is_none_or(|stage| stage.scope.account != caller.account)
}
