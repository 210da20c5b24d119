//! Hosts, path forms, sites and the redirect of clear text.

use super::*;

fn world() -> World {
    World::serving(json!({"resources": [
        resource("/pets", json!({"GET": open(mock("$context.path $context.domainName $context.domainPrefix"))})),
    ]}))
}

#[test]
fn foreign_host_is_misdirected() {
    for host in ["example.com", "", "a.abc123.cloudfront.net", "bad host"] {
        let outcome = world().send(request_to(host, "GET", "/prod/pets", &[]));
        outcome.refused(421, "\"Misdirected Request\"", "host", "not one of ours");
    }
}

#[test]
fn api_is_reached_by_host_alias_and_path() {
    let world = world();
    let alias = "abc123.execute-api.us-east-1.amazonaws.com";
    let cases = [
        (HOST, "/prod/pets", format!("/prod/pets {HOST} abc123")),
        (alias, "/prod/pets", format!("/prod/pets {alias} abc123")),
        (
            "localhost:8443",
            "/_aws/execute-api/abc123/prod/pets",
            "/prod/pets localhost localhost".to_owned(),
        ),
    ];
    for (host, target, body) in cases {
        assert_eq!(world.send(request_to(host, "GET", target, &[])).body, body);
    }
    let outcome = world.send(request_to("localhost", "GET", "/_aws/execute-api/abc123", &[]));
    outcome.refused(403, "\"Forbidden\"", "route", "no stage");
}

#[test]
fn nothing_else_is_served_on_localhost() {
    let outcome = world().send(request_to("localhost", "GET", "/prod/pets", &[]));
    outcome.refused(404, "\"Not Found\"", "host", "nothing is served");
}

#[test]
fn sites_get_their_own_path_and_the_body() {
    let world = world();
    let request = request_to(
        "127.0.0.1:8443",
        "POST",
        "/_aws/auth/acme/oauth2/token?a=b",
        &[("X-A", "1")],
    );
    let outcome = world.send(with_body(request, "grant_type=client_credentials"));
    assert_eq!((outcome.status, outcome.body.as_str()), (200, "site"));
    assert_eq!(outcome.last().0, "site");
    let visits = world.visits.0.lock().unwrap();
    let visit = visits.first().unwrap();
    assert_eq!(
        (visit.path.as_str(), visit.query.as_deref()),
        ("/oauth2/token", Some("a=b"))
    );
    assert_eq!(visit.body, "grant_type=client_credentials");
    assert_eq!(visit.headers.text("x-a"), Some("1"));
    assert_eq!(visit.request_id, outcome.trail.request_id);
}

#[test]
fn long_body_never_reaches_a_site() {
    let world = world();
    let request = request_to("localhost", "POST", "/", &[("X-Amz-Target", "X.InitiateAuth")]);
    let outcome = world.send(with_body(request, vec![b'x'; (1 << 20) + 1]));
    outcome.refused(413, "\"Request Too Long\"", "host", "exceeds 1048576 bytes");
    assert!(world.visits.0.lock().unwrap().is_empty());
}

/// Behind a proxy that ends TLS, what came encrypted is served on the clear listener, and the trail names the client.
#[test]
fn trusted_proxies_say_source_and_scheme() {
    let world = World::empty(GatewaySettings {
        redirect_clear_text_to: Some(8443),
        trusted_proxies: Some(crate::http::TrustedProxies {
            ranges: ["10.0.0.0/8".parse().unwrap()].into(),
            source_from: crate::http::SourceFrom::XForwardedFor,
        }),
        ..GatewaySettings::default()
    });
    let headers = [("x-forwarded-for", "192.0.2.7"), ("x-forwarded-proto", "https")];
    for (peer, status, source) in [
        ("10.0.0.1:1", 403, "192.0.2.7"),
        ("203.0.113.9:1", 308, "203.0.113.9"),
    ] {
        let mut asked = request_to(HOST, "GET", "/prod/pets", &headers);
        asked.peer.listener = Listener::PublicHttp;
        asked.peer.address = peer.parse().unwrap();
        let outcome = world.send(asked);
        assert_eq!((outcome.status, outcome.trail.source.as_str()), (status, source));
    }
}

#[test]
fn clear_text_is_redirected_where_it_is_set() {
    let world = World::empty(GatewaySettings {
        redirect_clear_text_to: Some(8443),
        ..GatewaySettings::default()
    });
    let mut plain = request_to(&format!("{HOST}:8080"), "GET", "/prod/pets?a=b", &[]);
    plain.peer.listener = Listener::PublicHttp;
    let outcome = world.send(plain);
    assert_eq!(outcome.status, 308);
    let location = format!("https://{HOST}:8443/prod/pets?a=b");
    assert_eq!(outcome.header("location"), Some(location.as_str()));
    let mut foreign = request_to("example.com", "GET", "/", &[]);
    foreign.peer.listener = Listener::PublicHttp;
    assert_eq!(world.send(foreign).status, 421);
}
