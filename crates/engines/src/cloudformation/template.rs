//! A template's sections, taken apart: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html>.
//! Nothing is evaluated here; `sections` reads a text into these.

use indexmap::IndexMap;
use portcullis_model::{Place, Problem};

use crate::document::Node;

/// A template.
#[derive(Clone, Debug, Default)]
pub struct Template {
    pub description: Option<String>,
    /// Kept as written; without effect.
    pub metadata: Option<Node>,
    pub transforms: Vec<Named>,
    pub parameters: IndexMap<String, ParameterDeclaration>,
    pub mappings: IndexMap<String, Mapping>,
    pub conditions: IndexMap<String, Node>,
    pub resources: IndexMap<String, ResourceTemplate>,
    pub outputs: IndexMap<String, OutputTemplate>,
    /// Warnings and inert notices from reading it; never an error.
    pub problems: Vec<Problem>,
}

/// A two-level table of literals.
pub type Mapping = IndexMap<String, IndexMap<String, Node>>;

/// A name in the template and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    pub text: String,
    pub place: Place,
}

/// One entry of `Parameters`.
#[derive(Clone, Debug)]
pub struct ParameterDeclaration {
    pub place: Place,
    pub kind: ParameterKind,
    /// The type as written.
    pub declared_type: String,
    pub description: Option<String>,
    pub default: Option<Named>,
    pub allowed_values: Vec<String>,
    pub allowed_pattern: Option<Named>,
    /// In characters.
    pub length_min: Option<u64>,
    /// In characters.
    pub length_max: Option<u64>,
    pub value_min: Option<f64>,
    pub value_max: Option<f64>,
    pub constraint_description: Option<String>,
    pub no_echo: bool,
}

/// How a parameter's text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ParameterKind {
    Text,
    Number,
    NumberList,
    TextList,
}

/// One entry of `Resources`.
#[derive(Clone, Debug)]
pub struct ResourceTemplate {
    /// Where its logical id stands.
    pub place: Place,
    pub resource_type: String,
    pub type_place: Place,
    /// Always a map; empty when the template has none.
    pub properties: Node,
    pub depends_on: Vec<Named>,
    pub condition: Option<Named>,
    pub deletion_policy: DeletionPolicy,
    pub update_replace_policy: DeletionPolicy,
    pub metadata: Option<Node>,
}

/// What happens to a resource that its stack no longer has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum DeletionPolicy {
    #[default]
    Delete,
    Retain,
    /// Deleted when the creation of the stack is rolled back, kept otherwise.
    RetainExceptOnCreate,
}

/// One entry of `Outputs`.
#[derive(Clone, Debug)]
pub struct OutputTemplate {
    pub place: Place,
    pub value: Node,
    pub description: Option<String>,
    pub export_name: Option<Node>,
    pub condition: Option<Named>,
}
