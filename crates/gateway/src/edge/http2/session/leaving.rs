//! Writes answers (RFC 9113 sections 6.1, 6.2 and 6.9).

use std::task::{Context, Poll};

use bytes::Bytes;

use super::{OUT_BYTES_MAX, Session};
use crate::{
    edge::http2::{
        answer::{self, Asked},
        frame::{self, HEAD_BYTES, PAYLOAD_BYTES_MAX, Reason},
        stream::Stream,
    },
    http::Response,
};

/// The stream was ended by either side.
#[derive(Clone, Copy, Debug)]
pub(in super::super) struct Ended;

impl Session {
    /// Sends the head of an answer; true when the body follows.
    pub(in super::super) fn answer(
        &mut self,
        stream: &Stream,
        response: &Response,
        asked: Asked,
    ) -> Result<bool, Ended> {
        if stream.state.borrow().ended.is_some() {
            return Err(Ended);
        }
        let start = self.out.len();
        self.out.extend_from_slice(&[0; HEAD_BYTES]);
        let has_body = answer::write(&mut self.encoder, &mut self.out, response, asked);
        frame::close_head(&mut self.out, start, stream.id, !has_body);
        if !has_body {
            self.said_all(stream);
        }
        self.wake();
        Ok(has_body)
    }

    /// Sends what there is room for of `piece`, at most a frame. Ready when something was sent; of an empty last one, its end.
    pub(in super::super) fn poll_data(
        &mut self,
        stream: &Stream,
        piece: &mut Bytes,
        is_last: bool,
        context: &Context<'_>,
    ) -> Poll<Result<(), Ended>> {
        let mut state = stream.state.borrow_mut();
        if state.ended.is_some() {
            return Poll::Ready(Err(Ended));
        }
        let to_write = OUT_BYTES_MAX.saturating_sub(self.unwritten().len());
        let of_client = usize::try_from(self.our_room.min(state.our_room)).unwrap_or_default();
        let bytes = piece.len().min(to_write).min(of_client).min(PAYLOAD_BYTES_MAX);
        if bytes == 0 && !piece.is_empty() {
            state.waits_for_room = true;
            state.listen(context);
            return Poll::Pending;
        }
        let sent = piece.split_to(bytes);
        let ends = is_last && piece.is_empty();
        frame::data(&mut self.out, stream.id, &sent, ends);
        let bytes = i64::try_from(bytes).unwrap_or(i64::MAX);
        self.our_room -= bytes;
        state.our_room -= bytes;
        drop(state);
        if ends {
            self.said_all(stream);
        }
        self.wake();
        Poll::Ready(Ok(()))
    }

    /// The answer is whole. What is still to come of its request nobody needs (section 8.1).
    fn said_all(&mut self, stream: &Stream) {
        if stream.state.borrow().is_whole {
            self.remove(stream.id);
        } else {
            self.reset(stream.id, Reason::NoError);
        }
    }
}
