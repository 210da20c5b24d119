//! `ByteMatchStatement`: a string at a place in a field, byte by byte.
//!
//! `SearchString` is base64, as the API writes blobs.

use base64::{Engine, engine::general_purpose::STANDARD};
use memchr::memmem::Finder;
use serde_json::Value;

use crate::{
    compiler::{Compiler, InspectionId},
    evaluation::Evaluation,
    limits::SEARCH_STRING_BYTES_MAX,
    reader::Fields,
    statements::{Statement, StatementDefinition},
};

pub(crate) const DEFINITION: StatementDefinition = StatementDefinition {
    name: "ByteMatchStatement",
    compile,
};

const CONSTRAINTS: &[&str] = &["EXACTLY", "STARTS_WITH", "ENDS_WITH", "CONTAINS", "CONTAINS_WORD"];

struct ByteMatch {
    field: InspectionId,
    finder: Finder<'static>,
    constraint: Constraint,
}

#[derive(Clone, Copy)]
enum Constraint {
    Exactly,
    StartsWith,
    EndsWith,
    Contains,
    ContainsWord,
}

fn compile(value: &Value, path: String, compiler: &mut Compiler<'_>) -> Option<Box<dyn Statement>> {
    let known = &[
        "SearchString",
        "FieldToMatch",
        "TextTransformations",
        "PositionalConstraint",
    ];
    let fields = Fields::of(value, path, known, compiler.problems)?;
    let search = search_string(&fields);
    let (constraint, units) = match fields.one_of("PositionalConstraint", CONSTRAINTS) {
        Some("EXACTLY") => (Constraint::Exactly, 2),
        Some("STARTS_WITH") => (Constraint::StartsWith, 2),
        Some("ENDS_WITH") => (Constraint::EndsWith, 2),
        Some("CONTAINS") => (Constraint::Contains, 10),
        _ => (Constraint::ContainsWord, 10),
    };
    let field = compiler.inspection(&fields, units);
    let search = search?;
    if matches!(constraint, Constraint::ContainsWord) && !search.iter().all(|byte| is_word(*byte)) {
        fields.refuse(
            "SearchString",
            "CONTAINS_WORD takes letters, digits and underscores only",
        );
        return None;
    }
    Some(Box::new(ByteMatch {
        field: field?,
        finder: Finder::new(&search).into_owned(),
        constraint,
    }))
}

fn search_string(fields: &Fields<'_>) -> Option<Vec<u8>> {
    let Ok(bytes) = STANDARD.decode(fields.text("SearchString")?) else {
        fields.refuse("SearchString", "must be base64");
        return None;
    };
    if bytes.is_empty() || bytes.len() > SEARCH_STRING_BYTES_MAX {
        fields.refuse(
            "SearchString",
            format!(
                "must have from 1 to {SEARCH_STRING_BYTES_MAX} bytes, has {}",
                bytes.len()
            ),
        );
        return None;
    }
    Some(bytes)
}

impl Statement for ByteMatch {
    fn evaluate(&self, evaluation: &mut Evaluation<'_>) -> bool {
        let wanted = self.finder.needle();
        evaluation.any(self.field, |value| match self.constraint {
            Constraint::Exactly => value == wanted,
            Constraint::StartsWith => value.starts_with(wanted),
            Constraint::EndsWith => value.ends_with(wanted),
            Constraint::Contains => self.finder.find(value).is_some(),
            Constraint::ContainsWord => self
                .finder
                .find_iter(value)
                .any(|at| is_whole_word(value, at, wanted.len())),
        })
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn is_whole_word(value: &[u8], at: usize, length: usize) -> bool {
    let before = at.checked_sub(1).and_then(|index| value.get(index));
    let after = value.get(at + length);
    !before.copied().is_some_and(is_word) && !after.copied().is_some_and(is_word)
}
