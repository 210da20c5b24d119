//! Configuration made ready to serve: immutable, swapped whole, recompiled piece by piece as it changes.

pub mod canary;
pub mod domain;
pub(crate) mod method_settings;
pub(crate) mod methods;
pub mod pool;
pub mod stage;
pub mod stage_tags;
pub mod http_api;
pub mod router;
mod taken;

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use portcullis_model::{ApiId, StageName, resources::apigatewayv2::DEFAULT_STAGE};

use foldhash::{HashMap, HashMapExt as _};

use crate::{distribution::snapshot::DistributionSnapshot, firewall::WebAclSnapshot, hosts::Hosts};

pub use canary::compile_canary;
pub use domain::DomainSnapshot;
pub use http_api::compile_http_stage;
pub use pool::PoolSnapshot;
pub use stage::{StageSnapshot, compile_stage};
pub(crate) use taken::{LastSeen, Taken, TakenSnapshot, TakenStage};

/// The root. A request takes one and never looks again. Only the operator's names are keys, so the maps hash fast rather
/// than against a stranger who picks keys.
#[derive(Clone)]
pub struct Snapshot {
    hosts: Arc<Hosts>,
    apis: HashMap<ApiId, HashMap<StageName, Arc<StageSnapshot>>>,
    /// By ARN.
    pools: HashMap<Box<str>, Arc<PoolSnapshot>>,
    /// By ARN.
    web_acls: HashMap<Box<str>, Arc<WebAclSnapshot>>,
    /// ARNs of web ACLs by the ARN of what they guard.
    associations: HashMap<Box<str>, Arc<str>>,
    /// By issuer.
    issuers: HashMap<Box<str>, Arc<PoolSnapshot>>,
    /// By id, in small letters.
    distributions: HashMap<Box<str>, Arc<DistributionSnapshot>>,
}

/// What guards a resource.
pub(crate) enum Guard<'a> {
    /// Nothing: no web ACL is associated.
    None,
    WebAcl(&'a Arc<WebAclSnapshot>),
    /// This web ACL is associated and is not there: everything is refused.
    Missing(&'a Arc<str>),
}

impl Snapshot {
    /// Returns a snapshot without any API or pool.
    pub fn new(hosts: Hosts) -> Self {
        Self {
            hosts: Arc::new(hosts),
            apis: HashMap::new(),
            pools: HashMap::new(),
            web_acls: HashMap::new(),
            associations: HashMap::new(),
            issuers: HashMap::new(),
            distributions: HashMap::new(),
        }
    }

    /// Returns the snapshot with other hosts.
    #[must_use]
    pub fn with_hosts(mut self, hosts: Hosts) -> Self {
        self.hosts = Arc::new(hosts);
        self
    }

    /// Returns the snapshot with `stage` added or replaced.
    #[must_use]
    pub fn with_stage(mut self, mut stage: StageSnapshot) -> Self {
        let stages = self.apis.entry(stage.api_id.clone()).or_default();
        if let Some(before) = stages.get(&stage.stage_name) {
            stage.keep_counts_of(before);
        }
        stages.insert(stage.stage_name.clone(), Arc::new(stage));
        self
    }

    /// Returns the snapshot without a stage.
    #[must_use]
    pub fn without_stage(mut self, api_id: &ApiId, stage_name: &StageName) -> Self {
        if let Some(stages) = self.apis.get_mut(api_id) {
            stages.remove(stage_name);
            if stages.is_empty() {
                self.apis.remove(api_id);
            }
        }
        self
    }

    /// Returns the snapshot without an API and its stages.
    #[must_use]
    pub fn without_api(mut self, api_id: &ApiId) -> Self {
        self.apis.remove(api_id);
        self
    }

    /// Returns the snapshot with `pool` added or replaced.
    #[must_use]
    pub fn with_pool(mut self, pool: PoolSnapshot) -> Self {
        let pool = Arc::new(pool);
        self = self.without_pool(pool.arn());
        self.issuers.insert(pool.issuer().into(), Arc::clone(&pool));
        self.pools.insert(pool.arn().as_ref().into(), pool);
        self
    }

    /// Returns the snapshot without the pool of `arn`.
    #[must_use]
    pub fn without_pool(mut self, arn: &str) -> Self {
        if let Some(pool) = self.pools.remove(arn) {
            self.issuers.remove(pool.issuer());
        }
        self
    }

    /// Returns the snapshot with `web_acl` added or replaced.
    #[must_use]
    pub fn with_web_acl(mut self, web_acl: WebAclSnapshot) -> Self {
        self.web_acls
            .insert(web_acl.arn().as_ref().into(), Arc::new(web_acl));
        self
    }

    /// Returns the snapshot without the web ACLs whose ARNs are `gone`; what they still guard refuses everything.
    #[must_use]
    pub fn without_web_acls(mut self, gone: impl Fn(&str) -> bool) -> Self {
        self.web_acls.retain(|arn, _| !gone(arn));
        self
    }

    /// Returns the snapshot with a resource guarded by a web ACL.
    #[must_use]
    pub fn with_association(mut self, resource_arn: &str, web_acl_arn: &str) -> Self {
        self.associations.insert(resource_arn.into(), web_acl_arn.into());
        self
    }

    /// Returns the snapshot with nothing in front of a resource.
    #[must_use]
    pub fn without_association(mut self, resource_arn: &str) -> Self {
        self.associations.remove(resource_arn);
        self
    }

    /// Returns the snapshot with a custom domain added or replaced.
    #[must_use]
    pub fn with_domain(mut self, domain: DomainSnapshot) -> Self {
        self.hosts = Arc::new(self.hosts.with_domain(domain));
        self
    }

    /// Returns the snapshot without a custom domain.
    #[must_use]
    pub fn without_domain(mut self, name: &str) -> Self {
        self.hosts = Arc::new(self.hosts.without_domain(name));
        self
    }

    /// Returns the snapshot with `distribution` added or replaced.
    #[must_use]
    pub fn with_distribution(mut self, distribution: DistributionSnapshot) -> Self {
        let label = distribution.id.to_ascii_lowercase().into();
        self.distributions.insert(label, Arc::new(distribution));
        self
    }

    /// Returns the snapshot without the distribution `id`.
    #[must_use]
    pub fn without_distribution(mut self, id: &str) -> Self {
        self.distributions.remove(id.to_ascii_lowercase().as_str());
        self
    }

    /// Returns the hosts that are ours.
    pub const fn hosts(&self) -> &Arc<Hosts> {
        &self.hosts
    }

    /// Returns the names of the stages that are served, for tests and listings.
    pub fn stages(&self) -> impl Iterator<Item = (&ApiId, &StageName)> {
        self.apis
            .iter()
            .flat_map(|(api, stages)| stages.keys().map(move |stage| (api, stage)))
    }

    /// Returns the stages that are served, without their canaries.
    pub(crate) fn all_stages(&self) -> impl Iterator<Item = &StageSnapshot> {
        let stages = self.apis.values().flat_map(HashMap::values);
        stages.map(Arc::as_ref)
    }

    pub(crate) fn has_api(&self, api_id: &str) -> bool {
        self.apis.contains_key(api_id)
    }

    /// Tells whether a stage of an API is served that is not as private as `private` says.
    pub fn differs_in_privacy(&self, api_id: &ApiId, private: bool) -> bool {
        let mut stages = self.apis.get(api_id).into_iter().flat_map(HashMap::values);
        stages.any(|stage| stage.private.is_some() != private)
    }

    /// Tells whether an API with a stage is an HTTP API.
    pub(crate) fn is_http_api(&self, api_id: &str) -> bool {
        let mut stages = self.apis.get(api_id).into_iter().flat_map(HashMap::values);
        stages.next().is_some_and(|stage| stage.http_api().is_some())
    }

    /// Finds the stage that `segment`, the first of a path, names; else the `$default` stage of an HTTP API, which no
    /// segment names. Tells whether the segment was the name.
    pub(crate) fn stage(&self, api_id: &str, segment: &str) -> Option<(&Arc<StageSnapshot>, bool)> {
        let stages = self.apis.get(api_id)?;
        let named = stages.get(segment).filter(|_| segment != DEFAULT_STAGE);
        named
            .map(|stage| (stage, true))
            .or_else(|| stages.get(DEFAULT_STAGE).map(|stage| (stage, false)))
    }

    /// Drops what is kept of a stage's answers; gone when this returns. Nothing where it keeps none.
    pub fn flush_stage_cache(&self, api_id: &ApiId, stage_name: &StageName) {
        let stage = self.apis.get(api_id).and_then(|stages| stages.get(stage_name));
        if let Some(cache) = stage.and_then(|stage| stage.cache.as_ref()) {
            cache.flush();
        }
    }

    /// Finds the pool that issues tokens as `issuer`.
    pub(crate) fn pool_of(&self, issuer: &str) -> Option<&Arc<PoolSnapshot>> {
        self.issuers.get(issuer)
    }

    /// Returns the web ACL of `arn`.
    pub(crate) fn web_acl(&self, arn: &str) -> Option<&Arc<WebAclSnapshot>> {
        self.web_acls.get(arn)
    }

    /// Returns what guards the resource of `arn`.
    pub(crate) fn guard(&self, arn: &str) -> Guard<'_> {
        let Some(web_acl) = self.associations.get(arn) else {
            return Guard::None;
        };
        self.web_acl(web_acl)
            .map_or(Guard::Missing(web_acl), Guard::WebAcl)
    }

    pub(crate) fn distribution(&self, label: &str) -> Option<&Arc<DistributionSnapshot>> {
        self.distributions.get(label)
    }

    pub(crate) fn pool(&self, arn: &str) -> Option<&Arc<PoolSnapshot>> {
        self.pools.get(arn)
    }
}

/// Where the current snapshot is found. Reading takes no lock; changes are made one after another.
pub struct Snapshots {
    current: Arc<ArcSwap<Snapshot>>,
    changing: Mutex<()>,
}

/// What one thread last saw of [`Snapshots`]: it asks whether that has changed, which is cheaper than to ask what it is. A thread that
impl Snapshots {
    /// Starts with `snapshot`.
    pub fn new(snapshot: Snapshot) -> Self {
        Self {
            current: Arc::new(ArcSwap::from_pointee(snapshot)),
            changing: Mutex::new(()),
        }
    }

    /// Returns the current snapshot.
    pub fn take(&self) -> Arc<Snapshot> {
        self.current.load_full()
    }

    /// Replaces the current snapshot by what `change` makes of it. Several changes in one call cost one copy of the root.
    pub fn change(&self, change: impl FnOnce(Snapshot) -> Snapshot) {
        let _one_at_a_time = self.changing.lock().unwrap_or_else(PoisonError::into_inner);
        let next = change(self.current.load().as_ref().clone());
        self.current.store(Arc::new(next));
    }
}
