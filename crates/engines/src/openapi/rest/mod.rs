//! A document as a REST API: which operations of API Gateway make it.

mod extensions;
mod integration;
mod method;
mod models;
mod parameters;
mod paths;
mod responses;
mod security;

use portcullis_model::Problem;

use super::{Document, Members, Options, Part, document::Version, findings::Findings};
use models::Models;
use security::Schemes;

/// What makes a REST API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RestPlan {
    /// Members of `CreateRestApi`, those that the document speaks of.
    pub api: Members,
    /// `CreateRequestValidator`
    pub request_validators: Vec<Part>,
    /// `CreateAuthorizer`
    pub authorizers: Vec<Part>,
    /// `CreateModel`
    pub models: Vec<Part>,
    /// `PutGatewayResponse`, by type.
    pub gateway_responses: Vec<Part>,
    pub paths: Vec<PathPlan>,
}

/// A path and its methods.
#[derive(Clone, Debug, PartialEq)]
pub struct PathPlan {
    pub pointer: String,
    /// `/pets/{id}`
    pub path: String,
    pub methods: Vec<MethodPlan>,
}

/// A method with all that belongs to it.
#[derive(Clone, Debug, PartialEq)]
pub struct MethodPlan {
    pub pointer: String,
    /// `GET`, `ANY`
    pub http_method: String,
    /// Members of `PutMethod`, but for the ids of authorizer and validator.
    pub members: Members,
    /// The authorizer, by its name.
    pub authorizer: Option<String>,
    /// The request validator, by its name.
    pub request_validator: Option<String>,
    /// `PutMethodResponse`, by status.
    pub responses: Vec<Part>,
    /// `PutIntegration`
    pub integration: Option<Part>,
    /// `PutIntegrationResponse`, by status.
    pub integration_responses: Vec<Part>,
}

/// What is known of a document while its paths are read.
struct Planner<'d> {
    document: &'d Document,
    findings: Findings<'d>,
    schemes: Schemes<'d>,
    models: Models,
}

/// Says which operations make the API of a document, and everything that is wrong with it. A plan with errors is not to be
/// carried out.
pub fn plan(document: &Document, options: &Options<'_>) -> (RestPlan, Vec<Problem>) {
    let mut findings = Findings::of(document);
    let schemes = Schemes::read(document, &mut findings);
    let models = Models::read(document, options.api_id, &mut findings);
    let mut planner = Planner {
        document,
        findings,
        schemes,
        models,
    };
    let mut plan = RestPlan::default();
    planner.read_root(&mut plan);
    planner.read_paths(options.base_path, &mut plan);
    plan.authorizers = planner.schemes.authorizers();
    plan.models = planner.models.parts();
    (plan, planner.findings.problems)
}

impl Planner<'_> {
    fn is_swagger(&self) -> bool {
        self.document.version == Version::Swagger2
    }
}
