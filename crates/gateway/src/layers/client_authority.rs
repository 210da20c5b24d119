//! An extension of ours: routes that take the clients of some roots of their custom domain's truststore alone, whom the domain let
//! in already. AWS has one truststore a domain, and leaves the rest to a Lambda authorizer.
//!
//! The stage's tag `portcullis:client-authorities` says it, entries joined by `;`: `GET /orders=CN=Partners,O=Acme`, the root as
//! `$context.identity.clientCert.issuerDN` writes it; a route that stands there twice takes clients of both. By any other way than a
//! domain with mutual TLS such a route is reached by nobody.

use std::collections::BTreeMap;

use portcullis_model::Problem;

use crate::{
    decision::{Decision, LayerName, shown},
    exchange::Exchange,
    gateway::Worker,
    pipeline::Layer,
    refusal::{Refusal, RefusalKind},
};

/// The tag that says which routes want which roots.
pub(crate) const CLIENT_AUTHORITIES_TAG: &str = "portcullis:client-authorities";

/// The roots that each route of a stage names, until the route has taken them.
pub(crate) struct ClientAuthorities(BTreeMap<String, Vec<Box<str>>>);

impl ClientAuthorities {
    /// Reads the tag.
    pub(crate) fn compile(tags: &BTreeMap<String, String>, problems: &mut Vec<Problem>) -> Self {
        let mut by_route: BTreeMap<String, Vec<Box<str>>> = BTreeMap::new();
        let tag = tags
            .get(CLIENT_AUTHORITIES_TAG)
            .map(String::as_str)
            .unwrap_or_default();
        for entry in tag.split(';').map(str::trim).filter(|entry| !entry.is_empty()) {
            match entry.split_once('=') {
                Some((route, root)) if !route.trim().is_empty() && root.contains('=') => {
                    let route = route.trim().to_owned();
                    by_route.entry(route).or_default().push(root.trim().into());
                }
                _ => problems.push(problem(format!(
                    "`{entry}`: expected a route and the name of a root, such as `GET /orders=CN=Partners`"
                ))),
            }
        }
        Self(by_route)
    }

    /// Returns the roots that `route`, such as `GET /orders`, names; none where it takes everybody's clients.
    pub(crate) fn take(&mut self, route: &str) -> Option<Box<[Box<str>]>> {
        self.0.remove(route).map(Vec::into_boxed_slice)
    }

    /// Reports what no route has taken: whoever wrote it thinks that a route is guarded.
    pub(crate) fn check_taken(&self, problems: &mut Vec<Problem>) {
        let left = self.0.keys();
        problems.extend(left.map(|route| problem(format!("the stage has no route `{route}`"))));
    }
}

fn problem(message: String) -> Problem {
    Problem::error(None, format!("tags/{CLIENT_AUTHORITIES_TAG}"), message)
}

/// Behind the route: whether it takes clients of the root that the domain let this one in by.
pub(crate) struct ClientAuthority;

impl Layer for ClientAuthority {
    const NAME: LayerName = LayerName::ClientCertificate;

    fn applies(exchange: &Exchange) -> bool {
        exchange
            .known_method()
            .is_some_and(|method| method.client_roots.is_some())
    }

    async fn check(exchange: &mut Exchange, _worker: &Worker) -> Decision {
        let refuse = |cause: String| Refusal::new(RefusalKind::Forbidden, cause).into();
        let method = exchange.known_method();
        let roots = method
            .and_then(|method| method.client_roots.as_deref())
            .unwrap_or_default();
        let Some(root) = exchange.client_root() else {
            return refuse(
                "the route wants a client certificate, and no custom domain with a truststore asked for one"
                    .to_owned(),
            );
        };
        if roots.iter().any(|known| **known == *root) {
            return Decision::Continue(format!("the route takes clients of `{}`", shown(root)).into());
        }
        refuse(format!("the route takes no clients of `{}`", shown(root)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compile(tag: &str) -> (ClientAuthorities, Vec<Problem>) {
        let tags = BTreeMap::from([(CLIENT_AUTHORITIES_TAG.to_owned(), tag.to_owned())]);
        let mut problems = Vec::new();
        (ClientAuthorities::compile(&tags, &mut problems), problems)
    }

    #[test]
    fn routes_name_their_roots() {
        let (mut found, problems) = compile("GET /a=CN=One,O=Acme; ANY /b/{proxy+}=CN=Two;GET /a=CN=Three");
        assert!(problems.is_empty());
        let roots = found.take("GET /a").unwrap();
        assert_eq!(
            roots.iter().map(AsRef::as_ref).collect::<Vec<&str>>(),
            ["CN=One,O=Acme", "CN=Three"]
        );
        assert!(found.take("GET /a").is_none() && found.take("POST /a").is_none());
        let mut problems = Vec::new();
        found.check_taken(&mut problems);
        assert_eq!(problems.len(), 1);
        assert!(problems[0].message.contains("ANY /b/{proxy+}"));
    }

    #[test]
    fn what_names_no_root_is_a_problem() {
        for tag in ["GET /a", "GET /a=", "=CN=One", "GET /a=One", "a;b"] {
            assert!(!compile(tag).1.is_empty(), "{tag}");
        }
        assert!(compile("").1.is_empty() && compile(" ; ").1.is_empty());
    }
}
