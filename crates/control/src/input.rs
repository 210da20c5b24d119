//! Reads the members of an input, and says in AWS's words, all at once, what is wrong with them.
//!
//! A member of the wrong JSON type is a `SerializationException`; one that breaks a constraint, or that is missing,
//! an `InvalidParameterException` with every violation; one that we do not act on is refused by name. `null` counts
//! as absent (<https://smithy.io/2.0/aws/protocols/aws-json-1_1-protocol.html>).

use portcullis_model::SecretText;
use serde_json::{Map, Value};

use crate::AwsError;

/// Violations that one answer lists; AWS stops as well.
const VIOLATIONS_MAX: usize = 50;

/// A test, and the regular expression with which AWS describes it.
pub type Pattern = (fn(&str) -> bool, &'static str);

/// What a text must be.
#[derive(Clone, Copy)]
pub struct Text {
    /// Characters.
    pub min: usize,
    pub max: usize,
    pub pattern: Option<Pattern>,
    /// Never repeated in a message.
    pub sensitive: bool,
}

impl Text {
    /// Returns the rule that asks for up to `max` characters.
    pub const fn up_to(max: usize) -> Self {
        Self {
            min: 0,
            max,
            pattern: None,
            sensitive: false,
        }
    }

    /// Returns the rule that asks for 1 to `max` characters that pass `test`.
    pub const fn matching(max: usize, test: fn(&str) -> bool, expression: &'static str) -> Self {
        Self {
            min: 1,
            max,
            pattern: Some((test, expression)),
            sensitive: false,
        }
    }

    /// Returns the rule with values kept out of messages.
    #[must_use]
    pub const fn sensitive(self) -> Self {
        Self {
            sensitive: true,
            ..self
        }
    }
}

/// The members of one structure, being read.
pub struct Input<'a> {
    members: &'a Map<String, Value>,
    /// Where the structure stands: `policies.passwordPolicy.`; empty at the top.
    path: String,
    violations: Vec<String>,
    refused: Option<AwsError>,
}

impl<'a> Input<'a> {
    /// Returns a reader of `members`.
    pub const fn new(members: &'a Map<String, Value>) -> Self {
        Self {
            members,
            path: String::new(),
            violations: Vec::new(),
            refused: None,
        }
    }

    /// Says what was wrong with all that was read.
    pub fn finish(self) -> Result<(), AwsError> {
        if let Some(refused) = self.refused {
            return Err(refused);
        }
        match self.violations.len() {
            0 => Ok(()),
            count => {
                let plural = if count == 1 { "" } else { "s" };
                let listed: Vec<&str> = self
                    .violations
                    .iter()
                    .take(VIOLATIONS_MAX)
                    .map(String::as_str)
                    .collect();
                let message = format!("{count} validation error{plural} detected: {}", listed.join("; "));
                Err(AwsError::new("InvalidParameterException", 400, message))
            }
        }
    }

    /// Reads a text that may be absent.
    pub fn text(&mut self, member: &str, rule: Text) -> Option<&'a str> {
        let value = self.value(member)?;
        let Some(text) = value.as_str() else {
            self.wrong_type(member, "String");
            return None;
        };
        let place = self.place(member);
        self.check(&place, text, rule);
        Some(text)
    }

    /// Reads a text that must be there; empty when it is not, which [`Self::finish`] reports.
    pub fn required(&mut self, member: &str, rule: Text) -> &'a str {
        let text = self.text(member, rule);
        self.require(member, text.is_some());
        text.unwrap_or_default()
    }

    /// Reads a secret that may be absent.
    pub fn secret(&mut self, member: &str, rule: Text) -> Option<SecretText> {
        self.text(member, rule.sensitive())
            .map(|text| SecretText::new(text.to_owned()))
    }

    /// Reads a secret that must be there.
    pub fn required_secret(&mut self, member: &str, rule: Text) -> SecretText {
        SecretText::new(self.required(member, rule.sensitive()).to_owned())
    }

    /// Reads one of some words.
    pub fn one_of(&mut self, member: &str, words: &[&str]) -> Option<&'a str> {
        let word = self.text(member, Text::up_to(usize::MAX))?;
        let place = self.place(member);
        self.check_word(&place, word, words);
        Some(word)
    }

    /// Reads a whole number from `min` to `max`.
    pub fn integer(&mut self, member: &str, min: i64, max: i64) -> Option<i64> {
        let value = self.value(member)?;
        let Some(number) = value.as_i64() else {
            self.wrong_type(member, "Integer");
            return None;
        };
        let bound = if number < min {
            Some(format!("greater than or equal to {min}"))
        } else if number > max {
            Some(format!("less than or equal to {max}"))
        } else {
            None
        };
        if let Some(bound) = bound {
            let place = self.place(member);
            self.violations.push(format!(
                "Value '{number}' at '{place}' failed to satisfy constraint: Member must have value {bound}"
            ));
        }
        Some(number)
    }

    /// Reads a whole number from 0 to `max`, which fits 32 bits.
    pub fn unsigned(&mut self, member: &str, max: u32) -> Option<u32> {
        self.integer(member, 0, i64::from(max))
            .and_then(|number| u32::try_from(number).ok())
    }

    /// Reads a truth value.
    pub fn boolean(&mut self, member: &str) -> Option<bool> {
        let value = self.value(member)?;
        let read = value.as_bool();
        if read.is_none() {
            self.wrong_type(member, "Boolean");
        }
        read
    }

    /// Reads a list of texts; none when it is absent.
    pub fn texts(&mut self, member: &str, rule: Text) -> Option<Vec<String>> {
        let value = self.value(member)?;
        let items: Option<Vec<&str>> = value
            .as_array()
            .and_then(|items| items.iter().map(Value::as_str).collect());
        let Some(items) = items else {
            self.wrong_type(member, "list of String");
            return None;
        };
        let place = self.place(member);
        for (index, item) in items.iter().enumerate() {
            self.check(&format!("{place}.{}.member", index + 1), item, rule);
        }
        Some(items.into_iter().map(str::to_owned).collect())
    }

    /// Reads a map of texts; none when it is absent.
    pub fn text_map(&mut self, member: &str) -> Option<Vec<(&'a str, &'a str)>> {
        let value = self.value(member)?;
        let entries = value.as_object().and_then(|map| {
            map.iter()
                .filter(|(_, value)| !value.is_null())
                .map(|(key, value)| value.as_str().map(|text| (key.as_str(), text)))
                .collect()
        });
        if entries.is_none() {
            self.wrong_type(member, "map of String");
        }
        entries
    }

    /// Reads a structure of which the members in `known` are acted on.
    pub fn structure<T>(
        &mut self,
        member: &str,
        known: &[&str],
        read: impl FnOnce(&mut Self) -> T,
    ) -> Option<T> {
        let value = self.value(member)?;
        let Some(members) = value.as_object() else {
            self.wrong_type(member, "structure");
            return None;
        };
        let path = format!("{}.", self.place(member));
        Some(self.inside(members, path, known, read))
    }

    /// Reads a list of structures of which the members in `known` are acted on.
    pub fn structures<T>(
        &mut self,
        member: &str,
        known: &[&str],
        read: impl Fn(&mut Self) -> T,
    ) -> Option<Vec<T>> {
        let value = self.value(member)?;
        let items: Option<Vec<&'a Map<String, Value>>> = value
            .as_array()
            .and_then(|items| items.iter().map(Value::as_object).collect());
        let Some(items) = items else {
            self.wrong_type(member, "list of structure");
            return None;
        };
        let place = self.place(member);
        Some(
            items
                .into_iter()
                .enumerate()
                .map(|(index, members)| {
                    self.inside(members, format!("{place}.{}.member.", index + 1), known, &read)
                })
                .collect(),
        )
    }

    /// Returns a member as it came.
    pub fn value(&self, member: &str) -> Option<&'a Value> {
        self.members.get(member).filter(|value| !value.is_null())
    }

    /// Notes a missing member.
    pub fn require(&mut self, member: &str, present: bool) {
        if !present && self.refused.is_none() {
            let place = self.place(member);
            self.violations.push(format!(
                "Value null at '{place}' failed to satisfy constraint: Member must not be null"
            ));
        }
    }

    fn inside<T>(
        &mut self,
        members: &'a Map<String, Value>,
        path: String,
        known: &[&str],
        read: impl FnOnce(&mut Self) -> T,
    ) -> T {
        let mut inner = Self {
            members,
            path,
            violations: Vec::new(),
            refused: None,
        };
        let unknown = members
            .iter()
            .find(|(name, value)| !value.is_null() && !known.contains(&name.as_str()));
        if let Some((name, _)) = unknown {
            let message = format!(
                "`{}` is not supported: remove it, this server would not act on it",
                inner.place(name)
            );
            inner.refused = Some(AwsError::new("InvalidParameterException", 400, message));
        }
        let result = read(&mut inner);
        self.violations.append(&mut inner.violations);
        self.refused = self.refused.take().or(inner.refused);
        result
    }

    fn check(&mut self, place: &str, text: &str, rule: Text) {
        let shown = if rule.sensitive {
            "Value".to_owned()
        } else {
            format!("Value '{text}'")
        };
        let mut fail = |constraint: String| {
            self.violations.push(format!(
                "{shown} at '{place}' failed to satisfy constraint: Member must {constraint}"
            ));
        };
        let length = text.chars().count();
        if length > rule.max {
            fail(format!("have length less than or equal to {}", rule.max));
        }
        if length < rule.min {
            fail(format!("have length greater than or equal to {}", rule.min));
        }
        if let Some((test, expression)) = rule.pattern
            && !test(text)
        {
            fail(format!("satisfy regular expression pattern: {expression}"));
        }
    }

    fn check_word(&mut self, place: &str, word: &str, words: &[&str]) {
        if !words.contains(&word) {
            self.violations.push(format!(
                "Value '{word}' at '{place}' failed to satisfy constraint: Member must satisfy enum value set: [{}]",
                words.join(", ")
            ));
        }
    }

    fn wrong_type(&mut self, member: &str, expected: &str) {
        let message = format!("`{}` is not a {expected}", self.place(member));
        self.refused
            .get_or_insert_with(|| AwsError::new("SerializationException", 400, message));
    }

    /// AWS names members with a small first letter in its messages.
    fn place(&self, member: &str) -> String {
        let mut letters = member.chars();
        let first = letters.next().map(|letter| letter.to_ascii_lowercase());
        format!("{}{}{}", self.path, first.unwrap_or_default(), letters.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn message(input: &Value, read: impl FnOnce(&mut Input<'_>)) -> String {
        let mut reader = Input::new(input.as_object().unwrap());
        read(&mut reader);
        reader.finish().unwrap_err().message
    }

    #[test]
    fn every_violation_is_told_at_once_in_the_words_of_aws() {
        let told = message(&json!({ "PoolName": "" }), |input| {
            input.required("PoolName", Text::matching(8, |text| !text.is_empty(), ".+"));
            input.required("UserPoolId", Text::up_to(55));
        });
        assert_eq!(
            told,
            "3 validation errors detected: Value '' at 'poolName' failed to satisfy constraint: Member must have \
             length greater than or equal to 1; Value '' at 'poolName' failed to satisfy constraint: Member must \
             satisfy regular expression pattern: .+; Value null at 'userPoolId' failed to satisfy constraint: Member \
             must not be null"
        );
    }

    #[test]
    fn a_secret_is_never_repeated() {
        let told = message(&json!({ "Password": "hunter2 hunter2" }), |input| {
            input.required_secret("Password", Text::up_to(3));
        });
        assert!(!told.contains("hunter2"), "{told}");
    }

    #[test]
    fn a_member_deep_inside_that_nobody_reads_is_refused_by_its_place() {
        let told = message(&json!({ "Policies": { "SignInPolicy": {} } }), |input| {
            input.structure("Policies", &["PasswordPolicy"], |_| ());
        });
        assert!(told.contains("`policies.signInPolicy`"), "{told}");
    }

    #[test]
    fn null_counts_as_absent() {
        let input = json!({ "Limit": null });
        let mut reader = Input::new(input.as_object().unwrap());
        assert_eq!(reader.integer("Limit", 0, 60), None);
        assert!(reader.finish().is_ok());
    }
}
