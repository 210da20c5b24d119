//! Test invocations: a method or an authorizer of an API as it stands, before it is deployed.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_TestInvokeMethod.html>. A test goes the way of every request, but for the
//! layers that ask who calls: whoever may test a method may change it. Its trail is its log.

use std::{rc::Rc, sync::Arc};

use bytes::Bytes;
use portcullis_model::HeaderList;

use crate::{
    exchange::{BODY_BYTES_MAX, Exchange},
    gateway::Gateway,
    http::{Body, Listener, Peer, Request, Version},
    layers::authorizer::Caller,
    pipeline::{self, Tested},
    snapshot::StageSnapshot,
};

/// The stage that a test is of, as on AWS.
pub const TEST_STAGE: &str = "test-invoke-stage";
/// The longest target, in bytes.
const TARGET_BYTES_MAX: usize = 10_240;

/// A test: what is asked, of what.
pub struct TestCall {
    /// Compiled under the name [`TEST_STAGE`].
    pub stage: StageSnapshot,
    pub method: String,
    /// Must be the one that the path leads to; none takes any.
    pub resource_id: Option<String>,
    pub path_and_query: String,
    pub headers: Vec<(String, String)>,
    pub body: Bytes,
}

/// What came of it.
#[derive(Debug)]
pub struct TestAnswer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
    pub log: String,
    pub latency_ms: u64,
    pub caller: Option<TestedCaller>,
}

/// Whom the authorizer let in.
#[derive(Debug, Default)]
pub struct TestedCaller {
    pub principal_id: Option<String>,
    pub policy: Option<String>,
    pub claims: Vec<(String, String)>,
    pub context: Vec<(String, String)>,
}

impl Gateway {
    /// Tests a method. The error says what is wrong with the test itself.
    pub async fn test_method(&self, call: TestCall) -> Result<TestAnswer, String> {
        let exchange = self.exchange_of(call)?;
        answer(pipeline::test(exchange, self.worker()).await).await
    }

    /// Tests the authorizer of the method that the call leads to.
    pub async fn test_authorizer(&self, call: TestCall) -> Result<TestAnswer, String> {
        let exchange = self.exchange_of(call)?;
        answer(pipeline::test_authorizer(exchange, self.worker()).await).await
    }

    fn exchange_of(&self, call: TestCall) -> Result<Box<Exchange>, String> {
        let path = call.path_and_query.split('?').next().unwrap_or_default();
        let fits = |byte: u8| byte.is_ascii_graphic() && byte != b'#';
        if !path.starts_with('/') || !call.path_and_query.bytes().all(fits) {
            return Err("pathWithQueryString must start with `/` and be percent-encoded".to_owned());
        }
        if call.path_and_query.len() > TARGET_BYTES_MAX {
            return Err(format!(
                "pathWithQueryString is longer than {TARGET_BYTES_MAX} bytes"
            ));
        }
        if call.body.len() > BODY_BYTES_MAX {
            return Err(format!("the body is longer than {BODY_BYTES_MAX} bytes"));
        }
        let found = call.stage.router.find(path.as_bytes());
        let method = found.and_then(|(resource, _)| resource.method(call.method.as_bytes()));
        let is_meant = method.is_some_and(|method| {
            call.resource_id
                .as_ref()
                .is_none_or(|id| method.resource_id.as_str() == id)
        });
        if !is_meant {
            return Err(format!(
                "the path `{path}` does not lead to the resource with a method `{}`",
                call.method
            ));
        }
        let mut headers = HeaderList::with_capacity(call.headers.len() + 1);
        for (name, value) in call.headers {
            if !portcullis_model::is_token(&name) || !portcullis_model::is_field_value(value.as_bytes()) {
                return Err(format!("the header `{name}` is none"));
            }
            headers.push(name, value);
        }
        let stage = Arc::new(call.stage);
        let arrival = self.arrival();
        let request = Box::new(Request {
            method: call.method.into(),
            target: format!("/{TEST_STAGE}{}", call.path_and_query).into(),
            authority: format!(
                "{}.execute-api.{}.amazonaws.com",
                stage.api_id, stage.scope.region
            )
            .into(),
            version: Version::Http11,
            headers,
            body: Body::Full(call.body),
            proxy: None,
            peer: Peer {
                address: ([127, 0, 0, 1], 0).into(),
                listener: Listener::TestInvoke,
                tls: None,
            },
        });
        let (snapshot, api_id) = (self.snapshot(), stage.api_id.as_str().into());
        let mut exchange = arrival.exchange(request, snapshot, api_id, 0);
        exchange.enter_stage(Rc::new(stage), TEST_STAGE.len() + 1);
        Ok(exchange)
    }
}

async fn answer(tested: Tested) -> Result<TestAnswer, String> {
    let mut response = tested.response;
    let body = response
        .body
        .read_whole(BODY_BYTES_MAX)
        .await
        .map_err(|cause| cause.to_string())?;
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let headers = response
        .headers
        .iter()
        .map(|(name, value)| (text(name), text(value)));
    Ok(TestAnswer {
        status: response.status,
        headers: headers.collect(),
        body: body.to_vec(),
        log: tested.log,
        latency_ms: tested.latency_ms,
        caller: tested.caller,
    })
}

impl TestedCaller {
    pub(crate) fn of(caller: &Caller) -> Self {
        let mut found = Self::default();
        let context = caller.event_context().unwrap_or_default();
        let texts = |value: &serde_json::Value| -> Vec<(String, String)> {
            let members = value.as_object().into_iter().flatten();
            let shown = members.map(|(name, value)| {
                let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                (name.clone(), text)
            });
            shown.collect()
        };
        match caller {
            Caller::Lambda(lambda) => {
                found.principal_id = lambda.variable("principalId").map(|id| id.into_owned());
                found.policy = lambda.policy_document().map(str::to_owned);
                found.context = texts(&context);
                found
                    .context
                    .retain(|(name, _)| name != "principalId" && name != "integrationLatency");
            }
            _ => found.claims = context.get("claims").map(texts).unwrap_or_default(),
        }
        found
    }
}
