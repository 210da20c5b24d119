//! API keys, plans, and what is used of them: an index beside the snapshot, fed as the configuration changes. Reading it
//! takes no lock.
//!
//! A key is found by a keyed hash of its value and its stage's account and region, so that neither the value nor an order of
//! values is kept here, and accounts never meet. A million keys are meant to fit: about a quarter of a kilobyte each. <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-api-usage-plans.html>

pub mod bucket;
pub mod quota;
mod meter;
mod leases;
mod limit_fields;
mod key;
mod key_name;
mod key_source;
mod key_table;
mod plan;
mod stage_throttles;
#[cfg(test)]
mod dice;
#[cfg(test)]
mod index_tests;
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
use portcullis_model::{
    Scope, Timestamp,
    resources::usage_plans::{ApiKey, DayOfUsage, UsagePlan, UsagePlanKey},
};

use crate::ports::ApiKeyHashes;
use bucket::{Bucket, Rate};
use key_table::KeyTable;
use leases::Leases;
use quota::Count;

pub(crate) use key::Key;
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

/// Every key, every plan, and what is used of them.
pub struct UsagePlans {
    hashes: Arc<dyn ApiKeyHashes>,
    /// What an account may do in a region, over all its APIs.
    account_rate: Rate,
    accounts: papaya::HashMap<Scope, Arc<Bucket>>,
    keys: KeyTable,
    leases: Leases,
    /// Whose meters changed since they were written; each stands here once.
    changed: Sender<Arc<Key>>,
    changes: Mutex<Receiver<Arc<Key>>>,
    changing: Mutex<Changing>,
}

/// Where a plan stands, whatever it says now; it stays while keys are in it.
pub(crate) struct PlanSlot {
    pub(crate) scope: Scope,
    pub(crate) id: Arc<str>,
    plan: ArcSwapOption<Plan>,
}

/// What the index is made from, kept for the next change.
struct Changing {
    accounts: HashMap<Scope, Account>,
    /// The plan of keys that are in none.
    no_plan: Arc<PlanSlot>,
}

#[derive(Default)]
struct Account {
    /// By id.
    keys: HashMap<KeyName, KnownKey>,
    plans: HashMap<Box<str>, Arc<PlanSlot>>,
}

/// A key. Where requests do not find it, only its plans are known: its own record has not come yet, or is gone already.
struct KnownKey {
    is_found: bool,
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
            keys: KeyTable::default(),
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
        self.keys.find(&self.hashes.hash(scope, value))
    }

    /// Counts an admitted request of a day.
    pub(crate) fn count(&self, metered: &Arc<Key>, now: Timestamp) {
        if metered.meter.count(now) {
            self.tell(metered);
        }
    }

    /// Has a meter written with the next writing.
    fn tell(&self, metered: &Arc<Key>) {
        // The other end is ours: it is there.
        drop(self.changed.send(Arc::clone(metered)));
    }

    /// Asks for a lease before the present one ends.
    pub(crate) fn lease_ahead(&self, metered: &Arc<Key>, since: u32, limit: u32) {
        self.leases.ask_ahead(metered, since, limit);
    }

    /// Waits for a lease.
    pub(crate) async fn lease(&self, metered: &Arc<Key>, since: u32, limit: u32) -> Result<(), NoLease> {
        self.leases.wait(metered, since, limit).await
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
        let mut changing = self.lock();
        let no_plan = Arc::clone(&changing.no_plan);
        let known = changing.key(scope, &key.id);
        if known.key.hash != *hash {
            if known.is_found {
                self.keys.remove(&known.key);
            }
            // What it counts goes on: where it stood before, beside the new record.
            let renewed = Key::new(known.key.id.clone(), *hash, key.enabled, no_plan);
            renewed.set_others(known.key.metered());
            known.key = Arc::new(renewed);
        }
        known.key.enable(key.enabled);
        known.is_found = true;
        self.keys.put(&known.key);
    }

    /// Removes a key: from here on it opens nothing.
    pub fn remove_key(&self, scope: &Scope, id: &str) {
        let mut changing = self.lock();
        let known = changing.key(scope, id);
        if known.is_found {
            known.is_found = false;
            self.keys.remove(&known.key);
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
        let metered = known.key.metered();
        if metered
            .iter()
            .any(|record| *record.meter.plan.id == *pair.plan_id)
        {
            return;
        }
        let mut others = known.key.others();
        if known.key.meter.plan.is_none() {
            return self.replace(known, slot, others);
        }
        let beside = Key::new(known.key.id.clone(), [0; 32], false, slot);
        others.push(Arc::new(beside));
        known.key.set_others(others);
    }

    /// Takes a key out of a plan.
    pub fn remove_plan_key(&self, scope: &Scope, pair: &UsagePlanKey) {
        let mut changing = self.lock();
        let no_plan = Arc::clone(&changing.no_plan);
        let known = changing.key(scope, &pair.key_id);
        let mut others = known.key.others();
        others.retain(|record| *record.meter.plan.id != *pair.plan_id);
        if *known.key.meter.plan.id == *pair.plan_id {
            self.replace(known, no_plan, others);
        } else {
            known.key.set_others(others);
        }
        changing.forget_unknown(scope, &pair.key_id);
    }

    /// Puts another record in a key's place, with new counts in `plan`.
    fn replace(&self, known: &mut KnownKey, plan: Arc<PlanSlot>, others: Vec<Arc<Key>>) {
        let moved = known.key.moved(plan, others);
        if known.is_found {
            self.keys.renew(&known.key, &moved);
        }
        known.key = moved;
    }

    /// Goes on where an earlier process stopped: for each key the newest of these counts.
    pub fn restore(&self, usage: &[Usage]) {
        for usage in usage {
            if let Some(found) = self.metered(&usage.scope, &usage.plan_id, &usage.key_id) {
                found.meter.restore(&usage.day);
            }
        }
    }

    fn metered(&self, scope: &Scope, plan: &str, key: &str) -> Option<Arc<Key>> {
        let changing = self.lock();
        let known = changing.accounts.get(scope)?.keys.get(key)?;
        let mut metered = known.key.metered().into_iter();
        metered.find(|record| *record.meter.plan.id == *plan)
    }

    /// Returns what changed and was not returned yet, of at most `meters_max` meters, for whoever keeps it.
    pub fn take_changes(&self, now: Timestamp, meters_max: usize) -> Vec<Usage> {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        let some = changes.try_iter().take(meters_max);
        some.flat_map(|metered| {
            let days = metered.meter.take_days(now);
            days.into_iter().map(move |day| Usage::of(&metered, day))
        })
        .collect()
    }

    /// Says that changes could not be kept: a later call returns today's once more.
    pub fn not_kept(&self, usage: &[Usage]) {
        for usage in usage {
            if let Some(found) = self.metered(&usage.scope, &usage.plan_id, &usage.key_id)
                && found.meter.mark()
            {
                self.tell(&found);
            }
        }
    }

    /// Takes back what leases hold beyond what is used: for a stop, when no request comes any more.
    pub fn settle(&self) {
        let changing = self.lock();
        let keys = changing.accounts.values().flat_map(|own| own.keys.values());
        for record in keys.flat_map(|known| known.key.metered()) {
            if record.meter.settle() && record.meter.mark() {
                self.tell(&record);
            }
        }
    }

    /// Returns what a key used of a plan and what may not be on disk yet.
    pub fn used(&self, scope: &Scope, pair: &UsagePlanKey, now: Timestamp) -> Vec<DayOfUsage> {
        let found = self.metered(scope, &pair.plan_id, &pair.key_id);
        found.map_or_else(Vec::new, |found| found.meter.days(now))
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
        let found = self.metered(scope, &pair.plan_id, &pair.key_id)?;
        let meter = &found.meter;
        let quota = meter.plan.plan.load().as_ref()?.quota?;
        let count = Count {
            since: quota::period_start(&quota, now),
            used: quota.limit.saturating_sub(remaining),
        };
        meter.set_period(count);
        Some(Usage::of(&found, meter.today(now, count)))
    }

    /// A panic between lock and unlock leaves what is known no less whole: each change is one insertion.
    fn lock(&self) -> MutexGuard<'_, Changing> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl PlanSlot {
    fn none() -> Self {
        Self {
            scope: Scope::new("", ""),
            id: "".into(),
            plan: ArcSwapOption::empty(),
        }
    }

    /// Tells whether it is no plan.
    fn is_none(&self) -> bool {
        self.id.is_empty()
    }
}

impl Default for Changing {
    fn default() -> Self {
        Self {
            accounts: HashMap::new(),
            no_plan: Arc::new(PlanSlot::none()),
        }
    }
}

impl Changing {
    fn account(&mut self, scope: &Scope) -> &mut Account {
        self.accounts.entry(scope.clone()).or_default()
    }

    /// Returns a key; one that is not known yet opens nothing.
    fn key(&mut self, scope: &Scope, id: &str) -> &mut KnownKey {
        let no_plan = Arc::clone(&self.no_plan);
        let name = KeyName::of(id);
        let keys = &mut self.account(scope).keys;
        keys.entry(name.clone()).or_insert_with(|| KnownKey {
            is_found: false,
            key: Arc::new(Key::new(name, [0; 32], false, no_plan)),
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
        let is_empty = |known: &KnownKey| !known.is_found && known.key.metered().is_empty();
        if keys.get(id).is_some_and(is_empty) {
            keys.remove(id);
        }
    }
}

impl Usage {
    fn of(metered: &Key, day: DayOfUsage) -> Self {
        let plan = &metered.meter.plan;
        Self {
            scope: plan.scope.clone(),
            plan_id: plan.id.to_string(),
            key_id: metered.id.to_string(),
            day,
        }
    }
}
