//! A usage plan made ready: which stages it opens, and what its keys may do there.

use std::{collections::HashMap, sync::Arc};

use portcullis_model::{
    ApiId, StageName,
    resources::usage_plans::{Quota, Throttle, UsagePlan},
};

use super::bucket::Rate;

/// A plan.
pub(crate) struct Plan {
    pub(crate) rate: Option<Rate>,
    pub(crate) quota: Option<Quota>,
    stages: HashMap<ApiId, HashMap<StageName, PlanStage>>,
}

/// A stage of a plan: methods, such as `GET /pets`, with a throttle of their own.
#[derive(Default)]
pub(crate) struct PlanStage {
    methods: HashMap<Box<str>, (Arc<str>, Rate)>,
}

impl Plan {
    pub(crate) fn compile(plan: &UsagePlan) -> Self {
        let mut stages: HashMap<ApiId, HashMap<StageName, PlanStage>> = HashMap::new();
        for stage in &plan.api_stages {
            let methods = stage.throttle.iter().filter_map(|(path, throttle)| {
                let method = method_name(path)?;
                let bucket = format!("{}/{}/{method}", stage.api_id, stage.stage);
                Some((method.into(), (bucket.into(), Rate::of(throttle))))
            });
            let compiled = PlanStage {
                methods: methods.collect(),
            };
            stages
                .entry(stage.api_id.clone())
                .or_default()
                .insert(stage.stage.clone(), compiled);
        }
        Self {
            rate: plan
                .throttle
                .as_ref()
                .map(|throttle: &Throttle| Rate::of(throttle)),
            quota: plan.quota,
            stages,
        }
    }

    /// Returns what the plan says of a stage; none: the plan does not open it.
    pub(crate) fn stage(&self, api: &ApiId, stage: &StageName) -> Option<&PlanStage> {
        self.stages.get(api)?.get(stage)
    }
}

impl PlanStage {
    /// Returns the throttle of a method, such as `GET /pets`, and the name of its bucket.
    pub(crate) fn method(&self, name: &str) -> Option<&(Arc<str>, Rate)> {
        self.methods.get(name)
    }
}

/// Turns `/pets/{id}/GET` into `GET /pets/{id}`, as the route layer names methods.
pub(crate) fn method_name(path: &str) -> Option<String> {
    let (resource, method) = path.rsplit_once('/')?;
    let resource = if resource.is_empty() { "/" } else { resource };
    Some(format!("{method} {resource}"))
}
