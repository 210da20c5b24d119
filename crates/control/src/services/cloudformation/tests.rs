//! The operations of CloudFormation as a caller meets them; the work itself is proved in `stacks`.

use std::{net::IpAddr, sync::Arc, time::Duration};

use portcullis_model::{RequestId, Timestamp};
use serde_json::{Value, json};

use super::SERVICE;
use crate::{
    ControlParts,
    operation::{AwsError, Call, Caller},
    test_control::{memory, parts_over, scope},
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
    let operation = SERVICE.operation(operation).unwrap();
    let input = input.as_object().unwrap().clone();
    for member in input.keys() {
        assert!(
            operation.members.contains(&member.as_str()),
            "{}: {member}",
            operation.name
        );
    }
    let (scope, caller) = (
        scope(),
        Caller::Root {
            access_key_id: "AKIA".into(),
        },
    );
    let request_id = RequestId::from("test");
    let call = Call {
        parts,
        scope: &scope,
        caller: &caller,
        input: &input,
        source: IpAddr::from([127, 0, 0, 1]),
        secure: true,
        now: Timestamp::from_seconds(1_800_000_000),
        request_id: &request_id,
        user_agent: None,
        notes: &crate::operation::Notes::default(),
    };
    (operation.call)(&call).await
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
