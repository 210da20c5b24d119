//! Layer 3: the API's own policy: what it says of a request whose caller nobody knows yet.
//!
//! An explicit denial ends the exchange here; so does, where nobody will ask for a caller, the lack of an explicit
//! permission. Otherwise the layer leaves its verdict, which the authorizer combines with its own
//! (`authorizer/combination.rs`). For `AWS_IAM` the policy is evaluated there, with the caller.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>

use std::net::IpAddr;

use portcullis_engines::iam::{AccessRequest, Context, Facts, Policy, Verdict, evaluate};
use portcullis_model::{HeaderList, Problem, Scope, Timestamp, resources::apigateway::RestApi};

use super::method_arn::{masked_method_arn, method_arn};
use crate::{
    decision::{Decision, LayerName, Nothing, Reason},
    exchange::Exchange,
    gateway::Worker,
    pipeline::Layer,
    refusal::{Refusal, RefusalKind},
    vpc_endpoints::VpcEndpoint,
};

/// The action that all of this is about.
pub(crate) const INVOKE: &str = "execute-api:Invoke";

/// Condition keys that every request may have.
/// <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-resource-policies-aws-condition-keys.html>.
/// `aws:SourceArn` is known, and absent: no service of AWS stands between.
pub(super) const KEYS: [&str; 7] = [
    "aws:currenttime",
    "aws:epochtime",
    "aws:securetransport",
    "aws:sourcearn",
    "aws:sourceip",
    "aws:referer",
    "aws:useragent",
];
/// Condition keys that every request for a private API has. `aws:SourceIp` is none of them: `aws:VpcSourceIp` stands for it.
pub(super) const PRIVATE_KEYS: [&str; 3] = ["aws:sourcevpc", "aws:sourcevpce", "aws:vpcsourceip"];
/// Condition keys that a caller of `AWS_IAM` may have, beside the tags of his role. Nobody signs in with MFA here, so that
/// `aws:MultiFactorAuthAge` is absent, and there are no organizations.
pub(super) const PRINCIPAL_KEYS: [&str; 8] = [
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principaltype",
    "aws:userid",
    "aws:username",
    "aws:tokenissuetime",
    "aws:multifactorauthpresent",
    "aws:multifactorauthage",
];
pub(super) const PRINCIPAL_TAG: &str = "aws:principaltag/";

/// What the policy says of a request whose caller nobody knows. A denial is no verdict: it ended the exchange.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PolicyVerdict {
    /// There is no policy, it only observes, or it waits for the caller.
    Unasked,
    Allow,
    /// No statement speaks of the request.
    Neither,
}

/// A resource policy, ready.
pub(crate) struct PolicySnapshot {
    policy: Policy,
}

impl PolicySnapshot {
    /// Compiles the policy of an API; none when it has none.
    pub(crate) fn compile(api: &RestApi, scope: &Scope, problems: &mut Vec<Problem>) -> Option<Box<Self>> {
        let document = api.policy.as_deref()?;
        let arn = format!(
            "arn:aws:execute-api:{}:{}:{}",
            scope.region, scope.account, api.id
        );
        match Policy::parse_resource_based(document, Some(&arn)) {
            Ok(policy) => {
                check_keys(&policy, api.is_private(), problems);
                Some(Box::new(Self { policy }))
            }
            Err(cause) => {
                problems.push(Problem::error(None, "restApi/policy", cause.to_string()));
                None
            }
        }
    }

    /// Asks the policy about a call.
    pub(crate) fn evaluate(&self, request: &AccessRequest<'_>) -> Verdict {
        evaluate(&[&self.policy], request)
    }

    /// Tells whether the policy allows a call to its caller by name (or to everybody), and not only to his account.
    pub(crate) fn names_caller(&self, request: &AccessRequest<'_>) -> bool {
        self.policy.allows_by_name(request)
    }
}

/// A condition on what no request here has would silently never hold.
fn check_keys(policy: &Policy, is_private: bool, problems: &mut Vec<Problem>) {
    for key in policy.condition_keys() {
        let is_known = KEYS.contains(&key) || PRINCIPAL_KEYS.contains(&key) || key.starts_with(PRINCIPAL_TAG);
        if PRIVATE_KEYS.contains(&key) {
            if !is_private {
                let message = format!(
                    "only requests for private APIs have the condition key `{key}`: remove the condition, or make the API private"
                );
                problems.push(Problem::error(None, "restApi/policy", message));
            }
        } else if !is_known {
            let message = format!("no request has the condition key `{key}` here: remove the condition");
            problems.push(Problem::error(None, "restApi/policy", message));
        }
    }
}

pub(crate) struct ResourcePolicy;

impl Layer for ResourcePolicy {
    const NAME: LayerName = LayerName::ResourcePolicy;

    fn applies(exchange: &Exchange) -> bool {
        exchange
            .stage()
            .is_some_and(|stage| stage.policy.is_some() || stage.private.is_some())
    }

    async fn check(exchange: &mut Exchange, _worker: &Worker) -> Decision {
        match judge(exchange) {
            Ok((verdict, reason)) => {
                // What only observes must not decide in the authorizer's place either.
                if !exchange.is_observed(Self::NAME) {
                    exchange.note_policy(verdict);
                }
                Decision::Continue(reason)
            }
            Err(refusal) => refusal.into(),
        }
    }
}

fn judge(exchange: &Exchange) -> Result<(PolicyVerdict, Reason), Refusal> {
    let stage = exchange.stage();
    let Some(policy) = stage.and_then(|stage| stage.policy.as_deref()) else {
        if stage.is_some_and(|stage| stage.private.is_some()) {
            let cause = "a private API without a resource policy lets nobody in";
            return Err(denied(exchange, "anonymous", cause, false));
        }
        return Ok((PolicyVerdict::Unasked, Reason::Nothing(Nothing::NoResourcePolicy)));
    };
    let authorization = &exchange.method()?.authorization;
    if authorization.is_iam() {
        let reason = "the resource policy waits for the caller";
        return Ok((PolicyVerdict::Unasked, reason.into()));
    }
    let (arn, facts) = (method_arn(exchange)?, RequestFacts::of(exchange));
    let request = AccessRequest {
        principal_arn: None,
        action: INVOKE,
        resource: &arn,
        context: &Context::of(&facts),
    };
    match policy.evaluate(&request) {
        Verdict::Allow { statement } => {
            let reason = format!("the resource policy's {statement} allows it");
            Ok((PolicyVerdict::Allow, reason.into()))
        }
        Verdict::ExplicitDeny { statement } => {
            let cause = format!("the resource policy's {statement} denies it");
            Err(denied(exchange, "anonymous", cause, true))
        }
        Verdict::ImplicitDeny if authorization.is_open() => {
            let cause = "no statement of the resource policy allows it, and nobody asks who calls";
            Err(denied(exchange, "anonymous", cause, false))
        }
        Verdict::ImplicitDeny => {
            let reason = "no statement of the resource policy speaks of it: the authorizer decides";
            Ok((PolicyVerdict::Neither, reason.into()))
        }
    }
}

/// Tells whether the API's own policy allows an action to whoever asks.
pub(crate) fn allows_everybody(exchange: &Exchange, action: &str, arn: &str) -> bool {
    let Some(policy) = exchange.stage().and_then(|stage| stage.policy.as_deref()) else {
        return false;
    };
    let facts = RequestFacts::of(exchange);
    let request = AccessRequest {
        principal_arn: None,
        action,
        resource: arn,
        context: &Context::of(&facts),
    };
    matches!(policy.evaluate(&request), Verdict::Allow { .. })
}

/// What conditions may ask of any request.
pub(crate) struct RequestFacts<'e> {
    headers: &'e HeaderList,
    source: IpAddr,
    is_secure: bool,
    started: Timestamp,
    endpoint: Option<&'e VpcEndpoint>,
}

impl<'e> RequestFacts<'e> {
    pub(crate) fn of(exchange: &'e Exchange) -> Self {
        let request = exchange.request();
        Self {
            headers: &request.headers,
            source: request.peer.address.ip(),
            is_secure: request.peer.tls.is_some(),
            started: exchange.started(),
            endpoint: exchange.endpoint(),
        }
    }
}

impl Facts for RequestFacts<'_> {
    fn values(&self, key: &str) -> Option<Vec<String>> {
        let value = match (key, self.endpoint) {
            ("aws:sourceip", None) | ("aws:vpcsourceip", Some(_)) => self.source.to_string(),
            ("aws:sourcevpce", Some(endpoint)) => endpoint.id.as_str().to_owned(),
            ("aws:sourcevpc", Some(endpoint)) => endpoint.vpc.as_str().to_owned(),
            ("aws:securetransport", _) => self.is_secure.to_string(),
            ("aws:currenttime", _) => self.started.iso8601(),
            ("aws:epochtime", _) => self.started.seconds().to_string(),
            ("aws:referer", _) => field(self.headers, "referer")?,
            ("aws:useragent", _) => field(self.headers, "user-agent")?,
            _ => return None,
        };
        Some(vec![value])
    }
}

/// Returns a header field. Two are one value with a comma (RFC 9110, section 5.3): neither can hide the other.
fn field(headers: &HeaderList, name: &str) -> Option<String> {
    let values: Vec<_> = headers.all(name).map(String::from_utf8_lossy).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// Returns the refusal of a policy, in AWS's words.
pub(crate) fn denied(
    exchange: &Exchange,
    caller: &str,
    cause: impl Into<Reason>,
    is_explicit: bool,
) -> Refusal {
    let end = if is_explicit { " with an explicit deny" } else { "" };
    let message = format!(
        "User: {caller} is not authorized to perform: {INVOKE} on resource: {}{end}",
        masked_method_arn(exchange)
    );
    Refusal::new(RefusalKind::AccessDenied, cause).with_message(message)
}
