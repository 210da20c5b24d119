//! What a deployment is refused for: everything that could not be enforced or served, all at once.

use super::*;

#[track_caller]
fn problems(image: Value, stage: Value) -> Vec<String> {
    match compile(image, stage) {
        Ok(_) => Vec::new(),
        Err(problems) => problems.iter().map(ToString::to_string).collect(),
    }
}

#[track_caller]
fn refused(image: Value, field: &str, message: &str) {
    let found = problems(image, json!({}));
    assert!(
        found
            .iter()
            .any(|problem| problem.contains(field) && problem.contains(message)),
        "no problem at `{field}` says `{message}`: {found:#?}"
    );
}

fn one(method: Value) -> Value {
    json!({"resources": [resource("/x/{id}", json!({"GET": method}))]})
}

fn changed(changes: Value) -> Value {
    let mut method = open(mock("x"));
    merge(&mut method, changes);
    one(method)
}

fn proxy(changes: Value) -> Value {
    let mut integration = json!({"type": "HTTP_PROXY", "httpMethod": "GET", "uri": "http://127.0.0.1/"});
    merge(&mut integration, changes);
    one(open(integration))
}

#[test]
fn what_cannot_be_enforced_yet_is_refused() {
    refused(
        changed(json!({"authorizationType": "AWS_IAM", "authorizerId": "a"})),
        "GET /x/{id}: authorizerId",
        "no effect",
    );
    refused(
        changed(json!({"authorizationType": "CUSTOM", "authorizerId": "a"})),
        "authorizerId",
        "no authorizer `a`",
    );
    refused(
        json!({"restApi": {"apiKeySource": "COOKIE"}}),
        "restApi/apiKeySource",
        "is no source",
    );
    refused(
        changed(json!({"requestValidatorId": "v"})),
        "requestValidatorId",
        "the API has no request validator `v`",
    );
    refused(changed(json!({"authorizerId": "a"})), "authorizerId", "no effect");
    refused(
        changed(json!({"authorizationScopes": ["a/b"]})),
        "authorizationScopes",
        "need",
    );
    refused(
        changed(json!({"authorizationType": "COGNITO_USER_POOLS"})),
        "authorizerId",
        "needs an authorizer",
    );
    refused(
        changed(json!({"authorizationType": "COGNITO_USER_POOLS", "authorizerId": "none"})),
        "authorizerId",
        "no authorizer `none`",
    );
    refused(
        changed(json!({"methodIntegration": null})),
        "integration",
        "no integration",
    );
    refused(
        changed(json!({"methodIntegration": {"type": "HTTP"}})),
        "integration/uri",
        "must start with",
    );
    refused(
        json!({"restApi": {"minimumCompressionSize": 10_485_761}}),
        "minimumCompressionSize",
        "use 0 to 10485760 bytes",
    );
}

#[test]
fn authorizers_that_cannot_work_are_refused_where_they_are_used() {
    let with = |changes: Value| {
        let mut authorizer = json!({
            "id": "a", "name": "users", "type": "COGNITO_USER_POOLS", "providerARNs": [pool_arn(POOL)],
        });
        merge(&mut authorizer, changes);
        let mut image = changed(json!({"authorizationType": "COGNITO_USER_POOLS", "authorizerId": "a"}));
        image["authorizers"] = json!([authorizer]);
        image
    };
    assert_eq!(problems(with(json!({})), json!({})), Vec::<String>::new());
    refused(
        with(json!({"type": "TOKEN"})),
        "authorizerId",
        "names no function",
    );
    refused(
        with(json!({"providerARNs": []})),
        "authorizerId",
        "names no user pool",
    );
    refused(
        with(json!({"providerARNs": ["arn:aws:iam::1:role/x"]})),
        "authorizerId",
        "no user pool's ARN",
    );
    refused(
        with(json!({"identitySource": "method.request.querystring.t"})),
        "authorizerId",
        "identitySource",
    );
    refused(
        with(json!({"identityValidationExpression": "("})),
        "authorizerId",
        "identityValidationExpression",
    );
}

#[test]
fn integrations_that_cannot_be_called_are_refused() {
    refused(
        proxy(json!({"uri": "http://{id}.example/"})),
        "integration/uri",
        "literal",
    );
    refused(
        proxy(json!({"uri": "http://h/{id}"})),
        "integration/uri",
        "`{id}` has no value",
    );
    refused(proxy(json!({"uri": null})), "integration/uri", "must start with");
    refused(
        proxy(json!({"httpMethod": "FETCH"})),
        "integration/httpMethod",
        "`FETCH`",
    );
    refused(
        proxy(json!({"timeoutInMillis": 49})),
        "integration/timeoutInMillis",
        "`49`",
    );
    refused(
        proxy(json!({"requestTemplates": {"a/b": "x"}})),
        "requestTemplates",
        "applies no template",
    );
    refused(
        proxy(json!({"contentHandling": "CONVERT_TO_TEXT"})),
        "contentHandling",
        "passes bodies through as they are",
    );
    let parameters = |target: &str, source: &str| proxy(json!({"requestParameters": {target: source}}));
    refused(
        parameters("integration.request.header.Host", "'x'"),
        "requestParameters",
        "cannot be mapped",
    );
    refused(
        parameters("integration.request.header.Content-Length", "'1'"),
        "requestParameters",
        "cannot be mapped",
    );
    refused(
        parameters("integration.request.cookie.a", "'1'"),
        "requestParameters",
        "no target",
    );
    refused(
        parameters("integration.request.path.a", "method.request.path.none"),
        "requestParameters",
        "no parameter `none`",
    );
    refused(
        parameters("integration.request.header.A", "nonsense"),
        "requestParameters",
        "no mapping expression",
    );
    refused(
        parameters("integration.request.header.A", "method.request.body.$["),
        "requestParameters",
        "expected a quoted name",
    );
}

#[test]
fn responses_and_templates_are_checked() {
    let responses = |responses: Value| {
        let mut integration = mock("x");
        integration["integrationResponses"] = responses;
        one(open(integration))
    };
    refused(responses(json!({})), "integrationResponses", "there is none");
    refused(
        responses(json!({"201": {"statusCode": "201"}})),
        "integrationResponses/201",
        "no method response `201`",
    );
    refused(
        responses(json!({"99": {"statusCode": "99"}})),
        "integrationResponses/99",
        "no status",
    );
    let with = |field: &str, value: Value| responses(json!({"200": {"statusCode": "200", field: value}}));
    refused(with("selectionPattern", json!("(")), "selectionPattern", "regex");
    refused(
        with("responseTemplates", json!({"a/b": "x\n #if($x) y"})),
        "responseTemplates/a/b",
        "line 2, column",
    );
    refused(
        with(
            "responseTemplates",
            json!({"a/b": "#set($context.requestOverride.path.a = 1)"}),
        ),
        "responseTemplates/a/b",
        "has no effect here",
    );
    refused(
        with("responseParameters", json!({"method.response.header.A": "'x'"})),
        "responseParameters",
        "does not declare",
    );
    refused(
        with("responseParameters", json!({"header.A": "'x'"})),
        "responseParameters",
        "no target",
    );
    let gateway = |response: Value| json!({"gatewayResponses": [response]});
    refused(gateway(json!({"responseType": "TEAPOT"})), "TEAPOT", "no type");
    refused(
        gateway(json!({"responseType": "THROTTLED", "statusCode": "1"})),
        "THROTTLED/statusCode",
        "no status",
    );
}

#[test]
fn only_layers_that_can_observe_may() {
    for name in ["route", "mapping", "integration", "Authorizer", "waf"] {
        let found = problems(json!({}), json!({"tags": {"portcullis:observe": name}}));
        assert!(
            found
                .iter()
                .any(|problem| problem.contains("cannot only observe")),
            "{name}"
        );
    }
}

#[test]
fn every_problem_is_reported_at_once() {
    let image = json!({"resources": [
        resource("/a", json!({"GET": open(json!({"type": "MOCK"})), "POST": {
            "httpMethod": "POST", "authorizationType": "NONE", "authorizerId": "none",
        }})),
        resource("/a b", json!({"GET": open(mock("x"))})),
    ]});
    let found = problems(image, json!({"tags": {"portcullis:observe": "x"}}));
    assert_eq!(found.len(), 5, "{found:#?}");
}

#[test]
fn deployment_of_another_api_is_refused() {
    let found = problems(json!({"restApi": {"id": "other"}}), json!({}));
    assert!(found.iter().any(|problem| problem.contains("of another API")));
}
