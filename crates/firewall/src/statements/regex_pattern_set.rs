//! `RegexPatternSetReferenceStatement`: one of the expressions of a set finds something in a field.

use portcullis_model::resources::wafv2::RegexPatternSet;
use regex::bytes::Regex;
use serde_json::Value;

use crate::{
    compiler::{Compiler, InspectionId},
    evaluation::Evaluation,
    limits::REGEX_SET_PATTERNS_MAX,
    reader::{Fields, Problems},
    statements::{Statement, StatementDefinition, regex_match::expression},
};

pub(crate) const DEFINITION: StatementDefinition = StatementDefinition {
    name: "RegexPatternSetReferenceStatement",
    compile,
};

struct RegexPatternSetReference {
    field: InspectionId,
    expressions: Vec<Regex>,
}

fn compile(value: &Value, path: String, compiler: &mut Compiler<'_>) -> Option<Box<dyn Statement>> {
    let fields = Fields::of(
        value,
        path,
        &["ARN", "FieldToMatch", "TextTransformations"],
        compiler.problems,
    )?;
    let expressions = fields
        .text("ARN")
        .and_then(|arn| match compiler.references.regex_pattern_set(arn) {
            Some(set) => check(set, compiler.problems),
            None => {
                fields.refuse("ARN", format!("`{arn}` is not a regex pattern set that exists"));
                None
            }
        });
    let field = compiler.inspection(&fields, 25);
    Some(Box::new(RegexPatternSetReference {
        field: field?,
        expressions: expressions?,
    }))
}

/// Compiles every expression of a set; problems are named by their place in it.
pub(crate) fn check(set: &RegexPatternSet, problems: &Problems) -> Option<Vec<Regex>> {
    let list = &set.regular_expression_list;
    if !(1..=REGEX_SET_PATTERNS_MAX).contains(&list.len()) {
        problems.error(
            "RegularExpressionList",
            format!(
                "must have from 1 to {REGEX_SET_PATTERNS_MAX} members, has {}",
                list.len()
            ),
        );
        return None;
    }
    let mut expressions = Vec::with_capacity(list.len());
    for (index, item) in list.iter().enumerate() {
        match expression(&item.regex_string) {
            Ok(compiled) => expressions.push(compiled),
            Err(reason) => problems.error(&format!("RegularExpressionList/{index}/RegexString"), reason),
        }
    }
    (expressions.len() == list.len()).then_some(expressions)
}

impl Statement for RegexPatternSetReference {
    fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> bool {
        evaluation.any(self.field, |value| {
            self.expressions
                .iter()
                .any(|expression| expression.is_match(value))
        })
    }
}
