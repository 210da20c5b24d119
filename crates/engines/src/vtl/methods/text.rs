//! `java.lang.String`. Places in a text count UTF-16 units, as Java's do.

use std::cmp::Ordering;

use regex::Regex;

use super::Method;
use crate::java_pattern::{self, Piece};
use crate::vtl::RenderError;
use crate::vtl::print::Output;
use crate::vtl::rendering::Rendering;
use crate::vtl::value::Value;

/// What compiling a pattern at the request costs, in steps.
const PATTERN_STEPS: usize = 2_000;
/// Bytes of a text that one step looks at.
const BYTES_PER_STEP: usize = 64;

impl<'a> Rendering<'a> {
    pub(super) fn call_text(
        &mut self,
        text: &str,
        method: Method,
        arguments: &[Value<'a>],
        pattern: Option<&Regex>,
    ) -> Result<Value<'a>, RenderError> {
        self.spend_steps(text.len() / BYTES_PER_STEP)?;
        let integer = |value: &Value<'a>| match value {
            Value::Integer(integer) => Some(*integer),
            _ => None,
        };
        Ok(match (method, arguments) {
            (Method::Length, []) => Value::integer(length(text)),
            (Method::IsEmpty, []) => Value::Boolean(text.is_empty()),
            (Method::ToUpperCase, []) => self.text(text.to_uppercase())?,
            (Method::ToLowerCase, []) => self.text(text.to_lowercase())?,
            (Method::Trim, []) => {
                let trimmed = text.trim_matches(|character: char| character <= ' ');
                self.text(trimmed.to_owned())?
            }
            (Method::CharAt, [at]) => match integer(at) {
                Some(at) => {
                    let units = units(text, method, at, at.saturating_add(1))?;
                    self.text(units)?
                }
                None => Value::Null,
            },
            (Method::Substring, [from]) => match integer(from) {
                Some(from) => {
                    let end = i128::try_from(length(text)).unwrap_or(i128::MAX);
                    let units = units(text, method, from, end)?;
                    self.text(units)?
                }
                None => Value::Null,
            },
            (Method::Substring, [from, to]) => match (integer(from), integer(to)) {
                (Some(from), Some(to)) => {
                    let units = units(text, method, from, to)?;
                    self.text(units)?
                }
                _ => Value::Null,
            },
            _ if method.takes_pattern() => self.call_with_pattern(text, method, arguments, pattern)?,
            // Of a number that looks like a text: none in Java.
            (_, [first, ..]) if !matches!(first, Value::Text(_) | Value::Context(_)) => {
                self.value_of(method, first)?
            }
            (_, [first, rest @ ..]) => {
                let first = self.text_of(first)?;
                self.call_with_text(text, method, first.as_str(), rest)?
            }
            _ => Value::Null,
        })
    }

    /// `String.valueOf(…)`, which Java lets any text call.
    fn value_of(&mut self, method: Method, value: &Value<'a>) -> Result<Value<'a>, RenderError> {
        if method == Method::ValueOf {
            return self.text_of(value).map(Value::Text);
        }
        Ok(Value::Null)
    }

    fn call_with_text(
        &mut self,
        text: &str,
        method: Method,
        first: &str,
        rest: &[Value<'a>],
    ) -> Result<Value<'a>, RenderError> {
        self.spend_steps(first.len() / BYTES_PER_STEP)?;
        let order = |order: Ordering| match order {
            Ordering::Less => Value::Integer(-1),
            Ordering::Equal => Value::Integer(0),
            Ordering::Greater => Value::Integer(1),
        };
        let ignoring_case = |text: &str| text.to_lowercase();
        Ok(match (method, rest) {
            (Method::Contains, []) => Value::Boolean(text.contains(first)),
            (Method::StartsWith, []) => Value::Boolean(text.starts_with(first)),
            (Method::EndsWith, []) => Value::Boolean(text.ends_with(first)),
            (Method::EqualsIgnoreCase, []) => Value::Boolean(ignoring_case(text) == ignoring_case(first)),
            (Method::CompareTo, []) => compare(text, first),
            (Method::CompareToIgnoreCase, []) => order(ignoring_case(text).cmp(&ignoring_case(first))),
            (Method::Concat, []) => {
                self.check_length(text.len().saturating_add(first.len()))?;
                self.text(format!("{text}{first}"))?
            }
            (Method::ValueOf, []) => self.text(first.to_owned())?,
            (Method::IndexOf, []) => place(text, text.find(first)),
            (Method::IndexOf, [Value::Integer(from)]) => {
                let start = byte_of(text, usize::try_from(*from).unwrap_or_default());
                let tail = text.get(start..).unwrap_or_default();
                place(text, tail.find(first).map(|at| at + start))
            }
            (Method::LastIndexOf, []) => place(text, text.rfind(first)),
            (Method::StartsWith, [Value::Integer(from)]) => {
                let start = usize::try_from(*from).ok().filter(|from| *from <= length(text));
                let tail = start.and_then(|start| text.get(byte_of(text, start)..));
                Value::Boolean(tail.is_some_and(|tail| tail.starts_with(first)))
            }
            (Method::Replace, [with]) => {
                let with = self.text_of(with)?;
                let mut output = Output::new(self.limits.output_bytes_max);
                let mut end = 0;
                for (start, found) in text.match_indices(first) {
                    self.spend_steps(1)?;
                    output.push(text.get(end..start).unwrap_or_default())?;
                    output.push(with.as_str())?;
                    end = start + found.len();
                }
                output.push(text.get(end..).unwrap_or_default())?;
                self.text(output.into_text())?
            }
            _ => Value::Null,
        })
    }

    fn check_length(&self, bytes: usize) -> Result<(), RenderError> {
        if bytes > self.limits.output_bytes_max {
            return Err(RenderError::OutputTooLong(self.limits.output_bytes_max));
        }
        Ok(())
    }

    fn call_with_pattern(
        &mut self,
        text: &str,
        method: Method,
        arguments: &[Value<'a>],
        pattern: Option<&Regex>,
    ) -> Result<Value<'a>, RenderError> {
        let failed = |cause: String| RenderError::Method(method.name(), cause);
        let [first, rest @ ..] = arguments else {
            return Ok(Value::Null);
        };
        let compiled;
        let pattern = match pattern {
            Some(pattern) => pattern,
            None => {
                self.spend_steps(PATTERN_STEPS)?;
                let source = self.text_of(first)?;
                compiled =
                    java_pattern::compile(source.as_str(), method == Method::Matches).map_err(failed)?;
                &compiled
            }
        };
        match (method, rest) {
            (Method::Matches, []) => Ok(Value::Boolean(pattern.is_match(text))),
            (Method::Split, []) => self.split(text, pattern, 0),
            (Method::Split, [Value::Integer(limit)]) => self.split(text, pattern, *limit),
            (Method::ReplaceAll | Method::ReplaceFirst, [with]) => {
                let with = self.text_of(with)?;
                let pieces = java_pattern::replacement(with.as_str(), pattern).map_err(failed)?;
                let times = if method == Method::ReplaceFirst {
                    1
                } else {
                    usize::MAX
                };
                self.replace(text, pattern, &pieces, times)
            }
            _ => Ok(Value::Null),
        }
    }

    /// Replaces matches, as far as the output may grow: a chain of these multiplies what a stranger sent.
    fn replace(
        &mut self,
        text: &str,
        pattern: &Regex,
        pieces: &[Piece],
        times: usize,
    ) -> Result<Value<'a>, RenderError> {
        let mut output = Output::new(self.limits.output_bytes_max);
        let mut end = 0;
        for captures in pattern.captures_iter(text).take(times) {
            self.spend_steps(1 + pieces.len())?;
            let Some(found) = captures.get(0) else { continue };
            output.push(text.get(end..found.start()).unwrap_or_default())?;
            for piece in pieces {
                output.push(java_pattern::expand(piece, &captures))?;
            }
            end = found.end();
        }
        output.push(text.get(end..).unwrap_or_default())?;
        self.text(output.into_text())
    }

    /// `split`: without a limit, empty parts at the end are left out; none is made of nothing before the text.
    fn split(&mut self, text: &str, pattern: &Regex, limit: i128) -> Result<Value<'a>, RenderError> {
        let most = usize::try_from(limit)
            .ok()
            .filter(|most| *most > 0)
            .unwrap_or(usize::MAX);
        let mut parts: Vec<&str> = Vec::new();
        let mut end = 0;
        for found in pattern.find_iter(text) {
            if parts.len() + 1 >= most {
                break;
            }
            self.spend_steps(1)?;
            if found.end() == 0 || (found.is_empty() && found.start() == text.len()) {
                continue;
            }
            parts.push(text.get(end..found.start()).unwrap_or_default());
            end = found.end();
        }
        parts.push(text.get(end..).unwrap_or_default());
        if limit == 0 {
            while parts.len() > 1 && parts.last().is_some_and(|part| part.is_empty()) {
                parts.pop();
            }
            if parts.len() == 1 && end > 0 && parts.first().is_some_and(|part| part.is_empty()) {
                parts.pop();
            }
        }
        self.spend_bytes(text.len())?;
        let items = parts.into_iter().map(Value::made).collect();
        Ok(self.heap.list(items))
    }
}

fn length(text: &str) -> usize {
    if text.is_ascii() {
        text.len()
    } else {
        text.encode_utf16().count()
    }
}

/// Returns the byte where the UTF-16 unit `unit` begins; the end where there are fewer.
fn byte_of(text: &str, unit: usize) -> usize {
    let mut passed = 0;
    for (at, character) in text.char_indices() {
        if passed >= unit {
            return at;
        }
        passed += character.len_utf16();
    }
    text.len()
}

/// Returns the units from `from` to `to`; half a character becomes a replacement character.
fn units(text: &str, method: Method, from: i128, to: i128) -> Result<String, RenderError> {
    let length = length(text);
    let within = |place: i128| usize::try_from(place).ok().filter(|place| *place <= length);
    match (within(from), within(to)) {
        (Some(from), Some(to)) if from <= to => Ok(if text.is_ascii() {
            text.get(from..to).unwrap_or_default().to_owned()
        } else {
            let units: Vec<u16> = text.encode_utf16().skip(from).take(to - from).collect();
            String::from_utf16_lossy(&units)
        }),
        _ => Err(RenderError::Method(
            method.name(),
            format!("from `{from}` to `{to}` is out of bounds: there are {length}"),
        )),
    }
}

/// Returns a place as Java counts it, -1 for none.
fn place(text: &str, byte: Option<usize>) -> Value<'static> {
    match byte {
        Some(byte) => Value::integer(length(text.get(..byte).unwrap_or_default())),
        None => Value::Integer(-1),
    }
}

/// Java's `compareTo` says how far two texts are apart where they first differ.
fn compare(left: &str, right: &str) -> Value<'static> {
    let mut units = left.encode_utf16().zip(right.encode_utf16());
    let differing = units.find(|(left, right)| left != right);
    Value::Integer(match differing {
        Some((left, right)) => i128::from(left) - i128::from(right),
        None => {
            let length = |text| i128::try_from(length(text)).unwrap_or(i128::MAX);
            length(left) - length(right)
        }
    })
}
