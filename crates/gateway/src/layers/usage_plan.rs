//! Layer 5: the API key that a method asks for, its plan's throttle and quota; then the throttle of the stage's method and
//! of the account, for every method.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html>. AWS asks for the key behind
//! the authorizer, so what an authorizer refuses uses nothing up. A request that one of several limits refuses gives back what
//! it took from the others. Plans are no substitute for an authorizer: a key says who pays, not who calls.

use std::sync::Arc;

use portcullis_model::{Timestamp, resources::usage_plans::Quota};

use crate::{
    decision::{Decision, LayerName, Nothing, Reason},
    exchange::Exchange,
    gateway::Worker,
    layers::authorizer::Caller,
    pipeline::Layer,
    refusal::{Refusal, RefusalKind},
    snapshot::stage::StageSnapshot,
    usage::{
        Counted, KEY_CHARACTERS_MAX, KEY_CHARACTERS_MIN, Key, KeySource, LimitFields, NoLease, UsagePlans,
        WantedFields,
        bucket::{Bucket, Rate},
        quota,
    },
};

/// Where a caller puts the key.
const KEY_HEADER: &str = "x-api-key";

pub(crate) struct UsagePlan;

impl Layer for UsagePlan {
    const NAME: LayerName = LayerName::UsagePlan;

    async fn check(exchange: &mut Exchange, worker: &Worker) -> Decision {
        match admit(exchange, worker).await {
            Ok(reason) => Decision::Continue(reason),
            Err(refusal) => refusal.into(),
        }
    }
}

async fn admit(exchange: &mut Exchange, worker: &Worker) -> Result<Reason, Refusal> {
    // What clients are told, where the stage says so: nothing of limits that only observe.
    let is_told = served(exchange)?.limit_fields != WantedFields::default()
        && !exchange.is_observed(LayerName::UsagePlan);
    let mut told = is_told.then(LimitFields::default);
    let ruling = rule(exchange, worker, &mut told).await;
    if let Some(told) = told {
        exchange.note_limits(told);
    }
    ruling
}

/// What a client is to be told, if anything.
type Told = Option<LimitFields>;

async fn rule(exchange: &mut Exchange, worker: &Worker, told: &mut Told) -> Result<Reason, Refusal> {
    let usage = worker.usage();
    if !exchange.method()?.api_key_required {
        // Not the moment when the request came: an authorizer may have taken a while, and a bucket that others went on taking from
        // would look used up to a moment that is past.
        take_shared(exchange, usage, told, exchange.reached())?;
        return Ok(Reason::Nothing(Nothing::NoApiKey));
    }
    let key = presented_key(exchange, usage)?;
    // Known from here on, whatever its plan says: access logs name it.
    exchange.use_key(Arc::clone(&key));
    loop {
        match admit_key(exchange, usage, &key, told, worker.clock().now())? {
            Ruling::Admitted(reason) => return Ok(reason),
            Ruling::Wait {
                metered,
                since,
                limit,
            } => {
                usage.lease(&metered, since, limit).await.map_err(no_lease)?;
            }
        }
    }
}

/// What the limits of a key say.
enum Ruling {
    Admitted(Reason),
    /// Nothing is taken: first a lease on the quota must be on disk.
    Wait {
        metered: Arc<Key>,
        since: u32,
        limit: u32,
    },
}

fn no_lease(why: NoLease) -> Refusal {
    match why {
        NoLease::TooMany => Refusal::new(
            RefusalKind::Throttled,
            "too many requests wait for leases on quotas",
        ),
        NoLease::NotKept => Refusal::new(RefusalKind::Internal, "no lease on the quota could be kept"),
    }
}

/// Finds the key's limits and asks them.
fn admit_key(
    exchange: &Exchange,
    usage: &UsagePlans,
    key: &Arc<Key>,
    told: &mut Told,
    now: Timestamp,
) -> Result<Ruling, Refusal> {
    let (stage, method) = (served(exchange)?, exchange.method()?);
    let name: &str = &method.reason;
    let found = key.plan_of(&stage.api_id, &stage.stage_name);
    let Some((plan, metered)) = found else {
        return Err(invalid(format!(
            "API key `{}` is in no usage plan of this stage",
            key.id
        )));
    };
    let of_method = plan
        .stage(&stage.api_id, &stage.stage_name)
        .and_then(|of_stage| of_stage.method(name));
    // A method's own throttle in the plan replaces the plan's.
    let own: Arc<Bucket>;
    let throttle: Option<(&Bucket, Rate)> = match of_method {
        Some((bucket, rate)) => {
            own = metered.meter.method_bucket(bucket);
            Some((&own, *rate))
        }
        None => plan.rate.map(|rate| (&metered.meter.bucket, rate)),
    };
    let limits = KeyLimits {
        metered: &metered,
        throttle,
        quota: plan.quota,
        now,
    };
    let ruling = limits.take(exchange, usage, told);
    if let Some(told) = told
        && !matches!(ruling, Ok(Ruling::Wait { .. }))
    {
        limits.tell(told);
    }
    ruling
}

/// The limits of a key for one request.
struct KeyLimits<'k> {
    metered: &'k Arc<Key>,
    throttle: Option<(&'k Bucket, Rate)>,
    quota: Option<Quota>,
    now: Timestamp,
}

impl KeyLimits<'_> {
    /// Takes a request of each limit, or of none.
    fn take(&self, exchange: &Exchange, usage: &UsagePlans, told: &mut Told) -> Result<Ruling, Refusal> {
        let (metered, now) = (self.metered, self.now);
        let meter = &metered.meter;
        if let Some((bucket, rate)) = self.throttle
            && !bucket.take(rate, now)
        {
            if let Some(told) = told {
                told.retry_at_bucket(bucket, rate, now);
            }
            return Err(self.used_up(RefusalKind::Throttled, "throttle"));
        }
        if let Some(quota) = &self.quota {
            let (since, limit) = (quota::period_start(quota, now), quota.limit);
            match meter.take(since, limit) {
                Counted::Taken(false) => {}
                Counted::Taken(true) => usage.lease_ahead(metered, since, limit),
                Counted::UsedUp => {
                    self.give_back();
                    if let Some(told) = told {
                        told.retry_at_period(quota, now);
                    }
                    return Err(self.used_up(RefusalKind::QuotaExceeded, "quota"));
                }
                Counted::NeedsLease => {
                    self.give_back();
                    let metered = Arc::clone(metered);
                    return Ok(Ruling::Wait {
                        metered,
                        since,
                        limit,
                    });
                }
            }
        }
        if let Err(refusal) = take_shared(exchange, usage, told, self.now) {
            self.give_back();
            if self.quota.is_some() {
                meter.give_back();
            }
            return Err(refusal);
        }
        usage.count(metered, now);
        Ok(Ruling::Admitted(self.reason()))
    }

    fn give_back(&self) {
        if let Some((bucket, rate)) = self.throttle {
            bucket.give_back(rate);
        }
    }

    fn reason(&self) -> Reason {
        Reason::KeyOfPlan(self.metered.id.clone(), Arc::clone(&self.metered.meter.plan))
    }

    fn used_up(&self, kind: RefusalKind, what: &str) -> Refusal {
        Refusal::new(kind, format!("the {what} of {} is used up", self.reason().text()))
    }

    fn tell(&self, told: &mut LimitFields) {
        if let Some((bucket, rate)) = self.throttle {
            told.note_throttle(bucket, rate, self.now);
        }
        if let Some(quota) = &self.quota {
            let since = quota::period_start(quota, self.now);
            told.note_quota(quota, self.metered.meter.used(since), self.now);
        }
    }
}

fn served(exchange: &Exchange) -> Result<&StageSnapshot, Refusal> {
    let missing = || Refusal::new(RefusalKind::Internal, "no stage was found");
    exchange.stage().map(|stage| &**stage).ok_or_else(missing)
}

/// Takes a token of the stage's method and one of the account; both or none.
fn take_shared(
    exchange: &Exchange,
    usage: &UsagePlans,
    told: &mut Told,
    now: Timestamp,
) -> Result<(), Refusal> {
    let (stage, method) = (served(exchange)?, &*exchange.method()?.reason);
    let throttle = stage.throttles.of(method);
    if let Some((bucket, rate)) = throttle
        && !bucket.take(*rate, now)
    {
        if let Some(told) = told {
            told.retry_at_bucket(bucket, *rate, now);
        }
        return Err(Refusal::new(
            RefusalKind::Throttled,
            "the stage's throttle of this method is used up",
        ));
    }
    let account = stage.throttles.account(&stage.scope, usage);
    if !account.take(usage.account_rate(), now) {
        if let Some(told) = told {
            told.retry_at_bucket(account, usage.account_rate(), now);
        }
        if let Some((bucket, rate)) = throttle {
            bucket.give_back(*rate);
        }
        return Err(Refusal::new(
            RefusalKind::Throttled,
            "the account's throttle is used up",
        ));
    }
    Ok(())
}

/// Finds the key that the request brings. What is wrong with it is for the trail alone.
fn presented_key(exchange: &Exchange, usage: &UsagePlans) -> Result<Arc<Key>, Refusal> {
    let stage = served(exchange)?;
    let value = match stage.key_source {
        KeySource::Authorizer => {
            let key = exchange.caller().and_then(Caller::usage_identifier_key);
            let missing = || invalid("the authorizer named no `usageIdentifierKey`");
            key.ok_or_else(missing)?.expose().as_bytes()
        }
        KeySource::Header => {
            let mut values = exchange.request().headers.all(KEY_HEADER);
            match (values.next(), values.next()) {
                (Some(value), None) => value,
                (None, _) => return Err(invalid("no header `x-api-key`")),
                (Some(_), Some(_)) => return Err(invalid("more than one header `x-api-key`")),
            }
        }
    };
    if !(KEY_CHARACTERS_MIN..=KEY_CHARACTERS_MAX).contains(&value.len()) {
        return Err(invalid("the value has a length that no key has"));
    }
    let Some(key) = usage.find(&stage.scope, value) else {
        return Err(invalid("the value is no API key's"));
    };
    if !key.is_enabled() {
        return Err(invalid(format!("API key `{}` is disabled", key.id)));
    }
    Ok(key)
}

fn invalid(cause: impl Into<Reason>) -> Refusal {
    Refusal::new(RefusalKind::InvalidApiKey, cause)
}
