//! TLS: names, trust, ALPN, truncation.

use std::sync::Arc;

use rustls::{
    ServerConfig,
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer},
};
use tokio::{io::AsyncWriteExt, net::TcpListener, sync::oneshot};
use tokio_rustls::TlsAcceptor;

use super::*;

struct TlsServer {
    port: u16,
    certificate: CertificateDer<'static>,
    /// Server name and protocol that the client asked for.
    asked: oneshot::Receiver<(Option<String>, Option<Vec<u8>>)>,
}

/// Answers one connection; with `polite`, says goodbye as TLS wants it.
async fn tls_server(response: &'static str, exchanges: usize, polite: bool) -> TlsServer {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, asked) = oneshot::channel();
    tokio::spawn(async move {
        let (socket, _) = listener.accept().await.unwrap();
        let Ok(mut stream) = TlsAcceptor::from(Arc::new(config)).accept(socket).await else {
            return;
        };
        let session = stream.get_ref().1;
        let facts = (
            session.server_name().map(str::to_owned),
            session.alpn_protocol().map(<[u8]>::to_vec),
        );
        tell.send(facts).unwrap();
        let exchange = [Step::ReadHead, Step::send(response)];
        let script = vec![exchange; exchanges].concat();
        super::script::follow(&mut stream, script).await;
        if polite {
            stream.shutdown().await.unwrap();
        }
    });
    TlsServer {
        port,
        certificate,
        asked,
    }
}

fn trusting(certificate: Option<&CertificateDer<'static>>) -> Client {
    Client::new(ClientConfig {
        tls: tls::trusting_only(certificate.cloned()).unwrap(),
        limits: Limits::default(),
        policy: AddressPolicy::Any,
    })
}

async fn call(client: &Client, host: &str, port: u16) -> Result<Answer, EgressError> {
    let target = Target {
        https: true,
        host: host.to_owned(),
        port,
        address: None,
    };
    client
        .send(&target, b"GET", b"/", &HeaderList::new(), &mut (), &TIMEOUTS)
        .await
}

#[tokio::test]
async fn encrypted_connection_serves_many_exchanges() {
    let server = tls_server("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", 3, true).await;
    let client = trusting(Some(&server.certificate));
    for _ in 0..3 {
        assert_eq!(
            text(call(&client, "localhost", server.port).await.unwrap()).await,
            "ok"
        );
        assert_eq!(client.idle_connections(), 1);
    }
    let (name, protocol) = server.asked.await.unwrap();
    assert_eq!(name.as_deref(), Some("localhost"));
    assert_eq!(protocol.as_deref(), Some(b"http/1.1".as_slice()));
}

#[tokio::test]
async fn certificate_that_nobody_trusts_is_refused() {
    let server = tls_server("", 1, true).await;
    let outcome = call(&trusting(None), "localhost", server.port).await;
    assert!(matches!(outcome, Err(EgressError::Tls { .. })));
}

#[tokio::test]
async fn certificate_of_another_name_is_refused() {
    let server = tls_server("", 1, true).await;
    let outcome = call(&trusting(Some(&server.certificate)), "127.0.0.1", server.port).await;
    assert!(matches!(outcome, Err(EgressError::Tls { .. })));
}

#[tokio::test]
async fn body_that_ends_without_goodbye_may_be_cut_and_is_refused() {
    for (polite, complete) in [(true, true), (false, false)] {
        let server = tls_server("HTTP/1.1 200 OK\r\n\r\nall of it", 1, polite).await;
        let client = trusting(Some(&server.certificate));
        let mut answer = call(&client, "localhost", server.port).await.unwrap();
        let outcome = answer.body.read_whole(100).await;
        assert_eq!(outcome.is_ok(), complete, "{outcome:?}");
    }
}

#[tokio::test]
async fn clear_text_server_is_no_tls_server() {
    let server = Server::start(vec![vec![Step::send("HTTP/1.1 400 Bad Request\r\n\r\n")]]).await;
    let outcome = call(&trusting(None), "localhost", server.port).await;
    assert!(matches!(outcome, Err(EgressError::Tls { .. })), "{outcome:?}");
}
