//! The firewall: an address set and a byte match, without and with the detection of SQL injection.

use serde_json::{Value, json};

use super::{Api, Piece};

/// Rules that look at addresses and single fields.
pub(super) const RULES: Piece = Piece {
    apply: |api| web_acl(api, vec![address_set(api), byte_match()]),
    ask: |_, _| Ok(()),
};

/// The managed group against SQL injection, which looks at query, body, cookies and path.
pub(super) const SQLI: Piece = Piece {
    apply: |api| web_acl(api, vec![managed_group()]),
    ask: |_, _| Ok(()),
};

/// Both.
pub(super) const RULES_AND_SQLI: Piece = Piece {
    apply: |api| web_acl(api, vec![address_set(api), byte_match(), managed_group()]),
    ask: |_, _| Ok(()),
};

fn visible(name: &str) -> Value {
    json!({"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": name})
}

fn web_acl(api: &mut Api, rules: Vec<Value>) {
    let with_addresses = rules
        .iter()
        .any(|rule| rule.pointer("/Statement/IPSetReferenceStatement").is_some());
    if with_addresses {
        let addresses = json!({
            "Name": api.named("addresses"), "Scope": "REGIONAL", "IPAddressVersion": "IPV4",
            "Addresses": ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.7/32"],
        });
        api.add("Addresses", "AWS::WAFv2::IPSet", addresses);
    }
    let rules: Vec<Value> = rules
        .into_iter()
        .enumerate()
        .map(|(priority, mut rule)| {
            if let Some(rule) = rule.as_object_mut() {
                rule.insert("Priority".to_owned(), priority.into());
            }
            rule
        })
        .collect();
    let acl = json!({
        "Name": api.named("acl"), "Scope": "REGIONAL", "DefaultAction": {"Allow": {}},
        "VisibilityConfig": visible("acl"), "Rules": rules,
    });
    api.add("WebAcl", "AWS::WAFv2::WebACL", acl);
    let stage = json!({"Fn::Sub": format!(
        "arn:aws:apigateway:${{AWS::Region}}::/restapis/${{{}}}/stages/${{{}}}",
        api.named("Api"),
        api.named("Stage")
    )});
    let association = json!({
        "ResourceArn": stage, "WebACLArn": {"Fn::GetAtt": [api.named("WebAcl"), "Arn"]},
    });
    api.add("Association", "AWS::WAFv2::WebACLAssociation", association);
}

fn address_set(api: &Api) -> Value {
    let arn = json!({"Fn::GetAtt": [api.named("Addresses"), "Arn"]});
    json!({
        "Name": "addresses", "Action": {"Block": {}}, "VisibilityConfig": visible("addresses"),
        "Statement": {"IPSetReferenceStatement": {"Arn": arn}},
    })
}

fn byte_match() -> Value {
    json!({
        "Name": "agents", "Action": {"Block": {}}, "VisibilityConfig": visible("agents"),
        "Statement": {"ByteMatchStatement": {
            "FieldToMatch": {"SingleHeader": {"Name": "user-agent"}}, "PositionalConstraint": "CONTAINS",
            "SearchString": "badbot", "TextTransformations": [{"Priority": 0, "Type": "LOWERCASE"}],
        }},
    })
}

fn managed_group() -> Value {
    json!({
        "Name": "sqli", "OverrideAction": {"None": {}}, "VisibilityConfig": visible("sqli"),
        "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"}},
    })
}
