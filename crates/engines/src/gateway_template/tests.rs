use serde_json::json;

use super::*;
use crate::vtl::tests::Fixture;

fn render(text: &str) -> String {
    GatewayTemplate::parse(text).unwrap().render(&Fixture::new(""))
}

#[test]
fn templates_substitute_and_leave_the_rest() {
    let cases = [
        (
            "{\"message\":$context.error.messageString}",
            "{\"message\":\"Unauthorized\"}",
        ),
        ("id $context.requestId.", "id 17."),
        ("${context.requestId}0", "170"),
        ("$context.authorizer.claims.email", "a@example.com"),
        (
            "$context.missing|$stageVariables.missing|$method.request.header.missing|",
            "|||",
        ),
        ("$stageVariables.color", "blue"),
        ("$method.request.header.x-tenant", "t1"),
        ("$method.request.path.id $method.request.querystring.q", "7 find"),
        (
            "$ $5 $$ $context $context. $contextual.x $util.urlEncode('a') ${context.x",
            "$ $5 $$ $context $context. $contextual.x $util.urlEncode('a') ${context.x",
        ),
        ("#if(true) stays", "#if(true) stays"),
        ("$$context.requestId", "$17"),
    ];
    for (template, expected) in cases {
        assert_eq!(render(template), expected, "{template}");
    }
}

#[test]
fn header_expressions_are_a_text_or_one_variable() {
    let scope = Fixture::new("");
    let cases = [
        ("'*'", Some("*")),
        ("''", Some("")),
        ("context.requestId", Some("17")),
        ("method.request.header.X-Tenant", Some("t1")),
        ("stageVariables.color", Some("blue")),
        ("context.missing", None),
    ];
    for (expression, expected) in cases {
        let rendered = GatewayExpression::parse(expression).unwrap().render(&scope);
        assert_eq!(rendered.as_deref(), expected, "{expression}");
    }
    for wrong in [
        "text",
        "'",
        "context",
        "context.a b",
        "$context.a",
        "method.request.body",
        "method.request.cookie.a",
    ] {
        let problem = GatewayExpression::parse(wrong).unwrap_err();
        assert_eq!(
            problem,
            GatewayTemplateProblem::UnknownExpression(wrong.to_owned())
        );
    }
}

#[test]
fn a_header_cannot_be_split() {
    assert!(GatewayExpression::parse("'a\r\nb: c'").is_err());
    let mut scope = Fixture::new("");
    scope.context = json!({"evil": "a\r\nb: c"});
    assert_eq!(
        GatewayExpression::parse("context.evil").unwrap().render(&scope),
        None
    );
}

#[test]
fn a_template_that_is_too_long_is_refused() {
    let text = "x".repeat(TEMPLATE_BYTES_MAX + 1);
    assert_eq!(
        GatewayTemplate::parse(&text),
        Err(GatewayTemplateProblem::TooLong(TEMPLATE_BYTES_MAX + 1))
    );
}
