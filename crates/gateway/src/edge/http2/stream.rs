//! What is known of one stream (RFC 9113 section 5), from its head until both sides have said all, or one has ended it.

use std::{
    cell::RefCell,
    task::{Context, Poll, Waker},
};

use bytes::BytesMut;

use super::frame::Reason;
use crate::edge::waking::wake_by;

/// A stream: its connection and its exchange have it.
#[derive(Debug)]
pub(super) struct Stream {
    pub(super) id: u32,
    pub(super) state: RefCell<State>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    /// It has an exchange.
    pub(super) is_begun: bool,
    /// What came of the body and nobody has taken yet.
    pub(super) arrived: BytesMut,
    /// The client has said all.
    pub(super) is_whole: bool,
    /// What is still to come, where the client said how much.
    pub(super) declared: Option<u64>,
    /// What the client may send before it hears of more.
    pub(super) its_room: i64,
    /// What was taken, and the client has not heard of.
    pub(super) taken: u32,
    /// Nobody reads the body any more.
    pub(super) is_unwanted: bool,
    /// What the client has room for.
    pub(super) our_room: i64,
    /// Why it was ended before its time.
    pub(super) ended: Option<Reason>,
    /// The exchange has something to send, and the client no room for it.
    pub(super) waits_for_room: bool,
    /// The exchange has something to send, and others were before it.
    pub(super) is_in_queue: bool,
    pub(super) is_its_turn: bool,
    pub(super) exchange: Option<Waker>,
    pub(super) reader: Option<Waker>,
}

impl Stream {
    /// Its exchange begins; false where nobody waits for the answer any more.
    pub(super) fn begins(&self) -> bool {
        let mut state = self.state.borrow_mut();
        state.is_begun = state.ended.is_none();
        state.is_begun
    }

    /// Ready when the stream has been ended.
    pub(super) fn poll_ended(&self, context: &Context<'_>) -> Poll<()> {
        let mut state = self.state.borrow_mut();
        if state.ended.is_some() {
            return Poll::Ready(());
        }
        state.listen(context);
        Poll::Pending
    }
}

impl State {
    /// Has the exchange woken when there is room, or when the stream ends.
    pub(super) fn listen(&mut self, context: &Context<'_>) {
        wake_by(&mut self.exchange, context);
    }

    /// Has whoever reads the body woken when more of it comes, or none will.
    pub(super) fn read(&mut self, context: &Context<'_>) {
        wake_by(&mut self.reader, context);
    }

    /// Something of the body came.
    pub(super) fn wake_reader(&mut self) {
        if let Some(reader) = self.reader.take() {
            reader.wake();
        }
    }

    /// The client has room, or has less than before.
    pub(super) fn has_room(&mut self) {
        if self.our_room > 0 && std::mem::take(&mut self.waits_for_room) {
            self.wake_sender();
        }
    }

    /// It is the stream's turn to send.
    pub(super) fn has_turn(&mut self) {
        (self.is_in_queue, self.is_its_turn) = (false, true);
        self.wake_sender();
    }

    fn wake_sender(&self) {
        if let Some(exchange) = &self.exchange {
            exchange.wake_by_ref();
        }
    }

    /// Nothing more comes or goes.
    pub(super) fn end(&mut self, reason: Reason) {
        self.ended.get_or_insert(reason);
        self.wake_reader();
        if let Some(exchange) = self.exchange.take() {
            exchange.wake();
        }
    }
}
