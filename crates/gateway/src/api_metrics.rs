//! What stages count of their requests, in API Gateway's words: Count, 4XXError, 5XXError, Latency, IntegrationLatency, CacheHitCount
//! and CacheMissCount, by API and stage, and by resource and method where the stage's settings say so.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html>. Labels are what the
//! operator configured, never a word of a stranger, and there is a limit to them. What is deployed anew goes on counting.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use portcullis_model::trail::Outcome;

use crate::{
    decision::LayerName,
    exchange::Exchange,
    rings::{RINGS, Ring},
    snapshot::{Snapshot, StageSnapshot},
    trail::CompactStep,
};

/// Methods of one stage that have counters of their own; those beyond are counted together, as `other`.
const METHODS_MAX: usize = 1_000;
/// Methods of all stages that are shown with counters of their own; what is beyond is left out, and told.
const METHODS_SHOWN_MAX: usize = 10_000;
/// What methods beyond the limit are counted under.
const OTHER: &str = "other";

/// One thread's share of what is counted, on a cache line of its own.
#[derive(Default)]
#[repr(align(64))]
struct Share {
    requests: AtomicU64,
    client_errors: AtomicU64,
    server_errors: AtomicU64,
    latency_ns: AtomicU64,
    integrated: AtomicU64,
    integration_ns: AtomicU64,
    cache_hits: AtomicU64,
    cache_misses: AtomicU64,
}

/// What is counted of a stage, or of one of its methods.
#[derive(Default)]
pub(crate) struct ApiCounters([Share; RINGS]);

/// What one exchange adds.
#[derive(Clone, Copy, Default)]
struct Added {
    status: u16,
    latency_ns: u64,
    integration_ns: Option<u64>,
    cache_hit: Option<bool>,
}

impl Added {
    fn of(steps: &[CompactStep], status: u16, latency_ns: u64) -> Self {
        let mut added = Self {
            status,
            latency_ns,
            ..Self::default()
        };
        for step in steps {
            match step.layer {
                LayerName::Integration => added.integration_ns = Some(step.elapsed_ns),
                LayerName::Cache if added.cache_hit.is_none() => match step.outcome {
                    Outcome::Answer => added.cache_hit = Some(true),
                    Outcome::Continue => added.cache_hit = Some(false),
                    Outcome::Refuse | Outcome::ObserveRefuse => {}
                },
                _ => {}
            }
        }
        added
    }
}

impl ApiCounters {
    fn add(&self, added: &Added) {
        let ring = Ring::of_thread();
        let Some(share) = self.0.get(ring.index()) else {
            return;
        };
        let add = |counter: &AtomicU64, count: u64| ring.add(counter, count);
        add(&share.requests, 1);
        add(&share.latency_ns, added.latency_ns);
        match added.status {
            400..500 => add(&share.client_errors, 1),
            500..600 => add(&share.server_errors, 1),
            _ => {}
        }
        if let Some(integration_ns) = added.integration_ns {
            add(&share.integrated, 1);
            add(&share.integration_ns, integration_ns);
        }
        match added.cache_hit {
            Some(true) => add(&share.cache_hits, 1),
            Some(false) => add(&share.cache_misses, 1),
            None => {}
        }
    }

    fn sum(&self, of: impl Fn(&Share) -> &AtomicU64) -> u64 {
        let counts = self.0.iter().map(|share| of(share).load(Ordering::Relaxed));
        counts.fold(0, u64::wrapping_add)
    }
}

/// The counters of a stage, and of those of its methods that have their own.
#[derive(Default)]
pub(crate) struct StageCounters {
    all: Arc<ApiCounters>,
    methods: Vec<MethodCounters>,
}

struct MethodCounters {
    resource: Box<str>,
    method: Box<str>,
    counters: Arc<ApiCounters>,
}

/// Which of a stage's [`StageCounters`] are a method's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct CountedMethod(u32);

impl StageCounters {
    /// Gives a method counters of its own, or those of all that are too many.
    pub(crate) fn count_method(&mut self, resource: &str, method: &str) -> CountedMethod {
        let (resource, method) = if self.methods.len() < METHODS_MAX {
            (resource, method)
        } else {
            (OTHER, OTHER)
        };
        if self.methods.len() <= METHODS_MAX {
            self.methods.push(MethodCounters {
                resource: resource.into(),
                method: method.into(),
                counters: Arc::default(),
            });
        }
        let last = self.methods.len().saturating_sub(1);
        CountedMethod(u32::try_from(last).unwrap_or(u32::MAX))
    }

    /// Goes on counting where `before` stopped, or together with it.
    pub(crate) fn go_on(&mut self, before: &Self) {
        self.all = Arc::clone(&before.all);
        let known: BTreeMap<_, _> = before
            .methods
            .iter()
            .map(|it| ((&*it.resource, &*it.method), &it.counters))
            .collect();
        for own in &mut self.methods {
            if let Some(counters) = known.get(&(&*own.resource, &*own.method)) {
                own.counters = Arc::clone(counters);
            }
        }
    }

    fn method(&self, counted: CountedMethod) -> Option<&ApiCounters> {
        let counters = self.methods.get(usize::try_from(counted.0).ok()?)?;
        Some(&counters.counters)
    }
}

/// Counts an exchange that has reached its stage and is over.
pub(crate) fn count(exchange: &Exchange, steps: &[CompactStep], status: u16, latency_ns: u64) {
    let Some(stage) = exchange.stage() else {
        return;
    };
    let added = Added::of(steps, status, latency_ns);
    stage.counters.all.add(&added);
    let counted = exchange.known_method().and_then(|method| method.counted);
    if let Some(counters) = counted.and_then(|counted| stage.counters.method(counted)) {
        counters.add(&added);
    }
}

/// What is shown of a counter: its name, what it is, and how its value is read.
struct Series {
    name: &'static str,
    help: &'static str,
    /// A label of its own, or nothing.
    label: &'static str,
    value: fn(&ApiCounters) -> String,
}

fn count_of(counters: &ApiCounters, of: fn(&Share) -> &AtomicU64) -> String {
    counters.sum(of).to_string()
}

fn seconds_of(counters: &ApiCounters, of: fn(&Share) -> &AtomicU64) -> String {
    let spent = counters.sum(of);
    let (seconds, rest) = (spent / 1_000_000_000, spent % 1_000_000_000);
    format!("{seconds}.{rest:09}")
}

/// Every series of a stage or method. Series of one name stand beside each other.
const SERIES: [Series; 8] = [
    Series {
        name: "requests_total",
        help: "Count",
        label: "",
        value: |it| count_of(it, |share| &share.requests),
    },
    Series {
        name: "errors_total",
        help: "4XXError and 5XXError",
        label: ",status=\"4xx\"",
        value: |it| count_of(it, |share| &share.client_errors),
    },
    Series {
        name: "errors_total",
        help: "4XXError and 5XXError",
        label: ",status=\"5xx\"",
        value: |it| count_of(it, |share| &share.server_errors),
    },
    Series {
        name: "latency_seconds_total",
        help: "Latency, summed over all requests",
        label: "",
        value: |it| seconds_of(it, |share| &share.latency_ns),
    },
    Series {
        name: "integrations_total",
        help: "Requests that reached their integration",
        label: "",
        value: |it| count_of(it, |share| &share.integrated),
    },
    Series {
        name: "integration_latency_seconds_total",
        help: "IntegrationLatency, summed over them",
        label: "",
        value: |it| seconds_of(it, |share| &share.integration_ns),
    },
    Series {
        name: "cache_total",
        help: "CacheHitCount and CacheMissCount",
        label: ",result=\"hit\"",
        value: |it| count_of(it, |share| &share.cache_hits),
    },
    Series {
        name: "cache_total",
        help: "CacheHitCount and CacheMissCount",
        label: ",result=\"miss\"",
        value: |it| count_of(it, |share| &share.cache_misses),
    },
];

impl Snapshot {
    /// Returns what the stages count, in Prometheus's text format; API by API, so that two scrapes look alike.
    pub fn render_metrics(&self) -> String {
        let mut stages: Vec<&StageSnapshot> = self.all_stages().collect();
        stages.sort_by_key(|stage| (stage.api_id.as_str(), stage.stage_name.as_str()));
        let labelled =
            |stage: &StageSnapshot| format!("api=\"{}\",stage=\"{}\"", stage.api_id, stage.stage_name);
        let whole: Vec<(String, &ApiCounters)> = stages
            .iter()
            .map(|stage| (labelled(stage), stage.counters.all.as_ref()))
            .collect();
        let mut methods = Vec::new();
        for stage in &stages {
            for it in &stage.counters.methods {
                let (resource, method) = (escaped(&it.resource), escaped(&it.method));
                let labels = format!("{},resource=\"{resource}\",method=\"{method}\"", labelled(stage));
                methods.push((labels, it.counters.as_ref()));
            }
        }
        let left_out = methods.len().saturating_sub(METHODS_SHOWN_MAX);
        methods.truncate(METHODS_SHOWN_MAX);
        let mut text = String::new();
        render(&mut text, "portcullis_api", "by API and stage", &whole);
        render(
            &mut text,
            "portcullis_api_method",
            "by API, stage, resource and method",
            &methods,
        );
        let _ = write!(
            text,
            "# HELP portcullis_api_methods_left_out Methods whose counters are not shown.\n\
             # TYPE portcullis_api_methods_left_out gauge\nportcullis_api_methods_left_out {left_out}\n"
        );
        text
    }
}

fn render(text: &mut String, prefix: &str, by: &str, counted: &[(String, &ApiCounters)]) {
    let mut named = "";
    for series in &SERIES {
        let name = series.name;
        if named != name {
            let help = series.help;
            let _ = write!(
                text,
                "# HELP {prefix}_{name} {help}, {by}.\n# TYPE {prefix}_{name} counter\n"
            );
            named = name;
        }
        for (labels, counters) in counted {
            let (label, value) = (series.label, (series.value)(counters));
            let _ = writeln!(text, "{prefix}_{name}{{{labels}{label}}} {value}");
        }
    }
}

/// Writes a label's value as the format wants it.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\")
        .replace('"', "\\\"")
        .replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_beyond_the_limit_are_counted_together_and_names_are_kept_over_deployments() {
        let mut before = StageCounters::default();
        for number in 0..METHODS_MAX {
            assert_eq!(
                before.count_method(&format!("/{number}"), "GET"),
                CountedMethod(u32::try_from(number).unwrap())
            );
        }
        let other = before.count_method("/more", "GET");
        assert_eq!(before.count_method("/most", "GET"), other);
        assert_eq!(before.methods.len(), METHODS_MAX + 1);
        assert_eq!(&*before.methods[METHODS_MAX].resource, OTHER);
        let added = Added {
            status: 404,
            latency_ns: 7,
            integration_ns: Some(5),
            cache_hit: Some(true),
        };
        before.method(CountedMethod(3)).unwrap().add(&added);
        let mut after = StageCounters::default();
        let kept = after.count_method("/3", "GET");
        let fresh = after.count_method("/3", "POST");
        after.go_on(&before);
        let read = |counted| {
            let counters = after.method(counted).unwrap();
            SERIES.map(|series| (series.value)(counters))
        };
        assert_eq!(
            read(kept),
            ["1", "1", "0", "0.000000007", "1", "0.000000005", "1", "0"]
        );
        assert_eq!(read(fresh)[0], "0");
    }

    #[test]
    fn what_the_operator_named_cannot_end_a_label() {
        assert_eq!(escaped("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
    }
}
