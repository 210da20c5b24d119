//! What a stack's values may refer to beyond its template: its own resources and other stacks' exports.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use portcullis_engines::cloudformation::References;
use portcullis_model::resources::cloudformation::StackResource;
use serde_json::Value;

/// The resources that exist and the exports of all stacks.
pub(super) struct Known<'a> {
    pub resources: &'a BTreeMap<String, StackResource>,
    pub exports: &'a BTreeMap<String, String>,
    /// Exports that were asked for.
    pub imported: RefCell<BTreeSet<String>>,
}

impl References for Known<'_> {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        let resource = self.resources.get(logical_id)?;
        resource.physical_resource_id.as_ref()?;
        Some(resource.reference.clone().into())
    }

    fn attribute(&self, logical_id: &str, name: &str) -> Option<Value> {
        self.resources.get(logical_id)?.attributes.get(name).cloned()
    }

    fn import(&self, export: &str) -> Option<Value> {
        let value = self.exports.get(export)?;
        self.imported.borrow_mut().insert(export.to_owned());
        Some(value.clone().into())
    }

    fn availability_zones(&self, region: &str) -> Vec<String> {
        ["a", "b", "c"]
            .iter()
            .map(|zone| format!("{region}{zone}"))
            .collect()
    }
}
