//! Taking events in: what fits, is signed as its bus asks, and was not here before, is stored for every target whose
//! rule matches, and then, only then, accepted.
//!
//! <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEvents.html>

use portcullis_engines::strict_json;
use portcullis_model::{Scope, Timestamp};
use portcullis_store::{Batch, Expect, Put, RecordKey, StoreError, kinds};
use serde_json::{Map, Value, json};

use crate::{
    Events, bus_name,
    delivery::{Queue, Waiting},
    signature::{self, Signed, Verified, WINDOW_SECONDS},
    snapshot::{CompiledBus, CompiledTarget, Content},
};

/// Entries of one call.
pub const ENTRIES_MAX: usize = 10;
/// Bytes of all entries of one call: times, sources, types, details, resources.
pub const ENTRIES_BYTES_MAX: usize = 256 * 1024;
const SOURCE_CHARACTERS_MAX: usize = 256;
const DETAIL_TYPE_CHARACTERS_MAX: usize = 128;
/// How much longer than its window the id of an event is remembered, in seconds.
const CLAIM_SLACK_SECONDS: i64 = 60;
/// What AWS counts for an entry's time.
const TIME_BYTES: usize = 14;

/// An event as it was sent.
#[derive(Clone, Debug, Default)]
pub struct Entry {
    /// Name or ARN.
    pub bus: String,
    pub source: String,
    pub detail_type: String,
    /// JSON.
    pub detail: String,
    pub resources: Vec<String>,
    pub time: Option<Timestamp>,
}

impl Entry {
    /// Returns how many bytes of [`ENTRIES_BYTES_MAX`] it takes.
    pub fn bytes(&self) -> usize {
        let time = self.time.map_or(0, |_| TIME_BYTES);
        let resources: usize = self.resources.iter().map(String::len).sum();
        time + self.source.len() + self.detail_type.len() + self.detail.len() + resources
    }
}

/// An event that is kept until it has been delivered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Accepted {
    pub event_id: String,
    /// For the trail.
    pub reason: String,
}

/// An event of which nothing is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejected {
    /// AWS's `ErrorCode`.
    pub code: &'static str,
    /// For the producer.
    pub message: String,
    /// For the trail.
    pub reason: String,
}

impl Rejected {
    fn new(code: &'static str, message: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
            reason: reason.into(),
        }
    }

    fn argument(message: &str) -> Self {
        Self::new("InvalidArgument", message, message)
    }
}

impl From<StoreError> for Rejected {
    fn from(error: StoreError) -> Self {
        Self::new("InternalFailure", "Internal failure", error.to_string())
    }
}

impl Events {
    /// Takes an event in, or says why not. When this returns an acceptance, the event is on disk.
    pub async fn put(&self, scope: &Scope, entry: &Entry) -> Result<Accepted, Rejected> {
        check_shape(entry)?;
        let missing = || {
            let message = format!("Event bus {} does not exist.", entry.bus);
            Rejected::new("InvalidArgument", message.clone(), message)
        };
        let name = bus_name(scope, &entry.bus).ok_or_else(missing)?;
        let bus = self.compiled_bus(scope, name).await?.ok_or_else(missing)?;
        let detail = strict_json::parse_object(entry.detail.as_bytes()).ok_or_else(|| {
            let reason = "the detail is not a JSON object without duplicate names";
            Rejected::new("MalformedDetail", "Detail is malformed.", reason)
        })?;
        let now = self.parts.clock.now();
        let signed = Signed {
            source: &entry.source,
            detail_type: &entry.detail_type,
            resources: &entry.resources,
            detail: &detail,
            time: entry.time,
        };
        let verified = signature::check(&bus, signed, now)
            .map_err(|fault| Rejected::new("AccessDeniedException", fault.public(), fault.to_string()))?;
        let event_id = self.parts.entropy.uuid();
        let time = verified.as_ref().map(|verified| verified.time).or(entry.time);
        let event = envelope(scope, entry, detail, &event_id, time.unwrap_or(now));
        let deliveries = self.keep(scope, &bus, verified.as_ref(), &event, now).await?;
        let by = verified.map_or_else(String::new, |verified| {
            format!(", signed by `{}`", verified.key_id)
        });
        Ok(Accepted {
            reason: format!("event {event_id} on `{}`{by}: {deliveries} deliveries", bus.name),
            event_id,
        })
    }

    /// Writes, all or nothing: that the producer's id is used, and the event for each target.
    async fn keep(
        &self,
        scope: &Scope,
        bus: &CompiledBus,
        verified: Option<&Verified>,
        event: &Value,
        now: Timestamp,
    ) -> Result<usize, Rejected> {
        let mut batch = Batch::new();
        if let Some(verified) = verified {
            batch.puts.push(claim(scope, bus, verified));
        }
        let mut reserved = Reserved {
            queue: &self.queue,
            deliveries: Vec::new(),
        };
        for rule in bus.rules.iter().filter(|rule| rule.pattern.matches(event)) {
            for target in &rule.targets {
                let delivery = self.waiting(scope, bus, (&rule.name, target), event, now)?;
                batch.puts.push(delivery.put(Expect::Absent)?);
                reserved.add(delivery)?;
            }
        }
        if batch.is_empty() {
            return Ok(0);
        }
        match self.parts.store.commit(batch).await {
            Ok(_) => Ok(reserved.send()),
            Err(StoreError::Conflict { .. }) => Err(Rejected::new(
                "AccessDeniedException",
                "The event was received before.",
                "replayed: an event with this producer's id was accepted before",
            )),
            Err(other) => Err(other.into()),
        }
    }

    fn waiting(
        &self,
        scope: &Scope,
        bus: &CompiledBus,
        (rule, target): (&str, &CompiledTarget),
        event: &Value,
        now: Timestamp,
    ) -> Result<Waiting, Rejected> {
        let internal = |cause: String| Rejected::new("InternalFailure", "Internal failure", cause);
        let body = match &target.content {
            Content::Whole => event.to_string(),
            Content::Fixed(input) => input.clone(),
            // Unsure: AWS does not say what is sent where the path names nothing. We say so: `null`.
            Content::Part(path) => path
                .evaluate(event, &Default::default())
                .map_err(|cause| internal(cause.to_string()))?
                .map_or_else(|| "null".to_owned(), |part| part.to_string()),
        };
        let id = self.parts.entropy.uuid();
        let sealed = self
            .parts
            .vault
            .seal(&Waiting::purpose(scope, &id), body.as_bytes())
            .map_err(|cause| internal(cause.to_string()))?;
        Ok(Waiting {
            scope: scope.clone(),
            id,
            bus: bus.name.clone(),
            rule: rule.to_owned(),
            target: target.id.clone(),
            destination_arn: target.destination_arn.clone(),
            role_arn: target.role_arn.clone(),
            accepted: now,
            retry: target.retry,
            attempts: 0,
            next: now,
            sealed,
        })
    }
}

/// Deliveries with room in the queue, which is given back unless they are sent on.
struct Reserved<'a> {
    queue: &'a Queue,
    deliveries: Vec<Waiting>,
}

impl Reserved<'_> {
    fn add(&mut self, delivery: Waiting) -> Result<(), Rejected> {
        if !self.queue.reserve(&delivery) {
            let reason = "too many deliveries wait already";
            return Err(Rejected::new("ThrottlingException", "Rate exceeded", reason));
        }
        self.deliveries.push(delivery);
        Ok(())
    }

    /// Sends them on and tells how many they are.
    fn send(mut self) -> usize {
        let deliveries = std::mem::take(&mut self.deliveries);
        let count = deliveries.len();
        self.queue.add(deliveries);
        count
    }
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        for delivery in &self.deliveries {
            self.queue.release(delivery);
        }
    }
}

fn check_shape(entry: &Entry) -> Result<(), Rejected> {
    let between = |text: &str, max: usize| (1..=max).contains(&text.chars().count());
    if entry.source.is_empty() {
        return Err(Rejected::argument(
            "Parameter Source is not valid. Reason: Source is a required argument.",
        ));
    }
    if entry.detail_type.is_empty() {
        return Err(Rejected::argument(
            "Parameter DetailType is not valid. Reason: DetailType is a required argument.",
        ));
    }
    if !between(&entry.source, SOURCE_CHARACTERS_MAX) {
        return Err(Rejected::argument(
            "Parameter Source is not valid. Reason: it has more than 256 characters.",
        ));
    }
    if !between(&entry.detail_type, DETAIL_TYPE_CHARACTERS_MAX) {
        return Err(Rejected::argument(
            "Parameter DetailType is not valid. Reason: it has more than 128 characters.",
        ));
    }
    if entry.source.starts_with("aws.") {
        return Err(Rejected::new(
            "NotAuthorizedForSourceException",
            "Not authorized for the source.",
            "sources that begin with `aws.` are AWS's own",
        ));
    }
    Ok(())
}

/// The event as rules and consumers see it.
fn envelope(scope: &Scope, entry: &Entry, detail: Map<String, Value>, id: &str, time: Timestamp) -> Value {
    let seconds = Timestamp::from_seconds(time.seconds()).iso8601();
    json!({
        "version": "0",
        "id": id,
        "detail-type": entry.detail_type,
        "source": entry.source,
        "account": scope.account.as_str(),
        "time": seconds.replace(".000Z", "Z"),
        "region": scope.region.as_str(),
        "resources": entry.resources,
        "detail": detail,
    })
}

/// Uses up the producer's id. It is forgotten only once its signature's time is out of the window.
fn claim(scope: &Scope, bus: &CompiledBus, verified: &Verified) -> Put {
    let id = format!("{}/{}/{}", bus.name, verified.key_id, verified.id);
    Put {
        key: RecordKey::new(scope, kinds::EVENT_CLAIM, id),
        body: b"{}".to_vec(),
        expect: Expect::Absent,
        lookups: Vec::new(),
        expires: Some(verified.time.plus_seconds(WINDOW_SECONDS + CLAIM_SLACK_SECONDS)),
    }
}
