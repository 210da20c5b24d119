//! A session that a stranger talks to, without a socket.

use std::{
    rc::Rc,
    task::{Context, Poll, Waker},
};

use portcullis_model::Timestamp;

use super::{
    answer::Asked,
    frame::{FrameHead, HEAD_BYTES, PAYLOAD_BYTES_MAX, PREFACE, Reason, kind},
    session::{Arrived, Session},
    stream::Stream,
};
use crate::{
    edge::{
        EdgeLimits,
        fuzzing::{Http2Session, RequestHead},
    },
    http::Response,
};

/// Hands what a client says behind its greeting over, at most `piece` bytes at a time.
pub(in crate::edge) fn played(
    said: &[u8],
    piece: usize,
    is_answered: bool,
    limits: &EdgeLimits,
) -> Http2Session {
    let mut session = Session::new(limits);
    let mut inbound = [PREFACE, &[0, 0, 0, kind::SETTINGS, 0, 0, 0, 0, 0]].concat();
    let mut played = Http2Session::default();
    let mut streams = Vec::new();
    'said: for piece in [&[][..]].into_iter().chain(said.chunks(piece.max(1))) {
        inbound.extend_from_slice(piece);
        let mut used = 0;
        loop {
            let rest = inbound.get(used..).unwrap_or_default();
            match session.take(rest) {
                Ok(Some(taken)) => {
                    used += taken.bytes;
                    if let Some(arrived) = taken.arrived {
                        streams.push(Rc::clone(&arrived.stream));
                        played
                            .requests
                            .extend(taken_up(&mut session, arrived, is_answered));
                    }
                    hear(&mut session);
                }
                Ok(None) => break,
                Err(reason) => {
                    session.fail(reason);
                    hear(&mut session);
                    played.failed = Some(reason as u32);
                    break 'said;
                }
            }
        }
        inbound.drain(..used);
    }
    let is_ended = |stream: &&Rc<Stream>| {
        let ended = stream.state.borrow().ended;
        ended.is_some_and(|reason| reason != Reason::NoError)
    };
    played.ended = streams.iter().filter(is_ended).map(|stream| stream.id).collect();
    played
}

/// Answers a request with what it said, or takes what has come of its body.
fn taken_up(session: &mut Session, arrived: Arrived, is_answered: bool) -> Option<(u32, RequestHead)> {
    let Arrived { stream, head, .. } = arrived;
    let context = Context::from_waker(Waker::noop());
    let head = head.ok();
    if is_answered {
        let mut response = Response::full(200, "text/plain", "hello");
        if let Some(head) = &head {
            response.headers = head.headers.clone();
            response.headers.push("X-Method", &head.method);
        }
        let asked = Asked {
            to_head: false,
            now: Timestamp::from_seconds(0),
        };
        if let Ok(true) = session.answer(&stream, &response, asked) {
            let mut body = "hello".into();
            let _sent = session.poll_data(&stream, &mut body, true, false, &context);
        }
    } else {
        while let Poll::Ready(Some(Ok(_))) = session.poll_body(&stream, &context) {}
    }
    let head = head?;
    let understood = RequestHead {
        method: head.method,
        target: head.target,
        authority: head.authority,
        is_http_1_1: false,
        headers: head.headers,
        framing: crate::edge::fuzzing::Framing::Length(head.length.unwrap_or(0)),
    };
    Some((stream.id, understood))
}

/// What we say are whole frames that every client takes.
fn hear(session: &mut Session) {
    let mut rest = session.unwritten();
    while let Some(head) = FrameHead::read(rest) {
        assert!(head.length <= PAYLOAD_BYTES_MAX, "a frame that is too long");
        assert!(head.kind <= kind::CONTINUATION, "a frame of no kind");
        rest = rest.get(HEAD_BYTES + head.length..).unwrap_or_default();
    }
    assert!(rest.is_empty(), "half a frame");
    let length = session.unwritten().len();
    session.wrote(length);
}
