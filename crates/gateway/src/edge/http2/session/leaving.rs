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

    /// Sends what there is room for of `piece`, at most a frame. Ready when something was sent; of an empty last one, its end. Who has
    /// sent something and would send more lets others come first (`goes_on`).
    pub(in super::super) fn poll_data(
        &mut self,
        stream: &Stream,
        piece: &mut Bytes,
        is_last: bool,
        goes_on: bool,
        context: &Context<'_>,
    ) -> Poll<Result<(), Ended>> {
        let mut state = stream.state.borrow_mut();
        if state.ended.is_some() {
            return Poll::Ready(Err(Ended));
        }
        if !piece.is_empty() {
            let is_its_turn = std::mem::take(&mut state.is_its_turn);
            self.turns -= usize::from(is_its_turn);
            state.waits_for_room = state.our_room <= 0;
            let is_full = self.our_room <= 0 || self.unwritten().len() >= OUT_BYTES_MAX;
            let is_others_turn =
                is_full || (!is_its_turn && (goes_on || self.turns > 0) && !self.queue.is_empty());
            if is_others_turn && !state.waits_for_room && !std::mem::replace(&mut state.is_in_queue, true) {
                self.queue.push_back(stream.id);
            }
            if is_others_turn || state.waits_for_room {
                state.listen(context);
                drop(state);
                if is_its_turn {
                    self.next_turns();
                }
                return Poll::Pending;
            }
        }
        let of_client = usize::try_from(self.our_room.min(state.our_room)).unwrap_or_default();
        let sent = piece.split_to(piece.len().min(of_client).min(PAYLOAD_BYTES_MAX));
        let ends = is_last && piece.is_empty();
        frame::data(&mut self.out, stream.id, &sent, ends);
        let bytes = i64::try_from(sent.len()).unwrap_or(i64::MAX);
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
