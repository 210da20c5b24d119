//! What was decided, counted: read by Prometheus, in its text format 0.0.4
//! (<https://prometheus.io/docs/instrumenting/exposition_formats/>).
//!
//! Every label is a name of a fixed table, never a word of a stranger: the number of series cannot grow. Counting is a few
//! additions on counters of the thread's own.

use std::{
    fmt::Write as _,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use portcullis_model::trail::{Outcome, Trail};

use crate::{
    decision::LayerName,
    edge::EdgeCounters,
    http::{Listener, memory::BODIES, websocket::TUNNELS},
    rings::Ring,
    trail::Record,
};

/// Layers that only sites and admin calls have, as their steps name them.
const OTHER_LAYERS: [&str; 5] = ["admission", "operation", "identity", "events", "metrics"];
/// What a layer that is in no list is counted under.
const OTHER: &str = "other";
const LAYERS: usize = LayerName::ALL.len() + OTHER_LAYERS.len() + 1;
const OUTCOMES: [&str; 4] = ["continue", "answer", "refuse", "observe-refuse"];
const LISTENERS: [&str; 5] = ["public", "public-http", "proxy", "admin", OTHER];
const CLASSES: [&str; 6] = ["1xx", "2xx", "3xx", "4xx", "5xx", OTHER];
/// Upper bounds of the histogram's buckets: nanoseconds, and the same in seconds as the label says it.
const BUCKETS: [(u64, &str); 13] = [
    (100_000, "0.0001"),
    (250_000, "0.00025"),
    (500_000, "0.0005"),
    (1_000_000, "0.001"),
    (2_500_000, "0.0025"),
    (5_000_000, "0.005"),
    (10_000_000, "0.01"),
    (25_000_000, "0.025"),
    (100_000_000, "0.1"),
    (250_000_000, "0.25"),
    (1_000_000_000, "1"),
    (5_000_000_000, "5"),
    (30_000_000_000, "30"),
];

/// One thread's counters, on cache lines of their own.
#[derive(Default)]
#[repr(align(128))]
struct Counters {
    decisions: [[AtomicU64; OUTCOMES.len()]; LAYERS],
    listeners: [ListenerCounters; LISTENERS.len()],
}

#[derive(Default)]
struct ListenerCounters {
    requests: [AtomicU64; CLASSES.len()],
    /// One more than there are bounds: what is over the last.
    durations: [AtomicU64; BUCKETS.len() + 1],
    nanoseconds: AtomicU64,
}

impl Counters {
    fn decision(&self, ring: Ring, layer: usize, outcome: Outcome) {
        let outcome = match outcome {
            Outcome::Continue => 0,
            Outcome::Answer => 1,
            Outcome::Refuse => 2,
            Outcome::ObserveRefuse => 3,
        };
        if let Some(counter) = self.decisions.get(layer).and_then(|row| row.get(outcome)) {
            ring.add(counter, 1);
        }
    }

    fn request(&self, ring: Ring, listener: usize, status: u16, elapsed_ns: u64) {
        let Some(counters) = self.listeners.get(listener) else {
            return;
        };
        let class = match status {
            100..600 => usize::from(status / 100 - 1),
            _ => CLASSES.len() - 1,
        };
        let bucket = BUCKETS.partition_point(|(bound, _)| *bound < elapsed_ns);
        for counter in [counters.requests.get(class), counters.durations.get(bucket)] {
            counter.into_iter().for_each(|counter| ring.add(counter, 1));
        }
        ring.add(&counters.nanoseconds, elapsed_ns);
    }
}

/// Returns the row of a layer that is known by its text alone.
fn layer_row(name: &str) -> usize {
    layer_names()
        .position(|known| known == name)
        .unwrap_or(LAYERS - 1)
}

/// The rows of the table of decisions.
fn layer_names() -> impl Iterator<Item = &'static str> {
    let layers = LayerName::ALL.into_iter().map(LayerName::as_str);
    layers.chain(OTHER_LAYERS).chain([OTHER])
}

/// Counters of every thread, since the process started.
pub struct Metrics {
    threads: Vec<Counters>,
    edge: Arc<EdgeCounters>,
}

impl Metrics {
    pub(crate) fn new(threads: usize) -> Self {
        Self {
            threads: (0..threads).map(|_| Counters::default()).collect(),
            edge: Arc::default(),
        }
    }

    /// Returns the counters of what happens before there is a request.
    pub fn edge(&self) -> Arc<EdgeCounters> {
        Arc::clone(&self.edge)
    }

    /// Counts an exchange of the data plane.
    pub(crate) fn count(&self, ring: Ring, record: &Record) {
        let Some(counters) = self.threads.get(ring.index()) else {
            return;
        };
        for step in record.steps.decided() {
            counters.decision(ring, step.layer as usize, step.outcome);
        }
        for layer in record.steps.idle() {
            counters.decision(ring, layer as usize, Outcome::Continue);
        }
        for step in &record.site_steps {
            counters.decision(ring, layer_row(&step.layer), step.outcome);
        }
        let listener = match record.listener {
            Listener::Public => 0,
            Listener::PublicHttp => 1,
            Listener::Proxy => 2,
            Listener::TestInvoke => LISTENERS.len() - 1,
        };
        counters.request(ring, listener, record.status, record.elapsed_ns);
    }

    /// Counts what was recorded as text, such as an admin call.
    pub(crate) fn count_trail(&self, ring: Ring, trail: &Trail) {
        let Some(counters) = self.threads.get(ring.index()) else {
            return;
        };
        for step in &trail.steps {
            counters.decision(ring, layer_row(&step.layer), step.outcome);
        }
        let named = LISTENERS.iter().position(|name| *name == trail.listener);
        let listener = named.unwrap_or(LISTENERS.len() - 1);
        counters.request(ring, listener, trail.status, trail.elapsed_ns);
    }

    /// Returns the counters in Prometheus's text format. Every series is there from the start, at zero.
    pub fn render(&self) -> String {
        let mut text = String::with_capacity(16 * 1024);
        self.render_decisions(&mut text);
        self.render_requests(&mut text);
        self.render_durations(&mut text);
        self.edge.render(&mut text);
        head(
            &mut text,
            "portcullis_buffered_body_bytes",
            "gauge",
            "Bodies of requests that are held whole.",
        );
        let _ = writeln!(text, "portcullis_buffered_body_bytes {}", BODIES.held());
        render_tunnels(&mut text);
        text
    }

    fn render_decisions(&self, text: &mut String) {
        head(
            text,
            "portcullis_decisions_total",
            "counter",
            "Decisions by layer and outcome.",
        );
        for (row, layer) in layer_names().enumerate() {
            for (column, outcome) in OUTCOMES.iter().enumerate() {
                let count = self.sum(|counters| counters.decisions.get(row)?.get(column));
                let _ = writeln!(
                    text,
                    "portcullis_decisions_total{{layer=\"{layer}\",outcome=\"{outcome}\"}} {count}"
                );
            }
        }
    }

    fn render_requests(&self, text: &mut String) {
        head(
            text,
            "portcullis_requests_total",
            "counter",
            "Requests by listener and class of status.",
        );
        for (row, listener) in LISTENERS.iter().enumerate() {
            for (column, class) in CLASSES.iter().enumerate() {
                let count = self.sum(|counters| counters.listeners.get(row)?.requests.get(column));
                let _ = writeln!(
                    text,
                    "portcullis_requests_total{{listener=\"{listener}\",status=\"{class}\"}} {count}"
                );
            }
        }
    }

    fn render_durations(&self, text: &mut String) {
        const NAME: &str = "portcullis_request_duration_seconds";
        head(
            text,
            NAME,
            "histogram",
            "Time from a request's head to its response's.",
        );
        let bounds = BUCKETS.iter().map(|(_, label)| *label).chain(["+Inf"]);
        for (row, listener) in LISTENERS.iter().enumerate() {
            let mut total = 0u64;
            for (column, bound) in bounds.clone().enumerate() {
                total += self.sum(|counters| counters.listeners.get(row)?.durations.get(column));
                let _ = writeln!(
                    text,
                    "{NAME}_bucket{{listener=\"{listener}\",le=\"{bound}\"}} {total}"
                );
            }
            let spent = self.sum(|counters| Some(&counters.listeners.get(row)?.nanoseconds));
            let (seconds, rest) = (spent / 1_000_000_000, spent % 1_000_000_000);
            let _ = writeln!(text, "{NAME}_sum{{listener=\"{listener}\"}} {seconds}.{rest:09}");
            // The same count as the last bucket's, whatever was counted meanwhile.
            let _ = writeln!(text, "{NAME}_count{{listener=\"{listener}\"}} {total}");
        }
    }

    fn sum<'c>(&'c self, of: impl Fn(&'c Counters) -> Option<&'c AtomicU64>) -> u64 {
        let counts = self
            .threads
            .iter()
            .filter_map(of)
            .map(|counter| counter.load(Ordering::Relaxed));
        counts.fold(0, u64::wrapping_add)
    }
}

fn render_tunnels(text: &mut String) {
    let [open, opened, from_clients, to_clients] = TUNNELS.counts();
    head(
        text,
        "portcullis_websockets_open",
        "gauge",
        "WebSockets that are open.",
    );
    let _ = writeln!(text, "portcullis_websockets_open {open}");
    head(
        text,
        "portcullis_websockets_total",
        "counter",
        "WebSockets that were opened.",
    );
    let _ = writeln!(text, "portcullis_websockets_total {opened}");
    head(
        text,
        "portcullis_websocket_bytes_total",
        "counter",
        "Bytes that passed through WebSockets.",
    );
    for (direction, bytes) in [("from-client", from_clients), ("to-client", to_clients)] {
        let _ = writeln!(
            text,
            "portcullis_websocket_bytes_total{{direction=\"{direction}\"}} {bytes}"
        );
    }
}

fn head(text: &mut String, name: &str, kind: &str, help: &str) {
    let _ = write!(text, "# HELP {name} {help}\n# TYPE {name} {kind}\n");
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use bytes::Bytes;
    use portcullis_model::{RequestId, Timestamp, trail::Step};

    use super::*;
    use crate::{
        decision::{Nothing, Reason},
        trail::{CompactStep, Steps},
    };

    fn record(status: u16, elapsed_ns: u64) -> Record {
        let step = |layer, outcome| CompactStep {
            reason: Reason::Static("because"),
            elapsed_ns: 1,
            layer,
            outcome,
        };
        let mut steps = Steps::new();
        steps.push(step(LayerName::Firewall, Outcome::ObserveRefuse));
        steps.push_idle(Nothing::NoResourcePolicy);
        steps.push(step(LayerName::Authorizer, Outcome::Refuse));
        Record {
            request_id: 1,
            started: Timestamp(0),
            listener: Listener::Public,
            source: "127.0.0.1:1".parse().unwrap(),
            host: "evil\"} 1\n".into(),
            method: Bytes::from_static(b"GET"),
            path: Bytes::from_static(b"/evil"),
            steps,
            site_steps: Vec::new(),
            status,
            elapsed_ns,
        }
    }

    fn step(layer: &'static str) -> Step {
        Step {
            layer: layer.into(),
            outcome: Outcome::Refuse,
            reason: "because".into(),
            elapsed_ns: 1,
        }
    }

    fn value(metrics: &Metrics, series: &str) -> String {
        let text = metrics.render();
        let mut lines = text
            .lines()
            .filter_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        let found = lines
            .next()
            .unwrap_or_else(|| panic!("no series {series} in:\n{text}"));
        assert_eq!(lines.next(), None, "{series} is there once");
        found.to_owned()
    }

    #[test]
    fn every_layer_is_counted_in_the_row_that_has_its_name() {
        for (row, layer) in LayerName::ALL.into_iter().enumerate() {
            assert_eq!(layer as usize, row);
            assert_eq!(layer_row(layer.as_str()), row);
        }
        // `Response` is the last: no layer is missing in the list.
        assert_eq!(LayerName::Response as usize + 1, LayerName::ALL.len());
        assert_eq!(layer_names().collect::<BTreeSet<_>>().len(), LAYERS);
    }

    #[test]
    fn decisions_and_requests_of_all_threads_are_summed() {
        let metrics = Metrics::new(2);
        metrics.count(Ring::nth(0), &record(401, 1_000_000));
        metrics.count(Ring::nth(1), &record(401, 1_000_001));
        metrics.count(Ring::nth(1), &record(200, 31_000_000_000));
        let expected = [
            (
                "portcullis_decisions_total{layer=\"authorizer\",outcome=\"refuse\"}",
                "3",
            ),
            (
                "portcullis_decisions_total{layer=\"firewall\",outcome=\"observe-refuse\"}",
                "3",
            ),
            (
                "portcullis_decisions_total{layer=\"firewall\",outcome=\"refuse\"}",
                "0",
            ),
            (
                "portcullis_decisions_total{layer=\"resource-policy\",outcome=\"continue\"}",
                "3",
            ),
            (
                "portcullis_requests_total{listener=\"public\",status=\"4xx\"}",
                "2",
            ),
            (
                "portcullis_requests_total{listener=\"public\",status=\"2xx\"}",
                "1",
            ),
            (
                "portcullis_requests_total{listener=\"proxy\",status=\"4xx\"}",
                "0",
            ),
            // A bound belongs to its bucket, and buckets hold what is below them.
            (
                "portcullis_request_duration_seconds_bucket{listener=\"public\",le=\"0.0005\"}",
                "0",
            ),
            (
                "portcullis_request_duration_seconds_bucket{listener=\"public\",le=\"0.001\"}",
                "1",
            ),
            (
                "portcullis_request_duration_seconds_bucket{listener=\"public\",le=\"0.0025\"}",
                "2",
            ),
            (
                "portcullis_request_duration_seconds_bucket{listener=\"public\",le=\"30\"}",
                "2",
            ),
            (
                "portcullis_request_duration_seconds_bucket{listener=\"public\",le=\"+Inf\"}",
                "3",
            ),
            (
                "portcullis_request_duration_seconds_count{listener=\"public\"}",
                "3",
            ),
            (
                "portcullis_request_duration_seconds_sum{listener=\"public\"}",
                "31.002000001",
            ),
        ];
        for (series, count) in expected {
            assert_eq!(value(&metrics, series), count, "{series}");
        }
    }

    #[test]
    fn layers_known_by_text_are_counted_by_name_or_as_other() {
        let metrics = Metrics::new(1);
        let mut site = record(400, 1);
        site.steps = Steps::new();
        site.site_steps = vec![step("identity"), step("made up\"} 1\n")];
        metrics.count(Ring::nth(0), &site);
        let trail = Trail {
            request_id: RequestId::from("a"),
            started: Timestamp(0),
            listener: "admin".into(),
            source: String::new(),
            host: String::new(),
            method: String::new(),
            path: String::new(),
            steps: vec![step("admission")],
            status: 999,
            elapsed_ns: 1,
        };
        metrics.count_trail(Ring::nth(0), &trail);
        for layer in ["identity", "other", "admission"] {
            let series = format!("portcullis_decisions_total{{layer=\"{layer}\",outcome=\"refuse\"}}");
            assert_eq!(value(&metrics, &series), "1", "{series}");
        }
        let series = "portcullis_requests_total{listener=\"admin\",status=\"other\"}";
        assert_eq!(value(&metrics, series), "1");
    }

    #[test]
    fn series_do_not_depend_on_what_was_counted() {
        let names = |metrics: &Metrics| -> Vec<String> {
            let text = metrics.render();
            let lines = text
                .lines()
                .map(|line| line.rsplit_once(' ').map(|(name, _)| name.to_owned()));
            lines.collect::<Option<_>>().unwrap()
        };
        let (fresh, used) = (Metrics::new(1), Metrics::new(1));
        used.count(Ring::nth(0), &record(401, 5));
        assert_eq!(names(&fresh), names(&used));
        assert!(!used.render().contains("evil"));
    }
}
