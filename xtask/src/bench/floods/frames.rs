//! Just enough HTTP/2 (RFC 9113) to be a nuisance: heads that are written by hand, streams that are reset at once.

use anyhow::Result;
use tokio::io::{AsyncRead, AsyncReadExt};

/// The preface, and settings that say nothing.
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
/// A ping, which a server answers when it has seen all that came before.
pub(super) const PING: &[u8] = b"\0\0\x08\x06\0\0\0\0\0nuisance";
const STREAM_MAX: u32 = 0x7fff_ffff;

/// Opens streams and resets them.
pub(super) struct Streams {
    block: Vec<u8>,
    next: u32,
}

impl Streams {
    /// Returns streams that ask for `path` of `host`.
    pub(super) fn new(host: &str, path: &str) -> Self {
        // `:method` GET and `:scheme` https of the static table; `:path` and `:authority` by name, without a table (RFC 7541).
        let mut block = vec![0x82, 0x87];
        for (name, value) in [(0x04, path), (0x01, host)] {
            block.push(name);
            block.push(u8::try_from(value.len()).unwrap_or(0x7f) & 0x7f);
            block.extend_from_slice(value.as_bytes());
        }
        Self { block, next: 1 }
    }

    /// Appends `count` heads, each with a reset behind it; false when a connection has no more streams.
    pub(super) fn write(&mut self, out: &mut Vec<u8>, count: usize) -> bool {
        for _ in 0..count {
            let stream = self.next.to_be_bytes();
            let length = u32::try_from(self.block.len()).unwrap_or_default().to_be_bytes();
            // HEADERS, with the ends of head and stream.
            out.extend_from_slice(length.get(1..).unwrap_or_default());
            out.extend_from_slice(b"\x01\x05");
            out.extend_from_slice(&stream);
            out.extend_from_slice(&self.block);
            // RST_STREAM, CANCEL.
            out.extend_from_slice(b"\0\0\x04\x03\0");
            out.extend_from_slice(&stream);
            out.extend_from_slice(b"\0\0\0\x08");
            self.next += 2;
        }
        self.next < STREAM_MAX - 2 * 10_000
    }
}

/// Reads frames until the answer to a ping.
pub(super) async fn until_ping(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Result<()> {
    loop {
        let mut head = [0_u8; 9];
        stream.read_exact(&mut head).await?;
        let [high, middle, low, kind, flags, ..] = head;
        let length = u32::from_be_bytes([0, high, middle, low]);
        buffer.resize(usize::try_from(length)?, 0);
        stream.read_exact(buffer).await?;
        if kind == 6 && flags & 1 == 1 {
            return Ok(());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stream_is_a_head_and_a_reset() {
        let mut streams = Streams::new("h", "/");
        let mut out = Vec::new();
        assert!(streams.write(&mut out, 2));
        let first = b"\0\0\x08\x01\x05\0\0\0\x01\x82\x87\x04\x01/\x01\x01h\0\0\x04\x03\0\0\0\0\x01\0\0\0\x08";
        assert_eq!(out[..first.len()], *first);
        assert_eq!(out[first.len() + 8], 3, "the next stream");
    }
}
