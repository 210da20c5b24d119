//! `CUSTOM`: a function decides. It is given a token, or the request, and returns a principal and a policy, which is evaluated for
//! the method that is called; also when the result was kept from a call of another method. That of an HTTP API may simply say
//! whether the caller is authorized, which then holds for every route.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>,
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html>

use std::{
    borrow::Cow,
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use portcullis_engines::iam::{AccessRequest, Context, Policy, Verdict, evaluate};
use portcullis_model::{
    ApiId, AuthorizerId, Scope, Timestamp,
    resources::{
        apigateway::{ApiImage, Authorizer as AuthorizerModel, AuthorizerType, Stage},
        apigatewayv2::{AuthorizerPayloadFormat, HttpAuthorizer, HttpStage, LambdaConfiguration},
    },
};
use serde_json::{Value, json};

use super::{
    combination::Says,
    lambda_answer::{Answer, Word},
    lambda_event,
    lambda_identity::{self, Compiled, Form, Given, check_kept_by_identity, unauthorized},
    lambda_source::{HTTP, Source},
    verdict_cache::{Kept, Key, SharedResults},
};
use crate::{
    decision::{Reason, shown},
    exchange::Exchange,
    gateway::Worker,
    integrations::function::{error_message, function_arn},
    layers::{
        method_arn::method_arn,
        resource_policy::{INVOKE, RequestFacts},
    },
    ports::{FUNCTION_PAYLOAD_BYTES_MAX, FunctionFailure, Invocation},
    refusal::{Refusal, RefusalKind},
};

/// Seconds for which a result is kept when nobody says, and at most.
const TTL_SECONDS: u32 = 300;
const TTL_SECONDS_MAX: u32 = 3_600;
/// How long an authorizer of a REST API may take.
const TIMEOUT: Duration = Duration::from_millis(29_000);
/// How long one of an HTTP API may take, as AWS's quota.
const HTTP_TIMEOUT: Duration = Duration::from_millis(10_000);
/// The message of a function's error that means 401.
const UNAUTHORIZED: &str = "Unauthorized";

/// Counts compiled authorizers, so that no two share results.
static GENERATIONS: AtomicU64 = AtomicU64::new(1);

/// A Lambda authorizer, ready.
pub(crate) struct LambdaAuthorizer {
    generation: u64,
    name: Box<str>,
    function_arn: Arc<str>,
    source_arn: Box<str>,
    account: Arc<str>,
    ttl_seconds: u32,
    timeout: Duration,
    given: Given,
    results: SharedResults,
}

/// What both kinds of API say of a Lambda authorizer.
struct Common<'a> {
    id: &'a AuthorizerId,
    name: &'a str,
    uri: &'a str,
    ttl_seconds: u32,
    api: &'a ApiId,
    variables: &'a BTreeMap<String, String>,
    scope: &'a Scope,
}

/// Whom a function admitted.
pub(crate) struct LambdaCaller {
    pub(crate) answer: Arc<Answer>,
    /// How long the function took; 0 for a result that was kept.
    pub(crate) latency_ms: u64,
}

impl LambdaAuthorizer {
    /// Compiles `authorizer` of the image that `stage` serves; the error names field and reason.
    pub(crate) fn compile(
        authorizer: &AuthorizerModel,
        image: &ApiImage,
        stage: &Stage,
        scope: &Scope,
    ) -> Result<Arc<Self>, String> {
        let name = &authorizer.name;
        let wrong = |field: &str, cause: String| format!("authorizer `{name}`: {field}: {cause}");
        if authorizer.authorizer_credentials.is_some() {
            let cause = "a function's own policy says who may invoke it: leave the credentials out and add a permission";
            return Err(wrong("authorizerCredentials", cause.into()));
        }
        let ttl_seconds = authorizer.result_ttl_seconds.unwrap_or(TTL_SECONDS);
        let source = authorizer.identity_source.as_deref().unwrap_or_default();
        let given = match authorizer.authorizer_type {
            AuthorizerType::Token => lambda_identity::token(authorizer, source),
            _ => lambda_identity::request(authorizer, source, &stage.variables, ttl_seconds),
        };
        let common = Common {
            id: &authorizer.id,
            name,
            uri: authorizer.authorizer_uri.as_deref().unwrap_or_default(),
            ttl_seconds,
            api: &image.rest_api.id,
            variables: &stage.variables,
            scope,
        };
        Self::build(&common, TIMEOUT, given)
    }

    /// Compiles `authorizer` of an HTTP API; the error names field and reason.
    pub(crate) fn compile_http(
        authorizer: &HttpAuthorizer,
        function: &LambdaConfiguration,
        stage: &HttpStage,
        scope: &Scope,
    ) -> Result<Arc<Self>, String> {
        let sources = authorizer
            .identity_source
            .iter()
            .map(|source| Source::parse(source, &stage.stage_variables, &HTTP))
            .collect::<Result<Vec<_>, _>>()
            .map_err(|cause| ("identitySource", cause));
        let form = match (function.payload_format, function.enable_simple_responses) {
            (AuthorizerPayloadFormat::V1, false) => Ok(Form::Http1),
            (AuthorizerPayloadFormat::V2, simple) => Ok(Form::Http2 { simple }),
            (AuthorizerPayloadFormat::V1, true) => {
                let cause = "simple responses need the payload format 2.0";
                Err(("enableSimpleResponses", cause.to_owned()))
            }
        };
        let given = sources.and_then(|sources| {
            check_kept_by_identity(&sources, function.result_ttl_seconds)?;
            Ok(Given::Request { sources, form: form? })
        });
        let common = Common {
            id: &authorizer.authorizer_id,
            name: &authorizer.name,
            uri: &function.authorizer_uri,
            ttl_seconds: function.result_ttl_seconds,
            api: &stage.api_id,
            variables: &stage.stage_variables,
            scope,
        };
        Self::build(&common, HTTP_TIMEOUT, given)
    }

    fn build(common: &Common<'_>, timeout: Duration, given: Compiled) -> Result<Arc<Self>, String> {
        let Common { name, scope, .. } = common;
        let wrong = |field: &str, cause: String| format!("authorizer `{name}`: {field}: {cause}");
        let function_arn =
            function_arn(common.uri, common.variables).map_err(|cause| wrong("authorizerUri", cause))?;
        if common.ttl_seconds > TTL_SECONDS_MAX {
            let cause = format!("results are kept for at most {TTL_SECONDS_MAX} seconds");
            return Err(wrong("authorizerResultTtlInSeconds", cause));
        }
        Ok(Arc::new(Self {
            generation: GENERATIONS.fetch_add(1, Ordering::Relaxed),
            name: (*name).into(),
            function_arn,
            source_arn: format!(
                "arn:aws:execute-api:{}:{}:{}/authorizers/{}",
                scope.region, scope.account, common.api, common.id
            )
            .into(),
            account: scope.account.as_str().into(),
            ttl_seconds: common.ttl_seconds,
            timeout,
            given: given.map_err(|(field, cause)| wrong(field, cause))?,
            results: SharedResults::new(),
        }))
    }
}

/// Whom a function found, what it says of the call, and why.
pub(crate) type Found = (LambdaCaller, Says, Reason);

/// Decides about an exchange.
pub(crate) async fn check(
    authorizer: &LambdaAuthorizer,
    exchange: &Exchange,
    worker: &Worker,
) -> Result<Found, Refusal> {
    let identity = authorizer.given.identity(exchange)?;
    let arn = method_arn(exchange)?;
    let now = exchange.started();
    if authorizer.ttl_seconds == 0 {
        let (answer, latency_ms) = authorizer.ask(exchange, &arn, worker).await?;
        return Ok(judge(authorizer, Arc::new(answer), latency_ms, &arn, exchange));
    }
    let key = Key {
        generation: authorizer.generation,
        identity: identity.into(),
    };
    if let Some(answer) = authorizer.kept(&key, now, worker) {
        return Ok(judge(authorizer, answer, 0, &arn, exchange));
    }
    let turn = worker.verdicts().turn(&key).await;
    if turn.is_none()
        && let Some(answer) = authorizer.kept(&key, now, worker)
    {
        return Ok(judge(authorizer, answer, 0, &arn, exchange));
    }
    let (answer, latency_ms) = authorizer.ask(exchange, &arn, worker).await?;
    let kept = Kept {
        answer: Arc::new(answer),
        expires: worker
            .clock()
            .now()
            .plus_seconds(i64::from(authorizer.ttl_seconds)),
    };
    authorizer.results.keep(key.identity.clone(), kept.clone());
    worker.verdicts().keep(key, kept.clone());
    drop(turn);
    Ok(judge(authorizer, kept.answer, latency_ms, &arn, exchange))
}

/// Evaluates the policy of a result for the method that is called.
fn judge(
    authorizer: &LambdaAuthorizer,
    answer: Arc<Answer>,
    latency_ms: u64,
    arn: &str,
    exchange: &Exchange,
) -> Found {
    let (says, by) = match &answer.word {
        Word::Policy(policy) => judge_policy(policy, arn, exchange),
        Word::Simple(true) => (Says::Allow, "its function authorizes it".to_owned()),
        Word::Simple(false) => (Says::Deny, "its function does not authorize it".to_owned()),
    };
    let when = if latency_ms == 0 {
        ", from a result that was kept"
    } else {
        ""
    };
    let whom = match &answer.principal_id {
        Some(id) => format!(" for `{}`", shown(id)),
        None => String::new(),
    };
    let reason = format!("`{}`{whom}: {by}{when}", authorizer.name);
    (LambdaCaller { answer, latency_ms }, says, reason.into())
}

fn judge_policy(policy: &Policy, arn: &str, exchange: &Exchange) -> (Says, String) {
    let facts = RequestFacts::of(exchange);
    let request = AccessRequest {
        principal_arn: None,
        action: INVOKE,
        resource: arn,
        context: &Context::of(&facts),
    };
    match evaluate(&[policy], &request) {
        Verdict::Allow { statement } => (Says::Allow, format!("{statement} allows it")),
        Verdict::ExplicitDeny { statement } => (Says::Deny, format!("{statement} denies it")),
        Verdict::ImplicitDeny => (Says::Neither, "no statement speaks of it".to_owned()),
    }
}

impl LambdaAuthorizer {
    /// Returns a result that this thread, or any other, has kept.
    fn kept(&self, key: &Key, now: Timestamp, worker: &Worker) -> Option<Arc<Answer>> {
        if let Some(answer) = worker.verdicts().find(key, now) {
            return Some(answer);
        }
        let kept = self.results.find(&key.identity, now)?;
        worker.verdicts().keep(key.clone(), kept.clone());
        Some(kept.answer)
    }

    /// Invokes the function and reads its answer.
    async fn ask(&self, exchange: &Exchange, arn: &str, worker: &Worker) -> Result<(Answer, u64), Refusal> {
        let payload = lambda_event::render(&self.given, exchange, arn)?.to_string();
        if payload.len() > FUNCTION_PAYLOAD_BYTES_MAX {
            return Err(unauthorized("the event is longer than a function can be given"));
        }
        let started = Instant::now();
        let invoked = worker.functions().invoke(Invocation {
            function_arn: Arc::clone(&self.function_arn),
            source_arn: self.source_arn.to_string(),
            source_account: Arc::clone(&self.account),
            payload: payload.into(),
            timeout: self.timeout,
        });
        let answer = match tokio::time::timeout(self.timeout, invoked).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(failure)) => return Err(self.failed(&failure)),
            Err(_elapsed) => return Err(self.failed(&FunctionFailure::TimedOut)),
        };
        // 0 is for results that were kept.
        let latency_ms = u64::try_from(started.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        if answer.error.is_some() {
            let said = error_message(&answer.payload).unwrap_or_default();
            if said == UNAUTHORIZED {
                return Err(unauthorized(format!(
                    "the function of `{}` says `Unauthorized`",
                    self.name
                )));
            }
            return Err(self.misconfigured(&format!("its function failed: {}", shown(&said))));
        }
        let answer = Answer::parse(&answer.payload, self.given.form());
        answer
            .map(|answer| (answer, latency_ms))
            .map_err(|cause| self.misconfigured(&format!("its function's answer: {cause}")))
    }

    fn failed(&self, failure: &FunctionFailure) -> Refusal {
        match failure {
            FunctionFailure::NotFound(_) | FunctionFailure::NotPermitted(_) => {
                self.misconfigured(&failure.to_string())
            }
            // Which of the two types AWS answers here is not recorded.
            FunctionFailure::TimedOut | FunctionFailure::Throttled(_) | FunctionFailure::Unreachable(_) => {
                let cause = format!("authorizer `{}`: {failure}", self.name);
                Refusal::new(RefusalKind::AuthorizerFailure, cause)
            }
        }
    }

    fn misconfigured(&self, cause: &str) -> Refusal {
        Refusal::new(
            RefusalKind::AuthorizerConfigurationError,
            format!("authorizer `{}`: {cause}", self.name),
        )
    }
}

impl LambdaCaller {
    /// Returns `$context.authorizer.{name}`; what is no text is told as JSON.
    pub(crate) fn variable(&self, name: &str) -> Option<Cow<'_, str>> {
        match name {
            "principalId" => Some(self.answer.principal_id.as_deref()?.into()),
            "integrationLatency" => Some(self.latency_ms.to_string().into()),
            other => match self.answer.context.get(other)? {
                Value::String(text) => Some(text.as_str().into()),
                value => Some(value.to_string().into()),
            },
        }
    }

    /// Returns the policy that the function gave, as it gave it.
    pub(crate) fn policy_document(&self) -> Option<&str> {
        self.answer.policy_document.as_deref()
    }

    /// Returns what a function behind the method learns of the caller, in payload format 1.0.
    pub(crate) fn event_context(&self) -> Value {
        let mut context = self.answer.context.clone();
        if let Some(id) = &self.answer.principal_id {
            context.insert("principalId".into(), id.as_ref().into());
        }
        context.insert("integrationLatency".into(), json!(self.latency_ms));
        context.into()
    }
}
