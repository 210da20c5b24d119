use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::Arc,
};

use super::*;
use crate::http::{Listener, Request, Response, SourceFrom, TrustedProxies};

struct Echo;

impl Answer for Echo {
    async fn answer(&self, mut request: Box<Request>) -> Response {
        let body = match request.body.read_whole(1024).await {
            Ok(body) => body,
            Err(cause) => return Response::full(413, "text/plain", cause.to_string()),
        };
        let text = format!(
            "{} {} {} {}",
            String::from_utf8_lossy(&request.method),
            String::from_utf8_lossy(&request.target),
            request.authority,
            String::from_utf8_lossy(&body)
        );
        Response::full(200, "text/plain", text)
    }
}

/// Says a length that is not its body's.
struct Liar;

impl Answer for Liar {
    async fn answer(&self, _: Box<Request>) -> Response {
        let mut response = Response {
            status: 200,
            headers: portcullis_model::HeaderList::new(),
            body: crate::http::Body::Empty,
        };
        response.headers.push("Content-Length", "42");
        response.headers.push("Transfer-Encoding", "chunked");
        response
    }
}

pub(super) struct NoTls;

impl ServerConfigs for NoTls {
    fn server_config(&self, _: Option<&str>) -> Option<Arc<rustls::ServerConfig>> {
        None
    }
}

pub(super) fn parts() -> EdgeParts {
    EdgeParts {
        limits: EdgeLimits::default(),
        configs: Arc::new(NoTls),
        clock: Arc::new(portcullis_model::SystemClock),
        counters: Arc::default(),
        trusted_proxies: None,
        forward_proxy: None,
    }
}

fn exchange(bytes: &[u8]) -> String {
    exchange_with(bytes, || Echo)
}

fn exchange_with<A: Answer>(bytes: &[u8], make: fn() -> A) -> String {
    exchange_over(&parts(), bytes, make)
}

fn exchange_over<A: Answer>(parts: &EdgeParts, bytes: &[u8], make: fn() -> A) -> String {
    let door = Door {
        listener: Listener::PublicHttp,
        address: "127.0.0.1:0".parse().unwrap(),
    };
    let socket = Socket::open(door, 2).unwrap();
    let address = socket.address;
    let workers = start(vec![socket], 2, parts, make).unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(bytes).unwrap();
    let mut answer = String::new();
    // One that is closed unread may be reset.
    let _reset = stream.read_to_string(&mut answer);
    workers.stop();
    answer
}

#[test]
fn a_request_reaches_the_answer_as_it_came() {
    let answer = exchange(
        b"POST /a%2Fb/?q=%20 HTTP/1.1\r\nHost: api.example:80\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello",
    );
    assert!(answer.starts_with("HTTP/1.1 200 OK\r\n"), "{answer}");
    assert!(
        answer.ends_with("POST /a%2Fb/?q=%20 api.example:80 hello"),
        "{answer}"
    );
}

#[test]
fn ambiguous_hosts_are_refused() {
    for head in [
        "GET / HTTP/1.1\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n",
        "GET http://a/ HTTP/1.1\r\nHost: b\r\n",
    ] {
        let answer = exchange(format!("{head}Connection: close\r\n\r\n").as_bytes());
        assert!(answer.starts_with("HTTP/1.1 400 "), "{head}: {answer}");
    }
}

#[test]
fn a_body_over_the_limit_is_not_read() {
    let answer = exchange(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4096\r\nConnection: close\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
}

#[test]
fn a_stop_lets_no_thread_behind() {
    let door = Door {
        listener: Listener::PublicHttp,
        address: "127.0.0.1:0".parse().unwrap(),
    };
    let socket = Socket::open(door, 2).unwrap();
    let address = socket.address;
    let parts = parts();
    let workers = start(vec![socket], 2, &parts, || Echo).unwrap();
    let idle = TcpStream::connect(address).unwrap();
    workers.stop();
    drop(idle);
    assert!(TcpStream::connect(address).is_err());
}

/// Says where it comes from.
struct Source;

impl Answer for Source {
    async fn answer(&self, request: Box<Request>) -> Response {
        let peer = request.peer;
        let text = format!("{} tls={}", peer.address.ip(), peer.tls.is_some());
        Response::full(200, "text/plain", text)
    }
}

#[test]
fn proxies_introduce_their_connections_and_nobody_else_may() {
    let said = |ranges: &str, bytes: &[u8]| {
        let parts = EdgeParts {
            trusted_proxies: Some(TrustedProxies {
                ranges: [ranges.parse().unwrap()].into(),
                source_from: SourceFrom::ProxyProtocol,
            }),
            ..parts()
        };
        exchange_over(&parts, bytes, || Source)
    };
    let request = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
    let introduced = [&b"PROXY TCP4 192.0.2.7 198.51.100.1 5 443\r\n"[..], request].concat();
    assert!(said("127.0.0.0/8", &introduced).ends_with("192.0.2.7 tls=false"));
    let encrypted = [
        &b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x14"[..],
        &[
            192, 0, 2, 8, 198, 51, 100, 1, 0, 5, 1, 187, 0x20, 0, 5, 1, 0, 0, 0, 0,
        ],
        request,
    ]
    .concat();
    assert!(said("127.0.0.0/8", &encrypted).ends_with("192.0.2.8 tls=true"));
    // Without an introduction, and from an address that is no proxy of ours: closed, unread.
    assert_eq!(said("127.0.0.0/8", request), "");
    assert_eq!(said("10.0.0.0/8", &introduced), "");
}

#[test]
fn only_an_answer_to_head_may_say_the_length_of_a_body_that_is_not_sent() {
    let answer = exchange_with(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", || Liar);
    assert!(
        answer.contains("Content-Length: 0\r\n") && !answer.contains("chunked"),
        "{answer}"
    );
    let answer = exchange_with(b"HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", || {
        Liar
    });
    assert!(answer.contains("Content-Length: 42\r\n"), "{answer}");
}

/// Answers with a field that would end the head, or not be one: of the caller's choice.
struct Splitter;

impl Answer for Splitter {
    async fn answer(&self, request: Box<Request>) -> Response {
        let mut response = Response::full(200, "text/plain", "whole");
        match request.path() {
            b"/value" => response.headers.push("X-A", "b\r\nX-C: d"),
            b"/name" => response.headers.push("X A", "b"),
            // One that is ours to write, and would be left out.
            b"/ours" => response.headers.push("Connection", "close\r\nX-C: d"),
            _ => {}
        }
        response
    }
}

#[test]
fn answer_with_a_field_that_http_cannot_carry_is_a_500_and_nothing_of_it_goes_out() {
    for (path, status) in [("/", 200), ("/value", 500), ("/name", 500), ("/ours", 500)] {
        let request = format!("GET {path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let answer = exchange_with(request.as_bytes(), || Splitter);
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status} ")),
            "{path}: {answer}"
        );
        assert_eq!(
            answer.ends_with("\r\n\r\nwhole"),
            status == 200,
            "{path}: {answer}"
        );
        assert!(!answer.contains("X-C"), "{path}: {answer}");
    }
}

/// Every connection costs its own state for as long as it idles: what is rarely needed is on the heap while it is needed.
#[test]
fn idle_connection_is_small() {
    use super::connection::Shared;
    let (_keep, stop) = tokio::sync::watch::channel(false);
    let shared = std::rc::Rc::new(Shared {
        answer: Echo,
        limits: EdgeLimits::default(),
        clock: parts().clock,
        load: std::rc::Rc::default(),
        line: super::tls::Line::default(),
        stop,
    });
    let peer = || crate::http::Peer {
        address: "127.0.0.1:1".parse().unwrap(),
        listener: Listener::Public,
        tls: None,
    };
    let (one, _other) = tokio::io::duplex(1);
    let http1 = std::mem::size_of_val(&super::http1::serve(&shared, one, peer()));
    let (one, _other) = tokio::io::duplex(1);
    let both = std::mem::size_of_val(&super::connection::serve(shared.clone(), one, peer(), None));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let whole = runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(listener.local_addr().unwrap())
            .await
            .unwrap();
        let admission = super::admission::Admission::new(&EdgeLimits::default(), Arc::default());
        let permit = admission.admit(std::net::IpAddr::from([127, 0, 0, 1])).unwrap();
        std::mem::size_of_val(&super::workers::converse(
            stream,
            peer(),
            std::rc::Rc::new(parts()),
            shared.clone(),
            permit,
        ))
    });
    assert!(
        http1 <= 560 && both <= 720 && whole <= 1150,
        "{http1} {both} {whole}"
    );
}
