//! Long answers: of clients that take their time, and of backends whose bytes pass unread.

use std::{
    net::TcpListener,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    thread,
};

use portcullis_egress::Timeouts;

use super::*;
use crate::integrations::http_proxy::incoming;

/// Asks the backend that the target names, and lets its answer pass.
struct Passing;

impl Answer for Passing {
    async fn answer(&self, request: Box<Request>) -> Response {
        let (client, target) = backend_of(&request);
        let timeouts = Timeouts::within(Duration::from_secs(20));
        let asked = client
            .send(
                &target,
                b"GET",
                &request.target,
                &request.headers,
                &mut (),
                &timeouts,
            )
            .await;
        let answer = asked.unwrap();
        Response {
            status: answer.status,
            headers: answer.headers,
            body: incoming(answer.body),
        }
    }
}

/// What a body of so many bytes is.
fn body(bytes: usize) -> Vec<u8> {
    (0..bytes).map(|at| (at % 251) as u8).collect()
}

/// A backend which answers `/{its port}/{announced}/{sent}` with so many bytes, and goes away where it sent fewer than it
/// announced.
struct Backend {
    port: u16,
    connections: Arc<AtomicUsize>,
    /// A connection of the edge's has ended.
    ended: mpsc::Receiver<()>,
}

impl Backend {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let connections = Arc::new(AtomicUsize::new(0));
        let (ends, ended) = mpsc::channel();
        let count = Arc::clone(&connections);
        thread::spawn(move || {
            while let Ok((stream, _)) = listener.accept() {
                count.fetch_add(1, Ordering::SeqCst);
                let ends = ends.clone();
                thread::spawn(move || {
                    serve(stream);
                    let _test_is_over = ends.send(());
                });
            }
        });
        Self {
            port,
            connections,
            ended,
        }
    }

    fn request(&self, announced: usize, sent: usize) -> Vec<u8> {
        format!(
            "GET /{}/{announced}/{sent} HTTP/1.1\r\nHost: a\r\n\r\n",
            self.port
        )
        .into_bytes()
    }
}

fn serve(mut stream: TcpStream) {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            match stream.read(&mut byte) {
                Ok(1) => head.push(byte[0]),
                _ => return,
            }
        }
        let head = String::from_utf8(head).unwrap();
        let mut numbers = head
            .split([' ', '/'])
            .filter_map(|part| part.parse::<usize>().ok());
        let (_port, announced, sent) = (numbers.next(), numbers.next().unwrap(), numbers.next().unwrap());
        let mut answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {announced}\r\n\r\n").into_bytes();
        answer.extend_from_slice(&body(sent));
        if stream.write_all(&answer).is_err() || sent < announced {
            return;
        }
    }
}

/// Reads one answer, whose head says how long it is, and returns its body.
fn read_answer(stream: &mut TcpStream) -> Vec<u8> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        head.push(byte[0]);
    }
    let head = String::from_utf8(head).unwrap().to_ascii_lowercase();
    let length = head.split("content-length: ").nth(1).unwrap();
    let mut body = vec![0; length.split("\r\n").next().unwrap().parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    body
}

#[test]
fn answers_of_every_length_come_whole_on_connections_that_go_on() {
    let (edge, backend) = (Edge::new(EdgeLimits::default(), || Passing), Backend::start());
    let mut stream = edge.connect();
    for bytes in [
        0,
        1,
        8_000,
        65_535,
        65_536,
        65_600,
        73_700,
        73_800,
        100_000,
        300_000,
        1 << 20,
        5_000_001,
        3,
        70_001,
    ] {
        stream.write_all(&backend.request(bytes, bytes)).unwrap();
        assert!(read_answer(&mut stream) == body(bytes), "{bytes}");
    }
    assert_eq!(backend.connections.load(Ordering::SeqCst), 1);
}

#[test]
fn answer_that_breaks_off_breaks_off_for_the_client_too() {
    let (edge, backend) = (Edge::new(EdgeLimits::default(), || Passing), Backend::start());
    let mut stream = edge.connect();
    stream.write_all(&backend.request(3 << 20, 1 << 20)).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    assert!(answer.ends_with(&body(1 << 20)));
    assert!(answer.len() < (1 << 20) + 200);
}

#[test]
fn client_that_is_slow_gets_all_of_what_passes() {
    let (edge, backend) = (Edge::new(hurried(), || Passing), Backend::start());
    let mut stream = edge.connect();
    stream.write_all(&backend.request(24 << 20, 24 << 20)).unwrap();
    let answer = take_slowly(&mut stream, 24 << 20, 256 << 10);
    assert!(answer.ends_with(&body(24 << 20)));
}

/// Both connections end, and nothing of what was on its way is ever taken for another's answer.
#[test]
fn client_that_takes_nothing_of_what_passes_is_given_up() {
    let (edge, backend) = (Edge::new(hurried(), || Passing), Backend::start());
    let mut stalled = edge.connect();
    stalled.write_all(&backend.request(64 << 20, 64 << 20)).unwrap();
    backend
        .ended
        .recv_timeout(Duration::from_secs(10))
        .expect("the backend's connection is closed");
    for bytes in [200_000, 200_001] {
        let mut stream = edge.connect();
        stream.write_all(&backend.request(bytes, bytes)).unwrap();
        assert!(read_answer(&mut stream) == body(bytes), "{bytes}");
    }
    let mut answer = Vec::new();
    let _reset = stalled.read_to_end(&mut answer);
    assert!(answer.len() < 64 << 20);
}

/// Takes `piece` bytes at a time, a while between, until `bytes` of the body have come.
fn take_slowly(stream: &mut TcpStream, bytes: usize, piece: usize) -> Vec<u8> {
    let mut answer = Vec::new();
    let mut buffer = vec![0; piece];
    let whole = |answer: &[u8]| {
        let body = memchr::memmem::find(answer, b"\r\n\r\n").map(|end| answer.len() - end - 4);
        body.is_some_and(|body| body >= bytes)
    };
    while !whole(&answer) {
        match stream.read(&mut buffer) {
            Ok(read @ 1..) => answer.extend_from_slice(&buffer[..read]),
            ended => panic!("{ended:?} after {} bytes", answer.len()),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    answer
}

/// It takes some all the time, and so it is not one that takes nothing.
#[test]
fn client_that_is_slow_gets_all_of_an_answer() {
    struct Long;
    impl Answer for Long {
        async fn answer(&self, _: Box<Request>) -> Response {
            Response::full(200, "text/plain", vec![b'x'; 24 << 20])
        }
    }
    let edge = Edge::new(hurried(), || Long);
    let mut stream = edge.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    take_slowly(&mut stream, 24 << 20, 256 << 10);
}
