//! What is known about one request so far. Fields are private and each has one writer, named at the method that writes.

mod body;
mod cached;
mod waf;

use std::{ops::Range, rc::Rc, sync::Arc, time::Instant};

use bytes::Bytes;
use portcullis_engines::vtl::Override;
use portcullis_model::{HeaderList, RequestId, StageName, Timestamp};

use crate::{
    arrival::Arrival,
    client_certificates::ClientCertificate,
    decision::LayerName,
    hosts::NamedEndpoint,
    http::{Request, coding::decode::Sent},
    layers::{
        authorizer::{Caller, signature},
        cache::Ticket,
        resource_policy::PolicyVerdict,
    },
    mapping::{query, request::Mapped},
    refusal::{Refusal, RefusalKind},
    snapshot::{
        DomainSnapshot, StageSnapshot, Taken, TakenSnapshot, TakenStage, domain::Mapping,
        methods::MethodSnapshot, stage::Release,
    },
    usage::{Key, LimitFields},
    vpc_endpoints::VpcEndpoint,
};

pub(crate) use waf::{WafFacts, WafVerdict};

/// The longest request body of a REST API, in bytes (API Gateway quotas: 10 MB).
pub const BODY_BYTES_MAX: usize = 10_485_760;

/// How much of a request's body a layer must see before it decides.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum BodyNeed {
    #[default]
    None,
    /// The first bytes: this many, or all when there are fewer.
    Prefix(usize),
    /// All of it; a longer one is refused.
    Whole(usize),
}

/// The method that a request is for, and where its path parameters lie in the target.
pub(crate) struct Route {
    method: Arc<MethodSnapshot>,
    places: Vec<Range<u32>>,
}

/// One request on its way.
pub(crate) struct Exchange {
    request: Box<Request>,
    id: u128,
    started: Timestamp,
    started_at: Instant,
    /// How long after its start the layers so far had decided.
    reached_ns: u64,
    snapshot: TakenSnapshot,
    api_id: Rc<str>,
    /// The VPC endpoint that the host names, and the one that the request came through.
    named_endpoint: Option<NamedEndpoint>,
    endpoint: Option<Arc<VpcEndpoint>>,
    /// The root of the domain's truststore that stands behind the client.
    client_root: Option<Arc<str>>,
    /// The custom domain that the request came by.
    domain: Option<Arc<DomainSnapshot>>,
    /// The stage that the domain's base path leads to, and the base path.
    mapped_stage: Option<StageName>,
    base_path: Option<Box<str>>,
    /// Where the API's own path starts and ends in the target: `/{stage}/…`, or all of it on a custom domain.
    path: Range<usize>,
    /// Where the path after the stage starts.
    resource_path_start: usize,
    stage: Option<TakenStage>,
    route: Option<Route>,
    waf: Option<WafFacts>,
    policy_verdict: PolicyVerdict,
    caller: Option<Caller>,
    key: Option<Arc<Key>>,
    limits: Option<Box<LimitFields>>,
    integration_status: Option<u16>,
    body_read: Bytes,
    /// What a body that is decoded was sent as, where a signature may be over it.
    sent: Option<Sent>,
    is_decoded: bool,
    /// Where the answer is to be kept.
    ticket: Option<Ticket>,
    warns_of_cache: bool,
    mapped: Option<Mapped>,
    /// What the request template set of `$context.requestOverride`.
    overrides: Vec<Override>,
}

impl Exchange {
    /// Starts an exchange for the API `api_id`, whose own path starts at byte `path_start` of the target.
    #[inline]
    pub(crate) fn start(
        request: Box<Request>,
        snapshot: TakenSnapshot,
        api_id: Rc<str>,
        path_start: usize,
        id: u128,
        started: Timestamp,
        started_at: Instant,
    ) -> Self {
        let path_end = request.path().len();
        Self {
            request,
            id,
            started,
            started_at,
            reached_ns: 0,
            snapshot,
            api_id,
            named_endpoint: None,
            endpoint: None,
            client_root: None,
            domain: None,
            mapped_stage: None,
            base_path: None,
            path: path_start..path_end,
            resource_path_start: path_start,
            stage: None,
            route: None,
            waf: None,
            policy_verdict: PolicyVerdict::Unasked,
            caller: None,
            key: None,
            limits: None,
            integration_status: None,
            body_read: Bytes::new(),
            sent: None,
            is_decoded: false,
            ticket: None,
            warns_of_cache: false,
            mapped: None,
            overrides: Vec::new(),
        }
    }

    /// Starts it on a custom domain instead, which will say which API it is for.
    #[must_use]
    pub(crate) fn on_domain(mut self: Box<Self>, domain: Arc<DomainSnapshot>) -> Box<Self> {
        self.domain = Some(domain);
        self
    }

    /// Starts it on a host that names a VPC endpoint, if it does.
    #[must_use]
    pub(crate) fn through(mut self: Box<Self>, endpoint: Option<NamedEndpoint>) -> Box<Self> {
        self.named_endpoint = endpoint;
        self
    }

    /// Returns the VPC endpoint that the host names.
    pub(crate) const fn named_endpoint(&self) -> Option<&NamedEndpoint> {
        self.named_endpoint.as_ref()
    }

    /// Returns the VPC endpoint that the request came through, where the API is private.
    pub(crate) fn endpoint(&self) -> Option<&VpcEndpoint> {
        self.endpoint.as_deref()
    }

    /// Returns the custom domain that the request came by.
    pub(crate) const fn domain(&self) -> Option<&Arc<DomainSnapshot>> {
        self.domain.as_ref()
    }

    /// Returns what the client's certificate says, where the custom domain demands one: only then has anybody vouched for it.
    pub(crate) fn client_certificate(&self) -> Option<&ClientCertificate> {
        self.domain.as_ref()?.authorities()?;
        self.request.peer.tls.as_ref()?.client_certificate()
    }

    /// Returns the root that stands behind the client's certificate, where a domain let it in by one.
    pub(crate) fn client_root(&self) -> Option<&str> {
        self.client_root.as_deref()
    }

    /// Written by the custom domain, when it has let the client in.
    pub(crate) fn admit_client(&mut self, root: Arc<str>) {
        self.client_root = Some(root);
    }

    /// Returns the base path of the custom domain that led to the API.
    pub(crate) fn base_path(&self) -> Option<&str> {
        self.base_path.as_deref()
    }

    /// Returns the stage that the base path led to, where it names one.
    pub(crate) const fn mapped_stage(&self) -> Option<&StageName> {
        self.mapped_stage.as_ref()
    }

    pub(crate) const fn request(&self) -> &Request {
        &self.request
    }

    /// Returns the id as it is told.
    pub(crate) fn request_id(&self) -> RequestId {
        RequestId::from(crate::request_id::uuid_text(self.id))
    }

    pub(crate) const fn id(&self) -> u128 {
        self.id
    }

    pub(crate) const fn started(&self) -> Timestamp {
        self.started
    }

    pub(crate) const fn started_at(&self) -> Instant {
        self.started_at
    }

    /// Returns when the layers so far had decided.
    pub(crate) fn reached(&self) -> Timestamp {
        let since_ms = i64::try_from(self.reached_ns / 1_000_000).unwrap_or(i64::MAX);
        Timestamp(self.started.0.saturating_add(since_ms))
    }

    /// Written by the pipeline, behind each layer that took its time.
    pub(crate) const fn reach(&mut self, elapsed_ns: u64) {
        self.reached_ns = elapsed_ns;
    }

    /// Returns when the request came, and its id.
    pub(crate) const fn arrival(&self) -> Arrival {
        Arrival {
            id: self.id,
            started: self.started,
            started_at: self.started_at,
        }
    }

    pub(crate) fn snapshot(&self) -> &Taken {
        &self.snapshot
    }

    pub(crate) fn api_id(&self) -> &str {
        &self.api_id
    }

    /// Returns `/{stage}/…`, percent-encoding untouched.
    pub(crate) fn path(&self) -> &[u8] {
        self.request.target.get(self.path.clone()).unwrap_or_default()
    }

    /// Returns the path after the stage; empty or starting with `/`.
    pub(crate) fn resource_path(&self) -> &[u8] {
        self.request
            .target
            .get(self.resource_path_start..self.path.end)
            .unwrap_or_default()
    }

    /// Returns the stage once the request's is found.
    pub(crate) fn stage(&self) -> Option<&Arc<StageSnapshot>> {
        self.stage.as_deref()
    }

    /// Tells whether the canary of the stage takes the request.
    pub(crate) fn is_canary(&self) -> bool {
        self.stage
            .as_ref()
            .is_some_and(|stage| stage.release == Release::Canary)
    }

    /// Tells whether the request is for an HTTP API, its stage found or not.
    pub(crate) fn is_http_api(&self) -> bool {
        match &self.stage {
            Some(stage) => stage.http_api().is_some(),
            None => self.snapshot.is_http_api(&self.api_id),
        }
    }

    /// Returns the method; refuses when no layer has found one, so that a list out of order cannot admit anything.
    pub(crate) fn method(&self) -> Result<&Arc<MethodSnapshot>, Refusal> {
        let missing = || Refusal::new(RefusalKind::Internal, "no route was found before it was needed");
        self.route.as_ref().map(|route| &route.method).ok_or_else(missing)
    }

    /// Returns the method where the route is known.
    pub(crate) fn known_method(&self) -> Option<&MethodSnapshot> {
        self.route.as_ref().map(|route| route.method.as_ref())
    }

    /// Returns a path parameter as it came, percent-encoding untouched.
    pub(crate) fn path_parameter(&self, name: &str) -> Option<&[u8]> {
        let route = self.route.as_ref()?;
        let at = route
            .method
            .parameter_names
            .iter()
            .position(|known| known.as_ref() == name)?;
        self.place(route.places.get(at)?)
    }

    /// Returns every path parameter, in order.
    pub(crate) fn path_parameters(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.route.iter().flat_map(|route| {
            let names = route.method.parameter_names.iter().map(AsRef::as_ref);
            names.zip(route.places.iter().filter_map(|place| self.place(place)))
        })
    }

    /// Places count from the start of the path after the stage.
    fn place(&self, place: &Range<u32>) -> Option<&[u8]> {
        let (start, end) = (
            usize::try_from(place.start).ok()?,
            usize::try_from(place.end).ok()?,
        );
        self.resource_path().get(start..end)
    }

    /// Returns what the firewall said, once it was asked.
    pub(crate) const fn waf(&self) -> Option<&WafFacts> {
        self.waf.as_ref()
    }

    /// Returns what the resource policy says of a request whose caller nobody knows.
    pub(crate) const fn policy_verdict(&self) -> PolicyVerdict {
        self.policy_verdict
    }

    /// Returns whom the authorizer admitted.
    pub(crate) const fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// Returns the id of the API key that the request was admitted with.
    pub(crate) fn key_id(&self) -> Option<&str> {
        self.key.as_ref().map(|key| &*key.id)
    }

    /// Returns the status that the integration answered with.
    pub(crate) const fn integration_status(&self) -> Option<u16> {
        self.integration_status
    }

    /// Notes the status that the integration answered with.
    pub(crate) const fn note_integration(&mut self, status: Option<u16>) {
        self.integration_status = status;
    }

    /// Returns what was read of the body: what the needs of the layers so far ask for.
    pub(crate) const fn body_read(&self) -> &Bytes {
        &self.body_read
    }

    /// Written by the custom domain, when it knows the API. What follows the base path starts `rest` bytes into the path.
    pub(crate) fn enter_api(&mut self, mapping: &Mapping, rest: usize) {
        self.api_id = mapping.api_id.as_str().into();
        self.mapped_stage = mapping.stage.clone();
        self.base_path = Some(mapping.matched().into());
        self.resource_path_start = self.path.start + rest;
    }

    /// Written with the stage, where it is private.
    pub(crate) fn enter_endpoint(&mut self, endpoint: Arc<VpcEndpoint>) {
        self.endpoint = Some(endpoint);
    }

    /// Written by the route layer, when it knows the stage.
    /// Its name took `taken` bytes of what was left of the path.
    pub(crate) fn enter_stage(&mut self, stage: TakenStage, taken: usize) {
        self.stage = Some(stage);
        self.resource_path_start += taken;
    }

    /// Written by the route layer, when it knows the method.
    pub(crate) fn enter_route(&mut self, method: Arc<MethodSnapshot>, places: Vec<Range<u32>>) {
        self.route = Some(Route { method, places });
    }

    /// Written by the firewall.
    pub(crate) fn judge(&mut self, facts: WafFacts) {
        self.waf = Some(facts);
    }

    /// The firewall alone changes the headers of a request, by what its rules insert.
    pub(crate) const fn headers_for_firewall(&mut self) -> &mut HeaderList {
        &mut self.request.headers
    }

    /// Written by the resource policy's layer.
    pub(crate) fn note_policy(&mut self, verdict: PolicyVerdict) {
        self.policy_verdict = verdict;
    }

    /// The authorizer alone takes a signature out of the request, once it has judged it.
    pub(crate) fn drop_signature(&mut self) {
        self.request.headers.remove(b"authorization");
        self.request.headers.remove(b"x-amz-security-token");
        let Some(query) = self.request.query() else { return };
        if !query::parameters(query).any(|(name, _)| signature::is_of_signature(name)) {
            return;
        }
        let rest: Vec<&[u8]> = query
            .split(|byte| *byte == b'&')
            .filter(|part| {
                let name = part.split(|byte| *byte == b'=').next().unwrap_or_default();
                !signature::is_of_signature(name)
            })
            .collect();
        // The query is behind the path: what is known of places in the path stays true.
        let mut target = self.request.path().to_vec();
        if !rest.is_empty() {
            target.push(b'?');
            target.extend_from_slice(&rest.join(&b'&'));
        }
        self.request.target = target.into();
    }

    /// Written by the authorizer.
    pub(crate) fn admit_caller(&mut self, caller: Caller) {
        self.caller = Some(caller);
    }

    /// Written by the usage plan layer.
    pub(crate) fn use_key(&mut self, key: Arc<Key>) {
        self.key = Some(key);
    }

    /// Written by the usage plan layer, where the stage tells clients of their limits.
    pub(crate) fn note_limits(&mut self, limits: LimitFields) {
        self.limits = Some(Box::new(limits));
    }

    /// Returns what the limits of the request stand at.
    pub(crate) fn limits(&self) -> Option<&LimitFields> {
        self.limits.as_deref()
    }

    /// Written by the mapping layer.
    pub(crate) fn map(&mut self, mut mapped: Mapped) {
        if let Mapped::Template { overrides, .. } | Mapped::Http { overrides, .. } = &mut mapped {
            self.overrides = std::mem::take(overrides);
        }
        self.mapped = Some(mapped);
    }

    /// Returns what the request template set of `$context` under `path`.
    pub(crate) fn overridden(&self, path: &[&str]) -> Option<&str> {
        let known = self.overrides.iter().find(|known| known.is_at(path));
        known.map(|known| known.value.as_str())
    }

    /// Returns what the mapping layer made.
    pub(crate) const fn mapped(&self) -> Option<&Mapped> {
        self.mapped.as_ref()
    }

    /// Takes what the mapping layer made, once.
    pub(crate) fn take_mapped(&mut self) -> Option<Mapped> {
        self.mapped.take()
    }

    /// Gives the request back, for the record.
    pub(crate) fn into_request(self: Box<Self>) -> Box<Request> {
        self.request
    }

    /// Tells whether the stage lets `layer` only observe.
    pub(crate) fn is_observed(&self, layer: LayerName) -> bool {
        self.stage
            .as_ref()
            .is_some_and(|stage| stage.observed.contains(&layer))
    }
}
