//! Takes the frames of a client up (RFC 9113 sections 4 to 6).

use std::{cell::RefCell, rc::Rc};

use super::{FAULTS_MAX, Fault, Session};
use crate::edge::{
    http2::{
        frame::{
            self, FrameHead, HEAD_BYTES, PAYLOAD_BYTES_MAX, PREFACE, Reason, WINDOW_BYTES_MAX, flag, kind,
        },
        head::{Fields, Head},
        stream::{State, Stream},
    },
    strictness::Rule,
};

/// Frames of one head.
const PIECES_MAX: u32 = 64;

/// A head in pieces.
#[derive(Debug)]
pub(super) struct Partial {
    stream: u32,
    ends_stream: bool,
    block: Vec<u8>,
    pieces: u32,
}

/// What was at the front of what a client sent.
#[derive(Debug)]
pub(in super::super) struct Taken {
    pub(in super::super) bytes: usize,
    pub(in super::super) arrived: Option<Arrived>,
}

/// A request.
#[derive(Debug)]
pub(in super::super) struct Arrived {
    pub(in super::super) stream: Rc<Stream>,
    pub(in super::super) head: Result<Head, &'static Rule>,
    /// Its body may follow.
    pub(in super::super) has_body: bool,
}

impl Session {
    /// Takes up what is at the front of `input`: a frame, or what of the preface has come; none when more must come.
    pub(in super::super) fn take(&mut self, input: &[u8]) -> Result<Option<Taken>, Reason> {
        let to_come = PREFACE.get(self.preface_bytes..).unwrap_or_default();
        if !to_come.is_empty() && !input.is_empty() {
            let bytes = to_come.len().min(input.len());
            if input.get(..bytes) != to_come.get(..bytes) {
                return Err(Reason::ProtocolError);
            }
            self.preface_bytes += bytes;
            return Ok(Some(Taken { bytes, arrived: None }));
        }
        let Some(head) = FrameHead::read(input) else {
            return Ok(None);
        };
        if head.length > PAYLOAD_BYTES_MAX {
            return Err(Reason::FrameSizeError);
        }
        let bytes = HEAD_BYTES + head.length;
        let Some(payload) = input.get(HEAD_BYTES..bytes) else {
            return Ok(None);
        };
        let arrived = match self.frame(head, payload) {
            Ok(arrived) => arrived,
            Err(Fault::Connection(reason)) => return Err(reason),
            Err(Fault::Stream(id, reason)) => {
                self.reset(id, reason);
                self.faults += 1;
                if self.faults > FAULTS_MAX {
                    return Err(Reason::EnhanceYourCalm);
                }
                None
            }
        };
        Ok(Some(Taken { bytes, arrived }))
    }

    fn frame(&mut self, head: FrameHead, payload: &[u8]) -> Result<Option<Arrived>, Fault> {
        let is_settings = head.kind == kind::SETTINGS && !head.has(flag::ACK);
        if !std::mem::replace(&mut self.is_greeted, true) && !is_settings {
            return Err(PROTOCOL);
        }
        // Nothing may stand between the pieces of a head (section 6.10).
        let belongs = self.partial.as_ref().map(|partial| partial.stream);
        if (head.kind == kind::CONTINUATION || belongs.is_some())
            && (head.kind != kind::CONTINUATION || belongs != Some(head.stream))
        {
            return Err(PROTOCOL);
        }
        match head.kind {
            kind::HEADERS => return self.headers(head, payload),
            kind::CONTINUATION => return self.continuation(head, payload),
            kind::DATA => self.data(head, payload)?,
            kind::WINDOW_UPDATE => self.window_update(head, payload)?,
            kind::RST_STREAM => {
                sized(payload.len() == 4)?;
                self.of_stream(head)?;
                self.reset_by_client(head.stream)?;
                // Nothing of it can be under way behind this.
                self.ended.retain(|ended| *ended != head.stream);
            }
            kind::PRIORITY => {
                on_stream(head)?;
                if payload.len() != 5 {
                    return Err(Fault::Stream(head.stream, Reason::FrameSizeError));
                }
                depends_on_another(head, payload)?;
            }
            kind::SETTINGS => self.settings(head, payload)?,
            kind::PING => {
                on_connection(head)?;
                let word = <[u8; 8]>::try_from(payload).map_err(|_| FRAME_SIZE)?;
                if head.has(flag::ACK) {
                    self.has_ponged = true;
                } else {
                    frame::ping(&mut self.out, flag::ACK, word);
                }
            }
            kind::GOAWAY => {
                on_connection(head)?;
                sized(payload.len() >= 8)?;
            }
            kind::PUSH_PROMISE => return Err(PROTOCOL),
            _ => {}
        }
        Ok(None)
    }

    /// A frame that only a stream can have that has begun (section 5.1).
    pub(super) fn of_stream(&self, head: FrameHead) -> Result<(), Fault> {
        on_stream(head)?;
        if head.stream > self.last || head.stream.is_multiple_of(2) {
            return Err(PROTOCOL);
        }
        Ok(())
    }

    /// The client wants no answer any more. Of streams that it resets in one breath with their beginning it has few.
    fn reset_by_client(&mut self, id: u32) -> Result<(), Fault> {
        let Some(stream) = self.remove(id) else {
            return Ok(());
        };
        let mut state = stream.state.borrow_mut();
        state.end(Reason::Cancel);
        self.reset_unbegun += usize::from(!state.is_begun);
        if self.reset_unbegun > self.limits.resets_pending_max {
            return Err(Fault::Connection(Reason::EnhanceYourCalm));
        }
        Ok(())
    }

    fn headers(&mut self, head: FrameHead, payload: &[u8]) -> Result<Option<Arrived>, Fault> {
        on_stream(head)?;
        if head.stream.is_multiple_of(2) {
            return Err(PROTOCOL);
        }
        let mut block = unpadded(head, payload)?;
        if head.has(flag::PRIORITY) {
            let (priority, rest) = block.split_at_checked(5).ok_or(FRAME_SIZE)?;
            depends_on_another(head, priority)?;
            block = rest;
        }
        let ends_stream = head.has(flag::END_STREAM);
        if head.has(flag::END_HEADERS) {
            return self.head(head.stream, ends_stream, block);
        }
        self.partial = Some(Partial {
            stream: head.stream,
            ends_stream,
            block: block.to_vec(),
            pieces: 1,
        });
        Ok(None)
    }

    fn continuation(&mut self, head: FrameHead, payload: &[u8]) -> Result<Option<Arrived>, Fault> {
        let mut partial = self.partial.take().ok_or(PROTOCOL)?;
        partial.pieces += 1;
        // One that is not much too long is answered.
        let is_too_long = partial.block.len() + payload.len() > 2 * self.limits.head_bytes_max;
        if is_too_long || partial.pieces > PIECES_MAX {
            return Err(Fault::Connection(Reason::EnhanceYourCalm));
        }
        partial.block.extend_from_slice(payload);
        if head.has(flag::END_HEADERS) {
            return self.head(partial.stream, partial.ends_stream, &partial.block);
        }
        self.partial = Some(partial);
        Ok(None)
    }

    /// A head is whole: of a request, or behind its body.
    fn head(&mut self, id: u32, ends_stream: bool, block: &[u8]) -> Result<Option<Arrived>, Fault> {
        self.lines.clear();
        let mut fields = Fields::new(&mut self.lines, &self.limits);
        self.decoder
            .decode(block, |field| fields.take(field))
            .map_err(|_| Fault::Connection(Reason::CompressionError))?;
        if id <= self.last {
            let is_fine = fields.are_trailers() && ends_stream;
            return self.trailers(id, is_fine).map(|()| None);
        }
        self.last = id;
        if self.is_leaving {
            self.let_pass(id);
            return Ok(None);
        }
        self.last_taken = id;
        let malformed = Fault::Stream(id, Reason::ProtocolError);
        let head = fields.into_head().map_err(|_| malformed)?;
        let declared = head.as_ref().ok().and_then(|head| head.length);
        if ends_stream && declared.is_some_and(|length| length > 0) {
            return Err(malformed);
        }
        if self.streams.len() >= self.limits.streams_max as usize {
            return Err(Fault::Stream(id, Reason::RefusedStream));
        }
        let stream = Rc::new(Stream {
            id,
            state: RefCell::new(State {
                is_whole: ends_stream,
                is_unwanted: ends_stream || head.is_err(),
                declared,
                its_room: i64::from(self.limits.stream_window_bytes.max(frame::WINDOW_BYTES)),
                our_room: self.first_room,
                ..State::default()
            }),
        });
        self.streams.push(Rc::clone(&stream));
        Ok(Some(Arrived {
            stream,
            head,
            has_body: !ends_stream,
        }))
    }

    /// What stands behind a body is dropped: no layer would look at it.
    fn trailers(&mut self, id: u32, are_fine: bool) -> Result<(), Fault> {
        let Some(stream) = self.find(id) else {
            return self.passed(id);
        };
        let mut state = stream.state.borrow_mut();
        if state.is_whole {
            return Err(Fault::Stream(id, Reason::StreamClosed));
        }
        if !are_fine || state.declared.is_some_and(|length| length > 0) {
            return Err(Fault::Stream(id, Reason::ProtocolError));
        }
        state.is_whole = true;
        state.wake_reader();
        Ok(())
    }

    /// Something came for a stream that is over: it may have been under way when we ended it.
    pub(super) fn passed(&self, id: u32) -> Result<(), Fault> {
        if self.ended.contains(&id) {
            return Ok(());
        }
        Err(Fault::Connection(Reason::StreamClosed))
    }
}

pub(super) const PROTOCOL: Fault = Fault::Connection(Reason::ProtocolError);
pub(super) const FRAME_SIZE: Fault = Fault::Connection(Reason::FrameSizeError);

pub(super) fn sized(fits: bool) -> Result<(), Fault> {
    if fits { Ok(()) } else { Err(FRAME_SIZE) }
}

pub(super) fn on_connection(head: FrameHead) -> Result<(), Fault> {
    if head.stream == 0 { Ok(()) } else { Err(PROTOCOL) }
}

fn on_stream(head: FrameHead) -> Result<(), Fault> {
    if head.stream == 0 { Err(PROTOCOL) } else { Ok(()) }
}

/// Priorities are not ours to keep (section 5.3), and a stream that depends on itself is nobody's (RFC 7540 section 5.3.1).
fn depends_on_another(head: FrameHead, priority: &[u8]) -> Result<(), Fault> {
    let on = priority
        .first_chunk()
        .map(|on| u32::from_be_bytes(*on) & WINDOW_BYTES_MAX);
    if on == Some(head.stream) {
        return Err(PROTOCOL);
    }
    Ok(())
}

/// Returns a payload without what fills it up (section 6.1).
pub(super) fn unpadded(head: FrameHead, payload: &[u8]) -> Result<&[u8], Fault> {
    if !head.has(flag::PADDED) {
        return Ok(payload);
    }
    let (padding, rest) = payload.split_first().ok_or(FRAME_SIZE)?;
    let length = rest.len().checked_sub(usize::from(*padding)).ok_or(PROTOCOL)?;
    Ok(rest.get(..length).unwrap_or_default())
}
