//! The CORS configuration of an HTTP API: preflights are answered here, every other answer gets its headers in
//! `responses`, in place of the backend's own.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html>,
//! <https://fetch.spec.whatwg.org/#http-cors-protocol>. The layer stands before the route, because a preflight needs none:
//! where no route takes `OPTIONS`, it is answered; where one does, be it `ANY` or `$default`, that route gets it with its
//! authorizer, as AWS documents for `$default`.

use bytes::Bytes;
use portcullis_model::{HeaderList, Problem, resources::apigatewayv2::CorsConfiguration};

use crate::{
    decision::{Decision, LayerName, shown},
    exchange::Exchange,
    gateway::Worker,
    http::{Body, Response},
    pipeline::Layer,
};

/// What an answer may say to pages of other origins; ours alone where CORS is configured.
const PREFIX: &[u8] = b"access-control-";

pub(crate) struct Preflight;

impl Layer for Preflight {
    const NAME: LayerName = LayerName::Cors;

    fn applies(exchange: &Exchange) -> bool {
        let Some(stage) = exchange.stage() else {
            return false;
        };
        let Some(api) = stage.http_api().filter(|api| api.cors.is_some()) else {
            return false;
        };
        let request = exchange.request();
        *request.method == *b"OPTIONS"
            && request.headers.get("origin").is_some()
            && request.headers.get("access-control-request-method").is_some()
            && api
                .find(&stage.router, b"OPTIONS", exchange.resource_path())
                .is_none()
    }

    async fn check(exchange: &mut Exchange, _worker: &Worker) -> Decision {
        let cors = exchange.stage().and_then(|stage| stage.http_api()?.cors.as_ref());
        let request = &exchange.request().headers;
        let origin = request.text("origin").unwrap_or_default();
        let allowed = cors.filter(|cors| cors.origins.allow(origin.as_bytes()));
        let mut response = Response {
            status: 204,
            headers: HeaderList::with_capacity(8),
            body: Body::Empty,
        };
        let Some(cors) = allowed else {
            let reason = format!("a preflight from `{}`, which is not allowed", shown(origin));
            return Decision::Answer(Box::new(response), reason.into());
        };
        cors.answer_preflight(&mut response.headers);
        let reason = format!("a preflight from `{}`", shown(origin));
        Decision::Answer(Box::new(response), reason.into())
    }
}

/// A CORS configuration, its headers ready.
pub(crate) struct Cors {
    origins: Origins,
    credentials: bool,
    methods: Option<Bytes>,
    headers: Option<Bytes>,
    exposed: Option<Bytes>,
    max_age: Option<Bytes>,
}

/// Which origins may read answers.
enum Origins {
    Any,
    Listed {
        exact: Vec<Box<str>>,
        /// `https://` of `https://*`.
        prefixes: Vec<Box<str>>,
    },
}

impl Origins {
    fn allow(&self, origin: &[u8]) -> bool {
        match self {
            Self::Any => !origin.is_empty(),
            Self::Listed { exact, prefixes } => {
                exact.iter().any(|known| known.as_bytes() == origin)
                    || prefixes.iter().any(|prefix| {
                        origin
                            .strip_prefix(prefix.as_bytes())
                            .is_some_and(|rest| !rest.is_empty())
                    })
            }
        }
    }
}

impl Cors {
    /// Compiles a configuration; none where there is none.
    pub(crate) fn compile(
        configuration: Option<&CorsConfiguration>,
        problems: &mut Vec<Problem>,
    ) -> Option<Self> {
        let configuration = configuration?;
        if let Err((field, message)) = configuration.check() {
            problems.push(Problem::error(
                None,
                format!("corsConfiguration/{field}"),
                message,
            ));
            return None;
        }
        let joined = |values: &[String]| (!values.is_empty()).then(|| Bytes::from(values.join(",")));
        let origins = &configuration.allow_origins;
        Some(Self {
            origins: if origins.iter().any(|origin| origin == "*") {
                Origins::Any
            } else {
                let (prefixes, exact): (Vec<&String>, Vec<&String>) =
                    origins.iter().partition(|origin| origin.ends_with('*'));
                Origins::Listed {
                    exact: exact.into_iter().map(|origin| origin.as_str().into()).collect(),
                    prefixes: prefixes
                        .into_iter()
                        .map(|origin| origin.trim_end_matches('*').into())
                        .collect(),
                }
            },
            credentials: configuration.allow_credentials == Some(true),
            methods: joined(&configuration.allow_methods),
            headers: joined(&configuration.allow_headers),
            exposed: joined(&configuration.expose_headers),
            max_age: configuration
                .max_age
                .map(|seconds| Bytes::from(seconds.to_string())),
        })
    }

    fn answer_preflight(&self, headers: &mut HeaderList) {
        for (name, value) in [
            ("access-control-allow-methods", &self.methods),
            ("access-control-allow-headers", &self.headers),
            ("access-control-max-age", &self.max_age),
        ] {
            if let Some(value) = value {
                headers.push(name, value);
            }
        }
    }

    /// Sets what any answer says about the origin of its request.
    pub(crate) fn complete(&self, request: &HeaderList, response: &mut HeaderList) {
        if matches!(self.origins, Origins::Listed { .. }) {
            response.push("vary", "Origin");
        }
        let origin = request.get_bytes("origin");
        let Some(origin) = origin.filter(|origin| self.origins.allow(origin)) else {
            return;
        };
        let allowed = match self.origins {
            Origins::Any => Bytes::from_static(b"*"),
            Origins::Listed { .. } => origin,
        };
        response.push("access-control-allow-origin", allowed);
        if self.credentials {
            response.push("access-control-allow-credentials", "true");
        }
        if let Some(exposed) = &self.exposed {
            response.push("access-control-expose-headers", exposed.clone());
        }
    }
}

/// Removes what a backend says to pages of other origins: the configuration alone speaks.
pub(crate) fn remove_backends_headers(headers: &mut HeaderList) {
    headers.retain(|name, _| {
        !name
            .get(..PREFIX.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(origins: &[&str]) -> CorsConfiguration {
        CorsConfiguration {
            allow_origins: origins.iter().map(|origin| (*origin).to_owned()).collect(),
            ..CorsConfiguration::default()
        }
    }

    #[test]
    fn origins_are_exact_any_or_a_scheme() {
        let allows = |origins: &[&str], origin: &str| {
            let cors = Cors::compile(Some(&of(origins)), &mut Vec::new()).unwrap();
            cors.origins.allow(origin.as_bytes())
        };
        for (origins, origin, allowed) in [
            (&["https://a.example"][..], "https://a.example", true),
            (&["https://a.example"], "https://a.example.evil", false),
            (&["https://a.example"], "http://a.example", false),
            (&["https://a.example"], "https://a.example:8443", false),
            (&["https://a.example"], "null", false),
            (&["*"], "https://x.example", true),
            (&["*"], "", false),
            (&["https://*"], "https://x.example", true),
            (&["https://*"], "https://", false),
            (&["https://*"], "http://x.example", false),
            (&[], "https://x.example", false),
        ] {
            assert_eq!(allows(origins, origin), allowed, "{origins:?} {origin}");
        }
    }
}
