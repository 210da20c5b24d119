//! What a verified token says: RFC 7519 section 4.

use std::borrow::Cow;

use portcullis_model::Timestamp;
use serde_json::Value;

use super::JwtError;
use crate::strict_json::Object;

/// The claims of a token whose signature was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(pub Object);

impl Claims {
    /// Tells whether there is a claim `name`, be it null.
    pub fn contains(&self, name: &str) -> bool {
        self.0.contains(name)
    }

    /// Returns the claim `name`, whatever its type.
    pub fn get(&self, name: &str) -> Option<Cow<'_, Value>> {
        self.0.get(name)
    }

    /// Returns the claim `name` when it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.text(name)
    }

    /// Returns the claim `name` when it is a number, rounded down, as NumericDate is read in whole seconds.
    pub fn number(&self, name: &str) -> Option<i64> {
        self.0.number(name)
    }

    /// Returns the claim `name` as a list: one text, or a list of nothing but texts; none when absent or anything else.
    pub fn strings(&self, name: &str) -> Option<Vec<&str>> {
        self.0.strings(name)
    }

    /// Checks `exp` (required), `nbf` and `iat` against `now`, forgiving clocks `leeway_seconds`.
    pub fn check_times(&self, now: Timestamp, leeway_seconds: i64) -> Result<(), JwtError> {
        let now = now.seconds();
        let expires = self.number("exp").ok_or(JwtError::NoTime("exp"))?;
        if expires <= now.saturating_sub(leeway_seconds) {
            return Err(JwtError::Expired);
        }
        for name in ["nbf", "iat"] {
            if self.contains(name) {
                let from = self.number(name).ok_or(JwtError::NoTime(name))?;
                if from > now.saturating_add(leeway_seconds) {
                    return Err(JwtError::NotYetValid(name));
                }
            }
        }
        Ok(())
    }
}
