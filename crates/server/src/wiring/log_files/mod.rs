//! Access logs go to `DIR/logs/access`, execution logs to `DIR/logs/execution`, one file a log group. Workers hand lines to a bounded queue and never wait; one thread writes.

use std::{
    collections::HashMap,
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, BufWriter, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::Context;
use portcullis_gateway::ports::AccessLogs;
use tracing::warn;

use crate::installation::Installation;

/// Lines that may wait for the writer.
const QUEUE_LINES_MAX: usize = 8_192;
/// The bytes that all of them may have.
const QUEUE_BYTES_MAX: usize = 16 << 20;
/// How long a file may become, in bytes, before it makes room for a new one. One old file is kept.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// Files that are open at once.
const FILES_MAX: usize = 64;
/// How often lost lines are told, at most.
const REPORT_EVERY: Duration = Duration::from_secs(10);
/// How long lines gather before they are written together.
const GATHERING: Duration = Duration::from_millis(5);

/// The logs that stages write: of accesses, and of executions.
#[derive(Clone)]
pub(crate) struct LogFiles {
    pub(crate) access: Arc<AccessLogFiles>,
    pub(crate) execution: Arc<AccessLogFiles>,
}

impl LogFiles {
    pub(crate) fn start(installation: &Installation) -> anyhow::Result<Self> {
        Ok(Self {
            access: AccessLogFiles::start(installation.access_logs())?,
            execution: AccessLogFiles::start(installation.execution_logs())?,
        })
    }

    /// Writes what waits, and ends. Blocks until it has.
    pub(crate) fn stop(&self) {
        self.access.stop();
        self.execution.stop();
    }
}

/// The queue and its writer.
pub(crate) struct AccessLogFiles {
    queue: SyncSender<Message>,
    load: Arc<Load>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Line(Arc<str>, String),
    Stop,
}

#[derive(Default)]
struct Load {
    waiting_bytes: AtomicUsize,
    lost: AtomicU64,
}

impl AccessLogFiles {
    /// Starts the thread that writes into `folder`, which is made with the first line.
    pub(crate) fn start(folder: PathBuf) -> anyhow::Result<Arc<Self>> {
        let (queue, lines) = sync_channel(QUEUE_LINES_MAX);
        let load = Arc::new(Load::default());
        let writer = Writer {
            folder,
            file_bytes_max: FILE_BYTES_MAX,
            load: Arc::clone(&load),
            files: HashMap::new(),
            reported: None,
        };
        let thread = thread::Builder::new().name("access-logs".into());
        let writer = thread
            .spawn(move || writer.run(&lines))
            .context("access logs cannot be kept")?;
        Ok(Arc::new(Self {
            queue,
            load,
            writer: Mutex::new(Some(writer)),
        }))
    }

    /// Writes what waits, and ends the thread. Blocks until it has.
    pub(crate) fn stop(&self) {
        let writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(writer) = writer else { return };
        drop(self.queue.send(Message::Stop));
        drop(writer.join());
    }
}

impl AccessLogs for AccessLogFiles {
    fn write(&self, log_group: &Arc<str>, line: String) {
        let bytes = line.len();
        let waiting = self.load.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let has_room = waiting.saturating_add(bytes) <= QUEUE_BYTES_MAX;
        let line = Message::Line(Arc::clone(log_group), line);
        if !has_room || self.queue.try_send(line).is_err() {
            self.load.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.load.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

struct Writer {
    folder: PathBuf,
    file_bytes_max: u64,
    load: Arc<Load>,
    files: HashMap<Arc<str>, LogFile>,
    reported: Option<Instant>,
}

struct LogFile {
    file: BufWriter<File>,
    bytes: u64,
}

impl Writer {
    fn run(mut self, queue: &Receiver<Message>) {
        loop {
            let message = match queue.try_recv() {
                Ok(message) => Ok(message),
                // Nothing waits: what is written becomes visible before the thread sleeps.
                Err(_) => {
                    self.flush();
                    let first = queue.recv_timeout(REPORT_EVERY);
                    // Others follow: waking for each would cost more than writing it.
                    if matches!(first, Ok(Message::Line(..))) {
                        thread::sleep(GATHERING);
                    }
                    first
                }
            };
            match message {
                Ok(Message::Line(log_group, line)) => {
                    self.load.waiting_bytes.fetch_sub(line.len(), Ordering::Relaxed);
                    if let Err(cause) = self.append(&log_group, &line) {
                        self.files.remove(&log_group);
                        self.lose(&log_group, &cause);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {}
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => break,
            }
            if self.reported.is_none_or(|at| at.elapsed() >= REPORT_EVERY) {
                self.report();
            }
        }
        self.flush();
        self.report();
    }

    fn append(&mut self, log_group: &Arc<str>, line: &str) -> io::Result<()> {
        let bytes = line.len() as u64 + 1;
        let bytes_max = self.file_bytes_max;
        let is_full = |file: &LogFile| file.bytes > 0 && file.bytes + bytes > bytes_max;
        if !self.files.contains_key(log_group) {
            if self.files.len() >= FILES_MAX {
                self.flush();
                self.files.clear();
            }
            let file = self.open(log_group)?;
            self.files.insert(Arc::clone(log_group), file);
        }
        if self.files.get(log_group).is_some_and(is_full) {
            if let Some(mut full) = self.files.remove(log_group) {
                full.file.flush()?;
            }
            fs::rename(self.path(log_group, ".log"), self.path(log_group, ".log.1"))?;
            let file = self.open(log_group)?;
            self.files.insert(Arc::clone(log_group), file);
        }
        let Some(log) = self.files.get_mut(log_group) else {
            return Ok(());
        };
        log.bytes += bytes;
        log.file.write_all(line.as_bytes())?;
        log.file.write_all(b"\n")
    }

    fn open(&self, log_group: &str) -> io::Result<LogFile> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&self.folder)?;
        let path = self.path(log_group, ".log");
        let file = OpenOptions::new()
            .append(true)
            .create(true)
            .mode(0o600)
            .open(path)?;
        let bytes = file.metadata()?.len();
        Ok(LogFile {
            file: BufWriter::new(file),
            bytes,
        })
    }

    /// A group's name has no `%`, so that two groups never share a file; without slashes it leads nowhere else.
    fn path(&self, log_group: &str, extension: &str) -> PathBuf {
        self.folder
            .join(format!("{}{extension}", log_group.replace('/', "%2F")))
    }

    fn flush(&mut self) {
        let flush =
            |(group, log): (&Arc<str>, &mut LogFile)| Some((Arc::clone(group), log.file.flush().err()?));
        let failed: Vec<_> = self.files.iter_mut().filter_map(flush).collect();
        for (log_group, cause) in failed {
            self.files.remove(&log_group);
            self.lose(&log_group, &cause);
        }
    }

    fn lose(&mut self, log_group: &str, cause: &io::Error) {
        if self.load.lost.fetch_add(1, Ordering::Relaxed) == 0 {
            warn!(log_group, %cause, "an access log cannot be written");
        }
    }

    fn report(&mut self) {
        let lost = self.load.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            warn!(
                lost,
                "lines of access logs are lost: the disk is too slow, full or not writable"
            );
            self.reported = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn writer(folder: PathBuf, file_bytes_max: u64) -> Writer {
        Writer {
            folder,
            file_bytes_max,
            load: Arc::default(),
            files: HashMap::new(),
            reported: None,
        }
    }

    fn temporary(name: &str) -> PathBuf {
        let folder =
            std::env::temp_dir().join(format!("portcullis-access-logs-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn lines_are_there_after_the_stop_for_the_owner_alone_and_in_the_folder() {
        let data = temporary("modes");
        let folder = data.join("logs");
        let logs = AccessLogFiles::start(folder.clone()).unwrap();
        for group in ["/a/b", "../../up", "..", "."] {
            logs.write(&group.into(), "one".into());
            logs.write(&group.into(), "two".into());
        }
        logs.stop();
        logs.stop();
        for name in ["%2Fa%2Fb.log", "..%2F..%2Fup.log", "...log", "..log"] {
            let path = folder.join(name);
            assert_eq!(fs::read_to_string(&path).unwrap(), "one\ntwo\n");
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
        fs::remove_dir_all(data).unwrap();
    }

    #[test]
    fn full_file_makes_room_and_one_old_one_is_kept() {
        let data = temporary("full");
        let mut writer = writer(data.clone(), 8);
        for line in ["one", "two", "three", "four"] {
            writer.append(&"g".into(), line).unwrap();
        }
        writer.flush();
        let read = |name| fs::read_to_string(data.join(name)).unwrap();
        assert_eq!(
            (read("g.log.1"), read("g.log")),
            ("three\n".into(), "four\n".into())
        );
    }

    #[test]
    fn lines_beyond_the_queue_are_counted_and_nobody_waits() {
        let (queue, _lines) = sync_channel(2);
        let logs = AccessLogFiles {
            queue,
            load: Arc::default(),
            writer: Mutex::new(None),
        };
        logs.write(&"g".into(), "x".repeat(QUEUE_BYTES_MAX + 1));
        assert_eq!(logs.load.lost.load(Ordering::Relaxed), 1);
        for _ in 0..5 {
            logs.write(&"g".into(), "x".into());
        }
        assert_eq!(logs.load.lost.load(Ordering::Relaxed), 4);
        assert_eq!(logs.load.waiting_bytes.load(Ordering::Relaxed), 2);
    }
}
