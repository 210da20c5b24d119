//! Reads any text as a CloudFormation template, checks it, plans it and evaluates what it makes.

use std::collections::BTreeMap;

use portcullis_engines::cloudformation::{
    Environment, PseudoParameters, References, check_text, evaluate, parse_template,
};

struct Everything;

impl References for Everything {
    fn reference(&self, logical_id: &str) -> Option<serde_json::Value> {
        Some(logical_id.into())
    }
    fn attribute(&self, _: &str, name: &str) -> Option<serde_json::Value> {
        Some(name.into())
    }
    fn import(&self, export: &str) -> Option<serde_json::Value> {
        Some(export.into())
    }
    fn availability_zones(&self, region: &str) -> Vec<String> {
        vec![format!("{region}a")]
    }
}

pub(crate) fn template(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let given = BTreeMap::new();
    check_text(text, &|_| None, &given);
    let Ok(template) = parse_template(text) else {
        return;
    };
    let Ok(parameters) = template.resolve_parameters(&given) else {
        return;
    };
    let pseudo = PseudoParameters {
        region: "us-east-1".to_owned(),
        account_id: "000000000000".to_owned(),
        stack_name: "fuzz".to_owned(),
        stack_id: "arn:aws:cloudformation:us-east-1:000000000000:stack/fuzz/0".to_owned(),
        notification_arns: Vec::new(),
    };
    let Ok(plan) = template.plan(&parameters, &pseudo) else {
        return;
    };
    let environment = Environment {
        template: &template,
        parameters: &parameters,
        pseudo: &pseudo,
        conditions: &plan.conditions,
    };
    for planned in &plan.resources {
        if let Some(resource) = template.resources.get(&planned.logical_id) {
            drop(evaluate(
                &resource.properties,
                "Properties",
                &environment,
                &Everything,
            ));
        }
    }
}
