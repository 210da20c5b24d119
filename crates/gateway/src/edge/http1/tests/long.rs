//! Long answers: of clients that take their time, and of backends whose bytes pass unread.

use super::*;

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
        async fn answer(&self, _: Request) -> Response {
            Response::full(200, "text/plain", vec![b'x'; 24 << 20])
        }
    }
    let edge = Edge::new(hurried(), || Long);
    let mut stream = edge.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    take_slowly(&mut stream, 24 << 20, 256 << 10);
}
