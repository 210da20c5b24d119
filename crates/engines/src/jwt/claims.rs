//! What a verified token says: RFC 7519 section 4.

use portcullis_model::Timestamp;
use serde_json::{Map, Value};

use super::JwtError;

/// The claims of a token whose signature was checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Claims(pub Map<String, Value>);

impl Claims {
    /// Returns the claim `name`, whatever its type.
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    /// Returns the claim `name` when it is text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.0.get(name)?.as_str()
    }

    /// Returns the claim `name` when it is a number, rounded down, as NumericDate is read in whole seconds.
    pub fn number(&self, name: &str) -> Option<i64> {
        let number = self.0.get(name)?;
        // A float beyond i64 saturates, which keeps its order.
        number
            .as_i64()
            .or_else(|| number.as_f64().map(|value| value.floor() as i64))
    }

    /// Returns the claim `name` as a list: one text, or a list of nothing but texts; none when absent or anything else.
    pub fn strings(&self, name: &str) -> Option<Vec<&str>> {
        match self.0.get(name)? {
            Value::String(text) => Some(vec![text.as_str()]),
            Value::Array(list) => list.iter().map(Value::as_str).collect(),
            _ => None,
        }
    }

    /// Checks `exp` (required), `nbf` and `iat` against `now`, forgiving clocks `leeway_seconds`.
    pub fn check_times(&self, now: Timestamp, leeway_seconds: i64) -> Result<(), JwtError> {
        let now = now.seconds();
        let expires = self.number("exp").ok_or(JwtError::NoTime("exp"))?;
        if expires <= now.saturating_sub(leeway_seconds) {
            return Err(JwtError::Expired);
        }
        for name in ["nbf", "iat"] {
            if self.0.contains_key(name) {
                let from = self.number(name).ok_or(JwtError::NoTime(name))?;
                if from > now.saturating_add(leeway_seconds) {
                    return Err(JwtError::NotYetValid(name));
                }
            }
        }
        Ok(())
    }
}
