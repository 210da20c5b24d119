//! The checksum of gzip (RFC 1952 section 8), a byte at a time.

use std::sync::LazyLock;

/// Of each byte.
static TABLE: LazyLock<[u32; 256]> = LazyLock::new(|| {
    std::array::from_fn(|at| {
        let start = u32::try_from(at).unwrap_or_default();
        (0..8).fold(start, |value, _| {
            let mixed = if value & 1 == 1 { 0xedb8_8320 } else { 0 };
            (value >> 1) ^ mixed
        })
    })
});

/// A checksum on its way, with the count of bytes, both as gzip ends with them.
#[derive(Clone, Copy, Debug)]
pub(super) struct Crc32 {
    value: u32,
    bytes: u32,
}

impl Crc32 {
    pub(super) const fn new() -> Self {
        Self {
            value: u32::MAX,
            bytes: 0,
        }
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let [low, ..] = (self.value ^ u32::from(*byte)).to_le_bytes();
            let mixed = TABLE.get(usize::from(low)).copied().unwrap_or_default();
            self.value = mixed ^ (self.value >> 8);
        }
        #[expect(clippy::cast_possible_truncation, reason = "the format counts modulo 2^32")]
        let count = bytes.len() as u32;
        self.bytes = self.bytes.wrapping_add(count);
    }

    /// Returns what stands at the end of a gzip member.
    pub(super) fn trailer(self) -> [u8; 8] {
        let [a, b, c, d] = (!self.value).to_le_bytes();
        let [e, f, g, h] = self.bytes.to_le_bytes();
        [a, b, c, d, e, f, g, h]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_checksum_comes_out_however_the_bytes_are_cut() {
        let mut crc = Crc32::new();
        crc.add(b"1234");
        crc.add(b"56789");
        assert_eq!(crc.trailer(), [0x26, 0x39, 0xf4, 0xcb, 9, 0, 0, 0]);
    }
}
