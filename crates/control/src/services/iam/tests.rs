//! Roles: made, read and deleted by signed calls, and services that act in their name.

use std::collections::BTreeMap;

use bytes::Bytes;
use portcullis_model::RequestId;
use serde_json::{Value, json};

use super::{entities::Entities, roles::NewRole};
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
    let roles = Entities {
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
    roles.create_role(new).await.unwrap().arn("000000000000")
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

/// A control, and calls of IAM with the account's key.
async fn iam(wire: &Wire, form: &str) -> (u16, String) {
    wire.query(&wire.root, "iam", &format!("Version=2010-05-08&{form}"))
        .await
}

async fn done(wire: &Wire, form: &str) -> String {
    let (status, answer) = iam(wire, form).await;
    assert_eq!(status, 200, "{form}: {answer}");
    answer
}

async fn refused(wire: &Wire, form: &str, code: &str) {
    let (status, answer) = iam(wire, form).await;
    assert!(
        status >= 400 && answer.contains(&format!("<Code>{code}</Code>")),
        "{form}: {answer}"
    );
}

fn denies(action: &str) -> String {
    allows(action, "*").replace("Allow", "Deny")
}

const LIST: &str = "Action=ListUsers&Version=2010-05-08";

#[allow(clippy::too_many_lines, reason = "one story of one user, told in its order")]
#[tokio::test]
async fn users_may_what_their_groups_and_attached_policies_allow() {
    let wire = Wire::new().await;
    done(&wire, "Action=CreateUser&UserName=dev&Path=/team/").await;
    let dev = key(wire.control.parts(), Some("dev")).await;
    let may = async || wire.query(&dev, "iam", LIST).await.0 == 200;
    assert!(!may().await);
    let form = format!(
        "Action=CreatePolicy&PolicyName=list&PolicyDocument={}",
        allows("iam:ListUsers", "*")
    );
    let made = done(&wire, &form).await;
    assert!(
        made.contains("<Arn>arn:aws:iam::000000000000:policy/list</Arn>"),
        "{made}"
    );
    let arn = "arn:aws:iam::000000000000:policy/list";
    done(
        &wire,
        &format!("Action=AttachUserPolicy&UserName=dev&PolicyArn={arn}"),
    )
    .await;
    assert!(may().await);
    let listed = done(&wire, "Action=ListAttachedUserPolicies&UserName=dev").await;
    assert!(listed.contains(arn), "{listed}");
    done(
        &wire,
        &format!("Action=DetachUserPolicy&UserName=dev&PolicyArn={arn}"),
    )
    .await;
    assert!(!may().await);
    done(&wire, "Action=CreateGroup&GroupName=readers").await;
    done(&wire, "Action=AddUserToGroup&GroupName=readers&UserName=dev").await;
    assert!(!may().await);
    done(
        &wire,
        &format!("Action=AttachGroupPolicy&GroupName=readers&PolicyArn={arn}"),
    )
    .await;
    assert!(may().await);
    let group = done(&wire, "Action=GetGroup&GroupName=readers").await;
    assert!(group.contains("<UserName>dev</UserName>"), "{group}");
    // A denial in the group wins over everything.
    let put = format!(
        "Action=PutGroupPolicy&GroupName=readers&PolicyName=no&PolicyDocument={}",
        denies("iam:ListUsers")
    );
    done(&wire, &put).await;
    done(
        &wire,
        "Action=AttachUserPolicy&UserName=dev&PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess",
    )
    .await;
    assert!(!may().await);
    done(&wire, "Action=DeleteGroupPolicy&GroupName=readers&PolicyName=no").await;
    assert!(may().await);
    for (form, code) in [
        ("Action=DeleteGroup&GroupName=readers", "DeleteConflict"),
        ("Action=DeleteUser&UserName=dev", "DeleteConflict"),
        (
            "Action=DeletePolicy&PolicyArn=arn:aws:iam::000000000000:policy/list",
            "DeleteConflict",
        ),
        (
            "Action=AttachUserPolicy&UserName=dev&PolicyArn=arn:aws:iam::aws:policy/ReadOnlyAccess",
            "NoSuchEntity",
        ),
        (
            "Action=AttachUserPolicy&UserName=dev&PolicyArn=arn:aws:iam::111122223333:policy/list",
            "NoSuchEntity",
        ),
        (
            "Action=AttachUserPolicy&UserName=dev&PolicyArn=arn:aws:iam::000000000000:policy/x/list",
            "NoSuchEntity",
        ),
        (
            "Action=AddUserToGroup&GroupName=none&UserName=dev",
            "NoSuchEntity",
        ),
        ("Action=CreateGroup&GroupName=READERS", "EntityAlreadyExists"),
        (
            "Action=CreatePolicyVersion&PolicyArn=arn:aws:iam::aws:policy/AdministratorAccess",
            "AccessDenied",
        ),
    ] {
        refused(&wire, form, code).await;
    }
    done(&wire, "Action=RemoveUserFromGroup&GroupName=readers&UserName=dev").await;
    done(
        &wire,
        &format!("Action=DetachGroupPolicy&GroupName=readers&PolicyArn={arn}"),
    )
    .await;
    done(&wire, "Action=DeleteGroup&GroupName=readers").await;
    done(&wire, &format!("Action=DeletePolicy&PolicyArn={arn}")).await;
}

#[tokio::test]
async fn the_default_version_of_a_policy_holds() {
    let wire = Wire::new().await;
    done(&wire, "Action=CreateUser&UserName=dev").await;
    let dev = key(wire.control.parts(), Some("dev")).await;
    let may = async || wire.query(&dev, "iam", LIST).await.0 == 200;
    let arn = "arn:aws:iam::000000000000:policy/p";
    let list = allows("iam:ListUsers", "*");
    done(
        &wire,
        &format!("Action=CreatePolicy&PolicyName=p&PolicyDocument={list}"),
    )
    .await;
    done(
        &wire,
        &format!("Action=AttachUserPolicy&UserName=dev&PolicyArn={arn}"),
    )
    .await;
    assert!(may().await);
    let version = |more: &str| {
        format!(
            "Action=CreatePolicyVersion&PolicyArn={arn}&PolicyDocument={}{more}",
            denies("iam:ListUsers")
        )
    };
    done(&wire, &version("")).await;
    assert!(may().await);
    done(
        &wire,
        &format!("Action=SetDefaultPolicyVersion&PolicyArn={arn}&VersionId=v2"),
    )
    .await;
    assert!(!may().await);
    refused(
        &wire,
        &format!("Action=DeletePolicyVersion&PolicyArn={arn}&VersionId=v2"),
        "DeleteConflict",
    )
    .await;
    done(
        &wire,
        &format!("Action=SetDefaultPolicyVersion&PolicyArn={arn}&VersionId=v1"),
    )
    .await;
    assert!(may().await);
    done(&wire, &version("&SetAsDefault=true")).await;
    assert!(!may().await);
    done(&wire, &version("")).await;
    done(&wire, &version("")).await;
    refused(&wire, &version(""), "LimitExceeded").await;
    done(
        &wire,
        &format!("Action=DeletePolicyVersion&PolicyArn={arn}&VersionId=v2"),
    )
    .await;
    // A number is never given twice.
    assert!(
        done(&wire, &version(""))
            .await
            .contains("<VersionId>v6</VersionId>")
    );
    let shown = done(
        &wire,
        &format!("Action=GetPolicyVersion&PolicyArn={arn}&VersionId=v1"),
    )
    .await;
    assert!(shown.contains("iam%3AListUsers"), "{shown}");
    refused(
        &wire,
        &format!("Action=GetPolicyVersion&PolicyArn={arn}&VersionId=v2"),
        "NoSuchEntity",
    )
    .await;
}

#[tokio::test]
async fn nothing_is_allowed_beyond_a_boundary() {
    let wire = Wire::new().await;
    let made = format!(
        "Action=CreatePolicy&PolicyName=edge&PolicyDocument={}",
        allows("iam:List*", "*")
    );
    done(&wire, &made).await;
    let arn = "arn:aws:iam::000000000000:policy/edge";
    done(
        &wire,
        &format!("Action=CreateUser&UserName=dev&PermissionsBoundary={arn}"),
    )
    .await;
    let dev = key(wire.control.parts(), Some("dev")).await;
    let status = async |form: &str| wire.query(&dev, "iam", form).await.0;
    assert_eq!(status(LIST).await, 403, "a boundary allows nothing by itself");
    let put = format!(
        "Action=PutUserPolicy&UserName=dev&PolicyName=p&PolicyDocument={}",
        allows("*", "*")
    );
    done(&wire, &put).await;
    assert_eq!(status(LIST).await, 200);
    assert_eq!(status("Action=GetUser&Version=2010-05-08").await, 403);
    refused(
        &wire,
        &format!("Action=DeletePolicy&PolicyArn={arn}"),
        "DeleteConflict",
    )
    .await;
    let own = "Action=DeleteUserPermissionsBoundary&UserName=dev";
    assert_eq!(status(own).await, 403, "nobody leaves his boundary by himself");
    done(&wire, own).await;
    assert_eq!(status("Action=GetUser&Version=2010-05-08").await, 200);
}

#[tokio::test]
async fn what_may_be_attached_can_be_limited_by_condition() {
    let wire = Wire::new().await;
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"iam:Attach*Policy","Resource":"*","Condition":{"ArnEquals":{"iam:PolicyARN":"arn:aws:iam::aws:policy/IAMReadOnlyAccess"}}}}"#;
    let dev = wire.user("dev", policy).await;
    let attach =
        |name: &str| format!("Action=AttachUserPolicy&UserName=dev&PolicyArn=arn:aws:iam::aws:policy/{name}");
    assert_eq!(
        wire.query(&dev, "iam", &attach("AdministratorAccess")).await.0,
        403
    );
    assert_eq!(wire.query(&dev, "iam", &attach("IAMReadOnlyAccess")).await.0, 200);
}
