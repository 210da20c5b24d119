//! The operations of AWS WAF over the wire: lock tokens, names, associations, and who may do what.

use portcullis_engines::sigv4::Credentials;
use portcullis_model::{ApiId, StageName, Timestamp, resources::apigateway::Stage};
use portcullis_store::{Batch, Expect, Page, Put, RecordKey, kinds};
use serde_json::{Value, json};

use crate::{services::cloudfront::records::BY_WEB_ACL, test_control::scope, test_wire::Wire};

const STAGE: &str = "arn:aws:apigateway:us-east-1::/restapis/abc123/stages/prod";
const NOWHERE: &str = "arn:aws:apigateway:us-east-1::/restapis/abc123/stages/nowhere";
const SECRET: &str = "s3cret-of-the-origin";

async fn call_as(wire: &Wire, who: &Credentials, operation: &str, input: Value) -> Result<Value, String> {
    let answer = wire
        .json_call(who, "wafv2", &format!("AWSWAF_20190729.{operation}"), &input)
        .await;
    answer.map_err(|(_, name, message)| format!("{name}: {message}"))
}

async fn call(wire: &Wire, operation: &str, input: Value) -> Result<Value, String> {
    call_as(wire, &wire.root, operation, input).await
}

#[track_caller]
fn refused(answer: Result<Value, String>, name: &str) {
    let error = answer.unwrap_err();
    assert!(error.starts_with(name), "{error}");
}

fn visibility(metric: &str) -> Value {
    json!({"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": metric})
}

fn with(mut input: Value, more: Value) -> Value {
    let members = more.as_object().unwrap().clone();
    input.as_object_mut().unwrap().extend(members);
    input
}

fn acl(name: &str) -> Value {
    json!({
        "Name": name, "Scope": "REGIONAL", "DefaultAction": {"Allow": {}}, "VisibilityConfig": visibility(name),
    })
}

fn rule(statement: Value) -> Value {
    json!({
        "Name": "r", "Priority": 0, "Action": {"Block": {}}, "Statement": statement, "VisibilityConfig": visibility("rm"),
    })
}

fn header_is(text: &str) -> Value {
    use base64::{Engine, engine::general_purpose::STANDARD};
    rule(json!({"ByteMatchStatement": {
        "FieldToMatch": {"SingleHeader": {"Name": "x-origin-verify"}}, "SearchString": STANDARD.encode(text),
        "PositionalConstraint": "EXACTLY", "TextTransformations": [{"Priority": 0, "Type": "NONE"}],
    }}))
}

async fn made(wire: &Wire, operation: &str, input: Value) -> Value {
    call(wire, operation, input).await.unwrap()["Summary"].clone()
}

fn same(summary: &Value) -> Value {
    json!({"Name": summary["Name"], "Id": summary["Id"], "Scope": "REGIONAL"})
}

fn locked(summary: &Value) -> Value {
    with(same(summary), json!({"LockToken": summary["LockToken"]}))
}

async fn put_stage(wire: &Wire) {
    let stage = Stage {
        api_id: ApiId::from("abc123"),
        stage_name: StageName::from("prod"),
        deployment_id: "d".into(),
        description: None,
        method_settings: Default::default(),
        variables: Default::default(),
        tags: Default::default(),
        access_log_settings: None,
        canary_settings: None,
        client_certificate_id: None,
        cache_cluster_enabled: false,
        cache_cluster_size: None,
        created_date: Timestamp(0),
        last_updated_date: Timestamp(0),
    };
    let key = RecordKey::new(&scope(), kinds::API_STAGE, "abc123/prod");
    let batch = Batch::new().put_json(key, &stage, Expect::Absent).unwrap();
    wire.control.parts().store.commit(batch).await.unwrap();
}

#[tokio::test]
async fn web_acl_lives_from_creation_to_deletion() {
    let wire = Wire::new().await;
    let settings = json!({"Rules": [header_is(SECRET)], "Description": "of the lab"});
    let summary = made(&wire, "CreateWebACL", with(acl("acl"), settings)).await;
    let id = summary["Id"].as_str().unwrap();
    let arn = format!("arn:aws:wafv2:us-east-1:000000000000:regional/webacl/acl/{id}");
    assert_eq!(summary["ARN"], arn.as_str());
    let got = call(&wire, "GetWebACL", same(&summary)).await.unwrap();
    assert_eq!(got["LockToken"], summary["LockToken"]);
    let web_acl = &got["WebACL"];
    assert_eq!(web_acl["Rules"], json!([header_is(SECRET)]));
    assert_eq!(web_acl["Capacity"], 2);
    assert_eq!(web_acl["LabelNamespace"], "awswaf:000000000000:webacl:acl:");
    assert_eq!(web_acl["Description"], "of the lab");
    let listed = call(&wire, "ListWebACLs", json!({"Scope": "REGIONAL"}))
        .await
        .unwrap();
    assert_eq!(listed, json!({"WebACLs": [summary]}));
    let elsewhere = call(&wire, "ListWebACLs", json!({"Scope": "CLOUDFRONT"})).await;
    assert_eq!(elsewhere.unwrap(), json!({"WebACLs": []}));
    call(&wire, "DeleteWebACL", locked(&summary)).await.unwrap();
    refused(
        call(&wire, "GetWebACL", same(&summary)).await,
        "WAFNonexistentItemException",
    );
}

#[tokio::test]
async fn secret_in_a_rule_is_sealed_in_the_store() {
    let wire = Wire::new().await;
    made(
        &wire,
        "CreateWebACL",
        with(acl("acl"), json!({"Rules": [header_is(SECRET)]})),
    )
    .await;
    let store = &wire.control.parts().store;
    let records = store.list(&scope(), kinds::WEB_ACL, Page::all("")).await.unwrap();
    let body = String::from_utf8(records[0].body.clone()).unwrap();
    assert!(body.starts_with("{\"Sealed\":\"v1:"), "{body}");
}

#[tokio::test]
async fn stale_lock_token_changes_nothing() {
    let wire = Wire::new().await;
    let summary = made(&wire, "CreateWebACL", acl("acl")).await;
    let update = |token: &Value, action: Value| {
        with(
            same(&summary),
            json!({"LockToken": token, "DefaultAction": action, "VisibilityConfig": visibility("acl")}),
        )
    };
    let first = &summary["LockToken"];
    let changed = call(&wire, "UpdateWebACL", update(first, json!({"Block": {}})))
        .await
        .unwrap();
    let next = &changed["NextLockToken"];
    assert_ne!(next, first);
    refused(
        call(&wire, "UpdateWebACL", update(first, json!({"Allow": {}}))).await,
        "WAFOptimisticLockException",
    );
    refused(
        call(&wire, "DeleteWebACL", locked(&summary)).await,
        "WAFOptimisticLockException",
    );
    let got = call(&wire, "GetWebACL", same(&summary)).await.unwrap();
    assert_eq!(got["WebACL"]["DefaultAction"], json!({"Block": {}}));
    assert_eq!(&got["LockToken"], next);
}

#[tokio::test]
async fn what_cannot_be_served_is_refused_with_its_place() {
    let wire = Wire::new().await;
    let summary = made(&wire, "CreateWebACL", acl("acl")).await;
    for (more, says) in [
        (
            json!({"Rules": [rule(json!({"GeoMatchStatement": {"CountryCodes": ["XX"]}}))]}),
            "GeoMatchStatement",
        ),
        (
            json!({"Rules": [rule(json!({"IPSetReferenceStatement": {"ARN": "arn:aws:wafv2:us-east-1:000000000000:regional/ipset/x/1"}}))]}),
            "ARN",
        ),
        (json!({"DefaultAction": {"Captcha": {}}}), "DefaultAction"),
        (json!({"CaptchaConfig": {}}), "CaptchaConfig"),
        (json!({"Name": "a b"}), "name"),
        (json!({"Scope": "WORLD"}), "scope"),
        (json!({"VisibilityConfig": {}}), "missing field"),
    ] {
        let error = call(&wire, "CreateWebACL", with(acl("other"), more))
            .await
            .unwrap_err();
        assert!(error.starts_with("WAFInvalidParameterException"), "{error}");
        assert!(error.contains(says), "{error} does not say {says}");
    }
    let update = with(
        locked(&summary),
        json!({"DefaultAction": {"Allow": {}}, "VisibilityConfig": visibility("acl"), "Rules": [{}]}),
    );
    refused(
        call(&wire, "UpdateWebACL", update).await,
        "WAFInvalidParameterException",
    );
    let got = call(&wire, "GetWebACL", same(&summary)).await.unwrap();
    assert_eq!(got["WebACL"]["Rules"], json!([]));
}

#[tokio::test]
async fn name_is_taken_once_in_a_scope() {
    let wire = Wire::new().await;
    made(&wire, "CreateWebACL", acl("acl")).await;
    refused(
        call(&wire, "CreateWebACL", acl("acl")).await,
        "WAFDuplicateItemException",
    );
    let global = made(
        &wire,
        "CreateWebACL",
        with(acl("acl"), json!({"Scope": "CLOUDFRONT"})),
    )
    .await;
    let arn = global["ARN"].as_str().unwrap();
    assert!(
        arn.starts_with("arn:aws:wafv2:us-east-1:000000000000:global/webacl/acl/"),
        "{arn}"
    );
}

#[tokio::test]
async fn set_that_a_web_acl_refers_to_stays() {
    let wire = Wire::new().await;
    let set = json!({"Name": "set", "Scope": "REGIONAL", "IPAddressVersion": "IPV4", "Addresses": ["192.0.2.0/24"]});
    let set = made(&wire, "CreateIPSet", set).await;
    let referring = rule(json!({"IPSetReferenceStatement": {"ARN": set["ARN"]}}));
    let acl = made(
        &wire,
        "CreateWebACL",
        with(acl("acl"), json!({"Rules": [referring]})),
    )
    .await;
    refused(
        call(&wire, "DeleteIPSet", locked(&set)).await,
        "WAFAssociatedItemException",
    );
    let update = |addresses: Value| with(locked(&set), json!({"Addresses": addresses}));
    for wrong in ["192.0.2.1", "2001:db8::/32", "192.0.2.0/0", "x/8"] {
        refused(
            call(&wire, "UpdateIPSet", update(json!([wrong]))).await,
            "WAFInvalidParameterException",
        );
    }
    let changed = call(&wire, "UpdateIPSet", update(json!(["198.51.100.7/32"])))
        .await
        .unwrap();
    refused(
        call(&wire, "UpdateIPSet", update(json!([]))).await,
        "WAFOptimisticLockException",
    );
    let got = call(&wire, "GetIPSet", same(&set)).await.unwrap();
    assert_eq!(got["IPSet"]["Addresses"], json!(["198.51.100.7/32"]));
    call(&wire, "DeleteWebACL", locked(&acl)).await.unwrap();
    let gone = with(same(&set), json!({"LockToken": changed["NextLockToken"]}));
    call(&wire, "DeleteIPSet", gone).await.unwrap();
}

#[tokio::test]
async fn set_of_another_scope_is_not_found() {
    let wire = Wire::new().await;
    let set = json!({"Name": "set", "Scope": "CLOUDFRONT", "IPAddressVersion": "IPV4", "Addresses": []});
    let set = made(&wire, "CreateIPSet", set).await;
    let referring = rule(json!({"IPSetReferenceStatement": {"ARN": set["ARN"]}}));
    refused(
        call(
            &wire,
            "CreateWebACL",
            with(acl("acl"), json!({"Rules": [referring]})),
        )
        .await,
        "WAFInvalidParameterException",
    );
}

#[tokio::test]
async fn regex_pattern_set_holds_only_what_compiles() {
    let wire = Wire::new().await;
    let set = |expression: &str| json!({"Name": "set", "Scope": "REGIONAL", "RegularExpressionList": [{"RegexString": expression}]});
    refused(
        call(&wire, "CreateRegexPatternSet", set("(")).await,
        "WAFInvalidParameterException",
    );
    let made = made(&wire, "CreateRegexPatternSet", set("^a+$")).await;
    let update = with(
        locked(&made),
        json!({"RegularExpressionList": [{"RegexString": "^b+$"}]}),
    );
    call(&wire, "UpdateRegexPatternSet", update).await.unwrap();
    let got = call(&wire, "GetRegexPatternSet", same(&made)).await.unwrap();
    assert_eq!(
        got["RegexPatternSet"]["RegularExpressionList"],
        json!([{"RegexString": "^b+$"}])
    );
    let listed = call(&wire, "ListRegexPatternSets", json!({"Scope": "REGIONAL"}))
        .await
        .unwrap();
    assert_eq!(listed["RegexPatternSets"].as_array().unwrap().len(), 1);
    let gone = with(same(&made), json!({"LockToken": got["LockToken"]}));
    call(&wire, "DeleteRegexPatternSet", gone).await.unwrap();
}

#[tokio::test]
async fn web_acl_that_guards_a_stage_is_not_deleted() {
    let wire = Wire::new().await;
    put_stage(&wire).await;
    let summary = made(&wire, "CreateWebACL", acl("acl")).await;
    let of_resource = json!({"ResourceArn": STAGE});
    let none = call(&wire, "GetWebACLForResource", of_resource.clone())
        .await
        .unwrap();
    assert_eq!(none, json!({}));
    let pair = |resource: &str| json!({"WebACLArn": summary["ARN"], "ResourceArn": resource});
    refused(
        call(&wire, "AssociateWebACL", pair(NOWHERE)).await,
        "WAFNonexistentItemException",
    );
    refused(
        call(
            &wire,
            "AssociateWebACL",
            pair("arn:aws:elasticloadbalancing:us-east-1:000000000000:loadbalancer/x"),
        )
        .await,
        "WAFInvalidParameterException",
    );
    call(&wire, "AssociateWebACL", pair(STAGE)).await.unwrap();
    let guard = call(&wire, "GetWebACLForResource", of_resource.clone())
        .await
        .unwrap();
    assert_eq!(guard["WebACL"]["Name"], "acl");
    let resources = |kind: &str| json!({"WebACLArn": summary["ARN"], "ResourceType": kind});
    let listed = call(&wire, "ListResourcesForWebACL", resources("API_GATEWAY"))
        .await
        .unwrap();
    assert_eq!(listed, json!({"ResourceArns": [STAGE]}));
    let listed = call(
        &wire,
        "ListResourcesForWebACL",
        json!({"WebACLArn": summary["ARN"]}),
    )
    .await
    .unwrap();
    assert_eq!(listed, json!({"ResourceArns": []}));
    refused(
        call(&wire, "DeleteWebACL", locked(&summary)).await,
        "WAFAssociatedItemException",
    );
    // Another one takes the place of the first.
    let other = made(&wire, "CreateWebACL", acl("other")).await;
    let pair = json!({"WebACLArn": other["ARN"], "ResourceArn": STAGE});
    call(&wire, "AssociateWebACL", pair).await.unwrap();
    call(&wire, "DeleteWebACL", locked(&summary)).await.unwrap();
    call(&wire, "DisassociateWebACL", of_resource.clone())
        .await
        .unwrap();
    call(&wire, "DisassociateWebACL", of_resource.clone())
        .await
        .unwrap();
    assert_eq!(
        call(&wire, "GetWebACLForResource", of_resource).await.unwrap(),
        json!({})
    );
    call(&wire, "DeleteWebACL", locked(&other)).await.unwrap();
}

#[tokio::test]
async fn web_acl_for_distributions_guards_no_stage() {
    let wire = Wire::new().await;
    put_stage(&wire).await;
    let global = made(
        &wire,
        "CreateWebACL",
        with(acl("acl"), json!({"Scope": "CLOUDFRONT"})),
    )
    .await;
    let pair = json!({"WebACLArn": global["ARN"], "ResourceArn": STAGE});
    refused(
        call(&wire, "AssociateWebACL", pair).await,
        "WAFInvalidParameterException",
    );
}

#[tokio::test]
async fn association_needs_the_permission_on_both() {
    let wire = Wire::new().await;
    put_stage(&wire).await;
    let summary = made(&wire, "CreateWebACL", acl("acl")).await;
    let allow = |resource: &str| json!({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "wafv2:*", "Resource": resource}]});
    let pair = json!({"WebACLArn": summary["ARN"], "ResourceArn": STAGE});
    let acl_arn = summary["ARN"].as_str().unwrap();
    for (name, resource, admitted) in [("ann", acl_arn, false), ("bob", STAGE, false), ("eve", "*", true)] {
        let user = wire.user(name, &allow(resource).to_string()).await;
        let answer = call_as(&wire, &user, "AssociateWebACL", pair.clone()).await;
        assert_eq!(answer.is_ok(), admitted, "{name}: {answer:?}");
        if let Err(error) = answer {
            assert!(error.starts_with("AccessDeniedException"), "{error}");
        }
        // A name that is not the web ACL's own does not help to reach it.
        let forged = json!({"Name": "mine", "Id": summary["Id"], "Scope": "REGIONAL"});
        assert!(call_as(&wire, &user, "GetWebACL", forged).await.is_err());
    }
}

#[tokio::test]
async fn samples_are_asked_for_by_metric() {
    let wire = Wire::new().await;
    let group = json!({
        "Name": "sqli", "Priority": 1, "OverrideAction": {"None": {}}, "VisibilityConfig": visibility("sqli-metric"),
        "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"}},
    });
    let summary = made(
        &wire,
        "CreateWebACL",
        with(acl("acl"), json!({"Rules": [header_is(SECRET), group]})),
    )
    .await;
    let asked = |metric: &str| {
        json!({
            "WebAclArn": summary["ARN"], "RuleMetricName": metric, "Scope": "REGIONAL", "MaxItems": 3,
            "TimeWindow": {"StartTime": 1_799_999_000, "EndTime": 1_800_000_000},
        })
    };
    let got = call(&wire, "GetSampledRequests", asked("sqli-metric"))
        .await
        .unwrap();
    assert_eq!(got["PopulationSize"], 7);
    let sample = &got["SampledRequests"][0];
    assert_eq!(
        sample["RuleNameWithinRuleGroup"],
        "AWS#AWSManagedRulesSQLiRuleSet#SQLi_BODY"
    );
    assert_eq!(sample["Action"], "BLOCK");
    assert_eq!(sample["Labels"], json!([{"Name": "a:b"}]));
    assert_eq!(
        sample["Request"]["Headers"],
        json!([{"Name": "host", "Value": "x"}])
    );
    assert_eq!(sample["Timestamp"], 1_800_000_000.0);
    let got = call(&wire, "GetSampledRequests", asked("acl")).await.unwrap();
    assert_eq!(got["SampledRequests"][0].get("RuleNameWithinRuleGroup"), None);
    refused(
        call(&wire, "GetSampledRequests", asked("stranger")).await,
        "WAFNonexistentItemException",
    );
}

#[tokio::test]
async fn capacity_and_managed_groups_are_told() {
    let wire = Wire::new().await;
    let rules = json!({"Scope": "REGIONAL", "Rules": [header_is("x")]});
    assert_eq!(
        call(&wire, "CheckCapacity", rules).await.unwrap(),
        json!({"Capacity": 2})
    );
    let groups = call(
        &wire,
        "ListAvailableManagedRuleGroups",
        json!({"Scope": "CLOUDFRONT"}),
    )
    .await
    .unwrap();
    assert_eq!(
        groups["ManagedRuleGroups"][0]["Name"],
        "AWSManagedRulesSQLiRuleSet"
    );
    let asked = json!({"Scope": "REGIONAL", "VendorName": "AWS", "Name": "AWSManagedRulesSQLiRuleSet"});
    let group = call(&wire, "DescribeManagedRuleGroup", asked).await.unwrap();
    assert_eq!(group["Capacity"], 200);
    assert_eq!(
        group["Rules"][0],
        json!({"Name": "SQLi_QUERYARGUMENTS", "Action": {"Block": {}}})
    );
    let asked = json!({"Scope": "REGIONAL", "VendorName": "AWS", "Name": "AWSManagedRulesBotControlRuleSet"});
    refused(
        call(&wire, "DescribeManagedRuleGroup", asked).await,
        "WAFNonexistentItemException",
    );
}

#[tokio::test]
async fn tags_change_without_a_lock_token() {
    let wire = Wire::new().await;
    let tags = json!({"Tags": [{"Key": "a", "Value": "1"}]});
    let summary = made(&wire, "CreateWebACL", with(acl("acl"), tags)).await;
    let arn = &summary["ARN"];
    let tag = json!({"ResourceARN": arn, "Tags": [{"Key": "b", "Value": "2"}]});
    call(&wire, "TagResource", tag).await.unwrap();
    call(
        &wire,
        "UntagResource",
        json!({"ResourceARN": arn, "TagKeys": ["a"]}),
    )
    .await
    .unwrap();
    let told = call(&wire, "ListTagsForResource", json!({"ResourceARN": arn}))
        .await
        .unwrap();
    assert_eq!(
        told["TagInfoForResource"]["TagList"],
        json!([{"Key": "b", "Value": "2"}])
    );
    call(&wire, "DeleteWebACL", locked(&summary)).await.unwrap();
}

#[tokio::test]
async fn listings_come_by_page() {
    let wire = Wire::new().await;
    for name in ["a", "b", "c"] {
        made(&wire, "CreateWebACL", acl(name)).await;
    }
    let mut names = Vec::new();
    let mut marker = Value::Null;
    for expected in [2, 1] {
        let asked = json!({"Scope": "REGIONAL", "Limit": 2, "NextMarker": marker});
        let page = call(&wire, "ListWebACLs", asked).await.unwrap();
        let items = page["WebACLs"].as_array().unwrap();
        assert_eq!(items.len(), expected);
        names.extend(items.iter().map(|item| item["Name"].as_str().unwrap().to_owned()));
        marker = page["NextMarker"].clone();
    }
    assert!(marker.is_null());
    names.sort();
    assert_eq!(names, ["a", "b", "c"]);
}

#[tokio::test]
async fn web_acl_that_a_distribution_names_is_not_deleted() {
    let wire = Wire::new().await;
    let global = made(
        &wire,
        "CreateWebACL",
        with(acl("acl"), json!({"Scope": "CLOUDFRONT"})),
    )
    .await;
    let key = RecordKey::new(&scope(), kinds::DISTRIBUTION, "E123");
    let put = Put::json(key, &json!({}), Expect::Absent).unwrap();
    let put = put.lookup(BY_WEB_ACL, global["ARN"].as_str().unwrap());
    let store = &wire.control.parts().store;
    store.commit(Batch::new().with(put)).await.unwrap();
    let gone = with(locked(&global), json!({"Scope": "CLOUDFRONT"}));
    let refused = call(&wire, "DeleteWebACL", gone).await.unwrap_err();
    assert!(
        refused.starts_with("WAFAssociatedItemException") && refused.contains("distribution/E123"),
        "{refused}"
    );
}
