//! Heads of requests and answers: whatever we take up, another parser reads as the same.
//!
//! Differences that are allowed, all of them places where `httparse` refuses and we do not, because the bytes mean one thing
//! only: a target with `"`, `<`, `>`, `\`, `^`, `` ` ``, `{`, `|`, `}` or bytes over 0x7e (the firewall must see it as it came), and a
//! target in absolute form, of which we keep the path.

use portcullis_egress::fuzzing as egress;
use portcullis_gateway::fuzzing::{self as gateway, Framing};

const FIELDS: usize = 128;

/// What of a target `httparse` does not take.
fn is_odd(byte: u8) -> bool {
    matches!(
        byte,
        b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{' | b'|' | b'}'
    ) || byte > 0x7e
}

pub(crate) fn request(bytes: &[u8]) {
    let Some((ours, used)) = gateway::request_head(bytes) else {
        return;
    };
    let head = &bytes[..used];
    let line_end = find(head, b"\r\n").expect("a line");
    let first = find(head, b" ").expect("a space");
    let last = head[..line_end]
        .iter()
        .rposition(|byte| *byte == b' ')
        .expect("two");
    let written = &head[first + 1..last];
    let plain: Vec<u8> = written
        .iter()
        .map(|byte| if is_odd(*byte) { b'~' } else { *byte })
        .collect();
    let read_by_others = [&head[..=first], &plain, &head[last..]].concat();
    let mut room = [httparse::EMPTY_HEADER; FIELDS];
    let mut theirs = httparse::Request::new(&mut room);
    let status = theirs.parse(&read_by_others).expect("what we take, others take");
    assert_eq!(
        status,
        httparse::Status::Complete(used),
        "the head ends elsewhere"
    );
    assert_eq!(theirs.method.map(str::as_bytes), Some(&ours.method[..]));
    let minor = theirs.version.expect("a version");
    assert_eq!(minor == 1, ours.is_http_1_1);
    if written.starts_with(b"/") || written == b"*" {
        assert_eq!(written, &ours.target[..]);
    } else {
        assert!(
            written.ends_with(&ours.target) || ours.target.starts_with(b"/"),
            "a path of it"
        );
    }
    let fields: Vec<(&[u8], &[u8])> = theirs
        .headers
        .iter()
        .map(|field| (field.name.as_bytes(), field.value))
        .collect();
    let same: Vec<(&[u8], &[u8])> = ours.headers.iter().collect();
    assert_eq!(same, fields);
    check_framing(&ours.framing, &fields);
}

/// The framing follows from the fields by the words of RFC 9112 section 6.3, said once more.
fn check_framing(ours: &Framing, fields: &[(&[u8], &[u8])]) {
    let values = |name: &str| -> Vec<&[u8]> {
        fields
            .iter()
            .filter(|(known, _)| known.eq_ignore_ascii_case(name.as_bytes()))
            .map(|(_, value)| *value)
            .collect()
    };
    let (lengths, codings) = (values("content-length"), values("transfer-encoding"));
    match (&lengths[..], &codings[..]) {
        ([], []) => assert_eq!(*ours, Framing::Length(0)),
        ([length], []) => {
            let length = std::str::from_utf8(length).expect("digits");
            assert!(length.bytes().all(|digit| digit.is_ascii_digit()), "{length}");
            assert_eq!(*ours, Framing::Length(length.parse().expect("a number")));
        }
        ([], [coding]) => {
            assert!(coding.eq_ignore_ascii_case(b"chunked"));
            assert_eq!(*ours, Framing::Chunked);
        }
        _ => panic!("ambiguous framing was taken up"),
    }
    assert!(values("host").len() <= 1, "two hosts");
}

pub(crate) fn answer(bytes: &[u8]) {
    for method in ["GET", "HEAD"] {
        let Some((ours, used)) = egress::answer_head(bytes, method.as_bytes()) else {
            continue;
        };
        // Said once more, by hand: lines, a colon, white space around the value.
        let text = &bytes[..used];
        assert!(text.ends_with(b"\r\n\r\n"));
        let mut lines = split(&text[..used - 4], b"\r\n").into_iter();
        let status_line = lines.next().expect("a status line");
        assert!(status_line.starts_with(b"HTTP/1."), "{status_line:?}");
        assert_eq!(status_line.get(9..12), Some(ours.status.to_string().as_bytes()));
        let fields: Vec<(&[u8], &[u8])> = lines
            .map(|line| {
                let colon = find(line, b":").expect("a colon");
                (&line[..colon], trim(&line[colon + 1..]))
            })
            .collect();
        for (name, value) in ours.headers.iter() {
            let same = |(known, given): &(&[u8], &[u8])| *known == name && *given == value;
            assert!(fields.iter().any(same), "a field that nobody sent: {name:?}");
        }
        let count = |name: &str| {
            let named = |(known, _): &&(&[u8], &[u8])| known.eq_ignore_ascii_case(name.as_bytes());
            fields.iter().filter(named).count()
        };
        let (lengths, codings) = (count("content-length"), count("transfer-encoding"));
        assert!(lengths + codings <= 1, "ambiguous framing was taken up");
        assert_ne!(ours.status, 101, "nobody asked for it");
        let has_no_body = method == "HEAD" || matches!(ours.status, 100..=199 | 204 | 304);
        assert_eq!(ours.is_chunked, codings == 1 && !has_no_body);
    }
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

fn split<'t>(mut text: &'t [u8], by: &[u8]) -> Vec<&'t [u8]> {
    let mut parts = Vec::new();
    while let Some(at) = find(text, by) {
        parts.push(&text[..at]);
        text = &text[at + by.len()..];
    }
    parts.push(text);
    parts
}

fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}
