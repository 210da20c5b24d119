//! Custom domains: base paths, the default endpoint beside them, and connections that were opened for another name.

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

use super::*;
use crate::{http::TlsFacts, snapshot::DomainSnapshot};

const SHOP: &str = "api.shop.localhost";

pub(super) fn domain(more: Value, mappings: Value) -> DomainSnapshot {
    let mut record = json!({
        "domainName": SHOP, "createdDate": 0, "endpointType": "REGIONAL", "securityPolicy": "TLS_1_2",
        "targetLabel": "d-1",
    });
    merge(&mut record, more);
    let mut mappings = mappings;
    for mapping in mappings.as_array_mut().unwrap() {
        merge(mapping, json!({"domainName": SHOP, "restApiId": "abc123"}));
    }
    let (domain, mappings) = (
        serde_json::from_value(record).unwrap(),
        serde_json::from_value::<Vec<_>>(mappings).unwrap(),
    );
    DomainSnapshot::compile(&domain, &mappings, Timestamp::from_seconds(NOW)).unwrap()
}

fn world(rest_api: Value, domain: DomainSnapshot) -> World {
    let template =
        "$context.path $context.resourcePath $context.customDomain.basePathMatched $context.domainName";
    let world = World::serving(json!({"restApi": rest_api, "resources": [
        resource("/", json!({"GET": open(mock(template))})),
        resource("/pets/{id}", json!({"GET": open(mock(template))})),
    ]}));
    world.snapshots.change(|snapshot| snapshot.with_domain(domain));
    world
}

fn authority() -> CertifiedIssuer<'static, KeyPair> {
    let mut params = CertificateParams::default();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

fn trusting(authority: &CertifiedIssuer<'_, KeyPair>) -> Value {
    json!({"mutualTls": {"truststoreUri": "s3://a/b", "truststore": authority.pem()}})
}

pub(super) fn truststore() -> Value {
    trusting(&authority())
}

fn over_tls(target: &str, server_name: Option<&str>, version: &'static str) -> Request {
    let mut request = request_to(SHOP, "GET", target, &[]);
    request.peer.tls = Some(Arc::new(TlsFacts {
        server_name: server_name.map(str::to_owned),
        version: Some(version),
        ..TlsFacts::default()
    }));
    request
}

#[test]
fn base_path_leads_to_its_stage_and_none_to_the_stage_in_the_path() {
    let mappings = json!([{"basePath": "v1/shop", "stage": "prod"}, {"basePath": "(none)"}]);
    let world = world(json!({}), domain(json!({}), mappings));
    for (target, body) in [
        (
            "/v1/shop/pets/7",
            "/v1/shop/pets/7 /pets/{id} v1/shop api.shop.localhost",
        ),
        ("/v1/shop/?a=b", "/v1/shop/ / v1/shop api.shop.localhost"),
        ("/v1/shop", "/v1/shop / v1/shop api.shop.localhost"),
        (
            "/prod/pets/7",
            "/prod/pets/7 /pets/{id} (none) api.shop.localhost",
        ),
    ] {
        let outcome = world.send(request_to("API.shop.localhost:8443", "GET", target, &[]));
        assert_eq!(
            outcome.body.to_ascii_lowercase(),
            body.to_ascii_lowercase(),
            "{target}"
        );
    }
    let outcome = world.send(request_to(SHOP, "GET", "/v1/other", &[]));
    outcome.refused(403, "\"Forbidden\"", "route", "no stage `v1`");
    let outcome = world.send(request_to(SHOP, "GET", "/v1/shop/nothing", &[]));
    outcome.refused(
        403,
        "\"Missing Authentication Token\"",
        "route",
        "no resource matches `/nothing`",
    );
}

#[test]
fn domain_without_a_mapping_is_forbidden_and_a_deleted_one_foreign() {
    let world = world(json!({}), domain(json!({}), json!([])));
    let ask = || world.send(request_to(SHOP, "GET", "/prod/pets/7", &[]));
    ask().refused(403, "\"Forbidden\"", "host", "no base path of the custom domain");
    world.snapshots.change(|snapshot| snapshot.without_domain(SHOP));
    ask().refused(421, "\"Misdirected Request\"", "host", "not one of ours");
}

#[test]
fn closed_default_endpoint_leaves_the_custom_domain_open() {
    let mappings = json!([{"basePath": "(none)", "stage": "prod"}]);
    let world = world(
        json!({"disableExecuteApiEndpoint": true}),
        domain(json!({}), mappings),
    );
    assert_eq!(world.send(request_to(SHOP, "GET", "/pets/7", &[])).status, 200);
    let outcome = world.get("/prod/pets/7");
    outcome.refused(403, "\"Forbidden\"", "route", "disabled its execute-api endpoint");
}

#[test]
fn client_is_asked_before_the_path_is_looked_at() {
    let world = world(json!({}), domain(truststore(), json!([])));
    let outcome = world.send(over_tls("/nowhere", Some(SHOP), "TLSv1.3"));
    outcome.refused(403, "\"Forbidden\"", "client-certificate", "sent no certificate");
    assert_eq!(outcome.trail.steps.len(), 1);
}

#[test]
fn connection_for_another_name_is_misdirected() {
    let mappings = json!([{"basePath": "(none)", "stage": "prod"}]);
    let mutual = world(json!({}), domain(truststore(), mappings.clone()));
    for server_name in [None, Some("open.shop.localhost"), Some("xapi.shop.localhost")] {
        let outcome = mutual.send(over_tls("/pets/7", server_name, "TLSv1.3"));
        outcome.refused(421, "\"Misdirected Request\"", "host", "another server name");
    }
    let modern = world(json!({}), domain(json!({"securityPolicy": "TLS_1_3"}), mappings));
    assert_eq!(
        modern.send(over_tls("/pets/7", Some(SHOP), "TLSv1.3")).status,
        200
    );
    let outcome = modern.send(over_tls("/pets/7", Some(SHOP), "TLSv1.2"));
    outcome.refused(421, "\"Misdirected Request\"", "host", "TLS 1.3");
}

#[test]
fn function_learns_the_base_path_and_the_clients_certificate() {
    let function = "arn:aws:lambda:us-east-1:000000000000:function:echo";
    let uri = super::lambda_proxy::uri(function);
    let image = json!({"resources": [
        resource("/pets", json!({"GET": open(json!({"type": "AWS_PROXY", "httpMethod": "POST", "uri": uri}))})),
    ]});
    let authority = authority();
    let mappings = json!([{"basePath": "shop", "stage": "prod"}]);
    let world = World::serving(image).returning("{}");
    world
        .snapshots
        .change(|snapshot| snapshot.with_domain(domain(trusting(&authority), mappings)));
    let mut params = CertificateParams::default();
    params.distinguished_name.push(rcgen::DnType::CommonName, "ada");
    let leaf = params
        .signed_by(&KeyPair::generate().unwrap(), &authority)
        .unwrap();
    let mut request = over_tls("/shop/pets", Some(SHOP), "TLSv1.3");
    request.peer.tls = Some(Arc::new(TlsFacts {
        server_name: Some(SHOP.to_owned()),
        client_certificates: vec![leaf.der().to_vec()],
        ..TlsFacts::default()
    }));
    assert_eq!(world.send(request).status, 200);
    let event = world.event();
    assert_eq!(event["path"], "/shop/pets");
    assert_eq!(event["requestContext"]["domainName"], SHOP);
    let certificate = &event["requestContext"]["identity"]["clientCert"];
    assert_eq!(certificate["subjectDN"], "CN=ada");
    assert!(
        certificate["clientCertPem"]
            .as_str()
            .unwrap()
            .starts_with("-----BEGIN")
    );
    assert!(
        certificate["validity"]["notAfter"]
            .as_str()
            .unwrap()
            .ends_with(" GMT")
    );
}
