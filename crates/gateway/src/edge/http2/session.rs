//! The state of a connection (RFC 9113): its streams, what both sides have room for, what is to be written. It reads frames and
//! writes frames, and touches no socket.

mod arriving;
mod bodies;
mod leaving;
mod settings;
#[cfg(test)]
mod tests;

use std::{
    collections::VecDeque,
    rc::Rc,
    task::{Context, Waker},
};

use self::arriving::Partial;
pub(super) use self::{arriving::Arrived, leaving::Ended};
use super::{
    frame::{self, PAYLOAD_BYTES_MAX, Reason, WINDOW_BYTES, setting},
    hpack::{Decoder, Encoder},
    stream::Stream,
};
use crate::edge::{EdgeLimits, waking::wake_by};

/// Bytes that wait to be written, from which on no more of a body is added.
const OUT_BYTES_MAX: usize = 64 * 1024;
/// Bytes that wait besides, answers to what the client sends, from which on no more of that is read.
const OWED_BYTES_MAX: usize = 64 * 1024;
/// A larger buffer is not kept while there is nothing to write.
const KEPT_BYTES_MAX: usize = 16 * 1024;
/// Streams that we ended, what is under way to which is let pass.
const ENDED_MAX: usize = 256;
/// Streams that we had to end because of what the client sent, before the connection ends.
const FAULTS_MAX: u32 = 1_000;

/// What is wrong with a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// Nothing that follows can be understood, or trusted.
    Connection(Reason),
    Stream(u32, Reason),
}

/// One connection.
#[derive(Debug)]
pub(super) struct Session {
    limits: EdgeLimits,
    decoder: Decoder,
    encoder: Encoder,
    /// By number, the latest last.
    streams: Vec<Rc<Stream>>,
    /// The latest that the client began, and the latest of those that we take up.
    last: u32,
    last_taken: u32,
    /// Streams that we ended, the latest last.
    ended: VecDeque<u32>,
    faults: u32,
    /// Streams that were reset before their exchanges began, of those that came together.
    reset_unbegun: usize,
    /// How much of the client's preface has come, and whether its settings have.
    preface_bytes: usize,
    is_greeted: bool,
    /// A head whose end has not come.
    partial: Option<Partial>,
    /// Where the fields of a head are put together.
    lines: Vec<u8>,
    /// What the client may send of all streams, and what was taken that it has not heard of.
    its_room: i64,
    taken: u32,
    /// What the client has room for of all streams, and of a new one.
    our_room: i64,
    first_room: i64,
    out: Vec<u8>,
    written: usize,
    /// Bytes written in all.
    sent: u64,
    /// Streams that wait for their turn to send: for the connection, not for room of their own.
    queue: VecDeque<u32>,
    /// Streams that have been told that it is their turn, and have not come yet.
    turns: usize,
    /// No new streams are taken up.
    is_leaving: bool,
    /// An answer to the question whether the client is there has come.
    has_ponged: bool,
    waker: Option<Waker>,
    is_woken: bool,
}

impl Session {
    /// Returns a connection that has begun with our settings.
    pub(super) fn new(limits: &EdgeLimits) -> Self {
        let its_room = limits.connection_window_bytes.max(WINDOW_BYTES);
        let mut out = Vec::new();
        let ours = [
            (setting::MAX_CONCURRENT_STREAMS, limits.streams_max),
            (setting::INITIAL_WINDOW_SIZE, limits.stream_window_bytes),
            (
                setting::MAX_HEADER_LIST_SIZE,
                u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX),
            ),
        ];
        frame::settings(&mut out, 0, &ours);
        if its_room > WINDOW_BYTES {
            frame::window_update(&mut out, 0, its_room - WINDOW_BYTES);
        }
        Self {
            limits: limits.clone(),
            decoder: Decoder::default(),
            encoder: Encoder::default(),
            streams: Vec::new(),
            last: 0,
            last_taken: 0,
            ended: VecDeque::new(),
            faults: 0,
            reset_unbegun: 0,
            preface_bytes: 0,
            is_greeted: false,
            partial: None,
            lines: Vec::new(),
            its_room: i64::from(its_room),
            taken: 0,
            our_room: i64::from(WINDOW_BYTES),
            first_room: i64::from(WINDOW_BYTES),
            out,
            written: 0,
            sent: 0,
            queue: VecDeque::new(),
            turns: 0,
            is_leaving: false,
            has_ponged: false,
            waker: None,
            is_woken: false,
        }
    }

    /// The connection runs, and will write what there is.
    pub(super) const fn runs(&mut self) {
        self.is_woken = true;
    }

    /// The connection waits, and is woken when there is something to write.
    pub(super) fn waits(&mut self, context: &Context<'_>) {
        self.is_woken = false;
        wake_by(&mut self.waker, context);
    }

    fn wake(&mut self) {
        if !std::mem::replace(&mut self.is_woken, true)
            && let Some(waker) = &self.waker
        {
            waker.wake_by_ref();
        }
    }

    /// Returns what is to be written.
    pub(super) fn unwritten(&self) -> &[u8] {
        self.out.get(self.written..).unwrap_or_default()
    }

    /// So many bytes of it were.
    pub(super) fn wrote(&mut self, bytes: usize) {
        self.written += bytes;
        self.sent += bytes as u64;
        if self.written >= self.out.len() {
            self.written = 0;
            self.out.clear();
            if self.out.capacity() > KEPT_BYTES_MAX || self.streams.is_empty() {
                self.out = Vec::new();
            }
        }
        self.next_turns();
    }

    /// Returns how many bytes were written in all, where more wait to be.
    pub(super) fn sent_so_far(&self) -> Option<u64> {
        let waits = !self.unwritten().is_empty() || !self.queue.is_empty();
        waits.then_some(self.sent)
    }

    /// Tells whether the client must take something before more of what it sends is read.
    pub(super) fn is_full(&self) -> bool {
        self.unwritten().len() > OUT_BYTES_MAX + OWED_BYTES_MAX
    }

    /// Exchanges begin for all that came together.
    pub(super) const fn begins_all(&mut self) {
        self.reset_unbegun = 0;
    }

    /// Asks whether the client is there.
    pub(super) fn ping(&mut self) {
        self.has_ponged = false;
        frame::ping(&mut self.out, 0, *b"pulse..?");
    }

    /// Tells whether it has said so since.
    pub(super) const fn has_ponged(&self) -> bool {
        self.has_ponged
    }

    /// Takes up no new streams, and says so.
    pub(super) fn leave(&mut self) {
        if !std::mem::replace(&mut self.is_leaving, true) {
            frame::go_away(&mut self.out, self.last_taken, Reason::NoError);
        }
    }

    /// Tells whether nothing is left to do on a connection that takes up no more.
    pub(super) fn is_over(&self) -> bool {
        self.is_leaving && self.streams.is_empty() && self.out.is_empty()
    }

    /// Ends all streams, and says why.
    pub(super) fn fail(&mut self, reason: Reason) {
        self.is_leaving = true;
        self.end_streams();
        frame::go_away(&mut self.out, self.last_taken, reason);
    }

    /// Nothing comes or goes any more.
    pub(super) fn end_streams(&mut self) {
        for stream in self.streams.drain(..) {
            stream.state.borrow_mut().end(Reason::Cancel);
        }
    }

    fn find(&self, id: u32) -> Option<&Rc<Stream>> {
        let place = self.streams.binary_search_by_key(&id, |stream| stream.id).ok()?;
        self.streams.get(place)
    }

    fn remove(&mut self, id: u32) -> Option<Rc<Stream>> {
        let place = self.streams.binary_search_by_key(&id, |stream| stream.id).ok()?;
        let stream = self.streams.remove(place);
        if std::mem::take(&mut stream.state.borrow_mut().is_its_turn) {
            self.turns -= 1;
            self.next_turns();
        }
        Some(stream)
    }

    /// Ends a stream before its time, and says so.
    pub(super) fn reset(&mut self, id: u32, reason: Reason) {
        if let Some(stream) = self.remove(id) {
            stream.state.borrow_mut().end(reason);
        }
        self.let_pass(id);
        frame::reset(&mut self.out, id, reason);
        self.wake();
    }

    /// What still comes for this stream is no fault.
    fn let_pass(&mut self, id: u32) {
        if self.ended.len() >= ENDED_MAX {
            self.ended.pop_front();
        }
        self.ended.push_back(id);
    }

    /// Has streams woken whose turn it is, as many as there is room for.
    fn next_turns(&mut self) {
        let to_write = OUT_BYTES_MAX.saturating_sub(self.unwritten().len());
        let of_client = usize::try_from(self.our_room).unwrap_or_default();
        let room = to_write.min(of_client).div_ceil(PAYLOAD_BYTES_MAX);
        while self.turns < room
            && let Some(id) = self.queue.pop_front()
        {
            if let Some(stream) = self.find(id) {
                stream.state.borrow_mut().has_turn();
                self.turns += 1;
            }
        }
    }
}
