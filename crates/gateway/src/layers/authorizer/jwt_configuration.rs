//! What a JWT authorizer is told to take: from where a token comes, whose it may be, how it may be signed, what it must claim.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_JwtConfiguration.html>

use portcullis_engines::jwt::Algorithm;
use portcullis_model::{
    is_token,
    resources::{
        apigateway::{Authorizer as RestAuthorizer, JwtIssuer as RestJwtIssuer},
        apigatewayv2::{HttpAuthorizer, JwtConfiguration},
    },
};

use crate::issuers;

/// Audiences of an issuer, as AWS's quota.
const AUDIENCES_MAX: usize = 50;
/// Issuers of an authorizer of a REST API, and claims asked for beside the usual of each.
const ISSUERS_MAX: usize = 10;
const CLAIMS_MAX: usize = 10;
const HEADER_SOURCE: &str = "$request.header.";
const QUERY_SOURCE: &str = "$request.querystring.";
const REST_HEADER_SOURCE: &str = "method.request.header.";
/// What AWS takes on HTTP APIs.
const HTTP_ALGORITHMS: [Algorithm; 3] = [Algorithm::Rs256, Algorithm::Rs384, Algorithm::Rs512];
/// Claims that have rules of their own.
const RESERVED_CLAIMS: [&str; 7] = ["iss", "aud", "exp", "nbf", "iat", "scope", "scp"];
const SINGLE_STRING: &str = "SINGLE_STRING";

/// A JWT authorizer, ready.
pub(crate) struct JwtAuthorizer {
    pub(super) name: Box<str>,
    pub(super) source: Source,
    pub(super) issuers: Vec<TrustedIssuer>,
    pub(super) algorithms: Vec<Algorithm>,
}

/// An issuer, and what its tokens must claim.
pub(super) struct TrustedIssuer {
    pub(super) url: Box<str>,
    pub(super) audiences: Vec<Box<str>>,
    /// Whether `client_id` stands for an absent `aud`: on HTTP APIs.
    pub(super) takes_client_id: bool,
    pub(super) claims: Vec<ClaimRule>,
}

pub(super) struct ClaimRule {
    pub(super) name: Box<str>,
    /// Must be there, whatever it says.
    pub(super) required: bool,
    /// One of them, if there are any.
    pub(super) values: Vec<Box<str>>,
}

/// Where the token stands.
pub(super) enum Source {
    Header(Box<str>),
    Query(Box<str>),
}

impl JwtAuthorizer {
    /// Compiles `authorizer` of an HTTP API; the error names field and reason.
    pub(super) fn compile(authorizer: &HttpAuthorizer, settings: &JwtConfiguration) -> Result<Self, String> {
        let [text] = authorizer.identity_source.as_slice() else {
            return Err("identitySource: a JWT authorizer has exactly one".into());
        };
        let source = if let Some(name) = text.strip_prefix(HEADER_SOURCE).filter(|name| is_token(name)) {
            Source::Header(name.into())
        } else if let Some(name) = text.strip_prefix(QUERY_SOURCE).filter(|name| !name.is_empty()) {
            Source::Query(name.into())
        } else {
            return Err(format!(
                "identitySource: `{text}`: use `{HEADER_SOURCE}NAME` or `{QUERY_SOURCE}NAME`"
            ));
        };
        check_audiences(&settings.audience)
            .map_err(|message| format!("jwtConfiguration/audience: {message}"))?;
        issuers::check_url(&settings.issuer)
            .map_err(|message| format!("jwtConfiguration/issuer: {message}"))?;
        Ok(Self {
            name: authorizer.name.as_str().into(),
            source,
            issuers: vec![TrustedIssuer {
                url: settings.issuer.as_str().into(),
                audiences: boxed(&settings.audience),
                takes_client_id: true,
                claims: Vec::new(),
            }],
            algorithms: HTTP_ALGORITHMS.to_vec(),
        })
    }

    /// Compiles `authorizer` of a REST API; the error names field and reason.
    pub(super) fn compile_rest(authorizer: &RestAuthorizer) -> Result<Self, String> {
        let source = authorizer.identity_source.as_deref().unwrap_or_default();
        let header = source
            .strip_prefix(REST_HEADER_SOURCE)
            .filter(|header| is_token(header))
            .ok_or_else(|| format!("identitySource: `{source}`: use `{REST_HEADER_SOURCE}NAME`"))?;
        let settings = authorizer.jwt_configuration.as_ref();
        let settings = settings.ok_or("jwtConfiguration: it is missing")?;
        if settings.issuers.is_empty() || settings.issuers.len() > ISSUERS_MAX {
            return Err(format!(
                "jwtConfiguration/issuers: name 1 to {ISSUERS_MAX} issuers"
            ));
        }
        let mut issuers: Vec<TrustedIssuer> = Vec::new();
        for issuer in &settings.issuers {
            let compiled = TrustedIssuer::compile(issuer)
                .map_err(|message| format!("jwtConfiguration/issuers: {message}"))?;
            if issuers.iter().any(|other| other.url == compiled.url) {
                let url = &compiled.url;
                return Err(format!("jwtConfiguration/issuers: `{url}` is there twice"));
            }
            issuers.push(compiled);
        }
        let named = |name: &String| {
            let known = Algorithm::ALL
                .into_iter()
                .find(|known| known.to_string() == *name);
            known.ok_or_else(|| {
                format!("jwtConfiguration/defaultAlgorithms: `{name}` is no algorithm that is taken here")
            })
        };
        let algorithms: Vec<Algorithm> = settings
            .default_algorithms
            .iter()
            .map(named)
            .collect::<Result<_, _>>()?;
        if algorithms.is_empty() {
            return Err("jwtConfiguration/defaultAlgorithms: name at least one".into());
        }
        Ok(Self {
            name: authorizer.name.as_str().into(),
            source: Source::Header(header.into()),
            issuers,
            algorithms,
        })
    }

    /// Returns what is asked of the tokens of an issuer that is listed.
    pub(super) fn issuer(&self, url: &str) -> Option<&TrustedIssuer> {
        self.issuers.iter().find(|issuer| *issuer.url == *url)
    }
}

impl TrustedIssuer {
    fn compile(issuer: &RestJwtIssuer) -> Result<Self, String> {
        issuers::check_url(&issuer.issuer)?;
        let within = |message: String| format!("`{}`: {message}", issuer.issuer);
        check_audiences(&issuer.audiences).map_err(|message| within(format!("audiences: {message}")))?;
        if issuer.additional_claims.len() > CLAIMS_MAX {
            return Err(within(format!(
                "additionalClaims: there are more than {CLAIMS_MAX}"
            )));
        }
        let mut claims: Vec<ClaimRule> = Vec::new();
        for rule in &issuer.additional_claims {
            let name = rule.claim_name.as_str();
            let wrong = |message: &str| Err(within(format!("additionalClaims: `{name}`: {message}")));
            if name.is_empty() || RESERVED_CLAIMS.contains(&name) {
                return wrong("name a claim that has no rule of its own");
            }
            if claims.iter().any(|other| *other.name == *name) {
                return wrong("it is there twice");
            }
            if rule.format != SINGLE_STRING {
                return wrong("the format must be `SINGLE_STRING`");
            }
            if rule.expected_values.iter().any(String::is_empty) {
                return wrong("an empty value is none");
            }
            claims.push(ClaimRule {
                name: name.into(),
                // AWS: without a value the claim only has to be there. A rule that asks for nothing would be none.
                required: rule.required || rule.expected_values.is_empty(),
                values: boxed(&rule.expected_values),
            });
        }
        Ok(Self {
            url: issuer.issuer.as_str().into(),
            audiences: boxed(&issuer.audiences),
            takes_client_id: false,
            claims,
        })
    }
}

fn check_audiences(audiences: &[String]) -> Result<(), String> {
    if audiences.is_empty() {
        return Err("name at least one, or any client's token would do".into());
    }
    if audiences.len() > AUDIENCES_MAX {
        return Err(format!("there are more than {AUDIENCES_MAX}"));
    }
    if audiences.iter().any(String::is_empty) {
        return Err("an empty one is none".into());
    }
    Ok(())
}

fn boxed(texts: &[String]) -> Vec<Box<str>> {
    texts.iter().map(|text| text.as_str().into()).collect()
}
