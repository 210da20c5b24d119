//! The text of `Fn::Sub`: `${Name}`, `${Resource.Attribute}`, and `${!Literal}` for a literal `${Literal}`.

use super::parameters::abbreviate;

/// A piece of the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part<'a> {
    Literal(&'a str),
    Variable(&'a str),
}

/// Takes the text apart; a `${` that is never closed is literal, as on AWS.
pub(super) fn parse_substitution(text: &str) -> Result<Vec<Part<'_>>, String> {
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((inner, next)) = after.split_once('}') else {
            break;
        };
        parts.push(Part::Literal(before));
        if let Some(literal) = inner.strip_prefix('!') {
            parts.extend([Part::Literal("${"), Part::Literal(literal), Part::Literal("}")]);
        } else if is_variable(inner) {
            parts.push(Part::Variable(inner));
        } else {
            let inner = abbreviate(inner);
            return Err(format!(
                "`${{{inner}}}` in `Fn::Sub` is no name: letters, digits, `_`, `.` and `:`; write `${{!{inner}}}` for the text itself"
            ));
        }
        rest = next;
    }
    parts.push(Part::Literal(rest));
    parts.retain(|part| *part != Part::Literal(""));
    Ok(parts)
}

fn is_variable(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b':');
    !name.is_empty() && name.bytes().all(allowed)
}
