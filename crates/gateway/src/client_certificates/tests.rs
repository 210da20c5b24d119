use std::io::{Read as _, Write as _};

use portcullis_model::Timestamp;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::{
    ClientConfig, ClientConnection, RootCertStore, ServerConfig, ServerConnection, SignatureScheme,
    client::ResolvesClientCert,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
    sign::CertifiedKey,
};

use super::*;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const DAY: i64 = 86_400;

type Issuing = CertifiedIssuer<'static, KeyPair>;

fn params(name: &str, days: (i64, i64)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = rcgen::DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    params.not_before = NOW.plus_seconds(days.0 * DAY).utc();
    params.not_after = NOW.plus_seconds(days.1 * DAY).utc();
    params
}

fn ca(name: &str, days: (i64, i64), path_length: u8) -> CertificateParams {
    let mut params = params(name, days);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(path_length));
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    params
}

fn root(name: &str, days: (i64, i64), path_length: u8) -> Issuing {
    CertifiedIssuer::self_signed(ca(name, days, path_length), KeyPair::generate().unwrap()).unwrap()
}

fn intermediate(above: &Issuing, name: &str, days: (i64, i64)) -> Issuing {
    CertifiedIssuer::signed_by(ca(name, days, 5), KeyPair::generate().unwrap(), above).unwrap()
}

fn leaf(above: &Issuing, name: &str, days: (i64, i64)) -> (Vec<u8>, KeyPair) {
    let key = KeyPair::generate().unwrap();
    let mut params = params(name, days);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    (params.signed_by(&key, above).unwrap().der().to_vec(), key)
}

fn der(issuing: &Issuing) -> Vec<u8> {
    issuing.der().to_vec()
}

fn trusting(roots: &[&Issuing]) -> Arc<Authorities> {
    let pem: String = roots.iter().map(|root| root.pem()).collect();
    Arc::new(Authorities::compile(pem.as_bytes(), NOW).unwrap())
}

fn peer(chain: Vec<Vec<u8>>) -> Peer {
    Peer {
        address: "192.0.2.7:4711".parse().unwrap(),
        listener: Listener::Public,
        tls: Some(Arc::new(TlsFacts {
            client_certificates: chain,
            ..TlsFacts::default()
        })),
    }
}

#[track_caller]
fn says(decision: Result<(Reason, Arc<str>), Refusal>, part: &str) {
    let said = match &decision {
        Ok((reason, _)) => format!("let in: {}", reason.text()),
        Err(refusal) => refusal.cause().text().into_owned(),
    };
    assert!(said.contains(part), "`{said}` does not say `{part}`");
}

#[test]
fn only_chains_to_a_root_of_the_truststore_are_let_in() {
    let (good, short, long) = ((-1, 1), (-2, -1), (1, 2));
    let trusted = root("trusted", good, 5);
    let issuing = intermediate(&trusted, "issuing", good);
    let (first, old) = (
        intermediate(&trusted, "first", good),
        intermediate(&trusted, "old", short),
    );
    let second = intermediate(&first, "second", good);
    let third = intermediate(&second, "third", good);
    let (strange, worn, tight) = (
        root("strange", good, 5),
        root("worn", short, 5),
        root("tight", good, 0),
    );
    let under_tight = intermediate(&tight, "under tight", good);
    let same_name = root("trusted", good, 5);
    let authorities = trusting(&[&trusted, &issuing, &worn, &tight]);
    let cases = [
        (
            vec![leaf(&trusted, "a", good).0],
            "let in: client certificate `CN=a` stands under `CN=trusted`",
        ),
        (vec![leaf(&issuing, "a", good).0], "let in"),
        (vec![leaf(&first, "a", good).0], "not issued by a CA"),
        (vec![leaf(&first, "a", good).0, der(&first)], "let in"),
        (
            vec![leaf(&second, "a", good).0, der(&second), der(&first)],
            "let in",
        ),
        (
            vec![leaf(&third, "a", good).0, der(&third), der(&second), der(&first)],
            "longer chain",
        ),
        (vec![leaf(&tight, "a", good).0], "let in"),
        (
            vec![leaf(&under_tight, "a", good).0, der(&under_tight)],
            "longer chain",
        ),
        (vec![leaf(&trusted, "a", short).0], "has expired"),
        (vec![leaf(&trusted, "a", long).0], "not valid yet"),
        (vec![leaf(&old, "a", good).0, der(&old)], "has expired"),
        (vec![leaf(&worn, "a", good).0], "not issued by a CA"),
        (vec![leaf(&strange, "a", good).0], "not issued by a CA"),
        (
            vec![leaf(&strange, "a", good).0, der(&strange)],
            "not issued by a CA",
        ),
        (vec![leaf(&same_name, "a", good).0], "client certificate `CN=a`"),
        (vec![der(&trusted)], "is a CA\'s own"),
        (vec![b"nonsense".to_vec()], "cannot be read"),
        (vec![], "sent no certificate"),
    ];
    for (chain, expected) in cases {
        says(check(&peer(chain), &authorities, NOW), expected);
    }
    let forged = check(&peer(vec![leaf(&same_name, "a", good).0]), &authorities, NOW);
    assert!(forged.is_err(), "a name alone vouches for nobody");
}

#[test]
fn clear_text_is_refused() {
    let authorities = trusting(&[&root("trusted", (-1, 1), 5)]);
    for (listener, part) in [
        (Listener::PublicHttp, "clear text"),
        (Listener::Proxy, "without TLS"),
    ] {
        let peer = Peer {
            tls: None,
            listener,
            ..peer(Vec::new())
        };
        says(check(&peer, &authorities, NOW), part);
    }
}

#[test]
fn verdict_is_remembered_for_its_truststore_and_its_time_alone() {
    let (trusted, other) = (root("trusted", (-1, 9), 5), root("other", (-1, 9), 5));
    let (first, second) = (trusting(&[&trusted]), trusting(&[&other]));
    let peer = peer(vec![leaf(&trusted, "a", (-1, 1)).0]);
    assert!(check(&peer, &first, NOW).is_ok());
    let remembered = || peer.tls.as_ref().unwrap().client.verdict.load_full().unwrap();
    let verdict = remembered();
    assert!(check(&peer, &first, NOW.plus_seconds(VERDICT_SECONDS - 1)).is_ok());
    assert!(Arc::ptr_eq(&verdict, &remembered()), "not judged again");
    assert!(check(&peer, &first, NOW.plus_seconds(VERDICT_SECONDS)).is_ok());
    assert!(!Arc::ptr_eq(&verdict, &remembered()), "judged again");
    says(
        check(&peer, &second, NOW.plus_seconds(VERDICT_SECONDS)),
        "not issued by a CA",
    );
    assert!(
        check(&peer, &first, NOW.plus_seconds(DAY)).is_ok(),
        "valid to the last second"
    );
    says(check(&peer, &first, NOW.plus_seconds(DAY + 1)), "has expired");
}

/// Sends `certificate` and signs with a key of its own.
#[derive(Debug)]
struct Sends(Arc<CertifiedKey>);

impl ResolvesClientCert for Sends {
    fn resolve(&self, _: &[&[u8]], _: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}

fn server(authorities: &Arc<Authorities>) -> (Arc<ServerConfig>, RootCertStore) {
    let key = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["api.shop.localhost".to_owned()]).unwrap();
    let own = params.self_signed(&key).unwrap();
    let mut roots = RootCertStore::empty();
    roots.add(own.der().clone()).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_client_cert_verifier(Arc::new(AskForCertificate::of(authorities)))
        .with_single_cert(
            vec![own.der().clone()],
            PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der())),
        );
    (Arc::new(config.unwrap()), roots)
}

/// Shakes hands in memory; returns what the server makes of it.
fn shake_hands(
    certificate: &[u8],
    key: &KeyPair,
    authorities: &Arc<Authorities>,
) -> Result<(), rustls::Error> {
    let (config, roots) = server(authorities);
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(key.serialize_der()));
    let signing = aws_lc_rs::sign::any_supported_type(&key).unwrap();
    let certified = CertifiedKey::new(vec![CertificateDer::from(certificate.to_vec())], signing);
    let client = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_client_cert_resolver(Arc::new(Sends(Arc::new(certified))));
    let name = "api.shop.localhost".try_into().unwrap();
    let mut client = ClientConnection::new(Arc::new(client), name).unwrap();
    let mut server = ServerConnection::new(config).unwrap();
    for _ in 0..10 {
        let mut bytes = Vec::new();
        while client.wants_write() {
            client.write_tls(&mut bytes).unwrap();
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            server.read_tls(&mut rest).unwrap();
            server.process_new_packets()?;
        }
        let mut bytes = Vec::new();
        while server.wants_write() {
            server.write_tls(&mut bytes).unwrap();
        }
        let mut rest = bytes.as_slice();
        while !rest.is_empty() {
            client.read_tls(&mut rest).unwrap();
            client.process_new_packets()?;
        }
    }
    assert!(!server.is_handshaking());
    client.writer().write_all(b"x").unwrap();
    drop(server.reader().read(&mut [0]));
    Ok(())
}

#[test]
fn handshake_proves_that_the_client_holds_the_key() {
    let trusted = root("trusted", (-1, 1), 5);
    let authorities = trusting(&[&trusted]);
    let (certificate, key) = leaf(&trusted, "ada", (-1, 1));
    let (_, other_key) = leaf(&trusted, "mallory", (-1, 1));
    assert_eq!(shake_hands(&certificate, &key, &authorities), Ok(()));
    let stolen = shake_hands(&certificate, &other_key, &authorities);
    assert!(
        matches!(
            stolen,
            Err(rustls::Error::InvalidCertificate(_) | rustls::Error::PeerMisbehaved(_))
        ),
        "{stolen:?}"
    );
}
