//! Resource policies: what needs no caller, and how they combine with an authorizer.

use portcullis_model::trail::Outcome;
use serde_json::{Value, json};

use super::{KEY, POOL, World, compile, mock, open, pool, request, resource};

fn policy(statements: Value) -> Value {
    json!(json!({ "Version": "2012-10-17", "Statement": statements }).to_string())
}

fn statement(effect: &str, resource: &str, condition: Value) -> Value {
    json!({
        "Effect": effect, "Principal": "*", "Action": "execute-api:Invoke", "Resource": resource,
        "Condition": condition,
    })
}

fn image(policy: Value) -> Value {
    let everything = json!({ "GET": open(mock("seen")), "POST": open(mock("seen")) });
    json!({
        "restApi": { "policy": policy },
        "resources": [
            resource("/", everything.clone()),
            resource("/pets", everything.clone()),
            resource("/pets/{id}", everything.clone()),
            resource("/files/{proxy+}", everything),
        ],
    })
}

const ANYWHERE: &str = "execute-api:/*";

#[track_caller]
fn denied(world: &World, target: &str, end: &str, reason: &str) {
    let refused = world.get(target);
    let path = target.strip_prefix("/prod/").unwrap();
    let message = format!(
        "User: anonymous is not authorized to perform: execute-api:Invoke on resource: arn:aws:execute-api:us-east-1:********0000:abc123/prod/GET/{path}{end}"
    );
    let expected = json!({ "Message": message });
    assert_eq!(serde_json::from_str::<Value>(&refused.body).unwrap(), expected);
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("x-amzn-errortype"), Some("AccessDeniedException"));
    let (layer, outcome, cause) = refused.last();
    assert_eq!((layer, outcome), ("resource-policy", Outcome::Refuse));
    assert!(cause.contains(reason), "{cause}");
}

#[test]
fn open_method_needs_an_explicit_permission() {
    let world = World::serving(image(policy(json!([statement(
        "Allow",
        "execute-api:/prod/GET/pets*",
        json!({})
    )]))));
    assert_eq!(world.get("/prod/pets").status, 200);
    assert_eq!(world.get("/prod/pets/").status, 200);
    assert_eq!(world.get("/prod/pets/7").status, 200);
    denied(
        &world,
        "/prod/",
        "",
        "no statement of the resource policy allows it",
    );
    denied(&world, "/prod/files/x", "", "no statement");
    assert_eq!(world.send(request("POST", "/prod/pets", &[])).status, 403);
}

#[test]
fn explicit_denial_wins_and_says_so() {
    let world = World::serving(image(policy(json!([
        statement("Allow", ANYWHERE, json!({})),
        statement("Deny", "execute-api:/*/GET/pets/secret", json!({})),
    ]))));
    assert_eq!(world.get("/prod/pets/public").status, 200);
    let end = " with an explicit deny";
    denied(
        &world,
        "/prod/pets/secret",
        end,
        "statement 2 of policy 1 denies it",
    );
    // One name for one path: what percent-encoding hides is found.
    denied(&world, "/prod/pets/%73ecret", end, "denies it");
    denied(&world, "/prod/pets/secret/", end, "denies it");
}

#[test]
fn path_that_normalising_would_change_is_refused() {
    let world = World::serving(image(policy(json!([statement("Allow", ANYWHERE, json!({}))]))));
    assert_eq!(world.get("/prod/files/a/b").status, 200);
    for target in [
        "/prod/files/a/../b",
        "/prod/files/a/%2e%2e/b",
        "/prod/files/a//b",
        "/prod/files/a%2f..%2fb",
    ] {
        let refused = world.get(target);
        assert_eq!(refused.status, 403, "{target}");
        assert!(refused.last().2.contains("empty or dot segments"), "{target}");
    }
}

#[test]
fn method_arn_over_its_limit_is_refused() {
    let world = World::serving(image(policy(json!([statement("Allow", ANYWHERE, json!({}))]))));
    let long = "a".repeat(1_600);
    let refused = world.get(&format!("/prod/pets/{long}"));
    refused.refused(
        414,
        "\"Request URI too long\"",
        "resource-policy",
        "more than 1600",
    );
}

#[test]
fn conditions_see_address_transport_time_and_headers() {
    let with =
        |condition: Value| World::serving(image(policy(json!([statement("Allow", ANYWHERE, condition)]))));
    let is = |condition: Value, expected: bool| {
        let admitted = with(condition.clone()).send(request(
            "GET",
            "/prod/pets",
            &[("Referer", "https://a.example/"), ("User-Agent", "probe/1")],
        ));
        assert_eq!(admitted.status == 200, expected, "{condition}");
    };
    is(json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/24" } }), true);
    is(
        json!({ "IpAddress": { "aws:SourceIp": ["10.0.0.0/8", "198.51.100.0/24"] } }),
        false,
    );
    is(json!({ "NotIpAddress": { "aws:SourceIp": "192.0.2.7" } }), false);
    is(json!({ "Bool": { "aws:SecureTransport": false } }), true);
    is(json!({ "Bool": { "aws:SecureTransport": "true" } }), false);
    is(
        json!({ "DateLessThan": { "aws:CurrentTime": "2030-01-01T00:00:00Z" } }),
        true,
    );
    is(
        json!({ "DateGreaterThan": { "aws:EpochTime": "1800000000" } }),
        false,
    );
    is(
        json!({ "StringEquals": { "aws:Referer": "https://a.example/" } }),
        true,
    );
    is(json!({ "StringLike": { "aws:UserAgent": "probe/*" } }), true);
    is(json!({ "StringLike": { "aws:UserAgent": "curl/*" } }), false);
    is(
        json!({ "StringEquals": { "aws:SourceArn": "arn:aws:sns:us-east-1:1:x" } }),
        false,
    );
    // Without the header the key is absent: positive conditions fail, negated ones hold.
    let bare = with(json!({ "StringLike": { "aws:Referer": "*" } })).get("/prod/pets");
    assert_eq!(bare.status, 403);
    // A second header cannot hide the first.
    let twice = request(
        "GET",
        "/prod/pets",
        &[("User-Agent", "good"), ("User-Agent", "bad")],
    );
    let both = with(json!({ "StringNotLike": { "aws:UserAgent": "*bad*" } })).send(twice);
    assert_eq!(both.status, 403);
}

#[test]
fn policy_that_only_observes_lets_on_and_says_so() {
    let image = image(policy(json!([statement("Deny", ANYWHERE, json!({}))])));
    let world = World::with(
        image,
        json!({ "tags": { "portcullis:observe": "resource-policy" } }),
    );
    let admitted = world.get("/prod/pets");
    assert_eq!(admitted.status, 200);
    let step = admitted
        .trail
        .steps
        .iter()
        .find(|step| step.layer == "resource-policy")
        .unwrap();
    assert_eq!(step.outcome, Outcome::ObserveRefuse);
    assert!(step.reason.contains("denies it"), "{}", step.reason);
}

#[test]
fn policy_that_cannot_be_enforced_does_not_deploy() {
    let problems = |policy: Value| {
        let problems = compile(image(policy), json!({})).err().unwrap();
        format!("{problems:?}")
    };
    let vpc = json!({ "StringEquals": { "aws:SourceVpce": "vpce-1" } });
    let told = problems(policy(json!([statement("Allow", ANYWHERE, vpc)])));
    assert!(
        told.contains("restApi/policy") && told.contains("aws:sourcevpce"),
        "{told}"
    );
    assert!(told.contains("only requests for private APIs"), "{told}");
    // There are no organisations, and nobody shall think that one keeps others out.
    for key in [
        "aws:PrincipalOrgID",
        "aws:PrincipalOrgPaths",
        "aws:SourceOrgID",
        "aws:Sourceip2",
    ] {
        let condition = json!({ "StringNotEquals": { key: "o-1" } });
        let told = problems(policy(json!([statement("Deny", ANYWHERE, condition)])));
        let named = format!(
            "no request has the condition key `{}` here",
            key.to_ascii_lowercase()
        );
        assert!(told.contains(&named), "{told}");
    }
    let told = problems(json!("{}"));
    assert!(
        told.contains("restApi/policy: ") || told.contains("Statement"),
        "{told}"
    );
}

#[test]
fn own_template_says_message_as_it_likes() {
    let mut image = image(policy(json!([statement("Deny", ANYWHERE, json!({}))])));
    image["gatewayResponses"] = json!([{
        "responseType": "ACCESS_DENIED",
        "responseTemplates": { "application/json": "{\"message\":$context.error.messageString,\"type\":\"$context.error.responseType\"}" },
    }]);
    let refused = World::serving(image).get("/prod/pets/<script>");
    assert_eq!(refused.status, 403);
    assert!(
        refused.body.starts_with("{\"message\":\"User: anonymous is not"),
        "{}",
        refused.body
    );
    assert!(
        refused
            .body
            .contains("GET/pets/%3Cscript%3E with an explicit deny"),
        "{}",
        refused.body
    );
    assert!(
        refused.body.ends_with(",\"type\":\"ACCESS_DENIED\"}"),
        "{}",
        refused.body
    );
}

/// An API whose `GET /pets` asks for an ID token.
fn with_cognito(policy: Value) -> World {
    let mut image = image(policy);
    image["authorizers"] = json!([{
        "id": "aut1", "name": "pool", "type": "COGNITO_USER_POOLS",
        "providerARNs": [super::pool_arn(POOL)],
        "identitySource": "method.request.header.Authorization",
    }]);
    let method = &mut image["resources"][1]["resourceMethods"]["GET"];
    method["authorizationType"] = json!("COGNITO_USER_POOLS");
    method["authorizerId"] = json!("aut1");
    World::serving(image).with_pool(pool(POOL, "kid1", &KEY))
}

fn token() -> String {
    super::cognito::id_token(json!({}))
}

/// AWS contradicts itself here: the flow's text asks for an explicit permission of the resource policy beside a user
/// pool's token, the table that it points at does not. We take the stricter reading.
#[test]
fn token_of_a_pool_needs_the_resource_policys_permission_too() {
    let get =
        |world: &World, token: &str| world.send(request("GET", "/prod/pets", &[("Authorization", token)]));
    let allowed = with_cognito(policy(json!([statement("Allow", ANYWHERE, json!({}))])));
    assert_eq!(get(&allowed, &token()).status, 200);
    let silent = with_cognito(policy(json!([statement(
        "Allow",
        "execute-api:/prod/POST/*",
        json!({})
    )])));
    let refused = get(&silent, &token());
    assert_eq!(refused.status, 403);
    let (layer, _, cause) = refused.last();
    assert_eq!(layer, "authorizer");
    assert!(cause.contains("which is needed too"), "{cause}");
    // Who has no token learns that first.
    assert_eq!(get(&silent, "nonsense").status, 401);
}

#[test]
fn denial_of_the_policy_comes_before_the_authorizer() {
    let world = with_cognito(policy(json!([
        statement("Allow", ANYWHERE, json!({})),
        statement("Deny", "execute-api:/prod/GET/pets", json!({})),
    ])));
    for token in [token(), "nonsense".to_owned()] {
        let refused = world.send(request("GET", "/prod/pets", &[("Authorization", &token)]));
        assert_eq!((refused.status, refused.last().0), (403, "resource-policy"));
    }
}
