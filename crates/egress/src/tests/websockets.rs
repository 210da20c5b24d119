//! A WebSocket is opened by a server that understood the question, and by nobody else.

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::Upgraded;

/// The example of RFC 6455 section 1.3.
const KEY: &str = "dGhlIHNhbXBsZSBub25jZQ==";
const ACCEPT: &str = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

async fn asked(response: &str) -> (Result<Upgraded, EgressError>, String) {
    let server = Server::start(vec![vec![Step::ReadHead, Step::send(response)]]).await;
    let mut headers = HeaderList::new();
    headers.push("Connection", "keep-alive, Upgrade, X-Secret");
    headers.push("X-Secret", "of the connection");
    headers.push("Upgrade", "h2c");
    headers.push("Sec-WebSocket-Key", KEY);
    headers.push("Sec-WebSocket-Version", "13");
    let answer = client()
        .upgrade(&target(server.port), b"/chat", &headers, &TIMEOUTS)
        .await;
    let sent = server.received().await.remove(0);
    (answer, sent)
}

fn switching(fields: &str) -> String {
    format!("HTTP/1.1 101 Switching Protocols\r\n{fields}\r\n")
}

fn whole() -> String {
    format!("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {ACCEPT}\r\n")
}

#[tokio::test]
async fn server_that_proves_itself_opens_a_tunnel() {
    let response = switching(&format!("{}Sec-WebSocket-Protocol: chat\r\n", whole()));
    let (answer, sent) = asked(&format!("{response}behind")).await;
    let Ok(Upgraded::Tunnel(headers, mut tunnel)) = answer else {
        panic!("no tunnel");
    };
    assert_eq!(headers.text("sec-websocket-protocol"), Some("chat"));
    assert_eq!((headers.get("upgrade"), headers.get("connection")), (None, None));
    let mut bytes = Vec::new();
    tunnel.read_to_end(&mut bytes).await.unwrap();
    assert_eq!(bytes, b"behind", "what came with the head");
    let _gone = tunnel.write_all(b"x").await;
    assert!(sent.starts_with("GET /chat HTTP/1.1\r\n"), "{sent}");
    assert!(
        sent.ends_with("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"),
        "{sent}"
    );
    assert!(!sent.contains("h2c") && !sent.contains("X-Secret"), "{sent}");
}

#[tokio::test]
async fn interim_answers_may_come_before() {
    let response = format!(
        "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n{}",
        switching(&whole())
    );
    assert!(matches!(asked(&response).await.0, Ok(Upgraded::Tunnel(..))));
}

#[tokio::test]
async fn answer_of_a_server_that_does_not_want_to_is_an_answer() {
    let response = "HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno";
    let Ok(Upgraded::Answered(answer)) = asked(response).await.0 else {
        panic!("no answer");
    };
    assert_eq!(answer.status, 403);
    assert_eq!(text(answer).await, "no");
}

#[tokio::test]
async fn switch_without_proof_opens_nothing() {
    let other = "HSmrc0sMlYUkAGmm5OPpG2HaGWk=";
    for fields in [
        String::new(),
        "Upgrade: websocket\r\nConnection: Upgrade\r\n".to_owned(),
        whole().replace(ACCEPT, other),
        whole().replace("websocket", "h2c"),
        whole().replace("websocket", "websocket, h2c"),
        whole().replace("Connection: Upgrade", "Connection: close"),
        whole().replace("Connection: Upgrade\r\n", ""),
        format!("{}Upgrade: websocket\r\n", whole()),
        format!("{}Sec-WebSocket-Accept: {ACCEPT}\r\n", whole()),
        format!("{}Content-Length: 5\r\n", whole()),
        format!("{}Content-Length: 0\r\n", whole()),
        format!("{}Transfer-Encoding: chunked\r\n", whole()),
    ] {
        let answer = asked(&switching(&fields)).await.0;
        assert!(matches!(answer, Err(EgressError::Protocol(_))), "{fields}");
    }
    let old = switching(&whole()).replace("HTTP/1.1", "HTTP/1.0");
    assert!(matches!(asked(&old).await.0, Err(EgressError::Protocol(_))));
}

#[tokio::test]
async fn question_without_one_key_is_not_asked() {
    for keys in 0..3 {
        let mut headers = HeaderList::new();
        for _ in 0..keys {
            headers.push("Sec-WebSocket-Key", KEY);
        }
        let answer = client().upgrade(&target(9), b"/", &headers, &TIMEOUTS).await;
        let is_refused = matches!(answer, Err(EgressError::Request(_)));
        assert_eq!(is_refused, keys != 1, "{keys}");
    }
}
