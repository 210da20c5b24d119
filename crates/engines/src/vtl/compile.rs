//! What does a template mean? Decided at deployment; what has no meaning here is refused with its place.

use portcullis_model::Place;

use super::ast::{self, Node, SegmentKind};
use super::methods::Method;
use super::program::{Access, Expression, LOOP_NAMES, Path, Reference, Source, Step, Target};
use super::util_functions::Util;
use super::{OverridePlace, ParameterPlace, TemplateProblem};
use crate::java_pattern;
use crate::json_path::JsonPath;

/// The variables of API Gateway.
const ROOTS: [&str; 4] = ["context", "stageVariables", "input", "util"];

/// Compiles nodes; learns the template's variables on the way.
pub(super) struct Compiler {
    names: Vec<String>,
    /// Set when a reference needs the body.
    pub(super) uses_body: bool,
    /// What the template sets of `$context`.
    pub(super) overrides: Vec<OverridePlace>,
}

type Compiled<T> = Result<T, TemplateProblem>;

impl Compiler {
    pub(super) fn new() -> Self {
        Self {
            names: LOOP_NAMES.map(str::to_owned).to_vec(),
            uses_body: false,
            overrides: Vec::new(),
        }
    }

    /// Returns how many variables there are.
    pub(super) fn variables(&self) -> usize {
        self.names.len()
    }

    /// Compiles nodes in order.
    pub(super) fn block(&mut self, nodes: Vec<Node>) -> Compiled<Vec<Step>> {
        nodes.into_iter().map(|node| self.node(node)).collect()
    }

    fn node(&mut self, node: Node) -> Compiled<Step> {
        Ok(match node {
            Node::Text(text) => Step::Text(text.into()),
            Node::Reference(reference) => {
                if reference.segments.is_empty() && ROOTS.contains(&reference.root.as_str()) {
                    let message = format!("`${}` alone says nothing: write what of it", reference.root);
                    return Err(problem(reference.place, message));
                }
                Step::Value(self.reference(reference)?)
            }
            Node::Set { place, target, value } => {
                let value = self.expression(value)?;
                Step::Set(self.target(target, place)?, value)
            }
            Node::If { arms, otherwise } => {
                let mut compiled = Vec::with_capacity(arms.len());
                for (condition, body) in arms {
                    compiled.push((self.expression(condition)?, self.block(body)?));
                }
                Step::If {
                    arms: compiled,
                    otherwise: self.block(otherwise)?,
                }
            }
            Node::Foreach { variable, list, body } => Step::Foreach {
                list: self.expression(list)?,
                slot: self.slot(variable),
                body: self.block(body)?,
            },
            Node::Define { name, body } => Step::Define {
                slot: self.slot(name),
                body: self.block(body)?,
            },
            Node::Break => Step::Break,
            Node::Stop => Step::Stop,
        })
    }

    fn slot(&mut self, name: String) -> usize {
        let known = self.names.iter().position(|known| *known == name);
        known.unwrap_or_else(|| {
            self.names.push(name);
            self.names.len() - 1
        })
    }

    fn target(&mut self, target: ast::Reference, place: Place) -> Compiled<Target> {
        let ast::Reference { root, segments, .. } = &target;
        if root == "context" {
            return self.override_target(target);
        }
        if ROOTS.contains(&root.as_str()) {
            return Err(problem(place, format!("`${root}` cannot be set")));
        }
        let mut container = target.clone();
        let name = match container.segments.pop().map(|segment| segment.kind) {
            None => return Ok(Target::Variable(self.slot(target.root))),
            Some(SegmentKind::Property(name)) => Expression::Text(name.into()),
            Some(SegmentKind::Index(index)) => self.expression(index)?,
            Some(SegmentKind::Call { .. }) => {
                let at = segments.last().map_or(place, |segment| segment.place);
                return Err(problem(at, "what a method returns cannot be set"));
            }
        };
        Ok(Target::Member(self.reference(container)?, name))
    }

    fn override_target(&mut self, target: ast::Reference) -> Compiled<Target> {
        const KNOWN: &str = "of `$context` only `requestOverride.header.NAME`, `requestOverride.path.NAME`, \
                             `requestOverride.querystring.NAME`, `responseOverride.header.NAME` and \
                             `responseOverride.status` can be set";
        let place = target.place;
        let unknown = || problem(place, KNOWN);
        let mut names = Vec::new();
        for segment in target.segments {
            names.push(match segment.kind {
                SegmentKind::Property(name) => Expression::Text(name.into()),
                SegmentKind::Index(index) => self.expression(index)?,
                SegmentKind::Call { .. } => return Err(unknown()),
            });
        }
        let mut names = names.into_iter();
        let mut known = || match names.next() {
            Some(Expression::Text(name)) => Ok(name),
            _ => Err(unknown()),
        };
        let (side, kind) = (known()?, known()?);
        let at = OverridePlace::find(&side, &kind).ok_or_else(unknown)?;
        let name = match names.next() {
            Some(name) if at != OverridePlace::ResponseStatus => name,
            None if at == OverridePlace::ResponseStatus => Expression::Text("".into()),
            _ => return Err(unknown()),
        };
        if names.next().is_some() {
            return Err(unknown());
        }
        self.overrides.push(at);
        Ok(Target::Override(at, name))
    }

    fn expression(&mut self, expression: ast::Expression) -> Compiled<Expression> {
        Ok(match expression {
            ast::Expression::Null => Expression::Null,
            ast::Expression::Boolean(value) => Expression::Boolean(value),
            ast::Expression::Integer(value) => Expression::Integer(value),
            ast::Expression::Decimal(value) => Expression::Decimal(value),
            ast::Expression::Text(text) => Expression::Text(text.into()),
            ast::Expression::Interpolated(nodes) => Expression::Interpolated(self.block(nodes)?),
            ast::Expression::Reference(reference) => {
                Expression::Reference(Box::new(self.reference(*reference)?))
            }
            ast::Expression::List(elements) => Expression::List(self.expressions(elements)?),
            ast::Expression::Map(entries) => {
                let mut compiled = Vec::with_capacity(entries.len());
                for (key, value) in entries {
                    compiled.push((self.expression(key)?, self.expression(value)?));
                }
                Expression::Map(compiled)
            }
            ast::Expression::Range(ends) => Expression::Range(self.pair(*ends)?),
            ast::Expression::Not(inner) => Expression::Not(Box::new(self.expression(*inner)?)),
            ast::Expression::Binary(operator, sides) => Expression::Binary(operator, self.pair(*sides)?),
        })
    }

    fn pair(
        &mut self,
        (left, right): (ast::Expression, ast::Expression),
    ) -> Compiled<Box<(Expression, Expression)>> {
        Ok(Box::new((self.expression(left)?, self.expression(right)?)))
    }

    fn expressions(&mut self, expressions: Vec<ast::Expression>) -> Compiled<Vec<Expression>> {
        expressions
            .into_iter()
            .map(|expression| self.expression(expression))
            .collect()
    }

    fn reference(&mut self, reference: ast::Reference) -> Compiled<Reference> {
        let ast::Reference {
            place,
            root,
            segments,
            ..
        } = reference;
        let mut segments = Segments {
            place,
            rest: segments.into_iter(),
            compiler: self,
        };
        let source = match root.as_str() {
            "context" => segments.context()?,
            "stageVariables" => segments.stage_variable()?,
            "input" => segments.input()?,
            "util" => segments.util()?,
            _ => Source::Variable(segments.compiler.slot(root)),
        };
        let accesses = segments.accesses()?;
        Ok(Reference { source, accesses })
    }
}

/// What is left of a reference.
struct Segments<'c> {
    place: Place,
    rest: std::vec::IntoIter<ast::Segment>,
    compiler: &'c mut Compiler,
}

impl Segments<'_> {
    fn next_place(&self) -> Place {
        self.rest
            .as_slice()
            .first()
            .map_or(self.place, |segment| segment.place)
    }

    /// Takes the steps whose names are written out; what follows is looked up at the request.
    fn context(&mut self) -> Compiled<Source> {
        let mut path = Vec::new();
        while let Some(name) = self.known_name() {
            path.push(name);
        }
        Ok(Source::Context(path))
    }

    fn stage_variable(&mut self) -> Compiled<Source> {
        let unnamed = problem(
            self.place,
            "`$stageVariables` alone is not supported, write `$stageVariables.name`",
        );
        let name = self.name()?.ok_or(unnamed)?;
        Ok(Source::StageVariable(Box::new(name)))
    }

    fn input(&mut self) -> Compiled<Source> {
        const KNOWN: &str = "`$input` has `body`, `path('…')`, `json('…')`, `params()` and `params('…')`";
        let place = self.next_place();
        let Some(segment) = self.rest.next() else {
            return Err(problem(
                place,
                format!("`$input` alone is not supported: {KNOWN}"),
            ));
        };
        match segment.kind {
            SegmentKind::Property(name) if name == "body" => {
                self.compiler.uses_body = true;
                Ok(Source::Body)
            }
            SegmentKind::Call { name, arguments } => {
                match (name.as_str(), <[ast::Expression; 1]>::try_from(arguments)) {
                    ("path", Ok([argument])) => self.path(argument, place).map(Source::Path),
                    ("json", Ok([argument])) => self.path(argument, place).map(Source::Json),
                    ("params", Ok([argument])) => self.argument(argument).map(Source::Parameter),
                    ("params", Err(none)) if none.is_empty() => self.parameters(),
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

    fn util(&mut self) -> Compiled<Source> {
        const KNOWN: &str = "`$util` has `escapeJavaScript`, `parseJson`, `urlEncode`, `urlDecode`, `base64Encode` and \
                             `base64Decode`, each of one text";
        let place = self.next_place();
        let call = self.rest.next().map(|segment| segment.kind);
        if let Some(SegmentKind::Call { name, arguments }) = call
            && let Some(util) = Util::find(&name)
            && let Ok([argument]) = <[ast::Expression; 1]>::try_from(arguments)
        {
            return self
                .argument(argument)
                .map(|argument| Source::Util(util, argument));
        }
        Err(problem(place, KNOWN))
    }

    fn parameters(&mut self) -> Compiled<Source> {
        let place = self.next_place();
        let before = self.rest.clone();
        let known = match self.name()? {
            None => return Ok(Source::Parameters),
            Some(Expression::Text(name)) => ParameterPlace::find(&name)
                .ok_or_else(|| problem(place, "`$input.params()` has `path`, `querystring` and `header`"))?,
            Some(_) => {
                self.rest = before;
                return Ok(Source::Parameters);
            }
        };
        Ok(match self.name()? {
            Some(name) => Source::ParameterOf(known, Box::new(name)),
            None => Source::ParametersOf(known),
        })
    }

    /// Takes the next segment if it names a member: `.x`, `['x']` or `.get('x')`.
    fn name(&mut self) -> Compiled<Option<Expression>> {
        let Some(segment) = self.rest.as_slice().first().cloned() else {
            return Ok(None);
        };
        let name = match segment.kind {
            SegmentKind::Property(name) => Expression::Text(name.into()),
            SegmentKind::Index(expression) => self.compiler.expression(expression)?,
            SegmentKind::Call { name, arguments } if name == "get" => {
                match <[ast::Expression; 1]>::try_from(arguments) {
                    Ok([argument]) => self.compiler.expression(argument)?,
                    Err(_) => return Err(problem(segment.place, "`get` takes one text or number")),
                }
            }
            SegmentKind::Call { .. } => return Ok(None),
        };
        self.rest.next();
        Ok(Some(name))
    }

    /// Takes the next segment if it names a member whose name is known now.
    fn known_name(&mut self) -> Option<Box<str>> {
        let segment = self.rest.as_slice().first()?;
        let name = match &segment.kind {
            SegmentKind::Property(name) | SegmentKind::Index(ast::Expression::Text(name)) => name,
            SegmentKind::Call { name, arguments } if name == "get" => match arguments.as_slice() {
                [ast::Expression::Text(name)] => name,
                _ => return None,
            },
            _ => return None,
        };
        let name = name.as_str().into();
        self.rest.next();
        Some(name)
    }

    fn accesses(&mut self) -> Compiled<Vec<Access>> {
        let mut accesses = Vec::new();
        while let Some(segment) = self.rest.next() {
            accesses.push(match segment.kind {
                SegmentKind::Property(name) => Access::Property(name.into()),
                SegmentKind::Index(index) => Access::Index(self.compiler.expression(index)?),
                SegmentKind::Call { name, arguments } => self.call(&name, arguments, segment.place)?,
            });
        }
        Ok(accesses)
    }

    fn call(&mut self, name: &str, arguments: Vec<ast::Expression>, place: Place) -> Compiled<Access> {
        let method = Method::find(name, arguments.len()).map_err(|message| problem(place, message))?;
        let arguments = self.compiler.expressions(arguments)?;
        let pattern = match arguments.first() {
            Some(Expression::Text(pattern)) if method.takes_pattern() => Some(
                java_pattern::compile(pattern, method == Method::Matches)
                    .map(Box::new)
                    .map_err(|cause| {
                        problem(
                            place,
                            format!("`{pattern}` is not supported as a pattern: {cause}"),
                        )
                    })?,
            ),
            _ => None,
        };
        Ok(Access::Call(method, arguments, pattern))
    }

    fn argument(&mut self, expression: ast::Expression) -> Compiled<Box<Expression>> {
        self.compiler.expression(expression).map(Box::new)
    }

    fn path(&mut self, expression: ast::Expression, place: Place) -> Compiled<Path> {
        self.compiler.uses_body = true;
        match self.compiler.expression(expression)? {
            Expression::Text(text) => JsonPath::parse(&text)
                .map(Path::Known)
                .map_err(|reason| problem(place, format!("`{text}` is not a JSONPath: {reason}"))),
            rendered @ (Expression::Interpolated(_) | Expression::Reference(_)) => {
                Ok(Path::Rendered(Box::new(rendered)))
            }
            _ => Err(problem(place, "expected a text in quotes")),
        }
    }
}

fn problem(place: Place, message: impl Into<String>) -> TemplateProblem {
    TemplateProblem {
        place,
        message: message.into(),
    }
}
