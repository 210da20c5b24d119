//! The root of a document: what the whole API is.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions.html>

use serde_json::{Map, Value};

use super::{Planner, RestPlan};
use crate::openapi::{Members, Part, at::At};

/// Extensions that may stand at the root of a REST API's document.
const AT_ROOT: &[&str] = &[
    "api-key-source",
    "binary-media-types",
    "documentation",
    "endpoint-access-mode",
    "endpoint-configuration",
    "gateway-responses",
    "importexport-version",
    "minimum-compression-size",
    "policy",
    "request-validator",
    "request-validators",
    "security-policy",
];

impl<'d> Planner<'d> {
    pub(super) fn read_root(&mut self, plan: &mut RestPlan) {
        let root = self.document.root();
        self.findings.check_extensions(&root, AT_ROOT);
        if let Some(cors) = root.member("x-amazon-apigateway-cors") {
            self.findings.error(
                &cors,
                "HTTP APIs alone have managed CORS: a REST API answers `OPTIONS` by a method",
            );
        }
        for (name, member) in [
            ("title", "name"),
            ("description", "description"),
            ("version", "version"),
        ] {
            if let Some(text) = root.reach(&["info", name]).and_then(|at| at.text()) {
                plan.api.insert(member.to_owned(), text.into());
            }
        }
        if let Some(info) = root.member("info") {
            self.findings.check_extensions(&info, &[]);
        }
        self.read_settings(&root, &mut plan.api);
        self.read_endpoint(&root, &mut plan.api);
        self.check_version(&root);
        plan.request_validators = self.read_request_validators(&root);
        plan.gateway_responses = self.read_gateway_responses(&root);
        for tag in root.member("tags").iter().flat_map(At::items) {
            if let Some(value) = tag.member("x-amazon-apigateway-tag-value") {
                self.findings.warning(
                    &value,
                    "documents give tags to HTTP APIs alone: tag the REST API itself",
                );
            }
        }
    }

    fn read_settings(&mut self, root: &At<'d>, api: &mut Members) {
        if let Some(source) = root.member_text("x-amazon-apigateway-api-key-source") {
            api.insert("apiKeySource".into(), source.to_ascii_uppercase().into());
        }
        if let Some(types) = root.member("x-amazon-apigateway-binary-media-types") {
            api.insert("binaryMediaTypes".into(), types.value.clone());
        }
        if let Some(policy) = root.member("x-amazon-apigateway-policy") {
            let text = match policy.value {
                Value::String(text) => text.clone(),
                document => document.to_string(),
            };
            api.insert("policy".into(), text.into());
        }
        for (extension, member) in [
            (
                "x-amazon-apigateway-minimum-compression-size",
                "minimumCompressionSize",
            ),
            ("x-amazon-apigateway-security-policy", "securityPolicy"),
            ("x-amazon-apigateway-endpoint-access-mode", "endpointAccessMode"),
        ] {
            if let Some(value) = root.member(extension) {
                api.insert(member.into(), value.value.clone());
            }
        }
        if let Some(documentation) = root.member("x-amazon-apigateway-documentation") {
            self.findings.warning(
                &documentation,
                "documentation parts are not kept: the API is made without them",
            );
        }
    }

    /// The endpoint's configuration stands at the root or, in OpenAPI 3, in a server.
    fn read_endpoint(&mut self, root: &At<'d>, api: &mut Members) {
        const EXTENSION: &str = "x-amazon-apigateway-endpoint-configuration";
        let servers = root.member("servers");
        let in_servers = servers.iter().flat_map(At::items);
        let found: Vec<At<'d>> = in_servers
            .chain([root.clone()])
            .filter_map(|place| {
                self.findings.check_extensions(
                    &place,
                    if place.pointer == "#" {
                        AT_ROOT
                    } else {
                        &["endpoint-configuration"]
                    },
                );
                place.member(EXTENSION)
            })
            .collect();
        for endpoint in found {
            self.findings.check_members(
                &endpoint,
                &["disableExecuteApiEndpoint", "ipAddressType", "vpcEndpointIds"],
            );
            let mut configuration = Map::new();
            for (name, member) in endpoint.members() {
                match name {
                    "disableExecuteApiEndpoint" => {
                        api.insert(name.to_owned(), endpoint.is_on(name).into());
                    }
                    "ipAddressType" | "vpcEndpointIds" => {
                        configuration.insert(name.to_owned(), member.value.clone());
                    }
                    _ => {}
                }
            }
            if !configuration.is_empty() {
                api.insert("endpointConfiguration".into(), configuration.into());
            }
        }
    }

    fn check_version(&mut self, root: &At<'d>) {
        let Some(version) = root.member("x-amazon-apigateway-importexport-version") else {
            return;
        };
        if version.text().as_deref() != Some("1.0") {
            self.findings
                .error(&version, "the one version that there is is `1.0`");
        }
    }

    fn read_request_validators(&mut self, root: &At<'d>) -> Vec<Part> {
        let Some(validators) = root.member("x-amazon-apigateway-request-validators") else {
            return Vec::new();
        };
        let mut parts = Vec::new();
        for (name, validator) in validators.members() {
            self.findings
                .check_members(&validator, &["validateRequestBody", "validateRequestParameters"]);
            let mut members = Members::new();
            members.insert("name".into(), name.into());
            for switch in ["validateRequestBody", "validateRequestParameters"] {
                members.insert(switch.into(), validator.is_on(switch).into());
            }
            parts.push(Part {
                pointer: validator.pointer.clone(),
                name: name.to_owned(),
                members,
            });
        }
        parts
    }

    fn read_gateway_responses(&mut self, root: &At<'d>) -> Vec<Part> {
        let Some(responses) = root.member("x-amazon-apigateway-gateway-responses") else {
            return Vec::new();
        };
        let mut parts = Vec::new();
        for (name, response) in responses.members() {
            self.findings.check_members(
                &response,
                &["statusCode", "responseParameters", "responseTemplates"],
            );
            let mut members = Members::new();
            if let Some(status) = response.member_text("statusCode") {
                members.insert("statusCode".into(), status.into());
            }
            for map in ["responseParameters", "responseTemplates"] {
                let texts = self.texts(&response, map);
                members.insert(map.into(), texts.into());
            }
            parts.push(Part {
                pointer: response.pointer.clone(),
                name: name.to_owned(),
                members,
            });
        }
        parts
    }

    /// Reads a map of texts. What is no text there AWS leaves out with a warning; so do we.
    pub(super) fn texts(&mut self, at: &At<'d>, name: &str) -> Map<String, Value> {
        let mut texts = Map::new();
        let Some(map) = at.member(name) else {
            return texts;
        };
        if map.object().is_none() {
            self.findings
                .error(&map, format!("`{name}` must be an object of texts"));
        }
        for (key, entry) in map.members() {
            match entry.value {
                Value::String(text) => {
                    texts.insert(key.to_owned(), text.clone().into());
                }
                other => self.findings.warning(
                    &entry,
                    format!(
                        "Invalid format for '{name}'. Expected type string for property '{key}' but got '{other}'"
                    ),
                ),
            }
        }
        texts
    }
}
