//! `SqliMatchStatement`: the field reads as SQL that was injected.
//!
//! A query string or a body is also taken apart into its values, because an attack sits in one of them.

use serde_json::Value;

use crate::{
    compiler::{Compiler, InspectionId},
    evaluation::{Evaluation, shown},
    fields::Shape,
    reader::Fields,
    sqli::{self, Finding, Sensitivity},
    statements::{Statement, StatementDefinition},
    verdict::MatchDetail,
};

pub(crate) const DEFINITION: StatementDefinition = StatementDefinition {
    name: "SqliMatchStatement",
    compile,
};

struct SqliMatch {
    field: InspectionId,
    sensitivity: Sensitivity,
}

fn compile(value: &Value, path: String, compiler: &mut Compiler<'_>) -> Option<Box<dyn Statement>> {
    let known = &["FieldToMatch", "TextTransformations", "SensitivityLevel"];
    let fields = Fields::of(value, path, known, compiler.problems)?;
    let (sensitivity, units) = match fields.optional_one_of("SensitivityLevel", &["LOW", "HIGH"]) {
        Some("HIGH") => (Sensitivity::High, 30),
        _ => (Sensitivity::Low, 20),
    };
    let field = compiler.inspection(&fields, units)?;
    Some(Box::new(SqliMatch { field, sensitivity }))
}

impl Statement for SqliMatch {
    fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> bool {
        let Some((inspection, extracted)) = evaluation.inspect(self.field) else {
            return false;
        };
        if let Some(outcome) = extracted.decided {
            return outcome;
        }
        let detect: fn(&[u8], Sensitivity) -> Option<Finding> = match inspection.field.shape() {
            Shape::Value => sqli::detect,
            Shape::Query => sqli::detect_in_query,
            Shape::Body => sqli::detect_in_body,
        };
        let found = extracted
            .pieces
            .iter()
            .find_map(|piece| detect(&piece.bytes, self.sensitivity).map(|finding| (piece, finding)));
        let Some((piece, finding)) = found else {
            return false;
        };
        let detail = MatchDetail {
            condition: "SQL_INJECTION",
            location: inspection.field.location(),
            field: piece.name.as_deref().map(shown),
            matched_data: shown(piece.bytes.get(finding.start..).unwrap_or_default()),
            evidence: finding.evidence.name(),
        };
        evaluation.details.push(detail);
        true
    }
}
