//! One API key as requests find it: who it is, whether it opens anything, and its meter in a plan, in two lines of the
//! processor's cache. Most keys are in one plan; the meters of more lie in records of the same kind beside it.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering},
};

use arc_swap::ArcSwapOption;
use portcullis_model::{ApiId, StageName};

use super::{KeyName, Meter, Plan, PlanSlot};

/// A key, and its meter in its first plan.
pub(crate) struct Key {
    pub(crate) id: KeyName,
    pub(super) hash: [u8; 32],
    /// Counts nothing where the key is in no plan.
    pub(crate) meter: Meter,
    /// Whose meters are those of the key in its other plans.
    others: ArcSwapOption<Vec<Arc<Self>>>,
}

impl Key {
    /// Returns a key with new counts in `plan`.
    pub(super) fn new(id: KeyName, hash: [u8; 32], is_enabled: bool, plan: Arc<PlanSlot>) -> Self {
        Self {
            id,
            hash,
            meter: Meter::new(plan, is_enabled),
            others: ArcSwapOption::empty(),
        }
    }

    /// Returns the key with another first plan, with new counts in it; what it counts in others goes on.
    pub(super) fn moved(&self, plan: Arc<PlanSlot>, others: Vec<Arc<Self>>) -> Arc<Self> {
        let moved = Self::new(self.id.clone(), self.hash, self.is_enabled(), plan);
        moved.set_others(others);
        Arc::new(moved)
    }

    pub(crate) fn is_enabled(&self) -> bool {
        self.meter.enabled.load(Ordering::Acquire)
    }

    pub(super) fn enable(&self, is_enabled: bool) {
        self.meter.enabled.store(is_enabled, Ordering::Release);
    }

    pub(super) fn others(&self) -> Vec<Arc<Self>> {
        self.others
            .load()
            .as_ref()
            .map_or_else(Vec::new, |others| Vec::clone(others))
    }

    pub(super) fn set_others(&self, others: Vec<Arc<Self>>) {
        self.others.store((!others.is_empty()).then(|| Arc::new(others)));
    }

    /// Returns every record whose meter is one of this key's.
    pub(super) fn metered(self: &Arc<Self>) -> Vec<Arc<Self>> {
        let mut all = self.others();
        if !self.meter.plan.is_none() {
            all.insert(0, Arc::clone(self));
        }
        all
    }

    /// Returns the plan that has the stage, and the record of the key's meter in it; keys have at most one.
    pub(crate) fn plan_of(
        self: &Arc<Self>,
        api: &ApiId,
        stage: &StageName,
    ) -> Option<(Arc<Plan>, Arc<Self>)> {
        let opens = |record: &Arc<Self>| {
            let plan = record.meter.plan.plan.load_full()?;
            plan.stage(api, stage)?;
            Some((plan, Arc::clone(record)))
        };
        opens(self).or_else(|| self.others.load().as_ref()?.iter().find_map(opens))
    }
}

/// The hash stays out of it.
impl fmt::Debug for Key {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "API key `{}`", self.id)
    }
}
