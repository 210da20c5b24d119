//! `AWS_PROXY`: what the function gets, and what becomes of what it returns.

use super::*;

const FUNCTION: &str = "arn:aws:lambda:us-east-1:000000000000:function:echo";

pub(super) fn uri(function: &str) -> String {
    format!("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/{function}/invocations")
}

fn integration() -> Value {
    json!({"type": "AWS_PROXY", "httpMethod": "POST", "uri": uri(FUNCTION)})
}

fn api() -> Value {
    json!({
        "restApi": {"binaryMediaTypes": ["image/*"]},
        "resources": [
            resource("/", json!({"GET": open(integration())})),
            resource("/pets/{id}/{rest+}", json!({"ANY": open(integration())})),
        ],
    })
}

fn world() -> World {
    World::with(api(), json!({"variables": {"color": "blue"}}))
}

#[test]
#[allow(clippy::too_many_lines, reason = "one event, whole")]
fn event_of_a_whole_request_has_aws_form() {
    let world = world().returning("{}");
    let headers = [
        ("authorization", "x"),
        ("X-Two", "1"),
        ("x-two", "2"),
        ("user-agent", "test"),
        ("Connection", "keep-alive"),
        ("TE", "trailers"),
        ("X-Forwarded-For", "10.0.0.1"),
        ("Content-Type", "text/plain"),
    ];
    let target = "/prod/pets/a%20b/c/d/?q=1&q=a+b%26&e&%C3%A4=1";
    let request = with_body(request("PUT", target, &headers), "h\u{e9}");
    assert_eq!(world.send(request).status, 200);
    let mut event = world.event();
    let context = event["requestContext"].take();
    let multi = event["multiValueHeaders"].take();
    let trace = event["headers"]
        .as_object_mut()
        .unwrap()
        .remove("X-Amzn-Trace-Id")
        .unwrap();
    assert!(trace.as_str().unwrap().starts_with("Root=1-6553f100-"), "{trace}");
    assert_eq!(
        event,
        json!({
            "resource": "/pets/{id}/{rest+}",
            "path": "/pets/a%20b/c/d/",
            "httpMethod": "PUT",
            "headers": {
                "Authorization": "x", "X-Two": "2", "User-Agent": "test", "Content-Type": "text/plain", "Host": HOST,
                "X-Forwarded-For": "10.0.0.1, 192.0.2.7", "X-Forwarded-Port": "80", "X-Forwarded-Proto": "http",
            },
            "multiValueHeaders": null,
            "queryStringParameters": {"q": "a b&", "e": "", "ä": "1"},
            "multiValueQueryStringParameters": {"q": ["1", "a b&"], "e": [""], "ä": ["1"]},
            "pathParameters": {"id": "a%20b", "rest": "c/d"},
            "stageVariables": {"color": "blue"},
            "requestContext": null,
            "body": "h\u{e9}",
            "isBase64Encoded": false,
        })
    );
    assert_eq!(multi["X-Two"], json!(["1", "2"]));
    check_context(&context);
}

fn check_context(context: &Value) {
    assert_eq!(context["path"], "/prod/pets/a%20b/c/d/");
    assert_eq!(context["resourcePath"], "/pets/{id}/{rest+}");
    assert_eq!(context["requestTimeEpoch"], NOW * 1000);
    assert_eq!(context["requestTime"], "14/Nov/2023:22:13:20 +0000");
    assert_eq!(
        (
            &context["stage"],
            &context["apiId"],
            &context["accountId"],
            &context["protocol"]
        ),
        (
            &json!("prod"),
            &json!("abc123"),
            &json!("000000000000"),
            &json!("HTTP/1.1")
        )
    );
    assert_eq!(
        (&context["domainName"], &context["domainPrefix"]),
        (&json!(HOST), &json!("abc123"))
    );
    assert_eq!(
        context["identity"],
        json!({
            "accessKey": null, "accountId": null, "caller": null, "cognitoAuthenticationProvider": null,
            "cognitoAuthenticationType": null, "cognitoIdentityId": null, "cognitoIdentityPoolId": null,
            "principalOrgId": null, "sourceIp": "192.0.2.7", "user": null, "userAgent": "test", "userArn": null,
        })
    );
    assert_eq!(context.get("authorizer"), None);
}

#[test]
fn what_a_request_does_not_have_is_null() {
    let world = World::serving(api()).returning("{}");
    world.get("/prod");
    let event = world.event();
    for name in [
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
        "body",
    ] {
        assert_eq!(event[name], Value::Null, "{name}");
    }
    assert_eq!((&event["path"], &event["resource"]), (&json!("/"), &json!("/")));
    let invoked = world.functions.invoked.lock().unwrap();
    let invocation = invoked.last().unwrap();
    assert_eq!(invocation.function_arn.as_ref(), FUNCTION);
    assert_eq!(
        invocation.source_arn,
        "arn:aws:execute-api:us-east-1:000000000000:abc123/prod/GET/"
    );
    assert_eq!(invocation.source_account.as_ref(), "000000000000");
}

#[test]
fn binary_bodies_travel_as_base64() {
    let world = world().returning(r#"{"body": "AAEC", "isBase64Encoded": true}"#);
    let upload = with_body(
        request("PUT", "/prod/pets/1/x", &[("Content-Type", "image/png")]),
        vec![0xff, 0x00],
    );
    world.send(upload);
    let event = world.event();
    assert_eq!(
        (&event["body"], &event["isBase64Encoded"]),
        (&json!("/wA="), &json!(true))
    );
    let get = |accept: &'static str| world.send(request("GET", "/prod", &[("Accept", accept)]));
    assert_eq!(get("image/webp,*/*").body, "\u{0}\u{1}\u{2}");
    assert_eq!(get("text/html, image/webp").body, "AAEC");
}

#[test]
fn answer_becomes_the_response() {
    let world = world().returning(
        r#"{"statusCode": 201, "body": "made", "headers": {"Content-Type": "text/plain", "Date": "never"}}"#,
    );
    let outcome = world.get("/prod");
    assert_eq!((outcome.status, outcome.body.as_str()), (201, "made"));
    assert_eq!(outcome.header("content-type"), Some("text/plain"));
    assert_eq!(outcome.header("x-amzn-remapped-date"), Some("never"));
    let steps = &outcome.trail.steps;
    assert!(
        steps
            .iter()
            .any(|step| step.reason == "answered by the function `echo`")
    );
}

#[test]
fn malformed_answers_and_failed_functions_are_a_bad_gateway() {
    let malformed = world().returning(r#"{"statuscode": 200}"#).get("/prod");
    malformed.refused(
        502,
        "\"Internal server error\"",
        "integration",
        "`statuscode` is no key",
    );
    assert_eq!(
        malformed.header("x-amzn-errortype"),
        Some("InternalServerErrorException")
    );
    let failed = world()
        .failing(r#"{"errorMessage": "boom", "errorType": "E"}"#)
        .get("/prod");
    failed.refused(502, "\"Internal server error\"", "integration", "failed: boom");
    // What the function returned is not looked at, however well formed.
    let failed = world().failing(r#"{"statusCode": 200}"#).get("/prod");
    failed.refused(
        502,
        "\"Internal server error\"",
        "integration",
        "the function failed",
    );
}

#[test]
fn functions_that_do_not_run_are_told_apart_in_the_trail_alone() {
    for (failure, status, message, reason) in [
        (
            FunctionFailure::NotFound("f".into()),
            500,
            "Internal server error",
            "no function `f`",
        ),
        (
            FunctionFailure::NotPermitted("its policy says no".into()),
            500,
            "Internal server error",
            "its policy says no",
        ),
        (
            FunctionFailure::Throttled("too many".into()),
            500,
            "Internal server error",
            "too many",
        ),
        (
            FunctionFailure::TimedOut,
            504,
            "Endpoint request timed out",
            "in time",
        ),
        (
            FunctionFailure::Unreachable("gone".into()),
            504,
            "Network error communicating with endpoint",
            "gone",
        ),
    ] {
        let outcome = world().saying(Err(failure)).get("/prod");
        outcome.refused(status, &format!("\"{message}\""), "integration", reason);
    }
}

#[test]
fn event_over_the_functions_limit_is_too_large() {
    let body = vec![b'a'; crate::ports::FUNCTION_PAYLOAD_BYTES_MAX];
    let request = with_body(request("PUT", "/prod/pets/1/x", &[]), body);
    let world = world().returning("{}");
    let outcome = world.send(request);
    assert_eq!(outcome.status, 413);
    assert!(world.functions.invoked.lock().unwrap().is_empty());
}

#[test]
fn proxy_that_aws_would_fail_at_run_time_does_not_deploy() {
    for (change, field, part) in [
        (json!({"httpMethod": "GET"}), "httpMethod", "invoked with `POST`"),
        (
            json!({"uri": "arn:aws:apigateway:us-east-1:s3:path/b"}),
            "uri",
            "names no function",
        ),
        (
            json!({"uri": uri("arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.f}")}),
            "uri",
            "no variable `f`",
        ),
        (
            json!({"credentials": "arn:aws:iam::000000000000:role/r"}),
            "credentials",
            "own policy",
        ),
        (
            json!({"requestTemplates": {"application/json": "{}"}}),
            "requestTemplates",
            "no effect",
        ),
        (
            json!({"requestParameters": {"integration.request.header.A": "'b'"}}),
            "requestParameters",
            "no effect",
        ),
        (json!({"timeoutInMillis": 10}), "timeoutInMillis", "`10` is not"),
    ] {
        let mut changed = integration();
        merge(&mut changed, change);
        let image = json!({"resources": [resource("/", json!({"GET": open(changed)}))]});
        let problems = compile(image, json!({})).err().unwrap();
        let told = problems
            .iter()
            .map(ToString::to_string)
            .collect::<Vec<_>>()
            .join("\n");
        assert!(
            told.contains(&format!("integration/{field}")) && told.contains(part),
            "{told}"
        );
    }
}
