//! Whole operations, in process: an in-memory store, a clock that stands, randomness from a counter.

mod directory;
mod endpoints;
mod forgot_password;
mod pages;
mod passwords;
mod secrets;
mod sign_up;
mod srp;
mod tokens;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicU64, Ordering},
};

use aws_lc_rs::digest;
use portcullis_engines::jwt::Compact;
use portcullis_model::{
    Clock, Entropy, ManualClock, Scope, SecretText, Timestamp, UserPoolId, UserSub,
    resources::cognito::{UserPool, UserPoolClient},
};
use portcullis_store::SqliteStore;
use portcullis_vault::{RootKey, Vault};

use crate::{
    Identity, IdentityError, IdentityParts, IssuerForm, Settings,
    directory::{ClientDescription, ClientOptions, CreateUserPool, CreateUserPoolClient, PoolOptions},
    flows::{AdminCreateUser, AuthOutcome, AuthenticationResult, InitiateAuth, MessageAction, Parameters},
    ports::{Mail, MailError, Message, SignOuts},
};

pub(super) const PASSWORD: &str = "Correct-horse-7";
/// Sat Nov 21 08:00:00 UTC 2026, and a half second.
pub(super) const NOW: Timestamp = Timestamp(1_795_248_000_500);

/// SHA-256 of a counter.
struct Seeded(AtomicU64);

impl Entropy for Seeded {
    fn fill(&self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(32) {
            let count = self.0.fetch_add(1, Ordering::Relaxed).to_be_bytes();
            let block = digest::digest(&digest::SHA256, &count);
            chunk.copy_from_slice(&block.as_ref()[..chunk.len()]);
        }
    }
}

#[derive(Default)]
pub(super) struct Outbox {
    sent: Mutex<Vec<Message>>,
    broken: Mutex<bool>,
}

impl Mail for Outbox {
    fn send(
        &self,
        message: Message,
    ) -> std::pin::Pin<Box<dyn Future<Output = Result<(), MailError>> + Send + '_>> {
        Box::pin(async move {
            if *self.broken.lock().unwrap() {
                return Err(MailError("disk full".into()));
            }
            self.sent.lock().unwrap().push(message);
            Ok(())
        })
    }
}

/// What the gateway knows of ended tokens, and its way to judge.
#[derive(Default)]
pub(super) struct Heard {
    families: Mutex<Vec<String>>,
    sign_outs: Mutex<Vec<(String, Timestamp)>>,
}

impl SignOuts for Heard {
    fn revoke_family(&self, _: &UserPoolId, origin_jti: &str, _: Timestamp) {
        self.families.lock().unwrap().push(origin_jti.to_owned());
    }

    fn sign_out(&self, _: &UserPoolId, sub: &UserSub, before: Timestamp, _: Timestamp) {
        self.sign_outs.lock().unwrap().push((sub.to_string(), before));
    }
}

impl Heard {
    pub(super) fn refuses(&self, token: &SecretText) -> bool {
        let claims = claims(token);
        let issued = Timestamp::from_seconds(claims["iat"].as_i64().unwrap());
        let families = self.families.lock().unwrap();
        let sign_outs = self.sign_outs.lock().unwrap();
        families
            .iter()
            .any(|family| claims["origin_jti"] == family.as_str())
            || sign_outs
                .iter()
                .any(|(sub, before)| claims["sub"] == sub.as_str() && issued < *before)
    }
}

/// An installation with one pool and one client.
pub(super) struct World {
    pub(super) identity: Identity,
    pub(super) parts: IdentityParts,
    pub(super) clock: Arc<ManualClock>,
    pub(super) store: Arc<SqliteStore>,
    pub(super) mail: Arc<Outbox>,
    pub(super) heard: Arc<Heard>,
    pub(super) scope: Scope,
    pub(super) pool: UserPool,
    pub(super) client: UserPoolClient,
    pub(super) secret: Option<SecretText>,
}

pub(super) fn every_flow() -> ClientOptions {
    let flows = [
        "USER_PASSWORD",
        "ADMIN_USER_PASSWORD",
        "USER_SRP",
        "REFRESH_TOKEN",
    ];
    ClientOptions {
        client_name: Some("app".into()),
        explicit_auth_flows: Some(flows.map(|flow| format!("ALLOW_{flow}_AUTH")).to_vec()),
        ..ClientOptions::default()
    }
}

pub(super) fn pool_with_mail() -> CreateUserPool {
    CreateUserPool {
        pool_name: "people".into(),
        username_case_sensitive: Some(false),
        options: PoolOptions {
            auto_verified_attributes: vec!["email".into()],
            ..PoolOptions::default()
        },
        ..CreateUserPool::default()
    }
}

impl World {
    pub(super) async fn new() -> Self {
        Self::with(pool_with_mail(), every_flow(), false).await
    }

    pub(super) async fn confidential() -> Self {
        Self::with(pool_with_mail(), every_flow(), true).await
    }

    pub(super) async fn with(pool: CreateUserPool, client: ClientOptions, confidential: bool) -> Self {
        let clock = Arc::new(ManualClock::at(NOW));
        let entropy: Arc<dyn Entropy> = Arc::new(Seeded(AtomicU64::new(1)));
        let store = Arc::new(SqliteStore::in_memory(Arc::clone(&clock) as Arc<dyn Clock>).unwrap());
        let (mail, heard) = (Arc::new(Outbox::default()), Arc::new(Heard::default()));
        let parts = IdentityParts {
            store: Arc::clone(&store) as Arc<dyn portcullis_store::Store>,
            vault: Arc::new(Vault::new(&RootKey::from_array([7; 32]), Arc::clone(&entropy))),
            clock: Arc::clone(&clock) as Arc<dyn Clock>,
            entropy,
            mail: Arc::clone(&mail) as Arc<dyn Mail>,
            sign_outs: Arc::clone(&heard) as Arc<dyn SignOuts>,
            settings: Settings {
                issuer: IssuerForm::AwsLike,
                domain: "portcullis.localhost".into(),
                public_port: 443,
                hashing_threads: 2,
                hashing_queue: 64,
            },
        };
        let identity = Identity::new(parts.clone()).unwrap();
        let scope = Scope::new("000000000000", "us-east-1");
        let pool = identity.create_user_pool(&scope, pool).await.unwrap();
        let made = make_client(&identity, &scope, &pool, client, confidential).await;
        Self {
            identity,
            parts,
            clock,
            store,
            mail,
            heard,
            scope,
            pool,
            client: made.client,
            secret: made.client_secret,
        }
    }

    /// Creates a confirmed user.
    pub(super) async fn user(&self, username: &str) {
        self.invite(username, "Temporary-1").await;
        let password = SecretText::new(PASSWORD.into());
        let id = self.pool.id.as_str();
        self.identity
            .admin_set_user_password(&self.scope, id, username, password, true)
            .await
            .unwrap();
    }

    /// Creates a user with a temporary password.
    pub(super) async fn invite(&self, username: &str, password: &str) {
        let input = AdminCreateUser {
            user_pool_id: self.pool.id.to_string(),
            username: username.into(),
            user_attributes: if username.contains('@') {
                Vec::new()
            } else {
                pairs(&[("email", &format!("{username}@example.com"))])
            },
            temporary_password: Some(SecretText::new(password.into())),
            message_action: Some(MessageAction::Suppress),
            ..AdminCreateUser::default()
        };
        self.identity.admin_create_user(&self.scope, input).await.unwrap();
    }

    pub(super) async fn initiate(
        &self,
        flow: &str,
        parameters: &[(&str, &str)],
    ) -> Result<AuthOutcome, IdentityError> {
        let input = InitiateAuth {
            client_id: self.client.client_id.to_string(),
            auth_flow: flow.into(),
            auth_parameters: with(parameters),
        };
        self.identity.initiate_auth(input).await
    }

    pub(super) async fn sign_in(&self, username: &str, password: &str) -> Result<AuthOutcome, IdentityError> {
        self.initiate(
            "USER_PASSWORD_AUTH",
            &[("USERNAME", username), ("PASSWORD", password)],
        )
        .await
    }

    pub(super) async fn tokens(&self, username: &str) -> AuthenticationResult {
        signed_in(self.sign_in(username, PASSWORD).await)
    }

    pub(super) async fn refresh(&self, tokens: &AuthenticationResult) -> Result<AuthOutcome, IdentityError> {
        let token = tokens.refresh_token.as_ref().unwrap().expose();
        self.initiate("REFRESH_TOKEN_AUTH", &[("REFRESH_TOKEN", token)])
            .await
    }

    pub(super) fn newest_mail(&self) -> Message {
        self.mail.sent.lock().unwrap().last().unwrap().clone()
    }

    /// Returns the code in the newest mail.
    pub(super) fn mailed_code(&self) -> String {
        self.newest_mail()
            .html
            .chars()
            .filter(char::is_ascii_digit)
            .collect()
    }
}

pub(super) async fn make_client(
    identity: &Identity,
    scope: &Scope,
    pool: &UserPool,
    options: ClientOptions,
    confidential: bool,
) -> ClientDescription {
    let input = CreateUserPoolClient {
        user_pool_id: pool.id.to_string(),
        generate_secret: confidential,
        client_secret: None,
        options,
    };
    identity.create_user_pool_client(scope, input).await.unwrap()
}

pub(super) fn with(parameters: &[(&str, &str)]) -> Parameters {
    let pair = |(name, value): &(&str, &str)| ((*name).to_owned(), SecretText::new((*value).to_owned()));
    parameters.iter().map(pair).collect()
}

pub(super) fn pairs(attributes: &[(&str, &str)]) -> Vec<(String, String)> {
    attributes
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

pub(super) fn signed_in(outcome: Result<AuthOutcome, IdentityError>) -> AuthenticationResult {
    match outcome {
        Ok(AuthOutcome::SignedIn(result)) => result,
        Ok(AuthOutcome::Challenge { challenge_name, .. }) => panic!("challenged with {challenge_name}"),
        Err(refused) => panic!("{refused} ({:?})", refused.cause()),
    }
}

/// Returns what was refused, as `Name: message`.
pub(super) fn refused<T>(outcome: Result<T, IdentityError>) -> String {
    match outcome {
        Ok(_) => "admitted".into(),
        Err(refused) => refused.to_string(),
    }
}

pub(super) fn claims(token: &SecretText) -> serde_json::Value {
    serde_json::Value::Object(
        Compact::parse(token.expose())
            .unwrap()
            .unverified_claims()
            .unwrap()
            .0
            .to_map()
            .into_owned(),
    )
}
