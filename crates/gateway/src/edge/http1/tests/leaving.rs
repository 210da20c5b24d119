//! A client that leaves while its answer is made.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::*;

static UNDER_WAY: AtomicUsize = AtomicUsize::new(0);

struct UnderWay;

impl UnderWay {
    fn begin() -> Self {
        UNDER_WAY.fetch_add(1, Ordering::SeqCst);
        Self
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        UNDER_WAY.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Answers `/now` at once, and what else there is never.
struct Patient;

impl Answer for Patient {
    async fn answer(&self, request: Box<Request>) -> Response {
        let under_way = UnderWay::begin();
        if request.path() != b"/now" {
            std::future::pending::<()>().await;
        }
        drop(under_way);
        Response::full(200, "text/plain", "now")
    }
}

fn until(expected: usize) {
    let deadline = Instant::now() + Duration::from_secs(10);
    while UNDER_WAY.load(Ordering::SeqCst) != expected {
        assert!(Instant::now() < deadline, "{expected} exchanges under way");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn exchange_ends_when_its_client_leaves_and_not_before() {
    let edge = Edge::new(EdgeLimits::default(), || Patient);
    for asked_before in [0, 3] {
        let mut stream = edge.connect();
        for _ in 0..asked_before {
            stream.write_all(b"GET /now HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
            let mut answer = Vec::new();
            while !answer.ends_with(b"\r\n\r\nnow") {
                let mut byte = [0];
                stream.read_exact(&mut byte).unwrap();
                answer.extend(byte);
            }
        }
        stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
        until(1);
        // What it sends meanwhile is its next request.
        stream.write_all(b"GET /now HTTP/1.1\r\n").unwrap();
        std::thread::sleep(Duration::from_millis(300));
        assert_eq!(UNDER_WAY.load(Ordering::SeqCst), 1, "it is still there");
        drop(stream);
        until(0);
    }
}
