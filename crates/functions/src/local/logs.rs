//! What functions print, line by line: where it is kept, and how much of it, is the outside's to say.

use std::sync::Arc;

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::ports::Logs;

/// Bytes of a line that wait for its end.
const LINE_BYTES_MAX: usize = 16 << 10;

/// The log of one function.
pub(super) struct Log {
    function: Arc<str>,
    logs: Arc<dyn Logs>,
}

impl Log {
    /// Returns the log of `function` among `logs`.
    pub(super) fn new(logs: Arc<dyn Logs>, function: &str) -> Self {
        Self {
            function: function.into(),
            logs,
        }
    }

    /// Copies what comes from `source` until it ends, line by line, so that no line of another's lands inside one.
    pub(super) async fn copy(self: Arc<Self>, mut source: impl AsyncRead + Unpin) {
        let mut buffer = vec![0; 16 << 10];
        let mut waiting = Vec::new();
        while let Ok(read @ 1..) = source.read(&mut buffer).await {
            waiting.extend_from_slice(buffer.get(..read).unwrap_or_default());
            let last = waiting.iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
            // A line without an end is written in pieces.
            let whole = last.unwrap_or(if waiting.len() < LINE_BYTES_MAX {
                0
            } else {
                waiting.len()
            });
            if whole > 0 {
                let rest = waiting.split_off(whole);
                self.write(std::mem::replace(&mut waiting, rest));
            }
        }
        self.write(waiting);
    }

    /// Writes a line of our own.
    pub(super) fn line(&self, text: &str) {
        self.write(text.as_bytes().to_vec());
    }

    fn write(&self, mut lines: Vec<u8>) {
        if lines.is_empty() {
            return;
        }
        if lines.ends_with(b"\n") {
            lines.pop();
        }
        self.logs.write(&self.function, lines);
    }
}
