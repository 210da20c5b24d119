//! `RegexMatchStatement`: a regular expression finds something in a field, in linear time.
//!
//! Expressions see bytes, as AWS's do. What would need backtracking (look-around, back references) is refused.

use regex::bytes::{Regex, RegexBuilder};
use serde_json::Value;

use crate::{
    compiler::{Compiler, InspectionId},
    evaluation::Evaluation,
    limits::{REGEX_CHARACTERS_MAX, REGEX_COMPILED_BYTES_MAX},
    reader::Fields,
    statements::{Statement, StatementDefinition},
};

pub(crate) const DEFINITION: StatementDefinition = StatementDefinition {
    name: "RegexMatchStatement",
    compile,
};

struct RegexMatch {
    field: InspectionId,
    regex: Regex,
}

fn compile(value: &Value, path: String, compiler: &mut Compiler<'_>) -> Option<Box<dyn Statement>> {
    let known = &["RegexString", "FieldToMatch", "TextTransformations"];
    let fields = Fields::of(value, path, known, compiler.problems)?;
    let regex = fields.text("RegexString").and_then(|pattern| {
        expression(pattern)
            .map_err(|reason| fields.refuse("RegexString", reason))
            .ok()
    });
    let field = compiler.inspection(&fields, 3);
    Some(Box::new(RegexMatch {
        field: field?,
        regex: regex?,
    }))
}

/// Compiles one expression, or says why not.
pub(super) fn expression(pattern: &str) -> Result<Regex, String> {
    let characters = pattern.chars().count();
    if !(1..=REGEX_CHARACTERS_MAX).contains(&characters) {
        return Err(format!(
            "must have from 1 to {REGEX_CHARACTERS_MAX} characters, has {characters}"
        ));
    }
    let build = |unicode: bool| {
        RegexBuilder::new(pattern)
            .unicode(unicode)
            .size_limit(REGEX_COMPILED_BYTES_MAX)
            .dfa_size_limit(REGEX_COMPILED_BYTES_MAX)
            .build()
    };
    // Classes of letters beyond ASCII exist only in the Unicode mode.
    build(false)
        .or_else(|error| build(true).map_err(|_| error))
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                "is too large when compiled: make repetitions shorter".to_owned()
            }
            error => format!(
                "is not a regular expression that is supported: {}",
                last_line(&error.to_string())
            ),
        })
}

/// The library draws the expression above the reason.
fn last_line(message: &str) -> String {
    message
        .lines()
        .last()
        .unwrap_or_default()
        .trim()
        .trim_start_matches("error: ")
        .to_owned()
}

impl Statement for RegexMatch {
    fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> bool {
        evaluation.any(self.field, |value| self.regex.is_match(value))
    }
}
