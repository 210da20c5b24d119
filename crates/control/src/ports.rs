//! What control asks of the outside; `server` fills it in.

use std::{future::Future, pin::Pin};

use bytes::Bytes;
use portcullis_firewall::{Sample, SampledBy};
use portcullis_model::{
    ApiId, Problem, Scope, SecretText, StageName, Timestamp,
    resources::{
        apigateway::{ApiImage, Stage},
        apigatewayv2::{HttpDeployment, HttpStage},
        cloudfront::DistributionConfig,
        usage_plans::{DayOfUsage, Throttle, UsagePlanKey},
    },
    trail::Trail,
};

/// The data plane, as far as control needs it.
pub trait Published: Send + Sync {
    /// Returns when the data plane serves everything up to `sequence` of the change log, so that a change is
    /// effective when the call that made it answers.
    fn caught_up(&self, sequence: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>>;
}

/// Knows what the data plane can do.
pub trait Compiler: Send + Sync {
    /// Returns every problem that keeps the distribution `id` from being served with `config`.
    fn check_distribution(&self, scope: &Scope, id: &str, config: &DistributionConfig) -> Vec<Problem>;

    /// Returns every problem that keeps `image` from being served as `stage`.
    fn check(&self, scope: &Scope, image: &ApiImage, stage: &Stage) -> Vec<Problem>;

    /// Tells whether the configuration names servers for an upstream's ARN.
    fn has_upstream(&self, arn: &str) -> bool;

    /// Returns every problem that keeps a deployment of an HTTP API from being served as `stage`.
    fn check_http(&self, scope: &Scope, deployment: &HttpDeployment, stage: &HttpStage) -> Vec<Problem>;
}

/// What distributions keep of their origins' answers.
pub trait DistributionCache: Send + Sync {
    /// Drops what is kept of a distribution under `paths`, exact or with a `*` at the end; gone when this returns.
    fn invalidate(&self, distribution: &str, paths: &[String]);
}

/// What stages keep of their methods' answers.
pub trait StageCaches: Send + Sync {
    /// Drops what is kept of a stage; gone when this returns.
    fn flush(&self, api: &ApiId, stage: &StageName);
}

/// A test of an API as it stands, before it is deployed.
pub struct TestCall {
    pub image: ApiImage,
    /// The stage that the test is of.
    pub stage: Stage,
    pub method: String,
    /// Must be the one that the path leads to; none takes any.
    pub resource_id: Option<String>,
    pub path_and_query: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
    /// What backends are shown, and its key, both in PEM.
    pub client_certificate: Option<(String, SecretText)>,
}

/// What came of a test.
pub struct TestAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    /// What every layer did, in the words of execution logs.
    pub log: String,
    pub latency_ms: u64,
    pub caller: Option<TestedCaller>,
}

/// Whom an authorizer let in.
pub struct TestedCaller {
    pub principal_id: Option<String>,
    pub policy: Option<String>,
    pub claims: Vec<(String, String)>,
    pub context: Vec<(String, String)>,
}

/// Why a test could not be made.
pub enum TestRefusal {
    /// Something is wrong with it, or with the API.
    Invalid(String),
    /// Too many are being made.
    Busy,
}

/// What comes of a test, in time.
pub type Testing<'a> = Pin<Box<dyn Future<Output = Result<TestAnswer, TestRefusal>> + Send + 'a>>;

/// Sends tests through the data plane's own layers.
pub trait TestBench: Send + Sync {
    /// Tests a method, past the layers that ask who calls.
    fn method<'a>(&'a self, scope: &'a Scope, call: TestCall) -> Testing<'a>;

    /// Tests the authorizer of a method, and nothing else.
    fn authorizer<'a>(&'a self, scope: &'a Scope, call: TestCall) -> Testing<'a>;
}

/// The folders that stand for buckets.
pub trait Buckets: Send + Sync {
    /// Reads the object `key` of `bucket`, of at most `bytes_max` bytes; the error says what to do.
    fn read(&self, bucket: &str, key: &str, bytes_max: usize) -> Result<Bytes, String>;
}

/// Knows the names that the edge has certificates for.
pub trait Certificates: Send + Sync {
    /// Rejects a custom domain name that the edge could not serve; the error says what to do.
    fn check(&self, domain_name: &str) -> Result<(), String>;

    /// Rejects a custom domain name that is a host of ours already; one with a certificate of its own needs no more.
    fn check_free(&self, domain_name: &str) -> Result<(), String>;

    /// Rejects a certificate, with what stands above it, and a key, all in PEM, that the edge could not serve.
    fn check_pair(&self, certificate: &str, chain: &str, private_key: &SecretText) -> Result<(), String>;

    /// Issues a certificate for `names` with a new key of `key_algorithm`, as far as somebody issues certificates here.
    fn issue(&self, names: &[String], key_algorithm: &str) -> Issuance;

    /// Makes a certificate with a new key, good from one moment to another, that stages present to their backends.
    fn make_client_certificate(&self, from: Timestamp, until: Timestamp) -> Result<IssuedPem, String>;

    /// Rejects a truststore, in PEM, that the edge could not judge clients by.
    fn check_truststore(&self, pem: &[u8]) -> Result<(), String>;
}

/// What comes of asking for a certificate.
pub enum Issuance {
    Now(IssuedPem),
    /// It is kept as asked for, and issued as soon as its names are proved.
    Later,
    Refused(String),
}

/// A certificate that was issued, in PEM.
pub struct IssuedPem {
    pub certificate: String,
    /// What stands above it.
    pub chain: String,
    pub private_key: SecretText,
}

/// The data plane's samples of what web ACLs judged.
pub trait Samples: Send + Sync {
    /// Returns how many requests `by` decided in the window, and up to `count` of them, the newest first; `None` asks for
    /// every rule of the web ACL.
    fn find(
        &self,
        web_acl_arn: &str,
        by: Option<&SampledBy>,
        window: (Timestamp, Timestamp),
        now: Timestamp,
        count: usize,
    ) -> (u64, Vec<Sample>);
}

/// What the data plane counts of the use of API keys.
pub trait UsageCounters: Send + Sync {
    /// Returns how many keys an account has in a region.
    fn keys(&self, scope: &Scope) -> usize;

    /// Returns the throttle that every account has in every region.
    fn account_throttle(&self) -> Throttle;

    /// Returns what a key of a plan used on the days that the records may not tell yet: these count instead of them.
    fn used(&self, scope: &Scope, pair: &UsagePlanKey) -> Vec<DayOfUsage>;

    /// Leaves `remaining` requests to a key of a plan until its quota's period ends; on disk when it is done.
    fn set_remaining<'a>(
        &'a self,
        scope: &'a Scope,
        pair: &'a UsagePlanKey,
        remaining: u32,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>>;
}

/// Keeps the trails of admin calls beside those of the data plane, and finds them again.
pub trait TrailSink: Send + Sync {
    /// Keeps a finished trail.
    fn record(&self, trail: Trail);

    /// Returns the trail of a request while it is still kept.
    fn find(&self, request_id: &str) -> Option<Trail>;

    /// Returns the trail that ended last, on any listener.
    fn latest(&self) -> Option<Trail>;
}
