//! What does a reference mean? Decided at deployment; what has no meaning here is refused with its place.

use portcullis_model::Place;
use regex::Regex;

use super::ast::{Expression, Node, Reference, Segment, SegmentKind};
use super::util_functions::Util;
use super::{ParameterPlace, TemplateProblem};
use crate::json_path::JsonPath;

/// A piece of a compiled template.
#[derive(Clone, Debug)]
pub(super) enum Step {
    Text(String),
    Value { source: Source, accesses: Vec<Access> },
}

/// Where a value comes from.
#[derive(Clone, Debug)]
pub(super) enum Source {
    Context(Vec<String>),
    StageVariable(Argument),
    Body,
    Path(Path),
    Json(Path),
    /// `$input.params()`
    Parameters,
    /// `$input.params().header`
    ParametersOf(ParameterPlace),
    /// `$input.params().header.x`
    ParameterOf(ParameterPlace, Argument),
    /// `$input.params('x')`
    Parameter(Argument),
    /// `$util.urlEncode('x')`
    Util(Util, Argument),
}

/// A step into a value.
#[derive(Clone, Debug)]
pub(super) enum Access {
    Member(Argument),
    Element(i64),
    Size,
    /// `.replaceAll('pattern', 'replacement')` of a text; the replacement is taken as it stands.
    ReplaceAll(Box<Regex>, String),
}

/// The text that a method is given.
#[derive(Clone, Debug)]
pub(super) enum Argument {
    Known(String),
    Rendered(Vec<Step>),
}

/// A JSONPath, compiled unless it is only known at the request.
#[derive(Clone, Debug)]
pub(super) enum Path {
    Known(JsonPath),
    Rendered(Vec<Step>),
}

/// Compiles nodes in order; `uses_body` is set when one of them needs the body.
pub(super) fn compile(nodes: Vec<Node>, uses_body: &mut bool) -> Result<Vec<Step>, TemplateProblem> {
    nodes
        .into_iter()
        .map(|node| match node {
            Node::Text(text) => Ok(Step::Text(text)),
            Node::Reference(reference) => compile_reference(reference, uses_body),
        })
        .collect()
}

fn compile_reference(reference: Reference, uses_body: &mut bool) -> Result<Step, TemplateProblem> {
    let Reference {
        place,
        source,
        root,
        segments,
    } = reference;
    let mut segments = Segments {
        place,
        rest: segments.into_iter(),
        uses_body,
    };
    let source = match root.as_str() {
        "context" => context(&mut segments)?,
        "stageVariables" => {
            let unnamed = problem(
                place,
                "`$stageVariables` alone is not supported, write `$stageVariables.name`",
            );
            Source::StageVariable(segments.name()?.ok_or(unnamed)?)
        }
        "input" => input(&mut segments)?,
        "util" => util(&mut segments)?,
        _ => {
            return Err(problem(
                place,
                format!(
                    "`{source}` is not supported: the variables are `$context`, `$stageVariables`, `$input` and `$util`; \
                     write `\\$` for a text"
                ),
            ));
        }
    };
    let accesses = segments.accesses()?;
    Ok(Step::Value { source, accesses })
}

fn context(segments: &mut Segments<'_>) -> Result<Source, TemplateProblem> {
    let mut path = Vec::new();
    while let Some(name) = segments.known_name()? {
        path.push(name);
    }
    if path.is_empty() {
        return Err(problem(
            segments.place,
            "`$context` alone is not supported, write `$context.name`",
        ));
    }
    Ok(Source::Context(path))
}

fn input(segments: &mut Segments<'_>) -> Result<Source, TemplateProblem> {
    const KNOWN: &str = "`$input` has `body`, `path('…')`, `json('…')`, `params()` and `params('…')`";
    let Some(segment) = segments.rest.next() else {
        return Err(problem(
            segments.place,
            format!("`$input` alone is not supported: {KNOWN}"),
        ));
    };
    let place = segment.place;
    match segment.kind {
        SegmentKind::Property(name) if name == "body" => {
            *segments.uses_body = true;
            Ok(Source::Body)
        }
        SegmentKind::Call { name, arguments } => {
            match (name.as_str(), <[Expression; 1]>::try_from(arguments)) {
                ("path", Ok([argument])) => segments.path(argument, place).map(Source::Path),
                ("json", Ok([argument])) => segments.path(argument, place).map(Source::Json),
                ("params", Ok([argument])) => segments.argument(argument, place).map(Source::Parameter),
                ("params", Err(none)) if none.is_empty() => parameters(segments),
                ("path" | "json" | "params", Err(arguments)) => Err(problem(
                    place,
                    format!("`{name}` takes one text, here are {} arguments", arguments.len()),
                )),
                _ => Err(problem(
                    place,
                    format!("`$input.{name}(…)` is not supported: {KNOWN}"),
                )),
            }
        }
        SegmentKind::Property(name) => Err(problem(
            place,
            format!("`$input.{name}` is not supported: {KNOWN}"),
        )),
        SegmentKind::Index(_) => Err(problem(place, format!("`$input[…]` is not supported: {KNOWN}"))),
    }
}

fn util(segments: &mut Segments<'_>) -> Result<Source, TemplateProblem> {
    const KNOWN: &str = "`$util` has `escapeJavaScript`, `parseJson`, `urlEncode`, `urlDecode`, `base64Encode` and \
                         `base64Decode`, each of one text";
    let place = segments.next_place();
    let call = segments.rest.next().map(|segment| segment.kind);
    if let Some(SegmentKind::Call { name, arguments }) = call
        && let Some(util) = Util::find(&name)
        && let Ok([argument]) = <[Expression; 1]>::try_from(arguments)
    {
        return segments
            .argument(argument, place)
            .map(|argument| Source::Util(util, argument));
    }
    Err(problem(place, KNOWN))
}

/// Compiles `replaceAll`. Java's regular expressions have look-around and back references, which ours refuse.
fn replace_all(pattern: &str, replacement: &str, place: Place) -> Result<Access, TemplateProblem> {
    if replacement.contains(['$', '\\']) {
        return Err(problem(
            place,
            "`replaceAll` takes a replacement without `$` and `\\`",
        ));
    }
    Regex::new(pattern)
        .map(|pattern| Access::ReplaceAll(Box::new(pattern), replacement.to_owned()))
        .map_err(|cause| {
            problem(
                place,
                format!("`{pattern}` is not supported as a pattern: {cause}"),
            )
        })
}

fn parameters(segments: &mut Segments<'_>) -> Result<Source, TemplateProblem> {
    let place = segments.next_place();
    let Some(name) = segments.name()? else {
        return Ok(Source::Parameters);
    };
    let known = match name {
        Argument::Known(name) => ParameterPlace::ALL.into_iter().find(|place| place.name() == name),
        Argument::Rendered(_) => None,
    };
    let Some(known) = known else {
        return Err(problem(
            place,
            "`$input.params()` has `path`, `querystring` and `header`",
        ));
    };
    Ok(match segments.name()? {
        Some(name) => Source::ParameterOf(known, name),
        None => Source::ParametersOf(known),
    })
}

/// What is left of a reference.
struct Segments<'b> {
    place: Place,
    rest: std::vec::IntoIter<Segment>,
    uses_body: &'b mut bool,
}

impl Segments<'_> {
    fn next_place(&self) -> Place {
        self.rest
            .as_slice()
            .first()
            .map_or(self.place, |segment| segment.place)
    }

    /// Takes the next segment if it names a member: `.x`, `['x']` or `.get('x')`.
    fn name(&mut self) -> Result<Option<Argument>, TemplateProblem> {
        let Some(segment) = self.rest.as_slice().first().cloned() else {
            return Ok(None);
        };
        let name = match segment.kind {
            SegmentKind::Property(name) => Argument::Known(name),
            SegmentKind::Index(Expression::Integer(_)) => return Ok(None),
            SegmentKind::Index(expression) => self.argument(expression, segment.place)?,
            SegmentKind::Call { name, arguments } if name == "get" => {
                match <[Expression; 1]>::try_from(arguments) {
                    Ok([Expression::Integer(_)]) => return Ok(None),
                    Ok([argument]) => self.argument(argument, segment.place)?,
                    Err(_) => return Err(problem(segment.place, "`get` takes one text or number")),
                }
            }
            SegmentKind::Call { .. } => return Ok(None),
        };
        self.rest.next();
        Ok(Some(name))
    }

    /// Takes the next segment if it names a member whose name is known now.
    fn known_name(&mut self) -> Result<Option<String>, TemplateProblem> {
        let before = self.rest.clone();
        match self.name()? {
            Some(Argument::Known(name)) => Ok(Some(name)),
            None => Ok(None),
            Some(Argument::Rendered(_)) => {
                self.rest = before;
                Ok(None)
            }
        }
    }

    fn accesses(&mut self) -> Result<Vec<Access>, TemplateProblem> {
        let mut accesses = Vec::new();
        loop {
            if let Some(name) = self.name()? {
                accesses.push(Access::Member(name));
                continue;
            }
            let Some(segment) = self.rest.next() else {
                return Ok(accesses);
            };
            accesses.push(match segment.kind {
                SegmentKind::Index(Expression::Integer(index)) => Access::Element(index),
                SegmentKind::Call { name, arguments } => match (name.as_str(), arguments.as_slice()) {
                    ("get", [Expression::Integer(index)]) => Access::Element(*index),
                    ("size" | "count", []) => Access::Size,
                    ("replaceAll", [Expression::Text(pattern), Expression::Text(replacement)]) => {
                        replace_all(pattern, replacement, segment.place)?
                    }
                    _ => {
                        let message = format!(
                            "the method `{name}` is not supported: values have `get`, `size()` and `replaceAll('…', '…')`"
                        );
                        return Err(problem(segment.place, message));
                    }
                },
                SegmentKind::Property(_) | SegmentKind::Index(_) => {
                    return Err(problem(segment.place, "this step is not supported"));
                }
            });
        }
    }

    fn argument(&mut self, expression: Expression, place: Place) -> Result<Argument, TemplateProblem> {
        match expression {
            Expression::Text(text) => Ok(Argument::Known(text)),
            Expression::Interpolated(nodes) => compile(nodes, self.uses_body).map(Argument::Rendered),
            Expression::Reference(reference) => {
                compile(vec![Node::Reference(*reference)], self.uses_body).map(Argument::Rendered)
            }
            Expression::Integer(_) | Expression::Decimal(_) | Expression::Boolean(_) => {
                Err(problem(place, "expected a text in quotes"))
            }
        }
    }

    fn path(&mut self, expression: Expression, place: Place) -> Result<Path, TemplateProblem> {
        *self.uses_body = true;
        match self.argument(expression, place)? {
            Argument::Known(text) => JsonPath::parse(&text)
                .map(Path::Known)
                .map_err(|reason| problem(place, format!("`{text}` is not a JSONPath: {reason}"))),
            Argument::Rendered(steps) => Ok(Path::Rendered(steps)),
        }
    }
}

fn problem(place: Place, message: impl Into<String>) -> TemplateProblem {
    TemplateProblem {
        place,
        message: message.into(),
    }
}
