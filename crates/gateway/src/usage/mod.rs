//! API keys, plans, and what is used of them: an index beside the snapshot, fed as the configuration changes. Reading it
//! takes no lock.
//!
//! A key is found by a keyed hash of its value and its stage's account and region, so that neither the value nor an order of
//! values is kept here, and accounts never meet. <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>

pub mod bucket;
pub mod quota;
mod meter;
mod key_source;
mod plan;
mod stage_throttles;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::constant_time::verify_slices_are_equal;
use portcullis_model::{
    ApiId, Scope, StageName, Timestamp,
    resources::usage_plans::{ApiKey, DayOfUsage, UsagePlan, UsagePlanKey},
};

use crate::ports::ApiKeyHashes;
use bucket::{Bucket, Rate};
use meter::Meter;
use quota::Count;

pub(crate) use key_source::KeySource;
pub(crate) use plan::Plan;
pub(crate) use stage_throttles::StageThrottles;

/// The length of a key's value, in characters: 20 to 128, as AWS.
pub const KEY_CHARACTERS_MIN: usize = 20;
pub const KEY_CHARACTERS_MAX: usize = 128;

/// The first half of a hash: where a key lies.
type Place = [u8; 16];

/// Every key, every plan, and what is used of them.
pub struct UsagePlans {
    hashes: Arc<dyn ApiKeyHashes>,
    /// What an account may do in a region, over all its APIs.
    account_rate: Rate,
    accounts: papaya::HashMap<Scope, Arc<Bucket>>,
    keys: papaya::HashMap<Place, Arc<Key>>,
    /// By account, region and id.
    plans: papaya::HashMap<Box<str>, Arc<Plan>>,
    changing: Mutex<Changing>,
}

/// A key as requests find it.
pub(crate) struct Key {
    pub(crate) id: Arc<str>,
    rest: [u8; 16],
    pub(crate) enabled: bool,
    pub(crate) plans: Vec<KeyInPlan>,
}

/// A key in one of its plans.
pub(crate) struct KeyInPlan {
    plan: Box<str>,
    pub(crate) meter: Arc<Meter>,
    /// What trails say of a request with it.
    pub(crate) reason: Arc<str>,
}

/// What the index is made from, kept for the next change.
#[derive(Default)]
struct Changing {
    /// By account, region and id: where the key lies, and whether it is enabled.
    keys: HashMap<Box<str>, KnownKey>,
    /// Plans of a key, by the key's name in `keys`.
    plans_of: HashMap<Box<str>, BTreeSet<String>>,
    /// By account, region, plan and key.
    meters: BTreeMap<(Scope, String, String), Arc<Meter>>,
}

#[derive(Clone)]
struct KnownKey {
    place: Place,
    rest: [u8; 16],
    enabled: bool,
}

/// What one key used of one plan in a day, to be kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Usage {
    pub scope: Scope,
    pub plan_id: String,
    pub key_id: String,
    pub day: DayOfUsage,
}

impl UsagePlans {
    /// Returns an index without keys; `account_rate` is each account's own throttle.
    pub fn new(hashes: Arc<dyn ApiKeyHashes>, account_rate: Rate) -> Self {
        Self {
            hashes,
            account_rate,
            accounts: papaya::HashMap::new(),
            keys: papaya::HashMap::new(),
            plans: papaya::HashMap::new(),
            changing: Mutex::default(),
        }
    }

    pub(crate) const fn account_rate(&self) -> Rate {
        self.account_rate
    }

    /// Returns the bucket of an account in a region; made at its first request.
    pub(crate) fn account_bucket(&self, scope: &Scope) -> Arc<Bucket> {
        let accounts = self.accounts.pin();
        Arc::clone(accounts.get_or_insert_with(scope.clone(), Arc::default))
    }

    /// Finds the key with `value` among those of `scope`.
    pub(crate) fn find(&self, scope: &Scope, value: &[u8]) -> Option<Arc<Key>> {
        let hash = self.hashes.hash(scope, value);
        let (place, rest) = hash.split_first_chunk::<16>()?;
        let key = self.keys.pin().get(place).cloned()?;
        verify_slices_are_equal(&key.rest, rest).ok()?;
        Some(key)
    }

    /// Returns the plan of a key that has the stage; keys have at most one.
    pub(crate) fn plan_of<'k>(
        &self,
        key: &'k Key,
        api: &ApiId,
        stage: &StageName,
    ) -> Option<(Arc<Plan>, &'k KeyInPlan)> {
        key.plans.iter().find_map(|own| {
            let plan = self.plans.pin().get(&own.plan).cloned()?;
            plan.stage(api, stage)?;
            Some((plan, own))
        })
    }

    /// Adds or changes a key.
    pub fn put_key(&self, scope: &Scope, key: &ApiKey, hash: &[u8; 32]) {
        let mut place = [0; 16];
        let mut rest = [0; 16];
        for (to, from) in place.iter_mut().chain(rest.iter_mut()).zip(hash) {
            *to = *from;
        }
        let mut changing = self.lock();
        let known = KnownKey {
            place,
            rest,
            enabled: key.enabled,
        };
        let name = name(scope, &key.id);
        let before = changing.keys.insert(name, known);
        if let Some(before) = before.filter(|before| before.place != place) {
            self.keys.pin().remove(&before.place);
        }
        self.publish(&mut changing, scope, &key.id);
    }

    /// Removes a key: from here on it opens nothing.
    pub fn remove_key(&self, scope: &Scope, id: &str) {
        let mut changing = self.lock();
        if let Some(known) = changing.keys.remove(&name(scope, id)) {
            self.keys.pin().remove(&known.place);
        }
    }

    /// Adds or changes a plan.
    pub fn put_plan(&self, scope: &Scope, plan: &UsagePlan) {
        let _one_at_a_time = self.lock();
        self.plans
            .pin()
            .insert(name(scope, &plan.id), Arc::new(Plan::compile(plan)));
    }

    /// Removes a plan.
    pub fn remove_plan(&self, scope: &Scope, id: &str) {
        let _one_at_a_time = self.lock();
        self.plans.pin().remove(&name(scope, id));
    }

    /// Puts a key into a plan.
    pub fn put_plan_key(&self, scope: &Scope, pair: &UsagePlanKey) {
        let mut changing = self.lock();
        let plans = changing.plans_of.entry(name(scope, &pair.key_id)).or_default();
        plans.insert(pair.plan_id.clone());
        self.publish(&mut changing, scope, &pair.key_id);
    }

    /// Takes a key out of a plan.
    pub fn remove_plan_key(&self, scope: &Scope, pair: &UsagePlanKey) {
        let mut changing = self.lock();
        let key = name(scope, &pair.key_id);
        if let Some(plans) = changing.plans_of.get_mut(&key) {
            plans.remove(&pair.plan_id);
            if plans.is_empty() {
                changing.plans_of.remove(&key);
            }
        }
        let (plan_id, key_id) = (pair.plan_id.clone(), pair.key_id.clone());
        changing.meters.remove(&(scope.clone(), plan_id, key_id));
        self.publish(&mut changing, scope, &pair.key_id);
    }

    /// Makes what requests find of a key from what is known of it.
    fn publish(&self, changing: &mut Changing, scope: &Scope, id: &str) {
        let key_name = name(scope, id);
        let Some(known) = changing.keys.get(&key_name).cloned() else {
            return;
        };
        let plans = changing.plans_of.get(&key_name).cloned().unwrap_or_default();
        let plans = plans.into_iter().map(|plan| KeyInPlan {
            plan: name(scope, &plan),
            reason: format!("API key `{id}` of usage plan `{plan}`").into(),
            meter: {
                let meter = (scope.clone(), plan, id.to_owned());
                Arc::clone(changing.meters.entry(meter).or_default())
            },
        });
        let key = Key {
            id: id.into(),
            rest: known.rest,
            enabled: known.enabled,
            plans: plans.collect(),
        };
        self.keys.pin().insert(known.place, Arc::new(key));
    }

    /// Goes on where an earlier process stopped: for each key the newest of these counts.
    pub fn restore(&self, usage: &[Usage]) {
        let changing = self.lock();
        for usage in usage {
            let meter = (usage.scope.clone(), usage.plan_id.clone(), usage.key_id.clone());
            if let Some(meter) = changing.meters.get(&meter) {
                meter.restore(&usage.day);
            }
        }
    }

    /// Returns what changed since the last call, for whoever keeps it.
    pub fn take_changes(&self, now: Timestamp) -> Vec<Usage> {
        let changing = self.lock();
        let of = |((scope, plan_id, key_id), meter): (&(Scope, String, String), &Arc<Meter>)| {
            let days = meter.take_changes(now).into_iter().map(|day| Usage {
                scope: scope.clone(),
                plan_id: plan_id.clone(),
                key_id: key_id.clone(),
                day,
            });
            days.collect::<Vec<_>>()
        };
        changing.meters.iter().flat_map(of).collect()
    }

    /// Says that changes could not be kept: the next call returns today's once more.
    pub fn not_kept(&self, usage: &[Usage]) {
        let changing = self.lock();
        for usage in usage {
            let meter = (usage.scope.clone(), usage.plan_id.clone(), usage.key_id.clone());
            if let Some(meter) = changing.meters.get(&meter) {
                meter.mark();
            }
        }
    }

    /// Leaves `remaining` requests to a key in the period of its plan that holds `now`. False: there is no such key in the
    /// plan, or the plan has no quota.
    pub fn set_remaining(&self, scope: &Scope, pair: &UsagePlanKey, remaining: u32, now: Timestamp) -> bool {
        let changing = self.lock();
        let meter = (scope.clone(), pair.plan_id.clone(), pair.key_id.clone());
        let plans = self.plans.pin();
        let quota = plans.get(&name(scope, &pair.plan_id)).and_then(|plan| plan.quota);
        match (changing.meters.get(&meter), quota) {
            (Some(meter), Some(quota)) => {
                meter.set_period(Count {
                    since: quota::period_start(&quota, now),
                    used: quota.limit.saturating_sub(remaining),
                });
                true
            }
            _ => false,
        }
    }

    /// A panic between lock and unlock leaves what is known no less whole: each change is one insertion.
    fn lock(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn name(scope: &Scope, id: &str) -> Box<str> {
    format!("{}/{}/{id}", scope.account, scope.region).into_boxed_str()
}
