//! What functions print: a file each, with a bound, so that no function fills the disk.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError},
};

use tokio::io::{AsyncRead, AsyncReadExt};

/// Bytes of a log before it is put aside; the one put aside before goes.
const LOG_BYTES_MAX: u64 = 10 << 20;

/// Bytes of a line that wait for its end.
const LINE_BYTES_MAX: usize = 16 << 10;

/// The log of one function.
pub(super) struct Log {
    path: PathBuf,
    file: Mutex<Option<File>>,
}

struct File {
    file: fs::File,
    written: u64,
}

impl Log {
    /// Returns the log of `function` in `folder`. Nothing is made before something is printed.
    pub(super) fn new(folder: &Path, function: &str) -> Self {
        Self {
            path: folder.join(format!("{function}.log")),
            file: Mutex::default(),
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
                self.write(waiting.get(..whole).unwrap_or_default());
                waiting.drain(..whole);
            }
        }
        self.write(&waiting);
    }

    /// Writes a line of our own.
    pub(super) fn line(&self, text: &str) {
        self.write(format!("{text}\n").as_bytes());
    }

    fn write(&self, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if let Err(cause) = self.append(&mut file, bytes) {
            tracing::warn!("the log `{}` cannot be written: {cause}", self.path.display());
            *file = None;
        }
    }

    fn append(&self, file: &mut Option<File>, bytes: &[u8]) -> io::Result<()> {
        if file.as_ref().is_some_and(|file| file.written >= LOG_BYTES_MAX) {
            *file = None;
            fs::rename(&self.path, self.path.with_extension("log.1"))?;
        }
        let file = match file {
            Some(file) => file,
            None => file.insert(self.open()?),
        };
        file.file.write_all(bytes)?;
        file.written += bytes.len() as u64;
        Ok(())
    }

    fn open(&self) -> io::Result<File> {
        if let Some(folder) = self.path.parent() {
            fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let file = fs::OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)?;
        let written = file.metadata()?.len();
        Ok(File { file, written })
    }
}
