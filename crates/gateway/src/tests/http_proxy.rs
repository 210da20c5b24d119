//! HTTP proxies against a backend on loopback: what reaches it, what comes back, and what happens when it does not.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::mpsc::{Receiver, channel},
    thread,
    time::Duration,
};

use super::*;
use crate::http::{SourceFrom, TrustedProxies};

/// Answers every request on its own connection with `answer`, and hands on what it read.
fn backend(answer: &'static str) -> (SocketAddr, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            stream.set_read_timeout(Some(Duration::from_millis(100))).unwrap();
            let mut read = Vec::new();
            let mut buffer = [0u8; 65_536];
            // The body may come after the head: read until it is whole or nothing more comes.
            while let Ok(length) = stream.read(&mut buffer) {
                read.extend_from_slice(&buffer[..length]);
                let text = String::from_utf8_lossy(&read);
                let whole = text.split_once("\r\n\r\n").is_some_and(|(head, body)| {
                    let length = head
                        .lines()
                        .find_map(|line| line.strip_prefix("Content-Length: "));
                    body.len() >= length.map_or(0, |length| length.parse().unwrap())
                        && (!head.contains("chunked") || body.ends_with("0\r\n\r\n"))
                });
                if whole || length == 0 {
                    break;
                }
            }
            if sender.send(String::from_utf8_lossy(&read).into_owned()).is_err() {
                return;
            }
            let _closed = stream.write_all(answer.as_bytes());
        }
    });
    (address, receiver)
}

const FINE: &str =
    "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nfine";

fn world(uri: &str, changes: Value) -> World {
    let mut integration = json!({
        "type": "HTTP_PROXY", "httpMethod": "ANY", "uri": uri,
        "requestParameters": {"integration.request.path.proxy": "method.request.path.proxy"},
    });
    merge(&mut integration, changes);
    World::with(
        json!({"resources": [resource("/{proxy+}", json!({"ANY": open(integration)}))]}),
        json!({"variables": {"color": "red"}}),
    )
}

fn head_of(read: &Receiver<String>) -> (String, Vec<String>, String) {
    let text = read.recv_timeout(Duration::from_secs(5)).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap();
    let mut lines = head.lines().map(str::to_owned);
    (lines.next().unwrap(), lines.collect(), body.to_owned())
}

#[test]
fn method_path_query_headers_and_body_pass() {
    let (address, read) = backend(FINE);
    let world = world(&format!("http://{address}/base/{{proxy}}?k=v"), json!({}));
    let request = request(
        "PUT",
        "/prod/a/b%2Fc/?x=1&x=2",
        &[
            ("Accept", "text/plain"),
            ("Authorization", "Bearer t"),
            ("Connection", "close, X-Hop"),
            ("X-Hop", "gone"),
            ("Host", "evil.example"),
            ("Forwarded", "for=1.2.3.4"),
            ("X-Forwarded-For", "203.0.113.9"),
            ("X-Forwarded-Proto", "https"),
            ("TE", "trailers"),
            ("Cookie", "a=b"),
        ],
    );
    let outcome = world.send(with_body(request, "payload"));
    assert_eq!(
        (outcome.status, outcome.body.as_str()),
        (200, "fine"),
        "{:?}",
        outcome.trail
    );
    let (line, headers, body) = head_of(&read);
    assert_eq!(line, "PUT /base/a/b%2Fc?k=v&x=1&x=2 HTTP/1.1");
    assert_eq!(body, "payload");
    assert_eq!(
        headers,
        [
            format!("Host: {address}").as_str(),
            "Accept: text/plain",
            "Authorization: Bearer t",
            "Cookie: a=b",
            "X-Forwarded-For: 203.0.113.9, 192.0.2.7",
            "X-Forwarded-Port: 80",
            "X-Forwarded-Proto: http",
            "Content-Length: 7",
        ]
    );
    let reason = format!("answered by `{address}`");
    assert!(
        outcome
            .trail
            .steps
            .iter()
            .any(|step| step.layer == "integration" && step.reason == reason)
    );
}

#[test]
fn proxy_that_named_the_source_is_the_last_hop() {
    for (peer, claimed, told) in [
        ("10.0.0.1:1", "198.51.100.7", "198.51.100.7, 10.0.0.1"),
        (
            "10.0.0.1:1",
            "203.0.113.9, 198.51.100.7, 10.0.0.2",
            "203.0.113.9, 198.51.100.7, 10.0.0.2, 10.0.0.1",
        ),
        // Nobody who is believed.
        ("192.0.2.7:1", "198.51.100.7", "198.51.100.7, 192.0.2.7"),
    ] {
        let (address, read) = backend(FINE);
        let world = World::empty(GatewaySettings {
            trusted_proxies: Some(TrustedProxies {
                ranges: ["10.0.0.0/8".parse().unwrap()].into(),
                source_from: SourceFrom::XForwardedFor,
            }),
            ..GatewaySettings::default()
        });
        let integration =
            json!({"type": "HTTP_PROXY", "httpMethod": "GET", "uri": format!("http://{address}/")});
        let image = json!({"resources": [resource("/a", json!({"GET": open(integration)}))]});
        let world = world.deploying(image, json!({}));
        let mut request = request("GET", "/prod/a", &[("X-Forwarded-For", claimed)]);
        request.peer.address = peer.parse().unwrap();
        assert_eq!(world.send(request).status, 200);
        let (_, headers, _) = head_of(&read);
        let line = headers.iter().find(|line| line.starts_with("X-Forwarded-For"));
        assert_eq!(line.unwrap(), &format!("X-Forwarded-For: {told}"));
    }
}

#[test]
fn parameters_are_mapped() {
    let (address, read) = backend(FINE);
    let world = world(
        &format!("http://{address}/{{proxy}}"),
        json!({"requestParameters": {
            "integration.request.path.proxy": "method.request.querystring.p",
            "integration.request.querystring.x": "method.request.multivaluequerystring.y",
            "integration.request.querystring.who": "context.identity.sourceIp",
            "integration.request.header.X-User": "method.request.header.X-Name",
            "integration.request.header.X-Color": "stageVariables.color",
            "integration.request.header.X-Static": "'s'",
            "integration.request.header.X-Absent": "method.request.header.None",
        }}),
    );
    let headers = [("X-Name", "ann"), ("x-user", "forged"), ("x-absent", "kept")];
    let outcome = world.send(request("GET", "/prod/z?p=a%2Fb+c&x=own&y=1&y=2%26", &headers));
    assert_eq!(outcome.status, 200, "{:?}", outcome.trail);
    let (line, headers, _) = head_of(&read);
    assert_eq!(
        line,
        "GET /a%2Fb%20c?p=a%2Fb+c&y=1&y=2%26&who=192.0.2.7&x=1&x=2%26 HTTP/1.1"
    );
    for line in ["X-User: ann", "X-Color: red", "X-Static: s", "x-absent: kept"] {
        assert!(headers.iter().any(|header| header == line), "{line}: {headers:?}");
    }
    assert!(!headers.iter().any(|header| header.contains("forged")));
}

#[test]
fn path_that_climbs_is_refused() {
    let (address, _read) = backend(FINE);
    let world = world(&format!("http://{address}/base/{{proxy}}"), json!({}));
    for path in [
        "../admin",
        "a/..%2f..%2fadmin",
        "%2e%2e/admin",
        "a/..;/b",
        "..%5cadmin",
    ] {
        let outcome = world.get(&format!("/prod/x/{path}"));
        outcome.refused(400, "\"Invalid path parameter\"", "mapping", "`..` segment");
    }
}

#[test]
fn value_with_a_line_end_never_becomes_a_header() {
    let (address, _read) = backend(FINE);
    let parameters = json!({"requestParameters": {
        "integration.request.path.proxy": "'x'",
        "integration.request.header.X-Q": "method.request.querystring.q",
    }});
    let world = world(&format!("http://{address}/{{proxy}}"), parameters);
    let outcome = world.get("/prod/x?q=a%0d%0aX-Evil:1");
    outcome.refused(
        400,
        "\"Invalid request parameters\"",
        "mapping",
        "control character",
    );
}

#[test]
fn answer_headers_are_remapped() {
    let (address, _read) = backend(
        "HTTP/1.1 418 Teapot\r\nServer: b\r\nDate: d\r\nWWW-Authenticate: Basic\r\nVia: x\r\nETag: e\r\n\
         x-amzn-RequestId: theirs\r\nx-amzn-ErrorType: Fake\r\nSet-Cookie: a=b\r\nSet-Cookie: c=d\r\n\
         Transfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\nab\r\n0\r\n\r\n",
    );
    let outcome = world(&format!("http://{address}/{{proxy}}"), json!({})).get("/prod/x");
    assert_eq!((outcome.status, outcome.body.as_str()), (418, "ab"));
    let remapped = |name: &str| outcome.header(&format!("x-amzn-remapped-{name}"));
    assert_eq!(remapped("server"), Some("b"));
    assert_eq!(remapped("date"), Some("d"));
    assert_eq!(remapped("www-authenticate"), Some("Basic"));
    assert_eq!(remapped("x-amzn-requestid"), Some("theirs"));
    assert_eq!(remapped("x-amzn-errortype"), Some("Fake"));
    for name in [
        "server",
        "date",
        "www-authenticate",
        "via",
        "x-amzn-errortype",
        "transfer-encoding",
    ] {
        assert_eq!(outcome.header(name), None, "{name}");
    }
    assert_eq!(outcome.header("etag"), Some("e"));
    assert_eq!(outcome.headers.all("set-cookie").count(), 2);
    assert_eq!(outcome.headers.all("x-amzn-requestid").count(), 1);
}

#[test]
fn fixed_method_replaces_the_callers() {
    let (address, read) = backend(FINE);
    let world = world(
        &format!("http://{address}/{{proxy}}"),
        json!({"httpMethod": "POST"}),
    );
    assert_eq!(world.get("/prod/x").status, 200);
    assert_eq!(head_of(&read).0, "POST /x HTTP/1.1");
}

#[test]
fn backend_that_is_not_there_or_too_slow_fails() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = listener.local_addr().unwrap();
    let slow = world(
        &format!("http://{silent}/{{proxy}}"),
        json!({"timeoutInMillis": 50}),
    );
    let outcome = slow.get("/prod/x");
    outcome.refused(504, "\"Endpoint request timed out\"", "integration", "in time");
    assert_eq!(
        outcome.header("x-amzn-errortype"),
        Some("InternalServerErrorException")
    );

    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let outcome = world(&format!("http://{closed}/{{proxy}}"), json!({})).get("/prod/x");
    outcome.refused(
        504,
        "\"Network error communicating with endpoint\"",
        "integration",
        "cannot be connected",
    );

    let (address, _read) = backend("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab");
    let outcome = world(&format!("http://{address}/{{proxy}}"), json!({})).get("/prod/x");
    outcome.refused(
        504,
        "\"Network error communicating with endpoint\"",
        "integration",
        "not valid",
    );
}

#[test]
fn streamed_body_over_the_limit_is_too_large() {
    struct Endless;
    impl crate::http::body::ChunkSource for Endless {
        fn poll_next(
            &mut self,
            _: &mut std::task::Context<'_>,
        ) -> std::task::Poll<Option<Result<Bytes, crate::http::BodyError>>> {
            std::task::Poll::Ready(Some(Ok(Bytes::from_static(&[b'x'; 65_536]))))
        }
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let _all = std::io::copy(&mut stream, &mut std::io::sink());
    });
    let mut post = request("POST", "/prod/x", &[]);
    post.body = Body::Stream(Box::new(Endless));
    let outcome = world(&format!("http://{address}/{{proxy}}"), json!({})).send(post);
    outcome.refused(
        413,
        "\"HTTP content length exceeded 10485760 bytes\"",
        "integration",
        "exceeds 10485760 bytes",
    );
}
