//! `AWS_IAM`: the call is signed (Signature Version 4, in a header or presigned), and the signer's policies and the API's own
//! allow it. In the API's account one of them suffices; a signer of another account needs both.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/permissions.html>. The account's own key may everything in its
//! account. There are no session tokens, so none is accepted.
//!
//! Signature and route see one path: SigV4 signs a normalised one, so a path that normalising would change is refused before
//! the signature is looked at, and what was presigned for `/b` never fits `/admin/../b`.

use std::borrow::Cow;

use portcullis_engines::{
    iam::{AccessRequest, Context, Policy, Verdict, evaluate},
    sigv4::{self, Options, Presented, SigV4Error, SignableRequest},
};
use portcullis_model::{AccountId, HeaderList};

use super::combination::{Ruling, Says, Table, combine};
use crate::{
    callers::{CallersKey, CallersUser},
    decision::{LayerName, Reason, shown},
    exchange::{BODY_BYTES_MAX, BodyNeed, Exchange},
    gateway::Worker,
    layers::{
        method_arn::method_arn,
        resource_policy::{self, INVOKE, PolicyVerdict, context_of},
    },
    mapping::query,
    refusal::{Refusal, RefusalKind},
};

const SERVICE: &str = "execute-api";
const OPTIONS: Options = Options {
    normalize_path: true,
    double_encode: true,
    allow_unsigned_payload: true,
    unsigned_session_token: false,
};

/// Who signed.
pub(crate) struct IamCaller {
    account: AccountId,
    access_key_id: Box<str>,
    /// `AIDA…`, or the account's id for its own key.
    principal_id: Box<str>,
    arn: Box<str>,
}

impl IamCaller {
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

/// Returns how much of the body a signature covers: all of it, unless it says otherwise or there is none.
pub(crate) fn body_need(exchange: &Exchange) -> BodyNeed {
    let request = exchange.request();
    let is_signed = request.headers.get("authorization").is_some()
        || request
            .query()
            .is_some_and(|query| query::parameters(query).any(|(name, _)| is_of_signature(name)));
    let is_covered = request.headers.text("x-amz-content-sha256") != Some("UNSIGNED-PAYLOAD");
    if is_signed && is_covered {
        BodyNeed::Whole(BODY_BYTES_MAX)
    } else {
        BodyNeed::None
    }
}

/// Tells whether a query parameter, its name still encoded, is part of a presigned signature.
pub(crate) fn is_of_signature(name: &[u8]) -> bool {
    query::decode(name, true).starts_with(b"X-Amz-")
}

/// Decides about an exchange.
pub(crate) fn check(exchange: &Exchange, worker: &Worker) -> Result<(IamCaller, Reason), Refusal> {
    let arn = method_arn(exchange)?;
    let (key, presented) = authenticate(exchange, worker)?;
    let user = match &key.user_name {
        None => None,
        Some(name) => {
            let user = worker.callers().user(&key.account, name);
            Some(user.ok_or_else(|| unknown_key("the access key's user is gone"))?)
        }
    };
    let caller = IamCaller {
        access_key_id: presented.access_key_id.into(),
        principal_id: user
            .as_ref()
            .map_or_else(|| key.account.as_str().into(), |user| user.user_id.clone()),
        arn: user.as_ref().map_or_else(
            || format!("arn:aws:iam::{}:root", key.account).into(),
            |user| user.arn.clone(),
        ),
        account: key.account.clone(),
    };
    let reason = authorize(exchange, &caller, user.as_deref(), &arn)?;
    Ok((caller, reason))
}

/// Checks the signature; nothing is said of permissions.
fn authenticate(
    exchange: &Exchange,
    worker: &Worker,
) -> Result<(std::sync::Arc<CallersKey>, Presented), Refusal> {
    let request = exchange.request();
    let text = |bytes| std::str::from_utf8(bytes).unwrap_or_default();
    let headers = with_host(&request.headers, &request.authority);
    let signable = SignableRequest {
        method: text(&request.method),
        path: text(request.path()),
        query: text(request.query().unwrap_or_default()),
        headers: &headers,
    };
    let presented = sigv4::parse(&signable).map_err(|error| refusal(&error))?;
    let presented = presented.ok_or_else(|| refusal(&SigV4Error::MissingAuthenticationToken))?;
    let region = exchange.stage().map(|stage| stage.scope.region.as_str());
    presented
        .check_scope(region.unwrap_or_default(), &[SERVICE])
        .map_err(|error| refusal(&error))?;
    if presented.session_token.is_some() {
        return Err(unknown_key("session tokens are not issued here"));
    }
    let key = worker.callers().key(&presented.access_key_id);
    let key = key.ok_or_else(|| unknown_key("no such access key, or it is inactive"))?;
    let (body, now) = (exchange.body_read(), exchange.started());
    sigv4::verify(&signable, &presented, &key.secret, body, now, &OPTIONS)
        .map_err(|error| refusal(&error))?;
    Ok((key, presented))
}

/// Over HTTP/2 the authority stands where HTTP/1 has the header.
fn with_host(headers: &HeaderList, authority: &str) -> HeaderList {
    let mut headers = headers.clone();
    if headers.get("host").is_none() {
        headers.push("host", authority.to_owned());
    }
    headers
}

/// Combines what the signer's policies and the API's say.
fn authorize(
    exchange: &Exchange,
    caller: &IamCaller,
    user: Option<&CallersUser>,
    arn: &str,
) -> Result<Reason, Refusal> {
    let context = context_with(exchange, caller, user);
    let request = AccessRequest {
        principal_arn: Some(&caller.arn),
        action: INVOKE,
        resource: arn,
        context: &context,
    };
    let denied = |cause: String, is_explicit: bool| {
        Err(resource_policy::denied(exchange, &caller.arn, cause, is_explicit))
    };
    let (policy, policy_said) = match policy_says(exchange, caller, arn, &context) {
        Ok(said) => said,
        Err(cause) => return denied(cause, true),
    };
    let (says, said) = user_says(user, &request);
    let stage = exchange.stage();
    let is_foreign = stage.is_none_or(|stage| stage.scope.account != caller.account);
    let table = if is_foreign {
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

/// What the signer's own policies say.
fn user_says(user: Option<&CallersUser>, request: &AccessRequest<'_>) -> (Says, String) {
    let Some(user) = user else {
        return (Says::Allow, "the account's own key may everything in it".into());
    };
    let Some(policies) = &user.policies else {
        return (Says::Deny, "a policy of the user cannot be read".into());
    };
    let policies: Vec<&Policy> = policies.iter().collect();
    match evaluate(&policies, request) {
        Verdict::Allow { statement } => (Says::Allow, format!("{statement} of the user allows it")),
        Verdict::ExplicitDeny { statement } => (Says::Deny, format!("{statement} of the user denies it")),
        Verdict::ImplicitDeny => (Says::Neither, "no policy of the user allows it".into()),
    }
}

/// What the API's policy says of this caller; the error is the cause of an explicit denial.
fn policy_says(
    exchange: &Exchange,
    caller: &IamCaller,
    arn: &str,
    context: &Context,
) -> Result<(PolicyVerdict, String), String> {
    let policy = exchange.stage().and_then(|stage| stage.policy.as_deref());
    let policy = policy.filter(|_| !exchange.is_observed(LayerName::ResourcePolicy));
    let Some(policy) = policy else {
        return Ok((PolicyVerdict::Unasked, String::new()));
    };
    match policy.evaluate(arn, Some(&caller.arn), context) {
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

fn context_with(exchange: &Exchange, caller: &IamCaller, user: Option<&CallersUser>) -> Context {
    let mut context = context_of(exchange);
    context.set("aws:PrincipalArn", caller.arn.as_ref());
    context.set("aws:PrincipalAccount", caller.account.as_str());
    context.set("aws:userid", caller.principal_id.as_ref());
    context.set(
        "aws:PrincipalType",
        if user.is_some() { "User" } else { "Account" },
    );
    if let Some(user) = user {
        context.set("aws:username", user.user_name.as_ref());
    }
    context
}

fn refusal(error: &SigV4Error) -> Refusal {
    let kind = match error.json_code() {
        "MissingAuthenticationTokenException" => RefusalKind::MissingAuthenticationToken,
        "IncompleteSignatureException" => RefusalKind::IncompleteSignature,
        _ => RefusalKind::InvalidSignature,
    };
    let message = error.message();
    Refusal::new(kind, format!("signature: {}", shown(&message))).with_message(message)
}

fn unknown_key(cause: &'static str) -> Refusal {
    Refusal::new(RefusalKind::UnrecognizedClient, cause)
        .with_message("The security token included in the request is invalid.")
}
