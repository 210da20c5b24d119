//! What `$ref` may name besides the schema itself: documents in memory. For a model these are the other models of its API.

use std::{collections::BTreeMap, error::Error, sync::Arc};

use jsonschema::{Retrieve, Uri};
use serde_json::Value;

const DEFAULT_DRAFT: &str = "http://json-schema.org/draft-04/schema#";

/// Documents by address, without fragment. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Documents {
    by_url: Arc<BTreeMap<String, Value>>,
    others_are_empty: bool,
}

/// Returns the address by which a model of an API refers to another.
pub fn model_url(api_id: &str, name: &str) -> String {
    format!("https://apigateway.amazonaws.com/restapis/{api_id}/models/{name}")
}

impl Documents {
    /// Returns documents by address, draft 4 where they do not say otherwise. A text that is not JSON is left out: it has
    /// problems of its own, and no schema can refer to it.
    pub fn new<'a>(texts: impl IntoIterator<Item = (String, &'a str)>) -> Self {
        let documents = texts.into_iter().filter_map(|(url, text)| {
            let mut document: Value = serde_json::from_str(text).ok()?;
            if let Some(members) = document.as_object_mut() {
                members.entry("$schema").or_insert_with(|| DEFAULT_DRAFT.into());
            }
            Some((url, document))
        });
        Self {
            by_url: Arc::new(documents.collect()),
            others_are_empty: false,
        }
    }

    /// Returns documents for a first look at a schema whose surroundings are not known yet: every address outside it leads to
    /// a schema that takes all.
    pub fn unknown() -> Self {
        Self {
            by_url: Arc::default(),
            others_are_empty: true,
        }
    }

    pub(super) fn get(&self, url: &str) -> Option<&Value> {
        self.by_url.get(url)
    }
}

impl Retrieve for Documents {
    fn retrieve(&self, uri: &Uri<String>) -> Result<Value, Box<dyn Error + Send + Sync>> {
        let url = uri.as_str().trim_end_matches('#');
        match self.by_url.get(url) {
            Some(document) => Ok(document.clone()),
            None if self.others_are_empty => Ok(Value::Object(serde_json::Map::new())),
            None => Err(format!("`{url}` is no model of this API, and nothing else is read").into()),
        }
    }
}
