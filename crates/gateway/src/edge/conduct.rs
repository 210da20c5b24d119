//! How a client behaves on one HTTP/2 connection: whether it resets its streams as soon as it has opened them, whether it takes
//! the answers that it asked for, and whether it asks for anything at all.
//!
//! A stream costs a client some forty bytes and us a request, so what it opens to reset is bounded in number
//! (RFC 9113 section 10.5). Streams that it reset later are no different from requests, and are not counted.

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    task::{Context, Waker},
    time::Duration,
};

use tokio::time::Instant;

use super::{EdgeLimits, admission::Judge, waking::wake_by};

/// A stream that is reset sooner than this was opened to be reset.
const PREMATURE: Duration = Duration::from_secs(1);
/// Looks per idle time.
const LOOKS: u32 = 4;

/// Why a connection ends that did nothing forbidden in one frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Misconduct {
    /// It opened streams to reset them, or sent what has no end.
    Flood,
    /// It takes nothing of an answer.
    Stalled,
    /// It asks for nothing.
    Idle,
}

impl Misconduct {
    pub(super) const ALL: [Self; 3] = [Self::Flood, Self::Stalled, Self::Idle];

    /// Returns the label.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Flood => "flood",
            Self::Stalled => "stalled",
            Self::Idle => "idle",
        }
    }
}

/// What is known of the streams of one connection.
#[derive(Debug)]
pub(super) struct Conduct {
    open: RefCell<Slots>,
    begun: Cell<u64>,
    /// Premature resets that are not forgotten.
    resets: Cell<u32>,
    judge: Judge,
    limits: Limits,
    judged: Cell<Option<Misconduct>>,
    waker: RefCell<Option<Waker>>,
    idle_looks: Cell<u32>,
    begun_before: Cell<u64>,
    /// What had been sent, while more waited to be, and for how many looks that has been all.
    sent_before: Cell<(Option<u64>, u32)>,
}

#[derive(Debug)]
struct Limits {
    resets_per_look: u32,
    write_looks: u32,
    between_looks: Duration,
}

/// One entry a stream, used again.
#[derive(Debug, Default)]
struct Slots {
    of: Vec<Slot>,
    free: Vec<usize>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Slot {
    is_open: bool,
    waits_for_client: bool,
    looks: u32,
}

impl Conduct {
    pub(super) fn new(limits: &EdgeLimits, judge: Judge) -> Self {
        let between_looks = limits.idle_time.min(limits.write_idle_time) / LOOKS;
        let seconds = u32::try_from(between_looks.as_secs()).unwrap_or(u32::MAX);
        Self {
            open: RefCell::default(),
            begun: Cell::new(0),
            resets: Cell::new(0),
            judge,
            limits: Limits {
                resets_per_look: limits.resets_per_second_max.saturating_mul(seconds.max(1)),
                write_looks: looks(limits.write_idle_time, between_looks),
                between_looks,
            },
            judged: Cell::new(None),
            waker: RefCell::default(),
            idle_looks: Cell::new(looks(limits.idle_time, between_looks)),
            begun_before: Cell::new(0),
            sent_before: Cell::new((None, 0)),
        }
    }

    /// Returns how long until the next look.
    pub(super) const fn between_looks(&self) -> Duration {
        self.limits.between_looks
    }

    /// Returns how many streams have begun.
    pub(super) const fn begun(&self) -> u64 {
        self.begun.get()
    }

    /// Returns how many exchanges there are, of streams that are open and of such as were reset and still wait to be dropped.
    pub(super) fn open_streams(&self) -> usize {
        let slots = self.open.borrow();
        slots.of.len() - slots.free.len()
    }

    /// Begins a stream.
    pub(super) fn open(self: &Rc<Self>) -> OpenStream {
        self.begun.set(self.begun.get() + 1);
        let mut slots = self.open.borrow_mut();
        let fresh = Slot {
            is_open: true,
            ..Slot::default()
        };
        let place = slots.free.pop().unwrap_or(slots.of.len());
        match slots.of.get_mut(place) {
            Some(slot) => *slot = fresh,
            None => slots.of.push(fresh),
        }
        OpenStream {
            conduct: Rc::clone(self),
            place,
            began: Instant::now(),
            ended: Cell::new(false),
        }
    }

    /// Returns the verdict, once there is one.
    pub(super) fn judged(&self, context: &Context<'_>) -> Option<Misconduct> {
        let judged = self.judged.take();
        if judged.is_none() {
            wake_by(&mut self.waker.borrow_mut(), context);
        }
        judged
    }

    /// Looks how things stand; called once every [`Self::between_looks`]. `sent` is how much has been written in all, where more
    /// waits to be.
    pub(super) fn look(&self, idle_time: Duration, sent: Option<u64>) -> Option<Misconduct> {
        let (before, looks_before) = self.sent_before.get();
        let stuck = if sent.is_some() && sent == before {
            looks_before + 1
        } else {
            0
        };
        self.sent_before.set((sent, stuck));
        if stuck > self.limits.write_looks {
            return Some(Misconduct::Stalled);
        }
        self.resets
            .set(self.resets.get().saturating_sub(self.limits.resets_per_look));
        let mut slots = self.open.borrow_mut();
        let mut all_free = true;
        for slot in slots.of.iter_mut().filter(|slot| slot.is_open) {
            all_free = false;
            if !slot.waits_for_client {
                continue;
            }
            slot.looks += 1;
            if slot.looks > self.limits.write_looks {
                return Some(Misconduct::Stalled);
            }
        }
        let begun = self.begun.get();
        if all_free && self.begun_before.replace(begun) == begun {
            let left = self.idle_looks.get().saturating_sub(1);
            self.idle_looks.set(left);
            return (left == 0).then_some(Misconduct::Idle);
        }
        self.idle_looks.set(looks(idle_time, self.limits.between_looks));
        None
    }

    fn close(&self, stream: &OpenStream) {
        let mut slots = self.open.borrow_mut();
        if let Some(slot) = slots.of.get_mut(stream.place) {
            slot.is_open = false;
        }
        slots.free.push(stream.place);
        drop(slots);
        if stream.ended.get() || stream.began.elapsed() >= PREMATURE {
            return;
        }
        self.resets.set(self.resets.get() + 1);
        if self.resets.get() > self.judge.resets_max() {
            self.judged.set(Some(Misconduct::Flood));
            if let Some(waker) = self.waker.borrow_mut().take() {
                waker.wake();
            }
        }
    }

    /// The connection must be ended.
    pub(super) fn ends(&self, why: Misconduct) {
        self.judge.ends(why);
    }

    fn note(&self, place: usize, waits_for_client: bool) {
        if let Some(slot) = self.open.borrow_mut().of.get_mut(place) {
            slot.waits_for_client = waits_for_client;
            slot.looks = 0;
        }
    }
}

fn looks(time: Duration, between: Duration) -> u32 {
    let looks = time.as_millis() / between.as_millis().max(1);
    u32::try_from(looks).unwrap_or(u32::MAX).max(1)
}

/// A stream, from its head until its answer is sent. One that is dropped before was reset by the client.
#[derive(Debug)]
pub(crate) struct OpenStream {
    conduct: Rc<Conduct>,
    place: usize,
    began: Instant,
    ended: Cell<bool>,
}

impl OpenStream {
    /// The next piece of the answer has been made, and the client must make room before it is asked for again.
    pub(super) fn waits_for_client(&self) {
        self.conduct.note(self.place, true);
    }

    /// The client has room, and we have nothing yet.
    pub(super) fn waits_for_us(&self) {
        self.conduct.note(self.place, false);
    }

    /// Nothing more is to come from us.
    pub(super) fn ended(&self) {
        self.ended.set(true);
    }
}

impl Drop for OpenStream {
    fn drop(&mut self) {
        Rc::clone(&self.conduct).close(self);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::admission::Admission;

    fn conduct() -> Rc<Conduct> {
        let limits = EdgeLimits {
            resets_max: 2,
            resets_per_second_max: 0,
            idle_time: Duration::from_secs(40),
            write_idle_time: Duration::from_secs(40),
            ..EdgeLimits::default()
        };
        let admission = Admission::new(&limits, std::sync::Arc::default());
        let permit = admission.admit(std::net::Ipv4Addr::LOCALHOST.into()).unwrap();
        Rc::new(Conduct::new(&limits, permit.judge()))
    }

    const IDLE: Duration = Duration::from_secs(40);

    #[test]
    fn streams_that_are_opened_to_be_reset_are_counted_and_others_are_not() {
        let conduct = conduct();
        let judged = || conduct.judged(&Context::from_waker(Waker::noop()));
        for _ in 0..10 {
            conduct.open().ended();
        }
        for _ in 0..10 {
            let mut late = conduct.open();
            late.began -= PREMATURE;
            drop(late);
        }
        drop(conduct.open());
        drop(conduct.open());
        assert_eq!(judged(), None);
        drop(conduct.open());
        assert_eq!(judged(), Some(Misconduct::Flood));
    }

    #[test]
    fn an_answer_that_nobody_takes_ends_a_connection_and_one_that_is_slow_to_come_does_not() {
        let conduct = conduct();
        let stream = conduct.open();
        for _ in 0..20 {
            stream.waits_for_us();
            assert_eq!(conduct.look(IDLE, None), None);
        }
        stream.waits_for_client();
        let looks: Vec<_> = (0..5).map(|_| conduct.look(IDLE, None)).collect();
        assert_eq!(looks, [None, None, None, None, Some(Misconduct::Stalled)]);
        stream.waits_for_client();
        assert_eq!(conduct.look(IDLE, None), None, "a piece was taken");
    }

    #[test]
    fn connection_whose_client_takes_nothing_is_ended_and_a_slow_one_is_not() {
        let conduct = conduct();
        let _stream = conduct.open();
        assert!((0..20).all(|bytes| conduct.look(IDLE, Some(bytes)).is_none()));
        assert!(
            (0..20).all(|_| conduct.look(IDLE, None).is_none()),
            "nothing waits"
        );
        let looks: Vec<_> = (0..6).map(|_| conduct.look(IDLE, Some(20))).collect();
        assert_eq!(looks, [None, None, None, None, None, Some(Misconduct::Stalled)]);
    }

    #[test]
    fn a_connection_without_streams_idles_and_one_with_some_does_not() {
        let conduct = conduct();
        let stream = conduct.open();
        assert!((0..20).all(|_| conduct.look(IDLE, None).is_none()));
        stream.ended();
        drop(stream);
        assert_eq!((0..3).find_map(|_| conduct.look(IDLE, None)), None);
        drop(conduct.open());
        assert_eq!(
            (0..4).find_map(|_| conduct.look(IDLE, None)),
            None,
            "it asked again"
        );
        assert_eq!(conduct.look(IDLE, None), Some(Misconduct::Idle));
    }
}
