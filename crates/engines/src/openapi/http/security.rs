//! Who may call a route: JWT and Lambda authorizers, and signatures.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html>

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use super::Planner;
use crate::openapi::{Document, Members, Part, at::At, findings::Findings};

const DISCOVERY: &str = "/.well-known/openid-configuration";

/// What a security scheme asks for.
enum Scheme {
    Iam,
    /// The authorization type of a route behind it.
    Authorizer(&'static str, Part),
    /// Said once already, at the scheme.
    Wrong,
}

/// The schemes of a document.
pub(super) struct Schemes<'d> {
    by_name: BTreeMap<&'d str, Scheme>,
}

/// What a route asks for.
pub(super) struct Authorization {
    pub(super) kind: &'static str,
    pub(super) authorizer: Option<String>,
    pub(super) scopes: Vec<String>,
}

impl<'d> Schemes<'d> {
    pub(super) fn read(document: &'d Document, findings: &mut Findings<'d>) -> Self {
        let schemes = document.root().reach(&["components", "securitySchemes"]);
        let by_name = schemes
            .iter()
            .flat_map(At::members)
            .map(|(name, scheme)| (name, read_scheme(name, &scheme, findings)));
        Self {
            by_name: by_name.collect(),
        }
    }

    pub(super) fn authorizers(&self) -> Vec<Part> {
        let authorizers = self.by_name.values().filter_map(|scheme| match scheme {
            Scheme::Authorizer(_, part) => Some(part.clone()),
            _ => None,
        });
        authorizers.collect()
    }
}

fn read_scheme<'d>(name: &str, scheme: &At<'d>, findings: &mut Findings<'d>) -> Scheme {
    findings.check_extensions(scheme, &["authorizer", "authtype"]);
    if let Some(authorizer) = scheme.member("x-amazon-apigateway-authorizer") {
        return read_authorizer(name, scheme, &authorizer, findings);
    }
    let auth_type = scheme
        .member_text("x-amazon-apigateway-authtype")
        .unwrap_or_default();
    if auth_type.eq_ignore_ascii_case("awsSigv4") {
        return Scheme::Iam;
    }
    findings.error(
        scheme,
        format!(
            "nothing here says who may call behind `{name}`: give it `x-amazon-apigateway-authorizer`, or the `x-amazon-apigateway-authtype` `awsSigv4`; HTTP APIs have no API keys"
        ),
    );
    Scheme::Wrong
}

fn read_authorizer<'d>(
    name: &str,
    scheme: &At<'d>,
    authorizer: &At<'d>,
    findings: &mut Findings<'d>,
) -> Scheme {
    findings.check_members(
        authorizer,
        &[
            "type",
            "authorizerCredentials",
            "authorizerPayloadFormatVersion",
            "authorizerResultTtlInSeconds",
            "authorizerUri",
            "enableSimpleResponses",
            "identitySource",
            "identityValidationExpression",
            "jwtConfiguration",
        ],
    );
    let kind = authorizer
        .member_text("type")
        .unwrap_or_default()
        .to_ascii_uppercase();
    let authorization = match kind.as_str() {
        "JWT" => "JWT",
        "REQUEST" => "CUSTOM",
        _ => {
            findings.error(authorizer, "the `type` of an authorizer is `jwt` or `request`");
            return Scheme::Wrong;
        }
    };
    let mut members = members_of(name, kind, authorizer);
    if authorization == "JWT" {
        members.insert("jwtConfiguration".into(), jwt(scheme, authorizer).into());
    } else if let Some(jwt) = authorizer.member("jwtConfiguration") {
        findings.error(&jwt, "it concerns authorizers of the type `jwt`");
    }
    let part = Part {
        pointer: authorizer.pointer.clone(),
        name: name.to_owned(),
        members,
    };
    Scheme::Authorizer(authorization, part)
}

/// Returns what `CreateAuthorizer` wants of both types.
fn members_of(name: &str, kind: String, authorizer: &At<'_>) -> Members {
    const HANDED_ON: [(&str, &str); 3] = [
        ("authorizerCredentials", "authorizerCredentialsArn"),
        ("authorizerUri", "authorizerUri"),
        ("identityValidationExpression", "identityValidationExpression"),
    ];
    let mut members = Members::new();
    members.insert("name".into(), name.into());
    members.insert("authorizerType".into(), kind.into());
    for (from, to) in HANDED_ON {
        if let Some(value) = authorizer.member(from) {
            members.insert(to.into(), value.value.clone());
        }
    }
    if let Some(version) = authorizer.member_text("authorizerPayloadFormatVersion") {
        members.insert("authorizerPayloadFormatVersion".into(), version.into());
    }
    if let Some(ttl) = authorizer.member("authorizerResultTtlInSeconds") {
        let number = ttl.text().and_then(|text| text.parse::<u32>().ok());
        let value = number.map_or_else(|| ttl.value.clone(), Value::from);
        members.insert("authorizerResultTtlInSeconds".into(), value);
    }
    if let Some(simple) = authorizer.member("enableSimpleResponses") {
        members.insert("enableSimpleResponses".into(), simple.value.clone());
    }
    if let Some(sources) = authorizer.member_text("identitySource") {
        let sources = sources.split(',').map(|source| Value::from(source.trim()));
        members.insert("identitySource".into(), sources.collect());
    }
    members
}

/// The issuer stands in the configuration, or in the address of its discovery.
fn jwt(scheme: &At<'_>, authorizer: &At<'_>) -> Map<String, Value> {
    let configuration = authorizer.member("jwtConfiguration");
    let mut jwt = configuration
        .and_then(|configuration| configuration.object().cloned())
        .unwrap_or_default();
    if !jwt.contains_key("issuer")
        && let Some(url) = scheme.member_text("openIdConnectUrl")
    {
        let issuer = url.strip_suffix(DISCOVERY).unwrap_or(&url);
        jwt.insert("issuer".into(), issuer.into());
    }
    jwt
}

impl<'d> Planner<'d> {
    pub(super) fn read_authorization(&mut self, operation: &At<'d>) -> Authorization {
        let mut found = Authorization {
            kind: "NONE",
            authorizer: None,
            scopes: Vec::new(),
        };
        let root = self.document.root();
        let security = operation.member("security").or_else(|| root.member("security"));
        if security
            .as_ref()
            .is_some_and(|security| !security.value.is_array())
        {
            self.findings.error(operation, "`security` must be a list");
        }
        let requirements: Vec<At<'d>> = security.iter().flat_map(At::items).collect();
        for requirement in requirements {
            if requirement.object().is_none_or(Map::is_empty) {
                self.findings.error(
                    &requirement,
                    "an empty requirement would let everybody in: use `security: []`",
                );
            }
            for (name, scopes) in requirement.members() {
                match self.schemes.by_name.get(name) {
                    Some(Scheme::Iam) => self.take(&requirement, &mut found, "AWS_IAM", None),
                    Some(Scheme::Authorizer(kind, _)) => {
                        let kind = *kind;
                        self.take(&requirement, &mut found, kind, Some(name));
                        found
                            .scopes
                            .extend(scopes.items().filter_map(|scope| scope.text()));
                    }
                    Some(Scheme::Wrong) => {}
                    None => self
                        .findings
                        .error(&requirement, format!("there is no security scheme `{name}`")),
                }
            }
        }
        if let Some(auth) = operation.member("x-amazon-apigateway-auth") {
            self.findings.check_members(&auth, &["type"]);
            match auth
                .member_text("type")
                .unwrap_or_default()
                .to_ascii_uppercase()
                .as_str()
            {
                "AWS_IAM" => self.take(&auth, &mut found, "AWS_IAM", None),
                "NONE" if found.kind == "NONE" => {}
                _ => self.findings.error(
                    &auth,
                    "`type` is `AWS_IAM`, or `NONE` where `security` asks for nothing",
                ),
            }
        }
        found
    }

    fn take(&mut self, at: &At<'d>, found: &mut Authorization, kind: &'static str, authorizer: Option<&str>) {
        let other = found.kind != "NONE" && (found.kind != kind || found.authorizer.as_deref() != authorizer);
        if other {
            self.findings.error(at, "a route has one authorization");
        }
        found.kind = kind;
        found.authorizer = authorizer.map(str::to_owned);
    }
}
