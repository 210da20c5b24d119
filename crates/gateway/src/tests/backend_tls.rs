//! TLS to backends that is not the usual: a stage's client certificate, and servers of any issuer. Real servers, real handshakes.

use std::{
    io::{Read, Write},
    net::{TcpListener, TcpStream},
    sync::Arc,
    thread,
};

use portcullis_model::{Clock as _, SystemClock};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use rustls::{
    HandshakeKind, RootCertStore, ServerConfig, ServerConnection, StreamOwned,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    server::WebPkiClientVerifier,
};

use super::*;
use crate::{backend_tls::BackendCertificate, edge::certified_key};

/// TLS asks the machine's own clock.
fn in_days(days: i64) -> time::OffsetDateTime {
    SystemClock.now().plus_seconds(days * 86_400).utc()
}

/// A certificate of nobody's, good for two days around now unless told otherwise.
struct Own {
    pem: String,
    der: CertificateDer<'static>,
    key: KeyPair,
}

fn params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::new(vec!["localhost".into()]).unwrap();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (in_days(-1), in_days(1));
    params
}

fn own(params: CertificateParams) -> Own {
    let key = KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    Own {
        pem: made.pem(),
        der: made.der().clone(),
        key,
    }
}

fn expired(mut params: CertificateParams) -> CertificateParams {
    (params.not_before, params.not_after) = (in_days(-3), in_days(-1));
    params
}

impl Own {
    fn presented(&self) -> Option<Arc<BackendCertificate>> {
        let key = certified_key(&self.pem, &SecretText::new(self.key.serialize_pem())).unwrap();
        BackendCertificate::new(key).map(Arc::new)
    }
}

/// A server that says of each request who asked, on which of its connections, and whether the session was resumed.
struct Backend {
    port: u16,
}

/// Whom a server lets in.
enum Asks {
    Nobody,
    /// Who has one of these; others too if they are only asked.
    For(Vec<CertificateDer<'static>>, bool),
}

impl Backend {
    /// Starts one that shows `chain` and closes after each answer unless it keeps connections.
    fn start(chain: Vec<CertificateDer<'static>>, key: &KeyPair, asks: Asks, keeps: bool) -> Self {
        let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));
        let provider = Arc::new(aws_lc_rs::default_provider());
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap();
        let builder = match asks {
            Asks::Nobody => builder.with_no_client_auth(),
            Asks::For(certificates, must) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates {
                    roots.add(certificate).unwrap();
                }
                let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
                let verifier = if must {
                    verifier
                } else {
                    verifier.allow_unauthenticated()
                };
                builder.with_client_cert_verifier(verifier.build().unwrap())
            }
        };
        let config = Arc::new(builder.with_single_cert(chain, key).unwrap());
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for (number, socket) in listener.incoming().enumerate() {
                let (config, socket) = (Arc::clone(&config), socket.unwrap());
                thread::spawn(move || serve(&config, socket, number, keeps));
            }
        });
        Self { port }
    }

    fn asking(certificates: &[&Own], must: bool, keeps: bool) -> Self {
        let server = own(params("backend"));
        let known = certificates.iter().map(|own| own.der.clone()).collect();
        Self::start(
            vec![server.der.clone()],
            &server.key,
            Asks::For(known, must),
            keeps,
        )
    }
}

fn serve(config: &Arc<ServerConfig>, socket: TcpStream, number: usize, keeps: bool) {
    let mut stream = StreamOwned::new(ServerConnection::new(Arc::clone(config)).unwrap(), socket);
    loop {
        let (mut head, mut bytes) = (Vec::new(), [0; 4096]);
        while !head.ends_with(b"\r\n\r\n") {
            match stream.read(&mut bytes) {
                Ok(count) if count > 0 => head.extend_from_slice(&bytes[..count]),
                _ => return,
            }
        }
        let shown = stream.conn.peer_certificates();
        let who = shown.map_or("nobody".to_owned(), |shown| {
            let facts = portcullis_engines::x509::Certificate::parse(&shown[0]).unwrap();
            facts.subject.as_str().to_owned()
        });
        let resumed = stream.conn.handshake_kind() == Some(HandshakeKind::Resumed);
        let body = format!("{who} {number} {resumed}");
        let connection = if keeps { "keep-alive" } else { "close" };
        let length = body.len();
        let answer =
            format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: {connection}\r\n\r\n{body}");
        stream.write_all(answer.as_bytes()).unwrap();
        if !keeps {
            stream.conn.send_close_notify();
            drop(stream.flush());
            return;
        }
    }
}

/// An API whose method `GET /` is a backend at `port`; it trusts whoever issued the backend's certificate if it says so.
fn image(port: u16, any_issuer: bool) -> Value {
    json!({"resources": [resource("/", json!({"GET": open(json!({
        "type": "HTTP_PROXY", "httpMethod": "GET", "uri": format!("https://localhost:{port}/"),
        "tlsConfig": {"insecureSkipVerification": any_issuer},
    }))}))]})
}

fn stage(world: &World, name: &str, image: &Value, certificate: Option<Arc<BackendCertificate>>) {
    let stage = compile(image.clone(), json!({ "stageName": name })).unwrap();
    world
        .snapshots
        .change(|snapshot| snapshot.with_stage(stage.presenting(certificate)));
}

/// Asks one stage after another on one thread, so that connections can be kept; says what the backend saw.
fn ask(world: &World, stages: &[&str]) -> Vec<String> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    tokio::task::LocalSet::new().block_on(&runtime, async {
        let mut seen = Vec::new();
        for stage in stages {
            let asked = request("GET", &format!("/{stage}/"), &[]);
            let mut response = world.gateway.handle(asked).await;
            let body = response.body.read_whole(1 << 10).await.unwrap();
            assert_eq!(response.status, 200, "{stage}: {:?}", world.trails.latest());
            seen.push(String::from_utf8(body.to_vec()).unwrap());
        }
        seen
    })
}

fn worlds_stages(port: u16, certificates: &[(&str, Option<&Own>)]) -> World {
    let world = World::empty(GatewaySettings::default());
    for (name, certificate) in certificates {
        let certificate = certificate.and_then(Own::presented);
        stage(&world, name, &image(port, true), certificate);
    }
    world
}

#[test]
fn backend_that_demands_a_certificate_answers_the_stage_that_presents_it_alone() {
    let (ada, bob) = (own(params("ada")), own(params("bob")));
    let backend = Backend::asking(&[&ada], true, true);
    let world = worlds_stages(
        backend.port,
        &[("ada", Some(&ada)), ("bob", Some(&bob)), ("none", None)],
    );
    assert_eq!(ask(&world, &["ada"]), ["CN=ada 0 false"]);
    for (name, why) in [("bob", "UnknownCA"), ("none", "CertificateRequired")] {
        let outcome = world.get(&format!("/{name}/"));
        outcome.refused(
            504,
            "\"Network error communicating with endpoint\"",
            "integration",
            why,
        );
    }
}

#[test]
fn certificate_that_has_expired_is_presented_and_the_backend_refuses_it() {
    let ada = own(expired(params("ada")));
    let backend = Backend::asking(&[&ada], true, true);
    let world = worlds_stages(backend.port, &[("ada", Some(&ada))]);
    let outcome = world.get("/ada/");
    outcome.refused(
        504,
        "\"Network error communicating with endpoint\"",
        "integration",
        "CertificateExpired",
    );
}

/// Returns what a backend saw of three stages, two with certificates of their own and one without, each called twice in turn.
fn seen_twice_of_each(keeps_alive: bool) -> Vec<String> {
    let (ada, bob) = (own(params("ada")), own(params("bob")));
    let backend = Backend::asking(&[&ada, &bob], false, keeps_alive);
    let world = worlds_stages(
        backend.port,
        &[("ada", Some(&ada)), ("bob", Some(&bob)), ("none", None)],
    );
    ask(&world, &["ada", "bob", "none", "ada", "bob", "none"])
}

#[test]
fn connection_made_with_one_certificate_never_serves_a_stage_with_another() {
    let seen = seen_twice_of_each(true);
    // Each has a connection of its own, and keeps it.
    assert_eq!(
        seen,
        [
            "CN=ada 0 false",
            "CN=bob 1 false",
            "nobody 2 false",
            "CN=ada 0 false",
            "CN=bob 1 false",
            "nobody 2 false",
        ]
    );
}

#[test]
fn session_begun_with_one_certificate_is_never_resumed_for_another() {
    let seen = seen_twice_of_each(false);
    // Each resumes its own session, and whoever began it is who the backend sees.
    assert_eq!(
        seen,
        [
            "CN=ada 0 false",
            "CN=bob 1 false",
            "nobody 2 false",
            "CN=ada 3 true",
            "CN=bob 4 true",
            "nobody 5 true",
        ]
    );
}

#[test]
fn stage_that_takes_another_certificate_presents_it_at_once() {
    let (ada, bob) = (own(params("ada")), own(params("bob")));
    let backend = Backend::asking(&[&ada, &bob], false, true);
    let world = worlds_stages(backend.port, &[("prod", Some(&ada))]);
    assert_eq!(ask(&world, &["prod"]), ["CN=ada 0 false"]);
    stage(&world, "prod", &image(backend.port, true), bob.presented());
    assert_eq!(ask(&world, &["prod"]), ["CN=bob 1 false"]);
    stage(&world, "prod", &image(backend.port, true), None);
    assert_eq!(ask(&world, &["prod"]), ["nobody 2 false"]);
}

fn authority(name: &str) -> CertifiedIssuer<'static, KeyPair> {
    let mut params = params(name);
    params.subject_alt_names.clear();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
}

/// Returns the outcome of a call to a backend that shows a chain: by default trust, and by any issuer.
fn called(chain: Vec<CertificateDer<'static>>, key: &KeyPair) -> (Outcomes, Outcomes) {
    let backend = Backend::start(chain, key, Asks::Nobody, true);
    let world = World::empty(GatewaySettings::default());
    stage(&world, "usual", &image(backend.port, false), None);
    stage(&world, "any", &image(backend.port, true), None);
    // The one that accepts comes first: what it opened must serve the other no more than what it trusts.
    let any = world.get("/any/");
    (world.get("/usual/"), any)
}

#[test]
fn backend_of_any_issuer_is_called_if_the_method_says_so_and_it_shows_its_root() {
    let (root, key) = (authority("root"), KeyPair::generate().unwrap());
    let leaf = params("backend").signed_by(&key, &root).unwrap();
    let self_signed = own(params("backend"));
    let mut own_authority = params("backend");
    own_authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let own_authority = own(own_authority);
    for (chain, key) in [
        (vec![leaf.der().clone(), root.der().clone()], &key),
        (vec![self_signed.der.clone()], &self_signed.key),
        (vec![own_authority.der.clone()], &own_authority.key),
    ] {
        let (usual, any) = called(chain, key);
        assert_eq!(any.status, 200, "{:?}", any.trail);
        usual.refused(
            504,
            "\"Network error communicating with endpoint\"",
            "integration",
            "invalid peer certificate",
        );
    }
}

#[test]
fn any_issuer_is_not_any_certificate() {
    let (root, stranger) = (authority("root"), authority("root"));
    let key = KeyPair::generate().unwrap();
    let leaf = params("backend").signed_by(&key, &root).unwrap();
    let old = expired(params("backend")).signed_by(&key, &root).unwrap();
    let mut other = params("backend");
    other.subject_alt_names = vec![rcgen::SanType::DnsName("other.example".try_into().unwrap())];
    let other = other.signed_by(&key, &root).unwrap();
    let old_own = own(expired(params("backend")));
    let root_alone = root.der().clone();
    for (chain, key, why) in [
        (vec![leaf.der().clone()], &key, "UnknownIssuer"),
        (
            vec![leaf.der().clone(), stranger.der().clone()],
            &key,
            "BadSignature",
        ),
        (vec![old.der().clone(), root_alone.clone()], &key, "xpired"),
        (vec![other.der().clone(), root_alone], &key, "not valid for name"),
        (vec![old_own.der.clone()], &old_own.key, "xpired"),
    ] {
        let (_, any) = called(chain, key);
        any.refused(
            504,
            "\"Network error communicating with endpoint\"",
            "integration",
            why,
        );
    }
}
