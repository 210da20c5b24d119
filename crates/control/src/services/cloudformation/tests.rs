//! The operations of CloudFormation as a caller meets them; the work itself is proved in `stacks`.

use std::{sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::SERVICE;
use crate::{
    ControlParts,
    operation::AwsError,
    test_control::{call_operation, memory, parts_over},
    test_wire::Wire,
};

const TEMPLATE: &str = "
Description: one api
Parameters:
  Title: {Type: String, Default: one}
  Secret: {Type: String, NoEcho: true, Default: hush}
Resources:
  Api: {Type: 'AWS::ApiGateway::RestApi', Properties: {Name: !Ref Title}}
Outputs:
  Id: {Value: !Ref Api, Export: {Name: the-api}}
";

async fn call(parts: &ControlParts, operation: &str, input: Value) -> Result<Value, AwsError> {
    call_operation(parts, &SERVICE, operation, input).await
}

async fn refused(parts: &ControlParts, operation: &str, input: Value) -> (&'static str, String) {
    let error = call(parts, operation, input).await.unwrap_err();
    (error.code, error.message)
}

/// Waits as boto3's waiters do.
async fn wait(parts: &ControlParts, name: &str, status: &str) -> Value {
    for _ in 0..500 {
        let answer = call(parts, "DescribeStacks", json!({ "StackName": name }))
            .await
            .unwrap();
        let stack = answer["Stacks"][0].clone();
        if stack["StackStatus"] == status {
            return stack;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("`{name}` does not become {status}");
}

#[tokio::test]
async fn stack_is_made_described_changed_and_deleted() {
    let parts = parts_over(memory());
    let input =
        json!({ "StackName": "one", "TemplateBody": TEMPLATE, "Tags": [{ "Key": "team", "Value": "a" }] });
    let id = call(&parts, "CreateStack", input.clone()).await.unwrap()["StackId"].clone();
    assert!(
        id.as_str()
            .unwrap()
            .starts_with("arn:aws:cloudformation:us-east-1:000000000000:stack/one/")
    );
    let stack = wait(&parts, "one", "CREATE_COMPLETE").await;
    assert_eq!(stack["Tags"], json!([{ "Key": "team", "Value": "a" }]));
    assert_eq!(stack["Outputs"][0]["ExportName"], "the-api");
    assert_eq!(
        stack["Parameters"][0],
        json!({ "ParameterKey": "Secret", "ParameterValue": "****" })
    );
    let again = refused(&parts, "CreateStack", input).await;
    assert_eq!(
        again,
        ("AlreadyExistsException", "Stack [one] already exists".into())
    );
    let same = json!({ "StackName": "one", "UsePreviousTemplate": "true" });
    assert_eq!(
        refused(&parts, "UpdateStack", same).await.1,
        "No updates are to be performed."
    );
    let parameters = json!([{ "ParameterKey": "Title", "ParameterValue": "two" }, { "ParameterKey": "Secret", "UsePreviousValue": "true" }]);
    let changed = json!({ "StackName": "one", "UsePreviousTemplate": "true", "Parameters": parameters });
    call(&parts, "UpdateStack", changed).await.unwrap();
    wait(&parts, "one", "UPDATE_COMPLETE").await;
    let events = call(&parts, "DescribeStackEvents", json!({ "StackName": "one" }))
        .await
        .unwrap();
    assert_eq!(events["StackEvents"][0]["ResourceStatus"], "UPDATE_COMPLETE");
    let one = json!({ "StackName": "one", "LogicalResourceId": "Api" });
    let detail = call(&parts, "DescribeStackResource", one).await.unwrap();
    assert_eq!(detail["StackResourceDetail"]["ResourceStatus"], "UPDATE_COMPLETE");
    let listed = call(&parts, "ListStackResources", json!({ "StackName": "one" }))
        .await
        .unwrap();
    assert_eq!(listed["StackResourceSummaries"].as_array().unwrap().len(), 1);
    let template = call(&parts, "GetTemplate", json!({ "StackName": "one" }))
        .await
        .unwrap();
    assert_eq!(template["TemplateBody"], TEMPLATE);
    let exports = call(&parts, "ListExports", json!({})).await.unwrap();
    assert_eq!(exports["Exports"][0]["Name"], "the-api");
    call(&parts, "DeleteStack", json!({ "StackName": "one" }))
        .await
        .unwrap();
    wait(&parts, id.as_str().unwrap(), "DELETE_COMPLETE").await;
    let gone = refused(&parts, "DescribeStacks", json!({ "StackName": "one" })).await;
    assert_eq!(
        gone,
        ("ValidationError", "Stack with id one does not exist".into())
    );
    let all = call(
        &parts,
        "ListStacks",
        json!({ "StackStatusFilter": ["DELETE_COMPLETE"] }),
    )
    .await
    .unwrap();
    assert_eq!(all["StackSummaries"][0]["StackName"], "one");
    call(&parts, "DeleteStack", json!({ "StackName": "never" }))
        .await
        .unwrap();
}

#[tokio::test]
async fn what_is_wrong_is_said_before_a_stack_exists() {
    let parts = parts_over(memory());
    let url = json!({ "StackName": "one", "TemplateURL": "https://example.com/t.yaml" });
    assert!(
        refused(&parts, "CreateStack", url)
            .await
            .1
            .starts_with("`TemplateURL` is not supported")
    );
    let broken = TEMPLATE.replace("Name: !Ref Title", "Nmae: !Ref Nothing");
    let (code, message) = refused(
        &parts,
        "CreateStack",
        json!({ "StackName": "one", "TemplateBody": broken }),
    )
    .await;
    assert_eq!(code, "ValidationError");
    assert!(
        message.contains("Nmae") && message.contains("Nothing"),
        "{message}"
    );
    let unnamed = json!({ "StackName": "no_such name", "TemplateBody": TEMPLATE });
    assert!(
        refused(&parts, "CreateStack", unnamed)
            .await
            .1
            .contains("stackName")
    );
    let valid = call(&parts, "ValidateTemplate", json!({ "TemplateBody": TEMPLATE }))
        .await
        .unwrap();
    assert_eq!(valid["Parameters"][1]["NoEcho"], true);
    assert_eq!(valid["Description"], "one api");
    assert!(
        refused(
            &parts,
            "ValidateTemplate",
            json!({ "TemplateBody": "Resources: [" })
        )
        .await
        .1
        .contains("Template format error")
    );
    let all = call(&parts, "DescribeStacks", json!({})).await.unwrap();
    assert_eq!(all["Stacks"], json!([]));
}

#[tokio::test]
async fn two_creations_of_one_name_make_one_stack() {
    let parts = parts_over(memory());
    let input = json!({ "StackName": "one", "TemplateBody": TEMPLATE });
    let parts = Arc::new(parts);
    let both = tokio::join!(
        call(&parts, "CreateStack", input.clone()),
        call(&parts, "CreateStack", input.clone())
    );
    assert_eq!(
        usize::from(both.0.is_ok()) + usize::from(both.1.is_ok()),
        1,
        "{both:?}"
    );
    wait(&parts, "one", "CREATE_COMPLETE").await;
}

const ROLE: &str = r#"{"Resources": {"Worker": {"Type": "AWS::IAM::Role", "Properties": {
    "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}]}}}}}"#;

const LENDING: &str = r#"{"Resources": {"Get": {"Type": "AWS::ApiGateway::Method", "Properties": {
    "RestApiId": "a", "ResourceId": "r", "HttpMethod": "GET", "AuthorizationType": "NONE",
    "Integration": {"Type": "AWS", "Credentials": "arn:aws:iam::000000000000:role/admin"}}}}}"#;

fn create(name: &str, template: &str, capability: &str) -> String {
    let template = template
        .replace('%', "%25")
        .replace('&', "%26")
        .replace('+', "%2B");
    format!(
        "Action=CreateStack&Version=2010-05-15&StackName={name}&TemplateBody={template}&Capabilities.member.1={capability}"
    )
}

#[tokio::test]
async fn who_may_make_stacks_cannot_make_or_lend_roles_through_them() {
    let wire = Wire::new().await;
    let allow = |actions: &str| {
        format!(
            r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":[{actions}],"Resource":"*"}}]}}"#
        )
    };
    let stacks_alone = wire
        .user("ann", &allow(r#""cloudformation:*","apigateway:*""#))
        .await;
    for (name, template, action) in [
        ("role", ROLE, "iam:CreateRole"),
        ("lend", LENDING, "iam:PassRole"),
    ] {
        let form = create(name, template, "CAPABILITY_NAMED_IAM");
        let (status, answer) = wire.query(&stacks_alone, "cloudformation", &form).await;
        assert_eq!(status, 403, "{answer}");
        assert!(
            answer.contains(action) && answer.contains("AccessDenied"),
            "{answer}"
        );
        let described = format!("Action=DescribeStacks&Version=2010-05-15&StackName={name}");
        assert_eq!(wire.query(&wire.root, "cloudformation", &described).await.0, 400);
    }
    // A right on one role is no right on whatever role the template comes to name.
    let one = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"cloudformation:*","Resource":"*"},
        {"Effect":"Allow","Action":"iam:PassRole","Resource":"arn:aws:iam::000000000000:role/reader"}]}"#;
    let one = wire.user("bob", one).await;
    let (status, _) = wire
        .query(&one, "cloudformation", &create("lend", LENDING, "CAPABILITY_IAM"))
        .await;
    assert_eq!(status, 403);
    let trusted = wire.user("eve", &allow(r#""cloudformation:*","iam:*""#)).await;
    let (status, answer) = wire
        .query(
            &trusted,
            "cloudformation",
            &create("role", ROLE, "CAPABILITY_IAM"),
        )
        .await;
    assert_eq!(status, 200, "{answer}");
}

#[tokio::test]
async fn roles_in_a_template_are_acknowledged_by_name() {
    let wire = Wire::new().await;
    let named = ROLE.replace("\"Properties\": {", "\"Properties\": {\"RoleName\": \"worker\",");
    for (template, capability, wanted) in [
        (ROLE, "CAPABILITY_AUTO_EXPAND", "[CAPABILITY_IAM]"),
        (&named, "CAPABILITY_IAM", "[CAPABILITY_NAMED_IAM]"),
    ] {
        let (status, answer) = wire
            .query(&wire.root, "cloudformation", &create("one", template, capability))
            .await;
        assert_eq!(status, 400, "{answer}");
        assert!(
            answer.contains("InsufficientCapabilities") && answer.contains(wanted),
            "{answer}"
        );
    }
    let (status, answer) = wire
        .query(
            &wire.root,
            "cloudformation",
            &create("one", &named, "CAPABILITY_NAMED_IAM"),
        )
        .await;
    assert_eq!(status, 200, "{answer}");
}
