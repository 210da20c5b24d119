//! `GET /metrics` on the admin listener, for whoever has the token: a bearer token (RFC 6750) that lies in the data directory.

use std::{
    fs,
    io::{self, Read as _},
    net::SocketAddr,
    os::unix::fs::PermissionsExt as _,
    path::Path,
    sync::Arc,
    time::Instant,
};

use anyhow::{Context as _, Result, ensure};
use http::HeaderMap;
use portcullis_control::AdminListener;
use portcullis_gateway::{snapshot::Snapshots, trail::TrailLog, upstreams::Upstreams};
use portcullis_model::{
    Clock as _, Entropy, HeaderList, RequestId, SecretText, SystemClock, SystemEntropy, Timestamp,
    trail::{Outcome, Step, Trail},
};

use crate::installation::{Installation, write_file};

/// Letters and digits of a token that we make: 256 bits.
const TOKEN_LENGTH: usize = 43;
/// What a token may not be shorter than.
const TOKEN_BYTES_MIN: usize = 32;
/// What a token may not be longer than.
const TOKEN_BYTES_MAX: usize = 512;

/// The counters, and the token that opens them.
pub(super) struct Metrics {
    trails: Arc<TrailLog>,
    upstreams: Upstreams,
    snapshots: Arc<Snapshots>,
    token: SecretText,
    started: Timestamp,
}

/// An answer to a scrape.
pub(super) struct Scrape {
    pub(super) status: u16,
    pub(super) headers: HeaderList,
    pub(super) body: String,
}

impl Metrics {
    /// Reads the installation's token, or makes it.
    pub(super) fn open(
        installation: &Installation,
        trails: Arc<TrailLog>,
        upstreams: Upstreams,
        snapshots: Arc<Snapshots>,
    ) -> Result<Self> {
        let token = open_or_create_token(&installation.metrics_token(), &SystemEntropy)?;
        Ok(Self::new(trails, upstreams, snapshots, token))
    }

    fn new(
        trails: Arc<TrailLog>,
        upstreams: Upstreams,
        snapshots: Arc<Snapshots>,
        token: SecretText,
    ) -> Self {
        Self {
            trails,
            upstreams,
            snapshots,
            token,
            started: SystemClock.now(),
        }
    }

    /// Answers `GET /metrics`. A refusal leaves a trail; a scrape leaves none, so that it cannot push out those of requests.
    pub(super) fn answer(&self, source: SocketAddr, headers: &HeaderMap) -> Scrape {
        let at = Instant::now();
        let mut answer = HeaderList::new();
        let Err(reason) = check(&self.token, headers) else {
            answer.push("content-type", "text/plain; version=0.0.4; charset=utf-8");
            answer.push("cache-control", "no-store");
            let mut body = self.trails.metrics().render() + &process(self.started);
            self.upstreams.metrics(&mut body);
            body += &self.snapshots.take().render_metrics();
            return Scrape {
                status: 200,
                headers: answer,
                body,
            };
        };
        self.record(source, at, reason);
        answer.push("www-authenticate", "Bearer");
        answer.push("content-type", "text/plain; charset=utf-8");
        Scrape {
            status: 401,
            headers: answer,
            body: "metrics want the bearer token of `metrics.token`\n".to_owned(),
        }
    }

    fn record(&self, source: SocketAddr, at: Instant, reason: &'static str) {
        let elapsed_ns = u64::try_from(at.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let entropy: &dyn Entropy = &SystemEntropy;
        self.trails.record(Trail {
            request_id: RequestId::from(entropy.uuid()),
            started: SystemClock.now(),
            listener: AdminListener::Admin.as_str().into(),
            source: source.ip().to_string(),
            host: String::new(),
            method: "GET".to_owned(),
            path: "/metrics".to_owned(),
            steps: vec![Step {
                layer: "metrics".into(),
                outcome: Outcome::Refuse,
                reason: reason.into(),
                elapsed_ns,
            }],
            status: 401,
            elapsed_ns,
        });
    }
}

/// Says why the token is not there. The comparison takes as long for every token of the right length.
fn check(token: &SecretText, headers: &HeaderMap) -> Result<(), &'static str> {
    let mut fields = headers.get_all(http::header::AUTHORIZATION).iter();
    let field = fields.next().ok_or("no bearer token")?;
    if fields.next().is_some() {
        return Err("more than one `authorization` header");
    }
    let text = field.to_str().map_err(|_| "no bearer token")?;
    let (scheme, given) = text.split_once(' ').ok_or("no bearer token")?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err("no bearer token");
    }
    if SecretText::new(given.to_owned()) == *token {
        Ok(())
    } else {
        Err("another bearer token")
    }
}

/// Reads the token, or makes one where there is none.
fn open_or_create_token(path: &Path, entropy: &dyn Entropy) -> Result<SecretText> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => {
            let token = SecretText::new(entropy.alphanumeric(TOKEN_LENGTH));
            write_file(path, token.expose().as_bytes(), 0o600)?;
            return Ok(token);
        }
        Err(cause) => return Err(cause).with_context(|| format!("`{}` cannot be read", path.display())),
    };
    let mode = file
        .metadata()
        .with_context(|| format!("`{}` cannot be read", path.display()))?
        .permissions()
        .mode()
        & 0o777;
    ensure!(
        mode & 0o077 == 0,
        "`{}`: others than its owner may read it (mode {mode:04o}); set the mode to 0600",
        path.display()
    );
    let mut text = String::new();
    file.take(TOKEN_BYTES_MAX as u64 + 2)
        .read_to_string(&mut text)
        .with_context(|| format!("`{}` cannot be read", path.display()))?;
    let token = text.strip_suffix('\n').unwrap_or(&text);
    ensure!(
        (TOKEN_BYTES_MIN..=TOKEN_BYTES_MAX).contains(&token.len())
            && token.bytes().all(|byte| byte.is_ascii_graphic()),
        "`{}` is not a token of {TOKEN_BYTES_MIN} to {TOKEN_BYTES_MAX} letters, digits and signs on one line; \
         remove the file, and a new one is made",
        path.display()
    );
    Ok(SecretText::new(token.to_owned()))
}

/// What is measured of the process itself; its memory where the system tells it (Linux).
fn process(started: Timestamp) -> String {
    let mut text = format!(
        "# HELP process_start_time_seconds When the server started, in seconds since 1970.\n\
         # TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {}\n",
        started.seconds()
    );
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    if let Some(bytes) = resident_bytes(&status) {
        text += "# HELP process_resident_memory_bytes Memory that is in use.\n\
                 # TYPE process_resident_memory_bytes gauge\n";
        text += &format!("process_resident_memory_bytes {bytes}\n");
    }
    text
}

/// Reads `VmRSS:   1234 kB`.
fn resident_bytes(status: &str) -> Option<u64> {
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.strip_suffix("kB")?.trim().parse().ok()?;
    kibibytes.checked_mul(1024)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use http::HeaderValue;
    use portcullis_gateway::{
        hosts::{HostSettings, Hosts},
        snapshot::Snapshot,
    };

    use super::*;

    const TOKEN: &str = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";

    fn headers(values: &[&'static str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("authorization", HeaderValue::from_static(value));
        }
        headers
    }

    fn metrics() -> Metrics {
        let hosts = Hosts::compile(&HostSettings {
            region: "us-east-1".into(),
            domain: "portcullis.localhost".into(),
            path_forms: false,
            listener_addresses: Vec::new(),
            services: Vec::new(),
            issuer_host: None,
        });
        Metrics::new(
            Arc::default(),
            Upstreams::default(),
            Arc::new(Snapshots::new(Snapshot::new(hosts))),
            SecretText::new(TOKEN.to_owned()),
        )
    }

    #[test]
    fn only_the_very_token_opens_the_counters() {
        let metrics = metrics();
        let source = "127.0.0.1:1".parse().unwrap();
        let right = "Bearer 0123456789abcdefghijklmnopqrstuvwxyzABCDEFG";
        for values in [
            &[][..],
            &[""],
            &["Bearer"],
            &["Bearer "],
            &["Bearer  0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"],
            &["Basic 0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"],
            &["0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"],
            &["Bearer 0123456789abcdefghijklmnopqrstuvwxyzABCDEF"],
            &["Bearer 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGH"],
            &["Bearer 0123456789abcdefghijklmnopqrstuvwxyzABCDEFg"],
            &[right, "Bearer another"],
        ] {
            let refused = metrics.answer(source, &headers(values));
            assert_eq!(refused.status, 401, "{values:?}");
            assert_eq!(refused.headers.text("www-authenticate"), Some("Bearer"));
            assert!(!refused.body.contains("portcullis_"), "{}", refused.body);
            let trail = metrics.trails.latest().unwrap();
            assert_eq!((trail.status, &*trail.steps[0].layer), (401, "metrics"));
            assert!(!format!("{trail:?}").contains("0123456789"), "{trail:?}");
        }
        for value in [right, "bearer 0123456789abcdefghijklmnopqrstuvwxyzABCDEFG"] {
            let answered = metrics.answer(source, &headers(&[value]));
            assert_eq!(answered.status, 200);
            // What was refused above is counted.
            let refused = "portcullis_decisions_total{layer=\"metrics\",outcome=\"refuse\"} 11\n";
            assert!(answered.body.contains(refused), "{}", answered.body);
            assert!(answered.body.contains("\nprocess_start_time_seconds "));
        }
    }

    #[test]
    fn token_is_made_once_for_its_owner_alone_and_a_weak_one_is_refused() {
        let folder = std::env::temp_dir().join(format!("portcullis-metrics-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let path = folder.join("metrics.token");
        drop(fs::remove_file(&path));
        let made = open_or_create_token(&path, &SystemEntropy).unwrap();
        assert_eq!(made.expose().len(), TOKEN_LENGTH);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(open_or_create_token(&path, &SystemEntropy).unwrap() == made);
        fs::write(&path, format!("{TOKEN}\n")).unwrap();
        let own = open_or_create_token(&path, &SystemEntropy).unwrap();
        assert_eq!(own.expose(), TOKEN);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let seen = open_or_create_token(&path, &SystemEntropy).err().unwrap();
        assert!(seen.to_string().contains("mode 0640"), "{seen}");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for weak in [
            String::new(),
            "\n".to_owned(),
            "short".to_owned(),
            format!("{TOKEN}\n{TOKEN}"),
            format!("{TOKEN} "),
            "a".repeat(TOKEN_BYTES_MAX + 1),
        ] {
            fs::write(&path, &weak).unwrap();
            assert!(open_or_create_token(&path, &SystemEntropy).is_err(), "{weak:?}");
        }
        fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn resident_memory_is_read_in_bytes() {
        assert_eq!(
            resident_bytes("Name:\tx\nVmRSS:\t    1234 kB\nVmData:\t1 kB\n"),
            Some(1_263_616)
        );
        assert_eq!(resident_bytes("VmRSS:\tmany kB\n"), None);
        assert_eq!(resident_bytes(""), None);
    }
}
