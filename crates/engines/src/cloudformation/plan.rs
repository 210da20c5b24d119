//! What a template makes, and in which order: after all that it refers to and all that `DependsOn` names.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-attribute-dependson.html>

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::Problem;

use super::conditions::evaluate_conditions;
use super::dependencies::{Use, collect_uses};
use super::judge::judge;
use super::order::{Order, circle_text, order};
use super::parameters::{Parameters, PseudoParameters};
use super::template::{Named, ResourceTemplate, Template};

/// Each condition's value.
pub type Conditions = BTreeMap<String, bool>;

/// What is to be made, in order.
#[derive(Clone, Debug, Default)]
pub struct Plan {
    pub conditions: Conditions,
    /// Every resource whose condition holds, after all that it depends on; by template order among equals.
    pub resources: Vec<PlannedResource>,
    /// Names of the outputs whose condition holds, in template order.
    pub outputs: Vec<String>,
}

/// One resource to make.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedResource {
    pub logical_id: String,
    /// Logical ids of what it refers to or names in `DependsOn`, each once, in template order.
    pub depends_on: Vec<String>,
}

impl Template {
    /// Evaluates the conditions and orders the resources, or says what forbids it.
    pub fn plan(&self, parameters: &Parameters, pseudo: &PseudoParameters) -> Result<Plan, Vec<Problem>> {
        let (conditions, mut problems) = evaluate_conditions(self, parameters, Some(pseudo));
        problems.extend(judge(self, None));
        if problems.is_empty() {
            for (name, node) in self
                .conditions
                .iter()
                .filter(|(name, _)| !conditions.contains_key(*name))
            {
                let message = "cannot be worked out: a parameter in it has no value";
                problems.push(Problem::error(
                    Some(node.place),
                    format!("Conditions/{name}"),
                    message,
                ));
            }
        }
        problems.extend(self.uses_of_what_is_not_made(&conditions));
        let needs = needs(self, &conditions);
        let order = order(&needs);
        problems.extend(circles(self, &order));
        if !problems.is_empty() {
            return Err(problems);
        }
        let planned = order.sequence.iter().filter_map(|index| {
            let (name, resource) = self.resources.get_index(*index)?;
            let depends_on = needs.get(*index)?.iter().filter_map(|need| self.name_of(*need));
            holds(resource.condition.as_ref(), &conditions).then(|| PlannedResource {
                logical_id: name.clone(),
                depends_on: depends_on.map(str::to_owned).collect(),
            })
        });
        let resources = planned.collect();
        let outputs = self
            .outputs
            .iter()
            .filter(|(_, output)| holds(output.condition.as_ref(), &conditions));
        let outputs = outputs.map(|(name, _)| name.clone()).collect();
        Ok(Plan {
            conditions,
            resources,
            outputs,
        })
    }

    fn name_of(&self, index: usize) -> Option<&str> {
        self.resources.get_index(index).map(|(name, _)| name.as_str())
    }

    /// Finds expressions in what is made that refer to a resource that is not.
    fn uses_of_what_is_not_made(&self, conditions: &Conditions) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut look = |node, path: &str| {
            let mut uses = Vec::new();
            collect_uses(node, self, conditions, &mut uses);
            for Use { resource, place } in uses {
                let Some((name, used)) = self.resources.get_index(resource) else {
                    continue;
                };
                if let Some(condition) = used.condition.as_ref().filter(|_| !is_made(used, conditions)) {
                    let message = format!(
                        "refers to `{name}`, which is not made because the condition `{}` is false",
                        condition.text
                    );
                    problems.push(Problem::error(Some(place), path, message));
                }
            }
        };
        for (name, resource) in self
            .resources
            .iter()
            .filter(|(_, resource)| is_made(resource, conditions))
        {
            look(&resource.properties, &format!("Resources/{name}/Properties"));
        }
        for (name, output) in &self.outputs {
            if holds(output.condition.as_ref(), conditions) {
                look(&output.value, &format!("Outputs/{name}/Value"));
            }
        }
        problems
    }
}

/// Finds the circles among the resources, as far as the conditions are known.
pub(super) fn circular_dependencies(template: &Template, conditions: &Conditions) -> Vec<Problem> {
    circles(template, &order(&needs(template, conditions)))
}

fn circles(template: &Template, order: &Order) -> Vec<Problem> {
    let problem = |circle: &Vec<usize>| {
        let (name, resource) = template.resources.get_index(*circle.first()?)?;
        let text = circle_text(circle.iter().filter_map(|index| template.name_of(*index)));
        let message = format!("circular dependency: {text}");
        Some(Problem::error(
            Some(resource.place),
            format!("Resources/{name}"),
            message,
        ))
    };
    order.circles.iter().filter_map(problem).collect()
}

/// Returns, for each resource that is made, the others that are made and that it needs.
fn needs(template: &Template, conditions: &Conditions) -> Vec<BTreeSet<usize>> {
    let made: Vec<bool> = template
        .resources
        .values()
        .map(|resource| is_made(resource, conditions))
        .collect();
    let is_made = |index: &usize| made.get(*index) == Some(&true);
    let of = |(index, resource): (usize, &ResourceTemplate)| {
        if !is_made(&index) {
            return BTreeSet::new();
        }
        let mut uses = Vec::new();
        collect_uses(&resource.properties, template, conditions, &mut uses);
        let used = uses.into_iter().map(|found| found.resource);
        let named = resource.depends_on.iter();
        let named = named.filter_map(|named| template.resources.get_index_of(&named.text));
        used.chain(named).filter(is_made).collect()
    };
    template.resources.values().enumerate().map(of).collect()
}

fn is_made(resource: &ResourceTemplate, conditions: &Conditions) -> bool {
    holds(resource.condition.as_ref(), conditions)
}

/// A condition that is not known counts as true.
fn holds(condition: Option<&Named>, conditions: &Conditions) -> bool {
    condition.is_none_or(|named| conditions.get(&named.text) != Some(&false))
}
