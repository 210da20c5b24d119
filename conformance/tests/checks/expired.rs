//! A token that has expired, without waiting for it: the pool signs one two hours ago, with the server stopped and its
//! data directory opened in process, under a clock of our own.

use std::{collections::BTreeMap, future::Future, path::Path, pin::Pin, sync::Arc};

use anyhow::{Context, Result, anyhow, bail, ensure};
use conformance::{
    http,
    server::{Folder, Server, repository},
    world::Suite,
};
use portcullis_identity::{
    Identity, IdentityParts, IssuerForm, Settings,
    flows::{AuthOutcome, initiate_auth::InitiateAuth},
    ports::{Mail, MailError, Message, SignOuts},
};
use portcullis_model::{
    Clock as _, ManualClock, SecretText, SystemClock, SystemEntropy, Timestamp, UserPoolId, UserSub,
};
use portcullis_store::SqliteStore;
use portcullis_vault::Vault;
use serde_json::{Value, json};

const USER: &str = "late@example.com";
const PASSWORD: &str = "Correct-horse-7-battery";

/// Shows an expired token to the real binary.
pub(crate) fn expired_token(_: &Suite) -> Result<()> {
    let folder = Folder::new()?;
    let data = folder.path().join("data");
    let template = repository().join("examples/quickstart/template.yaml");
    let template = template.to_str().context("path")?;
    let server = Server::up(&data, &[template])?;
    let output = |server: &Server, name: &str| -> Result<String> {
        let found = server.endpoints.stacks.get("quickstart");
        let found = found.and_then(|stack| stack.pointer(&format!("/outputs/{name}"))?.as_str());
        Ok(found.with_context(|| format!("no output {name}"))?.to_owned())
    };
    let (client, api) = (output(&server, "ClientId")?, output(&server, "ApiId")?);
    let pool = output(&server, "UserPoolId")?;
    let admin = server.admin()?;
    admin.cognito_done(
        "AdminCreateUser",
        &json!({ "UserPoolId": pool, "Username": USER }),
    )?;
    let password = json!({ "UserPoolId": pool, "Username": USER, "Password": PASSWORD, "Permanent": true });
    admin.cognito_done("AdminSetUserPassword", &password)?;
    server.stop()?;

    let now = SystemClock.now();
    let expired = sign_in(&data, now.plus_seconds(-7200), &client)?;
    let good = sign_in(&data, now, &client)?;

    let server = Server::up(&data, &[template])?;
    let ask = |token: &SecretText| {
        let headers = [("Authorization".to_owned(), token.expose().to_owned())];
        let target = format!("/_aws/execute-api/{api}/prod/hello");
        let address = server.endpoints.http_address()?;
        http::exchange(address, &http::render("GET", &target, &headers, b"", "localhost"))
    };
    let answer = ask(&good)?;
    ensure!(
        answer.status == 200,
        "the token of now: {} {}",
        answer.status,
        answer.text()
    );
    let answer = ask(&expired)?;
    ensure!(
        answer.status == 401,
        "the expired token: {} {}",
        answer.status,
        answer.text()
    );
    let trail = server
        .admin()?
        .trail(answer.header("x-amzn-requestid").context("no id")?)?;
    let last = trail
        .pointer("/steps")
        .and_then(Value::as_array)
        .and_then(|steps| steps.last()?.get("reason")?.as_str())
        .unwrap_or_default();
    ensure!(last == "the token is expired", "{trail}");
    server.stop()
}

fn sign_in(data: &Path, at: Timestamp, client: &str) -> Result<SecretText> {
    let clock = Arc::new(ManualClock::at(at));
    let entropy = Arc::new(SystemEntropy);
    let identity = Identity::new(IdentityParts {
        store: Arc::new(SqliteStore::open(&data.join("store.sqlite"), clock.clone())?),
        vault: Arc::new(Vault::open_or_create(&data.join("root.key"), entropy.clone())?),
        clock,
        entropy,
        mail: Arc::new(Nobody),
        sign_outs: Arc::new(Nobody),
        settings: Settings {
            issuer: IssuerForm::AwsLike,
            domain: "portcullis.localhost".into(),
            hashing_threads: 1,
            hashing_queue: 1,
            public_port: 443,
        },
    })?;
    let parameters = [("USERNAME", USER), ("PASSWORD", PASSWORD)];
    let parameters: BTreeMap<String, SecretText> = parameters
        .into_iter()
        .map(|(name, value)| (name.into(), SecretText::new(value.into())))
        .collect();
    let input = InitiateAuth {
        client_id: client.into(),
        auth_flow: "USER_PASSWORD_AUTH".into(),
        auth_parameters: parameters,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let outcome = runtime.block_on(identity.initiate_auth(input));
    match outcome.map_err(|error| anyhow!("{}: {error}", error.name()))? {
        AuthOutcome::SignedIn(tokens) => Ok(tokens.id_token),
        AuthOutcome::Challenge { challenge_name, .. } => bail!("asked for {challenge_name}"),
    }
}

/// Whom nothing is told.
struct Nobody;

impl Mail for Nobody {
    fn send(&self, _: Message) -> Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + '_>> {
        Box::pin(async { Ok(()) })
    }
}

impl SignOuts for Nobody {
    fn revoke_family(&self, _: &UserPoolId, _: &str, _: Timestamp) {}

    fn sign_out(&self, _: &UserPoolId, _: &UserSub, _: Timestamp, _: Timestamp) {}
}
