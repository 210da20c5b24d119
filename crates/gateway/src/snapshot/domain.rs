//! A custom domain name, compiled: which stage each base path leads to, and which connections and clients may reach it.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-custom-domains.html>

use std::sync::Arc;

use arc_swap::ArcSwapOption;
use portcullis_model::{
    ApiId, Problem, StageName, Timestamp,
    resources::custom_domains::{BasePathMapping, DomainName, EndpointAccessMode, NO_BASE_PATH},
};
use rustls::sign::CertifiedKey;

use crate::{client_certificates::Authorities, edge::domains::MadeConfig, http::Peer};

/// A custom domain, ready to serve.
pub struct DomainSnapshot {
    name: Box<str>,
    /// The longest base path first.
    mappings: Vec<Mapping>,
    wants_tls_1_3: bool,
    /// A connection must have been opened for it.
    is_strict: bool,
    /// Whose clients are let in; none: everybody.
    authorities: Option<Arc<Authorities>>,
    /// What it is served with; none: what the edge has for its name.
    certificate: Option<Arc<CertifiedKey>>,
    made_config: ArcSwapOption<MadeConfig>,
}

/// What a base path leads to.
#[derive(Debug)]
pub(crate) struct Mapping {
    /// Without slashes at its ends; empty for none.
    base_path: Box<str>,
    pub(crate) api_id: ApiId,
    /// None: the path's next segment names it.
    pub(crate) stage: Option<StageName>,
}

impl Mapping {
    /// Returns the base path as `$context.customDomain.basePathMatched` writes it.
    pub(crate) fn matched(&self) -> &str {
        if self.base_path.is_empty() {
            NO_BASE_PATH
        } else {
            &self.base_path
        }
    }
}

impl DomainSnapshot {
    /// Compiles a domain and its mappings. `now` is when its truststore is judged.
    pub fn compile(
        domain: &DomainName,
        mappings: &[BasePathMapping],
        now: Timestamp,
    ) -> Result<Self, Vec<Problem>> {
        let authorities = match &domain.mutual_tls {
            None => None,
            Some(mutual) => match Authorities::compile(mutual.truststore.as_bytes(), now) {
                Ok(authorities) => Some(Arc::new(authorities)),
                Err(cause) => {
                    let problem = Problem::error(None, "mutualTlsAuthentication", cause);
                    return Err(vec![problem]);
                }
            },
        };
        let mut mappings: Vec<Mapping> = mappings
            .iter()
            .map(|mapping| Mapping {
                base_path: if mapping.base_path == NO_BASE_PATH {
                    Box::default()
                } else {
                    mapping.base_path.trim_matches('/').into()
                },
                api_id: mapping.rest_api_id.clone(),
                stage: mapping.stage.clone(),
            })
            .collect();
        mappings.sort_by_key(|mapping| std::cmp::Reverse(mapping.base_path.len()));
        Ok(Self {
            name: domain.domain_name.to_ascii_lowercase().into(),
            mappings,
            wants_tls_1_3: domain.security_policy.wants_tls_1_3(),
            is_strict: domain.endpoint_access_mode == Some(EndpointAccessMode::Strict),
            authorities,
            certificate: None,
            made_config: ArcSwapOption::empty(),
        })
    }

    /// Serves it with a certificate of its own.
    #[must_use]
    pub fn with_certificate(mut self, certificate: Arc<CertifiedKey>) -> Self {
        self.certificate = Some(certificate);
        self
    }

    /// Returns the name, in lower case.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Tells whether TLS 1.2 is refused.
    pub(crate) const fn wants_tls_1_3(&self) -> bool {
        self.wants_tls_1_3
    }

    /// Returns the certificate of its own.
    pub(crate) const fn certificate(&self) -> Option<&Arc<CertifiedKey>> {
        self.certificate.as_ref()
    }

    /// Returns where the edge keeps what it made for it.
    pub(crate) const fn made_config(&self) -> &ArcSwapOption<MadeConfig> {
        &self.made_config
    }

    /// Returns whose clients are let in.
    pub(crate) const fn authorities(&self) -> Option<&Arc<Authorities>> {
        self.authorities.as_ref()
    }

    /// Finds the mapping of the longest base path that `path` starts with, by whole segments, and where the rest begins.
    pub(crate) fn find(&self, path: &[u8]) -> Option<(&Mapping, usize)> {
        self.mappings.iter().find_map(|mapping| {
            let base = mapping.base_path.as_bytes();
            if base.is_empty() {
                return Some((mapping, 0));
            }
            let rest = path.strip_prefix(b"/")?.strip_prefix(base)?;
            matches!(rest.first(), None | Some(b'/')).then_some((mapping, 1 + base.len()))
        })
    }

    /// Says why a connection that was opened for something else must not be used to reach it: what the handshake
    /// promised of the connection holds for the name that the handshake was about.
    pub(crate) fn check_connection(&self, peer: &Peer) -> Result<(), &'static str> {
        let Some(tls) = &peer.tls else { return Ok(()) };
        if tls.server_name.as_deref() != Some(self.name()) && self.is_strict {
            return Err(
                "the connection was opened for another server name than the host, whose endpoint access mode is `STRICT`",
            );
        }
        if self.authorities.is_some() && tls.server_name.as_deref() != Some(self.name()) {
            return Err(
                "the connection was opened for another server name than the host, which demands client certificates",
            );
        }
        if self.wants_tls_1_3 && tls.version != Some("TLSv1.3") {
            return Err("the connection does not speak TLS 1.3, which the host demands");
        }
        Ok(())
    }
}

impl std::fmt::Debug for DomainSnapshot {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_tuple("DomainSnapshot").field(&self.name).finish()
    }
}

impl PartialEq for DomainSnapshot {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for DomainSnapshot {}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn domain(base_paths: &[&str]) -> DomainSnapshot {
        let domain = serde_json::from_value(json!({
            "domainName": "api.shop.localhost", "createdDate": 0, "endpointType": "REGIONAL",
            "securityPolicy": "TLS_1_2", "targetLabel": "d-1",
        }));
        let mappings: Vec<BasePathMapping> = base_paths
            .iter()
            .map(|path| {
                serde_json::from_value(json!({
                    "domainName": "api.shop.localhost", "basePath": path, "restApiId": path, "stage": "prod",
                }))
                .unwrap()
            })
            .collect();
        DomainSnapshot::compile(&domain.unwrap(), &mappings, Timestamp(0)).unwrap()
    }

    #[test]
    fn longest_base_path_wins_by_whole_segments() {
        let shop = domain(&["(none)", "v1", "v1/orders", "v1/orders/old"]);
        for (path, expected, rest) in [
            ("/", "(none)", 0),
            ("/v1", "v1", 3),
            ("/v1/", "v1", 3),
            ("/v12", "(none)", 0),
            ("/V1/a", "(none)", 0),
            ("/v1/orders/7", "v1/orders", 10),
            ("/v1/ordersx", "v1", 3),
            ("/v1/orders/old/7", "v1/orders/old", 14),
            ("/v1%2Forders/7", "(none)", 0),
        ] {
            let (mapping, start) = shop.find(path.as_bytes()).unwrap();
            assert_eq!((mapping.matched(), start), (expected, rest), "{path}");
        }
    }

    #[test]
    fn path_outside_every_base_path_leads_nowhere() {
        let shop = domain(&["v1"]);
        for path in ["/", "/v2", "/v", "/v11/x", "v1", ""] {
            assert!(shop.find(path.as_bytes()).is_none(), "{path}");
        }
        assert!(domain(&[]).find(b"/").is_none());
    }
}
