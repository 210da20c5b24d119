//! Which resources an expression needs: `Ref`, `Fn::GetAtt` and the variables of `Fn::Sub`, in the branches taken.

use portcullis_model::Place;

use super::intrinsic::{Intrinsic, Position, recognise};
use super::plan::Conditions;
use super::substitution::Part;
use super::template::Template;
use crate::document::{Node, NodeKind};

/// One use of a resource in an expression.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Use {
    /// The resource's index in the template.
    pub resource: usize,
    pub place: Place,
}

/// Collects the uses in `node`; both branches of an `Fn::If` whose condition is not known.
pub(super) fn collect_uses(node: &Node, template: &Template, conditions: &Conditions, uses: &mut Vec<Use>) {
    let intrinsic = match recognise(node, Position::Value) {
        Ok(Some(intrinsic)) => intrinsic,
        Ok(None) => {
            match &node.kind {
                NodeKind::List(items) => {
                    items
                        .iter()
                        .for_each(|item| collect_uses(item, template, conditions, uses));
                }
                NodeKind::Map(entries) => {
                    let values = entries.iter().map(|(_, value)| value);
                    values.for_each(|value| collect_uses(value, template, conditions, uses));
                }
                _ => {}
            }
            return;
        }
        Err(_) => return, // told where arguments are judged
    };
    let mut add = |name: &str| {
        if let Some(resource) = template.resources.get_index_of(name) {
            let place = node.place;
            uses.push(Use { resource, place });
        }
    };
    match &intrinsic {
        Intrinsic::Ref(name) => add(name),
        Intrinsic::GetAtt { logical_id, .. } => add(logical_id),
        Intrinsic::Sub { parts, variables } => {
            for part in parts {
                if let Part::Variable(name) = part
                    && !variables.iter().any(|(key, _)| key.text == *name)
                {
                    add(name.split_once('.').map_or(*name, |(resource, _)| resource));
                }
            }
        }
        Intrinsic::If {
            condition,
            then,
            otherwise,
        } => {
            let value = conditions.get(*condition);
            if value != Some(&false) {
                collect_uses(then, template, conditions, uses);
            }
            if value != Some(&true) {
                collect_uses(otherwise, template, conditions, uses);
            }
            return;
        }
        _ => {}
    }
    for (argument, _) in intrinsic.arguments() {
        collect_uses(argument, template, conditions, uses);
    }
}
