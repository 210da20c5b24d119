//! `$util`: the functions that API Gateway gives a template (AWS page "Mapping template and access logging variable
//! reference", section "$util variables").

use std::borrow::Cow;

use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;

use super::{Found, RenderError};

/// A function of `$util`. Each takes one text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Util {
    EscapeJavaScript,
    ParseJson,
    UrlEncode,
    UrlDecode,
    Base64Encode,
    Base64Decode,
}

impl Util {
    const ALL: [(&'static str, Self); 6] = [
        ("escapeJavaScript", Self::EscapeJavaScript),
        ("parseJson", Self::ParseJson),
        ("urlEncode", Self::UrlEncode),
        ("urlDecode", Self::UrlDecode),
        ("base64Encode", Self::Base64Encode),
        ("base64Decode", Self::Base64Decode),
    ];

    /// Finds a function by its name in a template.
    pub(super) fn find(name: &str) -> Option<Self> {
        let mut all = Self::ALL.iter();
        all.find(|(known, _)| *known == name).map(|(_, util)| *util)
    }

    /// Applies it to `text`.
    pub(super) fn apply(self, text: &str) -> Result<Found<'static>, RenderError> {
        let failed = |reason: String| RenderError::Util(self.name(), reason);
        Ok(Found::owned(match self {
            Self::EscapeJavaScript => escape_java_script(text),
            Self::ParseJson => {
                let value: Value = serde_json::from_str(text).map_err(|cause| failed(cause.to_string()))?;
                return Ok(Found::Json(Cow::Owned(value)));
            }
            Self::UrlEncode => url_encode(text),
            Self::UrlDecode => url_decode(text).map_err(failed)?,
            Self::Base64Encode => STANDARD.encode(text),
            Self::Base64Decode => {
                let bytes = STANDARD.decode(text).map_err(|cause| failed(cause.to_string()))?;
                String::from_utf8(bytes).map_err(|_| failed("the bytes are not UTF-8 text".into()))?
            }
        }))
    }

    fn name(self) -> &'static str {
        let mut all = Self::ALL.iter();
        all.find(|(_, util)| *util == self).map_or("", |(name, _)| name)
    }
}

/// As Java's commons-lang escapes for JavaScript: quotes of both kinds, backslash, slash, controls, and whatever is not
/// ASCII. The single quote makes `\'`, which is no JSON: templates add `.replaceAll("\\'", "'")`, as AWS's page advises.
fn escape_java_script(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '\'' | '"' | '\\' | '/' => escaped.extend(['\\', character]),
            '\u{8}' => escaped.push_str("\\b"),
            '\n' => escaped.push_str("\\n"),
            '\t' => escaped.push_str("\\t"),
            '\u{c}' => escaped.push_str("\\f"),
            '\r' => escaped.push_str("\\r"),
            ' '..='~' => escaped.push(character),
            other => {
                for unit in other.encode_utf16(&mut [0; 2]) {
                    escaped.push_str(&format!("\\u{unit:04X}"));
                }
            }
        }
    }
    escaped
}

/// `application/x-www-form-urlencoded`, as `java.net.URLEncoder` writes it.
fn url_encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'*' | b'_' => {
                encoded.push(char::from(byte))
            }
            b' ' => encoded.push('+'),
            other => encoded.push_str(&format!("%{other:02X}")),
        }
    }
    encoded
}

fn url_decode(text: &str) -> Result<String, String> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => {
                let mut digit = || bytes.next().and_then(|byte| char::from(byte).to_digit(16));
                let value = digit().zip(digit()).map(|(high, low)| high * 16 + low);
                let value = value.and_then(|value| u8::try_from(value).ok());
                value.ok_or_else(|| "`%` is not followed by two hexadecimal digits".to_owned())?
            }
            other => other,
        });
    }
    String::from_utf8(decoded).map_err(|_| "the bytes are not UTF-8 text".into())
}
