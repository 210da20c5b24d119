//! Small languages that a stranger's data meets, or that a stranger writes: they end within their limits, and say the same twice.

use std::borrow::Cow;

use portcullis_engines::{
    java_pattern,
    json_path::{self, JsonPath},
    vtl::{Found, Input, Limits, ParameterPlace, Scope, Template},
};
use serde_json::Value;

struct Everything(Input<'static>);

impl Scope for Everything {
    fn context(&self, path: &[&str]) -> Option<Found<'_>> {
        Some(Found::owned(path.join(".")))
    }
    fn stage_variable(&self, name: &str) -> Option<Cow<'_, str>> {
        Some(name.to_owned().into())
    }
    fn parameter(&self, _: ParameterPlace, name: &str) -> Option<Cow<'_, str>> {
        Some(name.to_owned().into())
    }
    fn parameters(&self, _: ParameterPlace) -> Vec<(Cow<'_, str>, Cow<'_, str>)> {
        vec![("a".into(), "1".into()), ("b".into(), "2".into())]
    }
    fn input(&self) -> &Input<'_> {
        &self.0
    }
}

const BODY: &[u8] = br#"{"a": [1, 2.5, {"b": "text"}], "c": null, "d": {"e": [[], {}]}, "f": "x"}"#;

/// Any template ends within its limits, and renders the same twice.
pub(crate) fn vtl(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(template) = Template::parse(text) else {
        return;
    };
    let limits = Limits {
        output_bytes_max: 64 * 1024,
        made_bytes_max: 256 * 1024,
        steps_max: 20_000,
    };
    let render = || template.render(&Everything(Input::new(BODY)), &limits);
    match (render(), render()) {
        (Ok(one), Ok(other)) => {
            assert!(one.text.len() <= limits.output_bytes_max);
            assert_eq!(one.text, other.text);
        }
        (Err(one), Err(other)) => assert_eq!(one, other),
        _ => panic!("one rendering succeeds and one does not"),
    }
}

/// Any path ends within its limits; a definite one names one value of the document.
pub(crate) fn json_path(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let Ok(path) = JsonPath::parse(text) else {
        return;
    };
    let document: Value = serde_json::from_slice(BODY).expect("JSON");
    let limits = json_path::Limits::default();
    if let Ok(found) = path.evaluate(&document, &limits) {
        assert_eq!(path.evaluate(&document, &limits).ok(), Some(found));
    }
}

/// A pattern compiles or is refused, and matches without a doubt.
pub(crate) fn java_pattern(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let (pattern, tried) = text.split_once('\n').unwrap_or((text, "5\\d{2} aaaa"));
    if let Ok(whole) = java_pattern::compile(pattern, true)
        && whole.is_match(tried)
        && let Ok(part) = java_pattern::compile(pattern, false)
    {
        assert!(part.is_match(tried), "what matches whole matches in part");
    }
}
