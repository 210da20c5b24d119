//! What the operations of AWS Lambda say before anything runs; what runs is held to boto3.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{
    permission::statement,
    records::LambdaFunctions,
    settings::{CodeSource, FunctionSettings},
};
use crate::test_control::{memory, parts_over, scope};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

fn settings(value: &Value) -> Result<FunctionSettings, String> {
    FunctionSettings::read(value.as_object().unwrap()).map_err(|error| error.message)
}

fn permission(value: &Value) -> Result<Value, String> {
    statement(value.as_object().unwrap(), "sid", ARN).map_err(|error| error.message)
}

#[tokio::test]
async fn where_nothing_runs_no_function_is_made() {
    let (parts, scope) = (parts_over(memory()), scope());
    let functions = LambdaFunctions {
        store: parts.store.as_ref(),
        vault: &parts.vault,
        scope: &scope,
        clock: parts.clock.as_ref(),
        entropy: parts.entropy.as_ref(),
        buckets: parts.buckets.as_ref(),
        runner: &parts.functions,
    };
    let code = CodeSource::Package(portcullis_functions::package::single_file("index.py", b""));
    let refused = functions.create("f", FunctionSettings::default(), code).await;
    let message = refused.unwrap_err().message;
    assert!(message.contains("local_functions = true"), "{message}");
}

#[test]
fn variables_are_checked_and_their_values_never_told() {
    let variables = |variables: Value| settings(&json!({"Environment": {"Variables": variables}}));
    let read = variables(json!({"A": "1", "B_2": ""}))
        .unwrap()
        .environment
        .unwrap();
    assert_eq!(
        read,
        BTreeMap::from([("A".into(), "1".into()), ("B_2".into(), String::new())])
    );
    for wrong in [
        json!({"_A": "hunter2"}),
        json!({"A-B": "hunter2"}),
        json!({"": "hunter2"}),
        json!({"AWS_SESSION_TOKEN": "hunter2"}),
        json!({"A": "hunter2\0"}),
        json!({"A": ["hunter2"]}),
        json!({"A": "hunter2".repeat(1000)}),
    ] {
        let message = variables(wrong).err().unwrap();
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn any_python_3_is_taken_and_nothing_else() {
    for runtime in ["python3.7", "python3.14"] {
        assert!(settings(&json!({"Runtime": runtime})).is_ok(), "{runtime}");
    }
    for runtime in [
        "python2.7",
        "python3",
        "python3.",
        "python3.x",
        "python3.100",
        "nodejs22.x",
        "java21",
        "provided.al2023",
        "",
    ] {
        let message = settings(&json!({"Runtime": runtime})).err().unwrap();
        assert!(
            message.contains(&format!("`{runtime}` is not supported")),
            "{message}"
        );
    }
}

#[test]
fn permission_becomes_a_statement_and_what_cannot_be_one_is_refused() {
    let made = permission(&json!({"Action": "lambda:InvokeFunction", "Principal": "111122223333"})).unwrap();
    assert_eq!(
        made,
        json!({"Sid": "sid", "Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:root"},
               "Action": "lambda:InvokeFunction", "Resource": ARN})
    );
    for wrong in [
        json!({"Action": "lambda:GetFunction", "Principal": "apigateway.amazonaws.com"}),
        json!({"Action": "lambda:InvokeFunction"}),
        json!({"Principal": "apigateway.amazonaws.com"}),
    ] {
        assert!(permission(&wrong).is_err(), "{wrong}");
    }
}

#[test]
fn code_comes_from_one_place() {
    let of = |value: Value| CodeSource::read(value.as_object().unwrap()).is_ok();
    assert!(of(json!({"ZipFile": "UEsFBg=="})));
    assert!(of(json!({"S3Bucket": "b", "S3Key": "k"})));
    for wrong in [
        json!({}),
        json!({"ZipFile": "?"}),
        json!({"S3Bucket": "b"}),
        json!({"ZipFile": "UEsFBg==", "S3Bucket": "b", "S3Key": "k"}),
    ] {
        assert!(!of(wrong.clone()), "{wrong}");
    }
}

#[test]
fn names_and_arns_of_functions_give_name_and_qualifier() {
    for (said, name, qualifier) in [
        ("f", "f", None),
        ("f:$LATEST", "f", Some("$LATEST")),
        ("function:$LATEST", "function", Some("$LATEST")),
        ("000000000000:function:f", "f", None),
        (ARN, "f", None),
        (
            "arn:aws:lambda:us-east-1:000000000000:function:lambda",
            "lambda",
            None,
        ),
        (
            "arn:aws:lambda:us-east-1:000000000000:function:function:7",
            "function",
            Some("7"),
        ),
    ] {
        assert_eq!(super::parts(said), (name, qualifier), "{said}");
    }
}

#[test]
fn condition_that_is_no_text_is_refused_and_never_left_out() {
    for member in [
        "SourceArn",
        "SourceAccount",
        "PrincipalOrgID",
        "Principal",
        "Action",
    ] {
        let mut said = json!({"Action": "lambda:InvokeFunction", "Principal": "*"});
        said[member] = json!(["arn:aws:s3:::b"]);
        let message = permission(&said).unwrap_err();
        assert!(message.contains(member), "{message}");
    }
}
