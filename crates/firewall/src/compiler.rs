//! What the parts of a web ACL share while they are compiled: references, inspections, capacity, labels.
//!
//! Capacity after <https://docs.aws.amazon.com/waf/latest/developerguide/aws-waf-capacity-units.html>.

use std::{
    collections::HashSet,
    hash::{DefaultHasher, Hash, Hasher},
};

use portcullis_model::resources::wafv2::{IpSet, RegexPatternSet};
use serde_json::Value;

use crate::{
    fields::{self, Field},
    limits::{LABEL_CHARACTERS_MAX, STATEMENT_DEPTH_MAX, TRANSFORMATIONS_MAX},
    rates::RateRule,
    reader::{Fields, Problems},
    statements::{self, Statement},
    transformations::{self, Transformation},
};

/// Capacity units of one transformation of one field.
const TRANSFORMATION_UNITS: u32 = 10;

/// Finds what rules refer to by ARN.
pub trait References {
    fn ip_set(&self, arn: &str) -> Option<&IpSet>;
    fn regex_pattern_set(&self, arn: &str) -> Option<&RegexPatternSet>;
}

/// For web ACLs that refer to nothing.
pub struct NoReferences;

impl References for NoReferences {
    fn ip_set(&self, _arn: &str) -> Option<&IpSet> {
        None
    }

    fn regex_pattern_set(&self, _arn: &str) -> Option<&RegexPatternSet> {
        None
    }
}

/// A field with the transformations applied to it. Rules that inspect the same share the work.
pub(crate) struct Inspection {
    pub(crate) field: Box<dyn Field>,
    pub(crate) chain: Vec<&'static Transformation>,
}

/// The place of an [`Inspection`] in its web ACL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct InspectionId(pub(crate) usize);

pub(crate) struct Compiler<'a> {
    pub(crate) problems: &'a Problems,
    pub(crate) references: &'a dyn References,
    /// Comes before relative labels: `awswaf:ACCOUNT:webacl:NAME:`.
    pub(crate) label_prefix: String,
    /// The ARN of the web ACL and the name of the rule, which tell rate counters apart.
    pub(crate) rule_identity: String,
    pub(crate) inspections: Vec<Inspection>,
    keys: Vec<String>,
    charged: HashSet<(String, &'static str)>,
    pub(crate) capacity: u32,
    depth: usize,
}

impl<'a> Compiler<'a> {
    pub(crate) fn new(problems: &'a Problems, references: &'a dyn References, label_prefix: String) -> Self {
        Self {
            problems,
            references,
            label_prefix,
            rule_identity: String::new(),
            inspections: Vec::new(),
            keys: Vec::new(),
            charged: HashSet::new(),
            capacity: 0,
            depth: 0,
        }
    }

    /// Compiles a statement inside another one, or at the top of a rule.
    pub(crate) fn statement(&mut self, value: &Value, path: String) -> Option<Box<dyn Statement>> {
        if self.depth >= STATEMENT_DEPTH_MAX {
            self.problems
                .error(&path, format!("statements may be {STATEMENT_DEPTH_MAX} deep"));
            return None;
        }
        self.depth += 1;
        let statement = statements::compile(value, path, self);
        self.depth -= 1;
        statement
    }

    /// Tells whether the statement being compiled is the whole statement of its rule.
    pub(crate) fn is_at_top(&self) -> bool {
        self.depth == 1
    }

    pub(crate) fn charge(&mut self, units: u32) {
        self.capacity = self.capacity.saturating_add(units);
    }

    /// Compiles `FieldToMatch` and `TextTransformations`, and charges `units` for looking at them.
    pub(crate) fn inspection(&mut self, statement: &Fields<'_>, units: u32) -> Option<InspectionId> {
        let field = statement.required("FieldToMatch");
        let chain = self.chain(statement);
        let field = field?;
        let compiled = fields::compile(field, statement.way("FieldToMatch"), self.problems);
        let (compiled, chain) = (compiled?, chain?);
        self.charge(compiled.capacity(units));
        Some(self.intern(field, compiled, chain))
    }

    /// Compiles a field that the caller made up, with the transformations of `key`.
    pub(crate) fn key_inspection(&mut self, key: &Fields<'_>, field: &Value) -> Option<InspectionId> {
        let chain = self.chain(key);
        let compiled = fields::compile(field, key.path().to_owned(), self.problems)?;
        Some(self.intern(field, compiled, chain?))
    }

    fn intern(
        &mut self,
        field: &Value,
        compiled: Box<dyn Field>,
        chain: Vec<&'static Transformation>,
    ) -> InspectionId {
        let field = field.to_string();
        for transformation in &chain {
            // AWS charges a transformation of a field once, however many statements use it.
            if self.charged.insert((field.clone(), transformation.name)) {
                self.charge(TRANSFORMATION_UNITS);
            }
        }
        let mut key = field;
        for transformation in &chain {
            key.push('|');
            key.push_str(transformation.name);
        }
        if let Some(index) = self.keys.iter().position(|known| *known == key) {
            return InspectionId(index);
        }
        self.keys.push(key);
        self.inspections.push(Inspection {
            field: compiled,
            chain,
        });
        InspectionId(self.inspections.len() - 1)
    }

    /// Reads `TextTransformations` in the order of their priorities. `NONE` is an empty chain.
    fn chain(&self, fields: &Fields<'_>) -> Option<Vec<&'static Transformation>> {
        let mut chain = Vec::new();
        for (path, item) in fields.list("TextTransformations", 1, TRANSFORMATIONS_MAX)? {
            let item = Fields::of(item, path, &["Priority", "Type"], self.problems)?;
            let priority = item.integer("Priority", 0, u64::from(u32::MAX));
            let transformation = transformations::find(&item);
            let (priority, transformation) = (priority?, transformation?);
            if chain.iter().any(|(taken, _)| *taken == priority) {
                item.refuse("Priority", format!("{priority} is taken: priorities must differ"));
                return None;
            }
            chain.push((priority, transformation));
        }
        chain.sort_by_key(|(priority, _)| *priority);
        Some(
            chain
                .into_iter()
                .filter_map(|(_, transformation)| transformation)
                .collect(),
        )
    }

    /// Returns the whole label of `relative`, and reports what is not one.
    pub(crate) fn label(&self, relative: &str, path: &str) -> Option<String> {
        let fits = |character: char| character.is_ascii_alphanumeric() || "_-:".contains(character);
        if relative.is_empty() || relative.len() > LABEL_CHARACTERS_MAX || !relative.chars().all(fits) {
            self.problems.error(
                path,
                format!("`{relative}` is not a label: use 1 to {LABEL_CHARACTERS_MAX} of 0-9A-Za-z_-:"),
            );
            return None;
        }
        Some(format!("{}{relative}", self.label_prefix))
    }

    /// Returns a name for the counters of a rate-based statement with these settings.
    pub(crate) fn rate_rule(&self, settings: &str) -> RateRule {
        let mut name = [0; 16];
        for (half, salt) in name.chunks_mut(8).zip(0_u8..) {
            let mut hasher = DefaultHasher::new();
            (salt, &self.rule_identity, settings).hash(&mut hasher);
            half.copy_from_slice(&hasher.finish().to_be_bytes());
        }
        RateRule(name)
    }
}
