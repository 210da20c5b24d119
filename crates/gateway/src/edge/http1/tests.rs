//! The files of `conformance/wire` against the edge: what becomes of each request, byte by byte; and what files cannot say.

mod leaving;
mod long;
mod tunnels;

use std::{
    cell::OnceCell,
    fs,
    io::{Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    path::Path,
    time::{Duration, Instant},
};

use portcullis_egress::{AddressPolicy, Client, ClientConfig, Limits, Target, tls};

use super::*;
use crate::edge::{tests::parts, *};

/// Says what it understood.
struct Understood;

impl Answer for Understood {
    async fn answer(&self, mut request: Box<Request>) -> Response {
        let Ok(body) = request.body.read_whole(1 << 20).await else {
            return Response::full(400, "text/plain", "broken");
        };
        let host = if request.authority.is_empty() {
            "-"
        } else {
            &request.authority
        };
        let mut text = [
            &request.method[..],
            b" ",
            &request.target[..],
            b" ",
            host.as_bytes(),
        ]
        .concat();
        if !body.is_empty() {
            text.extend_from_slice(b" ");
            text.extend_from_slice(&body);
        }
        Response::full(200, "text/plain", text)
    }
}

/// A server for one test.
struct Edge {
    address: SocketAddr,
    workers: Option<Workers>,
}

impl Edge {
    fn new<A: Answer>(limits: EdgeLimits, make: fn() -> A) -> Self {
        let door = Door {
            listener: crate::http::Listener::PublicHttp,
            address: "127.0.0.1:0".parse().unwrap(),
        };
        let socket = Socket::open(door, 1).unwrap();
        let address = socket.address;
        let parts = EdgeParts { limits, ..parts() };
        Self {
            address,
            workers: Some(start(vec![socket], 1, &parts, make).unwrap()),
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        stream
    }

    /// Sends `bytes`, no more, and returns all that comes.
    fn ask(&self, bytes: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(bytes).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answers = Vec::new();
        stream.read_to_end(&mut answers).unwrap();
        answers
    }
}

impl Drop for Edge {
    fn drop(&mut self) {
        self.workers.take().unwrap().stop();
    }
}

thread_local! {
    static CLIENT: OnceCell<Client> = const { OnceCell::new() };
}

/// The thread's client, and the backend whose port is the first segment of a request's target.
fn backend_of(request: &Request) -> (Client, Target) {
    let client = CLIENT.with(|client| {
        let config = || ClientConfig {
            tls: tls::trusting_only([]).unwrap(),
            limits: Limits::default(),
            policy: AddressPolicy::Any,
        };
        client.get_or_init(|| Client::new(config())).clone()
    });
    let path = std::str::from_utf8(&request.target[1..]).unwrap();
    let target = Target {
        https: false,
        host: "127.0.0.1".to_owned(),
        port: path.split('/').next().unwrap().parse().unwrap(),
        address: None,
    };
    (client, target)
}

/// `\r`, `\n`, `\t`, `\0`, `\xHH` and `\\` are what they say.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        rest = after;
        if *first != b'\\' {
            bytes.push(*first);
            continue;
        }
        let (byte, used) = match after {
            [b'r', ..] => (b'\r', 1),
            [b'n', ..] => (b'\n', 1),
            [b't', ..] => (b'\t', 1),
            [b'0', ..] => (0, 1),
            [b'x', high, low, ..] => {
                let digits = [*high, *low];
                (
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap(),
                    3,
                )
            }
            _ => (b'\\', usize::from(after.first() == Some(&b'\\'))),
        };
        bytes.push(byte);
        rest = &after[used..];
    }
    bytes
}

/// Takes the next answer off `answers`: status and body.
fn next_answer(answers: &mut &[u8], to_head: bool) -> (u16, Vec<u8>) {
    let end = memchr::memmem::find(answers, b"\r\n\r\n").expect("an answer") + 4;
    let head = std::str::from_utf8(&answers[..end]).unwrap().to_ascii_lowercase();
    let length = head
        .split("content-length: ")
        .nth(1)
        .and_then(|rest| rest.split('\r').next());
    let length: usize = length.map_or(0, |length| length.parse().unwrap());
    let body_end = if to_head { end } else { end + length };
    let body = answers[end..body_end].to_vec();
    *answers = &answers[body_end..];
    (head.get(9..12).unwrap().parse().unwrap(), body)
}

fn check(edge: &Edge, place: &str, expected: &str, bytes: &[u8]) {
    let answers = edge.ask(bytes);
    let mut rest = answers.as_slice();
    let shown = String::from_utf8_lossy(&answers).into_owned();
    for one in expected.strip_prefix("accept ").unwrap_or(expected).split(", ") {
        if rest.is_empty() {
            panic!("{place}: no answer for `{one}`: {shown}");
        }
        let (status, body) = next_answer(&mut rest, one.starts_with("HEAD "));
        if one == "broken" {
            assert_eq!((status, &body[..]), (400, &b"broken"[..]), "{place}: {shown}");
        } else if let Some(name) = one.strip_prefix("refuse ") {
            let rule = strictness::RULES.iter().find(|rule| rule.name == name);
            let rule = rule.unwrap_or_else(|| panic!("{place}: no rule is called `{name}`"));
            let told = format!("{{\"message\":\"{}\"}}", rule.reason);
            assert_eq!(
                (status, String::from_utf8_lossy(&body)),
                (rule.status, told.into()),
                "{place}"
            );
        } else {
            assert_eq!(status, 200, "{place}: {shown}");
            if !one.starts_with("HEAD ") {
                let understood = String::from_utf8_lossy(&body);
                assert_eq!(understood, String::from_utf8_lossy(&unescape(one)), "{place}");
            }
        }
    }
    assert!(rest.is_empty(), "{place}: more than was asked for: {shown}");
}

#[test]
fn every_case_of_the_files_is_as_they_say() {
    let edge = Edge::new(EdgeLimits::default(), || Understood);
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/wire");
    let (mut cases, mut rules) = (0, std::collections::BTreeSet::new());
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let text = fs::read_to_string(&path).unwrap();
        let mut lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with("# "));
        while let Some(line) = lines.next() {
            let place = format!("{}: {line}", path.file_name().unwrap().display());
            let (_, expected) = line.split_once(" | ").expect("a name and what becomes of it");
            check(
                &edge,
                &place,
                expected,
                &unescape(lines.next().expect("the bytes")),
            );
            cases += 1;
            rules.extend(
                expected
                    .split(", ")
                    .filter_map(|one| one.strip_prefix("refuse "))
                    .map(str::to_owned),
            );
        }
    }
    assert!(cases >= 150, "{cases} cases");
    // What depends on a limit or on time is below.
    for rule in strictness::RULES {
        let is_below = ["target-length", "head-length", "field-count", "head-time"].contains(&rule.name);
        assert!(
            is_below || rules.contains(rule.name),
            "no case refuses for `{}`",
            rule.name
        );
    }
}

#[test]
fn bytes_may_come_one_by_one() {
    let edge = Edge::new(EdgeLimits::default(), || Understood);
    let mut stream = edge.connect();
    stream.set_nodelay(true).unwrap();
    let request = b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5\r\nhello\r\n0\r\n\r\n";
    for byte in request {
        stream.write_all(&[*byte]).unwrap();
        std::thread::sleep(Duration::from_micros(200));
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.ends_with("POST /x a hello"), "{answer}");
}

#[test]
fn limits_of_a_head_are_kept() {
    let edge = Edge::new(EdgeLimits::default(), || Understood);
    let status = |request: String| String::from_utf8_lossy(&edge.ask(request.as_bytes())[9..12]).into_owned();
    let fields = |count: usize| "X: y\r\n".repeat(count);
    let limits = EdgeLimits::default();
    for (request, expected) in [
        (
            format!(
                "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n",
                "x".repeat(limits.target_bytes_max - 1)
            ),
            "200",
        ),
        (
            format!(
                "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n",
                "x".repeat(limits.target_bytes_max)
            ),
            "414",
        ),
        (
            format!("GET /{}", "x".repeat(limits.target_bytes_max + 100)),
            "414",
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nHost: a\r\n{}\r\n",
                fields(limits::HEADERS_MAX - 1)
            ),
            "200",
        ),
        (
            format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", fields(limits::HEADERS_MAX)),
            "431",
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nHost: a\r\nX: {}\r\n\r\n",
                "y".repeat(limits.head_bytes_max)
            ),
            "431",
        ),
        (
            format!(
                "GET / HTTP/1.1\r\nHost: a\r\nX: {}",
                "y".repeat(limits.head_bytes_max)
            ),
            "431",
        ),
    ] {
        let shown: String = request.chars().take(40).collect();
        assert_eq!(status(request), expected, "{shown}");
    }
}

fn hurried() -> EdgeLimits {
    EdgeLimits {
        head_time: Duration::from_millis(200),
        idle_time: Duration::from_millis(200),
        body_idle_time: Duration::from_millis(200),
        write_idle_time: Duration::from_millis(200),
        ..EdgeLimits::default()
    }
}

#[test]
fn slow_heads_are_told_and_idle_connections_are_closed() {
    let edge = Edge::new(hurried(), || Understood);
    let mut slow = edge.connect();
    slow.write_all(b"GET / HTTP/1.1\r\nHost").unwrap();
    let mut answer = String::new();
    slow.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    for before in ["", "GET / HTTP/1.1\r\nHost: a\r\n\r\n"] {
        let mut idle = edge.connect();
        idle.write_all(before.as_bytes()).unwrap();
        let started = Instant::now();
        let mut answer = String::new();
        idle.read_to_string(&mut answer).unwrap();
        assert!(started.elapsed() >= Duration::from_millis(150), "closed too soon");
        assert_eq!(answer.is_empty(), before.is_empty());
    }
}

#[test]
fn drop_by_drop_is_no_way_to_send_a_body() {
    let edge = Edge::new(hurried(), || Understood);
    let mut stream = edge.connect();
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n")
        .unwrap();
    let started = Instant::now();
    while stream.write_all(b"x").is_ok() && started.elapsed() < Duration::from_secs(5) {
        std::thread::sleep(Duration::from_millis(50));
    }
    let mut answer = String::new();
    let _reset = stream.read_to_string(&mut answer);
    assert!(
        started.elapsed() < Duration::from_secs(4),
        "a body of drops was waited for"
    );
}

#[test]
fn a_100_is_sent_when_the_body_is_wanted() {
    let edge = Edge::new(EdgeLimits::default(), || Understood);
    let mut stream = edge.connect();
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nExpect: 100-continue\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(b"hello").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("POST / a hello"),
        "{answer}"
    );
}

/// Refuses without reading.
struct Refusing;

impl Answer for Refusing {
    async fn answer(&self, _: Box<Request>) -> Response {
        Response::full(403, "text/plain", "no")
    }
}

#[test]
fn body_that_nobody_reads_costs_the_connection_unless_it_is_short() {
    let edge = Edge::new(EdgeLimits::default(), || Refusing);
    let mut stream = edge.connect();
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\nExpect: 100-continue\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(
        answer.starts_with("HTTP/1.1 403 ") && answer.contains("Connection: close"),
        "{answer}"
    );

    let mut stream = edge.connect();
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\nhel")
        .unwrap();
    let mut first = [0; 13];
    stream.read_exact(&mut first).unwrap();
    stream
        .write_all(b"lo!GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer.matches("HTTP/1.1 403 ").count(), 1, "the second: {answer}");
}

/// Sends back what comes, as it comes.
struct Mirror;

impl Answer for Mirror {
    async fn answer(&self, request: Box<Request>) -> Response {
        Response {
            status: 200,
            headers: portcullis_model::HeaderList::new(),
            body: request.body,
        }
    }
}

#[test]
fn body_may_be_answered_while_it_comes() {
    let edge = Edge::new(EdgeLimits::default(), || Mirror);
    let mut stream = edge.connect();
    stream
        .write_all(b"POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n")
        .unwrap();
    let mut seen = Vec::new();
    for piece in ["one", "two", "three"] {
        stream
            .write_all(format!("{:x}\r\n{piece}\r\n", piece.len()).as_bytes())
            .unwrap();
        let wanted = format!("{:x}\r\n{piece}", piece.len());
        let mut byte = [0; 1];
        while !seen.ends_with(wanted.as_bytes()) {
            stream.read_exact(&mut byte).unwrap();
            seen.push(byte[0]);
        }
    }
    stream.write_all(b"0\r\n\r\n").unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    stream.read_to_end(&mut seen).unwrap();
    assert!(
        seen.ends_with(b"\r\n0\r\n\r\n"),
        "{}",
        String::from_utf8_lossy(&seen)
    );
}

/// A client that takes nothing of a long answer.
#[test]
fn answer_that_nobody_takes_is_given_up() {
    struct Long;
    impl Answer for Long {
        async fn answer(&self, _: Box<Request>) -> Response {
            Response::full(200, "text/plain", vec![b'x'; 64 << 20])
        }
    }
    let edge = Edge::new(hurried(), || Long);
    let mut stream = edge.connect();
    stream.write_all(b"GET / HTTP/1.1\r\nHost: a\r\n\r\n").unwrap();
    std::thread::sleep(Duration::from_secs(1));
    let mut answer = Vec::new();
    let _reset = stream.read_to_end(&mut answer);
    assert!(answer.len() < 64 << 20, "the server waited for us");
}

#[test]
fn mebibytes_pass_both_ways() {
    struct Count;
    impl Answer for Count {
        async fn answer(&self, mut request: Box<Request>) -> Response {
            let body = request.body.read_whole(8 << 20).await.unwrap();
            Response::full(200, "text/plain", body)
        }
    }
    let edge = Edge::new(EdgeLimits::default(), || Count);
    let body: Vec<u8> = (0..4_u32 << 20).map(|at| (at % 251) as u8).collect();
    let mut request = format!(
        "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(&body);
    let mut stream = edge.connect();
    let mut reading = stream.try_clone().unwrap();
    let reader = std::thread::spawn(move || {
        let mut answer = vec![0; (4 << 20) + 60];
        reading.read_exact(&mut answer).unwrap();
        answer
    });
    stream.write_all(&request).unwrap();
    let answer = reader.join().unwrap();
    let start = memchr::memmem::find(&answer, b"\r\n\r\n").unwrap() + 4;
    assert!(body.starts_with(&answer[start..]));
}

/// A thread that does not keep up turns new requests away at once, and serves again when it does.
#[test]
fn overload_is_told_at_once_and_passes() {
    struct Busy;
    impl Answer for Busy {
        async fn answer(&self, _: Box<Request>) -> Response {
            std::thread::sleep(Duration::from_millis(120));
            Response::full(200, "text/plain", "done")
        }
    }
    let limits = EdgeLimits {
        queue_time_max: Duration::from_millis(100),
        ..EdgeLimits::default()
    };
    let edge = Edge::new(limits, || Busy);
    let ask = || {
        let mut stream = edge.connect();
        stream
            .write_all(b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
            .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    };
    let answers: Vec<String> = std::thread::scope(|scope| {
        let crowd: Vec<_> = (0..6)
            .map(|_| scope.spawn(|| (0..6).map(|_| ask()).collect::<Vec<_>>()))
            .collect();
        crowd.into_iter().flat_map(|one| one.join().unwrap()).collect()
    });
    let (served, busy): (Vec<_>, Vec<_>) = answers
        .iter()
        .partition(|answer| answer.starts_with("HTTP/1.1 200 "));
    assert!(
        !served.is_empty() && !busy.is_empty(),
        "{} served, {} not",
        served.len(),
        busy.len()
    );
    for answer in busy {
        assert!(
            answer.starts_with("HTTP/1.1 503 ") && answer.contains("Retry-After: 1\r\n"),
            "{answer}"
        );
    }
    std::thread::sleep(Duration::from_millis(300));
    assert!(ask().starts_with("HTTP/1.1 200 "));
}

/// Whatever a stranger sends, nothing panics, nothing hangs, and what is no request is no request whole or in pieces.
#[test]
fn heads_of_nonsense_are_understood_alike_in_one_piece_and_in_many() {
    const PIECES: [&[u8]; 20] = [
        b"GET ",
        b"/",
        b" HTTP/1.1",
        b"\r\n",
        b"\r",
        b"\n",
        b"Host: a",
        b"Content-Length: 1",
        b"Transfer-Encoding: chunked",
        b":",
        b" ",
        b"\t",
        b"\0",
        b"X",
        b"\xff",
        b"http://a/",
        b"HTTP/1.0",
        b"*",
        b"Connection: close",
        b",",
    ];
    let limits = EdgeLimits::default();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap() % below
    };
    let mut accepted = 0;
    for round in 0..20_000 {
        let mut input: Vec<u8> = if round % 2 == 0 {
            b"GET / HTTP/1.1\r\nHost: a\r\n".to_vec()
        } else {
            Vec::new()
        };
        for _ in 0..next(12) {
            input.extend_from_slice(PIECES[next(PIECES.len())]);
        }
        input.extend_from_slice(b"\r\n\r\n");
        let whole = Scan::default().take(&input, &limits);
        let mut scan = Scan::default();
        let pieces = (1..=input.len()).find_map(|length| scan.take(&input[..length], &limits).transpose());
        // Some of what is wrong is found by one search for the end, some by reading what lies before it.
        let text = String::from_utf8_lossy(&input);
        assert_eq!(
            format!("{:?}", pieces.transpose()),
            format!("{whole:?}"),
            "{text:?}"
        );
        if let Ok(Some((head, _))) = whole {
            accepted += 1;
            let is_clean = |byte: &u8| *byte > b' ' && *byte != 0x7f && *byte != b'#';
            assert!(head.target.iter().all(is_clean), "{:?}", head.target);
            assert!(head.headers.all("host").count() <= 1);
            let mut values = head.headers.iter().map(|(_, value)| value);
            assert!(values.all(portcullis_model::is_field_value));
        }
    }
    assert!(accepted > 300, "{accepted} were requests");
}
