//! API keys, plans, throttles and quotas on requests.

use portcullis_model::trail::Outcome;
use portcullis_model::{
    Scope,
    resources::usage_plans::{ApiKey, UsagePlan, UsagePlanKey},
};
use serde_json::{Value, json};

use super::{ACCOUNT_BURST, PlainHashes, World, mock, open, resource, scope};
use crate::ports::ApiKeyHashes as _;

const FORBIDDEN: &str = "\"Forbidden\"";
const MANY: &str = "\"Too Many Requests\"";
const EXCEEDED: &str = "\"Limit Exceeded\"";

fn keyed() -> Value {
    let mut method = open(mock("keyed"));
    method["apiKeyRequired"] = true.into();
    method
}

fn image() -> Value {
    json!({"resources": [
        resource("/keyed", json!({"GET": keyed(), "POST": keyed()})),
        resource("/free", json!({"GET": open(mock("free"))})),
    ]})
}

fn value(id: &str) -> String {
    format!("value-of-the-key-called-{id}")
}

fn put_key(world: &World, scope: &Scope, id: &str, enabled: bool) {
    let key: ApiKey = serde_json::from_value(json!({
        "id": id, "enabled": enabled, "createdDate": 0, "lastUpdatedDate": 0, "sealedValue": "", "valueHash": "",
    }))
    .unwrap();
    let hash = PlainHashes.hash(scope, value(id).as_bytes());
    world.usage.put_key(scope, &key, &hash);
}

fn put_plan(world: &World, id: &str, mut plan: Value) {
    plan["id"] = id.into();
    plan["name"] = id.into();
    if plan.get("apiStages").is_none() {
        plan["apiStages"] = json!([{"apiId": "abc123", "stage": "prod"}]);
    }
    let plan: UsagePlan = serde_json::from_value(plan).unwrap();
    world.usage.put_plan(&scope(), &plan);
}

fn pair(plan: &str, key: &str) -> UsagePlanKey {
    UsagePlanKey {
        plan_id: plan.into(),
        key_id: key.into(),
    }
}

fn world(plan: Value) -> World {
    let world = World::serving(image());
    put_plan(&world, "plan", plan);
    for key in ["ada", "bob"] {
        put_key(&world, &scope(), key, true);
        world.usage.put_plan_key(&scope(), &pair("plan", key));
    }
    world
}

fn with_key(world: &World, method: &str, target: &str, id: &str) -> super::Outcomes {
    world.send(super::request(method, target, &[("X-Api-Key", &value(id))]))
}

#[test]
fn a_key_of_a_plan_of_the_stage_is_admitted_and_named_by_its_id_alone() {
    let world = world(json!({}));
    let outcomes = with_key(&world, "GET", "/prod/keyed", "ada");
    assert_eq!((outcomes.status, outcomes.body.as_str()), (200, "keyed"));
    let step = outcomes
        .trail
        .steps
        .iter()
        .find(|step| step.layer == "usage-plan")
        .unwrap();
    assert_eq!(step.reason, "API key `ada` of usage plan `plan`");
    assert!(!format!("{:?}", outcomes.trail).contains(&value("ada")));
}

#[test]
fn what_is_no_key_of_a_plan_of_the_stage_is_forbidden_and_the_trail_says_why() {
    let world = world(json!({}));
    put_plan(
        &world,
        "other",
        json!({"apiStages": [{"apiId": "abc123", "stage": "beta"}]}),
    );
    for id in ["disabled", "planless", "elsewhere"] {
        put_key(&world, &scope(), id, id != "disabled");
    }
    put_key(&world, &Scope::new("111111111111", "us-east-1"), "foreign", true);
    world.usage.put_plan_key(&scope(), &pair("plan", "disabled"));
    world.usage.put_plan_key(&scope(), &pair("other", "elsewhere"));
    let missing = world.get("/prod/keyed");
    missing.refused(403, FORBIDDEN, "usage-plan", "no header `x-api-key`");
    assert_eq!(missing.header("x-amzn-ErrorType"), Some("ForbiddenException"));
    let long = "x".repeat(129);
    let (known, unknown) = (value("ada"), value("nobody"));
    for (headers, cause) in [
        (vec![("x-api-key", "")], "a length that no key has"),
        (vec![("x-api-key", "short")], "a length that no key has"),
        (vec![("x-api-key", long.as_str())], "a length that no key has"),
        (vec![("x-api-key", unknown.as_str())], "is no API key's"),
        (
            vec![("x-api-key", known.as_str()), ("X-API-KEY", known.as_str())],
            "more than one header",
        ),
    ] {
        let outcomes = world.send(super::request("GET", "/prod/keyed", &headers));
        outcomes.refused(403, FORBIDDEN, "usage-plan", cause);
    }
    for (id, cause) in [
        ("disabled", "is disabled"),
        ("planless", "is in no usage plan of this stage"),
        ("elsewhere", "is in no usage plan of this stage"),
        ("foreign", "is no API key's"),
    ] {
        with_key(&world, "GET", "/prod/keyed", id).refused(403, FORBIDDEN, "usage-plan", cause);
    }
}

#[test]
fn changes_of_keys_and_plans_hold_for_the_next_request() {
    let world = world(json!({}));
    let status = |id| with_key(&world, "GET", "/prod/keyed", id).status;
    assert_eq!((status("ada"), status("bob")), (200, 200));
    put_key(&world, &scope(), "ada", false);
    assert_eq!((status("ada"), status("bob")), (403, 200));
    put_key(&world, &scope(), "ada", true);
    world.usage.remove_plan_key(&scope(), &pair("plan", "ada"));
    assert_eq!((status("ada"), status("bob")), (403, 200));
    world.usage.put_plan_key(&scope(), &pair("plan", "ada"));
    assert_eq!(status("ada"), 200);
    world.usage.remove_key(&scope(), "ada");
    assert_eq!((status("ada"), status("bob")), (403, 200));
    world.usage.remove_plan(&scope(), "plan");
    assert_eq!(status("bob"), 403);
}

#[test]
fn keys_share_no_bucket_and_one_refills_with_time() {
    let world = world(json!({"throttle": {"burstLimit": 2, "rateLimit": 1.0}}));
    let get = |id| with_key(&world, "GET", "/prod/keyed", id);
    assert_eq!((get("ada").status, get("ada").status), (200, 200));
    let refused = get("ada");
    refused.refused(
        429,
        MANY,
        "usage-plan",
        "the throttle of API key `ada` of usage plan `plan` is used up",
    );
    assert_eq!(
        refused.header("x-amzn-ErrorType"),
        Some("TooManyRequestsException")
    );
    assert_eq!(get("bob").status, 200);
    world.clock.advance_seconds(1);
    assert_eq!((get("ada").status, get("ada").status), (200, 429));
}

#[test]
fn a_methods_throttle_in_the_plan_replaces_the_plans() {
    let world = world(json!({
        "throttle": {"burstLimit": 1, "rateLimit": 1.0},
        "apiStages": [{"apiId": "abc123", "stage": "prod", "throttle": {"/keyed/POST": {"burstLimit": 3, "rateLimit": 1.0}}}],
    }));
    let status = |method| with_key(&world, method, "/prod/keyed", "ada").status;
    assert_eq!((status("GET"), status("GET")), (200, 429));
    assert_eq!(
        [status("POST"), status("POST"), status("POST"), status("POST")],
        [200, 200, 200, 429]
    );
}

#[test]
fn a_quota_ends_with_its_period_and_methods_without_keys_do_not_count() {
    let world = world(json!({"quota": {"limit": 2, "period": "DAY"}}));
    let get = |id| with_key(&world, "GET", "/prod/keyed", id);
    for _ in 0..3 {
        assert_eq!(with_key(&world, "GET", "/prod/free", "ada").status, 200);
    }
    assert_eq!((get("ada").status, get("ada").status), (200, 200));
    let refused = get("ada");
    refused.refused(429, EXCEEDED, "usage-plan", "the quota of API key `ada`");
    assert_eq!(refused.header("x-amzn-ErrorType"), Some("LimitExceededException"));
    assert_eq!(get("bob").status, 200);
    world.clock.advance_seconds(86_400);
    assert_eq!(get("ada").status, 200);
}

#[test]
fn what_another_limit_refuses_uses_nothing_up() {
    let stage =
        json!({"methodSettings": {"keyed/GET": {"throttlingBurstLimit": 1, "throttlingRateLimit": 1.0}}});
    let world = World::with(image(), stage);
    put_plan(
        &world,
        "plan",
        json!({"quota": {"limit": 2, "period": "DAY"}, "throttle": {"burstLimit": 2, "rateLimit": 0.001}}),
    );
    put_key(&world, &scope(), "ada", true);
    world.usage.put_plan_key(&scope(), &pair("plan", "ada"));
    let get = || with_key(&world, "GET", "/prod/keyed", "ada");
    assert_eq!(get().status, 200);
    for _ in 0..5 {
        get().refused(429, MANY, "usage-plan", "the stage's throttle of this method");
    }
    world.clock.advance_seconds(1);
    assert_eq!(get().status, 200);
    get().refused(429, MANY, "usage-plan", "the throttle of API key `ada`");
}

#[test]
fn each_method_of_a_stage_has_a_bucket_of_its_own_which_outlives_a_deployment() {
    let stage = json!({"methodSettings": {
        "*/*": {"throttlingBurstLimit": 1, "throttlingRateLimit": 1.0},
        "keyed/POST": {"throttlingBurstLimit": 2, "throttlingRateLimit": 1.0},
    }});
    let world = World::with(image(), stage.clone());
    put_plan(&world, "plan", json!({}));
    put_key(&world, &scope(), "ada", true);
    world.usage.put_plan_key(&scope(), &pair("plan", "ada"));
    let status = |method, path| with_key(&world, method, path, "ada").status;
    assert_eq!(
        (status("GET", "/prod/free"), status("GET", "/prod/free")),
        (200, 429)
    );
    assert_eq!(
        (status("GET", "/prod/keyed"), status("GET", "/prod/keyed")),
        (200, 429)
    );
    assert_eq!(
        [
            status("POST", "/prod/keyed"),
            status("POST", "/prod/keyed"),
            status("POST", "/prod/keyed")
        ],
        [200, 200, 429]
    );
    let again = super::compile(image(), stage).unwrap();
    world.snapshots.change(|snapshot| snapshot.with_stage(again));
    assert_eq!(
        (status("GET", "/prod/free"), status("POST", "/prod/keyed")),
        (429, 429)
    );
}

#[test]
fn the_account_has_a_throttle_of_its_own() {
    let world = world(json!({}));
    for _ in 0..ACCOUNT_BURST {
        assert_eq!(world.get("/prod/free").status, 200);
    }
    world
        .get("/prod/free")
        .refused(429, MANY, "usage-plan", "the account's throttle");
    world.clock.advance_seconds(1);
    assert_eq!(world.get("/prod/free").status, 200);
}

#[test]
fn an_observed_layer_says_what_it_would_refuse_and_lets_on() {
    let world = World::with(image(), json!({"tags": {"portcullis:observe": "usage-plan"}}));
    let outcomes = world.get("/prod/keyed");
    assert_eq!(outcomes.status, 200);
    let step = outcomes
        .trail
        .steps
        .iter()
        .find(|step| step.layer == "usage-plan")
        .unwrap();
    assert_eq!(
        (step.outcome, step.reason.as_ref()),
        (Outcome::ObserveRefuse, "no header `x-api-key`")
    );
}

#[test]
fn a_refused_token_uses_up_nothing_of_a_key() {
    let mut guarded = keyed();
    guarded["authorizationType"] = "COGNITO_USER_POOLS".into();
    guarded["authorizerId"] = "auth".into();
    let world = World::serving(json!({
        "resources": [resource("/keyed", json!({"GET": guarded}))],
        "authorizers": [{"id": "auth", "name": "pool", "type": "COGNITO_USER_POOLS", "providerARNs": [super::pool_arn(super::POOL)],
            "identitySource": "method.request.header.Authorization"}],
    }));
    put_plan(&world, "plan", json!({"quota": {"limit": 1, "period": "DAY"}}));
    put_key(&world, &scope(), "ada", true);
    world.usage.put_plan_key(&scope(), &pair("plan", "ada"));
    for _ in 0..3 {
        with_key(&world, "GET", "/prod/keyed", "ada").refused(
            401,
            "\"Unauthorized\"",
            "authorizer",
            "no header",
        );
    }
    let kept = world.usage.take_changes(crate::tests::now(), usize::MAX);
    assert!(kept.is_empty(), "{kept:?}");
}

#[test]
fn setting_of_a_method_that_is_gone_keeps_no_deployment_from_being_served() {
    let throttle = json!({"throttlingBurstLimit": 1, "throttlingRateLimit": 1.0});
    let compiled = super::compile(image(), json!({"methodSettings": {"missing/GET": throttle}}));
    assert!(compiled.is_ok());
}

#[test]
fn key_that_the_authorizer_names_counts_and_the_header_does_not() {
    let judge = "arn:aws:lambda:us-east-1:000000000000:function:judge";
    let mut guarded = keyed();
    guarded["authorizationType"] = "CUSTOM".into();
    guarded["authorizerId"] = "judge".into();
    let image = json!({
        "restApi": {"apiKeySource": "AUTHORIZER"},
        "resources": [resource("/keyed", json!({"GET": guarded}))],
        "authorizers": [{
            "id": "judge", "name": "judge", "type": "TOKEN", "authorizerUri": super::lambda_proxy::uri(judge),
            "identitySource": "method.request.header.Authorization", "authorizerResultTtlInSeconds": 0,
        }],
    });
    let says = |key: Value| {
        let mut answer = json!({
            "principalId": "ann",
            "policyDocument": {
                "Version": "2012-10-17",
                "Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*"}],
            },
        });
        answer["usageIdentifierKey"] = key;
        answer.to_string()
    };
    let send = |key: Value| {
        let world = World::serving(image.clone()).returning(&says(key));
        put_plan(&world, "plan", json!({}));
        put_key(&world, &scope(), "ada", true);
        world.usage.put_plan_key(&scope(), &pair("plan", "ada"));
        let headers = [("authorization", "token"), ("x-api-key", &value("ada"))];
        world.send(super::request("GET", "/prod/keyed", &headers))
    };
    assert_eq!(send(value("ada").into()).status, 200);
    send(value("bob").into()).refused(403, FORBIDDEN, "usage-plan", "is no API key's");
    send(Value::Null).refused(403, FORBIDDEN, "usage-plan", "named no `usageIdentifierKey`");
}

#[test]
fn a_quota_whose_lease_cannot_be_kept_admits_nothing() {
    let world = world(json!({"quota": {"limit": 2, "period": "DAY"}}));
    let failing = super::World::failing_leases;
    let target = || super::request("GET", "/prod/keyed", &[("x-api-key", &value("ada"))]);
    for _ in 0..3 {
        let refused = failing(&world, target());
        refused.refused(
            500,
            "\"Internal server error\"",
            "usage-plan",
            "no lease on the quota",
        );
    }
    // Nothing was used up.
    let get = || world.send(target()).status;
    assert_eq!([get(), get(), get()], [200, 200, 429]);
}

fn telling(fields: &str, plan: Value) -> World {
    let world = World::with(image(), json!({"tags": {"portcullis:rate-limit-fields": fields}}));
    put_plan(&world, "plan", plan);
    put_key(&world, &scope(), "ada", true);
    world.usage.put_plan_key(&scope(), &pair("plan", "ada"));
    world
}

#[test]
fn a_stage_tells_of_limits_only_where_its_tag_says_so() {
    let plan = json!({
        "throttle": {"burstLimit": 2, "rateLimit": 0.5}, "quota": {"limit": 500, "period": "DAY"},
    });
    let get = |world: &World| with_key(world, "GET", "/prod/keyed", "ada");
    let world = telling("", plan.clone());
    let quiet = [get(&world), get(&world), get(&world)];
    assert_eq!(quiet[2].status, 429);
    for name in ["ratelimit", "ratelimit-policy", "retry-after"] {
        assert!(
            quiet.iter().all(|outcomes| outcomes.header(name).is_none()),
            "{name}"
        );
    }
    let world = telling("ratelimit, retry-after", plan.clone());
    let answers = [get(&world), get(&world), get(&world)];
    let limits = answers
        .each_ref()
        .map(|outcomes| outcomes.header("ratelimit").unwrap());
    for (shown, left) in limits.iter().zip([(1, 499), (0, 498), (0, 498)]) {
        let start = format!("\"throttle\";r={};t=", left.0);
        let quota = format!(", \"quota\";r={};t=", left.1);
        assert!(shown.starts_with(&start) && shown.contains(&quota), "{shown}");
    }
    assert_eq!(
        answers[0].header("ratelimit-policy"),
        Some("\"throttle\";q=2;w=4, \"quota\";q=500;w=86400")
    );
    assert_eq!(answers[1].header("retry-after"), None);
    assert_eq!(
        (answers[2].status, answers[2].header("retry-after")),
        (429, Some("2"))
    );
    let world = telling("retry-after", json!({"quota": {"limit": 1, "period": "DAY"}}));
    assert_eq!(get(&world).status, 200);
    let refused = get(&world);
    let seconds: u32 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=86_400).contains(&seconds) && refused.header("ratelimit").is_none());
    // Who is refused before the plan is asked learns nothing of it.
    let stranger = world.get("/prod/keyed");
    assert_eq!((stranger.status, stranger.header("retry-after")), (403, None));
}

#[test]
fn limits_that_only_observe_are_told_to_nobody_and_use_up_no_more_than_they_hold() {
    let tags =
        json!({"tags": {"portcullis:rate-limit-fields": "ratelimit", "portcullis:observe": "usage-plan"}});
    let world = World::with(image(), tags);
    put_plan(&world, "plan", json!({"quota": {"limit": 2, "period": "DAY"}}));
    put_key(&world, &scope(), "ada", true);
    world.usage.put_plan_key(&scope(), &pair("plan", "ada"));
    let outcomes: Vec<_> = (0..4)
        .map(|_| with_key(&world, "GET", "/prod/keyed", "ada"))
        .collect();
    assert!(
        outcomes
            .iter()
            .all(|one| one.status == 200 && one.header("ratelimit").is_none())
    );
    let said: Vec<_> = outcomes
        .iter()
        .map(|one| one.step("usage-plan").outcome)
        .collect();
    assert_eq!(
        said,
        [
            Outcome::Continue,
            Outcome::Continue,
            Outcome::ObserveRefuse,
            Outcome::ObserveRefuse
        ]
    );
    // What it would have refused is not counted.
    let kept = world.usage.take_changes(crate::tests::now(), usize::MAX);
    assert_eq!((kept[0].day.used, kept[0].day.period_used), (2, 2));
}

#[test]
fn a_tag_that_names_no_field_does_not_compile() {
    let stage = json!({"tags": {"portcullis:rate-limit-fields": "ratelimit, x-rate"}});
    let problems = super::compile(image(), stage).map(drop).unwrap_err();
    assert!(
        problems[0].to_string().contains("`x-rate` is no field"),
        "{problems:?}"
    );
}
