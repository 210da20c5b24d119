//! Request validation: each row of what AWS does with parameters and bodies, and the layer's place in the order.

use std::{
    collections::VecDeque,
    task::{Context, Poll},
};

use super::*;
use crate::http::{BodyError, body::ChunkSource};

const PET: &str = r#"{
    "$schema": "http://json-schema.org/draft-04/schema#", "type": "object", "required": ["name"],
    "properties": {
        "name": {"type": "string"}, "age": {"type": "integer", "minimum": 0},
        "tag": {"oneOf": [{"type": "null"}, {"$ref": "https://apigateway.amazonaws.com/restapis/abc123/models/Tag"}]}
    }
}"#;

fn image(method: Value, validator: Value) -> Value {
    let mut asked = open(mock("fine"));
    merge(&mut asked, json!({"requestValidatorId": "v"}));
    merge(&mut asked, method);
    let mut declared = json!({"id": "v", "name": "all"});
    merge(&mut declared, validator);
    let model = |name: &str, schema: &str| json!({"id": name, "name": name, "contentType": "application/json", "schema": schema});
    json!({
        "resources": [resource("/pets/{id}", json!({"ANY": asked}))],
        "requestValidators": [declared],
        "models": [
            model("Pet", PET),
            model("Tag", r#"{"enum": ["old", "new"]}"#),
            model("Empty", r#"{"$schema": "http://json-schema.org/draft-04/schema#", "title": "Empty Schema", "type": "object"}"#),
            json!({"id": "n", "name": "None", "contentType": "application/json"}),
        ],
        "gatewayResponses": [{
            "responseType": "BAD_REQUEST_BODY",
            "responseTemplates": {"application/json":
                "{\"message\":$context.error.messageString,\"why\":\"$context.error.validationErrorString\"}"},
        }],
    })
}

fn both() -> Value {
    json!({"validateRequestBody": true, "validateRequestParameters": true})
}

fn parameters() -> World {
    let required = json!({
        "method.request.querystring.qs1": true,
        "method.request.path.id": true,
        "method.request.header.X-Header-Param": true,
        "method.request.querystring.optional": false,
    });
    World::serving(image(json!({"requestParameters": required}), both()))
}

fn bodies(models: Value) -> World {
    World::serving(image(json!({"requestModels": models}), both()))
}

fn post(world: &World, headers: &[(&'static str, &str)], body: &'static str) -> Outcomes {
    world.send(with_body(request("POST", "/prod/pets/1", headers), body))
}

/// Returns what `validationErrorString` tells.
fn why(outcome: &Outcomes) -> String {
    let body: Value = serde_json::from_str(&outcome.body).unwrap();
    assert_eq!(body["message"], "Invalid request body");
    body["why"].as_str().unwrap().to_owned()
}

#[test]
fn missing_parameters_are_listed_in_the_order_of_their_full_names() {
    let outcome = parameters().get("/prod/pets/%20");
    outcome.refused(
        400,
        "\"Missing required request parameters: [X-Header-Param, id, qs1]\"",
        "validation",
        "missing or blank: X-Header-Param, id, qs1",
    );
    assert_eq!(outcome.header("x-amzn-errortype"), Some("BadRequestException"));
}

#[test]
fn parameters_must_be_there_and_not_blank_and_nothing_more() {
    let world = parameters();
    let full: &[(&'static str, &str)] = &[("X-Header-Param", "a")];
    for (target, headers, missing) in [
        ("/prod/pets/1?qs1=a", full, ""),
        ("/prod/pets/1?qs1=%3F", full, ""),
        ("/prod/pets/1?qs1=", full, "qs1"),
        ("/prod/pets/1?qs1", full, "qs1"),
        ("/prod/pets/1?qs1=+%09", full, "qs1"),
        ("/prod/pets/1?qs1=a&qs1=", full, "qs1"),
        ("/prod/pets/1?qs1=&qs1=a", full, ""),
        // Names in a query have a case; names of headers have none.
        ("/prod/pets/1?QS1=a", full, "qs1"),
        ("/prod/pets/1?qs1=a", &[], "X-Header-Param"),
        ("/prod/pets/1?qs1=a", &[("X-Header-Param", " ")], "X-Header-Param"),
        ("/prod/pets/1?qs1=a", &[("X-Header-Param", "")], "X-Header-Param"),
    ] {
        let outcome = world.send(request("GET", target, headers));
        if missing.is_empty() {
            assert_eq!(outcome.status, 200, "{target}");
        } else {
            let message = format!("\"Missing required request parameters: [{missing}]\"");
            outcome.refused(400, &message, "validation", missing);
        }
    }
}

#[test]
fn header_names_are_compared_without_case_since_http_2_writes_them_in_lower_case() {
    let mut lower = request("GET", "/prod/pets/1?qs1=a", &[("x-header-param", "a")]);
    lower.version = Version::Http2;
    assert_eq!(parameters().send(lower).status, 200);
}

#[test]
fn parameters_are_checked_before_the_body() {
    let method = json!({
        "requestParameters": {"method.request.querystring.q": true},
        "requestModels": {"application/json": "Pet"},
    });
    let world = World::serving(image(method, both()));
    let outcome = post(&world, &[], "not json");
    outcome.refused(
        400,
        "\"Missing required request parameters: [q]\"",
        "validation",
        "q",
    );
}

#[test]
fn body_is_checked_against_its_model() {
    let world = bodies(json!({"application/json": "Pet"}));
    let cases = [
        (r#"{"name": "a", "age": 1, "tag": "new"}"#, ""),
        (r#"{"name": "a", "tag": null}"#, ""),
        (r#"{"name": "a", "more": [1]}"#, ""),
        ("{}", r#"[object has missing required properties (["name"])]"#),
        // An empty body is an empty object.
        ("", r#"[object has missing required properties (["name"])]"#),
        (
            "[]",
            r#"[instance type (array) does not match any allowed primitive type (allowed: ["object"])]"#,
        ),
        (
            "null",
            r#"[instance type (null) does not match any allowed primitive type (allowed: ["object"])]"#,
        ),
        (
            r#"{"name": 1}"#,
            r#"[instance type (integer) does not match any allowed primitive type (allowed: ["string"])]"#,
        ),
        (
            r#"{"name": "a", "age": -1}"#,
            "[numeric instance is lower than the required minimum (minimum: 0, found: -1)]",
        ),
        (
            r#"{"name": "a", "tag": "other"}"#,
            "[instance failed to match exactly one schema (matched 0 out of 2)]",
        ),
        ("name=a", "[Unable to parse JSON body]"),
        ("{\"name\": \"a\"} x", "[Unable to parse JSON body]"),
        (" ", "[Unable to parse JSON body]"),
        // Two readers could read these two ways.
        (r#"{"name": "a", "name": "b"}"#, "[Unable to parse JSON body]"),
    ];
    for (body, expected) in cases {
        let outcome = post(&world, &[("Content-Type", "application/json")], body);
        if expected.is_empty() {
            assert_eq!((outcome.status, outcome.body.as_str()), (200, "fine"), "{body}");
            let step = outcome.trail.steps.iter().find(|step| step.layer == "validation");
            assert_eq!(step.unwrap().reason, "the body matches the model `Pet`");
        } else {
            assert_eq!(
                (outcome.status, why(&outcome).as_str()),
                (400, expected),
                "{body}"
            );
        }
    }
    let invalid = world.send(with_body(
        request("POST", "/prod/pets/1", &[]),
        b"{\"name\":\"\xff\"}".as_slice(),
    ));
    assert_eq!(invalid.status, 400);
    let deep = with_body(request("POST", "/prod/pets/1", &[]), "[".repeat(100_000));
    assert_eq!(world.send(deep).status, 400);
}

#[test]
fn client_learns_the_reason_only_where_the_api_tells_it() {
    let mut told = image(json!({"requestModels": {"application/json": "Pet"}}), both());
    told["gatewayResponses"] = json!([]);
    let outcome = post(&World::serving(told), &[], "{}");
    outcome.refused(
        400,
        "\"Invalid request body\"",
        "validation",
        "the model `Pet`: required",
    );
    assert_eq!(outcome.header("x-amzn-errortype"), Some("BadRequestException"));
}

#[test]
fn trail_says_where_and_never_what() {
    let world = bodies(json!({"application/json": "Pet"}));
    let outcome = post(&world, &[], r#"{"name": "a", "age": "hunter2"}"#);
    assert!(why(&outcome).contains("(string)"));
    let (layer, outcome, reason) = (outcome.last().0, outcome.last().1, outcome.last().2.to_owned());
    assert_eq!((layer, outcome), ("validation", Outcome::Refuse));
    assert_eq!(reason, "the body does not match the model `Pet`: type at /age");
}

#[test]
fn parts_of_a_body_cannot_break_out_of_the_answer() {
    let world = bodies(json!({"application/json": "Tag"}));
    let outcome = post(&world, &[], r#""\",\"x\":\"<script>&""#);
    assert!(why(&outcome).contains("<script>&"));
    assert!(
        !outcome.body.contains("<script>") && !outcome.body.contains('&'),
        "{}",
        outcome.body
    );
}

#[test]
fn model_is_chosen_by_content_type_then_default_then_none() {
    let named = json!({"application/json": "Pet"});
    let other = json!({"application/json": "Pet", "$default": "Tag"});
    let vendor = json!({"application/vnd.pet+json": "Pet"});
    for (models, media_type, body, status) in [
        (&named, Some("application/json"), "{}", 400),
        (&named, Some("application/json; charset=utf-8"), "{}", 400),
        (&named, Some("Application/JSON"), "{}", 400),
        // Without a Content-Type the body counts as JSON.
        (&named, None, "{}", 400),
        (&named, Some("text/plain"), "{}", 200),
        (&other, Some("text/plain"), "{}", 400),
        (&other, Some("text/plain"), "\"new\"", 200),
        (&other, Some("application/json"), "\"new\"", 400),
        (&vendor, Some("application/vnd.pet+json"), "{}", 400),
        (&vendor, Some("application/json"), "{}", 200),
        (&json!({"application/json": "Empty"}), None, "{}", 200),
        (&json!({"application/json": "Empty"}), None, "[]", 400),
        (&json!({"application/json": "None"}), None, "[]", 200),
        (&json!({"application/json": "None"}), None, "nothing", 400),
        (&json!({}), None, "nothing", 200),
    ] {
        let mut image = image(json!({"requestModels": models}), both());
        // The body may pass through a mock, so that only validation can refuse.
        let templates = json!({"application/json": "{\"statusCode\": 200}", "text/plain": "{\"statusCode\": 200}", "application/vnd.pet+json": "{\"statusCode\": 200}"});
        image["resources"][0]["resourceMethods"]["ANY"]["methodIntegration"]["requestTemplates"] = templates;
        let headers: Vec<_> = media_type.iter().map(|value| ("Content-Type", *value)).collect();
        let outcome = post(&World::serving(image), &headers, body);
        assert_eq!(outcome.status, status, "{models} {media_type:?} {body}");
    }
    let outcome = post(
        &bodies(named),
        &[("Content-Type", "text/plain")],
        "{\"statusCode\": 200}",
    );
    let step = outcome
        .trail
        .steps
        .iter()
        .find(|step| step.layer == "validation")
        .unwrap();
    assert_eq!(step.reason, "no model for `text/plain`: the body was not checked");
}

#[test]
fn two_content_types_are_refused() {
    let world = bodies(json!({"application/json": "Pet"}));
    let headers = [
        ("Content-Type", "text/plain"),
        ("Content-Type", "application/json"),
    ];
    let outcome = post(&world, &headers, "{}");
    assert_eq!((outcome.status, outcome.last().0), (400, "validation"));
}

#[test]
fn only_what_the_validator_says_is_checked() {
    let method = json!({
        "requestParameters": {"method.request.querystring.q": true},
        "requestModels": {"application/json": "Pet"},
    });
    for (validator, target, status) in [
        (json!({}), "/prod/pets/1", 200),
        (
            json!({"validateRequestParameters": true}),
            "/prod/pets/1?q=1",
            200,
        ),
        (json!({"validateRequestParameters": true}), "/prod/pets/1", 400),
        (json!({"validateRequestBody": true}), "/prod/pets/1", 400),
        (both(), "/prod/pets/1?q=1", 400),
    ] {
        let world = World::serving(image(method.clone(), validator.clone()));
        let outcome = world.send(with_body(request("POST", target, &[]), "{}"));
        assert_eq!(outcome.status, status, "{validator} {target}");
    }
    let mut without = image(method, both());
    without["resources"][0]["resourceMethods"]["ANY"]["requestValidatorId"] = Value::Null;
    let outcome = post(&World::serving(without), &[], "{}");
    assert_eq!(outcome.status, 200);
    let step = outcome
        .trail
        .steps
        .iter()
        .find(|step| step.layer == "validation")
        .unwrap();
    assert_eq!(step.reason, "no request validator");
}

#[test]
fn get_without_a_body_is_checked_as_an_empty_object() {
    let world = bodies(json!({"application/json": "Pet"}));
    assert_eq!(world.get("/prod/pets/1").status, 400);
}

#[test]
fn validation_stands_behind_the_authorizer() {
    let mut image = image(json!({"requestModels": {"application/json": "Pet"}}), both());
    merge(
        &mut image["resources"][0]["resourceMethods"]["ANY"],
        json!({"authorizationType": "COGNITO_USER_POOLS", "authorizerId": "a"}),
    );
    image["authorizers"] =
        json!([{"id": "a", "name": "users", "type": "COGNITO_USER_POOLS", "providerARNs": [pool_arn(POOL)]}]);
    let outcome = post(&World::serving(image), &[], "{}");
    outcome.refused(401, "\"Unauthorized\"", "authorizer", "");
    assert!(outcome.trail.steps.iter().all(|step| step.layer != "validation"));
}

#[test]
fn validation_stands_before_mapping() {
    let mut image = image(json!({"requestModels": {"$default": "Pet"}}), both());
    let integration = &mut image["resources"][0]["resourceMethods"]["ANY"]["methodIntegration"];
    integration["passthroughBehavior"] = json!("NEVER");
    let outcome = post(&World::serving(image), &[("Content-Type", "text/plain")], "{}");
    assert_eq!((outcome.status, outcome.last().0), (400, "validation"));
}

#[test]
fn observed_validation_lets_the_request_on_and_says_so() {
    let image = image(json!({"requestModels": {"application/json": "Pet"}}), both());
    let world = World::with(image, json!({"tags": {"portcullis:observe": "validation"}}));
    let outcome = post(&world, &[], "{}");
    assert_eq!((outcome.status, outcome.body.as_str()), (200, "fine"));
    let step = outcome
        .trail
        .steps
        .iter()
        .find(|step| step.layer == "validation")
        .unwrap();
    assert_eq!(step.outcome, Outcome::ObserveRefuse);
    assert!(step.reason.contains("the model `Pet`"));
}

struct Chunks(VecDeque<Result<Bytes, BodyError>>);

impl ChunkSource for Chunks {
    fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        Poll::Ready(self.0.pop_front())
    }
}

#[test]
fn body_that_does_not_come_whole_is_refused_even_where_validation_only_observes() {
    let long: VecDeque<_> = (0..11).map(|_| Ok(Bytes::from(vec![b' '; 1 << 20]))).collect();
    let slow = VecDeque::from([Ok(Bytes::from("{")), Err(BodyError::TimedOut)]);
    let gone = BodyError::Broken("the client went away".to_owned());
    let broken = VecDeque::from([Ok(Bytes::from("{")), Err(gone)]);
    for (chunks, status) in [(long, 413), (slow, 408), (broken, 400)] {
        let image = image(json!({"requestModels": {"application/json": "Pet"}}), both());
        let world = World::with(image, json!({"tags": {"portcullis:observe": "validation"}}));
        let mut request = request("POST", "/prod/pets/1", &[]);
        request.body = Body::Stream(Box::new(Chunks(chunks)));
        let outcome = world.send(request);
        assert_eq!((outcome.status, outcome.last().0), (status, "validation"));
        assert_eq!(outcome.last().1, Outcome::Refuse);
    }
}

#[test]
fn what_cannot_be_checked_is_refused_at_deployment() {
    for (method, field, part) in [
        (
            json!({"requestValidatorId": "none"}),
            "requestValidatorId",
            "no request validator `none`",
        ),
        (
            json!({"requestModels": {"a/b": "Gone"}}),
            "requestModels/a/b",
            "the API has no model `Gone`",
        ),
        (
            json!({"requestModels": {"a/b": "Wrong"}}),
            "requestModels/a/b",
            "the model `Wrong`: /type",
        ),
        (
            json!({"requestParameters": {"method.request.cookie.a": true}}),
            "requestParameters",
            "is no parameter",
        ),
    ] {
        let mut image = image(method, both());
        let wrong = json!({"id": "w", "name": "Wrong", "contentType": "a/b", "schema": "{\"type\": 1}"});
        image["models"].as_array_mut().unwrap().push(wrong);
        let Err(problems) = compile(image, json!({})) else {
            panic!("{field} is compiled");
        };
        let found: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert!(
            found.iter().any(|one| one.contains(field) && one.contains(part)),
            "{found:?}"
        );
    }
}

#[test]
fn deployment_of_before_there_were_validators_still_reads() {
    let old: Deployment = serde_json::from_value(json!({
        "id": "d", "apiId": "a", "createdDate": 0,
        "image": {
            "restApi": {"id": "a", "name": "n", "createdDate": 0, "rootResourceId": "r", "apiKeySource": "HEADER", "endpointTypes": []},
            "resources": [], "authorizers": [], "models": [], "gatewayResponses": [],
        },
    }))
    .unwrap();
    assert!(old.image.request_validators.is_empty());
}
