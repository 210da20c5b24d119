//! Buses, rules, targets, connections and destinations in the spelling of the wire.

use std::collections::BTreeMap;

use portcullis_events::{bus_arn, rule_arn};
use portcullis_model::{
    Scope, Timestamp,
    resources::events::{ApiDestination, Connection, ConnectionAuthorization, EventBus, Rule, Target},
};
use serde_json::{Map, Value, json};

fn put(members: &mut Map<String, Value>, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        members.insert(name.to_owned(), value.into());
    }
}

fn seconds(time: Timestamp) -> f64 {
    time.seconds_fractional()
}

fn object(value: Value) -> Map<String, Value> {
    match value {
        Value::Object(members) => members,
        _ => Map::new(),
    }
}

/// Returns a page with its next token.
pub(super) fn page(name: &str, items: Vec<Value>, next: Option<String>) -> Value {
    let mut members = Map::new();
    members.insert(name.to_owned(), items.into());
    put(&mut members, "NextToken", next);
    members.into()
}

/// Returns a bus.
pub(super) fn bus(scope: &Scope, bus: &EventBus) -> Value {
    let mut members = object(json!({ "Name": bus.name, "Arn": bus_arn(scope, &bus.name) }));
    put(&mut members, "Description", bus.description.as_deref());
    if bus.creation_time != Timestamp::default() {
        put(&mut members, "CreationTime", Some(seconds(bus.creation_time)));
        put(
            &mut members,
            "LastModifiedTime",
            Some(seconds(bus.last_modified_time)),
        );
    }
    members.into()
}

/// Returns a rule.
pub(super) fn rule(scope: &Scope, rule: &Rule) -> Map<String, Value> {
    let mut members = object(json!({
        "Name": rule.name,
        "Arn": rule_arn(scope, &rule.event_bus_name, &rule.name),
        "EventPattern": rule.event_pattern,
        "State": rule.state.as_str(),
        "EventBusName": rule.event_bus_name,
    }));
    put(&mut members, "Description", rule.description.as_deref());
    members
}

/// Returns a target.
pub(super) fn target(target: &Target) -> Value {
    let mut members = object(json!({ "Id": target.id, "Arn": target.arn }));
    put(&mut members, "RoleArn", target.role_arn.as_deref());
    put(&mut members, "Input", target.input.as_deref());
    put(&mut members, "InputPath", target.input_path.as_deref());
    let retry = target.retry_policy.map(|policy| {
        json!({
            "MaximumEventAgeInSeconds": policy.maximum_event_age_in_seconds,
            "MaximumRetryAttempts": policy.maximum_retry_attempts,
        })
    });
    put(&mut members, "RetryPolicy", retry);
    members.into()
}

/// Returns what making or deleting a connection answers.
pub(super) fn connection_state(connection: &Connection, state: &str) -> Value {
    json!({
        "ConnectionArn": connection.arn,
        "ConnectionState": state,
        "CreationTime": seconds(connection.creation_time),
        "LastModifiedTime": seconds(connection.last_modified_time),
    })
}

/// Returns a connection in a listing.
pub(super) fn listed_connection(connection: &Connection) -> Map<String, Value> {
    let mut members = object(connection_state(connection, "AUTHORIZED"));
    put(&mut members, "Name", Some(connection.name.as_str()));
    put(
        &mut members,
        "AuthorizationType",
        Some(connection.authorization.as_str()),
    );
    put(
        &mut members,
        "LastAuthorizedTime",
        Some(seconds(connection.creation_time)),
    );
    members
}

/// Returns a connection without what is secret.
pub(super) fn connection(connection: &Connection) -> Value {
    let mut members = listed_connection(connection);
    put(&mut members, "Description", connection.description.as_deref());
    put(&mut members, "SecretArn", Some(connection.secret_arn.as_str()));
    let parameters = match &connection.authorization {
        ConnectionAuthorization::ApiKey { api_key_name } => {
            json!({ "ApiKeyAuthParameters": { "ApiKeyName": api_key_name } })
        }
        ConnectionAuthorization::Basic { username } => {
            json!({ "BasicAuthParameters": { "Username": username } })
        }
    };
    put(&mut members, "AuthParameters", Some(parameters));
    members.into()
}

/// Returns what making or changing an API destination answers.
pub(super) fn api_destination_state(destination: &ApiDestination) -> Value {
    json!({
        "ApiDestinationArn": destination.arn,
        "ApiDestinationState": "ACTIVE",
        "CreationTime": seconds(destination.creation_time),
        "LastModifiedTime": seconds(destination.last_modified_time),
    })
}

/// Returns an API destination in a listing.
pub(super) fn listed_api_destination(destination: &ApiDestination) -> Map<String, Value> {
    let mut members = object(api_destination_state(destination));
    put(&mut members, "Name", Some(destination.name.as_str()));
    put(
        &mut members,
        "ConnectionArn",
        Some(destination.connection_arn.as_str()),
    );
    put(
        &mut members,
        "InvocationEndpoint",
        Some(destination.invocation_endpoint.as_str()),
    );
    put(&mut members, "HttpMethod", Some(destination.http_method.as_str()));
    put(
        &mut members,
        "InvocationRateLimitPerSecond",
        Some(destination.invocation_rate_limit_per_second),
    );
    members
}

/// Returns an API destination.
pub(super) fn api_destination(destination: &ApiDestination) -> Value {
    let mut members = listed_api_destination(destination);
    put(&mut members, "Description", destination.description.as_deref());
    members.into()
}

/// Returns tags.
pub(super) fn tags(tags: &BTreeMap<String, String>) -> Value {
    let tags: Vec<Value> = tags
        .iter()
        .map(|(key, value)| json!({ "Key": key, "Value": value }))
        .collect();
    json!({ "Tags": tags })
}
