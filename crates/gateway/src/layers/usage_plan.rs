//! Layer 5: the API key that a method asks for, its plan's throttle and quota; then the throttle of the stage's method and
//! of the account, for every method.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html>. AWS asks for the key behind
//! the authorizer, so what an authorizer refuses uses nothing up. A request that one of several limits refuses gives back what
//! it took from the others. Plans are no substitute for an authorizer: a key says who pays, not who calls.

use std::sync::Arc;

use crate::{
    decision::{Decision, LayerName, Reason},
    exchange::Exchange,
    gateway::Worker,
    layers::authorizer::Caller,
    pipeline::Layer,
    refusal::{Refusal, RefusalKind},
    snapshot::stage::StageSnapshot,
    usage::{
        KEY_CHARACTERS_MAX, KEY_CHARACTERS_MIN, Key, KeySource, UsagePlans,
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
        match admit(exchange, worker.usage()) {
            Ok((key, reason)) => {
                if let Some(key) = key {
                    exchange.use_key(key);
                }
                Decision::Continue(reason)
            }
            Err(refusal) => refusal.into(),
        }
    }
}

fn admit(exchange: &Exchange, usage: &UsagePlans) -> Result<(Option<Arc<str>>, Reason), Refusal> {
    let (Some(stage), method) = (exchange.stage(), exchange.method()?) else {
        return Err(Refusal::new(RefusalKind::Internal, "no stage was found"));
    };
    let name: &str = &method.reason;
    if !method.api_key_required {
        take_shared(exchange, usage, stage, name)?;
        return Ok((None, "no API key is required".into()));
    }
    let key = presented_key(exchange, usage, stage)?;
    let found = usage.plan_of(&key, &stage.api_id, &stage.stage_name);
    let Some((plan, own)) = found else {
        return Err(invalid(format!(
            "API key `{}` is in no usage plan of this stage",
            key.id
        )));
    };
    let now = exchange.started();
    let of_method = plan
        .stage(&stage.api_id, &stage.stage_name)
        .and_then(|of_stage| of_stage.method(name));
    // A method's own throttle in the plan replaces the plan's.
    let throttle: Option<(Arc<Bucket>, Rate)> = match of_method {
        Some((bucket, rate)) => Some((own.meter.method_bucket(bucket), *rate)),
        None => plan.rate.map(|rate| (Arc::clone(&own.meter.bucket), rate)),
    };
    let used_up = |kind, what: &str| Refusal::new(kind, format!("the {what} of {} is used up", own.reason));
    if let Some((bucket, rate)) = &throttle
        && !bucket.take(*rate, now)
    {
        return Err(used_up(RefusalKind::Throttled, "throttle"));
    }
    let give_back = || {
        if let Some((bucket, rate)) = &throttle {
            bucket.give_back(*rate);
        }
    };
    if let Some(quota) = &plan.quota {
        let since = quota::period_start(quota, now);
        if own.meter.period.take(since, quota.limit).is_err() {
            give_back();
            return Err(used_up(RefusalKind::QuotaExceeded, "quota"));
        }
    }
    if let Err(refusal) = take_shared(exchange, usage, stage, name) {
        give_back();
        if plan.quota.is_some() {
            own.meter.period.give_back();
        }
        return Err(refusal);
    }
    own.meter.count(now);
    Ok((Some(Arc::clone(&key.id)), (&own.reason).into()))
}

/// Takes a token of the stage's method and one of the account; both or none.
fn take_shared(
    exchange: &Exchange,
    usage: &UsagePlans,
    stage: &StageSnapshot,
    method: &str,
) -> Result<(), Refusal> {
    let now = exchange.started();
    let throttle = stage.throttles.of(method);
    if let Some((bucket, rate)) = throttle
        && !bucket.take(*rate, now)
    {
        return Err(Refusal::new(
            RefusalKind::Throttled,
            "the stage's throttle of this method is used up",
        ));
    }
    let account = stage.throttles.account(&stage.scope, usage);
    if !account.take(usage.account_rate(), now) {
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
fn presented_key(
    exchange: &Exchange,
    usage: &UsagePlans,
    stage: &StageSnapshot,
) -> Result<Arc<Key>, Refusal> {
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
    if !key.enabled {
        return Err(invalid(format!("API key `{}` is disabled", key.id)));
    }
    Ok(key)
}

fn invalid(cause: impl Into<Reason>) -> Refusal {
    Refusal::new(RefusalKind::InvalidApiKey, cause)
}
