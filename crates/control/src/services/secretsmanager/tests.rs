//! The operations of Secrets Manager over the wire; labels, names and limits are proved in `vault`.

use portcullis_engines::sigv4::Credentials;
use portcullis_store::{Page, kinds};
use serde_json::{Value, json};

use crate::{
    test_control::scope,
    test_wire::{Wire, key},
};

const HUNTER: &str = "hunter2-Zx9-correct-horse";
const FIRST: &str = "00000000-0000-4000-8000-000000000001";
const SECOND: &str = "00000000-0000-4000-8000-000000000002";

async fn call(wire: &Wire, operation: &str, input: Value) -> Result<Value, String> {
    let (answer, steps) = wire.secrets(&wire.root, operation, &input).await;
    assert!(!steps.contains(HUNTER), "{operation}: {steps}");
    answer.map_err(|(status, name, message)| {
        assert!(!message.contains(HUNTER), "{operation}: {message}");
        format!("{status} {name}: {message}")
    })
}

async fn made(wire: &Wire, name: &str) -> Value {
    let input = json!({"Name": name, "SecretString": HUNTER, "ClientRequestToken": FIRST});
    call(wire, "CreateSecret", input).await.unwrap()
}

async fn user(wire: &Wire, policy: &Value) -> Credentials {
    let policy = policy.to_string().replace('"', "%22").replace(' ', "%20");
    for form in [
        "Action=CreateUser&Version=2010-05-08&UserName=ada".to_owned(),
        format!("Action=PutUserPolicy&Version=2010-05-08&UserName=ada&PolicyName=p&PolicyDocument={policy}"),
    ] {
        let (status, body) = wire.query(&wire.root, "iam", &form).await;
        assert_eq!(status, 200, "{body}");
    }
    key(wire.control.parts(), Some("ada")).await
}

#[tokio::test]
async fn secret_lives_from_creation_to_restoration() {
    let wire = Wire::new().await;
    let created = made(&wire, "team/db").await;
    assert_eq!(
        (created["Name"].as_str(), created["VersionId"].as_str()),
        (Some("team/db"), Some(FIRST))
    );
    let arn = created["ARN"].as_str().unwrap();
    let read = call(&wire, "GetSecretValue", json!({"SecretId": arn}))
        .await
        .unwrap();
    assert_eq!(read["SecretString"], HUNTER);
    assert_eq!(read["VersionStages"], json!(["AWSCURRENT"]));
    assert!(read["CreatedDate"].is_f64());
    let input = json!({"SecretId": "team/db", "SecretBinary": "/wAB", "ClientRequestToken": SECOND, "VersionStages": ["AWSPENDING"]});
    let put = call(&wire, "PutSecretValue", input.clone()).await.unwrap();
    assert_eq!(put["VersionStages"], json!(["AWSPENDING"]));
    assert_eq!(
        call(&wire, "PutSecretValue", input).await.unwrap(),
        put,
        "the same again"
    );
    let input = json!({"SecretId": arn, "VersionStage": "AWSCURRENT", "MoveToVersionId": SECOND, "RemoveFromVersionId": FIRST});
    call(&wire, "UpdateSecretVersionStage", input).await.unwrap();
    let read = call(&wire, "GetSecretValue", json!({"SecretId": "team/db"}))
        .await
        .unwrap();
    assert_eq!(
        (read["SecretBinary"].as_str(), read.get("SecretString")),
        (Some("/wAB"), None)
    );
    let described = call(&wire, "DescribeSecret", json!({"SecretId": arn}))
        .await
        .unwrap();
    assert_eq!(
        described["VersionIdsToStages"],
        json!({FIRST: ["AWSPREVIOUS"], SECOND: ["AWSCURRENT", "AWSPENDING"]})
    );
    let deleted = call(
        &wire,
        "DeleteSecret",
        json!({"SecretId": arn, "RecoveryWindowInDays": 7}),
    )
    .await
    .unwrap();
    assert_eq!(
        deleted["DeletionDate"].as_f64(),
        Some(1_800_000_000.0 + 7.0 * 86_400.0)
    );
    assert!(
        call(&wire, "GetSecretValue", json!({"SecretId": arn}))
            .await
            .unwrap_err()
            .contains("marked for deletion")
    );
    let listed = call(&wire, "ListSecrets", json!({})).await.unwrap();
    assert_eq!(listed, json!({"SecretList": []}));
    call(&wire, "RestoreSecret", json!({"SecretId": arn}))
        .await
        .unwrap();
    call(&wire, "GetSecretValue", json!({"SecretId": arn}))
        .await
        .unwrap();
    let forced = json!({"SecretId": arn, "ForceDeleteWithoutRecovery": true});
    call(&wire, "DeleteSecret", forced).await.unwrap();
    assert!(
        call(&wire, "DescribeSecret", json!({"SecretId": arn}))
            .await
            .unwrap_err()
            .contains("ResourceNotFoundException")
    );
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
async fn what_does_not_fit_is_refused_by_name() {
    let wire = Wire::new().await;
    made(&wire, "s").await;
    let long = "x".repeat(65_537);
    let cases = [
        (
            "CreateSecret",
            json!({"SecretString": HUNTER}),
            "400 InvalidParameterException",
        ),
        (
            "CreateSecret",
            json!({"Name": "s", "SecretString": HUNTER}),
            "400 ResourceExistsException",
        ),
        (
            "CreateSecret",
            json!({"Name": "a b"}),
            "400 InvalidParameterException: Invalid name",
        ),
        (
            "CreateSecret",
            json!({"Name": "t", "SecretString": HUNTER, "SecretBinary": "AA=="}),
            "400 InvalidParameterException: You can't specify both",
        ),
        (
            "CreateSecret",
            json!({"Name": "t", "SecretString": long}),
            "400 InvalidParameterException: 1 validation error",
        ),
        (
            "CreateSecret",
            json!({"Name": "t", "SecretBinary": HUNTER}),
            "400 SerializationException",
        ),
        (
            "CreateSecret",
            json!({"Name": "t", "AddReplicaRegions": []}),
            "400 InvalidParameterException: `AddReplicaRegions` is not supported",
        ),
        (
            "CreateSecret",
            json!({"Name": "t", "Tags": [{"Key": "a", "Value": "1"}, {"Key": "a", "Value": "2"}]}),
            "400 InvalidParameterException: The tag key a",
        ),
        (
            "GetSecretValue",
            json!({"SecretId": "none"}),
            "400 ResourceNotFoundException",
        ),
        (
            "GetSecretValue",
            json!({"SecretId": "s", "VersionId": "short"}),
            "400 InvalidParameterException",
        ),
        (
            "PutSecretValue",
            json!({"SecretId": "s"}),
            "400 InvalidParameterException: You must provide either",
        ),
        (
            "PutSecretValue",
            json!({"SecretId": "s", "SecretString": "y", "ClientRequestToken": FIRST}),
            "400 ResourceExistsException",
        ),
        (
            "PutSecretValue",
            json!({"SecretId": "s", "SecretString": HUNTER, "VersionStages": []}),
            "400 InvalidParameterException",
        ),
        (
            "DeleteSecret",
            json!({"SecretId": "s", "RecoveryWindowInDays": 6}),
            "400 InvalidParameterException",
        ),
        (
            "DeleteSecret",
            json!({"SecretId": "s", "RecoveryWindowInDays": 7, "ForceDeleteWithoutRecovery": true}),
            "400 InvalidParameterException: You can't use",
        ),
        (
            "RotateSecret",
            json!({"SecretId": "s", "RotationLambdaARN": "arn:x"}),
            "400 InvalidRequestException: Rotation is not supported yet",
        ),
        (
            "CancelRotateSecret",
            json!({"SecretId": "s"}),
            "400 InvalidRequestException: Rotation is not supported yet",
        ),
        (
            "PutResourcePolicy",
            json!({"SecretId": "s", "ResourcePolicy": "{}"}),
            "400 UnknownOperationException",
        ),
        (
            "GetRandomPassword",
            json!({"PasswordLength": 3}),
            "400 InvalidParameterException: The password length is too short",
        ),
        (
            "GetRandomPassword",
            json!({"PasswordLength": 4097}),
            "400 InvalidParameterException",
        ),
        (
            "ListSecrets",
            json!({"NextToken": "?"}),
            "400 InvalidNextTokenException",
        ),
        ("BatchGetSecretValue", json!({}), "400 InvalidParameterException"),
    ];
    for (operation, input, expected) in cases {
        let refused = call(&wire, operation, input.clone()).await.unwrap_err();
        assert!(
            refused.starts_with(expected),
            "{operation} {input:.80}: {refused}"
        );
    }
}

#[tokio::test]
#[allow(clippy::too_many_lines, reason = "a table of cases")]
async fn secrets_are_listed_by_page_and_filter() {
    let wire = Wire::new().await;
    for (name, description, tag) in [
        ("app/a", "the Red one", "x"),
        ("app/b", "blue", "y"),
        ("other", "reddish", "x"),
    ] {
        let input = json!({"Name": name, "Description": description, "SecretString": HUNTER, "Tags": [{"Key": "team", "Value": tag}]});
        call(&wire, "CreateSecret", input).await.unwrap();
    }
    let names = |answer: &Value| -> Vec<String> {
        let list = answer["SecretList"].as_array().unwrap();
        list.iter()
            .map(|secret| secret["Name"].as_str().unwrap().to_owned())
            .collect()
    };
    let cases = [
        (json!([]), vec!["app/a", "app/b", "other"]),
        (
            json!([{"Key": "name", "Values": ["app/"]}]),
            vec!["app/a", "app/b"],
        ),
        (json!([{"Key": "name", "Values": ["APP"]}]), vec![]),
        (json!([{"Key": "name", "Values": ["!app/"]}]), vec!["other"]),
        (
            json!([{"Key": "name", "Values": ["app/b", "other"]}]),
            vec!["app/b", "other"],
        ),
        (
            json!([{"Key": "description", "Values": ["red"]}]),
            vec!["app/a", "other"],
        ),
        (
            json!([{"Key": "tag-value", "Values": ["x"]}, {"Key": "name", "Values": ["a"]}]),
            vec!["app/a"],
        ),
        (
            json!([{"Key": "tag-key", "Values": ["team"]}]),
            vec!["app/a", "app/b", "other"],
        ),
        (json!([{"Key": "all", "Values": ["RED app"]}]), vec!["app/a"]),
        (json!([{"Key": "owning-service", "Values": ["rds"]}]), vec![]),
    ];
    for (filters, expected) in cases {
        let answer = call(
            &wire,
            "ListSecrets",
            json!({"Filters": filters, "SortOrder": "asc"}),
        )
        .await
        .unwrap();
        assert_eq!(names(&answer), expected, "{filters}");
    }
    let (mut seen, mut token) = (Vec::new(), Value::Null);
    for _ in 0..3 {
        let input = json!({"MaxResults": 1, "NextToken": token, "SortBy": "name", "SortOrder": "desc"});
        let page = call(&wire, "ListSecrets", input).await.unwrap();
        seen.extend(names(&page));
        token = page["NextToken"].clone();
    }
    assert_eq!(
        (seen, token),
        (vec!["other".into(), "app/b".into(), "app/a".into()], Value::Null)
    );
    for token in [FIRST, SECOND] {
        let input = json!({"SecretId": "other", "SecretString": token, "ClientRequestToken": token});
        call(&wire, "UpdateSecret", input).await.unwrap();
    }
    let count = |answer: Value| answer["Versions"].as_array().unwrap().len();
    let answer = call(&wire, "ListSecretVersionIds", json!({"SecretId": "other"}))
        .await
        .unwrap();
    assert_eq!(count(answer), 2);
    let input = json!({"SecretId": "other", "IncludeDeprecated": true, "MaxResults": 2});
    let answer = call(&wire, "ListSecretVersionIds", input).await.unwrap();
    let input = json!({"SecretId": "other", "IncludeDeprecated": true, "NextToken": answer["NextToken"]});
    assert_eq!(count(answer), 2);
    assert_eq!(
        count(call(&wire, "ListSecretVersionIds", input).await.unwrap()),
        1
    );
}

#[tokio::test]
async fn tags_and_passwords_answer() {
    let wire = Wire::new().await;
    made(&wire, "s").await;
    call(
        &wire,
        "TagResource",
        json!({"SecretId": "s", "Tags": [{"Key": "a", "Value": "1"}]}),
    )
    .await
    .unwrap();
    let described = call(&wire, "DescribeSecret", json!({"SecretId": "s"}))
        .await
        .unwrap();
    assert_eq!(described["Tags"], json!([{"Key": "a", "Value": "1"}]));
    call(&wire, "UntagResource", json!({"SecretId": "s", "TagKeys": ["a"]}))
        .await
        .unwrap();
    let described = call(&wire, "DescribeSecret", json!({"SecretId": "s"}))
        .await
        .unwrap();
    assert_eq!(described.get("Tags"), None);
    let input = json!({"PasswordLength": 20, "ExcludePunctuation": true});
    let drawn = call(&wire, "GetRandomPassword", input).await.unwrap();
    let password = drawn["RandomPassword"].as_str().unwrap();
    assert!(password.len() == 20 && password.bytes().all(|byte| byte.is_ascii_alphanumeric()));
}

#[tokio::test]
async fn permission_is_asked_about_the_whole_arn() {
    let wire = Wire::new().await;
    made(&wire, "team/db").await;
    made(&wire, "team/other").await;
    let prefix = "arn:aws:secretsmanager:us-east-1:000000000000:secret:";
    let policy = json!({"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["secretsmanager:GetSecretValue", "secretsmanager:CreateSecret"],
         "Resource": [format!("{prefix}team/db-??????"), format!("{prefix}mine/*")]},
        {"Effect": "Allow", "Action": "secretsmanager:BatchGetSecretValue", "Resource": "*"},
        {"Effect": "Deny", "Action": "secretsmanager:GetSecretValue", "Resource": "*",
         "Condition": {"StringEquals": {"secretsmanager:VersionStage": "AWSPREVIOUS"}}},
    ]});
    let ada = user(&wire, &policy).await;
    let cases = [
        ("GetSecretValue", json!({"SecretId": "team/db"}), "ok"),
        (
            "GetSecretValue",
            json!({"SecretId": format!("{prefix}team/db")}),
            "ok",
        ),
        (
            "GetSecretValue",
            json!({"SecretId": "team/db", "VersionStage": "AWSPREVIOUS"}),
            "AccessDeniedException",
        ),
        (
            "GetSecretValue",
            json!({"SecretId": "team/other"}),
            "AccessDeniedException",
        ),
        (
            "GetSecretValue",
            json!({"SecretId": "none"}),
            "AccessDeniedException",
        ),
        (
            "DescribeSecret",
            json!({"SecretId": "team/db"}),
            "AccessDeniedException",
        ),
        (
            "CreateSecret",
            json!({"Name": "mine/x", "SecretString": HUNTER}),
            "ok",
        ),
        (
            "CreateSecret",
            json!({"Name": "team/x", "SecretString": HUNTER}),
            "AccessDeniedException",
        ),
        ("ListSecrets", json!({}), "AccessDeniedException"),
    ];
    for (operation, input, expected) in cases {
        let (answer, steps) = wire.secrets(&ada, operation, &input).await;
        let outcome = answer.map_or_else(|(_, name, _)| name, |_| "ok".to_owned());
        assert_eq!(outcome, expected, "{operation} {input}");
        assert!(!steps.contains(HUNTER), "{steps}");
    }
    let input = json!({"SecretIdList": ["team/db", "team/other"]});
    let (answer, _) = wire.secrets(&ada, "BatchGetSecretValue", &input).await;
    let answer = answer.unwrap();
    assert_eq!(answer["SecretValues"][0]["SecretString"], HUNTER);
    assert_eq!(answer["SecretValues"].as_array().unwrap().len(), 1);
    assert_eq!(answer["Errors"][0]["ErrorCode"], "AccessDeniedException");
}

#[tokio::test]
async fn no_value_stands_in_the_store_in_clear() {
    let wire = Wire::new().await;
    made(&wire, "s").await;
    let input = json!({"SecretId": "s", "SecretString": format!("{HUNTER}-two")});
    call(&wire, "UpdateSecret", input).await.unwrap();
    let store = &wire.control.parts().store;
    let mut records = 0;
    for kind in kinds::ALL {
        for record in store.list(&scope(), *kind, Page::all("")).await.unwrap() {
            records += 1;
            assert!(
                !String::from_utf8_lossy(&record.body).contains(HUNTER),
                "{}",
                record.key
            );
        }
    }
    assert!(records >= 3, "a secret and two versions");
}
