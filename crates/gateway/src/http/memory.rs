//! How much memory the bodies take that are held, whole or their beginning for the firewall, over all requests: each has its own
//! limit, and many may come at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use bytes::{Bytes, BytesMut};

use super::BodyError;

/// Bytes of all bodies that are held at one time.
pub(crate) const BODIES_BYTES_MAX: usize = 1 << 30;

/// The one account of the process.
pub(crate) static BODIES: Memory = Memory::new(BODIES_BYTES_MAX);

/// An account of bytes that are held.
#[derive(Debug)]
pub(crate) struct Memory {
    held: AtomicUsize,
    bytes_max: usize,
}

impl Memory {
    pub(crate) const fn new(bytes_max: usize) -> Self {
        Self {
            held: AtomicUsize::new(0),
            bytes_max,
        }
    }

    /// Returns how many bytes are held.
    pub(crate) fn held(&self) -> usize {
        self.held.load(Ordering::Relaxed)
    }

    /// Takes bytes onto the account, if there is room.
    pub(crate) fn take(&self, bytes: usize) -> Result<(), BodyError> {
        let before = self.held.fetch_add(bytes, Ordering::Relaxed);
        if before.saturating_add(bytes) > self.bytes_max {
            self.held.fetch_sub(bytes, Ordering::Relaxed);
            return Err(BodyError::NoRoom);
        }
        Ok(())
    }
}

impl Memory {
    /// Gives back what was taken.
    pub(crate) fn release(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Ordering::Relaxed);
    }
}

/// A body that is being collected. What it holds is on the account until the last who has it lets it go.
#[derive(Debug)]
pub(crate) struct Collected {
    bytes: BytesMut,
    memory: &'static Memory,
    counted: usize,
}

impl Collected {
    pub(crate) fn new(memory: &'static Memory) -> Self {
        Self {
            bytes: BytesMut::new(),
            memory,
            counted: 0,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.bytes.len()
    }

    /// Adds a chunk, if there is room for it.
    pub(crate) fn push(&mut self, chunk: &[u8]) -> Result<(), BodyError> {
        self.memory.take(chunk.len())?;
        self.counted += chunk.len();
        self.bytes.extend_from_slice(chunk);
        Ok(())
    }

    pub(crate) fn freeze(self) -> Bytes {
        if self.bytes.is_empty() {
            return Bytes::new();
        }
        Bytes::from_owner(self)
    }
}

impl AsRef<[u8]> for Collected {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

impl Drop for Collected {
    fn drop(&mut self) {
        self.memory.held.fetch_sub(self.counted, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_beside_one_another_have_a_bound_together() {
        static MEMORY: Memory = Memory::new(10);
        let mut one = Collected::new(&MEMORY);
        one.push(b"123456").unwrap();
        let mut other = Collected::new(&MEMORY);
        other.push(b"1234").unwrap();
        assert_eq!(other.push(b"5"), Err(BodyError::NoRoom));
        assert_eq!(MEMORY.held(), 10);
        let one = one.freeze();
        let shared = one.clone();
        drop(one);
        assert_eq!(MEMORY.held(), 10, "somebody still has it");
        assert_eq!(&shared[..], b"123456");
        drop(shared);
        assert_eq!(MEMORY.held(), 4);
        other.push(b"5").unwrap();
        drop(other);
        assert_eq!(MEMORY.held(), 0);
    }
}
