//! Patterns over ARNs. Each of the first five parts of an ARN is matched for itself, so that `*` in the place of a
//! region or an account cannot swallow colons of the resource, which strangers choose (a path may hold any).
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>

use super::{
    Context,
    pattern::{Pattern, Syntax},
};

const PARTS: usize = 6;

/// A compiled pattern over ARNs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum ResourcePattern {
    /// All six parts.
    Parts(Vec<Pattern>),
    /// Anything shorter, such as `*` or `arn:aws:s3*`: over the whole text.
    Whole(Pattern),
}

impl ResourcePattern {
    pub(super) fn compile(text: &str, syntax: Syntax) -> Result<Self, String> {
        let parts = split(text);
        if parts.len() == PARTS {
            let compiled = parts.into_iter().map(|part| Pattern::compile(part, syntax));
            return Ok(Self::Parts(compiled.collect::<Result<_, _>>()?));
        }
        Ok(Self::Whole(Pattern::compile(text, syntax)?))
    }

    /// Tells whether all six parts are there.
    pub(super) fn has_all_parts(&self) -> bool {
        matches!(self, Self::Parts(_))
    }

    pub(super) fn matches(&self, arn: &str, context: &Context<'_>) -> bool {
        match self {
            Self::Whole(pattern) => pattern.matches(arn, context),
            Self::Parts(patterns) => {
                let parts: Vec<&str> = arn.splitn(PARTS, ':').collect();
                parts.len() == PARTS
                    && patterns
                        .iter()
                        .zip(parts)
                        .all(|(pattern, part)| pattern.matches(part, context))
            }
        }
    }

    pub(super) fn is_resolvable(&self, context: &Context<'_>) -> bool {
        match self {
            Self::Whole(pattern) => pattern.is_resolvable(context),
            Self::Parts(patterns) => patterns.iter().all(|pattern| pattern.is_resolvable(context)),
        }
    }
}

/// Splits at the first five colons that stand outside of `${…}`.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::with_capacity(PARTS);
    let mut rest = text;
    let mut is_inside = false;
    let mut from = 0;
    while parts.len() < PARTS - 1 {
        let Some(found) = rest.get(from..).and_then(|tail| tail.find(['$', ':', '}'])) else {
            break;
        };
        let at = from + found;
        let tail = rest.get(at..).unwrap_or_default();
        from = at + 1;
        if tail.starts_with("${") {
            is_inside = true;
        } else if tail.starts_with('}') {
            is_inside = false;
        } else if tail.starts_with(':') && !is_inside {
            parts.push(rest.get(..at).unwrap_or_default());
            rest = rest.get(at + 1..).unwrap_or_default();
            from = 0;
        }
    }
    parts.push(rest);
    parts
}
