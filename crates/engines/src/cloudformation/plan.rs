//! What a template makes, and in which order.

use std::collections::BTreeMap;

use portcullis_model::Problem;

use super::parameters::{Parameters, PseudoParameters};
use super::template::Template;

/// Each condition's value.
pub type Conditions = BTreeMap<String, bool>;

/// What is to be made, in order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub conditions: Conditions,
    /// Every resource whose condition holds, after all that it depends on; by template order among equals.
    pub resources: Vec<PlannedResource>,
    /// Names of the outputs whose condition holds, in template order.
    pub outputs: Vec<String>,
}

/// One resource to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedResource {
    pub logical_id: String,
    /// Logical ids of what it refers to or names in `DependsOn`, each once, in template order.
    pub depends_on: Vec<String>,
}

impl Template {
    /// Evaluates the conditions and orders the resources, or says what forbids it.
    pub fn plan(&self, parameters: &Parameters, pseudo: &PseudoParameters) -> Result<Plan, Vec<Problem>> {
        let _ = (parameters, pseudo);
        Err(vec![Problem::error(None, "", "planning is not here yet")])
    }
}
