//! Reads one entry of `Parameters` and checks that its constraints make sense together.

use portcullis_model::Place;

use super::parameters::{compile_pattern, parse_number};
use super::sections::Reading;
use super::template::{ParameterDeclaration, ParameterKind};
use crate::document::{Key, Node};
use crate::names::did_you_mean;

const KEYS: [&str; 11] = [
    "Type",
    "Default",
    "AllowedValues",
    "AllowedPattern",
    "MinLength",
    "MaxLength",
    "MinValue",
    "MaxValue",
    "ConstraintDescription",
    "Description",
    "NoEcho",
];

pub(super) fn parameter(
    reading: &mut Reading,
    name: &Key,
    node: &Node,
    path: &str,
) -> Option<ParameterDeclaration> {
    let entries = reading.map(node, path)?;
    let mut declaration = empty(name.place);
    let mut kind = None;
    let mut has_type = false;
    for (key, value) in entries {
        let inner = format!("{path}/{}", key.text);
        if key.text == "Type" {
            has_type = true;
            let named = reading.text(value, &inner)?;
            kind = kind_of(reading, &named.text, named.place, &inner);
            declaration.declared_type = named.text;
        } else {
            constraint(reading, &mut declaration, key, value, path);
        }
    }
    if !has_type {
        reading.error(name.place, path, "the required key `Type` is missing");
    }
    declaration.kind = kind?;
    if let Some(default) = &declaration.default
        && let Err(reason) = declaration.read(&default.text)
    {
        reading.error(default.place, format!("{path}/Default"), reason);
    }
    Some(declaration)
}

fn empty(place: Place) -> ParameterDeclaration {
    ParameterDeclaration {
        place,
        kind: ParameterKind::Text,
        declared_type: String::new(),
        description: None,
        default: None,
        allowed_values: Vec::new(),
        allowed_pattern: None,
        length_min: None,
        length_max: None,
        value_min: None,
        value_max: None,
        constraint_description: None,
        no_echo: false,
    }
}

fn constraint(
    reading: &mut Reading,
    declaration: &mut ParameterDeclaration,
    key: &Key,
    value: &Node,
    path: &str,
) {
    let inner = format!("{path}/{}", key.text);
    match key.text.as_str() {
        "Default" => declaration.default = reading.text(value, &inner),
        "AllowedValues" => {
            let allowed = reading.texts(value, &inner);
            declaration.allowed_values = allowed.into_iter().map(|named| named.text).collect();
        }
        "AllowedPattern" => {
            declaration.allowed_pattern = reading.text(value, &inner);
            if let Some(pattern) = &declaration.allowed_pattern
                && compile_pattern(&pattern.text).is_err()
            {
                let message = format!("`{}` is not a regular expression that is supported", pattern.text);
                reading.error(value.place, inner, message);
            }
        }
        "MinLength" => declaration.length_min = length(reading, value, &inner),
        "MaxLength" => declaration.length_max = length(reading, value, &inner),
        "MinValue" => declaration.value_min = bound(reading, value, &inner),
        "MaxValue" => declaration.value_max = bound(reading, value, &inner),
        "ConstraintDescription" => {
            declaration.constraint_description = reading.text(value, &inner).map(|named| named.text);
        }
        "Description" => declaration.description = reading.text(value, &inner).map(|named| named.text),
        "NoEcho" => match reading
            .text(value, &inner)
            .map(|named| named.text.to_ascii_lowercase())
        {
            Some(text) if text == "true" || text == "yes" => declaration.no_echo = true,
            Some(text) if text == "false" || text == "no" => {}
            Some(text) => reading.error(value.place, inner, format!("must be a boolean, not `{text}`")),
            None => {}
        },
        _ => reading.unknown_key(key, path, &KEYS),
    }
}

fn length(reading: &mut Reading, node: &Node, path: &str) -> Option<u64> {
    let named = reading.text(node, path)?;
    let length = named.text.parse().ok();
    if length.is_none() {
        reading.error(
            node.place,
            path,
            format!("must be a whole number, not `{}`", named.text),
        );
    }
    length
}

fn bound(reading: &mut Reading, node: &Node, path: &str) -> Option<f64> {
    let named = reading.text(node, path)?;
    let bound = parse_number(&named.text);
    if bound.is_none() {
        reading.error(
            node.place,
            path,
            format!("must be a number, not `{}`", named.text),
        );
    }
    bound
}

fn kind_of(reading: &mut Reading, declared: &str, place: Place, path: &str) -> Option<ParameterKind> {
    let inner = declared
        .strip_prefix("List<")
        .and_then(|inner| inner.strip_suffix('>'));
    let names_cloud_resource =
        |name: &str| name.starts_with("AWS::EC2::") || name.starts_with("AWS::Route53::");
    match (declared, inner) {
        ("String", _) => Some(ParameterKind::Text),
        ("Number", _) => Some(ParameterKind::Number),
        ("List<Number>", _) => Some(ParameterKind::NumberList),
        ("CommaDelimitedList" | "List<String>", _) => Some(ParameterKind::TextList),
        (_, Some(inner)) if names_cloud_resource(inner) => {
            reading.inert(place, path, "nobody checks that what it names exists");
            Some(ParameterKind::TextList)
        }
        (name, None) if names_cloud_resource(name) => {
            reading.inert(place, path, "nobody checks that what it names exists");
            Some(ParameterKind::Text)
        }
        (name, _) if name.starts_with("AWS::SSM::") => {
            reading.error(
                place,
                path,
                format!("`{name}` is not supported: there is no parameter store"),
            );
            None
        }
        (name, _) => {
            let known = ["String", "Number", "List<Number>", "CommaDelimitedList"];
            let hint = did_you_mean(name, known.into_iter());
            reading.error(place, path, format!("unknown parameter type `{name}`{hint}"));
            None
        }
    }
}
