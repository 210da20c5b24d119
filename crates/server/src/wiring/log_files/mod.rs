//! Access logs go to `DIR/logs/access`, execution logs to `DIR/logs/execution`, what functions print to `DIR/logs`: one file a log
//! group, stage or function. Workers hand lines to a bounded queue and never wait; one thread writes. Where the operator wants it,
//! files are sealed.

mod file;

use std::{
    collections::HashMap,
    io,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
        mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel},
    },
    thread::{self, JoinHandle},
    time::{Duration, Instant},
};

use anyhow::Context;
use portcullis_functions::ports::Logs;
use portcullis_gateway::ports::AccessLogs;
use portcullis_vault::Vault;
use tracing::warn;

use crate::{installation::Installation, settings::Settings};
use file::{LogFile, Place};

/// Lines that may wait for the writer.
const QUEUE_LINES_MAX: usize = 8_192;
/// The bytes that all of them may have.
const QUEUE_BYTES_MAX: usize = 16 << 20;
/// How long a file of a stage may become, in bytes, before it makes room for a new one. One old file is kept.
const FILE_BYTES_MAX: u64 = 64 << 20;
/// The same of what a function prints.
const FUNCTION_BYTES_MAX: u64 = 10 << 20;
/// Files that are open at once.
const FILES_MAX: usize = 64;
/// How often lost lines are told, at most.
const REPORT_EVERY: Duration = Duration::from_secs(10);
/// How long lines gather before they are written together.
const GATHERING: Duration = Duration::from_millis(5);

/// The logs that stages and functions write.
#[derive(Clone)]
pub(crate) struct LogFiles {
    pub(crate) access: Arc<LogWriter>,
    pub(crate) execution: Arc<LogWriter>,
    pub(crate) functions: Arc<LogWriter>,
}

impl LogFiles {
    /// Starts to write: sealed where the settings say so, access logs to standard output where they say that.
    pub(crate) fn start(
        installation: &Installation,
        settings: &Settings,
        vault: &Arc<Vault>,
    ) -> anyhow::Result<Self> {
        let vault = settings.encrypt_logs.then_some(vault);
        let access = (!settings.access_logs_to_stdout).then(|| installation.access_logs());
        let start = |kind, folder, file_bytes_max| {
            LogWriter::start(Place {
                kind,
                folder,
                file_bytes_max,
                vault: vault.cloned(),
            })
        };
        Ok(Self {
            access: start("access", access, FILE_BYTES_MAX)?,
            execution: start("execution", Some(installation.execution_logs()), FILE_BYTES_MAX)?,
            functions: start("function", Some(installation.logs()), FUNCTION_BYTES_MAX)?,
        })
    }

    /// Writes what waits, and ends. Blocks until it has.
    pub(crate) fn stop(&self) {
        self.access.stop();
        self.execution.stop();
        self.functions.stop();
    }
}

/// The queue and its writer.
pub(crate) struct LogWriter {
    queue: SyncSender<Message>,
    load: Arc<Load>,
    writer: Mutex<Option<JoinHandle<()>>>,
}

enum Message {
    Lines(Arc<str>, Vec<u8>),
    Stop,
}

#[derive(Default)]
struct Load {
    waiting_bytes: AtomicUsize,
    lost: AtomicU64,
}

impl LogWriter {
    /// Starts the thread that writes to `place`, whose folder is made with the first line.
    fn start(place: Place) -> anyhow::Result<Arc<Self>> {
        let (queue, lines) = sync_channel(QUEUE_LINES_MAX);
        let load = Arc::new(Load::default());
        let writer = Writer {
            place: Arc::new(place),
            load: Arc::clone(&load),
            files: HashMap::new(),
            reported: None,
        };
        let thread = thread::Builder::new().name("log-files".into());
        let writer = thread
            .spawn(move || writer.run(&lines))
            .context("logs cannot be kept")?;
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

    fn put(&self, log_group: &Arc<str>, lines: Vec<u8>) {
        let bytes = lines.len();
        let waiting = self.load.waiting_bytes.fetch_add(bytes, Ordering::Relaxed);
        let has_room = waiting.saturating_add(bytes) <= QUEUE_BYTES_MAX;
        let lines = Message::Lines(Arc::clone(log_group), lines);
        if !has_room || self.queue.try_send(lines).is_err() {
            self.load.waiting_bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.load.lost.fetch_add(1, Ordering::Relaxed);
        }
    }
}

impl AccessLogs for LogWriter {
    fn write(&self, log_group: &Arc<str>, line: String) {
        self.put(log_group, line.into_bytes());
    }
}

impl Logs for LogWriter {
    fn write(&self, function: &Arc<str>, lines: Vec<u8>) {
        self.put(function, lines);
    }
}

struct Writer {
    place: Arc<Place>,
    load: Arc<Load>,
    files: HashMap<Arc<str>, LogFile>,
    reported: Option<Instant>,
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
                    if matches!(first, Ok(Message::Lines(..))) {
                        thread::sleep(GATHERING);
                    }
                    first
                }
            };
            match message {
                Ok(Message::Lines(log_group, lines)) => {
                    self.load.waiting_bytes.fetch_sub(lines.len(), Ordering::Relaxed);
                    if let Err(cause) = self.append(&log_group, &lines) {
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

    fn append(&mut self, log_group: &Arc<str>, lines: &[u8]) -> io::Result<()> {
        if !self.files.contains_key(log_group) {
            if self.files.len() >= FILES_MAX {
                self.flush();
                self.files.clear();
            }
            let file = LogFile::open(self.place.clone(), log_group)?;
            self.files.insert(Arc::clone(log_group), file);
        }
        match self.files.get_mut(log_group) {
            Some(file) => file.append(lines),
            None => Ok(()),
        }
    }

    fn flush(&mut self) {
        let flush = |(group, log): (&Arc<str>, &mut LogFile)| Some((Arc::clone(group), log.flush().err()?));
        let failed: Vec<_> = self.files.iter_mut().filter_map(flush).collect();
        for (log_group, cause) in failed {
            self.files.remove(&log_group);
            self.lose(&log_group, &cause);
        }
    }

    fn lose(&mut self, log_group: &str, cause: &io::Error) {
        if self.load.lost.fetch_add(1, Ordering::Relaxed) == 0 {
            warn!(log_group, %cause, "a log cannot be written");
        }
    }

    fn report(&mut self) {
        let lost = self.load.lost.swap(0, Ordering::Relaxed);
        if lost > 0 {
            warn!(
                lost,
                "lines of logs are lost: the disk is too slow, full or not writable"
            );
            self.reported = Some(Instant::now());
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, os::unix::fs::PermissionsExt, path::PathBuf};

    use portcullis_model::SystemEntropy;
    use portcullis_vault::RootKey;

    use super::*;
    use crate::sealed_log;

    fn place(folder: PathBuf, file_bytes_max: u64, vault: Option<Arc<Vault>>) -> Place {
        Place {
            kind: "access",
            folder: Some(folder),
            file_bytes_max,
            vault,
        }
    }

    fn writer(folder: PathBuf, file_bytes_max: u64, vault: Option<Arc<Vault>>) -> Writer {
        Writer {
            place: Arc::new(place(folder, file_bytes_max, vault)),
            load: Arc::default(),
            files: HashMap::new(),
            reported: None,
        }
    }

    fn temporary(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("portcullis-log-files-{name}-{}", std::process::id()));
        drop(fs::remove_dir_all(&folder));
        fs::create_dir_all(&folder).unwrap();
        folder
    }

    fn vault() -> Arc<Vault> {
        Arc::new(Vault::new(&RootKey::from_array([7; 32]), Arc::new(SystemEntropy)))
    }

    #[test]
    fn lines_are_there_after_the_stop_for_the_owner_alone_and_in_the_folder() {
        let data = temporary("modes");
        let folder = data.join("logs");
        let logs = LogWriter::start(place(folder.clone(), FILE_BYTES_MAX, None)).unwrap();
        for group in ["/a/b", "../../up", "..", "."] {
            AccessLogs::write(&*logs, &group.into(), "one".into());
            AccessLogs::write(&*logs, &group.into(), "two".into());
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
        let mut writer = writer(data.clone(), 8, None);
        for line in ["one", "two", "three", "four"] {
            writer.append(&"g".into(), line.as_bytes()).unwrap();
        }
        writer.flush();
        let read = |name| fs::read_to_string(data.join(name)).unwrap();
        assert_eq!(
            (read("g.log.1"), read("g.log")),
            ("three\n".into(), "four\n".into())
        );
        fs::remove_dir_all(data).unwrap();
    }

    #[test]
    fn sealed_file_shows_nothing_and_is_read_with_the_vault_alone() {
        let (data, vault) = (temporary("sealed"), vault());
        // Two starts: a file goes on.
        for lines in [["one", "two"], ["three", "four"]] {
            let mut writer = writer(data.clone(), FILE_BYTES_MAX, Some(Arc::clone(&vault)));
            for line in lines {
                writer.append(&"/a/b".into(), line.as_bytes()).unwrap();
            }
            writer.flush();
        }
        let path = data.join("%2Fa%2Fb.log.sealed");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&data).unwrap().count(), 1);
        let kept = fs::read_to_string(&path).unwrap();
        assert!(!kept.contains("one") && kept.lines().count() == 2, "{kept}");
        let open = |text: &str, vault: &Vault| {
            let mut out = Vec::new();
            sealed_log::open(text.as_bytes(), vault, &mut out)
                .map(|torn| (String::from_utf8(out).unwrap(), torn))
        };
        assert_eq!(
            open(&kept, &vault).unwrap(),
            ("one\ntwo\nthree\nfour\n".into(), false)
        );
        // What a crash left half is told; whoever has another key, or moves or changes a line, reads nothing.
        let torn = kept.get(..kept.len() - 5).unwrap();
        assert_eq!(open(torn, &vault).unwrap(), ("one\ntwo\n".into(), true));
        let other = Vault::new(&RootKey::from_array([8; 32]), Arc::new(SystemEntropy));
        let refused = format!("{:#}", open(&kept, &other).unwrap_err());
        assert!(refused.starts_with("line 1: "), "{refused}");
        let renamed = kept.replacen("access/%2Fa%2Fb", "access/%2Fa%2Fc", 1);
        assert!(open(&renamed, &vault).is_err());
        let mixed = format!("{kept}{}", kept.replace("access/%2Fa%2Fb", "access/other"));
        assert!(
            open(&mixed, &vault)
                .unwrap_err()
                .to_string()
                .contains("line 3: it is of another log")
        );
        fs::remove_dir_all(data).unwrap();
    }

    #[test]
    fn full_sealed_file_makes_room_too() {
        let (data, vault) = (temporary("sealed-full"), vault());
        let mut writer = writer(data.clone(), 300, Some(Arc::clone(&vault)));
        for line in ["one", "two", "three"] {
            writer.append(&"g".into(), line.repeat(30).as_bytes()).unwrap();
            writer.flush();
        }
        let read = |name| {
            let mut out = Vec::new();
            sealed_log::open(&*fs::read(data.join(name)).unwrap(), &vault, &mut out).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(read("g.log.sealed.1"), format!("{}\n", "two".repeat(30)));
        assert_eq!(read("g.log.sealed"), format!("{}\n", "three".repeat(30)));
        fs::remove_dir_all(data).unwrap();
    }

    #[test]
    fn lines_beyond_the_queue_are_counted_and_nobody_waits() {
        let (queue, _lines) = sync_channel(2);
        let logs = LogWriter {
            queue,
            load: Arc::default(),
            writer: Mutex::new(None),
        };
        let write = |line: String| AccessLogs::write(&logs, &"g".into(), line);
        write("x".repeat(QUEUE_BYTES_MAX + 1));
        assert_eq!(logs.load.lost.load(Ordering::Relaxed), 1);
        for _ in 0..5 {
            write("x".into());
        }
        assert_eq!(logs.load.lost.load(Ordering::Relaxed), 4);
        assert_eq!(logs.load.waiting_bytes.load(Ordering::Relaxed), 2);
    }
}
