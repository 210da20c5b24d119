//! Variables and parameters in templates.

use super::*;

fn answer(template: &str, request: Request) -> String {
    let world = World::with(
        json!({"resources": [resource("/x/{id}", json!({"ANY": open(mock(template))}))]}),
        json!({"variables": {"color": "red"}}),
    );
    let outcome = world.send(request);
    assert_eq!(outcome.status, 200, "{outcome:?}");
    outcome.body
}

#[test]
fn context_variables_are_known() {
    let get = || request("GET", "/prod/x/7?q=1", &[("User-Agent", "curl/8")]);
    for (variable, value) in [
        ("accountId", "000000000000"),
        ("apiId", "abc123"),
        ("deploymentId", "dep1"),
        ("stage", "prod"),
        ("httpMethod", "GET"),
        ("path", "/prod/x/7"),
        ("protocol", "HTTP/1.1"),
        ("resourceId", "id7"),
        ("resourcePath", "/x/{id}"),
        ("requestTime", "14/Nov/2023:22:13:20 +0000"),
        ("requestTimeEpoch", "1700000000000"),
        ("domainName", HOST),
        ("domainPrefix", "abc123"),
        ("identity.sourceIp", "192.0.2.7"),
        ("identity.userAgent", "curl/8"),
        ("authorizer.claims.sub", ""),
        ("error.message", ""),
        ("unknown", ""),
    ] {
        assert_eq!(
            answer(&format!("$context.{variable}"), get()),
            value,
            "{variable}"
        );
    }
}

#[test]
fn parameters_are_looked_up_in_path_query_and_header() {
    let get = || {
        request(
            "GET",
            "/prod/x/a%20b?id=query&q=x+y%21&q=last",
            &[("X-H", "one"), ("x-h", "two")],
        )
    };
    assert_eq!(answer("$input.params('id')", get()), "a%20b");
    assert_eq!(answer("$input.params('q')", get()), "last");
    assert_eq!(answer("$input.params('X-H')", get()), "two");
    assert_eq!(answer("$input.params('none')", get()), "");
    assert_eq!(answer("$stageVariables.color", get()), "red");
}
