//! API keys, plans, and what is used of them: an index beside the snapshot, fed as the configuration changes. Reading it
//! takes no lock.
//!
//! A key is found by a keyed hash of its value and its stage's account and region, so that neither the value nor an order of
//! values is kept here, and accounts never meet. A million keys are meant to fit: about half a kilobyte each. <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>

pub mod bucket;
pub mod quota;
mod meter;
mod leases;
mod limit_fields;
mod key_name;
mod key_source;
mod plan;
mod stage_throttles;
#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
};

use arc_swap::ArcSwapOption;
use aws_lc_rs::constant_time::verify_slices_are_equal;
use portcullis_model::{
    ApiId, Scope, StageName, Timestamp,
    resources::usage_plans::{ApiKey, DayOfUsage, UsagePlan, UsagePlanKey},
};
use smallvec::SmallVec;

use crate::ports::ApiKeyHashes;
use bucket::{Bucket, Rate};
use leases::Leases;
use quota::Count;

pub(crate) use key_name::KeyName;
pub(crate) use key_source::KeySource;
pub(crate) use leases::NoLease;
pub use leases::{LEASE_REQUESTS_MAX, LEASE_TIME, LEASES_WAITING_MAX, MadeLeases};
pub use limit_fields::FIELDS_TAG;
pub(crate) use limit_fields::{LimitFields, WantedFields};
pub(crate) use meter::{Counted, Meter};
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
    leases: Leases,
    /// Meters that changed since they were written; each stands here once.
    changed: Sender<Arc<Meter>>,
    changes: Mutex<Receiver<Arc<Meter>>>,
    changing: Mutex<Changing>,
}

type Meters = SmallVec<[Arc<Meter>; 1]>;

/// A key as requests find it.
pub(crate) struct Key {
    pub(crate) id: KeyName,
    rest: [u8; 16],
    pub(crate) enabled: bool,
    /// One for each plan that the key is in. Most are in one, which is found without another step through memory.
    meters: Meters,
}

/// Where a plan stands, whatever it says now; it stays while keys are in it.
pub(crate) struct PlanSlot {
    pub(crate) scope: Scope,
    pub(crate) id: Arc<str>,
    plan: ArcSwapOption<Plan>,
}

/// What the index is made from, kept for the next change.
#[derive(Default)]
struct Changing {
    accounts: HashMap<Scope, Account>,
}

#[derive(Default)]
struct Account {
    /// By id.
    keys: HashMap<Box<str>, KnownKey>,
    plans: HashMap<Box<str>, Arc<PlanSlot>>,
}

/// A key. Without a place only its plans are known: its own record has not come yet, or is gone already.
struct KnownKey {
    place: Option<Place>,
    key: Arc<Key>,
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
        let (changed, changes) = channel();
        Self {
            hashes,
            account_rate,
            accounts: papaya::HashMap::new(),
            keys: papaya::HashMap::new(),
            leases: Leases::default(),
            changed,
            changes: Mutex::new(changes),
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

    /// Counts an admitted request of a day.
    pub(crate) fn count(&self, meter: &Arc<Meter>, now: Timestamp) {
        if meter.count(now) {
            self.tell(meter);
        }
    }

    /// Has a meter written with the next writing.
    fn tell(&self, meter: &Arc<Meter>) {
        // The other end is ours: it is there.
        drop(self.changed.send(Arc::clone(meter)));
    }

    /// Asks for a lease before the present one ends.
    pub(crate) fn lease_ahead(&self, meter: &Arc<Meter>, since: u32, limit: u32) {
        self.leases.ask_ahead(meter, since, limit);
    }

    /// Waits for a lease.
    pub(crate) async fn lease(&self, meter: &Arc<Meter>, since: u32, limit: u32) -> Result<(), NoLease> {
        self.leases.wait(meter, since, limit).await
    }

    /// Returns when somebody asks for a lease.
    pub async fn lease_wanted(&self) {
        self.leases.wanted().await;
    }

    /// Makes the leases that were asked for; they count once they are on disk.
    pub fn make_leases(&self, now: Timestamp) -> MadeLeases {
        self.leases.make(now)
    }

    /// Returns how many keys an account has in a region.
    pub fn key_count(&self, scope: &Scope) -> usize {
        self.lock().accounts.get(scope).map_or(0, |own| own.keys.len())
    }

    /// Adds or changes a key.
    pub fn put_key(&self, scope: &Scope, key: &ApiKey, hash: &[u8; 32]) {
        let mut place = [0; 16];
        let mut rest = [0; 16];
        for (to, from) in place.iter_mut().chain(rest.iter_mut()).zip(hash) {
            *to = *from;
        }
        let mut changing = self.lock();
        let known = changing.key(scope, &key.id);
        let before = known.place.replace(place);
        known.key = Arc::new(Key {
            id: known.key.id.clone(),
            rest,
            enabled: key.enabled,
            meters: known.key.meters.clone(),
        });
        let keys = self.keys.pin();
        keys.insert(place, Arc::clone(&known.key));
        if let Some(before) = before.filter(|before| *before != place) {
            keys.remove(&before);
        }
    }

    /// Removes a key: from here on it opens nothing.
    pub fn remove_key(&self, scope: &Scope, id: &str) {
        let mut changing = self.lock();
        if let Some(place) = changing.key(scope, id).place.take() {
            self.keys.pin().remove(&place);
        }
        changing.forget_unknown(scope, id);
    }

    /// Adds or changes a plan.
    pub fn put_plan(&self, scope: &Scope, plan: &UsagePlan) {
        let compiled = Arc::new(Plan::compile(plan));
        self.lock().plan(scope, &plan.id).plan.store(Some(compiled));
    }

    /// Removes a plan.
    pub fn remove_plan(&self, scope: &Scope, id: &str) {
        if let Some(own) = self.lock().accounts.get_mut(scope)
            && let Some(slot) = own.plans.remove(id)
        {
            // Keys may still be in it.
            slot.plan.store(None);
        }
    }

    /// Puts a key into a plan.
    pub fn put_plan_key(&self, scope: &Scope, pair: &UsagePlanKey) {
        let mut changing = self.lock();
        let slot = changing.plan(scope, &pair.plan_id);
        let known = changing.key(scope, &pair.key_id);
        if known
            .key
            .meters
            .iter()
            .any(|meter| *meter.plan.id == *pair.plan_id)
        {
            return;
        }
        let meter = Arc::new(Meter::new(slot, known.key.id.clone()));
        let meters = known.key.meters.iter().cloned().chain([meter]);
        self.put_meters(known, meters.collect());
    }

    /// Takes a key out of a plan.
    pub fn remove_plan_key(&self, scope: &Scope, pair: &UsagePlanKey) {
        let mut changing = self.lock();
        let known = changing.key(scope, &pair.key_id);
        let others = known
            .key
            .meters
            .iter()
            .filter(|meter| *meter.plan.id != *pair.plan_id);
        self.put_meters(known, others.cloned().collect());
        changing.forget_unknown(scope, &pair.key_id);
    }

    fn put_meters(&self, known: &mut KnownKey, meters: Meters) {
        known.key = Arc::new(Key {
            id: known.key.id.clone(),
            rest: known.key.rest,
            enabled: known.key.enabled,
            meters,
        });
        if let Some(place) = known.place {
            self.keys.pin().insert(place, Arc::clone(&known.key));
        }
    }

    /// Goes on where an earlier process stopped: for each key the newest of these counts.
    pub fn restore(&self, usage: &[Usage]) {
        for usage in usage {
            if let Some(meter) = self.meter(&usage.scope, &usage.plan_id, &usage.key_id) {
                meter.restore(&usage.day);
            }
        }
    }

    fn meter(&self, scope: &Scope, plan: &str, key: &str) -> Option<Arc<Meter>> {
        let changing = self.lock();
        let known = changing.accounts.get(scope)?.keys.get(key)?;
        let mut meters = known.key.meters.iter();
        meters.find(|meter| *meter.plan.id == *plan).cloned()
    }

    /// Returns what changed and was not returned yet, of at most `meters_max` meters, for whoever keeps it.
    pub fn take_changes(&self, now: Timestamp, meters_max: usize) -> Vec<Usage> {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let some = changes.try_iter().take(meters_max);
        some.flat_map(|meter| {
            let days = meter.take_days(now);
            days.into_iter().map(move |day| usage_of(&meter, day))
        })
        .collect()
    }

    /// Says that changes could not be kept: a later call returns today's once more.
    pub fn not_kept(&self, usage: &[Usage]) {
        for usage in usage {
            if let Some(meter) = self.meter(&usage.scope, &usage.plan_id, &usage.key_id)
                && meter.mark()
            {
                self.tell(&meter);
            }
        }
    }

    /// Takes back what leases hold beyond what is used: for a stop, when no request comes any more.
    pub fn settle(&self) {
        let changing = self.lock();
        let keys = changing.accounts.values().flat_map(|own| own.keys.values());
        for meter in keys.flat_map(|known| known.key.meters.iter()) {
            if meter.settle() && meter.mark() {
                self.tell(meter);
            }
        }
    }

    /// Returns what a key used of a plan and what may not be on disk yet.
    pub fn used(&self, scope: &Scope, pair: &UsagePlanKey, now: Timestamp) -> Vec<DayOfUsage> {
        let meter = self.meter(scope, &pair.plan_id, &pair.key_id);
        meter.map_or_else(Vec::new, |meter| meter.days(now))
    }

    /// Leaves `remaining` requests to a key in the period of its plan that holds `now`, and returns what is to be kept of it.
    /// None: there is no such key in the plan, or the plan has no quota.
    pub fn set_remaining(
        &self,
        scope: &Scope,
        pair: &UsagePlanKey,
        remaining: u32,
        now: Timestamp,
    ) -> Option<Usage> {
        let meter = self.meter(scope, &pair.plan_id, &pair.key_id)?;
        let quota = meter.plan.plan.load().as_ref()?.quota?;
        let count = Count {
            since: quota::period_start(&quota, now),
            used: quota.limit.saturating_sub(remaining),
        };
        meter.set_period(count);
        Some(usage_of(&meter, meter.today(now, count)))
    }

    /// A panic between lock and unlock leaves what is known no less whole: each change is one insertion.
    fn lock(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Key {
    /// Returns the plan that has the stage, and the key's meter in it; keys have at most one.
    pub(crate) fn plan_of(&self, api: &ApiId, stage: &StageName) -> Option<(Arc<Plan>, &Arc<Meter>)> {
        self.meters.iter().find_map(|meter| {
            let plan = meter.plan.plan.load_full()?;
            plan.stage(api, stage)?;
            Some((plan, meter))
        })
    }
}

impl Changing {
    fn account(&mut self, scope: &Scope) -> &mut Account {
        self.accounts.entry(scope.clone()).or_default()
    }

    /// Returns a key; one that is not known yet opens nothing.
    fn key(&mut self, scope: &Scope, id: &str) -> &mut KnownKey {
        let keys = &mut self.account(scope).keys;
        keys.entry(id.into()).or_insert_with(|| KnownKey {
            place: None,
            key: Arc::new(Key {
                id: KeyName::of(id),
                rest: [0; 16],
                enabled: false,
                meters: Meters::new(),
            }),
        })
    }

    fn plan(&mut self, scope: &Scope, id: &str) -> Arc<PlanSlot> {
        let slot = || {
            Arc::new(PlanSlot {
                scope: scope.clone(),
                id: id.into(),
                plan: ArcSwapOption::empty(),
            })
        };
        let plans = &mut self.account(scope).plans;
        Arc::clone(plans.entry(id.into()).or_insert_with(slot))
    }

    /// Forgets a key without a record and without plans.
    fn forget_unknown(&mut self, scope: &Scope, id: &str) {
        let keys = &mut self.account(scope).keys;
        let is_empty = |known: &KnownKey| known.place.is_none() && known.key.meters.is_empty();
        if keys.get(id).is_some_and(is_empty) {
            keys.remove(id);
        }
    }
}

fn usage_of(meter: &Meter, day: DayOfUsage) -> Usage {
    Usage {
        scope: meter.plan.scope.clone(),
        plan_id: meter.plan.id.to_string(),
        key_id: meter.key.to_string(),
        day,
    }
}
