//! What we ask of the outside: hosts of ours that are not APIs, functions, AWS services. `server` fills it in.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use bytes::Bytes;
use portcullis_model::{
    HeaderList, RequestId, Scope, SecretText, Timestamp, resources::iam::Session, trail::Step,
};

use crate::http::Peer;

/// The longest body a site is given, in bytes.
pub const SITE_BODY_BYTES_MAX: usize = 1 << 20;

/// The longest body of a call of a [`Site::Service`], in bytes: a template of 1 MB in a form is longer than itself.
pub const SERVICE_BODY_BYTES_MAX: usize = 4 << 20;

/// The longest event of a function, in bytes, as AWS has it.
pub const FUNCTION_PAYLOAD_BYTES_MAX: usize = 6 << 20;

/// A host of ours that is not an API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Site {
    /// `cognito-idp.{region}.…`: the operations that AWS models as unsigned (`POST /` with `X-Amz-Target`) and
    /// `/{pool}/.well-known/…`.
    CognitoIdp,
    /// `{prefix}.auth.{region}.…`: a user pool's domain.
    PoolDomain { prefix: String },
    /// `{service}.{region}.amazonaws.com`: the AWS wire protocols, through the forward proxy alone.
    Service,
}

/// A request for a site, its body read whole.
#[derive(Debug)]
pub struct SiteRequest {
    pub site: Site,
    pub request_id: RequestId,
    pub method: Bytes,
    /// Starts with `/`; the prefix of a path form is gone.
    pub path: String,
    pub query: Option<String>,
    /// Host and port as the client named them.
    pub authority: String,
    pub headers: HeaderList,
    pub body: Bytes,
    pub peer: Peer,
}

/// What a site says. The pipeline records `steps` in the trail.
#[derive(Debug, Default)]
pub struct SiteResponse {
    pub status: u16,
    pub headers: HeaderList,
    pub body: Bytes,
    /// What was decided and why: `identity`, refuse, `the password is wrong`. Never holds a secret.
    pub steps: Vec<Step>,
}

/// A site's answer, some time later.
pub type SiteAnswer = Pin<Box<dyn Future<Output = SiteResponse> + Send>>;

/// Answers for the hosts of ours that are not APIs.
pub trait Sites: Send + Sync {
    /// Answers a request. Every refusal is a response too; what is not there is a 404.
    fn answer(&self, request: SiteRequest) -> SiteAnswer;
}

/// Hashes the values of API keys, under a key that only the installation has.
pub trait ApiKeyHashes: Send + Sync {
    /// Returns the hash of a value that was presented to a stage of `scope`.
    fn hash(&self, scope: &Scope, value: &[u8]) -> [u8; 32];
}

/// Opens session tokens, which are sealed under a key that only the installation has.
pub trait Sessions: Send + Sync {
    /// Returns whose session a token is, if it belongs to the access key and has not expired, and the secret.
    fn open(
        &self,
        access_key_id: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<(Session, SecretText), SessionRefusal>;
}

/// Why a session token opens nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionRefusal {
    /// It was not made here, not for this access key, or changed.
    Unknown,
    Expired,
}

/// Everything that the gateway asks of the outside. Cheap to clone.
#[derive(Clone)]
pub struct Ports {
    pub sessions: Arc<dyn Sessions>,
    pub sites: Arc<dyn Sites>,
    pub functions: Arc<dyn Functions>,
    pub services: Arc<dyn Services>,
    pub access_logs: Arc<dyn AccessLogs>,
    pub execution_logs: Arc<dyn AccessLogs>,
    pub sealing: Arc<dyn Sealing>,
}

/// Seals what the data plane keeps, with the keys of the vault. None: it cannot, and nothing is kept.
pub trait Sealing: Send + Sync {
    /// Seals bytes for a purpose, which is needed to open them.
    fn seal(&self, purpose: &str, plain: &[u8]) -> Option<String>;

    /// Opens what was sealed for the same purpose.
    fn unseal(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>>;
}

/// Keeps access logs, or execution logs.
pub trait AccessLogs: Send + Sync {
    /// Takes a line, without its end, for a log group. Never waits: what cannot be kept is counted and gone.
    fn write(&self, log_group: &Arc<str>, line: String);
}

/// A call of a function, by an integration or an authorizer.
#[derive(Clone, Debug)]
pub struct Invocation {
    /// With the qualifier, if it has one: `arn:aws:lambda:us-east-1:000000000000:function:name`.
    pub function_arn: Arc<str>,
    /// What calls, for the function's own policy: `arn:aws:execute-api:{region}:{account}:{api}/{stage}/{method}{path}`, or
    /// `…:{api}/authorizers/{id}`. The principal is `apigateway.amazonaws.com`.
    pub source_arn: String,
    /// The account that the caller belongs to.
    pub source_account: Arc<str>,
    /// The event: JSON.
    pub payload: Bytes,
    /// How long the caller waits; the function's own limit may be shorter.
    pub timeout: Duration,
}

/// What a function returned or failed with. <https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>
#[derive(Clone, Debug)]
pub struct FunctionAnswer {
    /// What the function returned, or, when it failed, `{"errorMessage": …, "errorType": …}`.
    pub payload: Bytes,
    /// `Unhandled` or `Handled` when the function failed: `X-Amz-Function-Error`.
    pub error: Option<String>,
}

/// Why a function was not run, or did not end.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FunctionFailure {
    #[error("there is no function `{0}`")]
    NotFound(String),
    /// The function's policy does not let the caller in.
    #[error("{0}")]
    NotPermitted(String),
    #[error("the function did not answer in time")]
    TimedOut,
    /// Too many calls at once.
    #[error("{0}")]
    Throttled(String),
    /// It could not be started or reached.
    #[error("{0}")]
    Unreachable(String),
}

/// A function's answer, some time later. May be awaited on any thread.
pub type Invoked = Pin<Box<dyn Future<Output = Result<FunctionAnswer, FunctionFailure>> + Send>>;

/// Runs functions, local or behind an HTTP endpoint.
pub trait Functions: Send + Sync {
    /// Invokes a function and waits for its answer (`RequestResponse`).
    fn invoke(&self, invocation: Invocation) -> Invoked;
}

/// A call of an AWS service of ours by an `AWS` integration: `arn:aws:apigateway:{region}:{service}:action/{action}`.
#[derive(Clone, Debug)]
pub struct ServiceCall {
    /// The account of the API and its region.
    pub scope: Scope,
    /// As in the integration's URI: `events`, `secretsmanager`.
    pub service: Arc<str>,
    /// `PutEvents`.
    pub action: Arc<str>,
    /// The role in whose name the call is made: the integration's `credentials`.
    pub role_arn: Arc<str>,
    /// The method that calls, as in [`Invocation::source_arn`]; the principal is `apigateway.amazonaws.com`.
    pub source_arn: String,
    pub request_id: RequestId,
    /// What the request template made.
    pub body: Bytes,
}

/// A service's answer, some time later. May be awaited on any thread.
pub type ServiceAnswer = Pin<Box<dyn Future<Output = Result<ServiceResponse, ServiceFailure>> + Send>>;

/// What a service says, errors of its own included.
#[derive(Clone, Debug)]
pub struct ServiceResponse {
    pub status: u16,
    pub headers: HeaderList,
    pub body: Bytes,
    /// What the service decided on its way and why, for the trail. Never holds a secret.
    pub decisions: String,
}

/// Why a service was not asked, or did not answer.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ServiceFailure {
    /// The integration's role is not there, or does not trust API Gateway.
    #[error("{0}")]
    NotAssumed(String),
    #[error("{0}")]
    Failed(String),
}

/// Calls services of ours in the name of a role, whose policies are evaluated.
pub trait Services: Send + Sync {
    /// Calls it.
    fn call(&self, call: ServiceCall) -> ServiceAnswer;
}
