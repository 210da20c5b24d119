//! One process that runs a function, one event at a time, in a process group of its own that ends whole.

use std::{
    fs, io,
    os::unix::fs::DirBuilderExt,
    path::PathBuf,
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use bytes::Bytes;
use portcullis_model::Timestamp;
use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::json;
use tokio::{
    process::{Child, ChildStdin, Command},
    sync::{OwnedSemaphorePermit, oneshot},
    time::{Instant, timeout},
};

use super::{
    Function, Inner, environment,
    runtime_api::{Init, RuntimeApi, Said, Work},
};
use crate::ports::RoleCredentials;

/// For loading a function, which its own time does not count: AWS's limit.
const INIT_TIME: Duration = Duration::from_secs(10);

/// A process that has loaded its function. Dropped, it ends.
pub(super) struct Worker {
    child: Child,
    api: RuntimeApi,
    group: Group,
    /// Held open: its end tells the process to go.
    _lifeline: Option<ChildStdin>,
    temporary: PathBuf,
    /// When the credentials that the process has end; none: it has none.
    pub(super) credentials_until: Option<Timestamp>,
    pub(super) idle_since: Instant,
    _slot: OwnedSemaphorePermit,
}

/// How an event ended.
#[derive(Debug)]
pub(super) enum Ended {
    Returned(Bytes),
    /// The function's own error, or ours in the same form.
    Failed(Bytes),
}

/// Why there is no worker.
pub(super) enum NoWorker {
    /// The function cannot be loaded; what it says of it.
    Failed(Bytes),
    System(io::Error),
}

/// A process group, which ends when this is dropped.
struct Group(Option<Pid>);

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(group) = self.0 {
            // Gone already is fine.
            kill_process_group(group, Signal::KILL).ok();
        }
    }
}

impl Worker {
    /// Starts a process and waits until it has loaded its function.
    pub(super) async fn start(
        inner: &Inner,
        function: &Function,
        slot: OwnedSemaphorePermit,
    ) -> Result<Self, NoWorker> {
        let settings = &inner.settings;
        let (api, init) = RuntimeApi::open().await.map_err(NoWorker::System)?;
        let temporary = settings.folder.join("work").join(settings.entropy.uuid());
        let made = fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&temporary);
        made.map_err(NoWorker::System)?;
        let definition = &function.definition;
        let started = settings.clock.now();
        let credentials = credentials(inner, function).await;
        let variables = environment::variables(
            (definition, credentials.as_ref()),
            settings,
            &inner.python,
            api.address,
            &temporary,
            started,
        );
        let spawned = Command::new(&inner.python.program)
            .args(["-u", "-B"])
            .arg(&inner.python.bootstrap)
            .env_clear()
            .envs(variables)
            .current_dir(&definition.code)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        let mut child = spawned.map_err(NoWorker::System)?;
        let group = child.id().unwrap_or_default();
        api.admit(group);
        if let Some(output) = child.stdout.take() {
            tokio::spawn(Arc::clone(&function.log).copy(output));
        }
        if let Some(output) = child.stderr.take() {
            tokio::spawn(Arc::clone(&function.log).copy(output));
        }
        let mut worker = Self {
            group: Group(i32::try_from(group).ok().and_then(Pid::from_raw)),
            _lifeline: child.stdin.take(),
            child,
            api,
            temporary,
            credentials_until: credentials.map(|credentials| credentials.expires),
            idle_since: Instant::now(),
            _slot: slot,
        };
        match timeout(INIT_TIME, worker.loaded(init)).await {
            Ok(None) => Ok(worker),
            Ok(Some(said)) => Err(NoWorker::Failed(said)),
            Err(_elapsed) => Err(NoWorker::Failed(timed_out("", INIT_TIME))),
        }
    }

    /// Waits until the function is loaded, or until it says why it cannot be.
    async fn loaded(&mut self, init: oneshot::Receiver<Init>) -> Option<Bytes> {
        tokio::select! {
            biased;
            init = init => match init {
                Ok(Init::Ready) => None,
                Ok(Init::Failed(said)) => Some(said),
                Err(_) => Some(exited("", None)),
            },
            status = self.child.wait() => Some(exited("", status.ok())),
        }
    }

    /// Gives the process an event and waits, `limit` at most. Tells whether the process may be given another.
    pub(super) async fn run(&mut self, work: Work, limit: Duration) -> (Ended, bool) {
        let request_id = work.request_id.clone();
        let said = self.api.give(work);
        let ended = async {
            tokio::select! {
                biased;
                said = said => match said {
                    Ok(Said::Returned(payload)) => (Ended::Returned(payload), true),
                    Ok(Said::Failed(payload)) => (Ended::Failed(payload), true),
                    Ok(Said::TooLarge) => (Ended::Failed(too_large()), false),
                    Err(_) => (Ended::Failed(exited(&request_id, None)), false),
                },
                status = self.child.wait() => (Ended::Failed(exited(&request_id, status.ok())), false),
            }
        };
        let ended = timeout(limit, ended).await;
        self.idle_since = Instant::now();
        ended.unwrap_or_else(|_elapsed| (Ended::Failed(timed_out(&request_id, limit)), false))
    }

    /// Tells whether the process is still there.
    pub(super) fn is_alive(&mut self) -> bool {
        matches!(self.child.try_wait(), Ok(None))
    }
}

/// Asks for credentials of the function's role; where there are none, its log says why.
async fn credentials(inner: &Inner, function: &Function) -> Option<RoleCredentials> {
    let definition = &function.definition;
    let roles = &inner.settings.roles;
    match roles.credentials(&definition.arn, &definition.role).await {
        Ok(credentials) => Some(credentials),
        Err(cause) => {
            let line = format!("the process has no AWS credentials: {cause}");
            function.log.line(&line);
            None
        }
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        // The group first: what the function has started ends too.
        drop(std::mem::replace(&mut self.group, Group(None)));
        drop(fs::remove_dir_all(&self.temporary));
    }
}

/// AWS's words for a process that ended before its answer.
fn exited(request_id: &str, status: Option<ExitStatus>) -> Bytes {
    use std::os::unix::process::ExitStatusExt;
    let how = match status.map(|status| (status.code(), status.signal())) {
        Some((Some(0), _)) => "Runtime exited without providing a reason".to_owned(),
        Some((Some(code), _)) => format!("Runtime exited with error: exit status {code}"),
        Some((None, Some(9))) => "Runtime exited with error: signal: killed".to_owned(),
        Some((None, Some(signal))) => format!("Runtime exited with error: signal {signal}"),
        _ => "Runtime exited".to_owned(),
    };
    error("Runtime.ExitError", request_id, &how)
}

fn timed_out(request_id: &str, limit: Duration) -> Bytes {
    let text = format!("Task timed out after {:.2} seconds", limit.as_secs_f64());
    error("Sandbox.Timedout", request_id, &text)
}

fn too_large() -> Bytes {
    let message = format!(
        "Response payload size exceeded maximum allowed payload size ({} bytes).",
        crate::PAYLOAD_BYTES_MAX
    );
    let error = json!({ "errorType": "Function.ResponseSizeTooLarge", "errorMessage": message });
    error.to_string().into()
}

fn error(kind: &str, request_id: &str, text: &str) -> Bytes {
    let message = if request_id.is_empty() {
        text.to_owned()
    } else {
        format!("RequestId: {request_id} Error: {text}")
    };
    json!({ "errorType": kind, "errorMessage": message })
        .to_string()
        .into()
}
