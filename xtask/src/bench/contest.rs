//! Contestants in turn, forth and back, and what their numbers say.

use anyhow::{Context, Result};

use super::load::{Extent, Load, Measured, drive};
use super::options::Options;
use super::statistics::{median, percentile};

/// Everyone who is measured under the same conditions; the first is the one the others are compared with.
pub(super) struct Contest {
    pub(super) name: &'static str,
    pub(super) explanation: String,
    pub(super) contestants: Vec<Contestant>,
}

/// One proxy, doing one thing.
pub(super) struct Contestant {
    pub(super) name: String,
    pub(super) load: Load,
    /// For requests that may be sent once only: one slice per half round.
    pub(super) slices: Vec<std::sync::Arc<[Vec<u8>]>>,
}

/// The outcome of a contest.
pub(super) struct Outcome {
    pub(super) name: &'static str,
    pub(super) explanation: String,
    pub(super) rows: Vec<Row>,
}

/// One contestant's medians over all half rounds.
pub(super) struct Row {
    pub(super) name: String,
    pub(super) processor_us: f64,
    pub(super) per_second: f64,
    pub(super) p50_us: f64,
    pub(super) p99_us: f64,
    /// Processor time against the first contestant in the same half round.
    pub(super) ratio: f64,
}

impl Contest {
    /// Runs all rounds.
    pub(super) fn run(&self, options: &Options) -> Result<Outcome> {
        println!("\n{}: {}", self.name, self.explanation);
        let mut runs: Vec<Vec<Measured>> = self.contestants.iter().map(|_| Vec::new()).collect();
        for half in 0..options.rounds * 2 {
            let mut order: Vec<usize> = (0..self.contestants.len()).collect();
            if half % 2 == 1 {
                order.reverse();
            }
            for place in order {
                let (Some(contestant), Some(runs)) = (self.contestants.get(place), runs.get_mut(place))
                else {
                    continue;
                };
                let mut load = contestant.load.clone();
                if let Some(slice) = contestant.slices.get(half) {
                    load.requests = slice.clone();
                    load.extent = Extent::Once;
                }
                let measured = drive(&load).with_context(|| contestant.name.clone())?;
                println!(
                    "  {half:>2} {:<32} {:>7.2} µs",
                    contestant.name,
                    processor_us(&measured)
                );
                runs.push(measured);
            }
        }
        Ok(self.outcome(&runs))
    }

    fn outcome(&self, runs: &[Vec<Measured>]) -> Outcome {
        let first = runs.first().map_or(&[] as &[Measured], Vec::as_slice);
        let rows = self.contestants.iter().zip(runs).map(|(contestant, runs)| {
            let of = |value: fn(&Measured) -> f64| median(&runs.iter().map(value).collect::<Vec<_>>());
            let ratios: Vec<f64> = runs
                .iter()
                .zip(first)
                .map(|(run, first)| processor_us(run) / processor_us(first))
                .collect();
            Row {
                name: contestant.name.clone(),
                processor_us: of(processor_us),
                per_second: of(|run| count(run.requests) / run.elapsed.as_secs_f64()),
                p50_us: of(|run| f64::from(percentile(&run.latencies_ns, 500)) / 1000.0),
                p99_us: of(|run| f64::from(percentile(&run.latencies_ns, 990)) / 1000.0),
                ratio: median(&ratios),
            }
        });
        Outcome {
            name: self.name,
            explanation: self.explanation.clone(),
            rows: rows.collect(),
        }
    }
}

fn processor_us(measured: &Measured) -> f64 {
    measured.processor_time.as_secs_f64() * 1e6 / count(measured.requests)
}

fn count(requests: usize) -> f64 {
    f64::from(u32::try_from(requests).unwrap_or(u32::MAX))
}
