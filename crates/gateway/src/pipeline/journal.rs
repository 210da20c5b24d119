//! The steps of an exchange, timed, on their way to its trail; beside them its execution log.

use std::{sync::Arc, time::Instant};

use portcullis_model::{clock::tick_again, trail::Outcome};

use crate::{
    api_metrics,
    decision::{LayerName, Nothing, Reason},
    exchange::Exchange,
    execution_log::ExecutionLog,
    gateway::Worker,
    http::Response,
    integrations::Answer,
    refusal::Refusal,
    trail::{CompactStep, Record, Steps},
};

/// The steps so far. One reading of the clock a step at most: a step lasts from the one before to its note.
pub(crate) struct Journal {
    pub(super) steps: Steps,
    last: Instant,
    /// From the start to the last reading.
    elapsed_ns: u64,
    /// The execution log, where the stage wants one.
    pub(super) log: Option<Box<ExecutionLog>>,
}

impl Journal {
    pub(crate) fn start(at: Instant) -> Self {
        Self {
            steps: Steps::new(),
            last: at,
            elapsed_ns: 0,
            log: None,
        }
    }

    pub(crate) fn note(&mut self, layer: LayerName, outcome: Outcome, reason: Reason) {
        if let Some(log) = &mut self.log {
            log.layer(layer, outcome, &reason.text());
        }
        if let Reason::Nothing(nothing) = reason {
            return self.steps.push_idle(nothing);
        }
        let elapsed_ns = self.lap_ns();
        self.steps.push(CompactStep {
            reason,
            elapsed_ns,
            layer,
            outcome,
        });
    }

    /// Notes a layer that has nothing to decide. Reading the clock would take longer than the step: the next one counts it.
    #[inline]
    pub(super) fn note_idle(&mut self, nothing: Nothing) {
        if self.log.is_some() {
            return self.note(nothing.layer(), Outcome::Continue, Reason::Nothing(nothing));
        }
        self.steps.push_idle(nothing);
    }

    /// Returns how long it took until the clock was read last.
    pub(super) const fn elapsed_ns(&self) -> u64 {
        self.elapsed_ns
    }

    fn lap_ns(&mut self) -> u64 {
        let now = Instant::now();
        tick_again(now);
        let lap_ns = nanoseconds(std::mem::replace(&mut self.last, now), now);
        self.elapsed_ns += lap_ns;
        lap_ns
    }

    /// Returns how long a layer took, if it was reached.
    pub(super) fn milliseconds_of(&self, layer: LayerName) -> Option<u64> {
        milliseconds_of(&self.steps, layer)
    }

    pub(super) fn log_answer(&mut self, answer: &Answer) {
        if let Some(log) = &mut self.log {
            let latency_ms = milliseconds_of(&self.steps, LayerName::Integration);
            log.answered(answer, latency_ms.unwrap_or_default());
        }
    }

    /// Ends the execution log and writes it, if the stage wants it.
    pub(super) fn end_log(
        &mut self,
        exchange: &Exchange,
        response: &Response,
        refusal: Option<&Refusal>,
        worker: &Worker,
    ) {
        let (Some(mut log), Some(stage)) = (self.log.take(), exchange.stage()) else {
            return;
        };
        log.end(response, refusal);
        if !log.is_wanted(refusal.is_some() || response.status >= 500) {
            return;
        }
        let group: Arc<str> =
            format!("API-Gateway-Execution-Logs_{}/{}", stage.api_id, stage.stage_name).into();
        let canary: Option<Arc<str>> = exchange.is_canary().then(|| format!("{group}/Canary").into());
        for line in log.into_lines() {
            if let Some(canary) = &canary {
                worker.execution_logs().write(canary, line.clone());
            }
            worker.execution_logs().write(&group, line);
        }
    }

    /// Counts the exchange for its stage.
    pub(super) fn count(&self, exchange: &Exchange, status: u16) {
        api_metrics::count(exchange, self.steps.decided(), status, self.elapsed_ns);
    }

    pub(super) fn close(self, exchange: Box<Exchange>, status: u16, worker: &Worker) {
        let Self {
            steps,
            last,
            elapsed_ns,
            ..
        } = self;
        let arrival = exchange.arrival();
        let record = Record::of(exchange.into_request(), arrival, steps, status, elapsed_ns);
        worker.trails().record_compact(record, last);
    }

    pub(crate) fn into_steps(self) -> Steps {
        self.steps
    }
}

fn milliseconds_of(steps: &Steps, layer: LayerName) -> Option<u64> {
    let step = steps.decided().iter().rev().find(|step| step.layer == layer)?;
    Some(step.elapsed_ns / 1_000_000)
}

/// Returns the time between two readings of the clock.
pub(crate) fn nanoseconds(from: Instant, to: Instant) -> u64 {
    let time = to.saturating_duration_since(from);
    time.as_secs()
        .saturating_mul(1_000_000_000)
        .saturating_add(time.subsec_nanos().into())
}
