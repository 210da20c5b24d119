//! Who may call: security schemes as authorizers, and what each operation asks for.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-swagger-extensions-authorizer.html>
//!
//! AWS leaves a method open whose scheme it does not understand. Here such a document is refused. `security` at the root holds
//! for every operation without one of its own: AWS's notes deny it, what AWS does says so.

use std::collections::BTreeMap;

use serde_json::Value;

use super::Planner;
use crate::openapi::{Document, Members, Part, at::At, document::Version, findings::Findings};

/// Extensions that may stand in a scheme.
const IN_SCHEME: &[&str] = &["authorizer", "authtype"];
/// Members that an authorizer takes over as they are.
const HANDED_ON: [&str; 5] = [
    "authorizerCredentials",
    "authorizerUri",
    "identityValidationExpression",
    "jwtConfiguration",
    "providerARNs",
];

/// What a security scheme asks for.
enum Scheme {
    ApiKey,
    Iam,
    /// The authorization type of a method behind it.
    Authorizer(&'static str, Part),
    /// Said once already, at the scheme.
    Wrong,
}

/// The schemes of a document.
pub(super) struct Schemes<'d> {
    by_name: BTreeMap<&'d str, Scheme>,
}

/// What an operation asks for.
#[derive(Default)]
pub(super) struct Authorization {
    pub(super) members: Members,
    pub(super) authorizer: Option<String>,
}

impl<'d> Schemes<'d> {
    pub(super) fn read(document: &'d Document, findings: &mut Findings<'d>) -> Self {
        let way: &[&str] = match document.version {
            Version::Swagger2 => &["securityDefinitions"],
            Version::OpenApi3 => &["components", "securitySchemes"],
        };
        let schemes = document.root().reach(way);
        let by_name = schemes
            .iter()
            .flat_map(At::members)
            .map(|(name, scheme)| (name, read_scheme(name, &scheme, findings)));
        Self {
            by_name: by_name.collect(),
        }
    }

    /// Returns what `CreateAuthorizer` wants, of every authorizer, used or not, as on AWS.
    pub(super) fn authorizers(&self) -> Vec<Part> {
        let authorizers = self.by_name.values().filter_map(|scheme| match scheme {
            Scheme::Authorizer(_, part) => Some(part.clone()),
            _ => None,
        });
        authorizers.collect()
    }
}

fn read_scheme<'d>(name: &str, scheme: &At<'d>, findings: &mut Findings<'d>) -> Scheme {
    findings.check_extensions(scheme, IN_SCHEME);
    let auth_type = scheme.member_text("x-amazon-apigateway-authtype");
    if let Some(authorizer) = scheme.member("x-amazon-apigateway-authorizer") {
        return read_authorizer(name, scheme, &authorizer, auth_type, findings);
    }
    let is_key = scheme.member_text("type").as_deref() == Some("apiKey");
    let header = scheme.member_text("name").unwrap_or_default();
    if is_key
        && auth_type
            .as_deref()
            .is_some_and(|kind| kind.eq_ignore_ascii_case("awsSigv4"))
    {
        return Scheme::Iam;
    }
    let in_header = scheme.member_text("in").as_deref() == Some("header");
    if is_key && auth_type.is_none() && in_header && header.eq_ignore_ascii_case("x-api-key") {
        return Scheme::ApiKey;
    }
    findings.error(
        scheme,
        format!(
            "nothing here says who may call behind `{name}`: give it `x-amazon-apigateway-authorizer`, the `x-amazon-apigateway-authtype` `awsSigv4`, or make it an API key in the header `x-api-key`"
        ),
    );
    Scheme::Wrong
}

fn read_authorizer<'d>(
    name: &str,
    scheme: &At<'d>,
    authorizer: &At<'d>,
    auth_type: Option<String>,
    findings: &mut Findings<'d>,
) -> Scheme {
    let mut known = vec!["type", "identitySource", "authorizerResultTtlInSeconds"];
    known.extend(HANDED_ON);
    findings.check_members(authorizer, &known);
    let kind = authorizer
        .member_text("type")
        .unwrap_or_default()
        .to_ascii_uppercase();
    let authorization = match kind.as_str() {
        "TOKEN" | "REQUEST" => "CUSTOM",
        "COGNITO_USER_POOLS" => "COGNITO_USER_POOLS",
        "JWT" => "JWT",
        _ => {
            findings.error(
                authorizer,
                "the `type` of an authorizer is `token`, `request`, `cognito_user_pools` or `jwt`",
            );
            return Scheme::Wrong;
        }
    };
    let mut members = Members::new();
    members.insert("name".into(), name.into());
    members.insert("type".into(), kind.clone().into());
    if let Some(auth_type) = auth_type {
        members.insert("authType".into(), auth_type.into());
    }
    for member in HANDED_ON {
        if let Some(value) = authorizer.member(member) {
            members.insert(member.into(), value.value.clone());
        }
    }
    // A token stands in the header that the scheme names, unless the authorizer says where.
    let source = authorizer.member_text("identitySource").or_else(|| {
        let header = scheme.member_text("name").filter(|_| kind != "REQUEST")?;
        Some(format!("method.request.header.{header}"))
    });
    if let Some(source) = source {
        members.insert("identitySource".into(), source.into());
    }
    if let Some(ttl) = authorizer.member("authorizerResultTtlInSeconds") {
        let number = ttl.text().and_then(|text| text.parse::<u32>().ok());
        let value = number.map_or_else(|| ttl.value.clone(), Value::from);
        members.insert("authorizerResultTtlInSeconds".into(), value);
    }
    let part = Part {
        pointer: authorizer.pointer.clone(),
        name: name.to_owned(),
        members,
    };
    Scheme::Authorizer(authorization, part)
}

impl<'d> Planner<'d> {
    pub(super) fn read_authorization(&mut self, operation: &At<'d>) -> Authorization {
        let mut found = Authorization::default();
        let mut kind = "NONE";
        let root = self.document.root();
        let security = operation.member("security").or_else(|| root.member("security"));
        if security
            .as_ref()
            .is_some_and(|security| !security.value.is_array())
        {
            self.findings.error(operation, "`security` must be a list");
        }
        let requirements: Vec<At<'d>> = security.iter().flat_map(At::items).collect();
        let mut scopes: Vec<Value> = Vec::new();
        for requirement in requirements {
            if requirement.object().is_none_or(serde_json::Map::is_empty) {
                self.findings.error(
                    &requirement,
                    "an empty requirement would let everybody in: use `security: []`",
                );
            }
            for (name, wanted) in requirement.members() {
                match self.schemes.by_name.get(name) {
                    Some(Scheme::ApiKey) => {
                        found.members.insert("apiKeyRequired".into(), true.into());
                    }
                    Some(Scheme::Iam) => self.take(&requirement, &mut kind, "AWS_IAM"),
                    Some(Scheme::Authorizer(authorization, _)) => {
                        let authorization = *authorization;
                        if found.authorizer.as_deref().is_some_and(|other| other != name) {
                            self.findings.error(&requirement, "a method has one authorizer");
                        }
                        found.authorizer = Some(name.to_owned());
                        self.take(&requirement, &mut kind, authorization);
                        scopes.extend(wanted.items().map(|scope| scope.value.clone()));
                    }
                    Some(Scheme::Wrong) => {}
                    None => self
                        .findings
                        .error(&requirement, format!("there is no security scheme `{name}`")),
                }
            }
        }
        self.read_auth(operation, &mut kind);
        found.members.insert("authorizationType".into(), kind.into());
        if !scopes.is_empty() {
            found.members.insert("authorizationScopes".into(), scopes.into());
        }
        found
    }

    fn take(&mut self, at: &At<'d>, kind: &mut &'static str, wanted: &'static str) {
        if *kind != "NONE" && *kind != wanted {
            self.findings.error(
                at,
                format!("a method has one authorization: `{kind}` or `{wanted}`"),
            );
        }
        *kind = wanted;
    }

    /// `x-amazon-apigateway-auth`
    fn read_auth(&mut self, operation: &At<'d>, kind: &mut &'static str) {
        let Some(auth) = operation.member("x-amazon-apigateway-auth") else {
            return;
        };
        self.findings.check_members(&auth, &["type"]);
        let wanted = auth.member_text("type").unwrap_or_default().to_ascii_uppercase();
        match wanted.as_str() {
            "AWS_IAM" => self.take(&auth, kind, "AWS_IAM"),
            "NONE" if *kind == "NONE" => {}
            "NONE" => self.findings.error(
                &auth,
                format!("`NONE` beside `security` that asks for `{kind}`: leave one out"),
            ),
            other => self
                .findings
                .error(&auth, format!("`{other}` is no type here: `NONE` or `AWS_IAM`")),
        }
    }
}
