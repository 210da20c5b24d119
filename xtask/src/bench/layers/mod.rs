//! What does each layer cost? One row a layer, switched on alone on an API of its own, and the whole chain. All of them send
//! the same small JSON by POST (but for the distribution's), so that what a row costs above the first is its layer.
//!
//! A layer is a [`Piece`] in a file of its own: what it adds to an API's template and to a request for it.

pub(super) mod api;
// In the order of the request.
mod distribution;
mod firewall;
mod resource_policy;
mod cognito;
mod lambda_authorizer;
mod iam;
mod http_api;
mod usage_plan;
mod validation;
mod access_log;

use std::net::SocketAddr;

use anyhow::Result;
use portcullis_engines::sigv4::Credentials;
use serde_json::{Map, Value};

use super::message;
use super::proxies::portcullis::Portcullis;

use api::Api;

/// Every line; the first is what the others are compared with.
pub(super) const ROWS: &[Row] = &[
    Row::alone("REST API, plain", "LayerPlain", &[]),
    Row::own(
        "distribution: cache hit (GET)",
        "LayerDistribution",
        &distribution::HIT,
    ),
    Row::alone(
        "firewall: addresses, byte match",
        "LayerRules",
        &[&firewall::RULES],
    ),
    Row::alone("firewall: SQL detection", "LayerSqli", &[&firewall::SQLI]),
    Row::alone("resource policy", "LayerPolicy", &[&resource_policy::PIECE]),
    Row::alone(
        "user pool's token, seen before",
        "LayerCognito",
        &[&cognito::PIECE],
    ),
    Row::alone(
        "Lambda authorizer, cached",
        "LayerFunction",
        &[&lambda_authorizer::PIECE],
    ),
    Row::alone("AWS_IAM", "LayerIam", &[&iam::PIECE]),
    Row::own("HTTP API, plain", "LayerHttp", &http_api::PLAIN),
    Row::own("HTTP API: JWT, seen before", "LayerJwt", &http_api::JWT),
    Row::alone("usage plan: key, throttle", "LayerPlan", &[&usage_plan::PIECE]),
    Row::alone(
        "validation: header and body",
        "LayerValidation",
        &[&validation::PIECE],
    ),
    Row::alone("access log", "LayerLog", &[&access_log::PIECE]),
    Row::alone(
        "the whole chain",
        "LayerChain",
        &[
            &firewall::RULES,
            &resource_policy::PIECE,
            &cognito::PIECE,
            &usage_plan::PIECE,
            &validation::PIECE,
            &access_log::PIECE,
        ],
    ),
    Row::alone(
        "the whole chain, with SQL detection",
        "LayerChainSqli",
        &[
            &firewall::RULES_AND_SQLI,
            &resource_policy::PIECE,
            &cognito::PIECE,
            &usage_plan::PIECE,
            &validation::PIECE,
            &access_log::PIECE,
        ],
    ),
];

/// What a layer adds.
struct Piece {
    /// To the template of an API.
    apply: fn(&mut Api),
    /// To a request for it.
    ask: fn(&mut Ask, &Known) -> Result<()>,
}

/// What is no REST API's layer brings its own resources and request.
struct Own {
    add: fn(&str, &mut Template<'_>),
    request: fn(&str, &Portcullis, &Known) -> Result<Vec<u8>>,
}

/// What the function of the Lambda authorizer answers.
pub(super) use lambda_authorizer::POLICY;

/// Returns the options of `up` that bind the function to what stands for it at `address`.
pub(super) fn options(address: SocketAddr) -> Vec<String> {
    let binding = format!("{}=http://{address}", lambda_authorizer::FUNCTION);
    vec!["--function".to_owned(), binding]
}

/// A line of the table.
pub(super) struct Row {
    pub(super) name: &'static str,
    /// The beginning of its resources' names in the template.
    id: &'static str,
    kind: Kind,
}

enum Kind {
    Rest(&'static [&'static Piece]),
    Own(&'static Own),
}

/// A template on the making.
pub(super) struct Template<'a> {
    pub(super) resources: &'a mut Map<String, Value>,
    pub(super) outputs: &'a mut Map<String, Value>,
    /// The backend's address.
    pub(super) backend: &'a str,
}

/// A request on the making.
struct Ask {
    host: String,
    id: &'static str,
    headers: Vec<(String, String)>,
}

/// What layers may need to know for their requests.
pub(super) struct Known {
    /// Of the user pool's client.
    pub(super) token: String,
    pub(super) credentials: Credentials,
    pub(super) region: String,
}

/// Where requests go, and what they carry.
const PATH: &str = "/prod/layer";
const BODY: &str = r#"{"name":"bench","count":7}"#;

impl Ask {
    fn header(&mut self, name: &str, value: impl Into<String>) {
        self.headers.push((name.to_owned(), value.into()));
    }
}

impl Row {
    const fn alone(name: &'static str, id: &'static str, pieces: &'static [&'static Piece]) -> Self {
        Self {
            name,
            id,
            kind: Kind::Rest(pieces),
        }
    }

    const fn own(name: &'static str, id: &'static str, own: &'static Own) -> Self {
        Self {
            name,
            id,
            kind: Kind::Own(own),
        }
    }

    /// Adds what it needs to a template.
    pub(super) fn add_to(&self, template: &mut Template<'_>) {
        match &self.kind {
            Kind::Own(own) => (own.add)(self.id, template),
            Kind::Rest(pieces) => {
                let mut api = Api::plain(self.id, template.backend);
                for piece in *pieces {
                    (piece.apply)(&mut api);
                }
                api.finish(template);
            }
        }
    }

    /// Returns its request.
    pub(super) fn request(&self, server: &Portcullis, known: &Known) -> Result<Vec<u8>> {
        let pieces = match &self.kind {
            Kind::Own(own) => return (own.request)(self.id, server, known),
            Kind::Rest(pieces) => *pieces,
        };
        let api = server.output(&format!("{}ApiId", self.id))?;
        let mut ask = Ask {
            host: server.host(&api),
            id: self.id,
            headers: Vec::new(),
        };
        for piece in pieces {
            (piece.ask)(&mut ask, known)?;
        }
        let headers: Vec<(&str, &str)> = ask
            .headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        post(server, &api, PATH, &headers)
    }
}

fn post(server: &Portcullis, api: &str, path: &str, headers: &[(&str, &str)]) -> Result<Vec<u8>> {
    let mut all = vec![("content-type", "application/json")];
    all.extend_from_slice(headers);
    Ok(message::post(&server.host(api), path, &all, BODY))
}
