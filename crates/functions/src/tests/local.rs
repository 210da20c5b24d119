//! Local functions on the `python3` of this machine.

use std::{
    fs,
    path::PathBuf,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use portcullis_model::{Clock as _, SecretText, SystemClock, SystemEntropy};
use serde_json::{Value, json};

use super::package::folder;
use crate::{
    Answer, Call, Failure,
    local::{CONCURRENCY_MAX, Definition, LocalFunctions, LocalSettings},
    package::single_file,
    ports::{Granted, Logs, RoleCredentials, Roles},
};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:f";

struct World {
    functions: LocalFunctions,
    folder: PathBuf,
    logs: Arc<KeptLogs>,
}

/// What functions print, in memory.
#[derive(Default)]
struct KeptLogs(Mutex<String>);

impl Logs for KeptLogs {
    fn write(&self, function: &Arc<str>, lines: Vec<u8>) {
        assert_eq!(&**function, "f");
        let mut kept = self.0.lock().unwrap();
        kept.push_str(&String::from_utf8_lossy(&lines));
        kept.push('\n');
    }
}

/// Roles called `short` and `long`: credentials for that time, a new key each time.
#[derive(Default)]
struct GivenRoles(AtomicUsize);

impl Roles for GivenRoles {
    fn credentials<'a>(&'a self, function_arn: &'a str, role_arn: &'a str) -> Granted<'a> {
        Box::pin(async move {
            assert_eq!(function_arn, ARN);
            let seconds = match role_arn.rsplit('/').next() {
                Some("long") => 3600,
                Some("short") => 30,
                _ => return Err("the role does not trust functions".into()),
            };
            let count = self.0.fetch_add(1, Ordering::Relaxed);
            Ok(RoleCredentials {
                access_key_id: format!("ASIA{count}"),
                secret: SecretText::new("secret".into()),
                session_token: SecretText::new("token".into()),
                expires: SystemClock.now().plus_seconds(seconds),
            })
        })
    }
}

impl Drop for World {
    fn drop(&mut self) {
        self.functions.stop();
        drop(fs::remove_dir_all(&self.folder));
    }
}

impl World {
    fn new(name: &str) -> Self {
        let folder = folder(name);
        let logs = Arc::new(KeptLogs::default());
        let functions = LocalFunctions::start(LocalSettings {
            folder: folder.join("functions"),
            logs: Arc::<KeptLogs>::clone(&logs),
            region: "us-east-1".into(),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(SystemEntropy),
            endpoint: "http://127.0.0.1:4566".into(),
            roles: Arc::new(GivenRoles::default()),
        });
        Self {
            functions: functions.unwrap(),
            folder,
            logs,
        }
    }

    fn define(&self, code: &str, change: impl FnOnce(&mut Definition)) {
        // Each text is its own package; the digest only has to differ.
        let digest = format!(
            "{:064x}",
            code.bytes().fold(7u64, |sum, byte| {
                sum.wrapping_mul(1_099_511_628_211) ^ u64::from(byte)
            })
        );
        let package = single_file("index.py", code.as_bytes());
        let mut definition = Definition {
            arn: ARN.into(),
            name: "f".into(),
            handler: "index.handler".into(),
            timeout: Duration::from_secs(5),
            memory_mb: 256,
            environment: vec![("COLOR".into(), SecretText::new("blue".into()))],
            role: "arn:aws:iam::000000000000:role/none".into(),
            code: self.functions.keep_code(&digest, &package).unwrap(),
        };
        change(&mut definition);
        self.functions.define(definition);
    }

    async fn call(&self, event: Value) -> Result<Answer, Failure> {
        let call = Call {
            function_arn: ARN.into(),
            payload: event.to_string().into(),
            timeout: Duration::from_secs(20),
        };
        self.functions.invoke(call).await
    }

    async fn returned(&self, event: Value) -> Value {
        let answer = self.call(event).await.unwrap();
        assert_eq!(answer.error, None, "{answer:?}");
        serde_json::from_slice(&answer.payload).unwrap()
    }

    async fn failed(&self, event: Value) -> Value {
        let answer = self.call(event).await.unwrap();
        assert_eq!(answer.error.as_deref(), Some("Unhandled"), "{answer:?}");
        serde_json::from_slice(&answer.payload).unwrap()
    }

    fn log(&self) -> String {
        self.logs.0.lock().unwrap().clone()
    }
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn event_and_context_reach_the_handler() {
    let world = World::new("context");
    world.define(
        "def handler(event, c):\n return {'event': event, 'id': c.aws_request_id, 'left': c.get_remaining_time_in_millis(),\n  \
         'name': c.function_name, 'arn': c.invoked_function_arn, 'memory': c.memory_limit_in_mb, 'group': c.log_group_name,\n  \
         'stream': c.log_stream_name, 'version': c.function_version}",
        |_| {},
    );
    let said = world.returned(json!({"a": [1, "ä"]})).await;
    assert_eq!(said["event"], json!({"a": [1, "ä"]}));
    assert_eq!(text(&said, "id").len(), 36);
    let left = said["left"].as_i64().unwrap();
    assert!((4_000..=5_000).contains(&left), "{left}");
    assert_eq!(
        (
            text(&said, "name"),
            text(&said, "arn"),
            text(&said, "memory"),
            text(&said, "group")
        ),
        ("f".into(), ARN.into(), "256".into(), "/aws/lambda/f".into())
    );
    assert!(text(&said, "stream").contains("/[$LATEST]"));
    assert_eq!(text(&said, "version"), "$LATEST");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker_is_kept_while_warm_and_replaced_with_its_function() {
    let world = World::new("warm");
    let code = "import os\ncount = 0\ndef handler(event, c):\n global count\n count += 1\n return [os.getpid(), count]";
    world.define(code, |_| {});
    let first = world.returned(json!({})).await;
    let second = world.returned(json!({})).await;
    assert_eq!((&first[0], &second[1]), (&second[0], &json!(2)));
    world.define(code, |_| {});
    let third = world.returned(json!({})).await;
    assert_eq!(third[1], 1);
    assert_ne!(third[0], second[0]);
    assert!(!is_running(&second[0]), "the replaced worker goes");
    world.functions.forget(ARN);
    assert_eq!(world.call(json!({})).await, Err(Failure::NotFound(ARN.into())));
}

fn is_running(pid: &Value) -> bool {
    // A zombie is gone, until its parent has looked.
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit_once(") ")
        .is_some_and(|(_, rest)| !rest.starts_with(['Z', 'X']))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn environment_is_awss_and_the_functions_own() {
    let world = World::new("environment");
    world.define(
        "import os, sys\ndef handler(event, c):\n\
         \x20fds = []\n\
         \x20for fd in os.listdir('/proc/self/fd'):\n\
         \x20 try: fds.append(os.readlink('/proc/self/fd/' + fd))\n\
         \x20 except OSError: pass\n\
         \x20return {'names': sorted(os.environ), 'color': os.environ['COLOR'], 'region': os.environ['AWS_REGION'],\n\
         \x20 'fds': fds, 'stdin': sys.stdin.read(), 'cwd': os.getcwd(), 'root': os.environ['LAMBDA_TASK_ROOT'], 'path': sys.path[0],\n\
         \x20 'tmp': __import__('tempfile').gettempdir()}",
        |definition| {
            let fake = SecretText::new("127.0.0.1:1".into());
            definition.environment.push(("AWS_LAMBDA_RUNTIME_API".into(), fake));
        },
    );
    let said = world.returned(json!({})).await;
    let allowed = "AWS_DEFAULT_REGION AWS_ENDPOINT_URL AWS_EXECUTION_ENV AWS_LAMBDA_FUNCTION_MEMORY_SIZE AWS_LAMBDA_FUNCTION_NAME \
                   AWS_LAMBDA_FUNCTION_VERSION AWS_LAMBDA_INITIALIZATION_TYPE AWS_LAMBDA_LOG_GROUP_NAME \
                   AWS_LAMBDA_LOG_STREAM_NAME AWS_LAMBDA_RUNTIME_API AWS_REGION COLOR LAMBDA_RUNTIME_DIR LAMBDA_TASK_ROOT \
                   LANG MALLOC_ARENA_MAX PATH PWD TMPDIR TZ _HANDLER LC_CTYPE";
    for name in said["names"].as_array().unwrap() {
        let name = name.as_str().unwrap();
        assert!(allowed.split_whitespace().any(|known| known == name), "{name}");
    }
    assert_eq!(
        (text(&said, "color"), text(&said, "region")),
        ("blue".into(), "us-east-1".into())
    );
    assert_eq!(
        (said["cwd"].clone(), said["path"].clone()),
        (said["root"].clone(), said["root"].clone())
    );
    assert!(text(&said, "tmp").contains("/work/"));
    assert_eq!(text(&said, "stdin"), "");
    for descriptor in said["fds"].as_array().unwrap() {
        let target = descriptor.as_str().unwrap();
        let known = ["pipe:", "/dev/null", "socket:", "/proc/"];
        assert!(known.iter().any(|known| target.starts_with(known)), "{target}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn errors_are_told_as_aws_tells_them() {
    let world = World::new("errors");
    let code = "import os, sys\nclass Mine(Exception): pass\ndef handler(event, c):\n if event == 'exit': os._exit(3)\n if event == 'sys': sys.exit(4)\n\
                \x20if event == 'set': return {1, 2}\n if event == 'long': return 'x' * 7000000\n raise Mine('no ä')";
    world.define(code, |definition| definition.memory_mb = 512);
    let error = world.failed(json!("raise")).await;
    assert_eq!(
        (text(&error, "errorMessage"), text(&error, "errorType")),
        ("no ä".into(), "Mine".into())
    );
    let stack = error["stackTrace"].as_array().unwrap();
    assert_eq!(stack.len(), 1, "{error}");
    assert!(
        stack[0]
            .as_str()
            .unwrap()
            .contains("index.py\", line 8, in handler"),
        "{error}"
    );
    let error = world.failed(json!("set")).await;
    assert_eq!(text(&error, "errorType"), "Runtime.MarshalError");
    let error = world.failed(json!("long")).await;
    assert_eq!(text(&error, "errorType"), "Function.ResponseSizeTooLarge");
    for (event, status) in [("exit", 3), ("sys", 4)] {
        let error = world.failed(json!(event)).await;
        assert_eq!(text(&error, "errorType"), "Runtime.ExitError");
        let expected = format!("Error: Runtime exited with error: exit status {status}");
        assert!(text(&error, "errorMessage").contains(&expected), "{error}");
    }
    // The next event finds a new worker.
    assert_eq!(text(&world.failed(json!("raise")).await, "errorType"), "Mine");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn function_that_cannot_be_loaded_says_why() {
    let world = World::new("loading");
    for (code, handler, kind, part) in [
        (
            "import nothing_like_it",
            "index.handler",
            "Runtime.ImportModuleError",
            "nothing_like_it",
        ),
        (
            "x = (",
            "index.handler",
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module 'index'",
        ),
        (
            "x = 1",
            "index.handler",
            "Runtime.HandlerNotFound",
            "Handler 'handler' missing",
        ),
        ("x = 2", "other.handler", "Runtime.ImportModuleError", "other"),
        (
            "raise RuntimeError('early')",
            "index.handler",
            "RuntimeError",
            "early",
        ),
        (
            "import os; os._exit(9)",
            "index.handler",
            "Runtime.ExitError",
            "exit status 9",
        ),
    ] {
        world.define(code, |definition| definition.handler = handler.into());
        let error = world.failed(json!({})).await;
        assert_eq!(text(&error, "errorType"), kind, "{error}");
        assert!(text(&error, "errorMessage").contains(part), "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn late_function_is_ended_with_all_that_it_started() {
    let world = World::new("late");
    let code = "import subprocess, time, os\ndef handler(event, c):\n child = subprocess.Popen(['sleep', '600'])\n\
                \x20open(event, 'w').write(f'[{os.getpid()}, {child.pid}]')\n while True: pass";
    world.define(code, |definition| definition.timeout = Duration::from_secs(1));
    let note = world.folder.join("pids");
    let error = world.failed(json!(note)).await;
    assert!(
        text(&error, "errorMessage").ends_with("Task timed out after 1.00 seconds"),
        "{error}"
    );
    assert_eq!(text(&error, "errorType"), "Sandbox.Timedout");
    let pids: Value = serde_json::from_str(&fs::read_to_string(note).unwrap()).unwrap();
    for pid in pids.as_array().unwrap() {
        for _ in 0..100 {
            if !is_running(pid) {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        assert!(!is_running(pid), "{pid} is still there");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn memory_beyond_the_limit_is_refused_to_the_function() {
    let world = World::new("memory");
    let code = "def handler(event, c):\n block = bytearray(event << 20)\n return len(block) >> 20";
    world.define(code, |definition| definition.memory_mb = 128);
    assert_eq!(world.returned(json!(50)).await, json!(50));
    assert_eq!(text(&world.failed(json!(200)).await, "errorType"), "MemoryError");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_event_too_many_is_throttled() {
    let world = Arc::new(World::new("concurrency"));
    let code = "import time, os\ndef handler(event, c):\n while not os.path.exists(event): time.sleep(0.02)\n return os.getpid()";
    world.define(code, |_| {});
    let gate = world.folder.join("gate");
    let mut running = tokio::task::JoinSet::new();
    for _ in 0..CONCURRENCY_MAX {
        let (world, gate) = (Arc::clone(&world), json!(gate));
        running.spawn(async move { world.returned(gate).await });
    }
    // Slots are taken in the order of the calls, before anything is waited for.
    tokio::time::sleep(Duration::from_millis(200)).await;
    let refused = world.call(json!(gate)).await;
    assert!(matches!(refused, Err(Failure::Throttled(_))), "{refused:?}");
    fs::write(&gate, "").unwrap();
    let mut pids: Vec<_> = running.join_all().await.iter().map(Value::to_string).collect();
    pids.sort();
    pids.dedup();
    assert_eq!(pids.len(), CONCURRENCY_MAX);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_are_for_the_functions_own_processes_alone() {
    let world = World::new("theft");
    let code = "import os\ndef handler(event, c):\n return os.environ['AWS_LAMBDA_RUNTIME_API']";
    world.define(code, |_| {});
    let address = world.returned(json!({})).await;
    // This process is of another group: its connection is closed unanswered.
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(address.as_str().unwrap())
        .await
        .unwrap();
    let asked = "GET /2018-06-01/runtime/invocation/next HTTP/1.1\r\nHost: x\r\n\r\n";
    drop(stream.write_all(asked.as_bytes()).await);
    let mut answer = Vec::new();
    drop(stream.read_to_end(&mut answer).await);
    assert!(answer.is_empty(), "{}", String::from_utf8_lossy(&answer));
    world.returned(json!({})).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_printed_is_logged() {
    let world = World::new("logs");
    let code = "import sys, logging\ndef handler(event, c):\n print('said so')\n print('complained', file=sys.stderr)\n\
                \x20logging.getLogger().warning('logged')";
    world.define(code, |_| {});
    world.returned(json!({})).await;
    for _ in 0..100 {
        if ["said so", "complained", "logged"]
            .iter()
            .all(|part| world.log().contains(part))
        {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let log = world.log();
    assert!(log.contains("said so\n") && log.contains("complained\n"), "{log}");
    assert!(
        log.contains("[WARNING]\t") && log.contains("START RequestId: "),
        "{log}"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn wrapper_script_runs_the_runtime() {
    let world = World::new("wrapper");
    world.define(
        "import os\ndef handler(event, c):\n return os.environ.get('WRAPPED')",
        |definition| {
            let wrapper = world.folder.join("wrapper");
            fs::write(&wrapper, "#!/bin/sh\nWRAPPED=yes exec \"$@\"\n").unwrap();
            let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
            fs::set_permissions(&wrapper, mode).unwrap();
            let path = SecretText::new(wrapper.display().to_string());
            definition
                .environment
                .push(("AWS_LAMBDA_EXEC_WRAPPER".into(), path));
        },
    );
    assert_eq!(world.returned(json!({})).await, json!("yes"));
}

const CREDENTIALS: &str = "
import os
NAMES = ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_SESSION_TOKEN', 'AWS_ENDPOINT_URL']
def handler(event, context):
    return [os.environ.get(name) for name in NAMES]
";

#[tokio::test(flavor = "multi_thread")]
async fn process_has_its_roles_credentials_and_never_such_as_end_during_an_event() {
    let world = World::new("credentials");
    let endpoint = "http://127.0.0.1:4566";
    world.define(CREDENTIALS, |_| {});
    assert_eq!(
        world.returned(json!({})).await,
        json!([null, null, null, endpoint])
    );
    world.define(CREDENTIALS, |definition| definition.role = "role/long".into());
    for _ in 0..2 {
        assert_eq!(
            world.returned(json!({})).await,
            json!(["ASIA0", "secret", "token", endpoint])
        );
    }
    world.define(CREDENTIALS, |definition| definition.role = "role/short".into());
    for key in ["ASIA1", "ASIA2"] {
        assert_eq!(world.returned(json!({})).await[0], key);
    }
    world.define(CREDENTIALS, |definition| {
        definition.role = "role/long".into();
        let own = |name: &str| (name.to_owned(), SecretText::new("own".into()));
        definition.environment = vec![own("AWS_ACCESS_KEY_ID"), own("AWS_ENDPOINT_URL")];
    });
    assert_eq!(
        world.returned(json!({})).await,
        json!(["ASIA3", "secret", "token", "own"])
    );
}
