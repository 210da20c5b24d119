//! The steps of an exchange, timed, on their way to its trail; beside them its execution log.

use std::{sync::Arc, time::Instant};

use portcullis_model::trail::Outcome;

use crate::{
    api_metrics,
    decision::{LayerName, Reason},
    exchange::Exchange,
    execution_log::ExecutionLog,
    gateway::Worker,
    http::Response,
    integrations::Answer,
    refusal::Refusal,
    trail::{CompactStep, Record, room_for_steps},
};

/// The steps so far. One reading of the clock a step at most: a step lasts from the one before to its note.
pub(crate) struct Journal {
    pub(super) steps: Vec<CompactStep>,
    last: Instant,
    /// The execution log, where the stage wants one.
    pub(super) log: Option<Box<ExecutionLog>>,
}

impl Journal {
    pub(crate) fn start(at: Instant) -> Self {
        Self {
            steps: room_for_steps(),
            last: at,
            log: None,
        }
    }

    pub(crate) fn note(&mut self, layer: LayerName, outcome: Outcome, reason: Reason) {
        if let Some(log) = &mut self.log {
            log.layer(layer, outcome, &reason.text());
        }
        // Where there was nothing to decide, reading the clock would take longer than the step: the next one counts it.
        let elapsed_ns = match reason {
            Reason::Nothing(_) => 0,
            _ => self.lap_ns(),
        };
        self.steps.push(CompactStep {
            reason,
            elapsed_ns,
            layer,
            outcome,
        });
    }

    /// Returns when the clock was read last.
    pub(super) const fn last(&self) -> Instant {
        self.last
    }

    fn lap_ns(&mut self) -> u64 {
        let now = Instant::now();
        nanoseconds(std::mem::replace(&mut self.last, now), now)
    }

    /// Returns how long a layer took, if it was reached.
    pub(super) fn milliseconds_of(&self, layer: LayerName) -> Option<u64> {
        let step = self.steps.iter().rev().find(|step| step.layer == layer)?;
        Some(step.elapsed_ns / 1_000_000)
    }

    pub(super) fn log_answer(&mut self, answer: &Answer) {
        let latency_ms = self.milliseconds_of(LayerName::Integration).unwrap_or_default();
        if let Some(log) = &mut self.log {
            log.answered(answer, latency_ms);
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
        let latency_ns = nanoseconds(exchange.started_at(), self.last);
        api_metrics::count(exchange, &self.steps, status, latency_ns);
    }

    pub(super) fn close(self, exchange: Box<Exchange>, status: u16, worker: &Worker) {
        let Self { steps, last, .. } = self;
        let arrival = exchange.arrival();
        let record = Record::of(exchange.into_request(), arrival, steps, status, last);
        worker.trails().record_compact(record, last);
    }

    pub(crate) fn into_steps(self) -> Vec<CompactStep> {
        self.steps
    }
}

/// Returns the time between two readings of the clock.
pub(crate) fn nanoseconds(from: Instant, to: Instant) -> u64 {
    let time = to.saturating_duration_since(from);
    time.as_secs()
        .saturating_mul(1_000_000_000)
        .saturating_add(time.subsec_nanos().into())
}
