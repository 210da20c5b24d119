//! Recognises the intrinsic functions and checks the form of their arguments, once for all who look at them.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference.html>

use portcullis_model::Place;

use super::limits::SUB_VARIABLES_MAX;
use super::parameters::abbreviate;
use super::substitution::{Part, parse_substitution};
use crate::document::{Key, Node, NodeKind};
use crate::names::did_you_mean;

/// An intrinsic function with arguments of the right form.
#[derive(Clone, Debug)]
pub(super) enum Intrinsic<'a> {
    Ref(&'a str),
    GetAtt {
        logical_id: &'a str,
        attribute: Attribute<'a>,
    },
    Sub {
        parts: Vec<Part<'a>>,
        variables: &'a [(Key, Node)],
    },
    Join {
        delimiter: &'a str,
        values: &'a Node,
    },
    Select {
        index: &'a Node,
        list: &'a Node,
    },
    Split {
        delimiter: &'a str,
        source: &'a Node,
    },
    FindInMap {
        mapping: &'a Node,
        first: &'a Node,
        second: &'a Node,
    },
    If {
        condition: &'a str,
        then: &'a Node,
        otherwise: &'a Node,
    },
    Equals(&'a Node, &'a Node),
    And(&'a [Node]),
    Or(&'a [Node]),
    Not(&'a Node),
    Condition(&'a str),
    Base64(&'a Node),
    ImportValue(&'a Node),
    GetAZs(&'a Node),
    Cidr {
        block: &'a Node,
        count: &'a Node,
        bits: &'a Node,
    },
}

/// The second half of `Fn::GetAtt`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Attribute<'a> {
    Literal(&'a str),
    /// A `Ref` to a parameter.
    Computed(&'a Node),
}

/// Where an expression stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Position {
    /// In a value; a `Condition` key is data there (IAM policies have one).
    Value,
    /// Where a condition is wanted.
    Condition,
}

/// Wrong arguments.
#[derive(Clone, Debug)]
pub(super) struct Wrong {
    pub place: Place,
    pub message: String,
}

impl Wrong {
    pub(super) fn new(place: Place, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { place, message }
    }
}

const NAMES: [&str; 16] = [
    "Fn::And",
    "Fn::Base64",
    "Fn::Cidr",
    "Fn::Equals",
    "Fn::FindInMap",
    "Fn::GetAtt",
    "Fn::GetAZs",
    "Fn::If",
    "Fn::ImportValue",
    "Fn::Join",
    "Fn::Not",
    "Fn::Or",
    "Fn::Select",
    "Fn::Split",
    "Fn::Sub",
    "Ref",
];

/// Returns the intrinsic function that `node` is, if it is one.
pub(super) fn recognise(node: &Node, position: Position) -> Result<Option<Intrinsic<'_>>, Wrong> {
    let Some(entries) = node.as_map() else {
        return Ok(None);
    };
    match entries {
        [(key, argument)] if key.text == "Ref" || key.text.starts_with("Fn::") => {
            parse(key, argument, position).map(Some)
        }
        [(key, argument)] if key.text == "Condition" && position == Position::Condition => {
            Ok(Some(Intrinsic::Condition(literal("Condition", argument)?)))
        }
        [_] | [] => Ok(None),
        several => match several.iter().find(|(key, _)| key.text.starts_with("Fn::")) {
            Some((key, _)) => {
                let message = format!("`{}` must stand alone, not beside other keys", key.text);
                Err(Wrong::new(key.place, message))
            }
            None => Ok(None),
        },
    }
}

fn parse<'a>(key: &Key, argument: &'a Node, position: Position) -> Result<Intrinsic<'a>, Wrong> {
    let name = key.text.as_str();
    let is_logic = matches!(name, "Fn::And" | "Fn::Or" | "Fn::Not" | "Fn::Equals");
    if is_logic && position == Position::Value {
        let message = format!("`{name}` is for `Conditions`: name the condition there and use `Fn::If` here");
        return Err(Wrong::new(key.place, message));
    }
    let allowed_in_condition = is_logic || matches!(name, "Ref" | "Fn::FindInMap");
    if position == Position::Condition && !allowed_in_condition {
        return Err(Wrong::new(key.place, format!("`{name}` cannot be a condition")));
    }
    Ok(match name {
        "Ref" => Intrinsic::Ref(literal(name, argument)?),
        "Fn::GetAtt" => get_att(argument)?,
        "Fn::Sub" => sub(argument)?,
        "Fn::Join" => {
            let [delimiter, values] = list(name, "a delimiter and a list", argument)?;
            let delimiter = literal("the delimiter of Fn::Join", delimiter)?;
            let values = list_or_function("the second argument of `Fn::Join`", values)?;
            Intrinsic::Join { delimiter, values }
        }
        "Fn::Select" => {
            let [index, from] = list(name, "an index and a list", argument)?;
            let list = list_or_function("the second argument of `Fn::Select`", from)?;
            Intrinsic::Select { index, list }
        }
        "Fn::Split" => {
            let [delimiter, source] = list(name, "a delimiter and a text", argument)?;
            let place = delimiter.place;
            let delimiter = literal("the delimiter of Fn::Split", delimiter)?;
            if delimiter.is_empty() {
                return Err(Wrong::new(place, "the delimiter of `Fn::Split` is empty"));
            }
            Intrinsic::Split { delimiter, source }
        }
        "Fn::FindInMap" => find_in_map(argument)?,
        "Fn::If" => {
            let [condition, then, otherwise] = list(name, "a condition's name and two values", argument)?;
            let condition = literal("the condition of Fn::If", condition)?;
            Intrinsic::If {
                condition,
                then,
                otherwise,
            }
        }
        "Fn::Equals" => {
            let [left, right] = list(name, "two values", argument)?;
            Intrinsic::Equals(left, right)
        }
        "Fn::And" => Intrinsic::And(conditions(name, argument)?),
        "Fn::Or" => Intrinsic::Or(conditions(name, argument)?),
        "Fn::Not" => {
            let [condition] = list(name, "one condition", argument)?;
            Intrinsic::Not(condition)
        }
        "Fn::Base64" => Intrinsic::Base64(argument),
        "Fn::ImportValue" => Intrinsic::ImportValue(argument),
        "Fn::GetAZs" => Intrinsic::GetAZs(argument),
        "Fn::Cidr" => {
            let [block, count, bits] = list(name, "a block, a count and a number of host bits", argument)?;
            Intrinsic::Cidr { block, count, bits }
        }
        _ => return Err(Wrong::new(key.place, unknown(name))),
    })
}

fn unknown(name: &str) -> String {
    let wants_transform = matches!(name, "Fn::Length" | "Fn::ToJsonString" | "Fn::Transform")
        || name.starts_with("Fn::ForEach");
    if wants_transform {
        format!("`{name}` is not supported: it needs a transform")
    } else {
        let hint = did_you_mean(name, NAMES.into_iter());
        format!("unknown intrinsic function `{}`{hint}", abbreviate(name))
    }
}

fn literal<'a>(what: &str, node: &'a Node) -> Result<&'a str, Wrong> {
    node.scalar_text().ok_or_else(|| {
        let message = format!("`{what}` wants a literal text, not {}", node.kind_name());
        Wrong::new(node.place, message)
    })
}

fn list<'a, const COUNT: usize>(
    name: &str,
    what: &str,
    argument: &'a Node,
) -> Result<&'a [Node; COUNT], Wrong> {
    let Some(items) = argument.as_list() else {
        let message = format!("`{name}` wants a list of {what}, not {}", argument.kind_name());
        return Err(Wrong::new(argument.place, message));
    };
    items.try_into().map_err(|_| {
        let message = format!("`{name}` wants a list of {what}, not {} items", items.len());
        Wrong::new(argument.place, message)
    })
}

fn list_or_function<'a>(what: &str, node: &'a Node) -> Result<&'a Node, Wrong> {
    match &node.kind {
        NodeKind::List(_) | NodeKind::Map(_) => Ok(node),
        _ => {
            let message = format!("{what} must be a list, not {}", node.kind_name());
            Err(Wrong::new(node.place, message))
        }
    }
}

fn conditions<'a>(name: &str, argument: &'a Node) -> Result<&'a [Node], Wrong> {
    match argument.as_list() {
        Some(items) if (2..=10).contains(&items.len()) => Ok(items),
        Some(items) => {
            let message = format!("`{name}` wants 2 to 10 conditions, not {}", items.len());
            Err(Wrong::new(argument.place, message))
        }
        None => {
            let message = format!(
                "`{name}` wants a list of conditions, not {}",
                argument.kind_name()
            );
            Err(Wrong::new(argument.place, message))
        }
    }
}

fn get_att(argument: &Node) -> Result<Intrinsic<'_>, Wrong> {
    if let Some(text) = argument.as_text() {
        let Some((logical_id, attribute)) = text
            .split_once('.')
            .filter(|(id, name)| !id.is_empty() && !name.is_empty())
        else {
            let message = format!(
                "`Fn::GetAtt` wants `resource.attribute`, not `{}`",
                abbreviate(text)
            );
            return Err(Wrong::new(argument.place, message));
        };
        let attribute = Attribute::Literal(attribute);
        return Ok(Intrinsic::GetAtt {
            logical_id,
            attribute,
        });
    }
    let [logical_id, attribute] = list("Fn::GetAtt", "a resource and an attribute", argument)?;
    let logical_id = literal("the resource of Fn::GetAtt", logical_id)?;
    let attribute = match &attribute.kind {
        NodeKind::Map(_) => Attribute::Computed(attribute),
        _ => Attribute::Literal(literal("the attribute of Fn::GetAtt", attribute)?),
    };
    Ok(Intrinsic::GetAtt {
        logical_id,
        attribute,
    })
}

fn sub(argument: &Node) -> Result<Intrinsic<'_>, Wrong> {
    let (text, variables) = match &argument.kind {
        NodeKind::List(_) => {
            let [text, variables] = list::<2>("Fn::Sub", "a text and an object of variables", argument)?;
            let Some(variables) = variables.as_map() else {
                let message = format!(
                    "the variables of `Fn::Sub` must be an object, not {}",
                    variables.kind_name()
                );
                return Err(Wrong::new(variables.place, message));
            };
            if variables.len() > SUB_VARIABLES_MAX {
                let message = format!("`Fn::Sub` has more than {SUB_VARIABLES_MAX} variables");
                return Err(Wrong::new(argument.place, message));
            }
            (text, variables)
        }
        _ => (argument, [].as_slice()),
    };
    let place = text.place;
    let text = literal("Fn::Sub", text)?;
    let parts = parse_substitution(text).map_err(|message| Wrong::new(place, message))?;
    Ok(Intrinsic::Sub { parts, variables })
}

fn find_in_map(argument: &Node) -> Result<Intrinsic<'_>, Wrong> {
    if argument.as_list().is_some_and(|items| items.len() == 4) {
        let message = "the default value of `Fn::FindInMap` is not supported: it needs a transform";
        return Err(Wrong::new(argument.place, message));
    }
    let [mapping, first, second] = list("Fn::FindInMap", "a mapping and two keys", argument)?;
    Ok(Intrinsic::FindInMap {
        mapping,
        first,
        second,
    })
}

impl<'a> Intrinsic<'a> {
    /// Returns the arguments that are expressions themselves, each with the position it stands in.
    pub(super) fn arguments(&self) -> Vec<(&'a Node, Position)> {
        let value = |node: &'a Node| (node, Position::Value);
        match self {
            Intrinsic::Ref(_) | Intrinsic::Condition(_) => Vec::new(),
            Intrinsic::GetAtt { attribute, .. } => match attribute {
                Attribute::Literal(_) => Vec::new(),
                Attribute::Computed(node) => vec![value(node)],
            },
            Intrinsic::Sub { variables, .. } => variables.iter().map(|(_, node)| value(node)).collect(),
            Intrinsic::Join { values: node, .. }
            | Intrinsic::Split { source: node, .. }
            | Intrinsic::Base64(node)
            | Intrinsic::ImportValue(node)
            | Intrinsic::GetAZs(node) => vec![value(node)],
            Intrinsic::Select { index, list } => vec![value(index), value(list)],
            Intrinsic::FindInMap {
                mapping,
                first,
                second,
            } => vec![value(mapping), value(first), value(second)],
            Intrinsic::If { then, otherwise, .. } => vec![value(then), value(otherwise)],
            Intrinsic::Equals(left, right) => vec![value(left), value(right)],
            Intrinsic::And(conditions) | Intrinsic::Or(conditions) => conditions
                .iter()
                .map(|node| (node, Position::Condition))
                .collect(),
            Intrinsic::Not(condition) => vec![(condition, Position::Condition)],
            Intrinsic::Cidr { block, count, bits } => vec![value(block), value(count), value(bits)],
        }
    }
}
