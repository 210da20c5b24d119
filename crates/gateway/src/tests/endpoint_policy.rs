//! Policies of VPC endpoints: which calls go through a network's endpoint, and whose.

use serde_json::{Value, json};

use super::{
    Outcomes, World,
    iam::{give_key, signed},
    merge, mock, open, request, resource, with_body,
};
use crate::{
    http::Request,
    settings::GatewaySettings,
    tests::NOW,
    vpc_endpoints::{VpcEndpoint, VpcEndpoints},
};

const API: &str = "arn:aws:execute-api:us-east-1:000000000000:abc123";
const ANN: &str = "arn:aws:iam::000000000000:user/ann";

fn endpoint() -> VpcEndpoint {
    VpcEndpoint {
        id: "vpce-00000001".into(),
        vpc: "vpc-00000001".into(),
        networks: vec!["192.0.2.0/24".parse().unwrap()],
        policy: None,
    }
}

/// A private API that everybody may call as far as its own policy goes, but for `/denied`, behind an endpoint with a policy.
fn world(statements: &Value) -> World {
    let mut endpoint = endpoint();
    endpoint.set_policy(&document(statements)).unwrap();
    let settings = GatewaySettings {
        vpc_endpoints: VpcEndpoints::new(vec![endpoint]).unwrap(),
        ..GatewaySettings::default()
    };
    let everybody = json!([
        {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
        {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*/*/denied"},
    ]);
    let mut guarded = open(mock("seen"));
    merge(&mut guarded, json!({"authorizationType": "AWS_IAM"}));
    let both = json!({"GET": open(mock("seen")), "POST": open(mock("seen"))});
    let image = json!({
        "restApi": {"endpointTypes": ["PRIVATE"], "policy": document(&everybody)},
        "resources": [
            resource("/pets", both.clone()), resource("/denied", both), resource("/signed", json!({"GET": guarded})),
        ],
    });
    World::empty(settings).deploying(image, json!({}))
}

fn document(statements: &Value) -> String {
    json!({"Version": "2012-10-17", "Statement": statements}).to_string()
}

fn statement(effect: &str, principal: &Value, resource: &str) -> Value {
    json!({"Effect": effect, "Principal": principal, "Action": "execute-api:Invoke", "Resource": resource})
}

fn everybody() -> Value {
    json!("*")
}

fn ann() -> Value {
    json!({ "AWS": ANN })
}

fn refused(outcome: &Outcomes, reason: &str) {
    assert_eq!(outcome.status, 403, "{:?}", outcome.trail);
    assert_eq!(outcome.header("x-amzn-errortype"), Some("AccessDeniedException"));
    let step = outcome.step("vpc-endpoint");
    assert!(step.reason.contains(reason), "{}", step.reason);
}

#[test]
fn only_what_it_allows_goes_through() {
    let world = world(&json!([statement(
        "Allow",
        &everybody(),
        &format!("{API}/*/GET/pets")
    )]));
    assert_eq!(world.get("/prod/pets").status, 200);
    refused(
        &world.send(request("POST", "/prod/pets", &[])),
        "no statement of the VPC endpoint",
    );
    let other = world.get("/prod/denied");
    refused(&other, "no statement");
    assert!(
        other
            .body
            .contains("User: anonymous is not authorized to perform: execute-api:Invoke"),
        "{}",
        other.body
    );
}

#[test]
fn its_denial_beats_its_permission_and_comes_before_the_apis_own_policy() {
    let world = world(&json!([
        statement("Allow", &everybody(), "*"),
        statement("Deny", &everybody(), &format!("{API}/*/POST/*")),
    ]));
    let denied = world.send(request("POST", "/prod/denied", &[]));
    refused(&denied, "denies it to `anonymous`");
    assert!(denied.body.contains("with an explicit deny"), "{}", denied.body);
    assert!(
        denied
            .trail
            .steps
            .iter()
            .all(|step| step.layer != "resource-policy")
    );
    // What it allows is the API's to refuse.
    let by_api = world.get("/prod/denied");
    assert_eq!((by_api.status, by_api.last().0), (403, "resource-policy"));
    // An unknown path is no call.
    assert_eq!(world.get("/prod/none").last().0, "route");
}

#[test]
fn who_signed_is_who_asks_whatever_the_method_wants() {
    let world = world(&json!([statement("Allow", &ann(), "*")]));
    let nobody = give_key(&world, "000000000000", "AKIAROOT", None);
    let key = give_key(
        &world,
        "000000000000",
        "AKIAANN",
        Some(json!({"Effect": "Allow", "Action": "*", "Resource": "*"})),
    );
    for path in ["/prod/pets", "/prod/signed"] {
        assert_eq!(
            world.send(signed("GET", path, "", &key, NOW)).status,
            200,
            "{path}"
        );
        refused(
            &world.send(signed("GET", path, "", &nobody, NOW)),
            "allows it to `arn:aws:iam::000000000000:root`",
        );
        refused(&world.get(path), "allows it to `anonymous`");
        // A token says nothing of who it is.
        let bearer = request("GET", path, &[("Authorization", "Bearer AWS4")]);
        refused(&world.send(bearer), "allows it to `anonymous`");
    }
}

#[test]
fn signature_that_does_not_hold_is_refused_where_nobody_else_looks_at_it() {
    let world = world(&json!([statement("Allow", &everybody(), "*")]));
    let key = give_key(&world, "000000000000", "AKIAANN", Some(json!([])));
    let wrong = |request: Request, status: u16| {
        let outcome = world.send(request);
        assert_eq!(
            (outcome.status, outcome.last().0),
            (status, "vpc-endpoint"),
            "{:?}",
            outcome.trail
        );
    };
    // Good: the body is covered and read, though the method asks nobody.
    assert_eq!(
        world.send(signed("POST", "/prod/pets", "{}", &key, NOW)).status,
        200
    );
    wrong(
        with_body(signed("POST", "/prod/pets", "{}", &key, NOW), "{ }"),
        403,
    );
    wrong(signed("GET", "/prod/pets", "", &key, NOW - 3_600), 403);
    for header in [
        "AWS4-HMAC-SHA256 nonsense",
        "aws4-hmac-sha256 x",
        "AWS4-ECDSA-P256-SHA256 Credential=a",
    ] {
        wrong(request("GET", "/prod/pets", &[("Authorization", header)]), 403);
    }
    wrong(
        request("GET", "/prod/pets?X-Amz-Algorithm=AWS4-HMAC-SHA256", &[]),
        403,
    );
}

#[test]
fn conditions_know_the_network_and_the_apis_account() {
    let on = |key: &str, value: &str| {
        let mut statement = statement("Allow", &everybody(), "*");
        statement["Condition"] = json!({"StringEquals": { key: value }});
        world(&json!([statement])).get("/prod/pets").status
    };
    assert_eq!(on("aws:ResourceAccount", "000000000000"), 200);
    assert_eq!(on("aws:ResourceAccount", "111111111111"), 403);
    assert_eq!(on("aws:SourceVpc", "vpc-00000001"), 200);
    assert_eq!(on("aws:SourceVpc", "vpc-00000002"), 403);
}

#[test]
fn policy_that_could_never_hold_is_refused() {
    for (statements, reason) in [
        (
            json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]),
            "names its principals",
        ),
        (
            json!([{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*",
                "Condition": {"StringEquals": {"aws:PrincipalOrgID": "o-1"}}}]),
            "no request has the condition key `aws:principalorgid`",
        ),
    ] {
        let cause = endpoint().set_policy(&document(&statements)).unwrap_err();
        assert!(cause.contains(reason), "{cause}");
    }
}
