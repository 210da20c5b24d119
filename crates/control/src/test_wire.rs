//! Calls as clients make them, for tests: signed or not, over [`Control::handle`], answers taken apart.

use std::net::{IpAddr, Ipv4Addr};

use bytes::Bytes;
use portcullis_engines::sigv4::{self, Credentials, Options, SignableRequest};
use portcullis_model::{HeaderList, SecretText, Timestamp};
use serde_json::Value;

use crate::{
    AdminListener, AdminRequest, AdminResponse, Control, ControlParts, credentials,
    test_control::{memory, parts_over, scope},
};

/// A control with the account's key.
pub(crate) struct Wire {
    pub(crate) control: Control,
    pub(crate) root: Credentials,
}

impl Wire {
    /// Returns a fresh one.
    pub(crate) async fn new() -> Self {
        let parts = parts_over(memory());
        let root = key(&parts, None).await;
        Self {
            control: Control::new(parts),
            root,
        }
    }

    /// Calls an operation of `cognito-idp` with the account's key.
    pub(crate) async fn cognito(
        &self,
        operation: &str,
        input: Value,
    ) -> Result<Value, (u16, String, String)> {
        let request = sign(target(operation, &input), &self.root, "cognito-idp", self.now());
        json(&self.control.handle(request).await)
    }

    /// Calls an operation of `cognito-idp` unsigned.
    pub(crate) async fn unsigned(
        &self,
        operation: &str,
        input: Value,
    ) -> Result<Value, (u16, String, String)> {
        json(&self.control.handle(target(operation, &input)).await)
    }

    /// Calls an operation of `secretsmanager` and returns the steps of its trail too.
    pub(crate) async fn secrets(
        &self,
        credentials: &Credentials,
        operation: &str,
        input: &Value,
    ) -> (Result<Value, (u16, String, String)>, String) {
        let mut request = plain("POST", "/", &input.to_string());
        request
            .headers
            .push("X-Amz-Target", format!("secretsmanager.{operation}"));
        request.headers.push("Content-Type", "application/x-amz-json-1.1");
        let request = sign(request, credentials, "secretsmanager", self.now());
        let answer = self.control.handle(request).await;
        (json(&answer), format!("{:?}", answer.steps))
    }

    /// Calls an operation of a JSON 1.1 service by its target.
    pub(crate) async fn json_call(
        &self,
        credentials: &Credentials,
        service: &str,
        target: &str,
        input: &Value,
    ) -> Result<Value, (u16, String, String)> {
        let mut request = plain("POST", "/", &input.to_string());
        request.headers.push("X-Amz-Target", target);
        request.headers.push("Content-Type", "application/x-amz-json-1.1");
        let request = sign(request, credentials, service, self.now());
        json(&self.control.handle(request).await)
    }

    /// Calls an operation of the Query protocol.
    pub(crate) async fn query(&self, credentials: &Credentials, service: &str, form: &str) -> (u16, String) {
        let request = sign(self::form(form), credentials, service, self.now());
        text(&self.control.handle(request).await)
    }

    /// Makes a user who may what `policy` says, and returns a key of his.
    pub(crate) async fn user(&self, name: &str, policy: &str) -> Credentials {
        let policy = policy.replace('%', "%25").replace('&', "%26").replace('+', "%2B");
        for form in [
            format!("Action=CreateUser&Version=2010-05-08&UserName={name}"),
            format!(
                "Action=PutUserPolicy&Version=2010-05-08&UserName={name}&PolicyName=p&PolicyDocument={policy}"
            ),
        ] {
            let (status, answer) = self.query(&self.root, "iam", &form).await;
            assert_eq!(status, 200, "{answer}");
        }
        key(self.control.parts(), Some(name)).await
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.control.parts().clock.now()
    }
}

/// Makes a key of a user, or of the account.
pub(crate) async fn key(parts: &ControlParts, user_name: Option<&str>) -> Credentials {
    let scope = scope();
    let made = credentials::create(
        parts.store.as_ref(),
        &parts.vault,
        parts.clock.as_ref(),
        parts.entropy.as_ref(),
        &scope,
        user_name,
    );
    let made = made.await.unwrap();
    Credentials {
        access_key_id: made.record.access_key_id.to_string(),
        secret_access_key: made.secret,
        session_token: None,
    }
}

/// Returns a key that nobody made.
pub(crate) fn foreign_key() -> Credentials {
    Credentials {
        access_key_id: "AKIAFOREIGNFOREIGN22".into(),
        secret_access_key: SecretText::new("secret".into()),
        session_token: None,
    }
}

/// Returns a call by method and path.
pub(crate) fn plain(method: &str, path: &str, body: &str) -> AdminRequest {
    AdminRequest {
        listener: AdminListener::Admin,
        source: IpAddr::V4(Ipv4Addr::LOCALHOST),
        secure: false,
        method: method.into(),
        path: path.into(),
        query: String::new(),
        headers: [("Host", "127.0.0.1:4566")].into_iter().collect::<HeaderList>(),
        body: Bytes::from(body.to_owned()),
    }
}

/// Returns a call of an operation of `cognito-idp`.
pub(crate) fn target(operation: &str, input: &Value) -> AdminRequest {
    let mut request = plain("POST", "/", &input.to_string());
    let target = format!("AWSCognitoIdentityProviderService.{operation}");
    request.headers.push("X-Amz-Target", target);
    request.headers.push("Content-Type", "application/x-amz-json-1.1");
    request
}

/// Returns a call in a form.
pub(crate) fn form(form: &str) -> AdminRequest {
    let mut request = plain("POST", "/", form);
    let kind = "application/x-www-form-urlencoded; charset=utf-8";
    request.headers.push("Content-Type", kind);
    request
}

/// Signs a call.
pub(crate) fn sign(
    mut request: AdminRequest,
    credentials: &Credentials,
    service: &str,
    now: Timestamp,
) -> AdminRequest {
    let signable = SignableRequest {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: &request.headers,
    };
    let (body, options) = (&request.body, Options::default());
    let added = sigv4::sign(&signable, credentials, "us-east-1", service, now, body, &options).unwrap();
    for (name, value) in added {
        request.headers.push(name, value);
    }
    request
}

/// Returns an answer of JSON, or its status, error name and message.
pub(crate) fn json(answer: &AdminResponse) -> Result<Value, (u16, String, String)> {
    assert!(answer.headers.get("x-amzn-requestid").is_some());
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if answer.status < 300 {
        return Ok(body);
    }
    let name = answer.headers.text("x-amzn-errortype").unwrap_or_default();
    let message = body["message"].as_str().unwrap_or_default();
    Err((answer.status, name.to_owned(), message.to_owned()))
}

/// Returns an answer as text.
pub(crate) fn text(answer: &AdminResponse) -> (u16, String) {
    let body = std::str::from_utf8(&answer.body).unwrap();
    (answer.status, body.to_owned())
}
