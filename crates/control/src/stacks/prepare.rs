//! From a template and parameters to a plan; everything that can be refused before a record exists, is.

use std::collections::BTreeMap;

use portcullis_engines::cloudformation::{
    Parameters, Plan, PseudoParameters, Template, check_template, parse_template,
};
use portcullis_model::Problem;

use crate::{operation::AwsError, resources};

/// Bytes of a template's text, as AWS allows for `TemplateBody`.
const TEMPLATE_BYTES_MAX: usize = 1_000_000;

/// A template that can be applied.
pub(super) struct Prepared {
    pub template: Template,
    pub parameters: Parameters,
    pub pseudo: PseudoParameters,
    pub plan: Plan,
}

impl Prepared {
    /// Returns the value of every parameter, as it was given.
    pub(super) fn given(&self) -> BTreeMap<String, String> {
        let names = self.parameters.names();
        names
            .filter_map(|name| Some((name.to_owned(), self.parameters.text(name)?.to_owned())))
            .collect()
    }
}

/// Reads, checks and plans a template.
pub(super) fn prepare(
    text: &str,
    given: &BTreeMap<String, String>,
    pseudo: &PseudoParameters,
) -> Result<Prepared, AwsError> {
    let template = parse(text)?;
    let parameters = template
        .resolve_parameters(given)
        .map_err(|problems| refused(&problems))?;
    let mut problems = check_template(&template, &resources::schema, given);
    problems.extend(super::check::check_resources(&template));
    problems.retain(Problem::is_error);
    if !problems.is_empty() {
        return Err(refused(&problems));
    }
    let plan = template
        .plan(&parameters, pseudo)
        .map_err(|problems| refused(&problems))?;
    Ok(Prepared {
        template,
        parameters,
        pseudo: pseudo.clone(),
        plan,
    })
}

/// Reads a template that was accepted before; nothing of it is judged again but what planning needs.
pub(super) fn plan_again(
    text: &str,
    given: &BTreeMap<String, String>,
    pseudo: &PseudoParameters,
) -> Result<Prepared, AwsError> {
    let template = parse(text)?;
    let parameters = template
        .resolve_parameters(given)
        .map_err(|problems| refused(&problems))?;
    let plan = template
        .plan(&parameters, pseudo)
        .map_err(|problems| refused(&problems))?;
    Ok(Prepared {
        template,
        parameters,
        pseudo: pseudo.clone(),
        plan,
    })
}

/// Reads a template's text.
pub(super) fn parse(text: &str) -> Result<Template, AwsError> {
    if text.trim().is_empty() {
        return Err(AwsError::validation(
            "Either Template URL or Template Body must be specified.",
        ));
    }
    if text.len() > TEMPLATE_BYTES_MAX {
        return Err(AwsError::validation(format!(
            "1 validation error detected: 'templateBody' must have at most {TEMPLATE_BYTES_MAX} bytes"
        )));
    }
    parse_template(text).map_err(|problems| refused(&problems))
}

/// Says every problem in one error, one a line.
pub(super) fn refused(problems: &[Problem]) -> AwsError {
    let errors = problems
        .iter()
        .filter(|problem| problem.is_error())
        .map(Problem::to_string);
    AwsError::validation(format!(
        "Template format error: {}",
        errors.collect::<Vec<_>>().join("\n")
    ))
}
