//! What passes once a backend has switched, and when it stops.

use std::{net::TcpListener, thread};

use portcullis_egress::{Timeouts, Upgraded};

use super::*;
use crate::http::websocket::{TUNNELS, Tunnel};

const HANDSHAKE: &[u8] = b"GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
    Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/// Asks the backend whose port is the target's.
struct Through;

impl Answer for Through {
    async fn answer(&self, request: Box<Request>) -> Response {
        assert!(request.is_handshake());
        let (client, target) = backend_of(&request);
        let timeouts = Timeouts::within(Duration::from_secs(5));
        let asked = client.upgrade(&target, b"/", &request.headers, &timeouts).await;
        let Ok(Upgraded::Tunnel(headers, backend)) = asked else {
            return Response::full(502, "text/plain", "no tunnel");
        };
        let place = TUNNELS.place().unwrap();
        Response {
            status: 101,
            headers,
            body: Body::Tunnel(Box::new(Tunnel { backend, place })),
        }
    }
}

/// A backend that switches and says `hello` at once; then what `talk` does.
fn backend(talk: impl Fn(TcpStream) + Send + 'static) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            stream.read_exact(&mut byte).unwrap();
            head.push(byte[0]);
        }
        stream
            .write_all(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
                  Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n\r\nhello",
            )
            .unwrap();
        talk(stream);
    });
    port
}

/// Reads until all of `stream` is there, or it ends.
fn read_until(stream: &mut TcpStream, end: &[u8]) -> Vec<u8> {
    let mut seen = Vec::new();
    let mut bytes = [0; 4096];
    while !seen.ends_with(end) {
        match stream.read(&mut bytes).unwrap() {
            0 => break,
            read => seen.extend_from_slice(&bytes[..read]),
        }
    }
    seen
}

fn open(edge: &Edge, port: u16, behind: &[u8]) -> TcpStream {
    let mut stream = edge.connect();
    let asked = String::from_utf8_lossy(HANDSHAKE).replace("/chat", &format!("/{port}"));
    stream.write_all(&[asked.as_bytes(), behind].concat()).unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"hello") {
        let mut byte = [0];
        stream.read_exact(&mut byte).unwrap();
        answer.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&answer);
    assert!(
        text.starts_with("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"),
        "{text}"
    );
    assert!(text.contains("Sec-WebSocket-Accept"), "{text}");
    assert!(!text.to_ascii_lowercase().contains("content-length"), "{text}");
    stream
}

fn echo(mut stream: TcpStream) {
    let mut bytes = [0; 4096];
    while let Ok(read @ 1..) = stream.read(&mut bytes) {
        stream.write_all(&bytes[..read]).unwrap();
    }
}

#[test]
fn bytes_pass_both_ways_and_no_request_is_read_any_more() {
    let edge = Edge::new(EdgeLimits::default(), || Through);
    let mut stream = open(&edge, backend(echo), b"early ");
    let request = b"GET /admin HTTP/1.1\r\nHost: a\r\n\r\n";
    stream.write_all(request).unwrap();
    assert_eq!(
        read_until(&mut stream, request),
        [b"early ", &request[..]].concat()
    );
    stream.shutdown(Shutdown::Write).unwrap();
    assert_eq!(
        read_until(&mut stream, b"never"),
        b"",
        "the backend closed as well"
    );
}

#[test]
fn megabytes_pass_to_a_side_that_reads_slowly() {
    let edge = Edge::new(EdgeLimits::default(), || Through);
    let mut stream = open(&edge, backend(echo), b"");
    let mut sending = stream.try_clone().unwrap();
    let sent: Vec<u8> = (0..8 << 20).map(|at: u32| at.to_le_bytes()[1]).collect();
    let writer = thread::spawn(move || {
        sending.write_all(&sent).unwrap();
        sent
    });
    thread::sleep(Duration::from_millis(200));
    let mut came = vec![0; 8 << 20];
    stream.read_exact(&mut came).unwrap();
    assert!(came == writer.join().unwrap());
}

#[test]
fn silent_tunnel_is_closed_on_both_sides() {
    let limits = EdgeLimits {
        tunnel_idle_time: Duration::from_millis(300),
        ..EdgeLimits::default()
    };
    let edge = Edge::new(limits, || Through);
    let (told, was_told) = std::sync::mpsc::channel();
    let port = backend(move |mut stream| {
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest));
        told.send(rest).unwrap();
    });
    let mut stream = open(&edge, port, b"");
    let began = Instant::now();
    // Something passes meanwhile: the time starts anew.
    thread::sleep(Duration::from_millis(200));
    stream.write_all(b"x").unwrap();
    assert_eq!(read_until(&mut stream, b"never"), b"");
    let took = began.elapsed();
    assert!((500..5_000).contains(&took.as_millis()), "{took:?}");
    let rest = was_told.recv_timeout(Duration::from_secs(5)).unwrap();
    assert_eq!(rest, b"x");
}

#[test]
fn busy_tunnel_ends_when_its_time_is_over() {
    let limits = EdgeLimits {
        tunnel_time: Duration::from_millis(500),
        ..EdgeLimits::default()
    };
    let edge = Edge::new(limits, || Through);
    let port = backend(|mut stream| {
        while stream.write_all(b"tick ").is_ok() {
            thread::sleep(Duration::from_millis(20));
        }
    });
    let mut stream = open(&edge, port, b"");
    let began = Instant::now();
    assert!(read_until(&mut stream, b"never").starts_with(b"tick "));
    let took = began.elapsed();
    assert!((400..5_000).contains(&took.as_millis()), "{took:?}");
}

#[test]
fn tunnels_are_closed_when_we_stop() {
    let edge = Edge::new(EdgeLimits::default(), || Through);
    let mut stream = open(&edge, backend(echo), b"");
    let began = Instant::now();
    drop(edge);
    assert!(began.elapsed() < Duration::from_secs(5), "within the drain time");
    assert_eq!(read_until(&mut stream, b"never"), b"");
}
