//! Many API keys: one method that asks for a key, and plans with few keys and with many, loaded from files.

use std::net::SocketAddr;
use std::time::Instant;

use anyhow::{Context, Result};
use serde_json::{Value, json};

use super::admin::Admin;
use super::message;
use super::processor_time::Reading;
use super::proxies::portcullis::Portcullis;

/// Keys of one file: less than the 4 MiB that a call may have.
const KEYS_PER_FILE: usize = 50_000;
/// After how many keys the time is taken.
const KEYS_PER_STEP: usize = KEYS_PER_FILE * 2;
const STAGE: &str = "prod";

/// An API with a plan.
pub(super) struct Keyed {
    host: String,
    prefix: String,
    pub(super) count: usize,
    /// What the loading of its keys took, step by step.
    pub(super) loading: Loading,
}

/// Seconds of the server's processor time for each [`KEYS_PER_STEP`] keys in turn; what is left over counts for nothing.
#[derive(Debug, Default)]
pub(super) struct Loading(Vec<f64>);

impl Loading {
    /// Says whether more keys take longer: one line of the report; nothing where there is only one step.
    pub(super) fn said(&self) -> Option<String> {
        let (Some(first), Some(last)) = (self.0.first(), self.0.last().filter(|_| self.0.len() > 1)) else {
            return None;
        };
        let steps: Vec<String> = self.0.iter().map(|seconds| format!("{seconds:.1}")).collect();
        Some(format!(
            "seconds of processor time for each {KEYS_PER_STEP} keys: {}; the last step took {:.2} times the first",
            steps.join(", "),
            last / first
        ))
    }
}

/// Makes an API behind keys, and imports `count` of them; takes the time of each step, and says the memory of the server.
pub(super) fn make(
    server: &Portcullis,
    backend: SocketAddr,
    count: usize,
    quota: Option<u32>,
) -> Result<Keyed> {
    let mut admin = Admin::open(server)?;
    let id = |made: &Value| -> Result<String> {
        let id = made.get("id").and_then(Value::as_str);
        Ok(id.context("an answer without id")?.to_owned())
    };
    let api = id(&admin.apigateway("POST", "/restapis", &json!({"name": format!("keys-{count}")}))?)?;
    let listed = admin.apigateway("GET", &format!("/restapis/{api}/resources"), &json!({}))?;
    let root = listed
        .pointer("/item/0/id")
        .or_else(|| listed.pointer("/_embedded/item/id"));
    let root = root
        .or_else(|| listed.pointer("/_embedded/item/0/id"))
        .and_then(Value::as_str)
        .context("an API without root")?;
    let method = format!("/restapis/{api}/resources/{root}/methods/GET");
    let keyed = json!({"authorizationType": "NONE", "apiKeyRequired": true});
    admin.apigateway("PUT", &method, &keyed)?;
    let integration =
        json!({"type": "HTTP_PROXY", "httpMethod": "GET", "uri": format!("http://{backend}/plain")});
    admin.apigateway("PUT", &format!("{method}/integration"), &integration)?;
    admin.apigateway(
        "POST",
        &format!("/restapis/{api}/deployments"),
        &json!({"stageName": STAGE}),
    )?;
    let mut plan = json!({
        "name": "bench", "apiStages": [{"apiId": api, "stage": STAGE}],
        "throttle": {"burstLimit": 1_000_000, "rateLimit": 1_000_000.0},
    });
    if let (Some(limit), Some(plan)) = (quota, plan.as_object_mut()) {
        plan.insert("quota".to_owned(), json!({"limit": limit, "period": "MONTH"}));
    }
    let plan = id(&admin.apigateway("POST", "/usageplans", &plan)?)?;
    let mut made = Keyed {
        host: server.host(&api),
        prefix: format!("bench-{api}"),
        count,
        loading: Loading::default(),
    };
    let before = resident_kib(server);
    let (mut begun, mut read) = (Instant::now(), Reading::of(server.process.id())?);
    for first in (0..count).step_by(KEYS_PER_FILE) {
        let mut file = String::from("Name,Key,UsagePlanIds\n");
        for number in first..count.min(first + KEYS_PER_FILE) {
            file.push_str(&format!("k,{},{plan}\n", made.value(number)));
        }
        admin.import_api_keys(&file)?;
        let loaded = first + KEYS_PER_FILE;
        if loaded.is_multiple_of(KEYS_PER_STEP) && loaded <= count {
            let now = Reading::of(server.process.id())?;
            let used = now.since(&read);
            println!(
                "  keys up to {loaded}: {:.2?}, {used:.2?} of the processor",
                begun.elapsed()
            );
            made.loading.0.push(used.as_secs_f64());
            (begun, read) = (Instant::now(), now);
        }
    }
    println!(
        "  {count} keys: {} KiB of memory more",
        resident_kib(server).saturating_sub(before)
    );
    Ok(made)
}

impl Keyed {
    fn value(&self, number: usize) -> String {
        format!("{}-{number:012}", self.prefix)
    }

    /// Returns requests with keys of which none follows another.
    pub(super) fn requests(&self, count: usize, seed: usize) -> Vec<Vec<u8>> {
        let mut state = seed as u64 ^ 0x9e37_79b9_7f4a_7c15;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 20).unwrap_or(0) % self.count
        };
        let one = |number: usize| {
            let value = self.value(number);
            message::get(&self.host, &format!("/{STAGE}/"), &[("x-api-key", &value)])
        };
        (0..count).map(|_| one(next())).collect()
    }
}

/// Returns the memory of a process that is in use, as the kernel counts it.
fn resident_kib(server: &Portcullis) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.process.id())).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    line.and_then(|line| line.trim().split(' ').next()?.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::Loading;

    #[test]
    fn loading_is_judged_by_its_last_step_against_its_first() {
        let said = Loading(vec![30.0, 31.0, 33.0]).said().unwrap_or_default();
        assert!(
            said.ends_with("30.0, 31.0, 33.0; the last step took 1.10 times the first"),
            "{said}"
        );
        assert!(Loading(vec![30.0]).said().is_none());
    }
}
