//! Layer 4: who calls, and may they call this method.

pub(crate) mod cognito;
pub(crate) mod jwt;
mod jwt_configuration;
pub(crate) mod iam;
pub(crate) mod lambda;
mod methods;
mod lambda_answer;
pub(crate) mod signature;
pub(crate) mod signers;
mod lambda_event;
mod lambda_identity;
mod lambda_source;
pub(crate) mod routes;
mod token;
mod combination;
pub(crate) mod token_cache;
pub(crate) mod verdict_cache;

use std::{borrow::Cow, collections::BTreeMap, rc::Rc, sync::Arc};

use portcullis_model::{
    AuthorizerId, Scope, SecretText,
    resources::apigateway::{ApiImage, AuthorizerType, Stage},
};
use serde_json::{Map, Value, json};

use crate::{
    decision::{Decision, LayerName, Nothing, Reason},
    exchange::{BodyNeed, Exchange},
    gateway::Worker,
    layers::resource_policy,
    mapping::context_variables,
    pipeline::Layer,
    refusal::{Refusal, RefusalKind},
};

use cognito::CognitoAuthorizer;
use combination::{Ruling, Says, Table, combine};
use iam::IamCaller;
use jwt::Scopes;
use jwt_configuration::JwtAuthorizer;
use lambda::{LambdaAuthorizer, LambdaCaller};
use token_cache::VerifiedToken;

pub(crate) struct Authorizer;

impl Layer for Authorizer {
    const NAME: LayerName = LayerName::Authorizer;

    fn body_need(exchange: &Exchange, worker: &Worker) -> BodyNeed {
        match exchange.known_method().map(|method| &method.authorization) {
            Some(MethodAuthorization::Iam) => signature::body_need(exchange, worker),
            _ => BodyNeed::None,
        }
    }

    fn idle(exchange: &Exchange) -> Option<Nothing> {
        match exchange.known_method()?.authorization {
            MethodAuthorization::Open => Some(Nothing::OpenMethod),
            _ => None,
        }
    }

    async fn check(exchange: &mut Exchange, worker: &Worker) -> Decision {
        let finding = match exchange.method().map(|method| &method.authorization) {
            Ok(MethodAuthorization::Open) => return Decision::Continue(Reason::Nothing(Nothing::OpenMethod)),
            Ok(MethodAuthorization::Cognito { authorizer, scopes }) => {
                cognito::check(authorizer, scopes, exchange, worker).map(|(token, reason)| Finding {
                    caller: Caller::Cognito(token),
                    says: Says::Allow,
                    table: Table::Cognito,
                    reason,
                })
            }
            Ok(MethodAuthorization::Jwt { authorizer, scopes }) => {
                jwt::check(authorizer, scopes, exchange, worker)
                    .await
                    .map(|(token, reason)| Finding {
                        caller: Caller::Jwt(token),
                        says: Says::Allow,
                        // AWS does not say how a REST API's policy goes with it: as for user pools, the stricter way.
                        table: Table::Cognito,
                        reason,
                    })
            }
            Ok(MethodAuthorization::Iam) => {
                let verdict = iam::check(exchange, worker);
                // A signature is for us alone: no backend gets one that it could use.
                exchange.drop_signature();
                return match verdict {
                    Ok((caller, reason)) => {
                        exchange.admit_caller(Caller::Iam(Box::new(caller)));
                        Decision::Continue(reason)
                    }
                    Err(refusal) => refusal.into(),
                };
            }
            Ok(MethodAuthorization::Lambda(authorizer)) => lambda::check(authorizer, exchange, worker)
                .await
                .map(|(caller, says, reason)| Finding {
                    caller: Caller::Lambda(caller),
                    says,
                    table: Table::SameAccount,
                    reason,
                }),
            Err(refusal) => Err(refusal),
        };
        match finding.and_then(|finding| finding.rule(exchange)) {
            Ok((caller, reason)) => {
                exchange.admit_caller(caller);
                Decision::Continue(reason)
            }
            Err(refusal) => refusal.into(),
        }
    }
}

/// Whom an authorizer found, and what it says of the call.
struct Finding {
    caller: Caller,
    says: Says,
    table: Table,
    reason: Reason,
}

impl Finding {
    /// Combines it with what the resource policy says.
    fn rule(self, exchange: &Exchange) -> Result<(Caller, Reason), Refusal> {
        match combine(self.table, self.says, exchange.policy_verdict()) {
            Ruling::Allow => Ok((self.caller, self.reason)),
            Ruling::PolicySilent => {
                let cause = format!(
                    "{}; no statement of the resource policy allows it, which is needed too",
                    self.reason.text()
                );
                Err(resource_policy::denied(exchange, "anonymous", cause, false))
            }
            ruling => {
                let is_explicit = ruling == Ruling::ExplicitDeny;
                Err(match self.caller {
                    Caller::Lambda(_) => not_authorized(self.reason, is_explicit),
                    _ => resource_policy::denied(exchange, "anonymous", self.reason, is_explicit),
                })
            }
        }
    }
}

/// What AWS tells whom a function's policy does not let in.
fn not_authorized(cause: Reason, is_explicit: bool) -> Refusal {
    let end = if is_explicit { " with an explicit deny" } else { "" };
    Refusal::new(RefusalKind::AccessDenied, cause)
        .with_message(format!("User is not authorized to access this resource{end}"))
}

/// Whom an authorizer admitted, one variant for each kind of authorizer. Only this layer makes one.
pub(crate) enum Caller {
    /// Who holds a token of a user pool.
    Cognito(Rc<VerifiedToken>),
    /// Who holds a token that a JWT authorizer takes.
    Jwt(Rc<VerifiedToken>),
    /// Whom a function named.
    Lambda(LambdaCaller),
    /// Who signed the call. On the heap: what is known of him is long, and every exchange has room for a caller.
    Iam(Box<IamCaller>),
}

impl Caller {
    /// Returns a claim of the caller's token.
    pub(crate) fn claim(&self, name: &str) -> Option<Cow<'_, Value>> {
        match self {
            Self::Cognito(token) | Self::Jwt(token) => token.claims.get(name),
            Self::Lambda(_) | Self::Iam(_) => None,
        }
    }

    /// Returns a claim of the caller's token when it is text.
    pub(crate) fn claim_text(&self, name: &str) -> Option<&str> {
        match self {
            Self::Cognito(token) | Self::Jwt(token) => token.claims.text(name),
            Self::Lambda(_) | Self::Iam(_) => None,
        }
    }

    /// Returns `$context.identity.{name}`, as far as the authorizer knows it.
    pub(crate) fn identity(&self, name: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Iam(caller) => caller.identity(name),
            _ => None,
        }
    }

    /// Returns `$context.authorizer.{name}`, which is not about claims.
    pub(crate) fn variable(&self, name: &str) -> Option<Cow<'_, str>> {
        match self {
            Self::Cognito(_) | Self::Jwt(_) | Self::Iam(_) => None,
            Self::Lambda(caller) => caller.variable(name),
        }
    }

    /// Returns the API key under which the authorizer has the call counted, for APIs whose keys come from there.
    pub(crate) fn usage_identifier_key(&self) -> Option<&SecretText> {
        match self {
            Self::Lambda(caller) => caller.answer.usage_identifier_key.as_ref(),
            _ => None,
        }
    }

    /// Returns what a function learns of the caller: `requestContext.authorizer` of its event, in payload format 1.0.
    pub(crate) fn event_context(&self) -> Option<Value> {
        match self {
            Self::Jwt(token) => Some(json!({ "claims": plain_claims(token) })),
            Self::Cognito(token) => {
                let claims = token.claims.0.to_map();
                let claims = claims.iter().filter_map(|(name, value)| {
                    let text = context_variables::claim_value(name, value)?;
                    Some((name.clone(), text.as_ref().into()))
                });
                let claims: Map<String, Value> = claims.collect();
                Some(json!({ "claims": claims }))
            }
            Self::Lambda(caller) => Some(caller.event_context()),
            Self::Iam(_) => None,
        }
    }

    /// The same in payload format 2.0; `scopes` are those of the route that the caller has.
    pub(crate) fn event_context_2(&self, scopes: Option<&[&str]>) -> Option<Value> {
        match self {
            Self::Jwt(token) => Some(json!({ "jwt": { "claims": plain_claims(token), "scopes": scopes } })),
            Self::Lambda(caller) => Some(json!({ "lambda": caller.answer.context })),
            Self::Iam(caller) => Some(json!({ "iam": {
                "accessKey": caller.identity("accessKey"),
                "accountId": caller.identity("accountId"),
                "callerId": caller.identity("caller"),
                "cognitoIdentity": null,
                "principalOrgId": null,
                "userArn": caller.identity("userArn"),
                "userId": caller.identity("user"),
            } })),
            Self::Cognito(_) => None,
        }
    }
}

/// The claims as HTTP APIs tell them.
fn plain_claims(token: &VerifiedToken) -> Map<String, Value> {
    let claims = token.claims.0.to_map();
    let claims = claims.iter().filter_map(|(name, value)| {
        let text = context_variables::plain_claim(value)?;
        Some((name.clone(), text.as_ref().into()))
    });
    claims.collect()
}

/// What a method asks of its caller.
pub(crate) enum MethodAuthorization {
    /// Nothing: type `NONE`.
    Open,
    /// A token of one of the authorizer's user pools: an ID token without scopes, else an access token with one of them.
    Cognito {
        authorizer: Arc<CognitoAuthorizer>,
        scopes: Vec<Box<str>>,
    },
    /// A token of the authorizer's issuer for one of its audiences, with one of the scopes if there are any.
    Jwt {
        authorizer: Arc<JwtAuthorizer>,
        scopes: Scopes,
    },
    /// What a function says: type `CUSTOM`.
    Lambda(Arc<LambdaAuthorizer>),
    /// A signature, and the policies of who signed: type `AWS_IAM`.
    Iam,
}

/// The authorizers of an API that methods can use, by id.
pub(crate) struct Authorizers(BTreeMap<AuthorizerId, Result<Compiled, String>>);

enum Compiled {
    Cognito(Arc<CognitoAuthorizer>),
    Lambda(Arc<LambdaAuthorizer>),
    Jwt(Arc<JwtAuthorizer>),
}

impl Authorizers {
    /// Compiles the authorizers of the image that `stage` serves. What is wrong with one is told by the methods that use it.
    pub(crate) fn compile(image: &ApiImage, stage: &Stage, scope: &Scope) -> Self {
        let authorizers = image.authorizers.iter().map(|authorizer| {
            let compiled = match authorizer.authorizer_type {
                AuthorizerType::CognitoUserPools => {
                    CognitoAuthorizer::compile(authorizer).map(Compiled::Cognito)
                }
                AuthorizerType::Jwt => JwtAuthorizer::compile_rest(authorizer)
                    .map(|compiled| Compiled::Jwt(Arc::new(compiled)))
                    .map_err(|message| format!("authorizer `{}`: {message}", authorizer.name)),
                AuthorizerType::Token | AuthorizerType::Request => {
                    LambdaAuthorizer::compile(authorizer, image, stage, scope).map(Compiled::Lambda)
                }
            };
            (authorizer.id.clone(), compiled)
        });
        Self(authorizers.collect())
    }

    fn find(&self, id: Option<&AuthorizerId>, authorization_type: &str) -> Result<&Compiled, String> {
        let id = id.ok_or_else(|| format!("`{authorization_type}` needs an authorizer"))?;
        match self.0.get(id) {
            None => Err(format!("the API has no authorizer `{id}`")),
            Some(Err(message)) => Err(message.clone()),
            Some(Ok(compiled)) => Ok(compiled),
        }
    }
}

impl MethodAuthorization {
    /// Returns the scopes of a route that the caller has; none where the route asks for none.
    pub(crate) fn matched_scopes<'a>(&'a self, caller: &Caller) -> Option<Vec<&'a str>> {
        match (self, caller) {
            (Self::Jwt { scopes, .. }, Caller::Jwt(token)) => scopes.matched(token),
            _ => None,
        }
    }

    /// Tells whether nobody asks who calls.
    pub(crate) const fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }

    /// Tells whether the caller has policies of his own, which are judged together with the API's.
    pub(crate) const fn is_iam(&self) -> bool {
        matches!(self, Self::Iam)
    }
}
