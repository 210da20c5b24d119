//! Calls through the whole of control: who is refused in which words, and what is looked at first.

use portcullis_engines::sigv4::{Credentials, Options, SignableRequest, presign};
use portcullis_model::SecretText;
use serde_json::json;

use super::*;
use crate::test_wire::{Wire, foreign_key, form, json as answered, plain, sign, target, text};

const WHO: &str = "Action=GetCallerIdentity&Version=2011-06-15";

fn code(xml: &str) -> &str {
    let start = xml.find("<Code>").map_or(0, |at| at + 6);
    xml.get(start..)
        .and_then(|rest| rest.split('<').next())
        .unwrap_or_default()
}

fn with_secret(credentials: &Credentials, secret: &str) -> Credentials {
    Credentials {
        secret_access_key: SecretText::new(secret.into()),
        ..credentials.clone()
    }
}

#[tokio::test]
async fn refusals_carry_the_names_of_the_json_protocols() {
    let wire = Wire::new().await;
    let (root, now) = (&wire.root, wire.now());
    let wrong = with_secret(root, "wrong");
    let pools = || target("ListUserPools", &json!({"MaxResults": 1}));
    let apis = || plain("GET", "/restapis", "");
    let token = Credentials {
        session_token: Some("t".into()),
        ..root.clone()
    };
    let cases = [
        ("unsigned", pools(), 400, "MissingAuthenticationTokenException"),
        ("unsigned", apis(), 403, "MissingAuthenticationTokenException"),
        (
            "wrong secret",
            sign(pools(), &wrong, "cognito-idp", now),
            400,
            "InvalidSignatureException",
        ),
        (
            "wrong secret",
            sign(apis(), &wrong, "apigateway", now),
            403,
            "InvalidSignatureException",
        ),
        (
            "old",
            sign(pools(), root, "cognito-idp", now.plus_seconds(-301)),
            400,
            "InvalidSignatureException",
        ),
        (
            "early",
            sign(pools(), root, "cognito-idp", now.plus_seconds(302)),
            400,
            "InvalidSignatureException",
        ),
        (
            "unknown key",
            sign(pools(), &foreign_key(), "cognito-idp", now),
            400,
            "UnrecognizedClientException",
        ),
        (
            "unknown key",
            sign(apis(), &foreign_key(), "apigateway", now),
            403,
            "UnrecognizedClientException",
        ),
        (
            "session token",
            sign(pools(), &token, "cognito-idp", now),
            400,
            "UnrecognizedClientException",
        ),
        (
            "other service",
            sign(pools(), root, "iam", now),
            400,
            "InvalidSignatureException",
        ),
    ];
    for (what, request, status, name) in cases {
        let refused = answered(&wire.control.handle(request).await).unwrap_err();
        assert_eq!((refused.0, refused.1.as_str()), (status, name), "{what}");
    }
}

#[tokio::test]
async fn refusals_carry_the_names_of_the_query_protocol() {
    let wire = Wire::new().await;
    let (root, now) = (&wire.root, wire.now());
    let wrong = with_secret(root, "wrong");
    let query = [
        ("unsigned", form(WHO), "MissingAuthenticationToken"),
        (
            "wrong secret",
            sign(form(WHO), &wrong, "sts", now),
            "SignatureDoesNotMatch",
        ),
        (
            "unknown key",
            sign(form(WHO), &foreign_key(), "sts", now),
            "InvalidClientTokenId",
        ),
        (
            "old",
            sign(form(WHO), root, "sts", now.plus_seconds(-301)),
            "SignatureDoesNotMatch",
        ),
    ];
    for (what, request, name) in query {
        let (status, xml) = text(&wire.control.handle(request).await);
        assert_eq!((status, code(&xml)), (403, name), "{what}");
    }
}

#[tokio::test]
async fn the_signature_is_checked_before_the_operation_is_looked_up() {
    let wire = Wire::new().await;
    let now = wire.now();
    let wrong = with_secret(&wire.root, "wrong");
    let unknown = || target("Frobnicate", &json!({}));
    let cases = [
        (unknown(), "MissingAuthenticationTokenException"),
        (
            sign(unknown(), &wrong, "cognito-idp", now),
            "InvalidSignatureException",
        ),
        (
            sign(unknown(), &wire.root, "cognito-idp", now),
            "UnknownOperationException",
        ),
        (
            sign(plain("GET", "/nowhere", ""), &wrong, "apigateway", now),
            "InvalidSignatureException",
        ),
        (
            sign(plain("GET", "/nowhere", ""), &wire.root, "apigateway", now),
            "UnknownOperationException",
        ),
        (
            sign(plain("GET", "/bucket", ""), &wire.root, "s3", now),
            "UnknownOperationException",
        ),
    ];
    for (request, name) in cases {
        assert_eq!(answered(&wire.control.handle(request).await).unwrap_err().1, name);
    }
    let unknown = "Action=Frobnicate&Version=2010-05-08";
    let (status, xml) = text(&wire.control.handle(sign(form(unknown), &wrong, "iam", now)).await);
    assert_eq!((status, code(&xml)), (403, "SignatureDoesNotMatch"));
    let (status, xml) = wire.query(&wire.root, "iam", unknown).await;
    assert_eq!((status, code(&xml)), (400, "InvalidAction"));
}

#[tokio::test]
async fn a_changed_body_target_or_path_is_refused() {
    let wire = Wire::new().await;
    let signed = sign(
        target("ListUserPools", &json!({"MaxResults": 1})),
        &wire.root,
        "cognito-idp",
        wire.now(),
    );
    let mut body = signed.clone();
    body.body = r#"{"MaxResults":2}"#.into();
    let mut operation = signed.clone();
    operation
        .headers
        .set("X-Amz-Target", "AWSCognitoIdentityProviderService.DeleteUserPool");
    let mut path = signed.clone();
    path.path = "/x".into();
    for request in [body, operation, path] {
        let refused = answered(&wire.control.handle(request).await).unwrap_err();
        assert_eq!(refused.1, "InvalidSignatureException");
    }
    assert!(answered(&wire.control.handle(signed).await).is_ok());
}

#[tokio::test]
async fn a_presigned_call_works_until_it_expires() {
    let wire = Wire::new().await;
    let mut request = plain("GET", "/", "");
    request.query = WHO.into();
    let signable = SignableRequest {
        method: "GET",
        path: "/",
        query: WHO,
        headers: &request.headers,
    };
    let presigned = |now| {
        let options = Options::default();
        presign(&signable, &wire.root, "us-east-1", "sts", now, 60, b"", &options).unwrap()
    };
    let call = |query| AdminRequest {
        query,
        ..request.clone()
    };
    let (status, xml) = text(&wire.control.handle(call(presigned(wire.now()))).await);
    assert_eq!(status, 200, "{xml}");
    assert!(xml.contains("<Arn>arn:aws:iam::000000000000:root</Arn>"), "{xml}");
    let late = presigned(wire.now().plus_seconds(-61));
    let (status, xml) = text(&wire.control.handle(call(late)).await);
    assert_eq!((status, code(&xml)), (403, "RequestExpired"));
}

#[tokio::test]
async fn a_user_may_what_the_policies_say_and_nothing_else() {
    let wire = Wire::new().await;
    let policy = r#"{"Version":"2012-10-17","Statement":[
        {"Effect":"Allow","Action":"cognito-idp:ListUserPools","Resource":"*"},
        {"Effect":"Allow","Action":"apigateway:GET","Resource":"*","Condition":{"IpAddress":{"aws:SourceIp":"10.0.0.0/8"}}},
        {"Effect":"Allow","Action":"iam:*","Resource":"arn:aws:iam::000000000000:user/${aws:username}"},
        {"Effect":"Deny","Action":"iam:DeleteUser","Resource":"*"}]}"#;
    let dev = wire.user("dev", policy).await;
    let now = wire.now();
    let call = |operation, input| sign(target(operation, &input), &dev, "cognito-idp", now);
    let allowed = call("ListUserPools", json!({"MaxResults": 1}));
    assert!(answered(&wire.control.handle(allowed).await).is_ok());
    let refused = call("CreateUserPool", json!({"PoolName": "p"}));
    let refused = answered(&wire.control.handle(refused).await).unwrap_err();
    assert_eq!(refused.1, "AccessDeniedException");
    assert_eq!(
        refused.2,
        "User: arn:aws:iam::000000000000:user/dev is not authorized to perform: cognito-idp:CreateUserPool on resource: *"
    );
    let elsewhere = sign(plain("GET", "/restapis", ""), &dev, "apigateway", now);
    assert_eq!(
        answered(&wire.control.handle(elsewhere).await).unwrap_err().1,
        "AccessDeniedException"
    );
    let (status, xml) = wire
        .query(&dev, "iam", "Action=DeleteUser&Version=2010-05-08&UserName=dev")
        .await;
    assert_eq!((status, code(&xml)), (403, "AccessDenied"));
    let (status, xml) = wire.query(&dev, "sts", WHO).await;
    assert!(status == 200 && xml.contains("user/dev"), "{xml}");
}

#[tokio::test]
async fn a_deny_on_a_user_holds_however_the_user_is_named() {
    let wire = Wire::new().await;
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:*","Resource":"*"},
        {"Effect":"Deny","Action":"iam:CreateAccessKey","Resource":"arn:aws:iam::000000000000:user/dev"}]}"#;
    let dev = wire.user("dev", policy).await;
    for name in ["&UserName=dev", "", "&UserName.member.1=dev"] {
        let form = format!("Action=CreateAccessKey&Version=2010-05-08{name}");
        let (status, xml) = wire.query(&dev, "iam", &form).await;
        assert_eq!((status, code(&xml)), (403, "AccessDenied"), "{name}");
    }
    let other_case = "Action=CreateAccessKey&Version=2010-05-08&UserName=DEV";
    assert_eq!(wire.query(&dev, "iam", other_case).await.0, 404);
    for form in [
        "UserName=DEV",
        "UserName=x&Path=team",
        &format!("UserName={}", "x".repeat(65)),
    ] {
        let form = format!("Action=CreateUser&Version=2010-05-08&{form}");
        assert_ne!(wire.query(&dev, "iam", &form).await.0, 200, "{form}");
    }
}

#[tokio::test]
async fn a_key_that_is_inactive_or_deleted_is_refused_at_once() {
    let wire = Wire::new().await;
    let dev = wire
        .user("dev", r#"{"Version":"2012-10-17","Statement":[]}"#)
        .await;
    let id = &dev.access_key_id;
    let iam = async |form: String| {
        let (status, xml) = wire
            .query(
                &wire.root,
                "iam",
                &format!("{form}&Version=2010-05-08&UserName=dev"),
            )
            .await;
        (status, code(&xml).to_owned())
    };
    let who = async || {
        let (status, xml) = wire.query(&dev, "sts", WHO).await;
        (status, code(&xml).to_owned())
    };
    assert_eq!(who().await.0, 200);
    assert_eq!(
        iam(format!("Action=UpdateAccessKey&AccessKeyId={id}&Status=Inactive"))
            .await
            .0,
        200
    );
    assert_eq!(who().await.1, "InvalidClientTokenId");
    assert_eq!(
        iam(format!("Action=UpdateAccessKey&AccessKeyId={id}&Status=Active"))
            .await
            .0,
        200
    );
    assert_eq!(who().await.0, 200);
    assert_eq!(
        iam("Action=DeleteUser".into()).await,
        (409, "DeleteConflict".into())
    );
    assert_eq!(iam("Action=DeleteUserPolicy&PolicyName=p".into()).await.0, 200);
    assert_eq!(
        iam("Action=DeleteUser".into()).await,
        (409, "DeleteConflict".into())
    );
    assert_eq!(
        iam(format!("Action=DeleteAccessKey&AccessKeyId={id}")).await.0,
        200
    );
    assert_eq!(who().await.1, "InvalidClientTokenId");
    assert_eq!(iam("Action=DeleteUser".into()).await.0, 200);
    assert_eq!(iam("Action=GetUser".into()).await, (404, "NoSuchEntity".into()));
}

#[tokio::test]
async fn the_public_listener_serves_the_unsigned_operations_only() {
    let wire = Wire::new().await;
    let public = |request: AdminRequest| AdminRequest {
        listener: AdminListener::Public,
        ..request
    };
    let signed = sign(
        target("ListUserPools", &json!({"MaxResults": 1})),
        &wire.root,
        "cognito-idp",
        wire.now(),
    );
    let refused = answered(&wire.control.handle(public(signed)).await).unwrap_err();
    assert_eq!(refused.1, "UnknownOperationException");
    let unsigned = target(
        "InitiateAuth",
        &json!({"ClientId": "c", "AuthFlow": "USER_PASSWORD_AUTH"}),
    );
    let refused = answered(&wire.control.handle(public(unsigned)).await).unwrap_err();
    assert_eq!(refused.1, "ResourceNotFoundException");
}

#[tokio::test]
async fn an_unsigned_operation_that_is_not_here_yet_is_unknown() {
    let wire = Wire::new().await;
    let request = target("ListDevices", &json!({"AccessToken": "a"}));
    let refused = answered(&wire.control.handle(request).await).unwrap_err();
    assert_eq!(refused.1, "UnknownOperationException");
    for name in services::cognito_idp::UNSIGNED_NOT_YET {
        assert!(
            services::cognito_idp::SERVICE.operation(name).is_none(),
            "{name} is here now"
        );
    }
}

#[tokio::test]
async fn a_stranger_sends_no_more_than_strangers_may() {
    let wire = Wire::new().await;
    let mut request = target("SignUp", &json!({}));
    request.body = vec![b' '; UNSIGNED_BODY_BYTES_MAX + 1].into();
    assert_eq!(wire.control.handle(request).await.status, 413);
}

#[tokio::test]
async fn a_member_that_is_not_acted_on_is_refused_by_name() {
    let wire = Wire::new().await;
    let refused = wire
        .cognito("CreateUserPool", json!({"PoolName": "p", "LambdaConfig": {}}))
        .await;
    let (status, name, message) = refused.unwrap_err();
    assert_eq!((status, name.as_str()), (400, "InvalidParameterException"));
    assert!(message.contains("`LambdaConfig`"), "{message}");
}

#[tokio::test]
async fn browsers_may_call_what_is_open_to_everybody() {
    let wire = Wire::new().await;
    let mut request = plain("OPTIONS", "/", "");
    request.headers.push("Origin", "https://app.example");
    request.headers.push("Access-Control-Request-Method", "POST");
    let answer = wire.control.handle(request).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.headers.text("access-control-allow-origin"), Some("*"));
    assert!(
        answer
            .headers
            .text("access-control-allow-headers")
            .unwrap()
            .contains("x-amz-target")
    );
}

#[tokio::test]
async fn a_refusal_names_its_cause_in_the_trail_and_no_secret() {
    let wire = Wire::new().await;
    let wrong = with_secret(&wire.root, "wrong");
    let request = sign(
        target("ListUserPools", &json!({"MaxResults": 1})),
        &wrong,
        "cognito-idp",
        wire.now(),
    );
    let answer = wire.control.handle(request).await;
    let [step] = answer.steps.as_slice() else {
        panic!("{:?}", answer.steps)
    };
    assert_eq!(
        (step.layer.as_ref(), step.outcome),
        ("admission", Outcome::Refuse)
    );
    assert!(
        step.reason.contains("InvalidSignatureException"),
        "{}",
        step.reason
    );
    assert!(!step.reason.contains(wire.root.secret_access_key.expose()));
}

#[test]
fn every_operation_is_listed_once_and_its_members_too() {
    for service in services::ALL {
        for (index, operation) in service.operations.iter().enumerate() {
            let others = service.operations.get(index + 1..).unwrap_or_default();
            assert!(
                others.iter().all(|other| other.name != operation.name),
                "{}",
                operation.name
            );
            assert_eq!(
                matches!(service.protocol, Protocol::RestJson | Protocol::RestXml { .. }),
                operation.route.is_some(),
                "{}",
                operation.name
            );
            if let Access::Signed { action, .. }
            | Access::SignedOnFound { action, .. }
            | Access::SignedByBoth { action } = operation.access
            {
                assert!(action.starts_with(&format!("{}:", service.name)), "{action}");
            }
        }
    }
}
