//! Reads any text as an event pattern, as JSON to be written canonically, and as a producer's detached signature.

#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis_engines::{canonical_json, event_pattern::Pattern, jwt::Detached, strict_json};

fuzz_target!(|text: &str| {
    let value = strict_json::parse(text.as_bytes());
    if let Ok(pattern) = Pattern::parse(text) {
        pattern.matches(&value.clone().unwrap_or_default());
    }
    if let Some(canonical) = value.and_then(|value| canonical_json::render(&value).ok()) {
        let again = strict_json::parse(canonical.as_bytes()).expect("canonical JSON is JSON");
        if let Ok(same) = canonical_json::render(&again) {
            assert_eq!(same, canonical);
        }
    }
    let _ = Detached::parse(text);
});
