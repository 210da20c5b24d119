//! `PutEvents`: takes events in. Of each entry the caller must be allowed to send its source and type to its bus, or the
//! whole call is refused; then each entry is accepted or refused for itself.

use portcullis_events::{
    DEFAULT_BUS, bus_arn, bus_name,
    ingest::{ENTRIES_BYTES_MAX, ENTRIES_MAX, Entry},
};
use portcullis_model::{Timestamp, trail::Outcome};
use serde_json::{Value, json};

use super::{SERVICE, input};
use crate::{
    admission,
    input::{Input, Text},
    operation::{Access, AwsError, Call, Operation, Subject},
};

const ACTION: &str = "events:PutEvents";
const MEMBERS: [&str; 6] = [
    "Time",
    "Source",
    "Resources",
    "DetailType",
    "Detail",
    "EventBusName",
];
const ANY: Text = Text::up_to(usize::MAX);

pub(super) const OPERATION: Operation = Operation {
    name: "PutEvents",
    route: None,
    access: Access::SignedOnFound {
        action: ACTION,
        resource: |call| Box::pin(first_subject(call)),
    },
    members: &["Entries"],
    call: |call| Box::pin(run(call)),
};

/// Asked before the input is read as a whole: what is asked of the first entry. [`run`] asks for each.
async fn first_subject(call: &Call<'_>) -> Result<Subject, AwsError> {
    let first = call.input.get("Entries").and_then(|entries| entries.get(0));
    let text = |member: &str| {
        let value = first.and_then(|entry| entry.get(member)).and_then(Value::as_str);
        value.unwrap_or_default().to_owned()
    };
    let bus = Some(text("EventBusName")).filter(|bus| !bus.is_empty());
    let entry = Entry {
        bus: bus.unwrap_or_else(|| DEFAULT_BUS.to_owned()),
        source: text("Source"),
        detail_type: text("DetailType"),
        ..Entry::default()
    };
    Ok(subject(call, &entry))
}

fn subject(call: &Call<'_>, entry: &Entry) -> Subject {
    let name = bus_name(call.scope, &entry.bus);
    Subject {
        arn: name.map_or_else(|| entry.bus.clone(), |name| bus_arn(call.scope, name)),
        context: vec![
            ("events:source".into(), entry.source.clone()),
            ("events:detail-type".into(), entry.detail_type.clone()),
        ],
    }
}

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let entries = read(call)?;
    for entry in &entries {
        admission::authorize_on(&SERVICE, call, ACTION, &subject(call, entry)).await?;
    }
    let (mut failed, mut told) = (0, Vec::with_capacity(entries.len()));
    for entry in &entries {
        let started = std::time::Instant::now();
        match call.parts.events.put(call.scope, entry).await {
            Ok(accepted) => {
                call.notes
                    .add("events", Outcome::Continue, accepted.reason, started);
                told.push(json!({ "EventId": accepted.event_id }));
            }
            Err(rejected) => {
                call.notes
                    .add("events", Outcome::Refuse, rejected.reason, started);
                failed += 1;
                told.push(json!({ "ErrorCode": rejected.code, "ErrorMessage": rejected.message }));
            }
        }
    }
    Ok(json!({ "FailedEntryCount": failed, "Entries": told }))
}

fn read(call: &Call<'_>) -> Result<Vec<Entry>, AwsError> {
    let mut members = Input::new(call.input);
    let entries = members.structures("Entries", &MEMBERS, |entry| Entry {
        bus: entry
            .text("EventBusName", input::BUS)
            .unwrap_or(DEFAULT_BUS)
            .to_owned(),
        source: entry.text("Source", ANY).unwrap_or_default().to_owned(),
        detail_type: entry.text("DetailType", ANY).unwrap_or_default().to_owned(),
        detail: entry.text("Detail", ANY).unwrap_or_default().to_owned(),
        resources: entry.texts("Resources", ANY).unwrap_or_default(),
        time: entry.value("Time").map(time_of).unwrap_or_default(),
    });
    members.require("Entries", entries.is_some());
    input::finish(members)?;
    let entries = entries.unwrap_or_default();
    let refuse = |message: String| Err(AwsError::new("ValidationException", 400, message));
    if entries.is_empty() || entries.len() > ENTRIES_MAX {
        return refuse(format!("Entries must hold 1 to {ENTRIES_MAX} entries"));
    }
    if entries.iter().map(Entry::bytes).sum::<usize>() > ENTRIES_BYTES_MAX {
        return refuse("Total size of the entries in the request is over the limit.".into());
    }
    let times = call
        .input
        .get("Entries")
        .and_then(Value::as_array)
        .into_iter()
        .flatten();
    let mut times = times
        .filter_map(|entry| entry.get("Time"))
        .filter(|time| !time.is_null());
    if times.any(|time| time_of(time).is_none()) {
        return Err(AwsError::new(
            "SerializationException",
            400,
            "`Time` is not a timestamp",
        ));
    }
    Ok(entries)
}

/// Seconds since the epoch, which may have a fraction; as text (RFC 3339) where a template wrote it.
fn time_of(value: &Value) -> Option<Timestamp> {
    /// The end of the year 9999.
    const SECONDS_MAX: f64 = 253_402_300_799.0;
    if let Some(text) = value.as_str() {
        let parsed =
            time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
        return Some(Timestamp::from_seconds(parsed.unix_timestamp()));
    }
    let seconds = value
        .as_f64()
        .filter(|seconds| (0.0..=SECONDS_MAX).contains(seconds))?;
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the range was checked, and fractions of a millisecond are nothing"
    )]
    Some(Timestamp((seconds * 1_000.0) as i64))
}
