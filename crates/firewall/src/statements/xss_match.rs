//! `XssMatchStatement`: the field would run as script in a page.

use serde_json::Value;

use crate::{
    compiler::{Compiler, InspectionId},
    evaluation::{Evaluation, shown},
    reader::Fields,
    statements::{Statement, StatementDefinition},
    verdict::MatchDetail,
    xss,
};

pub(crate) const DEFINITION: StatementDefinition = StatementDefinition {
    name: "XssMatchStatement",
    compile,
};

struct XssMatch {
    field: InspectionId,
}

fn compile(value: &Value, path: String, compiler: &mut Compiler<'_>) -> Option<Box<dyn Statement>> {
    let fields = Fields::of(
        value,
        path,
        &["FieldToMatch", "TextTransformations"],
        compiler.problems,
    )?;
    let field = compiler.inspection(&fields, 40)?;
    Some(Box::new(XssMatch { field }))
}

impl Statement for XssMatch {
    fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> bool {
        let Some((inspection, extracted)) = evaluation.inspect(self.field) else {
            return false;
        };
        if let Some(outcome) = extracted.decided {
            return outcome;
        }
        let found = extracted
            .pieces
            .iter()
            .find_map(|piece| xss::detect(&piece.bytes).map(|finding| (piece, finding)));
        let Some((piece, finding)) = found else {
            return false;
        };
        let detail = MatchDetail {
            condition: "XSS",
            location: inspection.field.location(),
            field: piece.name.as_deref().map(shown),
            matched_data: shown(piece.bytes.get(finding.start..).unwrap_or_default()),
            evidence: finding.evidence,
        };
        evaluation.details.push(detail);
        true
    }
}
