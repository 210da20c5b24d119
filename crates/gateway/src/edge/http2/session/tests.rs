//! A connection without a socket: frames in, frames out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use bytes::Bytes;
use portcullis_model::Timestamp;

use super::*;
use crate::{
    edge::http2::{
        answer::Asked,
        frame::{FrameHead, HEAD_BYTES, PREFACE, flag, kind},
    },
    http::Response,
};

/// `GET https://a/`, in three bytes of the static table and a literal.
const GET: &[u8] = b"\x82\x87\x84\x01\x01a";
const POST: &[u8] = b"\x83\x87\x84\x01\x01a";

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let mut frame = Vec::new();
    frame::head(&mut frame, payload.len(), kind, flags, stream);
    frame.extend_from_slice(payload);
    frame
}

fn whole(stream: u32) -> Vec<u8> {
    frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, stream, GET)
}

fn beginning(stream: u32) -> Vec<u8> {
    frame(kind::HEADERS, flag::END_HEADERS, stream, POST)
}

fn number(kind: u8, stream: u32, number: u32) -> Vec<u8> {
    frame(kind, 0, stream, &number.to_be_bytes())
}

/// A client and the session that it talks to.
struct Talk(Session);

impl Talk {
    fn begun(limits: &EdgeLimits) -> Self {
        let mut talk = Self(Session::new(limits));
        let hello = [PREFACE, &frame(kind::SETTINGS, 0, 0, b"")].concat();
        assert_eq!(talk.say(&hello).unwrap().len(), 0);
        talk.heard();
        talk
    }

    fn say(&mut self, mut bytes: &[u8]) -> Result<Vec<Arrived>, Reason> {
        let mut arrived = Vec::new();
        while let Some(taken) = self.0.take(bytes)? {
            bytes = &bytes[taken.bytes..];
            arrived.extend(taken.arrived);
        }
        assert!(bytes.is_empty(), "half a frame");
        Ok(arrived)
    }

    /// Returns kind, flags, stream and payload of the frames that the client gets.
    fn heard(&mut self) -> Vec<(u8, u8, u32, Vec<u8>)> {
        let mut frames = Vec::new();
        let mut bytes = self.0.unwritten();
        while let Some(head) = FrameHead::read(bytes) {
            let end = HEAD_BYTES + head.length;
            frames.push((
                head.kind,
                head.flags,
                head.stream,
                bytes[HEAD_BYTES..end].to_vec(),
            ));
            bytes = &bytes[end..];
        }
        self.0.wrote(self.0.unwritten().len());
        frames
    }

    fn send(&mut self, stream: &Stream, piece: &mut Bytes) -> usize {
        let before = piece.len();
        let context = Context::from_waker(Waker::noop());
        while !piece.is_empty() && ready(self.0.poll_data(stream, piece, true, false, &context)).is_some() {}
        before - piece.len()
    }
}

fn ready<T>(polled: Poll<T>) -> Option<T> {
    match polled {
        Poll::Ready(value) => Some(value),
        Poll::Pending => None,
    }
}

fn asked() -> Asked {
    Asked {
        to_head: false,
        now: Timestamp::from_seconds(0),
    }
}

#[test]
fn request_and_answer_are_a_few_frames() {
    let mut talk = Talk::begun(&EdgeLimits::default());
    let arrived = talk.say(&whole(1)).unwrap().pop().unwrap();
    let head = arrived.head.unwrap();
    assert_eq!(
        (&head.method[..], &head.target[..], &*head.authority),
        (&b"GET"[..], &b"/"[..], "a")
    );
    assert!(!arrived.has_body);
    let response = Response::full(200, "text/plain", "hello");
    assert!(talk.0.answer(&arrived.stream, &response, asked()).unwrap());
    assert_eq!(talk.send(&arrived.stream, &mut Bytes::from_static(b"hello")), 5);
    let heard = talk.heard();
    let kinds: Vec<_> = heard
        .iter()
        .map(|(kind, flags, stream, _)| (*kind, *flags, *stream))
        .collect();
    assert_eq!(
        kinds,
        [
            (kind::HEADERS, flag::END_HEADERS, 1),
            (kind::DATA, flag::END_STREAM, 1)
        ]
    );
    assert_eq!(heard[1].3, b"hello");
    assert!(talk.0.streams.is_empty());
}

#[test]
fn head_of_any_length_is_sent_in_frames_that_every_client_takes() {
    let mut talk = Talk::begun(&EdgeLimits::default());
    for (stream, bytes, frames) in [(1, 1_000, 1), (3, 16_000, 1), (5, 16_384, 2), (7, 40_000, 3)] {
        let arrived = talk.say(&whole(stream)).unwrap().pop().unwrap();
        let mut response = Response::full(204, "text/plain", "");
        response.headers.push("X-Long", "x".repeat(bytes));
        assert!(!talk.0.answer(&arrived.stream, &response, asked()).unwrap());
        let heard = talk.heard();
        assert_eq!(heard.len(), frames, "{bytes}");
        assert!(
            heard
                .iter()
                .all(|(_, _, id, payload)| *id == stream && payload.len() <= 16_384)
        );
        let ends = |flags: u8| flags & flag::END_HEADERS > 0;
        assert_eq!(heard.iter().filter(|(_, flags, ..)| ends(*flags)).count(), 1);
        assert!(ends(heard[frames - 1].1));
        assert_eq!(heard[0].1 & flag::END_STREAM, flag::END_STREAM);
    }
}

#[test]
fn answers_keep_to_the_room_that_the_client_has() {
    let mut talk = Talk::begun(&EdgeLimits::default());
    talk.say(&frame(kind::SETTINGS, 0, 0, b"\0\x04\0\0\0\x05"))
        .unwrap();
    let stream = talk.say(&whole(1)).unwrap().pop().unwrap().stream;
    let mut body = Bytes::from(vec![b'x'; 200_000]);
    assert_eq!(talk.send(&stream, &mut body), 5, "the stream's");
    talk.say(&number(kind::WINDOW_UPDATE, 1, 1_000_000)).unwrap();
    let sent = talk.send(&stream, &mut body);
    talk.heard();
    assert_eq!(
        sent + talk.send(&stream, &mut body),
        65_535 - 5,
        "the connection's"
    );
    talk.heard();
    talk.say(&number(kind::WINDOW_UPDATE, 0, 1_000_000)).unwrap();
    let sent = talk.send(&stream, &mut body);
    assert!(
        (OUT_BYTES_MAX - 64..=OUT_BYTES_MAX).contains(&sent),
        "our own: {sent}"
    );
    // Room can be taken back, below nothing.
    talk.say(&frame(kind::SETTINGS, 0, 0, b"\0\x04\0\0\0\0")).unwrap();
    talk.heard();
    assert!(talk.send(&stream, &mut body) > 0);
}

struct Woken(AtomicBool);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

#[test]
fn streams_send_in_turn_however_much_each_has() {
    let mut talk = Talk::begun(&EdgeLimits::default());
    let room = [
        frame(kind::SETTINGS, 0, 0, b"\0\x04\x01\0\0\0"),
        number(kind::WINDOW_UPDATE, 0, 1 << 24),
    ];
    talk.say(&room.concat()).unwrap();
    let streams: Vec<_> = (0..20)
        .map(|number| talk.say(&whole(2 * number + 1)).unwrap().pop().unwrap().stream)
        .collect();
    let mut bodies = vec![Bytes::from(vec![b'x'; 200_000]); streams.len()];
    talk.heard();
    let woken: Vec<_> = streams
        .iter()
        .map(|_| Arc::new(Woken(AtomicBool::new(true))))
        .collect();
    let mut order = Vec::new();
    while bodies.iter().any(|body| !body.is_empty()) {
        for ((stream, body), woken) in streams.iter().zip(&mut bodies).zip(&woken) {
            if !woken.0.swap(false, Ordering::Relaxed) {
                continue;
            }
            let waker = Waker::from(Arc::clone(woken));
            let context = Context::from_waker(&waker);
            let mut goes_on = false;
            while !body.is_empty() && ready(talk.0.poll_data(stream, body, true, goes_on, &context)).is_some()
            {
                goes_on = true;
            }
        }
        let data = |(kind, _, id, _): (u8, u8, u32, Vec<u8>)| (kind == kind::DATA).then_some(id);
        order.extend(talk.heard().into_iter().filter_map(data));
    }
    assert_eq!(order.len(), 20 * 13);
    let among_the_first = |id: &u32| order.iter().take(60).filter(|first| *first == id).count();
    let least = streams.iter().map(|stream| among_the_first(&stream.id)).min();
    assert!(least >= Some(1), "somebody waited for all others: {order:?}");
    assert_eq!(talk.0.sent_so_far(), None);
}

#[test]
fn client_may_send_again_what_was_taken_and_no_more() {
    let limits = EdgeLimits::default();
    let mut talk = Talk::begun(&limits);
    let arrived = talk.say(&beginning(1)).unwrap().pop().unwrap();
    let piece = frame(kind::DATA, 0, 1, &[0; 16_384]);
    for _ in 0..8 {
        talk.say(&piece).unwrap();
    }
    assert_eq!(talk.heard(), [], "nobody has taken anything");
    let context = Context::from_waker(Waker::noop());
    let taken = talk.0.poll_body(&arrived.stream, &context);
    assert_eq!(ready(taken).unwrap().unwrap().unwrap().len(), 128 * 1024);
    let updates: Vec<_> = talk
        .heard()
        .into_iter()
        .map(|(kind, _, stream, _)| (kind, stream))
        .collect();
    assert_eq!(updates, [(kind::WINDOW_UPDATE, 0), (kind::WINDOW_UPDATE, 1)]);
    for _ in 0..8 {
        talk.say(&piece).unwrap();
    }
    talk.say(&piece).unwrap();
    let heard = talk.heard();
    assert_eq!(heard.len(), 1);
    assert_eq!(heard[0].0, kind::RST_STREAM, "more than the stream's window");
    assert_eq!(heard[0].3, [0, 0, 0, Reason::FlowControlError as u8]);
}

#[test]
fn what_nobody_wants_makes_room_for_others() {
    let mut talk = Talk::begun(&EdgeLimits::default());
    let arrived = talk.say(&beginning(1)).unwrap().pop().unwrap();
    talk.say(&frame(kind::DATA, 0, 1, &[0; 16_384])).unwrap();
    talk.0.unwanted(&arrived.stream);
    for _ in 0..7 {
        talk.say(&frame(kind::DATA, 0, 1, &[0; 16_384])).unwrap();
    }
    assert_eq!(talk.heard().len(), 1, "the connection's window alone");
    assert_eq!(arrived.stream.state.borrow().arrived.len(), 0);
}

#[test]
fn what_is_under_way_to_a_stream_that_we_ended_is_let_pass_and_what_comes_behind_its_end_is_not() {
    let mut talk = Talk::begun(&EdgeLimits::default());
    let arrived = talk.say(&beginning(1)).unwrap().pop().unwrap();
    let response = Response::full(403, "text/plain", "");
    talk.0.answer(&arrived.stream, &response, asked()).unwrap();
    talk.send(&arrived.stream, &mut Bytes::from_static(b"no"));
    assert_eq!(
        talk.heard().last().map(|frame| frame.0),
        Some(kind::RST_STREAM),
        "no more is wanted"
    );
    talk.say(&frame(kind::DATA, 0, 1, b"late")).unwrap();
    talk.say(&number(kind::RST_STREAM, 1, 8)).unwrap();
    assert_eq!(
        talk.say(&frame(kind::DATA, 0, 1, b"later")).unwrap_err(),
        Reason::StreamClosed
    );
}

#[test]
fn stream_that_is_ended_wakes_whoever_has_it() {
    let mut talk = Talk::begun(&EdgeLimits::default());
    let arrived = talk.say(&beginning(1)).unwrap().pop().unwrap();
    talk.say(&number(kind::RST_STREAM, 1, 0)).unwrap();
    let context = Context::from_waker(Waker::noop());
    assert!(arrived.stream.poll_ended(&context).is_ready());
    let body = talk.0.poll_body(&arrived.stream, &context);
    assert!(
        ready(body).unwrap().unwrap().is_err(),
        "never taken for a whole one"
    );
    let response = Response::full(200, "text/plain", "x");
    assert!(talk.0.answer(&arrived.stream, &response, asked()).is_err());
}

#[test]
fn connection_that_takes_no_more_says_so_and_lets_the_rest_end() {
    let mut talk = Talk::begun(&EdgeLimits::default());
    let arrived = talk.say(&whole(1)).unwrap().pop().unwrap();
    talk.0.leave();
    assert_eq!(talk.heard()[0].3[..4], [0, 0, 0, 1], "the last that is taken up");
    let late = [beginning(3), frame(kind::DATA, flag::END_STREAM, 3, b"x")].concat();
    assert_eq!(talk.say(&late).unwrap().len(), 0);
    assert!(!talk.0.is_over());
    talk.0
        .answer(&arrived.stream, &Response::full(204, "text/plain", ""), asked())
        .unwrap();
    assert!(!talk.0.is_over(), "nobody has it yet");
    talk.heard();
    assert!(talk.0.is_over());
}

#[test]
fn client_whose_every_stream_is_wrong_is_sent_away() {
    let mut talk = Talk::begun(&EdgeLimits::default());
    let malformed = |stream| {
        frame(
            kind::HEADERS,
            flag::END_HEADERS | flag::END_STREAM,
            stream,
            b"\x82",
        )
    };
    let mut streams = (0..).map(|number| 2 * number + 1);
    for stream in streams.by_ref().take(FAULTS_MAX as usize) {
        talk.say(&malformed(stream)).unwrap();
        talk.heard();
    }
    assert!(talk.0.ended.len() <= ENDED_MAX);
    let last = streams.next().unwrap();
    assert_eq!(talk.say(&malformed(last)).unwrap_err(), Reason::EnhanceYourCalm);
}

#[test]
fn streams_that_are_reset_in_one_breath_are_few_and_never_begin() {
    let limits = EdgeLimits::default();
    let mut talk = Talk::begun(&limits);
    let pair = |stream| [whole(stream), number(kind::RST_STREAM, stream, 8)].concat();
    let mut streams = (0..).map(|number| 2 * number + 1);
    for _ in 0..3 {
        for stream in streams.by_ref().take(limits.resets_pending_max) {
            let arrived = talk.say(&pair(stream)).unwrap().pop().unwrap();
            assert!(!arrived.stream.begins());
        }
        talk.0.begins_all();
    }
    for stream in streams.by_ref().take(limits.resets_pending_max) {
        talk.say(&pair(stream)).unwrap();
    }
    let last = streams.next().unwrap();
    assert_eq!(talk.say(&pair(last)).unwrap_err(), Reason::EnhanceYourCalm);
}

#[test]
fn client_that_reads_nothing_is_not_read_for_ever() {
    let mut talk = Talk::begun(&EdgeLimits::default());
    let mut pings = 0;
    while !talk.0.is_full() {
        talk.say(&frame(kind::PING, 0, 0, b"12345678")).unwrap();
        pings += 1;
    }
    assert!(pings < 10_000);
    talk.heard();
    assert!(!talk.0.is_full());
}

#[test]
fn cookies_are_one_field_again_and_the_others_keep_their_order() {
    for (fields, lines) in [
        (
            &b"\0\x06cookie\x03a=1\0\x01x\x011\0\x06cookie\x03b=2\0\x01x\x012"[..],
            "x: 1\r\nx: 2\r\ncookie: a=1; b=2\r\n",
        ),
        (b"\0\x06cookie\0", "cookie: \r\n"),
        (b"\0\x06cookie\0\0\x06cookie\x01a", "cookie: ; a\r\n"),
    ] {
        let mut talk = Talk::begun(&EdgeLimits::default());
        let block = [GET, fields].concat();
        let request = frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, &block);
        let head = talk.say(&request).unwrap().pop().unwrap().head.unwrap();
        let mut written = Vec::new();
        head.headers.write_lines(&mut written, |_| true);
        assert_eq!(String::from_utf8(written).unwrap(), lines);
    }
}

#[test]
fn what_is_ambiguous_is_answered_by_its_rule() {
    let long = format!("\x01{}", "x".repeat(90));
    for (more, rule) in [
        (&b"\0\x04host\x01b"[..], "other-host"),
        (b"\0\x04host\x01a\0\x04host\x01a", "two-hosts"),
        (
            b"\0\x0econtent-length\x010\0\x0econtent-length\x010",
            "two-lengths",
        ),
        (b"\0\x0econtent-length\x02+0", "length"),
        (&b"\0\x01x\x011".repeat(101), "field-count"),
        (
            &[
                &b"\x40\x5a"[..],
                &long.as_bytes()[1..],
                b"\x5a",
                &long.as_bytes()[1..],
                &b"\xbe".repeat(200),
            ]
            .concat(),
            "head-length",
        ),
    ] {
        let mut talk = Talk::begun(&EdgeLimits {
            head_bytes_max: 4_096,
            ..EdgeLimits::default()
        });
        let block = [GET, more].concat();
        let request = frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, &block);
        let arrived = talk.say(&request).unwrap().pop().unwrap();
        assert_eq!(arrived.head.unwrap_err().name, rule);
    }
    for (path, rule) in [
        ("a", "target-form"),
        ("/a b", "target-bytes"),
        ("/a#b", "target-bytes"),
        ("*", "target-form"),
    ] {
        let mut talk = Talk::begun(&EdgeLimits::default());
        let mut block = b"\x82\x87\x01\x01a\x04".to_vec();
        block.push(path.len() as u8);
        block.extend_from_slice(path.as_bytes());
        let request = frame(kind::HEADERS, flag::END_HEADERS | flag::END_STREAM, 1, &block);
        let arrived = talk.say(&request).unwrap().pop().unwrap();
        assert_eq!(arrived.head.unwrap_err().name, rule, "{path}");
    }
}
