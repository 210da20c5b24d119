//! Functions as processes of this machine: started on demand, kept while they are warm, ended when they are late, idle or
//! replaced.
//!
//! A worker runs one event at a time. It has AWS's environment and nothing of the server's, a process group of its own,
//! a temporary folder, and limits that are set before the function's code is loaded. It is not walled in: it may read
//! what the server's user may read and connect anywhere. When the server ends, however it ends, workers end with it.

mod environment;
mod logs;
mod peer;
mod python;
mod runtime_api;
mod worker;

use std::{
    collections::{BTreeSet, HashMap},
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use portcullis_model::{Clock, Entropy, SecretText, Timestamp};
use tokio::{
    runtime::Handle,
    sync::{OwnedSemaphorePermit, Semaphore},
    time::timeout,
};

use crate::{
    Answer, Call, Failure, PAYLOAD_BYTES_MAX,
    package::Package,
    ports::{Logs, Roles},
    unqualified,
};

pub use environment::RESERVED;
pub use python::Python;

use logs::Log;
use runtime_api::Work;
use worker::{Ended, NoWorker, Worker};

/// Events of one function that may run at once; the next is throttled.
pub const CONCURRENCY_MAX: usize = 10;
/// Processes of all functions together.
pub const PROCESSES_MAX: usize = 64;
/// How long a process without work is kept.
const IDLE_TIME: Duration = Duration::from_secs(300);
/// How often it is looked for.
const IDLE_CHECK: Duration = Duration::from_secs(15);
/// How long credentials must still hold beyond the time of an event that a process is given.
const CREDENTIALS_MARGIN: Duration = Duration::from_secs(60);

/// Where and with what functions run.
#[derive(Clone)]
pub struct LocalSettings {
    /// For code, temporary folders and the runtime client; ours alone.
    pub folder: PathBuf,
    /// Where what they print goes.
    pub logs: Arc<dyn Logs>,
    pub region: String,
    pub clock: Arc<dyn Clock>,
    pub entropy: Arc<dyn Entropy>,
    /// Where the AWS wire protocols are spoken: `AWS_ENDPOINT_URL` of every function that does not say otherwise.
    pub endpoint: String,
    pub roles: Arc<dyn Roles>,
}

/// A function, as it is configured. Holds secrets.
#[derive(Clone)]
pub struct Definition {
    /// Without a qualifier.
    pub arn: Arc<str>,
    pub name: String,
    /// `module.function`
    pub handler: String,
    pub timeout: Duration,
    pub memory_mb: u32,
    pub environment: Vec<(String, SecretText)>,
    /// The ARN of the role whose credentials its processes get.
    pub role: String,
    /// The folder with its code, from [`LocalFunctions::keep_code`].
    pub code: PathBuf,
}

/// Every local function.
pub struct LocalFunctions(Arc<Inner>);

struct Inner {
    python: Python,
    settings: LocalSettings,
    runtime: Handle,
    processes: Arc<Semaphore>,
    functions: RwLock<HashMap<String, Arc<Function>>>,
}

struct Function {
    definition: Definition,
    /// The one that was used last is last.
    idle: Mutex<Vec<Worker>>,
    running: Arc<Semaphore>,
    log: Arc<Log>,
    /// Replaced or deleted: workers end with their event.
    gone: AtomicBool,
}

impl LocalFunctions {
    /// Finds Python and makes the folders. Needs a runtime, on which workers are watched from then on.
    pub fn start(settings: LocalSettings) -> io::Result<Self> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&settings.folder)?;
        // What an earlier server left when it was killed.
        drop(fs::remove_dir_all(settings.folder.join("work")));
        let inner = Arc::new(Inner {
            python: Python::find(&settings.folder)?,
            settings,
            runtime: Handle::current(),
            processes: Arc::new(Semaphore::new(PROCESSES_MAX)),
            functions: RwLock::default(),
        });
        tokio::spawn(end_idle(Arc::downgrade(&inner)));
        Ok(Self(inner))
    }

    /// Returns the Python that functions run on.
    pub fn python(&self) -> &Python {
        &self.0.python
    }

    /// Unpacks a deployment package where it is not unpacked yet, and returns the folder. `digest` is its SHA-256 in
    /// hexadecimal.
    pub fn keep_code(&self, digest: &str, package: &[u8]) -> io::Result<PathBuf> {
        let folder = self.code_folder(digest)?;
        if !folder.exists() {
            let parent = folder.parent().unwrap_or(Path::new("."));
            fs::DirBuilder::new().recursive(true).mode(0o700).create(parent)?;
            let package = Package::parse(package).map_err(io::Error::other)?;
            package.unpack(&folder)?;
        }
        Ok(folder)
    }

    /// Removes unpacked code but for `digests`: for the start, when nothing runs on it.
    pub fn keep_only(&self, digests: &BTreeSet<&str>) {
        let folders = fs::read_dir(self.0.settings.folder.join("code"));
        for folder in folders.into_iter().flatten().flatten() {
            if !folder
                .file_name()
                .to_str()
                .is_some_and(|name| digests.contains(name))
            {
                drop(fs::remove_dir_all(folder.path()));
            }
        }
    }

    fn code_folder(&self, digest: &str) -> io::Result<PathBuf> {
        if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Err(io::Error::other("the digest of the code is none"));
        }
        Ok(self.0.settings.folder.join("code").join(digest))
    }

    /// Adds a function, or replaces it: events that run end on the old code, the next take the new.
    pub fn define(&self, definition: Definition) {
        let key = definition.arn.to_string();
        let function = Arc::new(Function {
            idle: Mutex::default(),
            running: Arc::new(Semaphore::new(CONCURRENCY_MAX)),
            log: Arc::new(Log::new(Arc::clone(&self.0.settings.logs), &definition.name)),
            gone: AtomicBool::new(false),
            definition,
        });
        let before = write(&self.0.functions).insert(key, function);
        before.inspect(|before| before.retire());
    }

    /// Removes a function.
    pub fn forget(&self, arn: &str) {
        let before = write(&self.0.functions).remove(arn);
        before.inspect(|before| before.retire());
    }

    /// Runs a function. It goes on to its end even when nobody waits any more.
    pub async fn invoke(&self, call: Call) -> Result<Answer, Failure> {
        if call.payload.len() > PAYLOAD_BYTES_MAX {
            return Err(Failure::PayloadTooLarge);
        }
        let missing = || Failure::NotFound(call.function_arn.to_string());
        let arn = match unqualified(&call.function_arn) {
            // There are neither versions nor aliases.
            Some(arn) if call.function_arn.ends_with(":$LATEST") => arn,
            Some(_) => return Err(missing()),
            None => call.function_arn.to_string(),
        };
        let function = read(&self.0.functions).get(&arn).cloned().ok_or_else(missing)?;
        let permit = Arc::clone(&function.running).try_acquire_owned();
        let permit = permit.map_err(|_| {
            let name = &function.definition.name;
            Failure::Throttled(format!(
                "{CONCURRENCY_MAX} events of the function `{name}` are running"
            ))
        })?;
        let inner = Arc::clone(&self.0);
        let waits = call.timeout;
        let run = self.0.runtime.spawn(async move {
            let answer = run(&inner, &function, call).await;
            drop(permit);
            answer
        });
        match timeout(waits, run).await {
            Ok(Ok(answer)) => answer,
            Ok(Err(cause)) => Err(Failure::Unreachable(format!(
                "the function's run broke off: {cause}"
            ))),
            Err(_elapsed) => Err(Failure::TimedOut),
        }
    }

    /// Ends every worker that has no event. Those that have one end with the server.
    pub fn stop(&self) {
        for (_, function) in write(&self.0.functions).drain() {
            function.retire();
        }
    }
}

async fn run(inner: &Inner, function: &Function, call: Call) -> Result<Answer, Failure> {
    let now = inner.settings.clock.now();
    let mut worker = match function.take_idle(now) {
        Some(worker) => worker,
        None => {
            let slot = inner.slot().ok_or_else(|| {
                Failure::Throttled(format!("{PROCESSES_MAX} processes of functions are running"))
            })?;
            match Worker::start(inner, function, slot).await {
                Ok(worker) => worker,
                Err(NoWorker::Failed(payload)) => return Ok(failed(payload)),
                Err(NoWorker::System(cause)) => {
                    return Err(Failure::Unreachable(format!(
                        "no process can be started: {cause}"
                    )));
                }
            }
        }
    };
    let limit = function.definition.timeout;
    let started = inner.settings.clock.now();
    let work = Work {
        request_id: inner.settings.entropy.uuid(),
        function_arn: Arc::clone(&function.definition.arn),
        deadline_ms: started
            .millis()
            .saturating_add(i64::try_from(limit.as_millis()).unwrap_or(i64::MAX)),
        payload: call.payload,
    };
    let request_id = work.request_id.clone();
    function
        .log
        .line(&format!("START RequestId: {request_id} Version: $LATEST"));
    let (ended, usable) = worker.run(work, limit).await;
    let took = inner
        .settings
        .clock
        .now()
        .millis()
        .saturating_sub(started.millis());
    function
        .log
        .line(&format!("END RequestId: {request_id} Duration: {took} ms"));
    if usable {
        function.keep(worker);
    }
    Ok(match ended {
        Ended::Returned(payload) => Answer { payload, error: None },
        Ended::Failed(payload) => failed(payload),
    })
}

fn failed(payload: bytes::Bytes) -> Answer {
    Answer {
        payload,
        error: Some("Unhandled".into()),
    }
}

impl Function {
    fn idle(&self) -> MutexGuard<'_, Vec<Worker>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a process whose credentials hold for an event more; the others end.
    fn take_idle(&self, now: Timestamp) -> Option<Worker> {
        let needed = self.definition.timeout.saturating_add(CREDENTIALS_MARGIN);
        let until = now.plus_seconds(i64::try_from(needed.as_secs()).unwrap_or(i64::MAX));
        let mut idle = self.idle();
        while let Some(mut worker) = idle.pop() {
            let holds = worker.credentials_until.is_none_or(|expires| expires > until);
            if holds && worker.is_alive() {
                return Some(worker);
            }
        }
        None
    }

    fn keep(&self, worker: Worker) {
        let mut idle = self.idle();
        if !self.gone.load(Ordering::Acquire) {
            idle.push(worker);
        }
    }

    fn retire(&self) {
        let mut idle = self.idle();
        self.gone.store(true, Ordering::Release);
        idle.clear();
    }
}

impl Inner {
    /// Returns room for a process, taken from the one that is idle longest where there is none.
    fn slot(&self) -> Option<OwnedSemaphorePermit> {
        let take = || Arc::clone(&self.processes).try_acquire_owned().ok();
        take().or_else(|| {
            let functions: Vec<_> = read(&self.functions).values().cloned().collect();
            let oldest = functions
                .into_iter()
                .filter_map(|function| {
                    let since = function.idle().first()?.idle_since;
                    Some((since, function))
                })
                .min_by_key(|(since, _)| *since);
            let (_, function) = oldest?;
            let mut idle = function.idle();
            if !idle.is_empty() {
                drop(idle.remove(0));
            }
            drop(idle);
            take()
        })
    }
}

/// Ends, now and then, what has been idle too long; itself when the functions are gone.
async fn end_idle(inner: std::sync::Weak<Inner>) {
    loop {
        tokio::time::sleep(IDLE_CHECK).await;
        let Some(inner) = inner.upgrade() else { return };
        let functions: Vec<_> = read(&inner.functions).values().cloned().collect();
        for function in functions {
            function
                .idle()
                .retain(|worker| worker.idle_since.elapsed() < IDLE_TIME);
        }
    }
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}

fn write<T>(lock: &RwLock<T>) -> std::sync::RwLockWriteGuard<'_, T> {
    lock.write().unwrap_or_else(PoisonError::into_inner)
}
