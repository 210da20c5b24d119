//! `AndStatement`: every one of several statements matches.

use serde_json::Value;

use crate::{
    compiler::Compiler,
    evaluation::Evaluation,
    limits::NESTED_STATEMENTS_MAX,
    reader::Fields,
    statements::{Statement, StatementDefinition},
};

pub(crate) const DEFINITION: StatementDefinition = StatementDefinition {
    name: "AndStatement",
    compile,
};

struct And(Vec<Box<dyn Statement>>);

fn compile(value: &Value, path: String, compiler: &mut Compiler<'_>) -> Option<Box<dyn Statement>> {
    let fields = Fields::of(value, path, &["Statements"], compiler.problems)?;
    let items = fields.list("Statements", 2, NESTED_STATEMENTS_MAX)?;
    let count = items.len();
    let statements: Vec<_> = items
        .into_iter()
        .filter_map(|(path, item)| compiler.statement(item, path))
        .collect();
    if statements.len() < count {
        return None;
    }
    Some(Box::new(And(statements)))
}

impl Statement for And {
    fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> bool {
        self.0.iter().all(|statement| statement.evaluate(evaluation))
    }
}
