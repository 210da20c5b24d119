//! What goes over the wire.

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

/// Sends one request and returns what arrived until `end`.
async fn sent(
    method: &str,
    path: &str,
    headers: &[(&'static str, &'static str)],
    body: &mut dyn OutgoingBody,
    end: &'static str,
) -> Result<String, EgressError> {
    let server = Server::start(vec![vec![Step::ReadUntil(end), Step::send(OK), Step::AwaitClose]]).await;
    let headers: HeaderList = headers.iter().copied().collect();
    let target = target(server.port);
    let client = client();
    let outcome = client
        .send(
            &target,
            method.as_bytes(),
            path.as_bytes(),
            &headers,
            body,
            &TIMEOUTS,
        )
        .await;
    drop(client);
    outcome?;
    let received = server.received().await.remove(0);
    Ok(received.replace(&target.port.to_string(), "PORT"))
}

async fn refused(method: &str, path: &str, headers: &[(&'static str, &'static str)]) -> bool {
    // Nobody listens there: what is refused is refused before anything is connected.
    let headers: HeaderList = headers.iter().copied().collect();
    let outcome = client()
        .send(
            &target(1),
            method.as_bytes(),
            path.as_bytes(),
            &headers,
            &mut (),
            &TIMEOUTS,
        )
        .await;
    matches!(outcome, Err(EgressError::Request(_)))
}

#[tokio::test]
async fn request_without_a_body_is_one_head() {
    let received = sent(
        "GET",
        "/a%20b?c=d",
        &[("X-A", "1"), ("x-a", "2")],
        &mut (),
        "\r\n\r\n",
    )
    .await
    .unwrap();
    assert_eq!(
        received,
        "GET /a%20b?c=d HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX-A: 1\r\nx-a: 2\r\n\r\n"
    );
}

#[tokio::test]
async fn empty_body_is_announced_where_one_is_usual() {
    for (method, announced) in [
        ("POST", true),
        ("PUT", true),
        ("PATCH", true),
        ("GET", false),
        ("DELETE", false),
    ] {
        let received = sent(method, "/", &[], &mut (), "\r\n\r\n").await.unwrap();
        assert_eq!(received.contains("Content-Length: 0\r\n"), announced, "{method}");
    }
}

#[tokio::test]
async fn whole_body_follows_the_head() {
    let mut body = Bytes::from_static(b"hello");
    let received = sent("POST", "/", &[("Content-Type", "text/plain")], &mut body, "hello")
        .await
        .unwrap();
    assert!(
        received.ends_with("Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nhello"),
        "{received}"
    );
}

#[tokio::test]
async fn long_whole_body_arrives() {
    let long = format!("{}END", "0123456789".repeat(300_000));
    let received = sent("PUT", "/", &[], &mut Bytes::from(long.clone()), "END")
        .await
        .unwrap();
    assert!(received.ends_with(&long) && received.contains("Content-Length: 3000003\r\n"));
}

#[tokio::test]
async fn pieces_of_known_length_are_sent_as_they_come() {
    let mut body = Pieces::new(Some(7), &["ab", "", "cde", "fg"]);
    let received = sent("POST", "/", &[], &mut body, "fg").await.unwrap();
    assert!(
        received.ends_with("Content-Length: 7\r\n\r\nabcdefg"),
        "{received}"
    );
}

#[tokio::test]
async fn pieces_of_unknown_length_are_sent_as_chunks() {
    let mut body = Pieces::new(None, &["ab", "", "0123456789abcdef", "c"]);
    let received = sent("POST", "/", &[], &mut body, "0\r\n\r\n").await.unwrap();
    let expected =
        "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n10\r\n0123456789abcdef\r\n1\r\nc\r\n0\r\n\r\n";
    assert!(received.ends_with(expected), "{received}");
    let mut nothing = Pieces::new(None, &[]);
    let received = sent("POST", "/", &[], &mut nothing, "0\r\n\r\n").await.unwrap();
    assert!(
        received.ends_with("Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        "{received}"
    );
}

#[tokio::test]
async fn body_that_does_not_keep_its_word_is_an_error() {
    let failing = Pieces {
        length: None,
        pieces: [Ok(Bytes::from_static(b"ab")), Err("the client left".to_owned())].into(),
        late: true,
    };
    for mut body in [
        Pieces::new(Some(3), &["ab"]),
        Pieces::new(Some(3), &["ab", "cd"]),
        failing,
    ] {
        let outcome = sent("POST", "/", &[], &mut body, "never").await;
        assert!(matches!(outcome, Err(EgressError::RequestBody(_))));
    }
}

#[tokio::test]
async fn framing_and_connection_fields_are_ours_alone() {
    let headers = [
        ("content-length", "999"),
        ("Transfer-Encoding", "gzip"),
        ("Connection", "close, X-Hop"),
        ("x-hop", "1"),
        ("Keep-Alive", "timeout=1"),
        ("Proxy-Connection", "x"),
        ("TE", "trailers"),
        ("Trailer", "x"),
        ("Upgrade", "h2c"),
        ("Expect", "100-continue"),
        ("X-Kept", "1"),
    ];
    let received = sent("POST", "/", &headers, &mut Bytes::from_static(b"hello"), "hello")
        .await
        .unwrap();
    let expected = "POST / HTTP/1.1\r\nHost: 127.0.0.1:PORT\r\nX-Kept: 1\r\nContent-Length: 5\r\n\r\nhello";
    assert_eq!(received, expected);
}

#[tokio::test]
async fn host_is_the_callers_when_there_is_one() {
    let received = sent("GET", "/", &[("host", "api.example.com")], &mut (), "\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(received, "GET / HTTP/1.1\r\nHost: api.example.com\r\n\r\n");
    assert!(refused("GET", "/", &[("Host", "a"), ("host", "a")]).await);
}

#[tokio::test]
async fn what_would_split_a_request_is_refused() {
    for value in ["a\r\nX-B: c", "a\nb", "a\rb", "a\0b", "a\u{1}b", "a\u{7f}b"] {
        assert!(refused("GET", "/", &[("X-A", value)]).await, "{value:?}");
        assert!(refused("GET", "/", &[("Host", value)]).await, "{value:?}");
    }
    for name in ["", "X A", "X:A", "X\r\nA", "X\0", "X\u{e9}", " X", "X "] {
        assert!(refused("GET", "/", &[(name, "a")]).await, "{name:?}");
    }
    for path in [
        "",
        "a",
        "/ b",
        "/\r\n",
        "/a HTTP/1.1\r\nX: y\r\n\r\n",
        "/a\0",
        "/a\tb",
        "/a#b",
        "http://a/",
        "*a",
    ] {
        assert!(refused("GET", path, &[]).await, "{path:?}");
    }
    for method in ["", "GE T", "GET\r\n", "G(T", "CONNECT"] {
        assert!(refused(method, "/", &[]).await, "{method:?}");
    }
}
