//! `AWSManagedRulesSQLiRuleSet`: SQL injection in queries, bodies, cookies and the path.
//!
//! Names, labels and capacity are AWS's:
//! <https://docs.aws.amazon.com/waf/latest/developerguide/aws-managed-rule-groups-use-case.html>. What the rules look
//! for is ours. The plain rules decode once; the extended ones decode again, for values that were encoded twice or
//! written for a page or a script, and look at names as well as values.

use serde_json::{Value, json};

use super::{ManagedRule, ManagedRuleGroup};

pub(super) const GROUP: ManagedRuleGroup = ManagedRuleGroup {
    vendor: "AWS",
    name: "AWSManagedRulesSQLiRuleSet",
    description: "Blocks requests that carry SQL injection.",
    capacity: 200,
    label_namespace: "awswaf:managed:aws:sql-database:",
    rules: &[
        ManagedRule {
            name: "SQLi_QUERYARGUMENTS",
            label: "SQLi_QueryArguments",
            statement: || plain(json!({"AllQueryArguments": {}})),
        },
        ManagedRule {
            name: "SQLiExtendedPatterns_QUERYARGUMENTS",
            label: "SQLiExtendedPatterns_QueryArguments",
            statement: || extended(json!({"QueryString": {}})),
        },
        ManagedRule {
            name: "SQLi_BODY",
            label: "SQLi_Body",
            statement: body,
        },
        ManagedRule {
            name: "SQLiExtendedPatterns_BODY",
            label: "SQLiExtendedPatterns_Body",
            statement: || extended(json!({"Body": {"OversizeHandling": "CONTINUE"}})),
        },
        ManagedRule {
            name: "SQLi_COOKIE",
            label: "SQLi_Cookie",
            statement: || {
                plain(json!({"Cookies": {
                    "MatchPattern": {"All": {}},
                    "MatchScope": "ALL",
                    "OversizeHandling": "CONTINUE",
                }}))
            },
        },
        ManagedRule {
            name: "SQLi_URIPATH",
            label: "SQLi_URIPath",
            statement: || plain(json!({"UriPath": {}})),
        },
    ],
};

/// JSON must be read before it is decoded: `%22` in a string is no end of it.
fn body() -> Value {
    let field = json!({"Body": {"OversizeHandling": "CONTINUE"}});
    let as_it_came = json!({"SqliMatchStatement": {
        "FieldToMatch": field,
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
        "SensitivityLevel": "LOW",
    }});
    json!({"OrStatement": {"Statements": [as_it_came, plain(field)]}})
}

fn plain(field: Value) -> Value {
    json!({"SqliMatchStatement": {
        "FieldToMatch": field,
        "TextTransformations": [{"Priority": 0, "Type": "URL_DECODE_UNI"}],
        "SensitivityLevel": "LOW",
    }})
}

fn extended(field: Value) -> Value {
    let again = json!({"SqliMatchStatement": {
        "FieldToMatch": field,
        "TextTransformations": [
            {"Priority": 0, "Type": "URL_DECODE_UNI"},
            {"Priority": 1, "Type": "URL_DECODE_UNI"},
            {"Priority": 2, "Type": "HTML_ENTITY_DECODE"},
        ],
        "SensitivityLevel": "LOW",
    }});
    let script = json!({"SqliMatchStatement": {
        "FieldToMatch": field,
        "TextTransformations": [
            {"Priority": 0, "Type": "URL_DECODE_UNI"},
            {"Priority": 1, "Type": "JS_DECODE"},
        ],
        "SensitivityLevel": "LOW",
    }});
    json!({"OrStatement": {"Statements": [again, script]}})
}
