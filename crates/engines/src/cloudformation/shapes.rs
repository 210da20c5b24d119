//! Checks a resource's properties against its schema before anything is evaluated for good. What is not known yet
//! is not judged.

use portcullis_model::{Place, Problem, Severity};
use serde_json::Value;

use super::coerce::{TAG, coerce_scalar, coerce_shape, missing_property, refused_property, unknown_property};
use super::dynamic_references::find_dynamic_references;
use super::evaluate::{Evaluator, Outcome};
use super::intrinsic::{Intrinsic, Position, recognise};
use super::schema::{PropertySchema, ResourceSchema, Shape, Support};
use super::template::ResourceTemplate;
use crate::document::{Key, Node, NodeKind};

/// Adds to the evaluator's problems what is wrong with the properties of `resource`.
pub(super) fn check_properties(
    evaluator: &mut Evaluator<'_>,
    schema: &ResourceSchema,
    resource: &ResourceTemplate,
    path: &str,
) {
    let mut walk = Walk { evaluator };
    let path = format!("{path}/Properties");
    if let Some(entries) = resource.properties.as_map() {
        walk.object(schema.properties, entries, resource.place, &path);
    }
}

struct Walk<'walk, 'a> {
    evaluator: &'walk mut Evaluator<'a>,
}

impl Walk<'_, '_> {
    fn value(&mut self, shape: &Shape, node: &Node, path: &str) {
        match recognise(node, Position::Value) {
            Err(_) => {} // told by `judge`
            Ok(Some(Intrinsic::If {
                condition,
                then,
                otherwise,
            })) => {
                let value = self.evaluator.conditions.get(condition).copied();
                if value != Some(false) {
                    self.value(shape, then, path);
                }
                if value != Some(true) {
                    self.value(shape, otherwise, path);
                }
            }
            Ok(Some(_)) => {
                if let Outcome::Value(value) = self.evaluator.evaluate(node, path) {
                    self.known(shape, value, node.place, path);
                }
            }
            Ok(None) => self.plain(shape, node, path),
        }
    }

    fn plain(&mut self, shape: &Shape, node: &Node, path: &str) {
        match (shape, &node.kind) {
            (_, NodeKind::Null) => {} // told while reading
            (Shape::Object(properties), NodeKind::Map(entries)) => {
                self.object(properties, entries, node.place, path);
            }
            (Shape::List(item), NodeKind::List(items)) => self.items(item, items, path),
            (Shape::Tags, NodeKind::List(items)) => self.items(&Shape::Object(TAG), items, path),
            (Shape::MapOf(item), NodeKind::Map(entries)) => {
                for (key, value) in entries {
                    self.value(item, value, &format!("{path}/{}", key.text));
                }
            }
            _ => {
                // A document may hold expressions that are not known; the rest of it is free.
                let outcome = self.evaluator.evaluate(node, path);
                match outcome {
                    Outcome::Value(value) => self.known(shape, value, node.place, path),
                    _ if matches!(shape, Shape::Json | Shape::Tags) && node.as_map().is_some() => {}
                    _ => self.wrong_kind(shape, node, path),
                }
            }
        }
    }

    /// A list or an object where the other, or a scalar, is wanted is wrong whatever is in it.
    fn wrong_kind(&mut self, shape: &Shape, node: &Node, path: &str) {
        let empty = match node.kind {
            NodeKind::List(_) => Value::Array(Vec::new()),
            NodeKind::Map(_) => Value::Object(serde_json::Map::new()),
            _ => return,
        };
        if let Err(reason) = coerce_scalar(shape, &empty) {
            self.evaluator.wrong(node.place, path, reason);
        }
    }

    fn items(&mut self, shape: &Shape, items: &[Node], path: &str) {
        for (index, item) in items.iter().enumerate() {
            self.value(shape, item, &format!("{path}/{index}"));
        }
    }

    fn known(&mut self, shape: &Shape, value: Value, place: Place, path: &str) {
        // What a dynamic reference gives is known only when the resource is made.
        if !find_dynamic_references(&value).is_empty() {
            return;
        }
        let mut problems = Vec::new();
        coerce_shape(shape, value, path, &mut problems);
        for problem in &mut problems {
            problem.place = Some(place);
        }
        self.evaluator.problems.append(&mut problems);
    }

    fn object(&mut self, properties: &[PropertySchema], entries: &[(Key, Node)], place: Place, path: &str) {
        for (key, node) in entries {
            let path = format!("{path}/{}", key.text);
            let Some(property) = properties.iter().find(|property| property.name == key.text) else {
                let message = unknown_property(properties, &key.text);
                self.evaluator.wrong(key.place, &path, message);
                continue;
            };
            match property.support {
                Support::Refused(reason) => {
                    self.evaluator.wrong(key.place, &path, refused_property(reason));
                    continue;
                }
                Support::Inert(reason) => self.evaluator.problems.push(Problem {
                    severity: Severity::Inert,
                    place: Some(key.place),
                    path: path.clone(),
                    message: format!("has no effect here: {reason}"),
                }),
                Support::Used => {}
            }
            self.value(&property.shape, node, &path);
        }
        for property in properties.iter().filter(|property| property.required) {
            let node = entries
                .iter()
                .find(|(key, _)| key.text == property.name)
                .map(|(_, node)| node);
            if node.is_none_or(|node| self.is_removed(node)) {
                self.evaluator.wrong(place, path, missing_property(property.name));
            }
        }
    }

    /// Tells whether a value is `AWS::NoValue`, directly or through the branches taken.
    fn is_removed(&self, node: &Node) -> bool {
        match recognise(node, Position::Value) {
            Ok(Some(Intrinsic::Ref(name))) => name == "AWS::NoValue",
            Ok(Some(Intrinsic::If {
                condition,
                then,
                otherwise,
            })) => match self.evaluator.conditions.get(condition) {
                Some(true) => self.is_removed(then),
                Some(false) => self.is_removed(otherwise),
                None => false,
            },
            _ => false,
        }
    }
}
