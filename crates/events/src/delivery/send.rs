//! One attempt: what it may do, what is sent, and what the answer means.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html>

use std::{sync::Arc, time::Duration};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use portcullis_egress::{Client, Timeouts, Url};
use portcullis_model::{
    HeaderList, Timestamp,
    resources::events::{Connection, ConnectionAuthorization},
};
use portcullis_vault::secrets::{SecretValue, Secrets, Wanted};

use super::{Waiting, webhook};
use crate::{
    Events,
    catalogue::ConnectionSecret,
    ports::{Invoke, Roles},
    rule_arn,
    snapshot::Destination,
};

/// How long a consumer has to answer, as on AWS.
const ANSWER_TIME: Duration = Duration::from_secs(5);
/// Bytes of a consumer's answer that are read to keep its connection.
const ANSWER_BYTES_MAX: usize = 64 * 1024;
/// Seconds of a consumer's `Retry-After` that are honoured.
const RETRY_AFTER_SECONDS_MAX: i64 = 3_600;

/// What an attempt led to.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Attempt {
    Delivered(u16),
    /// Worth another attempt, not before so many seconds.
    Failed {
        reason: String,
        wait_seconds: i64,
    },
    /// No attempt will be better.
    Hopeless(String),
}

impl Attempt {
    fn failed(reason: impl Into<String>) -> Self {
        Self::Failed {
            reason: reason.into(),
            wait_seconds: 0,
        }
    }
}

/// What sending needs.
pub(super) struct Sender {
    pub(super) events: Arc<Events>,
    pub(super) roles: Arc<dyn Roles>,
    pub(super) client: Client,
}

impl Sender {
    /// Sends a delivery to its destination, in the name of its target's role.
    pub(super) async fn attempt(&self, delivery: &Waiting) -> Attempt {
        let Some(destination) = self.events.snapshot.destination(&delivery.destination_arn) else {
            return Attempt::Hopeless("the API destination is gone".into());
        };
        let connection_arn = &destination.destination.connection_arn;
        let Some(connection) = self.events.snapshot.connection(connection_arn) else {
            return Attempt::Hopeless("the connection is gone".into());
        };
        // A target names a destination of its own account: what else it would reach is nobody's.
        if destination.scope != delivery.scope {
            return Attempt::Hopeless("the API destination is of another account".into());
        }
        if let Err(reason) = self.ask_role(delivery).await {
            return Attempt::Hopeless(reason);
        }
        match prepare(&self.events, &destination, &connection, delivery).await {
            Ok((url, headers, body)) => send(&self.client, &destination, &url, &headers, body).await,
            Err(reason) => Attempt::failed(reason),
        }
    }

    async fn ask_role(&self, delivery: &Waiting) -> Result<(), String> {
        let role_arn = delivery.role_arn.as_deref().ok_or("the target has no role")?;
        let rule_arn = rule_arn(&delivery.scope, &delivery.bus, &delivery.rule);
        let invoke = Invoke {
            scope: &delivery.scope,
            role_arn,
            rule_arn: &rule_arn,
            destination_arn: &delivery.destination_arn,
        };
        self.roles.may_invoke(invoke).await
    }
}

async fn prepare(
    events: &Events,
    destination: &Destination,
    connection: &Connection,
    delivery: &Waiting,
) -> Result<(Url, HeaderList, Bytes), String> {
    let url = Url::parse(&destination.destination.invocation_endpoint).map_err(|cause| cause.to_string())?;
    let body = delivery
        .body(&events.parts.vault)
        .map_err(|cause| cause.to_string())?;
    let current = read_secret(events, destination, connection, "AWSCURRENT").await?;
    let current = current.ok_or("the connection's secret is gone")?;
    let previous = read_secret(events, destination, connection, "AWSPREVIOUS").await?;
    let mut keys = vec![
        current
            .webhook_key()
            .ok_or("`webhook_secret` is not `whsec_` and base64")?,
    ];
    keys.extend(previous.and_then(|previous| previous.webhook_key()));
    let now = events.parts.clock.now();
    let headers = headers(
        &connection.authorization,
        &current,
        delivery,
        (&keys, now),
        body.expose(),
    )?;
    Ok((url, headers, Bytes::copy_from_slice(body.expose())))
}

async fn read_secret(
    events: &Events,
    destination: &Destination,
    connection: &Connection,
    stage: &str,
) -> Result<Option<ConnectionSecret>, String> {
    let parts = &events.parts;
    let secrets = Secrets {
        store: parts.store.as_ref(),
        vault: &parts.vault,
        clock: parts.clock.as_ref(),
        entropy: parts.entropy.as_ref(),
        scope: &destination.scope,
    };
    let wanted = Wanted {
        version_id: None,
        stage: Some(stage),
    };
    let opened = match secrets.value(&connection.secret_arn, wanted).await {
        Err(error) if error.is_not_found() => return Ok(None),
        other => other.map_err(|error| format!("the connection's secret: {error}"))?,
    };
    let SecretValue::Text(text) = opened.value else {
        return Err("the connection's secret is not text".into());
    };
    // What is wrong with it may quote it, so it is not told.
    serde_json::from_str(text.expose())
        .map(Some)
        .map_err(|_| "the connection's secret is not the JSON that was made".into())
}

fn headers(
    authorization: &ConnectionAuthorization,
    secret: &ConnectionSecret,
    delivery: &Waiting,
    (keys, now): (&[zeroize::Zeroizing<Vec<u8>>], Timestamp),
    body: &[u8],
) -> Result<HeaderList, String> {
    let missing = "the connection's secret lacks what its kind needs";
    let mut headers = HeaderList::new();
    headers.push("Content-Type", "application/json; charset=utf-8");
    headers.push("User-Agent", "portcullis");
    match authorization {
        ConnectionAuthorization::ApiKey { api_key_name } => {
            headers.push(api_key_name.clone(), secret.api_key_value.clone().ok_or(missing)?);
        }
        ConnectionAuthorization::Basic { username } => {
            let password = secret.password.as_deref().ok_or(missing)?;
            let pair = zeroize::Zeroizing::new(format!("{username}:{password}"));
            headers.push(
                "Authorization",
                format!("Basic {}", STANDARD.encode(pair.as_bytes())),
            );
        }
    }
    let keys = keys.iter().map(|key| key.as_slice());
    let signatures = webhook::signatures(keys, &delivery.id, now.seconds(), body);
    headers.push("webhook-id", delivery.id.clone());
    headers.push("webhook-timestamp", now.seconds().to_string());
    headers.push("webhook-signature", signatures);
    Ok(headers)
}

async fn send(
    client: &Client,
    destination: &Destination,
    url: &Url,
    headers: &HeaderList,
    mut body: Bytes,
) -> Attempt {
    let method = destination.destination.http_method.as_bytes();
    let path = url.path_and_query.as_bytes();
    let timeouts = Timeouts::within(ANSWER_TIME);
    let answer = client
        .send(&url.target, method, path, headers, &mut body, &timeouts)
        .await;
    let mut answer = match answer {
        Ok(answer) => answer,
        Err(cause) => return Attempt::failed(cause.to_string()),
    };
    let (status, wait_seconds) = (answer.status, retry_after(&answer.headers));
    // Read to its end, so that the connection serves the next delivery; what it says is of no interest.
    drop(answer.body.read_whole(ANSWER_BYTES_MAX).await);
    judge(status, wait_seconds)
}

/// What AWS repeats: 401, 407, 409, 429 and 5xx. Any other status than 2xx is final.
fn judge(status: u16, wait_seconds: i64) -> Attempt {
    match status {
        200..=299 => Attempt::Delivered(status),
        401 | 407 | 409 | 429 | 500..=599 => Attempt::Failed {
            reason: format!("the consumer answered {status}"),
            wait_seconds,
        },
        other => Attempt::Hopeless(format!("the consumer answered {other}")),
    }
}

/// `Retry-After` in seconds (RFC 9110, section 10.2.3); its form with a date is taken as nothing.
fn retry_after(headers: &HeaderList) -> i64 {
    let seconds = headers
        .text("retry-after")
        .and_then(|text| text.trim().parse::<u32>().ok());
    seconds.map_or(0, |seconds| i64::from(seconds).min(RETRY_AFTER_SECONDS_MAX))
}
