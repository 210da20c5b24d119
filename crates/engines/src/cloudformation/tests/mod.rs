//! Small templates and what comes of them.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::*;

mod checking;
mod evaluating;
mod hostile;
mod laboratory;
mod parameters;
mod planning;
mod reading;
mod schemas;

use schemas::schema_of;

/// Renders problems as lines.
fn lines(problems: &[Problem]) -> Vec<String> {
    problems.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn parsed(text: &str) -> Template {
    parse_template(text).unwrap_or_else(|problems| panic!("refused: {:#?}", lines(&problems)))
}

fn given(values: &[(&str, &str)]) -> BTreeMap<String, String> {
    let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    values.iter().map(own).collect()
}

fn pseudo() -> PseudoParameters {
    PseudoParameters {
        region: "eu-west-1".to_owned(),
        account_id: "000000000000".to_owned(),
        stack_name: "demo".to_owned(),
        stack_id:
            "arn:aws:cloudformation:eu-west-1:000000000000:stack/demo/0b5f7e5c-9d1a-4c55-8f0e-2f7a0e1d2c3b"
                .to_owned(),
        notification_arns: vec!["arn:aws:sns:eu-west-1:000000000000:news".to_owned()],
    }
}

/// Everything exists: `Ref X` is `x-X`, `GetAtt X.A` is `a-X-A`, export `E` is `e-E`.
struct Everything;

impl References for Everything {
    fn reference(&self, logical_id: &str) -> Option<Value> {
        Some(format!("x-{logical_id}").into())
    }
    fn attribute(&self, logical_id: &str, name: &str) -> Option<Value> {
        Some(format!("a-{logical_id}-{name}").into())
    }
    fn import(&self, export: &str) -> Option<Value> {
        (export != "missing").then(|| format!("e-{export}").into())
    }
    fn availability_zones(&self, region: &str) -> Vec<String> {
        ["a", "b", "c"]
            .iter()
            .map(|zone| format!("{region}{zone}"))
            .collect()
    }
}

/// Plans a template and evaluates all that it makes, in order, and its outputs.
fn run(text: &str, values: &[(&str, &str)]) -> Result<Vec<(String, Value)>, Vec<String>> {
    let template = parse_template(text).map_err(|problems| lines(&problems))?;
    let told = |problems: Vec<Problem>| lines(&problems);
    let parameters = template.resolve_parameters(&given(values)).map_err(told)?;
    let pseudo = pseudo();
    let plan = template.plan(&parameters, &pseudo).map_err(told)?;
    let environment = Environment {
        template: &template,
        parameters: &parameters,
        pseudo: &pseudo,
        conditions: &plan.conditions,
    };
    let mut values = Vec::new();
    for planned in &plan.resources {
        let node = &template.resources[&planned.logical_id].properties;
        let value = evaluate(node, &planned.logical_id, &environment, &Everything).map_err(told)?;
        values.push((planned.logical_id.clone(), value));
    }
    for name in &plan.outputs {
        let value = evaluate(&template.outputs[name].value, name, &environment, &Everything).map_err(told)?;
        values.push((name.clone(), value));
    }
    Ok(values)
}

/// Evaluates one YAML expression as the property `V` of a resource beside `Other`.
fn value_of(expression: &str) -> Result<Value, Vec<String>> {
    let text = format!(
        "{SURROUNDINGS}
Resources:
  Other: {{Type: T}}
  R:
    Type: T
    Properties:
      V: {expression}
"
    );
    let values = run(&text, &[])?;
    let (_, properties) = values.into_iter().find(|(name, _)| name == "R").unwrap();
    Ok(properties.get("V").cloned().unwrap_or(json!("(removed)")))
}

const SURROUNDINGS: &str = "
Parameters:
  Word: {Type: String, Default: word}
  Words: {Type: CommaDelimitedList, Default: 'one, two,three'}
  Count: {Type: Number, Default: 3}
Mappings:
  Sizes:
    eu-west-1: {Small: 1, Names: [a, b]}
    us-east-1: {Small: 2, Names: [c]}
Conditions:
  Yes: !Equals [!Ref Word, word]
  No: !Not [!Condition Yes]
";
