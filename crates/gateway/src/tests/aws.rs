//! `AWS` integrations with functions: the event is made by a template, and the answer chosen by the function's error.

use super::{lambda_proxy::uri, *};

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:players";

/// As the integration of a lab on layered API security has it.
fn api(change: Value) -> Value {
    let mut integration = json!({
        "type": "AWS", "httpMethod": "POST", "uri": uri(FUNCTION), "passthroughBehavior": "WHEN_NO_TEMPLATES",
        "requestTemplates": {"application/json": "{\n \"id\": \"$input.params('id')\"  \n}"},
        "integrationResponses": {
            "200": {
                "statusCode": "200",
                "responseParameters": {
                    "method.response.header.Content-Type": "integration.response.body.headers.Content-Type",
                    "method.response.header.Content-Length": "integration.response.body.headers.Content-Length",
                    "method.response.header.X-Whole": "integration.response.body",
                    "method.response.header.X-Count": "integration.response.body.$.count",
                },
                "responseTemplates": {"application/json": "$input.path('$')"},
            },
            "404": {"statusCode": "404", "selectionPattern": "no such .*"},
            "500": {"statusCode": "500", "selectionPattern": "(\\n|.)+",
                    "responseTemplates": {"application/json": "{\"why\": $input.json('$.errorMessage')}"}},
        },
    });
    merge(&mut integration, change);
    let mut method = open(integration);
    let declared: Value = ["Content-Type", "Content-Length", "X-Whole", "X-Count"]
        .iter()
        .map(|name| (format!("method.response.header.{name}"), json!(false)))
        .collect::<serde_json::Map<_, _>>()
        .into();
    method["methodResponses"] = json!({
        "200": {"statusCode": "200", "responseParameters": declared},
        "404": {"statusCode": "404"},
        "500": {"statusCode": "500"},
    });
    json!({"resources": [resource("/", json!({"ANY": method}))]})
}

fn world() -> World {
    World::serving(api(json!({})))
}

#[test]
fn template_makes_the_event_and_a_list_is_printed_as_json() {
    let world = world().returning(r#"["My favorite player is A", "My favorite player is B"]"#);
    let outcome = world.get("/prod/?id=1+or+1%3D1");
    assert_eq!(
        (outcome.status, outcome.body.as_str()),
        (200, r#"["My favorite player is A","My favorite player is B"]"#)
    );
    assert_eq!(world.event(), json!({"id": "1 or 1=1"}));
    // The paths lead nowhere in a list: what was there stays.
    assert_eq!(outcome.header("content-type"), Some("application/json"));
    assert_eq!(outcome.header("x-count"), None);
}

#[test]
fn text_is_printed_without_quotes() {
    let outcome = world().returning("\"Please make sure\"").get("/prod/?id=abc");
    assert_eq!((outcome.status, outcome.body.as_str()), (200, "Please make sure"));
}

#[test]
fn headers_are_mapped_from_the_body() {
    let world = World::serving(api(json!({"integrationResponses": {"200": {
        "statusCode": "200",
        "responseParameters": {
            "method.response.header.Content-Type": "integration.response.body.headers.Content-Type",
            "method.response.header.X-Whole": "integration.response.body",
            "method.response.header.X-Count": "integration.response.body.$.count",
        },
    }}})));
    let payload = r#"{"headers":{"Content-Type":"text/x"},"count":[1,2]}"#;
    let outcome = world.returning(payload).get("/prod/");
    assert_eq!(outcome.body, payload);
    assert_eq!(outcome.header("content-type"), Some("text/x"));
    assert_eq!(outcome.header("x-whole"), Some(payload));
    assert_eq!(outcome.header("x-count"), Some("[1,2]"));
}

#[test]
fn mapped_length_must_be_the_bodys() {
    let of = |length: &str| {
        let payload = format!(r#"{{"headers":{{"Content-Length":"{length}"}}}}"#);
        world().returning(&payload).get("/prod/")
    };
    of("3").refused(
        500,
        "\"Internal server error\"",
        "response",
        "mapped `Content-Length`",
    );
    // `{headers={Content-Length=29}}`, as Java prints a map.
    let outcome = of("29");
    assert_eq!(
        (outcome.status, outcome.body.len()),
        (200, 29),
        "{}",
        outcome.body
    );
}

#[test]
fn pattern_over_the_error_chooses_the_answer() {
    let fail = |message: &str| {
        let payload = json!({"errorMessage": message, "errorType": "E"}).to_string();
        world().failing(&payload).get("/prod/")
    };
    let missing = fail("no such player");
    assert_eq!(missing.status, 404);
    assert_eq!(
        missing.body,
        r#"{"errorMessage":"no such player","errorType":"E"}"#
    );
    let other = fail("db\ngone");
    assert_eq!(
        (other.status, other.body.as_str()),
        (500, r#"{"why": "db\ngone"}"#)
    );
}

#[test]
fn success_takes_the_default_whatever_it_holds() {
    let outcome = world()
        .returning(r#"{"errorMessage":"no such player"}"#)
        .get("/prod/");
    assert_eq!(outcome.status, 200);
}

#[test]
fn error_that_no_pattern_matches_takes_the_default_or_fails() {
    let only = |responses: Value| World::serving(api(json!({ "integrationResponses": responses })));
    let failed = |world: World| world.failing(r#"{"errorMessage":"x"}"#).get("/prod/");
    assert_eq!(failed(only(json!({"200": {"statusCode": "200"}}))).status, 200);
    let none = only(json!({"404": {"statusCode": "404", "selectionPattern": "y"}}));
    failed(none).refused(
        500,
        "\"Internal server error\"",
        "response",
        "no integration response matches `x`",
    );
}

#[test]
fn caller_cannot_break_out_of_the_event() {
    let world = world().returning("1");
    let outcome = world.get("/prod/?id=%22");
    outcome.refused(
        400,
        "\"Could not parse request body into json\"",
        "integration",
        "no JSON",
    );
    assert!(world.functions.invoked.lock().unwrap().is_empty());
}

#[test]
fn body_passes_through_where_no_template_is() {
    let world = World::serving(api(json!({"requestTemplates": {}}))).returning("1");
    world.send(with_body(
        request("POST", "/prod/", &[("Content-Type", "text/x")]),
        "[1]",
    ));
    assert_eq!(world.event(), json!([1]));
    world.get("/prod/");
    assert_eq!(world.event(), json!({}));
    let strict = World::serving(api(
        json!({"requestTemplates": {}, "passthroughBehavior": "NEVER"}),
    ));
    strict.get("/prod/").refused(
        415,
        "\"Unsupported Media Type\"",
        "mapping",
        "no request template",
    );
}

#[test]
fn what_cannot_be_called_does_not_deploy() {
    for (change, part) in [
        (
            json!({"uri": "arn:aws:apigateway:us-east-1:s3:path/bucket"}),
            "`path/bucket` of `s3`: expected `action/NAME`",
        ),
        (
            json!({"uri": "http://example.com"}),
            "expected `arn:aws:apigateway",
        ),
        (json!({"httpMethod": "GET"}), "invoked with `POST`"),
        (
            json!({"requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'Event'"}}),
            "nothing else",
        ),
        (json!({"integrationResponses": {}}), "every call would fail"),
    ] {
        let problems = compile(api(change), json!({})).err().unwrap();
        let told = problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n");
        assert!(told.contains(part), "{told}");
    }
    let waiting = json!({"requestParameters": {"integration.request.header.X-Amz-Invocation-Type": "'RequestResponse'"}});
    assert!(compile(api(waiting), json!({})).is_ok());
}
