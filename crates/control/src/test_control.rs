//! A whole control over a store in memory, for tests: nothing leaves the process, time stands still.

use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc};

use bytes::Bytes;
use portcullis_events::{Events, EventsParts};
use portcullis_firewall::{Sample, SampledBy};
use portcullis_identity::{
    Identity, IdentityParts, IssuerForm, Settings,
    ports::{Mail, MailError, Message, SignOuts},
};
use portcullis_model::{
    ApiId, Clock, Entropy, ManualClock, Problem, RequestId, Scope, SecretText, StageName, SystemEntropy,
    Timestamp, UserPoolId, UserSub,
    resources::{
        apigateway::ACCOUNT_THROTTLE,
        apigateway::{ApiImage, Stage},
        apigatewayv2::{HttpDeployment, HttpStage},
        cloudfront::DistributionConfig,
        usage_plans::{DayOfUsage, Throttle, UsagePlanKey},
    },
    trail::Trail,
};
use portcullis_store::{Store, sqlite::SqliteStore};
use portcullis_vault::{RootKey, Vault};

use serde_json::Value;

use crate::{
    ControlParts,
    operation::{AwsError, Call, Caller, Notes, Service},
    ports,
};

struct Outside;

impl Mail for Outside {
    fn send(&self, _message: Message) -> Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + '_>> {
        Box::pin(async { Ok(()) })
    }
}
impl SignOuts for Outside {
    fn revoke_family(&self, _pool: &UserPoolId, _origin_jti: &str, _until: Timestamp) {}
    fn sign_out(&self, _pool: &UserPoolId, _sub: &UserSub, _before: Timestamp, _until: Timestamp) {}
}
impl ports::Published for Outside {
    fn caught_up(&self, _sequence: u64) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        Box::pin(async {})
    }
}
impl ports::Compiler for Outside {
    fn check_distribution(&self, _scope: &Scope, _id: &str, config: &DistributionConfig) -> Vec<Problem> {
        let cannot = config.comment == "cannot";
        cannot
            .then(|| Problem::error(None, "Comment", "this cannot be served"))
            .into_iter()
            .collect()
    }
    fn check(&self, _scope: &Scope, image: &ApiImage, _stage: &Stage) -> Vec<Problem> {
        let methods = image
            .resources
            .iter()
            .flat_map(|resource| resource.methods.values());
        methods
            .filter(|method| method.operation_name.as_deref() == Some("cannot"))
            .map(|_| Problem::error(None, "methods", "this cannot be served"))
            .collect()
    }
    fn has_upstream(&self, arn: &str) -> bool {
        !arn.contains("unknown")
    }
    fn check_http(&self, _scope: &Scope, deployment: &HttpDeployment, _stage: &HttpStage) -> Vec<Problem> {
        let routes = &deployment.image.routes;
        routes
            .iter()
            .filter(|route| route.target.is_none())
            .map(|route| Problem::error(None, route.route_key.clone(), "this cannot be served"))
            .collect()
    }
}
impl ports::DistributionCache for Outside {
    fn invalidate(&self, _distribution: &str, _paths: &[String]) {}
}
impl ports::StageCaches for Outside {
    fn flush(&self, _api: &ApiId, _stage: &StageName) {}
}
impl ports::TestBench for Outside {
    fn method<'a>(&'a self, _: &'a Scope, _: ports::TestCall) -> ports::Testing<'a> {
        Box::pin(async { Err(ports::TestRefusal::Busy) })
    }
    fn authorizer<'a>(&'a self, _: &'a Scope, _: ports::TestCall) -> ports::Testing<'a> {
        Box::pin(async { Err(ports::TestRefusal::Busy) })
    }
}
impl ports::TrailSink for Outside {
    fn record(&self, _trail: Trail) {}
    fn find(&self, _request_id: &str) -> Option<Trail> {
        None
    }
    fn latest(&self) -> Option<Trail> {
        None
    }
}

impl ports::Certificates for Outside {
    fn check(&self, domain_name: &str) -> Result<(), String> {
        if domain_name.ends_with(".localhost") {
            return Ok(());
        }
        Err(format!("there is no certificate for `{domain_name}`"))
    }
    fn check_free(&self, _domain_name: &str) -> Result<(), String> {
        Ok(())
    }
    fn check_pair(&self, _certificate: &str, _chain: &str, private_key: &SecretText) -> Result<(), String> {
        if private_key.expose().contains("PRIVATE KEY") {
            return Ok(());
        }
        Err("the private key does not belong to the certificate".into())
    }
    fn issue(&self, names: &[String], _key_algorithm: &str) -> ports::Issuance {
        if names.iter().all(|name| name.ends_with(".localhost")) {
            return ports::Issuance::Later;
        }
        ports::Issuance::Refused("nobody issues for these names".into())
    }
    fn make_client_certificate(&self, from: Timestamp, until: Timestamp) -> Result<ports::IssuedPem, String> {
        Ok(ports::IssuedPem {
            certificate: format!("from {} until {}", from.seconds(), until.seconds()),
            chain: String::new(),
            private_key: SecretText::new("PRIVATE KEY".into()),
        })
    }
    fn check_truststore(&self, _pem: &[u8]) -> Result<(), String> {
        Ok(())
    }
}

impl ports::Samples for Outside {
    fn find(
        &self,
        web_acl_arn: &str,
        by: Option<&SampledBy>,
        _window: (Timestamp, Timestamp),
        now: Timestamp,
        _count: usize,
    ) -> (u64, Vec<Sample>) {
        let rule = match by {
            Some(SampledBy::Rule(name)) => Some(Arc::clone(name)),
            _ => None,
        };
        let sample = Sample {
            at: now,
            client: [192, 0, 2, 7].into(),
            method: "GET".into(),
            uri: web_acl_arn.into(),
            http_version: "HTTP/1.1".into(),
            headers: vec![("host".into(), "x".into())],
            action: "BLOCK",
            group_rule: rule.as_ref().map(|_| "SQLi_BODY".into()),
            rule,
            labels: vec!["a:b".into()],
            response_status: None,
            inserted_headers: Vec::new(),
        };
        (7, vec![sample])
    }
}

impl ports::UsageCounters for Outside {
    fn keys(&self, _scope: &Scope) -> usize {
        0
    }
    fn account_throttle(&self) -> Throttle {
        ACCOUNT_THROTTLE
    }
    fn used(&self, _scope: &Scope, _pair: &UsagePlanKey) -> Vec<DayOfUsage> {
        Vec::new()
    }
    fn set_remaining<'a>(
        &'a self,
        _scope: &'a Scope,
        _pair: &'a UsagePlanKey,
        _remaining: u32,
    ) -> Pin<Box<dyn Future<Output = Result<(), String>> + Send + 'a>> {
        Box::pin(async { Ok(()) })
    }
}

impl ports::Buckets for Outside {
    fn read(&self, bucket: &str, _key: &str, _bytes_max: usize) -> Result<Bytes, String> {
        Err(format!("no folder stands for the bucket `{bucket}`"))
    }
}

/// The account and region of tests.
pub(crate) fn scope() -> Scope {
    Scope::new("000000000000", "us-east-1")
}

/// Calls an operation as the account's own key would, its permission aside; its members must be those that it acts on.
pub(crate) async fn call_operation(
    parts: &ControlParts,
    service: &Service,
    operation: &str,
    input: Value,
) -> Result<Value, AwsError> {
    let operation = service.operation(operation).unwrap();
    let input = input.as_object().unwrap().clone();
    for member in input.keys() {
        assert!(
            operation.members.contains(&member.as_str()),
            "{}: {member}",
            operation.name
        );
    }
    let caller = Caller::Root {
        access_key_id: "AKIA".into(),
    };
    let call = Call {
        parts,
        scope: &scope(),
        caller: &caller,
        input: &input,
        source: IpAddr::from([127, 0, 0, 1]),
        secure: true,
        now: Timestamp::from_seconds(1_800_000_000),
        request_id: &RequestId::from("test"),
        user_agent: None,
        notes: &Notes::default(),
    };
    (operation.call)(&call).await
}

/// A store in memory.
pub(crate) fn memory() -> Arc<dyn Store> {
    let clock = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
    Arc::new(SqliteStore::in_memory(clock).unwrap())
}

/// A control over `store`.
pub(crate) fn parts_over(store: Arc<dyn Store>) -> ControlParts {
    let clock: Arc<dyn Clock> = Arc::new(ManualClock::at(Timestamp::from_seconds(1_800_000_000)));
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let root = RootKey::from_array([7; 32]);
    let vault = Arc::new(Vault::new(&root, Arc::clone(&entropy)));
    let identity = Identity::new(IdentityParts {
        store: Arc::clone(&store),
        vault: Arc::clone(&vault),
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
        mail: Arc::new(Outside),
        sign_outs: Arc::new(Outside),
        settings: Settings {
            issuer: IssuerForm::AwsLike,
            domain: "portcullis.localhost".into(),
            hashing_threads: 1,
            hashing_queue: 8,
            public_port: 443,
        },
    });
    let events = Events::new(EventsParts {
        store: Arc::clone(&store),
        vault: Arc::clone(&vault),
        clock: Arc::clone(&clock),
        entropy: Arc::clone(&entropy),
    });
    ControlParts {
        store,
        events: Arc::new(events),
        vault,
        identity: Arc::new(identity.unwrap()),
        clock,
        entropy,
        published: Arc::new(Outside),
        compiler: Arc::new(Outside),
        trails: Arc::new(Outside),
        samples: Arc::new(Outside),
        usage: Arc::new(Outside),
        buckets: Arc::new(Outside),
        functions: Arc::default(),
        certificates: Arc::new(Outside),
        distribution_cache: Arc::new(Outside),
        stage_caches: Arc::new(Outside),
        test_bench: Arc::new(Outside),
        scope: scope(),
        domain: "portcullis.localhost".into(),
    }
}
