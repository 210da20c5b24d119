//! What each intrinsic function returns, once its arguments are worked out.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use portcullis_model::Place;
use serde_json::Value;

use super::cidr;
use super::coerce::text_of;
use super::evaluate::{Evaluator, Outcome};
use super::intrinsic::{Attribute, Intrinsic, Wrong};
use super::parameters::abbreviate;
use super::substitution::Part;
use super::template::Template;
use crate::document::{Key, Node};
use crate::names::did_you_mean;

/// Stops the work on a function: told already, not known, or wrong with this message.
pub(super) enum Stop {
    Unknown,
    Wrong(String),
    /// Wrong at an argument's own place.
    At(Wrong),
}

type Worked<T> = Result<T, Stop>;

impl From<String> for Stop {
    fn from(message: String) -> Self {
        Stop::Wrong(message)
    }
}

/// Applies a function that is not logic; the error says what is wrong with its arguments.
pub(super) fn apply(
    evaluator: &mut Evaluator<'_>,
    intrinsic: &Intrinsic<'_>,
    place: Place,
    path: &str,
) -> Result<Outcome, Wrong> {
    let mut call = Call {
        evaluator,
        place,
        path,
    };
    match call.apply(intrinsic) {
        Ok(outcome) => Ok(outcome),
        Err(Stop::Unknown) => Ok(Outcome::Unknown),
        Err(Stop::Wrong(message)) => Err(Wrong::new(place, message)),
        Err(Stop::At(wrong)) => Err(wrong),
    }
}

struct Call<'call, 'a> {
    evaluator: &'call mut Evaluator<'a>,
    place: Place,
    path: &'call str,
}

impl Call<'_, '_> {
    fn apply(&mut self, intrinsic: &Intrinsic<'_>) -> Worked<Outcome> {
        let value = match intrinsic {
            Intrinsic::GetAtt {
                logical_id,
                attribute,
            } => {
                let name = match attribute {
                    Attribute::Literal(name) => (*name).to_owned(),
                    Attribute::Computed(node) => self.text("the attribute of `Fn::GetAtt`", node)?,
                };
                return Ok(self.evaluator.attribute(logical_id, &name, self.place, self.path));
            }
            Intrinsic::Sub { parts, variables } => self.sub(parts, variables)?,
            Intrinsic::Join { delimiter, values } => self.join(delimiter, values)?,
            Intrinsic::Select { index, list } => self.select(index, list)?,
            Intrinsic::Split { delimiter, source } => {
                let source = self.text("the source of `Fn::Split`", source)?;
                source.split(delimiter).map(Value::from).collect()
            }
            Intrinsic::FindInMap {
                mapping,
                first,
                second,
            } => return self.find_in_map(mapping, first, second),
            Intrinsic::Base64(node) => STANDARD.encode(self.text("`Fn::Base64`", node)?).into(),
            Intrinsic::ImportValue(node) => self.import(node)?,
            Intrinsic::GetAZs(node) => self.availability_zones(node)?,
            Intrinsic::Cidr { block, count, bits } => {
                let block = self.text("the block of `Fn::Cidr`", block)?;
                let count = self.number("the count of `Fn::Cidr`", count)?;
                let bits = self.number("the host bits of `Fn::Cidr`", bits)?;
                cidr::cut(&block, count, bits)?.into()
            }
            _ => return Err(Stop::Wrong("this function cannot stand here".to_owned())),
        };
        Ok(Outcome::Value(value))
    }

    fn value(&mut self, what: &str, node: &Node) -> Worked<Value> {
        match self.evaluator.evaluate(node, self.path) {
            Outcome::Value(value) => Ok(value),
            Outcome::Removed => Err(Stop::Wrong(format!("{what} is `AWS::NoValue`"))),
            Outcome::Unknown => Err(Stop::Unknown),
        }
    }

    fn text(&mut self, what: &str, node: &Node) -> Worked<String> {
        let value = self.value(what, node)?;
        Ok(text_of(&value).map_err(|reason| format!("{what} {reason}"))?)
    }

    fn number(&mut self, what: &str, node: &Node) -> Worked<u64> {
        let text = self.text(what, node)?;
        let number = text.trim().parse();
        Ok(number.map_err(|_| format!("{what} must be a whole number, not `{}`", abbreviate(&text)))?)
    }

    fn list(&mut self, what: &str, node: &Node) -> Worked<Vec<Value>> {
        match self.value(what, node)? {
            Value::Array(items) => Ok(items),
            _ => Err(Stop::Wrong(format!("{what} must be a list"))),
        }
    }

    fn sub(&mut self, parts: &[Part<'_>], variables: &[(Key, Node)]) -> Worked<Value> {
        let mut text = String::new();
        let mut known = true;
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Variable(name) => match self.variable(name, variables) {
                    Ok(value) => text.push_str(&value),
                    Err(Stop::Unknown) => known = false,
                    Err(wrong) => return Err(wrong),
                },
            }
            if text.len() > self.evaluator.bytes_left {
                break; // charged by the caller, who says so
            }
        }
        if known {
            Ok(text.into())
        } else {
            Err(Stop::Unknown)
        }
    }

    fn variable(&mut self, name: &str, variables: &[(Key, Node)]) -> Worked<String> {
        let what = format!("`${{{}}}` in `Fn::Sub`", abbreviate(name));
        if let Some((_, node)) = variables.iter().find(|(key, _)| key.text == name) {
            return self.text(&what, node);
        }
        let outcome = match name.split_once('.') {
            Some((logical_id, attribute)) => self
                .evaluator
                .attribute(logical_id, attribute, self.place, self.path),
            None => self.evaluator.named(name, self.place, self.path),
        };
        match outcome {
            Outcome::Value(value) => Ok(text_of(&value).map_err(|reason| format!("{what} {reason}"))?),
            Outcome::Removed => Err(Stop::Wrong(format!("{what} is `AWS::NoValue`"))),
            Outcome::Unknown => Err(Stop::Unknown),
        }
    }

    fn join(&mut self, delimiter: &str, values: &Node) -> Worked<Value> {
        let mut text = String::new();
        for (index, value) in self
            .list("the second argument of `Fn::Join`", values)?
            .iter()
            .enumerate()
        {
            if index > 0 {
                text.push_str(delimiter);
            }
            let item = text_of(value).map_err(|reason| format!("item {index} of `Fn::Join` {reason}"))?;
            text.push_str(&item);
            if text.len() > self.evaluator.bytes_left {
                break; // charged by the caller, who says so
            }
        }
        Ok(text.into())
    }

    fn select(&mut self, index: &Node, list: &Node) -> Worked<Value> {
        let index = self.number("the index of `Fn::Select`", index)?;
        let items = self.list("the second argument of `Fn::Select`", list)?;
        let count = items.len();
        let item = usize::try_from(index)
            .ok()
            .and_then(|index| items.into_iter().nth(index));
        Ok(item
            .ok_or_else(|| format!("`Fn::Select` wants item {index} of a list of {count}, counted from 0"))?)
    }

    fn find_in_map(&mut self, mapping: &Node, first: &Node, second: &Node) -> Worked<Outcome> {
        let name = self.text("the mapping of `Fn::FindInMap`", mapping)?;
        let first_name = self.text("the first key of `Fn::FindInMap`", first)?;
        let second_name = self.text("the second key of `Fn::FindInMap`", second)?;
        let path = [
            (name.as_str(), mapping.place),
            (first_name.as_str(), first.place),
            (second_name.as_str(), second.place),
        ];
        let node = find_in_map(self.evaluator.template, &path).map_err(Stop::At)?;
        Ok(node.map_or(Outcome::Unknown, |node| self.evaluator.evaluate(node, self.path)))
    }

    fn import(&mut self, node: &Node) -> Worked<Value> {
        let name = self.text("`Fn::ImportValue`", node)?;
        let Some(references) = self.evaluator.references else {
            return Err(Stop::Unknown);
        };
        let value = references.import(&name);
        Ok(value.ok_or_else(|| format!("no stack exports `{}`", abbreviate(&name)))?)
    }

    fn availability_zones(&mut self, node: &Node) -> Worked<Value> {
        let given = self.text("`Fn::GetAZs`", node)?;
        let (Some(references), Some(pseudo)) = (self.evaluator.references, self.evaluator.pseudo) else {
            return Err(Stop::Unknown);
        };
        let region = if given.is_empty() {
            pseudo.region.as_str()
        } else {
            given.as_str()
        };
        Ok(references.availability_zones(region).into())
    }
}

/// Looks a value up by the mapping's name, its first and its second key, as many of them as are known.
pub(super) fn find_in_map<'a>(
    template: &'a Template,
    names: &[(&str, Place)],
) -> Result<Option<&'a Node>, Wrong> {
    let mut names = names.iter();
    let Some((name, place)) = names.next() else {
        return Ok(None);
    };
    let shown = abbreviate(name);
    let Some(levels) = template.mappings.get(*name) else {
        let hint = did_you_mean(name, template.mappings.keys().map(String::as_str));
        return Err(Wrong::new(*place, format!("there is no mapping `{shown}`{hint}")));
    };
    let Some((first, place)) = names.next() else {
        return Ok(None);
    };
    let first_shown = abbreviate(first);
    let Some(level) = levels.get(*first) else {
        let hint = did_you_mean(first, levels.keys().map(String::as_str));
        let message = format!("the mapping `{shown}` has no key `{first_shown}`{hint}");
        return Err(Wrong::new(*place, message));
    };
    let Some((second, place)) = names.next() else {
        return Ok(None);
    };
    let found = level.get(*second).map(Some);
    found.ok_or_else(|| {
        let hint = did_you_mean(second, level.keys().map(String::as_str));
        let second = abbreviate(second);
        let message = format!("the mapping `{shown}` has no key `{second}` under `{first_shown}`{hint}");
        Wrong::new(*place, message)
    })
}
