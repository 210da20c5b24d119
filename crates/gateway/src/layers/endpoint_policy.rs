//! Behind the route: the policy of the VPC endpoint that a request for a private API came through, where the operator gave it one.
//! It is asked before the API's own policy and the authorizer, and must allow the call: what it does not speak of is denied.
//!
//! Whoever signed is who asks, whatever the method's authorizer is; a signature that does not hold is refused. Everybody else,
//! with a token or without, is nobody. AWS says so of signatures in `Authorization`; presigned ones are held to the same here.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-vpc-endpoint-policies.html>

use portcullis_engines::iam::{AccessRequest, Context, Policy, Verdict, evaluate};

use super::{
    authorizer::{iam, signature},
    method_arn::method_arn,
    resource_policy::{INVOKE, KEYS, PRINCIPAL_KEYS, PRINCIPAL_TAG, PRIVATE_KEYS, RequestFacts, denied},
};
use crate::{
    decision::{Decision, LayerName, Nothing, Reason},
    exchange::{BodyNeed, Exchange},
    gateway::Worker,
    http::Request,
    mapping::query,
    pipeline::Layer,
    refusal::Refusal,
};

/// The account of the API: a condition on it keeps a network to its own APIs.
const RESOURCE_ACCOUNT: &str = "aws:ResourceAccount";

/// Reads the policy of an endpoint; the error says what is wrong with it.
pub(crate) fn parse(document: &str) -> Result<Policy, String> {
    let policy = Policy::parse_resource_based(document, None).map_err(|cause| cause.to_string())?;
    let is_known = |key: &str| {
        KEYS.contains(&key)
            || PRIVATE_KEYS.contains(&key)
            || PRINCIPAL_KEYS.contains(&key)
            || key.starts_with(PRINCIPAL_TAG)
            || key.eq_ignore_ascii_case(RESOURCE_ACCOUNT)
    };
    if let Some(key) = policy.condition_keys().find(|key| !is_known(key)) {
        return Err(format!(
            "no request has the condition key `{key}` here: remove the condition"
        ));
    }
    Ok(policy)
}

pub(crate) struct EndpointPolicy;

impl Layer for EndpointPolicy {
    const NAME: LayerName = LayerName::VpcEndpoint;

    fn body_need(exchange: &Exchange, worker: &Worker) -> BodyNeed {
        // A signature covers the body.
        match is_signed(exchange.request()) {
            true => signature::body_need(exchange, worker),
            false => BodyNeed::None,
        }
    }

    fn applies(exchange: &Exchange) -> bool {
        exchange
            .endpoint()
            .is_some_and(|endpoint| endpoint.policy.is_some())
    }

    async fn check(exchange: &mut Exchange, worker: &Worker) -> Decision {
        match judge(exchange, worker) {
            Ok(reason) => Decision::Continue(reason),
            Err(refusal) => refusal.into(),
        }
    }
}

fn judge(exchange: &Exchange, worker: &Worker) -> Result<Reason, Refusal> {
    let found = exchange.endpoint();
    let Some((endpoint, policy)) = found.and_then(|found| Some((found, found.policy.as_ref()?))) else {
        return Ok(Reason::Nothing(Nothing::NoEndpointPolicy));
    };
    let caller = match is_signed(exchange.request()) {
        true => Some(iam::signer(exchange, worker)?),
        false => None,
    };
    let facts = RequestFacts::of(exchange);
    let mut context = match &caller {
        Some(caller) => iam::context_with(&facts, caller),
        None => Context::of(&facts),
    };
    set_resource_account(&mut context, exchange);
    let arn = method_arn(exchange)?;
    let request = AccessRequest {
        principal_arn: caller.as_ref().map(iam::IamCaller::arn),
        action: INVOKE,
        resource: &arn,
        context: &context,
    };
    let who = caller.as_ref().map_or("anonymous", iam::IamCaller::arn);
    let of = format!("of the VPC endpoint `{}`", endpoint.id);
    match evaluate(&[policy], &request) {
        Verdict::Allow { statement } => Ok(format!("{statement} {of} allows it to `{who}`").into()),
        Verdict::ExplicitDeny { statement } => {
            let cause = format!("{statement} {of} denies it to `{who}`");
            Err(denied(exchange, who, cause, true))
        }
        Verdict::ImplicitDeny => {
            let cause = format!("no statement {of} allows it to `{who}`");
            Err(denied(exchange, who, cause, false))
        }
    }
}

fn set_resource_account(context: &mut Context<'_>, exchange: &Exchange) {
    if let Some(stage) = exchange.stage() {
        context.set(RESOURCE_ACCOUNT, stage.scope.account.as_str());
    }
}

/// Tells whether a request says that it is signed: in `Authorization`, by whichever version, or in its query.
fn is_signed(request: &Request) -> bool {
    let in_header = request.headers.all("authorization").any(|value| {
        value
            .trim_ascii_start()
            .get(..4)
            .is_some_and(|head| head.eq_ignore_ascii_case(b"AWS4"))
    });
    in_header
        || request
            .query()
            .is_some_and(|text| query::parameters(text).any(|(name, _)| signature::is_of_signature(name)))
}
