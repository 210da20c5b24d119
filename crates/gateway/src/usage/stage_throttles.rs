//! What the settings of a stage throttle, each method apart, whoever calls.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html>

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, OnceLock},
};

use portcullis_model::{
    Problem, Scope,
    resources::{
        apigateway::{MethodSetting, Resource, Stage},
        apigatewayv2::{HttpRoute, HttpStage, RouteSetting},
    },
};

use super::{
    UsagePlans,
    bucket::{Bucket, Rate},
    plan::method_name,
};

/// What the settings of a stage call all its methods.
const ALL_METHODS: &str = "*/*";

/// The throttles of a stage's methods, and its account's bucket.
#[derive(Default)]
pub(crate) struct StageThrottles {
    /// By method, such as `GET /pets`.
    methods: HashMap<Box<str>, (Arc<Bucket>, Rate)>,
    /// Known from the first request on.
    account: OnceLock<Arc<Bucket>>,
}

impl StageThrottles {
    /// Gives each method that the settings throttle a bucket of its own: the setting for `*/*` holds for each method apart.
    pub(crate) fn compile(stage: &Stage, resources: &[Resource], problems: &mut Vec<Problem>) -> Self {
        let names = resources.iter().flat_map(|resource| {
            let names = resource.methods.keys();
            names.map(|method| format!("{method} {}", resource.path))
        });
        let names: BTreeSet<String> = names.collect();
        let settings = &stage.method_settings;
        let mut methods = HashMap::new();
        if let Some(throttle) = settings.get(ALL_METHODS).and_then(MethodSetting::throttle) {
            for name in &names {
                methods.insert(name.as_str().into(), (Arc::default(), Rate::of(&throttle)));
            }
        }
        for (key, setting) in settings.iter().filter(|(key, _)| *key != ALL_METHODS) {
            let name = method_name(&format!("/{key}")).unwrap_or_default();
            // A setting may outlive its method: an older deployment that comes back has not all that a newer one has.
            if !names.contains(&name) {
                problems.push(Problem::warning(
                    None,
                    format!("methodSettings/{key}"),
                    format!("the deployment has no method `{name}`"),
                ));
            } else if let Some(throttle) = setting.throttle() {
                methods.insert(name.into(), (Arc::default(), Rate::of(&throttle)));
            }
        }
        Self {
            methods,
            account: OnceLock::new(),
        }
    }

    /// Gives each route that the settings throttle a bucket of its own; a route's own setting stands for the default.
    /// <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-throttling.html>
    pub(crate) fn compile_http(stage: &HttpStage, routes: &[HttpRoute], problems: &mut Vec<Problem>) -> Self {
        let mut methods = HashMap::new();
        for route in routes {
            let key = route.route_key.as_str();
            let own = stage.route_settings.get(key).and_then(RouteSetting::throttle);
            if let Some(throttle) = own.or_else(|| stage.default_route_settings.throttle()) {
                methods.insert(key.into(), (Arc::default(), Rate::of(&throttle)));
            }
        }
        let is_known = |key: &&String| routes.iter().any(|route| route.route_key == **key);
        for key in stage.route_settings.keys().filter(|key| !is_known(key)) {
            problems.push(Problem::error(
                None,
                format!("routeSettings/{key}"),
                format!("the deployment has no route `{key}`"),
            ));
        }
        Self {
            methods,
            account: OnceLock::new(),
        }
    }

    /// Returns the bucket and the rate of a method that is throttled.
    pub(crate) fn of(&self, method: &str) -> Option<&(Arc<Bucket>, Rate)> {
        self.methods.get(method)
    }

    /// Returns the bucket of the stage's account.
    pub(crate) fn account(&self, scope: &Scope, usage: &UsagePlans) -> &Bucket {
        self.account.get_or_init(|| usage.account_bucket(scope))
    }

    /// Goes on with the buckets of what it replaces, so that no change of a stage fills them.
    pub(crate) fn keep_buckets_of(&mut self, before: &Self) {
        for (method, (bucket, _)) in &mut self.methods {
            if let Some((kept, _)) = before.methods.get(method) {
                *bucket = Arc::clone(kept);
            }
        }
    }
}
