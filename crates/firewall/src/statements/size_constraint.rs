//! `SizeConstraintStatement`: how many bytes a field has after its transformations.

use serde_json::Value;

use crate::{
    compiler::{Compiler, InspectionId},
    evaluation::Evaluation,
    reader::Fields,
    statements::{Statement, StatementDefinition},
};

pub(crate) const DEFINITION: StatementDefinition = StatementDefinition {
    name: "SizeConstraintStatement",
    compile,
};

/// The largest size that AWS takes, in bytes.
const SIZE_BYTES_MAX: u64 = 21_474_836_480;

struct SizeConstraint {
    field: InspectionId,
    holds: fn(&u64, &u64) -> bool,
    bytes: u64,
}

fn compile(value: &Value, path: String, compiler: &mut Compiler<'_>) -> Option<Box<dyn Statement>> {
    let known = &[
        "FieldToMatch",
        "ComparisonOperator",
        "Size",
        "TextTransformations",
    ];
    let fields = Fields::of(value, path, known, compiler.problems)?;
    let holds: fn(&u64, &u64) -> bool =
        match fields.one_of("ComparisonOperator", &["EQ", "NE", "LE", "LT", "GE", "GT"]) {
            Some("EQ") => u64::eq,
            Some("NE") => u64::ne,
            Some("LE") => u64::le,
            Some("LT") => u64::lt,
            Some("GE") => u64::ge,
            _ => u64::gt,
        };
    let bytes = fields.integer("Size", 0, SIZE_BYTES_MAX);
    let field = compiler.inspection(&fields, 1);
    Some(Box::new(SizeConstraint {
        field: field?,
        holds,
        bytes: bytes?,
    }))
}

impl Statement for SizeConstraint {
    fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> bool {
        evaluation.any(self.field, |value| {
            (self.holds)(&(value.len() as u64), &self.bytes)
        })
    }
}
