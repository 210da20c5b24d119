//! `NotStatement`: a statement does not match.

use serde_json::Value;

use crate::{
    compiler::Compiler,
    evaluation::Evaluation,
    reader::Fields,
    statements::{Statement, StatementDefinition},
};

pub(crate) const DEFINITION: StatementDefinition = StatementDefinition {
    name: "NotStatement",
    compile,
};

struct Not(Box<dyn Statement>);

fn compile(value: &Value, path: String, compiler: &mut Compiler<'_>) -> Option<Box<dyn Statement>> {
    let fields = Fields::of(value, path, &["Statement"], compiler.problems)?;
    let statement = compiler.statement(fields.required("Statement")?, fields.way("Statement"))?;
    Some(Box::new(Not(statement)))
}

impl Statement for Not {
    fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> bool {
        let details = evaluation.details.len();
        let matches = self.0.evaluate(evaluation);
        // What was seen inside does not explain why this matches.
        evaluation.details.truncate(details);
        !matches
    }
}
