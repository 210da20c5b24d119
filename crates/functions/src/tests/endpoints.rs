//! Endpoints against a small HTTP server on a loopback port.

use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::Duration,
};

use portcullis_egress::{AddressPolicy, ClientConfig, Limits, PublicOnly, tls};

use crate::{Call, Endpoints, Failure, PAYLOAD_BYTES_MAX};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

/// Answers every request with `answer` and keeps what it was asked.
fn endpoint(answer: &'static str) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&seen);
    thread::spawn(move || {
        for stream in listener.incoming() {
            kept.lock().unwrap().push(read(stream.as_ref().unwrap()));
            if answer.is_empty() {
                // Silent: held open until the caller goes.
                drop(stream.unwrap().read(&mut [0]));
            } else {
                stream.unwrap().write_all(answer.as_bytes()).unwrap();
            }
        }
    });
    (address, seen)
}

fn read(mut stream: &TcpStream) -> String {
    let (mut request, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&request).to_lowercase();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.split("content-length: ").nth(1).unwrap();
            let length: usize = length.lines().next().unwrap().parse().unwrap();
            if body.len() >= length {
                return String::from_utf8(request).unwrap();
            }
        }
        let read = stream.read(&mut buffer).unwrap();
        request.extend_from_slice(&buffer[..read]);
    }
}

fn endpoints(url: &str, policy: AddressPolicy) -> Result<Endpoints, String> {
    let config = ClientConfig {
        tls: tls::trusting_system([]).unwrap(),
        limits: Limits::default(),
        policy,
    };
    let bindings = BTreeMap::from([(ARN.to_owned(), url.to_owned())]);
    Endpoints::start(config, &bindings).map_err(|error| error.to_string())
}

fn call(arn: &str) -> Call {
    Call {
        function_arn: arn.into(),
        payload: r#"{"a":1}"#.into(),
        timeout: Duration::from_millis(500),
    }
}

fn invoke(endpoints: &Endpoints, call: Call) -> Result<crate::Answer, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(endpoints.invoke(call))
}

#[test]
fn event_arrives_and_the_answer_comes_back() {
    let (address, seen) = endpoint("HTTP/1.1 200 OK\r\nContent-Length: 4\r\nConnection: close\r\n\r\ntrue");
    let endpoints = endpoints(&format!("http://{address}/base/"), AddressPolicy::Any).unwrap();
    let answer = invoke(&endpoints, call(ARN)).unwrap();
    assert_eq!(
        (answer.payload.as_ref(), answer.error),
        (b"true".as_slice(), None)
    );
    invoke(&endpoints, call(&format!("{ARN}:live"))).unwrap();
    let seen = seen.lock().unwrap();
    assert!(seen[0].starts_with("POST /base/2015-03-31/functions/f/invocations HTTP/1.1\r\n"));
    assert!(seen[0].ends_with("\r\n\r\n{\"a\":1}"), "{}", seen[0]);
    assert!(seen[1].contains("/invocations?Qualifier=live "), "{}", seen[1]);
}

#[test]
fn function_error_is_told_apart() {
    let (address, _) = endpoint(
        "HTTP/1.1 200 OK\r\nX-Amz-Function-Error: Unhandled\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}",
    );
    let endpoints = endpoints(&format!("http://{address}"), AddressPolicy::Any).unwrap();
    assert_eq!(
        invoke(&endpoints, call(ARN)).unwrap().error.as_deref(),
        Some("Unhandled")
    );
}

#[test]
fn what_is_no_answer_of_a_function_is_a_failure() {
    let of = |answer| {
        let (address, _) = endpoint(answer);
        let endpoints = endpoints(&format!("http://{address}"), AddressPolicy::Any).unwrap();
        invoke(&endpoints, call(ARN)).unwrap_err()
    };
    let empty = "Content-Length: 0\r\nConnection: close\r\n\r\n";
    let leaked = |text: String| -> &'static str { text.leak() };
    assert!(matches!(
        of(leaked(format!("HTTP/1.1 404 Not Found\r\n{empty}"))),
        Failure::NotFound(_)
    ));
    assert!(matches!(
        of(leaked(format!("HTTP/1.1 429 Too Many\r\n{empty}"))),
        Failure::Throttled(_)
    ));
    // A redirect is not followed.
    let moved = of(leaked(format!(
        "HTTP/1.1 307 Moved\r\nLocation: http://127.0.0.1:1/\r\n{empty}"
    )));
    assert!(
        matches!(&moved, Failure::Unreachable(text) if text.contains("answered 307")),
        "{moved:?}"
    );
    // The trail learns the status, and nothing of the body.
    let broken =
        of("HTTP/1.1 500 Internal Server Error\r\nContent-Length: 6\r\nConnection: close\r\n\r\nhunter");
    assert!(
        matches!(&broken, Failure::Unreachable(text) if text.ends_with("answered 500")),
        "{broken:?}"
    );
    let long = of(leaked(format!(
        "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n",
        PAYLOAD_BYTES_MAX + 1
    )));
    assert!(
        matches!(&long, Failure::Unreachable(text) if text.contains("exceeds")),
        "{long:?}"
    );
    assert_eq!(of(""), Failure::TimedOut);
}

#[test]
fn unbound_function_is_not_found_and_a_long_event_not_sent() {
    let endpoints = endpoints("http://127.0.0.1:9", AddressPolicy::Any).unwrap();
    let other = ARN.replace(":f", ":g");
    assert!(!endpoints.answers_for(&other));
    assert_eq!(invoke(&endpoints, call(&other)), Err(Failure::NotFound(other)));
    let mut long = call(ARN);
    long.payload = vec![b' '; PAYLOAD_BYTES_MAX + 1].into();
    assert_eq!(invoke(&endpoints, long), Err(Failure::PayloadTooLarge));
}

#[test]
fn address_that_the_policy_forbids_is_not_called() {
    let (address, seen) = endpoint("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    let policy = AddressPolicy::PublicOnly(PublicOnly::default());
    let endpoints = endpoints(&format!("http://{address}"), policy).unwrap();
    let refused = invoke(&endpoints, call(ARN)).unwrap_err();
    assert!(
        matches!(&refused, Failure::Unreachable(text) if text.contains("allow the range")),
        "{refused:?}"
    );
    assert!(seen.lock().unwrap().is_empty());
}

#[test]
fn url_that_cannot_be_called_is_refused_at_start() {
    for url in ["ftp://x", "http://", "http://x/?a=1", "http://u@x"] {
        let error = endpoints(url, AddressPolicy::Any).err().unwrap();
        assert!(error.contains(url), "{url}: {error}");
    }
}
