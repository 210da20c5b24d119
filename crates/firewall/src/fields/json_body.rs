//! The keys and values of a JSON body, and what happens when it is not JSON.
//!
//! <https://docs.aws.amazon.com/waf/latest/APIReference/API_JsonBody.html>. A path selects what it points to and all
//! below it: a rule that guards an object guards its parts.

use serde_json::Value;

use crate::{
    fields::{Extracted, Field, FieldDefinition, Oversize, Piece, Scope, body},
    json::{self, JsonEvent},
    reader::{Fields, Problems},
    request::RequestView,
};

pub(crate) const DEFINITION: FieldDefinition = FieldDefinition {
    name: "JsonBody",
    compile,
};

struct JsonBody {
    /// JSON pointers; none: everything.
    paths: Option<Vec<String>>,
    scope: Scope,
    fallback: Fallback,
    oversize: Oversize,
}

#[derive(Clone, Copy)]
enum Fallback {
    /// Inspect what was read before the fault.
    Partial,
    Match,
    NoMatch,
    AsString,
}

fn compile(value: &Value, path: String, problems: &Problems) -> Option<Box<dyn Field>> {
    let known = &[
        "MatchPattern",
        "MatchScope",
        "InvalidFallbackBehavior",
        "OversizeHandling",
    ];
    let fields = Fields::of(value, path, known, problems)?;
    let scope = Scope::read(&fields);
    let oversize = body::oversize_or_continue(&fields);
    let fallbacks = &["MATCH", "NO_MATCH", "EVALUATE_AS_STRING"];
    let fallback = if fields.has("InvalidFallbackBehavior") {
        fields
            .one_of("InvalidFallbackBehavior", fallbacks)
            .map(|name| match name {
                "MATCH" => Fallback::Match,
                "NO_MATCH" => Fallback::NoMatch,
                _ => Fallback::AsString,
            })
    } else {
        Some(Fallback::Partial)
    };
    let pattern = fields.object("MatchPattern", &["All", "IncludedPaths"])?;
    let (name, settings) = pattern.choice()?;
    let paths = if name == "All" {
        Fields::of(settings, pattern.way(name), &[], problems)?;
        None
    } else {
        let paths = pattern.texts(name, 1, 64)?;
        if let Some(wrong) = paths
            .iter()
            .find(|path| !path.is_empty() && !path.starts_with('/'))
        {
            pattern.refuse(
                name,
                format!("`{wrong}` is not a JSON pointer: begin it with `/`"),
            );
            return None;
        }
        Some(paths.into_iter().map(str::to_owned).collect())
    };
    Some(Box::new(JsonBody {
        paths,
        scope: scope?,
        fallback: fallback?,
        oversize: oversize?,
    }))
}

impl JsonBody {
    fn selects(&self, pointer: &str) -> bool {
        let Some(paths) = &self.paths else { return true };
        paths.iter().any(|path| {
            pointer
                .strip_prefix(path.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        })
    }
}

impl Field for JsonBody {
    fn location(&self) -> &'static str {
        "JSON_BODY"
    }

    fn extract<'a>(&'a self, request: &RequestView<'a>, body_bytes: usize, extracted: &mut Extracted<'a>) {
        let Some(bytes) = body::inspected(request, body_bytes, self.oversize, extracted) else {
            return;
        };
        if bytes.is_empty() {
            return;
        }
        let outcome = json::read(bytes, self.paths.is_some(), &mut |event| {
            let (bytes, pointer, wanted) = match event {
                JsonEvent::Key { name, pointer } => (name, pointer, self.scope != Scope::Value),
                JsonEvent::Value { bytes, pointer } => (bytes, pointer, self.scope != Scope::Key),
            };
            if wanted && self.selects(pointer) {
                extracted.pieces.push(Piece { name: None, bytes });
            }
        });
        // A body that is cut off by the limit cannot be whole JSON: what was read counts.
        let is_cut = request.body.has_more || request.body.prefix.len() > body_bytes;
        if outcome.is_err() && !is_cut {
            match self.fallback {
                Fallback::Partial => {}
                Fallback::Match => extracted.decided = Some(true),
                Fallback::NoMatch => extracted.decided = Some(false),
                Fallback::AsString => {
                    extracted.pieces.clear();
                    extracted.push(bytes);
                }
            }
        }
    }

    fn needs_body(&self) -> bool {
        true
    }

    fn capacity(&self, units: u32) -> u32 {
        units.saturating_mul(2)
    }
}
