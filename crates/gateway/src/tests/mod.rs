//! Requests through the whole gateway, in process: a stage and a deployment as JSON, a request, and what comes of it.

mod access_log;
mod aws;
mod backend_tls;
mod compile;
mod cognito;
mod firewall;
mod custom_domains;
mod endpoint_policy;
mod distribution;
mod gateway_responses;
mod http_api;
mod http_lambda_authorizer;
mod hosts;
mod iam;
mod lambda_authorizer;
mod lambda_proxy;
mod http_proxy;
mod mapping;
mod mock;
mod preflight;
mod private;
mod resource_policy;
mod rest_jwt;
mod routing;
mod usage_plan;
mod validation;

use std::{
    collections::BTreeMap,
    sync::{
        Arc, LazyLock, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};

use bytes::Bytes;
use portcullis_egress::{AddressPolicy, ClientConfig, Limits, PublicOnly, tls};
use portcullis_engines::jwt::RsaSigningKey;
use portcullis_model::{
    HeaderList, ManualClock, Problem, Scope, SecretText, SystemEntropy, Timestamp,
    resources::{
        apigateway::{Deployment, Stage},
        cognito::UserPool,
        iam::Session,
        usage_plans::Throttle,
    },
    trail::{Outcome, Step, Trail},
};
use serde_json::{Value, json};

use crate::{
    Gateway, GatewayParts, GatewaySettings,
    distribution::cache::DistributionCache,
    firewall::{Firewall, WebAclSnapshot},
    hosts::{HostSettings, Hosts},
    http::{Body, Listener, Peer, Request, Response, Version},
    issuers::Issuers,
    ports::{
        AccessLogs, ApiKeyHashes, FunctionAnswer, FunctionFailure, Functions, Invocation, Invoked, Ports,
        ServiceAnswer, ServiceCall, ServiceFailure, Services, SessionRefusal, Sessions, SiteAnswer,
        SiteRequest, SiteResponse, Sites,
    },
    revocations::Revocations,
    snapshot::{PoolSnapshot, Snapshot, Snapshots, StageSnapshot, compile_stage},
    trail::TrailLog,
    usage::{UsagePlans, bucket::Rate},
};

pub(crate) const NOW: i64 = 1_700_000_000;
pub(crate) const HOST: &str = "abc123.execute-api.us-east-1.portcullis.localhost";
pub(crate) const POOL: &str = "us-east-1_aaaaaaaaa";
pub(crate) const OTHER_POOL: &str = "us-east-1_bbbbbbbbb";

/// What the account of tests may do at once; the clock stands still.
pub(crate) const ACCOUNT_BURST: u32 = 2_000;

pub(crate) static KEY: LazyLock<RsaSigningKey> = LazyLock::new(|| RsaSigningKey::generate().unwrap());
pub(crate) static OTHER_KEY: LazyLock<RsaSigningKey> = LazyLock::new(|| RsaSigningKey::generate().unwrap());

/// A gateway and what stands around it.
pub(crate) struct World {
    pub(crate) gateway: Gateway,
    parts: GatewayParts,
    pub(crate) snapshots: Arc<Snapshots>,
    pub(crate) revocations: Arc<Revocations>,
    pub(crate) usage: Arc<UsagePlans>,
    pub(crate) trails: Arc<TrailLog>,
    pub(crate) firewall: Arc<Firewall>,
    pub(crate) distribution_cache: Arc<DistributionCache>,
    pub(crate) clock: Arc<ManualClock>,
    pub(crate) visits: Arc<Visits>,
    pub(crate) functions: Arc<ScriptedFunctions>,
    pub(crate) lines: Arc<KeptLines>,
    pub(crate) sessions: Arc<GivenSessions>,
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Outcomes {
    pub(crate) status: u16,
    pub(crate) headers: HeaderList,
    pub(crate) body: String,
    pub(crate) trail: Trail,
}

/// A site that notes who visited.
#[derive(Default)]
pub(crate) struct Visits(pub(crate) Mutex<Vec<SiteRequest>>);

impl Sites for Visits {
    fn answer(&self, request: SiteRequest) -> SiteAnswer {
        self.0.lock().unwrap().push(request);
        Box::pin(async {
            SiteResponse {
                status: 200,
                headers: HeaderList::new(),
                body: Bytes::from_static(b"site"),
                steps: Vec::new(),
            }
        })
    }
}

/// Functions that all do as the test says, and note who invoked them. Unless told otherwise there is none.
#[derive(Default)]
pub(crate) struct ScriptedFunctions {
    pub(crate) says: Mutex<Option<Result<FunctionAnswer, FunctionFailure>>>,
    pub(crate) invoked: Mutex<Vec<Invocation>>,
    /// What happens while a function thinks.
    pub(crate) meanwhile: Mutex<Option<Box<dyn Fn() + Send>>>,
}

/// A hash without a key: enough to find one by another.
pub(crate) struct PlainHashes;

impl ApiKeyHashes for PlainHashes {
    fn hash(&self, scope: &Scope, value: &[u8]) -> [u8; 32] {
        let text = [scope.account.as_str().as_bytes(), value].concat();
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &text);
        hash.as_ref().try_into().unwrap()
    }
}

impl Functions for ScriptedFunctions {
    fn invoke(&self, invocation: Invocation) -> Invoked {
        let missing = || Err(FunctionFailure::NotFound(invocation.function_arn.to_string()));
        let says = self.says.lock().unwrap().clone().unwrap_or_else(missing);
        self.invoked.lock().unwrap().push(invocation);
        if let Some(happens) = &*self.meanwhile.lock().unwrap() {
            happens();
        }
        Box::pin(async move { says })
    }
}

/// Access logs in memory: log group and line.
#[derive(Default)]
pub(crate) struct KeptLines(pub(crate) Mutex<Vec<(Arc<str>, String)>>);

impl AccessLogs for KeptLines {
    fn write(&self, log_group: &Arc<str>, line: String) {
        self.0.lock().unwrap().push((Arc::clone(log_group), line));
    }
}

/// Sessions by their tokens, and how often one was opened.
#[derive(Default)]
pub(crate) struct GivenSessions {
    pub(crate) given: Mutex<BTreeMap<String, (Session, SecretText)>>,
    pub(crate) opened: AtomicUsize,
}

impl Sessions for GivenSessions {
    fn open(
        &self,
        access_key_id: &str,
        token: &str,
        now: Timestamp,
    ) -> Result<(Session, SecretText), SessionRefusal> {
        self.opened.fetch_add(1, Ordering::Relaxed);
        let found = self.given.lock().unwrap().get(token).cloned();
        let found = found.filter(|(session, _)| session.access_key_id.as_str() == access_key_id);
        let (session, secret) = found.ok_or(SessionRefusal::Unknown)?;
        if now >= session.expires {
            return Err(SessionRefusal::Expired);
        }
        Ok((session, secret))
    }
}

/// There is no service.
struct NoServices;

impl Services for NoServices {
    fn call(&self, call: ServiceCall) -> ServiceAnswer {
        Box::pin(async move { Err(ServiceFailure::Failed(format!("no service `{}`", call.service))) })
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_seconds(NOW)
}

pub(crate) fn scope() -> Scope {
    Scope::new("000000000000", "us-east-1")
}

pub(crate) fn pool_arn(pool: &str) -> String {
    PoolSnapshot::arn_of(&scope(), &pool.into())
}

pub(crate) fn issuer(pool: &str) -> String {
    format!("https://cognito-idp.us-east-1.amazonaws.com/{pool}")
}

fn calling_anywhere() -> ClientConfig {
    ClientConfig {
        tls: tls::trusting_only([]).unwrap(),
        limits: Limits::default(),
        policy: AddressPolicy::Any,
    }
}

/// Seals by turning bytes over: enough to see what is sealed and what is not.
pub(crate) struct Turned;

impl crate::ports::Sealing for Turned {
    fn seal(&self, purpose: &str, plain: &[u8]) -> Option<String> {
        let turned: String = plain.iter().map(|byte| format!("{:02x}", byte ^ 0xff)).collect();
        Some(format!("{purpose}:{turned}"))
    }

    fn unseal(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let turned = sealed.strip_prefix(purpose)?.strip_prefix(':')?;
        let bytes = turned.as_bytes().chunks(2);
        bytes
            .map(|pair| Some(u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()? ^ 0xff))
            .collect()
    }
}

/// A pool with one key under `kid`.
pub(crate) fn pool(id: &str, kid: &str, key: &RsaSigningKey) -> PoolSnapshot {
    let record = json!({"Kid": kid, "PublicJwk": key.public_jwk(kid), "SealedPrivateKey": "v1:x"});
    let pool: UserPool = serde_json::from_value(json!({
        "Id": id,
        "Name": "pool",
        "CreationDate": 0,
        "LastModifiedDate": 0,
        "PasswordPolicy": {},
        "SchemaAttributes": [],
        "SigningKeys": [record],
    }))
    .unwrap();
    PoolSnapshot::compile(&scope(), &pool, &issuer(id)).unwrap()
}

/// What an API image holds beside its defaults.
pub(crate) fn compile(image: Value, stage: Value) -> Result<StageSnapshot, Vec<Problem>> {
    let mut rest_api = json!({
        "id": "abc123", "name": "api", "createdDate": 0, "rootResourceId": "root", "apiKeySource": "HEADER",
        "endpointTypes": ["REGIONAL"],
    });
    merge(&mut rest_api, image.get("restApi").cloned().unwrap_or_default());
    let list = |name: &str| image.get(name).cloned().unwrap_or_else(|| json!([]));
    let deployment: Deployment = serde_json::from_value(json!({
        "id": "dep1", "apiId": "abc123", "createdDate": 0,
        "image": {
            "restApi": rest_api,
            "resources": list("resources"),
            "authorizers": list("authorizers"),
            "models": list("models"),
            "requestValidators": list("requestValidators"),
            "gatewayResponses": list("gatewayResponses"),
        },
    }))
    .unwrap();
    let mut record = json!({
        "apiId": "abc123", "stageName": "prod", "deploymentId": "dep1", "createdDate": 0, "lastUpdatedDate": 0,
    });
    merge(&mut record, stage);
    let stage: Stage = serde_json::from_value(record).unwrap();
    compile_stage(&stage, &deployment, &scope())
}

fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

/// A resource with methods; the id is its path.
pub(crate) fn resource(path: &str, methods: Value) -> Value {
    json!({"id": format!("id{}", path.len()), "path": path, "resourceMethods": methods})
}

/// A method without authorization.
pub(crate) fn open(integration: Value) -> Value {
    json!({
        "httpMethod": "GET", "authorizationType": "NONE", "methodIntegration": integration,
        "methodResponses": {"200": {"statusCode": "200"}},
    })
}

/// A mock that answers 200 with `template`.
pub(crate) fn mock(template: &str) -> Value {
    json!({
        "type": "MOCK",
        "requestTemplates": {"application/json": "{\"statusCode\": 200}"},
        "integrationResponses": {
            "200": {"statusCode": "200", "responseTemplates": {"application/json": template}},
        },
    })
}

impl World {
    /// Serves `image` under the stage `prod`.
    pub(crate) fn serving(image: Value) -> Self {
        Self::with(image, json!({}))
    }

    pub(crate) fn with(image: Value, stage: Value) -> Self {
        Self::empty(GatewaySettings::default()).deploying(image, stage)
    }

    pub(crate) fn deploying(self, image: Value, stage: Value) -> Self {
        let stage = compile(image, stage).unwrap_or_else(|problems| panic!("{problems:?}"));
        self.snapshots.change(|snapshot| snapshot.with_stage(stage));
        self
    }

    pub(crate) fn empty(settings: GatewaySettings) -> Self {
        let hosts = Hosts::compile(&HostSettings {
            region: "us-east-1".into(),
            domain: "portcullis.localhost".into(),
            path_forms: true,
            listener_addresses: vec!["127.0.0.1".parse().unwrap()],
            services: Vec::new(),
            issuer_host: None,
        });
        let snapshots = Arc::new(Snapshots::new(Snapshot::new(hosts)));
        let revocations = Arc::new(Revocations::default());
        let account = Throttle {
            burst_limit: ACCOUNT_BURST,
            rate_limit: 1.0,
        };
        let usage = Arc::new(UsagePlans::new(Arc::new(PlainHashes), Rate::of(&account)));
        let trails = Arc::new(TrailLog::default());
        let firewall = Arc::new(Firewall::default());
        let distribution_cache = Arc::new(DistributionCache::default());
        let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(NOW)));
        let visits = Arc::new(Visits::default());
        let functions = Arc::new(ScriptedFunctions::default());
        let lines = Arc::new(KeptLines::default());
        let sessions = Arc::new(GivenSessions::default());
        let parts = GatewayParts {
            snapshots: Arc::clone(&snapshots),
            revocations: Arc::clone(&revocations),
            usage: Arc::clone(&usage),
            callers: Arc::default(),
            trails: Arc::clone(&trails),
            firewall: Arc::clone(&firewall),
            distribution_cache: Arc::clone(&distribution_cache),
            challenges: Arc::default(),
            ports: Ports {
                sessions: Arc::<GivenSessions>::clone(&sessions),
                sites: Arc::<Visits>::clone(&visits),
                functions: Arc::<ScriptedFunctions>::clone(&functions),
                services: Arc::new(NoServices),
                access_logs: Arc::<KeptLines>::clone(&lines),
                execution_logs: Arc::new(KeptLines::default()),
                sealing: Arc::new(Turned),
            },
            clock: Arc::<ManualClock>::clone(&clock),
            entropy: Arc::new(SystemEntropy),
            settings,
            integrations: calling_anywhere(),
            strangers: ClientConfig {
                tls: tls::trusting_only([]).unwrap(),
                limits: Limits::default(),
                policy: AddressPolicy::PublicOnly(PublicOnly::default()),
            },
            issuers: Arc::new(Issuers::new("https://cognito-idp.us-east-1.amazonaws.com/")),
        };
        Self {
            gateway: Gateway::new(parts.clone()),
            parts,
            snapshots,
            revocations,
            usage,
            trails,
            firewall,
            distribution_cache,
            clock,
            visits,
            functions,
            lines,
            sessions,
        }
    }

    /// What another worker of the same gateway is made of.
    pub(crate) fn gateway_parts(&self) -> GatewayParts {
        self.parts.clone()
    }

    /// Lets every function return `payload`.
    pub(crate) fn returning(self, payload: &str) -> Self {
        self.saying(Ok(FunctionAnswer {
            payload: Bytes::copy_from_slice(payload.as_bytes()),
            error: None,
        }))
    }

    /// Lets every function fail with `payload`.
    pub(crate) fn failing(self, payload: &str) -> Self {
        self.saying(Ok(FunctionAnswer {
            payload: Bytes::copy_from_slice(payload.as_bytes()),
            error: Some("Unhandled".into()),
        }))
    }

    pub(crate) fn saying(self, says: Result<FunctionAnswer, FunctionFailure>) -> Self {
        *self.functions.says.lock().unwrap() = Some(says);
        self
    }

    /// Returns the event of the last invocation.
    pub(crate) fn event(&self) -> Value {
        let invoked = self.functions.invoked.lock().unwrap();
        serde_json::from_slice(&invoked.last().unwrap().payload).unwrap()
    }

    pub(crate) fn with_pool(self, pool: PoolSnapshot) -> Self {
        self.snapshots.change(|snapshot| snapshot.with_pool(pool));
        self
    }

    pub(crate) fn get(&self, target: &str) -> Outcomes {
        self.send(request("GET", target, &[]))
    }

    /// Grants every lease, as the keeper of usage does, or none.
    async fn answer_leases(&self, is_kept: bool) {
        loop {
            self.usage.lease_wanted().await;
            let leases = self.usage.make_leases(now());
            if is_kept { leases.grant() } else { leases.fail() }
        }
    }

    pub(crate) fn send(&self, request: Request) -> Outcomes {
        self.send_with_leases(request, true)
    }

    /// Sends a request while no lease can be kept.
    pub(crate) fn failing_leases(&self, request: Request) -> Outcomes {
        self.send_with_leases(request, false)
    }

    fn send_with_leases(&self, request: Request, are_kept: bool) -> Outcomes {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        // As a worker does: tasks of its own stay on its thread.
        let answered = async {
            let mut response = self.gateway.handle(request).await;
            let body = response.body.read_whole(32 << 20).await.unwrap();
            (response, body)
        };
        let (response, body) = tokio::task::LocalSet::new().block_on(&runtime, async {
            tokio::select! {
                answered = answered => answered,
                () = self.answer_leases(are_kept) => unreachable!(),
            }
        });
        let Response { status, headers, .. } = response;
        let trail = self.trails.latest().unwrap();
        assert_eq!(trail.status, status);
        let id = headers
            .text("x-amzn-RequestId")
            .or(headers.text("apigw-requestid"));
        assert_eq!(id, Some(trail.request_id.as_str()));
        Outcomes {
            status,
            headers,
            body: String::from_utf8(body.to_vec()).unwrap(),
            trail,
        }
    }
}

impl Outcomes {
    /// Returns layer, outcome and reason of the last step.
    pub(crate) fn last(&self) -> (&str, Outcome, &str) {
        let step = self.trail.steps.last().unwrap();
        (&step.layer, step.outcome, &step.reason)
    }

    /// Returns the step of `layer`.
    pub(crate) fn step(&self, layer: &str) -> &Step {
        step_of(&self.trail, layer)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.text(name)
    }

    /// Checks the refusal: status, message as AWS writes it, the layer, and a part of the reason.
    #[track_caller]
    pub(crate) fn refused(&self, status: u16, message: &str, layer: &str, reason: &str) {
        assert_eq!(
            (self.status, self.body.as_str()),
            (status, format!("{{\"message\":{message}}}").as_str())
        );
        let (by, outcome, cause) = self.last();
        assert_eq!((by, outcome), (layer, Outcome::Refuse), "{cause}");
        assert!(cause.contains(reason), "`{cause}` does not say `{reason}`");
    }
}

/// Returns the step of `layer` in a trail.
pub(crate) fn step_of<'a>(trail: &'a Trail, layer: &str) -> &'a Step {
    trail.steps.iter().find(|step| step.layer == layer).unwrap()
}

/// A request for the API's own host.
pub(crate) fn request(method: &str, target: &str, headers: &[(&'static str, &str)]) -> Request {
    request_to(HOST, method, target, headers)
}

pub(crate) fn request_to(
    host: &str,
    method: &str,
    target: &str,
    headers: &[(&'static str, &str)],
) -> Request {
    Request {
        method: Bytes::copy_from_slice(method.as_bytes()),
        target: Bytes::copy_from_slice(target.as_bytes()).into(),
        authority: host.into(),
        version: Version::Http11,
        headers: headers
            .iter()
            .map(|(name, value)| (*name, value.as_bytes().to_vec()))
            .collect(),
        body: Body::Empty,
        proxy: None,
        peer: Peer {
            address: "192.0.2.7:4711".parse().unwrap(),
            listener: Listener::Public,
            tls: None,
        },
    }
}

pub(crate) fn with_body(mut request: Request, body: impl Into<Bytes>) -> Request {
    request.body = Body::Full(body.into());
    request
}
