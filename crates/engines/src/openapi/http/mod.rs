//! A document as an HTTP API: which operations of API Gateway V2 make it. OpenAPI 3.0 alone, as on AWS.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html>
//!
//! HTTP APIs check no bodies and map no answers: schemas and responses only document one, and a body that a document describes
//! is told of. What would guard a REST API and has no counterpart is refused.

mod integration;
mod security;

use std::collections::BTreeMap;

use portcullis_model::Problem;
use serde_json::Value;

use super::{BasePath, Document, Members, Part, Version, at::At, findings::Findings, path_item};
use security::Schemes;

/// What makes an HTTP API.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HttpPlan {
    /// Members of `CreateApi`.
    pub api: Members,
    /// `CreateAuthorizer`, by name.
    pub authorizers: Vec<Part>,
    /// `CreateIntegration`; routes name them by their pointers.
    pub integrations: Vec<Part>,
    pub routes: Vec<RoutePlan>,
}

/// A route.
#[derive(Clone, Debug, PartialEq)]
pub struct RoutePlan {
    pub pointer: String,
    /// Members of `CreateRoute`, but for the authorizer's id and the target.
    pub members: Members,
    /// The authorizer, by its name.
    pub authorizer: Option<String>,
    /// The integration, by its pointer.
    pub integration: Option<String>,
}

/// Extensions that may stand at the root.
const AT_ROOT: &[&str] = &["cors", "endpoint-configuration", "importexport-version"];
const DEFAULT_ROUTE: &str = "$default";

struct Planner<'d> {
    document: &'d Document,
    findings: Findings<'d>,
    schemes: Schemes<'d>,
    /// By pointer: several routes may share one.
    integrations: BTreeMap<String, Part>,
}

/// Says which operations make the API of a document, and everything that is wrong with it. A plan with errors is not to be
/// carried out.
pub fn plan(document: &Document, base_path: BasePath) -> (HttpPlan, Vec<Problem>) {
    let mut findings = Findings::of(document);
    if document.version != Version::OpenApi3 {
        findings.error(&document.root(), "HTTP APIs are described by OpenAPI 3.0 alone");
        return (HttpPlan::default(), findings.problems);
    }
    let schemes = Schemes::read(document, &mut findings);
    let mut planner = Planner {
        document,
        findings,
        schemes,
        integrations: BTreeMap::new(),
    };
    let api = planner.read_root();
    let routes = planner.read_paths(base_path);
    let plan = HttpPlan {
        api,
        authorizers: planner.schemes.authorizers(),
        integrations: planner.integrations.into_values().collect(),
        routes,
    };
    (plan, planner.findings.problems)
}

impl<'d> Planner<'d> {
    fn read_root(&mut self) -> Members {
        let root = self.document.root();
        self.findings.check_extensions(&root, AT_ROOT);
        let mut api = Members::new();
        for (name, member) in [
            ("title", "name"),
            ("description", "description"),
            ("version", "version"),
        ] {
            if let Some(text) = root.reach(&["info", name]).and_then(|at| at.text()) {
                api.insert(member.to_owned(), text.into());
            }
        }
        if let Some(cors) = root.member("x-amazon-apigateway-cors") {
            api.insert("corsConfiguration".into(), cors.value.clone());
        }
        if let Some(version) = root.member("x-amazon-apigateway-importexport-version")
            && version.text().as_deref() != Some("1.0")
        {
            self.findings
                .error(&version, "the one version that there is is `1.0`");
        }
        let servers = root.member("servers");
        let mut places: Vec<At<'d>> = servers.iter().flat_map(At::items).collect();
        for server in &places {
            self.findings
                .check_extensions(server, &["endpoint-configuration"]);
        }
        places.push(root.clone());
        for place in places {
            if let Some(endpoint) = place.member("x-amazon-apigateway-endpoint-configuration") {
                self.findings
                    .check_members(&endpoint, &["disableExecuteApiEndpoint"]);
                let disabled = endpoint.is_on("disableExecuteApiEndpoint");
                api.insert("disableExecuteApiEndpoint".into(), disabled.into());
            }
        }
        let mut tags = Members::new();
        for tag in root.member("tags").iter().flat_map(At::items) {
            self.findings.check_extensions(&tag, &["tag-value"]);
            if let (Some(name), Some(value)) = (
                tag.member_text("name"),
                tag.member_text("x-amazon-apigateway-tag-value"),
            ) {
                tags.insert(name, value.into());
            }
        }
        if !tags.is_empty() {
            api.insert("tags".into(), tags.into());
        }
        api
    }

    fn read_paths(&mut self, base_path: BasePath) -> Vec<RoutePlan> {
        let prefix = base_path.prefix(self.document);
        let root = self.document.root();
        let mut routes = Vec::new();
        let Some(paths) = root.member("paths") else {
            self.findings.error(&root, "`paths` is missing");
            return routes;
        };
        for (path, item) in paths.members() {
            if !path.starts_with('/') {
                if !path.starts_with("x-") {
                    self.findings.error(&item, "a path begins with `/`");
                }
                continue;
            }
            for (method, operation) in path_item::methods(&item, &mut self.findings) {
                routes.push(self.read_route(method, &format!("{prefix}{path}"), path, &operation));
            }
        }
        routes
    }

    fn read_route(&mut self, method: &str, path: &str, own: &str, operation: &At<'d>) -> RoutePlan {
        self.findings
            .check_extensions(operation, &["auth", "integration"]);
        for name in ["requestBody", "parameters"] {
            if let Some(member) = operation.member(name) {
                self.findings.inert(
                    &member,
                    format!("HTTP APIs check no requests: `{name}` has no effect"),
                );
            }
        }
        let is_default = operation.is_on("isDefaultRoute") || own == "/$default";
        if is_default && method != "ANY" {
            self.findings.error(
                operation,
                "the default route is `x-amazon-apigateway-any-method` under `/$default`",
            );
        }
        let key = if is_default {
            DEFAULT_ROUTE.to_owned()
        } else {
            format!("{method} {path}")
        };
        let mut members = Members::new();
        members.insert("routeKey".into(), key.into());
        if let Some(name) = operation.member_text("operationId") {
            members.insert("operationName".into(), name.into());
        }
        let authorization = self.read_authorization(operation);
        members.insert("authorizationType".into(), authorization.kind.into());
        if !authorization.scopes.is_empty() {
            let scopes = authorization.scopes.into_iter().map(Value::from);
            members.insert("authorizationScopes".into(), scopes.collect());
        }
        RoutePlan {
            pointer: operation.pointer.clone(),
            members,
            authorizer: authorization.authorizer,
            integration: self.read_integration(operation),
        }
    }
}
