//! The values a template runs with: its own parameters, checked against every constraint, and AWS's pseudo parameters.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use std::collections::BTreeMap;
use std::fmt;

use portcullis_model::{Place, Problem};
use serde_json::{Number, Value};

use super::template::{ParameterDeclaration, ParameterKind, Template};

/// Characters of one value.
pub const PARAMETER_CHARACTERS_MAX: usize = 4096;

/// Checked values of all parameters that have one.
#[derive(Clone, Default)]
pub struct Parameters {
    values: BTreeMap<String, ParameterValue>,
}

/// One parameter's value.
#[derive(Clone)]
struct ParameterValue {
    value: Value,
    text: String,
    no_echo: bool,
}

/// What `Ref` returns for the names that begin with `AWS::`.
#[derive(Clone, Debug)]
pub struct PseudoParameters {
    pub region: String,
    pub account_id: String,
    pub stack_name: String,
    pub stack_id: String,
    pub notification_arns: Vec<String>,
}

impl PseudoParameters {
    /// Names of all pseudo parameters but `AWS::NoValue`.
    pub const NAMES: [&'static str; 7] = [
        "AWS::Region",
        "AWS::AccountId",
        "AWS::StackName",
        "AWS::StackId",
        "AWS::Partition",
        "AWS::URLSuffix",
        "AWS::NotificationARNs",
    ];

    /// Returns the value of the pseudo parameter `name`.
    pub fn value(&self, name: &str) -> Option<Value> {
        let (partition, suffix) = partition_of(&self.region);
        Some(match name {
            "AWS::Region" => self.region.clone().into(),
            "AWS::AccountId" => self.account_id.clone().into(),
            "AWS::StackName" => self.stack_name.clone().into(),
            "AWS::StackId" => self.stack_id.clone().into(),
            "AWS::Partition" => partition.into(),
            "AWS::URLSuffix" => suffix.into(),
            "AWS::NotificationARNs" => self.notification_arns.clone().into(),
            _ => return None,
        })
    }
}

fn partition_of(region: &str) -> (&'static str, &'static str) {
    if region.starts_with("cn-") {
        ("aws-cn", "amazonaws.com.cn")
    } else if region.starts_with("us-gov-") {
        ("aws-us-gov", "amazonaws.com")
    } else {
        ("aws", "amazonaws.com")
    }
}

impl Parameters {
    /// Returns what `Ref` gives: a text, or a list for the list types.
    pub fn value(&self, name: &str) -> Option<&Value> {
        self.values.get(name).map(|value| &value.value)
    }

    /// Returns the value as it was given.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(|value| value.text.as_str())
    }

    /// Tells whether the value must not be shown.
    pub fn is_no_echo(&self, name: &str) -> bool {
        self.values.get(name).is_some_and(|value| value.no_echo)
    }

    /// Returns the names that have a value.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.values.keys().map(String::as_str)
    }
}

impl fmt::Debug for Parameters {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = self.values.iter().map(|(name, value)| {
            let text = if value.no_echo {
                "****"
            } else {
                value.text.as_str()
            };
            (name, text)
        });
        formatter.debug_map().entries(shown).finish()
    }
}

impl Template {
    /// Returns the value of every parameter, or all that is wrong with them.
    pub fn resolve_parameters(&self, given: &BTreeMap<String, String>) -> Result<Parameters, Vec<Problem>> {
        let (parameters, mut problems) = self.resolve_given(given);
        for (name, declaration) in &self.parameters {
            if declaration.default.is_none() && !given.contains_key(name) {
                problems.push(Problem::error(
                    Some(declaration.place),
                    format!("Parameters/{name}"),
                    "has no default and must be given a value",
                ));
            }
        }
        if problems.is_empty() {
            Ok(parameters)
        } else {
            Err(problems)
        }
    }

    /// Resolves what has a value and leaves the rest out: `check` does not judge what depends on it.
    pub(super) fn resolve_given(&self, given: &BTreeMap<String, String>) -> (Parameters, Vec<Problem>) {
        let mut parameters = Parameters::default();
        let mut problems = Vec::new();
        for name in given.keys().filter(|name| !self.parameters.contains_key(*name)) {
            problems.push(Problem::error(
                None,
                format!("Parameters/{name}"),
                "a value is given, but the template has no such parameter",
            ));
        }
        for (name, declaration) in &self.parameters {
            let default = declaration.default.as_ref();
            let (text, place) = match (given.get(name), default) {
                (Some(text), _) => (text.as_str(), None),
                (None, Some(default)) => (default.text.as_str(), Some(default.place)),
                (None, None) => continue,
            };
            match declaration.read(text) {
                Ok(value) => {
                    let value = ParameterValue {
                        value,
                        text: text.to_owned(),
                        no_echo: declaration.no_echo,
                    };
                    parameters.values.insert(name.clone(), value);
                }
                Err(reason) => problems.push(parameter_problem(name, place, declaration, &reason)),
            }
        }
        (parameters, problems)
    }
}

fn parameter_problem(
    name: &str,
    default_place: Option<Place>,
    declaration: &ParameterDeclaration,
    reason: &str,
) -> Problem {
    let (path, place) = match default_place {
        Some(place) => (format!("Parameters/{name}/Default"), place),
        None => (format!("Parameters/{name}"), declaration.place),
    };
    let message = match &declaration.constraint_description {
        Some(description) => format!("{reason}: {description}"),
        None => reason.to_owned(),
    };
    Problem::error(Some(place), path, message)
}

impl ParameterDeclaration {
    /// Reads one value and checks every constraint; the error does not repeat a `NoEcho` value.
    pub fn read(&self, text: &str) -> Result<Value, String> {
        let shown = if self.no_echo {
            "the value".to_owned()
        } else {
            format!("`{}`", abbreviate(text))
        };
        if text.chars().count() > PARAMETER_CHARACTERS_MAX {
            return Err(format!("is longer than {PARAMETER_CHARACTERS_MAX} characters"));
        }
        let pattern = self
            .allowed_pattern
            .as_ref()
            .map(|pattern| compile_pattern(&pattern.text));
        // The declaration was read, so the pattern compiles; if it did not, doubt is denial.
        let fits = |text: &str| match &pattern {
            None => true,
            Some(compiled) => compiled
                .as_ref()
                .is_ok_and(|expression| expression.is_match(text)),
        };
        match self.kind {
            ParameterKind::Text => {
                self.check_text(text, &shown, &fits)?;
                Ok(text.into())
            }
            ParameterKind::Number => {
                self.check_number(text, &shown)?;
                Ok(text.trim().into())
            }
            ParameterKind::TextList | ParameterKind::NumberList => {
                let items: Vec<&str> = if text.is_empty() {
                    Vec::new()
                } else {
                    text.split(',').map(str::trim).collect()
                };
                for item in &items {
                    let shown = if self.no_echo {
                        "an item".to_owned()
                    } else {
                        format!("item `{}`", abbreviate(item))
                    };
                    match self.kind {
                        ParameterKind::NumberList => self.check_number(item, &shown)?,
                        _ => self.check_item(item, &shown, &fits)?,
                    }
                }
                Ok(items.into())
            }
        }
    }

    fn check_text(&self, text: &str, shown: &str, fits: &dyn Fn(&str) -> bool) -> Result<(), String> {
        let length = text.chars().count() as u64;
        if let Some(minimum) = self.length_min.filter(|minimum| length < *minimum) {
            return Err(format!("{shown} is shorter than {minimum} characters"));
        }
        if let Some(maximum) = self.length_max.filter(|maximum| length > *maximum) {
            return Err(format!("{shown} is longer than {maximum} characters"));
        }
        self.check_item(text, shown, fits)
    }

    fn check_item(&self, text: &str, shown: &str, fits: &dyn Fn(&str) -> bool) -> Result<(), String> {
        if !self.allowed_values.is_empty() && !self.allowed_values.iter().any(|allowed| allowed == text) {
            let allowed = self.allowed_values.join("`, `");
            return Err(format!("{shown} is none of the allowed values `{allowed}`"));
        }
        match &self.allowed_pattern {
            Some(pattern) if !fits(text) => Err(format!(
                "{shown} does not match the allowed pattern `{}`",
                pattern.text
            )),
            _ => Ok(()),
        }
    }

    fn check_number(&self, text: &str, shown: &str) -> Result<(), String> {
        let Some(number) = parse_number(text) else {
            return Err(format!("{shown} is not a number"));
        };
        if let Some(minimum) = self.value_min.filter(|minimum| number < *minimum) {
            return Err(format!("{shown} is less than {minimum}"));
        }
        if let Some(maximum) = self.value_max.filter(|maximum| number > *maximum) {
            return Err(format!("{shown} is greater than {maximum}"));
        }
        let allowed = |allowed: &String| parse_number(allowed) == Some(number);
        if !self.allowed_values.is_empty() && !self.allowed_values.iter().any(allowed) {
            let allowed = self.allowed_values.join("`, `");
            return Err(format!("{shown} is none of the allowed values `{allowed}`"));
        }
        Ok(())
    }
}

/// Compiles an `AllowedPattern`; it must match the whole value, as on AWS.
pub(super) fn compile_pattern(pattern: &str) -> Result<regex::Regex, regex::Error> {
    regex::RegexBuilder::new(&format!("^(?:{pattern})$"))
        .size_limit(PATTERN_BYTES_MAX)
        .build()
}

/// Bytes of one compiled pattern.
const PATTERN_BYTES_MAX: usize = 1 << 20;

/// Parses a finite decimal number.
pub(super) fn parse_number(text: &str) -> Option<f64> {
    let text = text.trim();
    let plausible = |character: char| character.is_ascii_digit() || "+-.eE".contains(character);
    if !text.chars().all(plausible) {
        return None; // `inf` and `nan` are numbers to Rust only
    }
    text.parse::<f64>().ok().filter(|number| number.is_finite())
}

/// Returns the JSON number that prints exactly as `text`, if there is one.
pub(super) fn exact_number(text: &str) -> Option<Number> {
    let number: Number = serde_json::from_str(text).ok()?;
    (number.to_string() == text).then_some(number)
}

/// Shortens a value for a message.
pub(super) fn abbreviate(text: &str) -> String {
    const SHOWN_CHARACTERS: usize = 80;
    if text.chars().count() <= SHOWN_CHARACTERS {
        return text.to_owned();
    }
    let start: String = text.chars().take(SHOWN_CHARACTERS).collect();
    format!("{start}…")
}
