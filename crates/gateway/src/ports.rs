//! What we ask of the outside: hosts of ours that are not APIs. `server` fills it in.

use std::{future::Future, pin::Pin};

use bytes::Bytes;
use portcullis_model::{HeaderList, RequestId, trail::Step};

use crate::http::Peer;

/// The longest body a site is given, in bytes.
pub const SITE_BODY_BYTES_MAX: usize = 1 << 20;

/// The longest body of a call of a [`Site::Service`], in bytes: a template of 1 MB in a form is longer than itself.
pub const SERVICE_BODY_BYTES_MAX: usize = 4 << 20;

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
