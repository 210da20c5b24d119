//! Room for the bytes of bodies. A long body passes through one of the thread's few large buffers: each piece costs two system
//! calls and wakes two processes, so there should be few. When all are lent, bodies pass in smaller pieces.

use std::{cell::RefCell, collections::VecDeque};

use bytes::BytesMut;

/// Room for whatever comes.
const READ_BYTES_MIN: usize = 2 * 1024;
/// Room for a piece of a long body when no large buffer is free.
pub(crate) const LONG_READ_BYTES: usize = 64 * 1024;
/// A large buffer.
const LARGE_BYTES: usize = 256 * 1024;
/// Large buffers of a thread, lent or not.
const LARGE_MAX: usize = 64;
/// Large buffers that a thread keeps for bodies to come.
const SPARE_MAX: usize = 8;

thread_local! {
    static LARGE: RefCell<Large> = const { RefCell::new(Large { lent: 0, spare: VecDeque::new() }) };
}

/// The large buffers of a thread.
struct Large {
    lent: usize,
    /// Given back, the newest last. Somebody may still hold what was read into one: it is free when they let go.
    spare: VecDeque<BytesMut>,
}

impl Large {
    fn borrow(&mut self) -> Option<BytesMut> {
        for _ in 0..self.spare.len() {
            let mut buffer = self.spare.pop_back()?;
            if buffer.try_reclaim(LARGE_BYTES) {
                self.lent += 1;
                return Some(buffer);
            }
            self.spare.push_front(buffer);
        }
        if self.lent + self.spare.len() >= LARGE_MAX {
            return None;
        }
        self.lent += 1;
        Some(BytesMut::with_capacity(LARGE_BYTES))
    }

    fn give_back(&mut self, mut buffer: BytesMut) {
        self.lent = self.lent.saturating_sub(1);
        buffer.clear();
        self.spare.push_back(buffer);
        let mut too_many = self.spare.len().saturating_sub(SPARE_MAX);
        if too_many > 0 {
            // The oldest that nobody holds are freed.
            self.spare.retain_mut(|buffer| {
                let is_freed = too_many > 0 && buffer.try_reclaim(LARGE_BYTES);
                too_many -= usize::from(is_freed);
                !is_freed
            });
        }
    }
}

/// Says whether a buffer for what is read is one of the thread's large ones.
#[derive(Debug, Default)]
pub struct Room {
    is_large: bool,
}

impl Room {
    /// Makes room in `inbound` for what comes of a body of which `expected` more bytes are known to come.
    pub fn make(&mut self, inbound: &mut BytesMut, expected: u64) {
        let expected = usize::try_from(expected).unwrap_or(usize::MAX);
        let room = expected.clamp(READ_BYTES_MIN, LONG_READ_BYTES);
        let is_long = expected > LONG_READ_BYTES;
        if self.is_large {
            let wanted = expected.clamp(READ_BYTES_MIN, LARGE_BYTES.saturating_sub(inbound.len()));
            if inbound.try_reclaim(wanted) {
                return;
            }
        } else if !is_long {
            return inbound.reserve(room);
        }
        // It is small, or what was read into it before is still held by somebody.
        let large = if is_long {
            LARGE.with_borrow_mut(Large::borrow)
        } else {
            None
        };
        let is_large = large.is_some();
        if !is_large && !self.is_large {
            return inbound.reserve(room);
        }
        let mut next = large.unwrap_or_else(|| BytesMut::with_capacity(inbound.len() + room));
        next.extend_from_slice(inbound);
        self.give_back(std::mem::replace(inbound, next));
        self.is_large = is_large;
    }

    /// The body is over: a large buffer goes back, with nothing in it.
    pub fn end(&mut self, inbound: &mut BytesMut) {
        if self.is_large {
            self.give_back(std::mem::take(inbound));
        }
    }

    fn give_back(&mut self, buffer: BytesMut) {
        if std::mem::take(&mut self.is_large) {
            LARGE.with_borrow_mut(|large| large.give_back(buffer));
        }
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        if self.is_large {
            // The buffer goes with whoever held it. There is no count any more when the thread ends.
            let _counted = LARGE.try_with(|large| {
                let mut large = large.borrow_mut();
                large.lent = large.lent.saturating_sub(1);
            });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: u64 = 1024 * 1024;

    /// As a read would: fills all the room.
    fn fill(inbound: &mut BytesMut) -> bytes::Bytes {
        inbound.resize(inbound.capacity(), b'x');
        inbound.split().freeze()
    }

    #[test]
    fn room_for_a_long_body_is_large_and_serves_it_and_others_again_and_again() {
        let (mut room, mut inbound) = (Room::default(), BytesMut::from(&b"came before"[..]));
        room.make(&mut inbound, LONG);
        assert_eq!(inbound, "came before");
        assert_eq!(inbound.capacity(), LARGE_BYTES);
        let first = inbound.as_ptr();
        for _ in 0..4 {
            drop(fill(&mut inbound));
            room.make(&mut inbound, LONG);
            assert_eq!((inbound.as_ptr(), inbound.capacity()), (first, LARGE_BYTES));
        }
        room.end(&mut inbound);
        assert_eq!(inbound.capacity(), 0);
        room.make(&mut inbound, LONG);
        assert_eq!(inbound.as_ptr(), first);
    }

    #[test]
    fn what_somebody_holds_is_not_written_over() {
        let (mut room, mut inbound) = (Room::default(), BytesMut::new());
        room.make(&mut inbound, LONG);
        let held = fill(&mut inbound);
        room.make(&mut inbound, LONG);
        assert_eq!(inbound.capacity(), LARGE_BYTES);
        let _next = fill(&mut inbound);
        room.make(&mut inbound, 10);
        assert!(
            (10..LARGE_BYTES).contains(&inbound.capacity()),
            "the rest is short"
        );
        inbound.fill(b'y');
        assert_eq!(held.len(), LARGE_BYTES);
        assert!(held.iter().all(|byte| *byte == b'x'));
    }

    #[test]
    fn large_buffers_are_few_and_freed_when_they_are_not_needed() {
        let mut bodies: Vec<_> = (0..LARGE_MAX + 2)
            .map(|_| (Room::default(), BytesMut::new()))
            .collect();
        for (room, inbound) in &mut bodies {
            room.make(inbound, LONG);
        }
        let large = bodies
            .iter()
            .filter(|(_, inbound)| inbound.capacity() == LARGE_BYTES);
        assert_eq!(large.count(), LARGE_MAX);
        assert!(
            bodies
                .iter()
                .all(|(_, inbound)| inbound.capacity() >= LONG_READ_BYTES)
        );
        let held: Vec<_> = bodies
            .iter_mut()
            .take(20)
            .map(|(_, inbound)| fill(inbound))
            .collect();
        for (room, inbound) in &mut bodies {
            room.end(inbound);
        }
        let counts = || LARGE.with_borrow(|large| (large.lent, large.spare.len()));
        assert!(counts().1 <= held.len() + SPARE_MAX, "{:?}", counts());
        assert_eq!(counts().0, 0);
        drop(held);
        let (mut room, mut inbound) = (Room::default(), BytesMut::new());
        room.make(&mut inbound, LONG);
        assert_eq!(counts().0, 1);
        drop(room);
        assert_eq!(counts().0, 0, "dropped in the middle of a body");
    }
}
