//! `RateBasedStatement`: more requests than a limit, per address or per key, within a window.
//!
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-type-rate-based.html>. Requests that the
//! rule itself blocks are counted too, as at AWS.

use std::net::IpAddr;

use serde_json::{Value, json};

use crate::{
    compiler::{Compiler, InspectionId},
    evaluation::Evaluation,
    limits::{RATE_KEY_BYTES_MAX, RATE_KEYS_MAX},
    rates::RateRule,
    reader::Fields,
    statements::{Statement, StatementDefinition, forwarded::ForwardedAddresses},
};

pub(crate) const DEFINITION: StatementDefinition = StatementDefinition {
    name: "RateBasedStatement",
    compile,
};

const PROPERTIES: &[&str] = &[
    "Limit",
    "EvaluationWindowSec",
    "AggregateKeyType",
    "ScopeDownStatement",
    "ForwardedIPConfig",
    "CustomKeys",
];
const KEY_TYPES: &[&str] = &["IP", "FORWARDED_IP", "CUSTOM_KEYS", "CONSTANT"];
/// Custom keys that are another field of the request, and that field.
const FIELD_KEYS: &[(&str, &str)] = &[
    ("Header", "SingleHeader"),
    ("QueryArgument", "SingleQueryArgument"),
    ("QueryString", "QueryString"),
    ("UriPath", "UriPath"),
];
/// Capacity units of the statement and of each custom key.
const UNITS: u32 = 2;
const KEY_UNITS: u32 = 30;
const WINDOW_SECONDS_DEFAULT: u32 = 300;

struct RateBased {
    rule: RateRule,
    limit: u64,
    window_seconds: u32,
    keys: Vec<Key>,
    forwarded: Option<ForwardedAddresses>,
    scope_down: Option<Box<dyn Statement>>,
}

/// A part of what tells instances apart.
enum Key {
    Address,
    ForwardedAddress,
    Method,
    Field(InspectionId),
    Cookie(InspectionId),
    /// All labels in a namespace.
    Labels(String),
}

fn compile(value: &Value, path: String, compiler: &mut Compiler<'_>) -> Option<Box<dyn Statement>> {
    let fields = Fields::of(value, path, PROPERTIES, compiler.problems)?;
    if !compiler.is_at_top() {
        compiler.problems.error(
            fields.path(),
            "a rate-based statement cannot stand inside another statement",
        );
    }
    compiler.charge(UNITS);
    let limit = fields.integer("Limit", 10, 2_000_000_000);
    let window_seconds = window(&fields);
    let key_type = fields.one_of("AggregateKeyType", KEY_TYPES);
    let scope_down = fields
        .optional("ScopeDownStatement")
        .map(|statement| compiler.statement(statement, fields.way("ScopeDownStatement")));
    let forwarded = fields
        .optional_object("ForwardedIPConfig", &["HeaderName", "FallbackBehavior"])
        .map(|config| ForwardedAddresses::read(&config));
    let keys = match key_type? {
        "IP" => Some(vec![Key::Address]),
        "FORWARDED_IP" => Some(vec![Key::ForwardedAddress]),
        "CONSTANT" => {
            if scope_down.is_none() {
                fields.refuse(
                    "ScopeDownStatement",
                    "is required when AggregateKeyType is CONSTANT",
                );
            }
            Some(Vec::new())
        }
        _ => custom_keys(&fields, compiler),
    }?;
    if fields.has("CustomKeys") && key_type != Some("CUSTOM_KEYS") {
        fields.refuse("CustomKeys", "is for the AggregateKeyType CUSTOM_KEYS");
    }
    let uses_forwarded = keys.iter().any(|key| matches!(key, Key::ForwardedAddress));
    if uses_forwarded && forwarded.is_none() {
        fields.refuse(
            "ForwardedIPConfig",
            "is required when requests are counted by forwarded address",
        );
        return None;
    }
    Some(Box::new(RateBased {
        rule: compiler.rate_rule(&value.to_string()),
        limit: limit?,
        window_seconds: window_seconds?,
        keys,
        forwarded: forwarded.unwrap_or(None),
        scope_down: match scope_down {
            Some(compiled) => Some(compiled?),
            None => None,
        },
    }))
}

fn window(fields: &Fields<'_>) -> Option<u32> {
    if !fields.has("EvaluationWindowSec") {
        return Some(WINDOW_SECONDS_DEFAULT);
    }
    let seconds = fields.integer("EvaluationWindowSec", 60, 600)?;
    if ![60, 120, 300, 600].contains(&seconds) {
        fields.refuse(
            "EvaluationWindowSec",
            format!("{seconds} is not supported: use 60, 120, 300 or 600"),
        );
        return None;
    }
    u32::try_from(seconds).ok()
}

fn custom_keys(fields: &Fields<'_>, compiler: &mut Compiler<'_>) -> Option<Vec<Key>> {
    let mut keys = Vec::new();
    for (path, item) in fields.list("CustomKeys", 1, RATE_KEYS_MAX)? {
        compiler.charge(KEY_UNITS);
        keys.push(custom_key(
            &Fields::any(item, path, compiler.problems)?,
            compiler,
        )?);
    }
    if let [Key::Address | Key::ForwardedAddress] = keys.as_slice() {
        fields.refuse(
            "CustomKeys",
            "an address alone is not a custom key: use the AggregateKeyType IP or FORWARDED_IP",
        );
        return None;
    }
    Some(keys)
}

fn custom_key(union: &Fields<'_>, compiler: &mut Compiler<'_>) -> Option<Key> {
    let (name, settings) = union.choice()?;
    let way = union.way(name);
    let plain = |key: Key| Fields::of(settings, way.clone(), &[], union.problems()).map(|_| key);
    match name {
        "IP" => plain(Key::Address),
        "ForwardedIP" => plain(Key::ForwardedAddress),
        "HTTPMethod" => plain(Key::Method),
        "LabelNamespace" => {
            let key = Fields::of(settings, way.clone(), &["Namespace"], union.problems())?;
            let namespace = key.text("Namespace")?;
            let whole = compiler.label(namespace, &key.way("Namespace"))?;
            Some(Key::Labels(if namespace.starts_with("awswaf:") {
                namespace.to_owned()
            } else {
                whole
            }))
        }
        "Cookie" => {
            let key = Fields::of(
                settings,
                way.clone(),
                &["Name", "TextTransformations"],
                union.problems(),
            )?;
            let field = json!({"Cookies": {
                "MatchPattern": {"IncludedCookies": [key.text("Name")?]},
                "MatchScope": "VALUE",
                "OversizeHandling": "CONTINUE",
            }});
            Some(Key::Cookie(compiler.key_inspection(&key, &field)?))
        }
        _ => {
            let Some((_, field)) = FIELD_KEYS.iter().find(|(known, _)| *known == name) else {
                union.refuse(name, format!("{name} is not supported as a custom key"));
                return None;
            };
            let has_name = field.starts_with("Single");
            let known: &[&str] = if has_name {
                &["Name", "TextTransformations"]
            } else {
                &["TextTransformations"]
            };
            let key = Fields::of(settings, way.clone(), known, union.problems())?;
            let field = if has_name {
                json!({*field: {"Name": key.text("Name")?}})
            } else {
                json!({*field: {}})
            };
            Some(Key::Field(compiler.key_inspection(&key, &field)?))
        }
    }
}

impl Statement for RateBased {
    fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> bool {
        if self
            .scope_down
            .as_ref()
            .is_some_and(|scope| !scope.evaluate(evaluation))
        {
            return false;
        }
        let mut name = Vec::with_capacity(32);
        for key in &self.keys {
            match self.add(key, evaluation, &mut name) {
                Added::Yes => {}
                Added::Decides(outcome) => return outcome,
            }
        }
        if name.len() > RATE_KEY_BYTES_MAX {
            let hash = hash_of(&name);
            name.truncate(RATE_KEY_BYTES_MAX);
            name.extend_from_slice(&hash);
        }
        evaluation
            .rates
            .count(self.rule, &name, self.window_seconds, evaluation.now)
            > self.limit
    }
}

enum Added {
    Yes,
    /// The request is not counted; the statement has this outcome.
    Decides(bool),
}

impl RateBased {
    /// Appends one key to the name of the instance. A request without it belongs to no instance.
    fn add(&self, key: &Key, evaluation: &mut Evaluation<'_>, name: &mut Vec<u8>) -> Added {
        match key {
            Key::Address => add_address(evaluation.request.source, name),
            Key::ForwardedAddress => {
                let Some(forwarded) = &self.forwarded else {
                    return Added::Decides(false);
                };
                match forwarded.addresses(evaluation).first() {
                    None => return Added::Decides(false),
                    Some(None) => return Added::Decides(forwarded.malformed_matches),
                    Some(Some(address)) => add_address(*address, name),
                }
            }
            Key::Method => add_bytes(evaluation.request.method.as_bytes(), name),
            Key::Labels(namespace) => {
                let labels: Vec<&str> = evaluation
                    .labels
                    .iter()
                    .map(AsRef::as_ref)
                    .filter(|label: &&str| label.starts_with(namespace.as_str()))
                    .collect();
                if labels.is_empty() {
                    return Added::Decides(false);
                }
                labels.iter().for_each(|label| add_bytes(label.as_bytes(), name));
            }
            Key::Field(id) | Key::Cookie(id) => {
                let Some((_, extracted)) = evaluation.inspect(*id) else {
                    return Added::Decides(false);
                };
                let Some(piece) = extracted.pieces.first() else {
                    return Added::Decides(false);
                };
                add_bytes(&piece.bytes, name);
            }
        }
        Added::Yes
    }
}

fn add_address(address: IpAddr, name: &mut Vec<u8>) {
    match address.to_canonical() {
        IpAddr::V4(address) => add_bytes(&address.octets(), name),
        IpAddr::V6(address) => add_bytes(&address.octets(), name),
    }
}

/// The length goes first, so that two keys cannot run into each other.
fn add_bytes(bytes: &[u8], name: &mut Vec<u8>) {
    name.extend_from_slice(&u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes());
    name.extend_from_slice(bytes);
}

fn hash_of(name: &[u8]) -> [u8; 8] {
    use std::hash::{DefaultHasher, Hasher};
    let mut hasher = DefaultHasher::new();
    hasher.write(name);
    hasher.finish().to_be_bytes()
}
