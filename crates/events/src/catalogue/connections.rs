//! Connections: <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_CreateConnection.html>
//!
//! The secret half is a secret of Secrets Manager, `events!connection/{name}/{uuid}`, as on AWS. Beside what the
//! destination wants to see it holds `webhook_secret`, under which every delivery is signed: whoever may read the
//! secret can check deliveries.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use portcullis_model::{
    SecretText,
    resources::events::{Connection, ConnectionAuthorization},
};
use portcullis_store::{Batch, Expect, Page, kinds, typed};
use portcullis_vault::secrets::{NewSecret, NewValue, SecretValue};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

use super::Catalogue;
use crate::{
    EventsError,
    names::{arn, check_name},
};

/// Connections of an account.
const CONNECTIONS_MAX: usize = 3_000;
const NAME_CHARACTERS_MAX: usize = 64;
/// Random bytes of a webhook secret; the standard asks for 24 to 64.
const WEBHOOK_SECRET_BYTES: usize = 32;
/// What a webhook secret begins with when it is written down.
const WEBHOOK_SECRET_PREFIX: &str = "whsec_";

/// What a connection shall be.
pub struct NewConnection {
    pub name: String,
    pub description: Option<String>,
    pub authorization: ConnectionAuthorization,
    /// The key's value, or the password.
    pub secret: SecretText,
}

/// What the secret of a connection holds, in AWS's spelling.
#[derive(Default, Serialize, Deserialize)]
pub struct ConnectionSecret {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub api_key_value: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// `whsec_` and base64: the key of the Standard Webhooks signature.
    pub webhook_secret: String,
}

impl Drop for ConnectionSecret {
    fn drop(&mut self) {
        self.api_key_value.zeroize();
        self.password.zeroize();
        self.webhook_secret.zeroize();
    }
}

impl ConnectionSecret {
    /// Returns the key under which deliveries are signed; none when it is not written as the standard says.
    pub fn webhook_key(&self) -> Option<zeroize::Zeroizing<Vec<u8>>> {
        let encoded = self.webhook_secret.strip_prefix(WEBHOOK_SECRET_PREFIX)?;
        let key = STANDARD.decode(encoded).ok()?;
        (24..=64).contains(&key.len()).then(|| key.into())
    }
}

impl Catalogue<'_> {
    /// Makes a connection and its secret.
    pub async fn create_connection(&self, new: NewConnection) -> Result<Connection, EventsError> {
        check_name("Connection name", &new.name, NAME_CHARACTERS_MAX)?;
        check_header(&new)?;
        let exists = || EventsError::exists(format!("Connection {} already exists.", new.name));
        let key = self.key(kinds::EVENT_CONNECTION, new.name.as_str());
        if self.store.read(&key).await?.is_some() {
            return Err(exists());
        }
        if self.connections("").await?.len() >= CONNECTIONS_MAX {
            return Err(EventsError::limit(format!(
                "The requested resource exceeds the maximum number allowed: {CONNECTIONS_MAX} connections"
            )));
        }
        let secret_arn = self.create_secret(&new).await?;
        let now = self.clock.now();
        let connection = Connection {
            arn: arn(
                self.scope,
                &format!("connection/{}/{}", new.name, self.entropy.uuid()),
            ),
            name: new.name.clone(),
            description: new.description.clone(),
            authorization: new.authorization.clone(),
            secret_arn,
            creation_time: now,
            last_modified_time: now,
        };
        let batch = Batch::new().put_json(key, &connection, Expect::Absent)?;
        match self.store.commit(batch).await.map_err(EventsError::from) {
            Ok(_) => Ok(connection),
            Err(error) => {
                self.secrets().delete_now(&connection.secret_arn).await?;
                Err(if error.is_conflict() { exists() } else { error })
            }
        }
    }

    /// Returns a connection.
    pub async fn connection(&self, name: &str) -> Result<Connection, EventsError> {
        let key = self.key(kinds::EVENT_CONNECTION, name);
        let found = typed::read_json::<Connection>(self.store, &key).await?;
        found
            .map(|found| found.value)
            .ok_or_else(|| EventsError::not_found(format!("Connection '{name}' does not exist.")))
    }

    /// Returns the connections whose names begin with `prefix`, by name.
    pub async fn connections(&self, prefix: &str) -> Result<Vec<Connection>, EventsError> {
        let page = Page::all(prefix);
        let found =
            typed::list_json::<Connection>(self.store, self.scope, kinds::EVENT_CONNECTION, page).await?;
        Ok(found.into_iter().map(|found| found.value).collect())
    }

    /// Deletes a connection and its secret, unless a destination uses it.
    pub async fn delete_connection(&self, name: &str) -> Result<Connection, EventsError> {
        let key = self.key(kinds::EVENT_CONNECTION, name);
        let found = typed::read_json::<Connection>(self.store, &key)
            .await?
            .ok_or_else(|| EventsError::not_found(format!("Connection '{name}' does not exist.")))?;
        let connection = found.value;
        let mut destinations = self.api_destinations("").await?.into_iter();
        if let Some(user) = destinations.find(|destination| destination.connection_arn == connection.arn) {
            return Err(EventsError::validation(format!(
                "Connection {name} is used by the API destination {}: delete that first.",
                user.name
            )));
        }
        let batch = Batch::new().delete(found.key, Expect::Version(found.version));
        self.store.commit(batch).await?;
        self.secrets().delete_now(&connection.secret_arn).await?;
        Ok(connection)
    }

    async fn create_secret(&self, new: &NewConnection) -> Result<String, EventsError> {
        let value = Some(new.secret.expose().to_owned());
        let mut key = zeroize::Zeroizing::new([0; WEBHOOK_SECRET_BYTES]);
        self.entropy.fill(key.as_mut_slice());
        let mut secret = ConnectionSecret::default();
        secret.webhook_secret = format!("{WEBHOOK_SECRET_PREFIX}{}", STANDARD.encode(key.as_slice()));
        match &new.authorization {
            ConnectionAuthorization::ApiKey { api_key_name } => {
                secret.api_key_name = Some(api_key_name.clone());
                secret.api_key_value = value;
            }
            ConnectionAuthorization::Basic { username } => {
                secret.username = Some(username.clone());
                secret.password = value;
            }
        }
        let text =
            serde_json::to_string(&secret).map_err(|cause| EventsError::internal(cause.to_string()))?;
        let written = self
            .secrets()
            .create_managed(&NewSecret {
                name: format!("events!connection/{}/{}", new.name, self.entropy.uuid()),
                description: Some(format!("Secret of the connection {}", new.name)),
                kms_key_id: None,
                tags: BTreeMap::new(),
                value: Some(NewValue {
                    value: SecretValue::Text(SecretText::new(text)),
                    token: None,
                }),
            })
            .await?;
        Ok(written.secret.arn)
    }
}

/// Header fields that are written here, or that belong to the connection itself.
const HEADERS_TAKEN: [&str; 9] = [
    "host",
    "content-type",
    "content-length",
    "transfer-encoding",
    "connection",
    "user-agent",
    "webhook-id",
    "webhook-timestamp",
    "webhook-signature",
];

/// What goes into a header must fit into one, or every delivery would fail.
fn check_header(new: &NewConnection) -> Result<(), EventsError> {
    if let ConnectionAuthorization::ApiKey { api_key_name } = &new.authorization {
        let token = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
        if api_key_name.is_empty() || !api_key_name.bytes().all(token) {
            return Err(EventsError::validation(format!(
                "`ApiKeyName` `{api_key_name}` is no header name"
            )));
        }
        if HEADERS_TAKEN
            .iter()
            .any(|taken| taken.eq_ignore_ascii_case(api_key_name))
        {
            return Err(EventsError::validation(format!(
                "`ApiKeyName` `{api_key_name}`: this header is set by the delivery itself"
            )));
        }
        if !new
            .secret
            .expose()
            .bytes()
            .all(|byte| (b' '..=b'~').contains(&byte))
        {
            return Err(EventsError::validation(
                "`ApiKeyValue` does not fit into a header",
            ));
        }
    }
    Ok(())
}
