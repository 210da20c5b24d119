//! The index beside a simple model, as its records come and go in any order: no key opens what is another's, and what a key
//! has counted goes on as long as it is in its plan.

use std::{collections::BTreeMap, sync::Arc};

use portcullis_model::{
    ApiId, Scope, StageName, Timestamp,
    resources::usage_plans::{ApiKey, Throttle, UsagePlan, UsagePlanKey},
};
use serde_json::json;

use super::{UsagePlans, bucket::Rate, dice::dice};
use crate::{ports::ApiKeyHashes as _, tests::PlainHashes};

fn index() -> UsagePlans {
    let rate = Rate::of(&Throttle {
        burst_limit: 1_000,
        rate_limit: 1_000.0,
    });
    UsagePlans::new(Arc::new(PlainHashes), rate)
}

fn key(id: &str, enabled: bool) -> ApiKey {
    serde_json::from_value(json!({
        "id": id, "enabled": enabled, "createdDate": 0, "lastUpdatedDate": 0, "sealedValue": "", "valueHash": "",
    }))
    .unwrap()
}

/// A plan that opens the stage of its own name.
fn plan(id: &str) -> UsagePlan {
    serde_json::from_value(json!({
        "id": id, "name": id, "apiStages": [{"apiId": "api", "stage": id}],
        "quota": {"limit": 1_000, "period": "MONTH"},
    }))
    .unwrap()
}

fn pair(plan: &str, key: &str) -> UsagePlanKey {
    UsagePlanKey {
        plan_id: plan.to_owned(),
        key_id: key.to_owned(),
    }
}

/// What is known of one key: whether it has a record and is enabled, and what it counted in each plan.
#[derive(Default)]
struct Known {
    record: Option<bool>,
    counted: BTreeMap<String, u32>,
}

#[test]
fn records_in_any_order_open_what_they_say_and_counts_go_on() {
    let scopes = ["111111111111", "222222222222"].map(|account| Scope::new(account, "us-east-1"));
    let now = Timestamp::from_seconds(86_400 * 100);
    for seed in 1..60_u64 {
        let index = index();
        let mut below = dice(seed);
        for scope in &scopes {
            for id in ["p0", "p1", "p2"] {
                index.put_plan(scope, &plan(id));
            }
        }
        let mut model: BTreeMap<(usize, u64), Known> = BTreeMap::new();
        for step in 0..600 {
            let (owner, number) = (below(2), below(6));
            let (id, of) = (format!("k{number}"), format!("p{}", below(3)));
            let owner = usize::from(owner == 1);
            let scope = &scopes[owner];
            // The same value in both accounts.
            let value = format!("the-value-of-the-key-{number}");
            let hash = PlainHashes.hash(scope, value.as_bytes());
            let known = model.entry((owner, number)).or_default();
            match below(6) {
                0 => {
                    let enabled = below(4) > 0;
                    index.put_key(scope, &key(&id, enabled), &hash);
                    known.record = Some(enabled);
                }
                1 if below(3) == 0 => {
                    index.remove_key(scope, &id);
                    known.record = None;
                }
                2 => {
                    index.put_plan_key(scope, &pair(&of, &id));
                    known.counted.entry(of).or_insert(0);
                }
                3 if below(2) == 0 => {
                    index.remove_plan_key(scope, &pair(&of, &id));
                    known.counted.remove(&of);
                }
                _ => {
                    let found = index.find(scope, value.as_bytes());
                    let is_enabled = found.as_ref().map(|found| found.is_enabled());
                    assert_eq!(is_enabled, known.record, "seed {seed}, step {step}: {id}");
                    let Some(found) = found else { continue };
                    assert_eq!(*found.id, *id);
                    let opened = found.plan_of(&ApiId::from("api"), &StageName::from(of.as_str()));
                    assert_eq!(opened.is_some(), known.counted.contains_key(&of));
                    let Some((_, metered)) = opened else { continue };
                    assert_eq!((&metered.meter.plan.scope, &*metered.id), (scope, id.as_str()));
                    index.count(&metered, now);
                    *known.counted.get_mut(&of).unwrap() += 1;
                }
            }
            for ((owner, number), known) in &model {
                for (of, counted) in &known.counted {
                    let used = index.used(&scopes[*owner], &pair(of, &format!("k{number}")), now);
                    assert_eq!(
                        used.last().map(|day| day.used),
                        Some(*counted),
                        "seed {seed}, step {step}"
                    );
                }
            }
        }
    }
}

#[test]
fn keys_of_one_account_are_not_found_by_another() {
    let index = index();
    let (own, other) = (
        Scope::new("111111111111", "us-east-1"),
        Scope::new("222222222222", "us-east-1"),
    );
    for number in 0..5_000 {
        let value = format!("the-value-of-the-key-{number}");
        let hash = PlainHashes.hash(&own, value.as_bytes());
        index.put_key(&own, &key(&format!("k{number}"), true), &hash);
    }
    for number in 0..5_000 {
        let value = format!("the-value-of-the-key-{number}");
        let found = index.find(&own, value.as_bytes()).unwrap();
        assert_eq!(*found.id, format!("k{number}"));
        assert!(index.find(&other, value.as_bytes()).is_none());
    }
    assert_eq!((index.key_count(&own), index.key_count(&other)), (5_000, 0));
}
