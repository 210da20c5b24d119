//! Mock integrations: the request template chooses the status, the status chooses the response.

use super::*;

fn api(request_template: &str, responses: Value) -> Value {
    let mut method = open(json!({
        "type": "MOCK",
        "requestTemplates": {"application/json": request_template},
        "integrationResponses": responses,
    }));
    let header = json!({"method.response.header.X-A": false, "method.response.header.X-B": false});
    method["methodResponses"] = json!({
        "200": {"statusCode": "200", "responseParameters": header},
        "404": {"statusCode": "404"},
        "503": {"statusCode": "503"},
    });
    json!({"resources": [resource("/x", json!({"ANY": method}))]})
}

fn by_pattern() -> Value {
    json!({
        "200": {"statusCode": "200", "responseTemplates": {"application/json": "fine"}},
        "404": {"statusCode": "404", "selectionPattern": "40\\d"},
        "503": {"statusCode": "503", "selectionPattern": "5.*", "responseTemplates": {"text/plain": "down"}},
    })
}

#[test]
fn status_selects_the_integration_response() {
    for (template, status, body) in [
        ("{\"statusCode\": 200}", 200, "fine"),
        ("{ statusCode: 404 }", 404, ""),
        ("{\"statusCode\": 500}", 503, "down"),
        ("{\"statusCode\": 302}", 200, "fine"),
        ("{\"statusCode\": $input.params('code')}", 404, ""),
    ] {
        let world = World::serving(api(template, by_pattern()));
        let outcome = world.get("/prod/x?code=404");
        assert_eq!(
            (outcome.status, outcome.body.as_str()),
            (status, body),
            "{template}"
        );
    }
    let outcome = World::serving(api("{\"statusCode\": 500}", by_pattern())).get("/prod/x");
    assert_eq!(outcome.header("content-type"), Some("text/plain"));
}

#[test]
fn mock_without_a_status_fails() {
    for template in ["{}", "", "{\"statusCode\": 99}", "$context.none"] {
        let world = World::serving(api(template, by_pattern()));
        let outcome = world.get("/prod/x");
        outcome.refused(500, "\"Internal server error\"", "integration", "no `statusCode`");
        assert_eq!(
            outcome.header("x-amzn-errortype"),
            Some("InternalServerErrorException")
        );
    }
}

#[test]
fn mock_without_a_matching_response_fails() {
    let mut responses = by_pattern();
    responses.as_object_mut().unwrap().remove("200");
    let world = World::serving(api("{\"statusCode\": 200}", responses));
    world.get("/prod/x").refused(
        500,
        "\"Internal server error\"",
        "response",
        "no integration response matches `200`",
    );
}

#[test]
fn response_template_is_chosen_by_the_first_accepted_type() {
    let responses = json!({"200": {"statusCode": "200", "responseTemplates": {
        "application/json": "json", "text/html": "html",
    }}});
    let world = World::serving(api("{\"statusCode\": 200}", responses));
    for (accept, body, media_type) in [
        ("text/html", "html", "text/html"),
        ("text/html;q=0.9, application/json", "html", "text/html"),
        ("image/png", "json", "application/json"),
        ("*/*", "json", "application/json"),
    ] {
        let outcome = world.send(request("GET", "/prod/x", &[("Accept", accept)]));
        assert_eq!(
            (outcome.body.as_str(), outcome.header("content-type")),
            (body, Some(media_type))
        );
    }
}

#[test]
fn response_headers_are_mapped() {
    let responses = json!({"200": {"statusCode": "200", "responseParameters": {
        "method.response.header.X-A": "'a b'",
        "method.response.header.X-B": "context.requestId",
    }}});
    let world = World::serving(api("{\"statusCode\": 200}", responses));
    let outcome = world.get("/prod/x");
    assert_eq!(outcome.header("x-a"), Some("a b"));
    assert_eq!(outcome.header("x-b"), Some(outcome.trail.request_id.as_str()));
}

#[test]
fn request_template_is_chosen_by_media_type_and_passthrough() {
    let world = |behavior: &str, templates: Value| {
        let mut image = api("", by_pattern());
        let integration = &mut image["resources"][0]["resourceMethods"]["ANY"]["methodIntegration"];
        integration["passthroughBehavior"] = json!(behavior);
        integration["requestTemplates"] = templates;
        World::serving(image)
    };
    let json_only = json!({"application/json": "{\"statusCode\": 404}"});
    let cases = [
        (
            "WHEN_NO_MATCH",
            &json_only,
            "application/json; charset=utf-8",
            404,
        ),
        ("WHEN_NO_MATCH", &json_only, "Application/JSON", 404),
        ("WHEN_NO_MATCH", &json_only, "text/plain", 200),
        ("WHEN_NO_TEMPLATES", &json_only, "text/plain", 415),
        ("WHEN_NO_TEMPLATES", &json!({}), "text/plain", 200),
        ("NEVER", &json_only, "text/plain", 415),
        ("NEVER", &json!({}), "text/plain", 415),
    ];
    for (behavior, templates, media_type, status) in cases {
        let request = request("POST", "/prod/x", &[("Content-Type", media_type)]);
        let outcome = world(behavior, templates.clone()).send(with_body(request, "{\"statusCode\": 200}"));
        assert_eq!(outcome.status, status, "{behavior} {media_type}");
    }
}
