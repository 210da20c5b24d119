//! `CUSTOM`: a function decides. It is given a token, or the request, and returns a principal and a policy, which is evaluated for
//! the method that is called; also when the result was kept from a call of another method.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-use-lambda-authorizer.html>

use std::{
    collections::BTreeMap,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use portcullis_engines::iam::{AccessRequest, Verdict, evaluate};
use portcullis_model::{
    Scope, Timestamp, is_token,
    resources::apigateway::{ApiImage, Authorizer as AuthorizerModel, AuthorizerType, Stage},
};
use regex::Regex;
use serde_json::{Map, Value, json};

use super::{
    combination::Says,
    lambda_answer::Answer,
    verdict_cache::{Kept, Key, SharedResults},
};
use crate::{
    decision::{Reason, shown},
    exchange::Exchange,
    gateway::Worker,
    integrations::{
        function::{error_message, function_arn},
        lambda_proxy::event,
    },
    layers::{
        method_arn::method_arn,
        resource_policy::{INVOKE, context_of},
    },
    mapping::{context_variables, query},
    ports::{FUNCTION_PAYLOAD_BYTES_MAX, FunctionFailure, Invocation},
    refusal::{Refusal, RefusalKind},
    whole_match::whole_match,
};

/// Seconds for which a result is kept when nobody says, and at most.
const TTL_SECONDS: u32 = 300;
const TTL_SECONDS_MAX: u32 = 3_600;
/// How long an authorizer may take.
const TIMEOUT: Duration = Duration::from_millis(29_000);
/// The longest identity, in bytes.
const IDENTITY_BYTES_MAX: usize = 16 << 10;
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
    given: Given,
    results: SharedResults,
}

/// What the function is given.
enum Given {
    Token {
        header: Box<str>,
        /// Must match the whole token, as Java's `matches` does.
        expression: Option<Regex>,
    },
    Request(Vec<Source>),
}

/// A part of the request that must be there and, with the others, is the identity.
enum Source {
    Header(Box<str>),
    Query(Box<str>),
    /// Of the stage: the same for every request.
    Variable(Box<str>),
    /// The words after `context.`.
    Context(Vec<Box<str>>),
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
        let uri = authorizer.authorizer_uri.as_deref().unwrap_or_default();
        let function_arn =
            function_arn(uri, &stage.variables).map_err(|cause| wrong("authorizerUri", cause))?;
        let ttl_seconds = authorizer.result_ttl_seconds.unwrap_or(TTL_SECONDS);
        if ttl_seconds > TTL_SECONDS_MAX {
            let cause = format!("results are kept for at most {TTL_SECONDS_MAX} seconds");
            return Err(wrong("authorizerResultTtlInSeconds", cause));
        }
        let source = authorizer.identity_source.as_deref().unwrap_or_default();
        let given = match authorizer.authorizer_type {
            AuthorizerType::Token => token(authorizer, source),
            _ => request(authorizer, source, &stage.variables, ttl_seconds),
        };
        Ok(Arc::new(Self {
            generation: GENERATIONS.fetch_add(1, Ordering::Relaxed),
            name: name.as_str().into(),
            function_arn,
            source_arn: format!(
                "arn:aws:execute-api:{}:{}:{}/authorizers/{}",
                scope.region, scope.account, image.rest_api.id, authorizer.id
            )
            .into(),
            account: scope.account.as_str().into(),
            ttl_seconds,
            given: given.map_err(|(field, cause)| wrong(field, cause))?,
            results: SharedResults::new(),
        }))
    }
}

type Compiled = Result<Given, (&'static str, String)>;

fn token(authorizer: &AuthorizerModel, source: &str) -> Compiled {
    let header = match Source::parse(source, &BTreeMap::new()) {
        Ok(Source::Header(header)) => header,
        _ => {
            let cause = format!("`{source}` is not supported: use `method.request.header.NAME`");
            return Err(("identitySource", cause));
        }
    };
    let expression = authorizer.identity_validation_expression.as_deref();
    let expression = expression.filter(|expression| !expression.is_empty());
    let compiled = expression.map(whole_match);
    let expression = compiled.transpose();
    Ok(Given::Token {
        header,
        expression: expression.map_err(|cause| ("identityValidationExpression", cause.to_string()))?,
    })
}

fn request(
    authorizer: &AuthorizerModel,
    source: &str,
    variables: &BTreeMap<String, String>,
    ttl_seconds: u32,
) -> Compiled {
    if authorizer.identity_validation_expression.is_some() {
        let cause = "it concerns authorizers of the type `TOKEN`";
        return Err(("identityValidationExpression", cause.into()));
    }
    let parts = source.split(',').map(str::trim).filter(|part| !part.is_empty());
    let sources = parts.map(|part| Source::parse(part, variables));
    let sources: Vec<Source> = sources
        .collect::<Result<_, _>>()
        .map_err(|cause| ("identitySource", cause))?;
    if sources.is_empty() && ttl_seconds > 0 {
        let cause = "results are kept by identity: name its sources, or set the time to keep them to 0";
        return Err(("identitySource", cause.into()));
    }
    Ok(Given::Request(sources))
}

impl Source {
    fn parse(text: &str, variables: &BTreeMap<String, String>) -> Result<Self, String> {
        let unknown = || {
            format!(
                "`{text}` is not supported: use `method.request.header.NAME`, `method.request.querystring.NAME`, \
                 `stageVariables.NAME` or `context.NAME`"
            )
        };
        if let Some(header) = text.strip_prefix("method.request.header.") {
            return Some(header)
                .filter(|header| is_token(header))
                .map(|header| Self::Header(header.into()))
                .ok_or_else(unknown);
        }
        if let Some(name) = text
            .strip_prefix("method.request.querystring.")
            .filter(|name| !name.is_empty())
        {
            return Ok(Self::Query(name.into()));
        }
        if let Some(name) = text.strip_prefix("stageVariables.") {
            let value = variables.get(name).filter(|value| !value.is_empty());
            return value
                .map(|value| Self::Variable(value.as_str().into()))
                .ok_or_else(|| {
                    format!("`{text}`: the stage has no such variable, so nobody would be admitted")
                });
        }
        match text.strip_prefix("context.").filter(|path| !path.is_empty()) {
            Some(path) => Ok(Self::Context(path.split('.').map(Into::into).collect())),
            None => Err(unknown()),
        }
    }

    /// Returns every value that the request has for it.
    fn values(&self, exchange: &Exchange) -> Vec<Vec<u8>> {
        let request = exchange.request();
        match self {
            Self::Header(name) => request.headers.all(name).map(|value| value.to_vec()).collect(),
            Self::Query(name) => query::values(request.query().unwrap_or_default(), name)
                .map(std::borrow::Cow::into_owned)
                .collect(),
            Self::Variable(value) => vec![value.as_bytes().to_vec()],
            Self::Context(path) => {
                let path: Vec<&str> = path.iter().map(AsRef::as_ref).collect();
                let value = context_variables::variable(exchange, None, &path);
                value.map(|value| value.as_bytes().to_vec()).into_iter().collect()
            }
        }
    }

    fn said(&self) -> String {
        match self {
            Self::Header(name) => format!("header `{name}`"),
            Self::Query(name) => format!("query parameter `{name}`"),
            Self::Variable(_) => "stage variable".into(),
            Self::Context(path) => format!("`$context.{}`", path.join(".")),
        }
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
    let identity = authorizer.identity(exchange)?;
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
    let context = context_of(exchange);
    let request = AccessRequest {
        principal_arn: None,
        action: INVOKE,
        resource: arn,
        context: &context,
    };
    let (says, by) = match evaluate(&[&answer.policy], &request) {
        Verdict::Allow { statement } => (Says::Allow, format!("{statement} allows it")),
        Verdict::ExplicitDeny { statement } => (Says::Deny, format!("{statement} denies it")),
        Verdict::ImplicitDeny => (Says::Neither, "no statement speaks of it".to_owned()),
    };
    let when = if latency_ms == 0 {
        ", from a result that was kept"
    } else {
        ""
    };
    let reason = format!(
        "`{}` for `{}`: {by}{when}",
        authorizer.name,
        shown(&answer.principal_id)
    );
    (LambdaCaller { answer, latency_ms }, says, reason.into())
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

    /// Returns what the result is kept by; refuses where a source is missing, before the function is asked.
    fn identity(&self, exchange: &Exchange) -> Result<Vec<u8>, Refusal> {
        let mut identity = Vec::new();
        match &self.given {
            Given::Token { header, expression } => {
                let token = token_of(exchange, header)?;
                if expression
                    .as_ref()
                    .is_some_and(|expression| !expression.is_match(token))
                {
                    return Err(unauthorized(
                        "the token does not match the identity validation expression",
                    ));
                }
                identity.extend_from_slice(token.as_bytes());
            }
            Given::Request(sources) => {
                for source in sources {
                    let values = source.values(exchange);
                    if values.is_empty() || values.iter().all(Vec::is_empty) {
                        return Err(unauthorized(format!("no {}", source.said())));
                    }
                    // Counted and measured: no two identities are written alike.
                    identity.extend_from_slice(&values.len().to_le_bytes());
                    for value in values {
                        identity.extend_from_slice(&value.len().to_le_bytes());
                        identity.extend_from_slice(&value);
                    }
                }
            }
        }
        if identity.len() > IDENTITY_BYTES_MAX {
            return Err(unauthorized(format!(
                "the identity has more than {IDENTITY_BYTES_MAX} bytes"
            )));
        }
        Ok(identity)
    }

    /// Invokes the function and reads its answer.
    async fn ask(&self, exchange: &Exchange, arn: &str, worker: &Worker) -> Result<(Answer, u64), Refusal> {
        let payload = self.event(exchange, arn)?.to_string();
        if payload.len() > FUNCTION_PAYLOAD_BYTES_MAX {
            return Err(unauthorized("the event is longer than a function can be given"));
        }
        let started = Instant::now();
        let invoked = worker.functions().invoke(Invocation {
            function_arn: Arc::clone(&self.function_arn),
            source_arn: self.source_arn.to_string(),
            source_account: Arc::clone(&self.account),
            payload: payload.into(),
            timeout: TIMEOUT,
        });
        let answer = match tokio::time::timeout(TIMEOUT, invoked).await {
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
        let answer = Answer::parse(&answer.payload);
        answer
            .map(|answer| (answer, latency_ms))
            .map_err(|cause| self.misconfigured(&format!("its function's answer: {cause}")))
    }

    fn event(&self, exchange: &Exchange, arn: &str) -> Result<Value, Refusal> {
        let mut event = match &self.given {
            Given::Token { header, .. } => {
                let mut event = Map::new();
                event.insert("type".into(), "TOKEN".into());
                event.insert("authorizationToken".into(), token_of(exchange, header)?.into());
                event
            }
            Given::Request(_) => {
                let mut event = event::request(exchange);
                event.insert("type".into(), "REQUEST".into());
                event
            }
        };
        event.insert("methodArn".into(), arn.into());
        Ok(event.into())
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

/// Returns the one token, as it came: with its scheme, if it has one.
fn token_of<'a>(exchange: &'a Exchange, header: &str) -> Result<&'a str, Refusal> {
    let value = super::token::header(exchange, header).map_err(|fault| unauthorized(fault.cause))?;
    let token = value.map(str::trim).filter(|token| !token.is_empty());
    token.ok_or_else(|| unauthorized(format!("no token in the header `{header}`")))
}

fn unauthorized(cause: impl Into<Reason>) -> Refusal {
    Refusal::new(RefusalKind::Unauthorized, cause)
}

impl LambdaCaller {
    /// Returns `$context.authorizer.{name}`.
    pub(crate) fn variable(&self, name: &str) -> Option<std::borrow::Cow<'_, str>> {
        match name {
            "principalId" => Some(self.answer.principal_id.as_ref().into()),
            "integrationLatency" => Some(self.latency_ms.to_string().into()),
            other => self.answer.context.get(other).map(|value| value.as_str().into()),
        }
    }

    /// Returns what a function behind the method learns of the caller.
    pub(crate) fn event_context(&self) -> Value {
        let mut context: Map<String, Value> = self
            .answer
            .context
            .iter()
            .map(|(name, value)| (name.clone(), value.as_str().into()))
            .collect();
        context.insert("principalId".into(), self.answer.principal_id.as_ref().into());
        context.insert("integrationLatency".into(), json!(self.latency_ms));
        context.into()
    }
}
