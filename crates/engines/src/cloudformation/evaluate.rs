//! Values of a template, with every intrinsic function worked out.

use portcullis_model::Problem;
use serde_json::Value;

use super::node::Node;
use super::parameters::{Parameters, PseudoParameters};
use super::plan::Conditions;
use super::template::Template;

/// What the template alone cannot know.
pub trait References {
    /// Returns what `Ref` gives for a resource that exists.
    fn reference(&self, logical_id: &str) -> Option<Value>;
    /// Returns what `Fn::GetAtt` gives.
    fn attribute(&self, logical_id: &str, name: &str) -> Option<Value>;
    /// Returns the value that another stack exports under this name.
    fn import(&self, export: &str) -> Option<Value>;
    /// Returns the names of a region's availability zones.
    fn availability_zones(&self, region: &str) -> Vec<String>;
}

/// All that an expression may refer to, but resources.
#[derive(Clone, Copy, Debug)]
pub struct Environment<'a> {
    pub template: &'a Template,
    pub parameters: &'a Parameters,
    pub pseudo: &'a PseudoParameters,
    /// From `Plan::conditions`.
    pub conditions: &'a Conditions,
}

/// Evaluates a node; what is `AWS::NoValue` is left out. `path` leads to the node, for messages.
pub fn evaluate(
    node: &Node,
    path: &str,
    environment: &Environment<'_>,
    references: &dyn References,
) -> Result<Value, Vec<Problem>> {
    let _ = (environment, references);
    Err(vec![Problem::error(Some(node.place), path, "evaluation is not here yet")])
}
