//! Every operation of every service, and what becomes of a call of it by nobody, by wrong keys, by a user who may do everything
//! but this, and by a user who may do this and nothing else. What they get stands in `crates/control/iam-matrix.txt`.

use std::{env, fmt::Write as _, fs, path::PathBuf};

use portcullis_engines::sigv4::Credentials;
use portcullis_model::{SecretText, trail::Outcome};
use serde_json::{Value, json};

use crate::{
    AdminRequest,
    operation::{Access, Operation, Protocol, Service},
    services,
    test_wire::{Wire, foreign_key, key, plain, sign},
};

const HEAD: &str = "\
# Who may call what: every operation x (nobody, a wrong key, a key with every permission but this one, a key with this one alone).
# `admitted` is admitted by admission; what the operation then says of its input is not told here. `-` wants no permission.
# Written by: UPDATE_IAM_MATRIX=1 cargo test -p portcullis-control --lib matrix
# service operation | permission | anonymous | wrong key | without permission | with permission
";
const HOW: &str = "\
the operations and `crates/control/iam-matrix.txt` differ. Is the difference what you want? Then write the file anew with
`UPDATE_IAM_MATRIX=1 cargo test -p portcullis-control --lib matrix`, read its difference, and commit it with the operation";

#[tokio::test]
async fn matrix_of_operations_and_callers_is_the_committed_one() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("iam-matrix.txt");
    let matrix = matrix().await;
    if env::var_os("UPDATE_IAM_MATRIX").is_some() {
        fs::write(&path, &matrix).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    let missing: Vec<&str> = lines_not_in(&matrix, &committed);
    let left_over: Vec<&str> = lines_not_in(&committed, &matrix);
    assert!(
        matrix == committed,
        "{HOW}\nnot in the file: {missing:#?}\nonly in the file: {left_over:#?}"
    );
}

fn lines_not_in<'a>(these: &'a str, those: &str) -> Vec<&'a str> {
    these
        .lines()
        .filter(|line| those.lines().all(|other| other != *line))
        .collect()
}

/// A role that trusts its account.
const ROLE: &str = "arn:aws:iam::000000000000:role/trusting";

async fn matrix() -> String {
    let wire = Wire::new().await;
    let trust =
        r#"{"Statement":{"Effect":"Allow","Principal":{"AWS":"000000000000"},"Action":"sts:AssumeRole"}}"#;
    let form = format!("Action=CreateRole&RoleName=trusting&AssumeRolePolicyDocument={trust}");
    assert_eq!(wire.query(&wire.root, "iam", &form).await.0, 200);
    let callers = Callers {
        may: user(&wire, "may").await,
        may_not: user(&wire, "may-not").await,
        wire,
    };
    let mut lines = Vec::new();
    for service in services::ALL {
        for operation in service.operations {
            lines.push(callers.line(service, operation).await);
        }
    }
    // By name, so that two operations that are added beside each other seldom meet in one place.
    lines.sort();
    lines.iter().fold(HEAD.to_owned(), |mut text, line| {
        let _ = writeln!(text, "{line}");
        text
    })
}

async fn user(wire: &Wire, name: &str) -> Credentials {
    let form = format!("Action=CreateUser&Version=2010-05-08&UserName={name}");
    assert_eq!(wire.query(&wire.root, "iam", &form).await.0, 200);
    key(wire.control.parts(), Some(name)).await
}

struct Callers {
    wire: Wire,
    may: Credentials,
    may_not: Credentials,
}

impl Callers {
    async fn line(&self, service: &Service, operation: &Operation) -> String {
        let action = match operation.access {
            Access::Unsigned | Access::AnySigned => None,
            Access::Signed { action, .. }
            | Access::SignedOnFound { action, .. }
            | Access::SignedByBoth { action } => Some(action),
        };
        let (may, may_not) = match action {
            Some(action) => (("Allow", "Action", action), ("Allow", "NotAction", action)),
            None => (("Deny", "Action", "*"), ("Deny", "Action", "*")),
        };
        self.put("may", may).await;
        self.put("may-not", may_not).await;
        let wrong = Credentials {
            secret_access_key: SecretText::new("wrong".into()),
            ..self.may.clone()
        };
        let unknown = self.outcome(service, operation, Some(&foreign_key())).await;
        let wrong = self.outcome(service, operation, Some(&wrong)).await;
        format!(
            "{} {} | {} | {} | {unknown}, {wrong} | {} | {}",
            service.name,
            operation.name,
            action.unwrap_or("-"),
            self.outcome(service, operation, None).await,
            self.outcome(service, operation, Some(&self.may_not)).await,
            self.outcome(service, operation, Some(&self.may)).await,
        )
    }

    async fn put(&self, user: &str, (effect, element, action): (&str, &str, &str)) {
        let statement = json!({ "Effect": effect, element: action, "Resource": "*" });
        let policy = json!({ "Version": "2012-10-17", "Statement": statement });
        let form = format!(
            "Action=PutUserPolicy&Version=2010-05-08&UserName={user}&PolicyName=p&PolicyDocument={policy}"
        );
        let (status, answer) = self.wire.query(&self.wire.root, "iam", &form).await;
        assert_eq!(status, 200, "{answer}");
    }

    /// `admitted`, or the status and the name of the error.
    async fn outcome(
        &self,
        service: &Service,
        operation: &Operation,
        credentials: Option<&Credentials>,
    ) -> String {
        let request = request(service, operation);
        let request = match credentials {
            Some(credentials) => sign(request, credentials, service.name, self.wire.now()),
            None => request,
        };
        let answer = self.wire.control.handle(request).await;
        let step = answer.steps.first().unwrap();
        assert_eq!(step.layer, "admission", "{}", operation.name);
        let then = answer.steps.last().unwrap();
        // Where the operation itself weighs both sides, its word counts.
        let is_weighed = matches!(operation.access, Access::SignedByBoth { .. });
        if step.outcome == Outcome::Continue && (!is_weighed || then.outcome == Outcome::Continue) {
            assert_eq!(then.layer, "operation", "{}", operation.name);
            assert!(
                then.reason.starts_with(operation.name),
                "{}: {}",
                operation.name,
                then.reason
            );
            return "admitted".into();
        }
        let body = String::from_utf8_lossy(&answer.body);
        let name = match service.protocol {
            Protocol::Json11 { .. } | Protocol::RestJson => {
                let header = answer.headers.text("x-amzn-errortype").map(str::to_owned);
                header.unwrap_or_else(|| {
                    let body: Value = serde_json::from_str(&body).unwrap_or_default();
                    body["__type"].as_str().unwrap_or_default().to_owned()
                })
            }
            Protocol::Query { .. } | Protocol::RestXml { .. } => {
                let code = body
                    .split("<Code>")
                    .nth(1)
                    .and_then(|rest| rest.split('<').next());
                code.unwrap_or_default().to_owned()
            }
        };
        assert!(
            answer.status >= 400 && !name.is_empty(),
            "{}: {body}",
            operation.name
        );
        format!("{} {name}", answer.status)
    }
}

/// A call of an operation with as little input as its place on the wire wants.
fn request(service: &Service, operation: &Operation) -> AdminRequest {
    match (service.protocol, &operation.route) {
        (Protocol::Json11 { target_prefix }, _) => {
            let mut request = plain("POST", "/", "{}");
            let target = format!("{target_prefix}.{}", operation.name);
            request.headers.push("X-Amz-Target", target);
            request.headers.push("Content-Type", "application/x-amz-json-1.1");
            request
        }
        (Protocol::Query { version, .. }, _) => {
            let input = match operation.name {
                "AssumeRole" => format!("&RoleArn={ROLE}&RoleSessionName=session"),
                _ => String::new(),
            };
            let form = format!("Action={}&Version={version}{input}", operation.name);
            crate::test_wire::form(&form)
        }
        (Protocol::RestJson | Protocol::RestXml { .. }, Some(route)) => {
            let (path, query) = route.path.split_once('?').unwrap_or((route.path, ""));
            let labelled = path
                .split('/')
                .map(|part| if part.starts_with('{') { "x" } else { part });
            let path = labelled.collect::<Vec<_>>().join("/");
            let mut request = plain(route.method, &path, "");
            query.clone_into(&mut request.query);
            request
        }
        _ => panic!("{} has no place on the wire", operation.name),
    }
}
