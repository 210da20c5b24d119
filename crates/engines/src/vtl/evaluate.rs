//! A compiled template becomes text.

use std::borrow::Cow;

use regex::Regex;
use serde_json::Value;

use super::compile::{Access, Argument, Path, Source, Step};
use super::print::{Output, print, print_parameters};
use super::{Found, Limits, ParameterPlace, RenderError, Scope};
use crate::json_path::{self, JsonPath};

/// One rendering, with what is left of its budget.
pub(super) struct Rendering<'s> {
    scope: &'s dyn Scope,
    limits: &'s Limits,
    steps: usize,
}

impl<'s> Rendering<'s> {
    pub(super) const fn new(scope: &'s dyn Scope, limits: &'s Limits) -> Self {
        Self {
            scope,
            limits,
            steps: 0,
        }
    }

    pub(super) fn render(&mut self, steps: &[Step]) -> Result<String, RenderError> {
        let mut output = Output::new(self.limits.output_bytes_max);
        for step in steps {
            match step {
                Step::Text(text) => output.push(text)?,
                Step::Value { source, accesses } => self.print(source, accesses, &mut output)?,
            }
        }
        Ok(output.into_text())
    }

    fn spend_step(&mut self) -> Result<(), RenderError> {
        self.steps += 1;
        if self.steps > self.limits.steps_max {
            return Err(RenderError::TooManySteps(self.limits.steps_max));
        }
        Ok(())
    }

    fn print(
        &mut self,
        source: &Source,
        accesses: &[Access],
        output: &mut Output,
    ) -> Result<(), RenderError> {
        self.spend_step()?;
        let mut value = match source {
            // Maps that exist only to be printed or stepped into are printed straight from the scope.
            Source::Parameters if accesses.is_empty() => {
                return print_parameters(self.scope, &ParameterPlace::ALL, output);
            }
            Source::ParametersOf(place) if accesses.is_empty() => {
                return print_parameters(self.scope, &[*place], output);
            }
            _ => self.value(source)?,
        };
        for access in accesses {
            self.spend_step()?;
            value = match value {
                Some(found) => self.step_into(found, access)?,
                None => return Ok(()),
            };
        }
        match value {
            Some(found) => print(&found, output),
            None => Ok(()),
        }
    }

    fn value(&mut self, source: &Source) -> Result<Option<Found<'s>>, RenderError> {
        let scope = self.scope;
        let text = match source {
            Source::Context(path) => {
                let path: Vec<&str> = path.iter().map(String::as_str).collect();
                return Ok(scope.context(&path));
            }
            Source::Path(path) => return Ok(self.select(path)?.map(Found::Json)),
            Source::Json(path) => return self.json_text(path).map(Some),
            Source::Util(util, argument) => return util.apply(&self.argument(argument)?).map(Some),
            Source::Body => Some(Cow::Borrowed(scope.input().body()?)),
            Source::StageVariable(name) => scope.stage_variable(&self.argument(name)?),
            Source::ParameterOf(place, name) => scope.parameter(*place, &self.argument(name)?),
            Source::Parameter(name) => {
                let name = self.argument(name)?;
                ParameterPlace::ALL
                    .into_iter()
                    .find_map(|place| scope.parameter(place, &name))
            }
            // Only `size()` and numbers are left to ask of these, and a map of parameters answers neither.
            Source::Parameters | Source::ParametersOf(_) => None,
        };
        Ok(text.map(Found::Text))
    }

    /// Returns `$input.json(…)`. A missing value is an empty JSON text and the whole of an empty body an empty object,
    /// so that a template of JSON stays JSON. Not recorded; this is what AWS's own passthrough template shows.
    fn json_text(&mut self, path: &Path) -> Result<Found<'s>, RenderError> {
        let whole = matches!(path, Path::Known(path) if path.is_root());
        if whole && self.scope.input().json()?.is_none() {
            return Ok(Found::text("{}"));
        }
        let mut output = Output::new(self.limits.output_bytes_max);
        match self.select(path)? {
            Some(value) => output.push_json(&value)?,
            None => output.push("\"\"")?,
        }
        Ok(Found::owned(output.into_text()))
    }

    fn select(&mut self, path: &Path) -> Result<Option<Cow<'s, Value>>, RenderError> {
        let rendered;
        let path = match path {
            Path::Known(path) => path,
            Path::Rendered(steps) => {
                let text = self.render(steps)?;
                rendered = JsonPath::parse(&text)
                    .map_err(|problem| RenderError::JsonPath(text, problem.to_string()))?;
                &rendered
            }
        };
        let scope = self.scope;
        let Some(body) = scope.input().json()? else {
            return Ok(None);
        };
        let limits = json_path::Limits {
            nodes_max: self.limits.steps_max,
            ..json_path::Limits::default()
        };
        Ok(path.evaluate(body, &limits)?)
    }

    fn argument<'a>(&mut self, argument: &'a Argument) -> Result<Cow<'a, str>, RenderError> {
        match argument {
            Argument::Known(text) => Ok(Cow::Borrowed(text)),
            Argument::Rendered(steps) => Ok(Cow::Owned(self.render(steps)?)),
        }
    }

    /// A step into what has no such member is undefined, `$input.body.x` among them (recorded).
    fn step_into(&mut self, found: Found<'s>, access: &Access) -> Result<Option<Found<'s>>, RenderError> {
        let value = match (found, access) {
            (Found::Text(text), Access::ReplaceAll(pattern, with)) => {
                return self.replace_all(pattern, &text, with).map(Found::owned).map(Some);
            }
            (Found::Text(_), _) => return Ok(None),
            (Found::Json(value), _) => value,
        };
        let pointer = match access {
            Access::ReplaceAll(pattern, with) => match value.as_str() {
                Some(text) => Some(Cow::Owned(Value::from(self.replace_all(pattern, text, with)?))),
                None => None,
            },
            Access::Member(name) => {
                let name = self.argument(name)?;
                child(value, |value| match value {
                    Value::Object(members) => members.get(name.as_ref()),
                    Value::Array(_) => json_path::element(value, name.parse().ok()?),
                    _ => None,
                })
            }
            Access::Element(index) => child(value, |value| json_path::element(value, *index)),
            Access::Size => size(&value).map(|count| Cow::Owned(Value::from(count))),
        };
        Ok(pointer.map(Found::Json))
    }
}

impl Rendering<'_> {
    /// Replaces every match, as far as the output may grow: a chain of these multiplies what a stranger sent.
    fn replace_all(&mut self, pattern: &Regex, text: &str, with: &str) -> Result<String, RenderError> {
        let mut output = Output::new(self.limits.output_bytes_max);
        let mut end = 0;
        for found in pattern.find_iter(text) {
            self.spend_step()?;
            output.push(text.get(end..found.start()).unwrap_or_default())?;
            output.push(with)?;
            end = found.end();
        }
        output.push(text.get(end..).unwrap_or_default())?;
        Ok(output.into_text())
    }
}

fn child<'v>(value: Cow<'v, Value>, select: impl Fn(&Value) -> Option<&Value>) -> Option<Cow<'v, Value>> {
    match value {
        Cow::Borrowed(value) => select(value).map(Cow::Borrowed),
        Cow::Owned(value) => select(&value).cloned().map(Cow::Owned),
    }
}

fn size(value: &Value) -> Option<usize> {
    match value {
        Value::Array(elements) => Some(elements.len()),
        Value::Object(members) => Some(members.len()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
