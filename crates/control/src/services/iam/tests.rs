//! Roles: made, read and deleted by signed calls, and services that act in their name.

use std::collections::BTreeMap;

use bytes::Bytes;
use portcullis_model::RequestId;
use serde_json::{Value, json};

use super::roles::{NewRole, Roles};
use crate::{
    AdminResponse, ControlParts,
    operation::{Caller, Subject},
    roles::{self, RoleCall},
    test_control::scope,
    test_wire::{Wire, key},
};

const TRUST: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}]}"#;

fn allows(action: &str, resource: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Action":"{action}","Resource":"{resource}"}}]}}"#
    )
}

/// Makes the role `worker` with this trust policy and inline policy.
async fn role(parts: &ControlParts, trust: &str, policy: &str) -> String {
    let scope = scope();
    let roles = Roles {
        store: parts.store.as_ref(),
        scope: &scope,
        clock: parts.clock.as_ref(),
        entropy: parts.entropy.as_ref(),
    };
    let new = NewRole {
        name: "worker".into(),
        trust: trust.into(),
        policies: BTreeMap::from([("p".to_owned(), policy.to_owned())]),
        ..NewRole::default()
    };
    roles.create(new).await.unwrap().arn("000000000000")
}

fn call(role_arn: &str, service: &str, action: &str, body: &str) -> RoleCall {
    RoleCall {
        scope: scope(),
        role_arn: role_arn.into(),
        principal: "apigateway.amazonaws.com".into(),
        source_arn: "arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/x".into(),
        session: "session".into(),
        service: service.into(),
        action: action.into(),
        request_id: RequestId::from("r"),
        body: Bytes::from(body.to_owned()),
    }
}

fn reason(answer: &AdminResponse) -> String {
    format!("{:?}", answer.steps)
}

#[tokio::test]
async fn service_calls_what_the_roles_policies_allow_and_nothing_else() {
    let wire = Wire::new().await;
    let parts = wire.control.parts();
    let made = json!({ "Name": "token", "SecretString": "s3cr3t" });
    let secret = wire.secrets(&wire.root, "CreateSecret", &made).await.0.unwrap();
    let secret = secret["ARN"].as_str().unwrap();
    let arn = role(parts, TRUST, &allows("secretsmanager:GetSecretValue", secret)).await;
    let get = r#"{"SecretId":"token"}"#;
    let answer = wire
        .control
        .call_in_role(call(&arn, "secretsmanager", "GetSecretValue", get))
        .await;
    let body: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!((answer.status, &body["SecretString"]), (200, &json!("s3cr3t")));
    for (action, body, expected) in [
        ("DeleteSecret", get, "no statement allows it"),
        (
            "GetSecretValue",
            r#"{"SecretId":"other"}"#,
            "no statement allows it",
        ),
        (
            "GetSecretValue",
            r#"{"SecretId":"token","Extra":1}"#,
            "`Extra` is not supported",
        ),
        ("Nonsense", get, "Unknown operation"),
    ] {
        let answer = wire
            .control
            .call_in_role(call(&arn, "secretsmanager", action, body))
            .await;
        assert!(answer.status >= 400, "{action}: {}", answer.status);
        assert!(
            reason(&answer).contains(expected),
            "{action}: {}",
            reason(&answer)
        );
    }
    let answer = wire
        .control
        .call_in_role(call(&arn, "sts", "GetCallerIdentity", ""))
        .await;
    let body = std::str::from_utf8(&answer.body).unwrap();
    assert!(
        body.contains("arn:aws:sts::000000000000:assumed-role/worker/session"),
        "{body}"
    );
}

#[tokio::test]
async fn role_that_does_not_trust_the_service_is_not_taken_on() {
    let wire = Wire::new().await;
    let parts = wire.control.parts();
    let others = TRUST.replace("apigateway", "events");
    let arn = role(parts, &others, &allows("*", "*")).await;
    for (arn, expected) in [
        (arn.as_str(), "does not name the service"),
        ("arn:aws:iam::000000000000:role/nobody", "there is no such role"),
        (
            "arn:aws:iam::000000000000:role/team/worker",
            "there is no such role",
        ),
        ("arn:aws:iam::111122223333:role/worker", "of another account"),
        ("arn:aws:iam::000000000000:user/worker", "not a role's ARN"),
        ("worker", "not an ARN"),
    ] {
        let answer = wire
            .control
            .call_in_role(call(arn, "sts", "GetCallerIdentity", ""))
            .await;
        assert_eq!(answer.status, 403, "{arn}");
        assert!(reason(&answer).contains(expected), "{arn}: {}", reason(&answer));
    }
}

#[tokio::test]
async fn trust_may_be_tied_to_what_makes_the_service_act() {
    let wire = Wire::new().await;
    let parts = wire.control.parts();
    let tied = TRUST.replace(
        r#""Action""#,
        r#""Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:execute-api:*:*:abc/*"}},"Action""#,
    );
    let arn = role(
        parts,
        &tied,
        &allows("lambda:InvokeFunction", "arn:aws:lambda:*:*:function:f"),
    )
    .await;
    let mut call = call(&arn, "lambda", "Invoke", "");
    let on = |name: &str| Subject {
        arn: format!("arn:aws:lambda:us-east-1:000000000000:function:{name}"),
        context: Vec::new(),
    };
    let asked = roles::authorize(parts, &call.role_use(), "lambda:InvokeFunction", &on("f")).await;
    assert!(asked.unwrap().contains("allows lambda:InvokeFunction"));
    let other = roles::authorize(parts, &call.role_use(), "lambda:InvokeFunction", &on("g")).await;
    assert!(
        other
            .unwrap_err()
            .message
            .contains("assumed-role/worker/session is not authorized")
    );
    call.source_arn = "arn:aws:execute-api:us-east-1:000000000000:other/prod/GET/x".into();
    let refused = roles::authorize(parts, &call.role_use(), "lambda:InvokeFunction", &on("f")).await;
    assert_eq!(refused.unwrap_err().code, "AccessDeniedException");
    let refused = roles::assume(parts, &call.role_use()).await;
    assert!(refused.unwrap_err().message.contains("sts:AssumeRole"));
    call.source_arn = "arn:aws:execute-api:us-east-1:000000000000:abc/prod/GET/x".into();
    assert!(matches!(
        roles::assume(parts, &call.role_use()).await,
        Ok(Caller::Role { .. })
    ));
}

#[tokio::test]
async fn permission_on_a_role_is_asked_by_its_path() {
    let wire = Wire::new().await;
    let parts = wire.control.parts();
    let iam = |form: String| format!("Version=2010-05-08&{form}");
    wire.query(&wire.root, "iam", &iam("Action=CreateUser&UserName=dev".into()))
        .await;
    let policy = allows("iam:*Role*", "arn:aws:iam::000000000000:role/team/*");
    let put = format!("Action=PutUserPolicy&UserName=dev&PolicyName=p&PolicyDocument={policy}");
    wire.query(&wire.root, "iam", &iam(put)).await;
    let dev = key(parts, Some("dev")).await;
    let create = |path: &str, name: &str| {
        iam(format!(
            "Action=CreateRole&RoleName={name}&Path={path}&AssumeRolePolicyDocument={TRUST}"
        ))
    };
    assert_eq!(wire.query(&dev, "iam", &create("/team/", "mine")).await.0, 200);
    assert_eq!(wire.query(&dev, "iam", &create("/", "theirs")).await.0, 403);
    assert_eq!(wire.query(&wire.root, "iam", &create("/", "theirs")).await.0, 200);
    let get = |name: &str| iam(format!("Action=GetRole&RoleName={name}"));
    assert_eq!(wire.query(&dev, "iam", &get("mine")).await.0, 200);
    assert_eq!(wire.query(&dev, "iam", &get("theirs")).await.0, 403);
}
