//! The facts that conditions and policy variables read.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>

use std::{borrow::Cow, collections::HashMap};

/// Something that knows values by condition key and says them when it is asked: most policies ask for few.
pub trait Facts: Sync {
    /// Returns the values of `key`, which is in lower case; none when it is absent.
    fn values(&self, key: &str) -> Option<Vec<String>>;
}

/// Values by condition key. Keys compare without case; a key that was never set, and that no facts know, is absent.
#[derive(Clone, Default)]
pub struct Context<'f> {
    facts: Option<&'f dyn Facts>,
    values: HashMap<String, Vec<String>>,
}

impl<'f> Context<'f> {
    /// Returns a context without any key.
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns a context of what `facts` knows. What is set precedes it.
    pub fn of(facts: &'f dyn Facts) -> Self {
        Self {
            facts: Some(facts),
            values: HashMap::new(),
        }
    }

    /// Sets a key with one value.
    pub fn set(&mut self, key: &str, value: impl Into<String>) {
        self.values.insert(key.to_ascii_lowercase(), vec![value.into()]);
    }

    /// Sets a key with any number of values, none included.
    pub fn set_all(&mut self, key: &str, values: Vec<String>) {
        self.values.insert(key.to_ascii_lowercase(), values);
    }

    /// Returns the values of `key`, which is in lower case; none when it is absent.
    pub(super) fn values(&self, key: &str) -> Option<Cow<'_, [String]>> {
        if let Some(values) = self.values.get(key) {
            return Some(Cow::Borrowed(values));
        }
        self.facts.and_then(|facts| facts.values(key)).map(Cow::Owned)
    }

    /// Returns the value of a key that has exactly one, as policy variables need it.
    pub(super) fn single(&self, key: &str) -> Option<Cow<'_, str>> {
        match self.values(key)? {
            Cow::Borrowed([value]) => Some(Cow::Borrowed(value)),
            Cow::Owned(mut values) if values.len() == 1 => values.pop().map(Cow::Owned),
            _ => None,
        }
    }
}
