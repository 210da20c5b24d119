//! A pattern's text becomes its matchers. A name that occurs twice is refused: it would have two meanings.

use serde_json::{Map, Value};

use super::{
    COMBINATIONS_MAX, DEPTH_MAX, Fields, PATTERN_BYTES_MAX, Pattern, PatternError, Wanted, matchers::Matcher,
};
use crate::strict_json;

const OR: &str = "$or";

/// Compiles `text`.
pub(super) fn parse(text: &str) -> Result<Pattern, PatternError> {
    if text.len() > PATTERN_BYTES_MAX {
        return Err(PatternError::TooLong);
    }
    let members = strict_json::parse_object(text.as_bytes()).ok_or(PatternError::NotAnObject)?;
    let root = fields(&members, "", 1)?;
    if combinations(&root) > COMBINATIONS_MAX {
        return Err(PatternError::TooComplex);
    }
    Ok(Pattern { root })
}

fn fields(members: &Map<String, Value>, path: &str, depth: usize) -> Result<Fields, PatternError> {
    if depth > DEPTH_MAX {
        return Err(PatternError::TooDeep);
    }
    if members.is_empty() {
        return Err(PatternError::EmptyObject(path.to_owned()));
    }
    let mut compiled = Fields {
        fields: Vec::with_capacity(members.len()),
        alternatives: Vec::new(),
    };
    for (name, value) in members {
        let path = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        match value {
            Value::Array(items) if name == OR => {
                compiled.alternatives.push(alternatives(items, &path, depth)?);
            }
            _ if name == OR => return Err(PatternError::Alternatives(path)),
            Value::Object(nested) => {
                let nested = fields(nested, &path, depth + 1)?;
                compiled.fields.push((name.clone(), Wanted::Nested(nested)));
            }
            Value::Array(items) => {
                compiled.fields.push((name.clone(), any_of(items, &path)?));
            }
            _ => return Err(PatternError::NotAList(path)),
        }
    }
    Ok(compiled)
}

fn alternatives(items: &[Value], path: &str, depth: usize) -> Result<Vec<Fields>, PatternError> {
    if items.len() < 2 {
        return Err(PatternError::Alternatives(path.to_owned()));
    }
    items
        .iter()
        .map(|item| match item {
            Value::Object(members) => fields(members, path, depth + 1),
            _ => Err(PatternError::Alternatives(path.to_owned())),
        })
        .collect()
}

fn any_of(items: &[Value], path: &str) -> Result<Wanted, PatternError> {
    if items.is_empty() {
        return Err(PatternError::EmptyList(path.to_owned()));
    }
    let matchers: Result<_, _> = items.iter().map(|item| Matcher::compile(item, path)).collect();
    Ok(Wanted::AnyOf(matchers?))
}

/// In how many ways the alternatives combine; saturates.
fn combinations(fields: &Fields) -> usize {
    let nested = fields.fields.iter().map(|(_, wanted)| match wanted {
        Wanted::AnyOf(_) => 1,
        Wanted::Nested(fields) => combinations(fields),
    });
    let alternatives = fields.alternatives.iter().map(|alternatives| {
        alternatives
            .iter()
            .map(combinations)
            .fold(0, usize::saturating_add)
    });
    nested.chain(alternatives).fold(1, usize::saturating_mul)
}
