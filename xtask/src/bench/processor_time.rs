//! How much processor time does a process use? User and system time of all its threads and all its descendants, as the
//! scheduler counts it in nanoseconds (`/proc/PID/task/*/schedstat`).

use std::collections::HashMap;
use std::fs;
use std::time::Duration;

use anyhow::{Result, bail};

/// What every thread of a process and of its descendants has used so far.
pub(super) struct Reading {
    nanoseconds: HashMap<u32, u64>,
}

impl Reading {
    /// Reads the clocks of `process` and everything that it started.
    pub(super) fn of(process: u32) -> Result<Self> {
        let nanoseconds: HashMap<u32, u64> = family(process).into_iter().flat_map(threads).collect();
        if nanoseconds.values().all(|used| *used == 0) {
            bail!("process {process} is gone, or this kernel has no schedstat");
        }
        Ok(Self { nanoseconds })
    }

    /// Returns what was used since `earlier`. Thread by thread: one that has ended must not count backwards.
    pub(super) fn since(&self, earlier: &Self) -> Duration {
        let used = self.nanoseconds.iter().map(|(thread, now)| {
            now.saturating_sub(earlier.nanoseconds.get(thread).copied().unwrap_or_default())
        });
        Duration::from_nanos(used.sum())
    }
}

fn threads(process: u32) -> Vec<(u32, u64)> {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return Vec::new();
    };
    threads
        .flatten()
        .filter_map(|thread| {
            let text = fs::read_to_string(thread.path().join("schedstat")).ok()?;
            let number = thread.file_name().to_str()?.parse().ok()?;
            Some((number, text.split_whitespace().next()?.parse().ok()?))
        })
        .collect()
}

/// Returns a process and its descendants.
fn family(process: u32) -> Vec<u32> {
    let parents: Vec<(u32, u32)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|entry| {
            let child: u32 = entry.file_name().to_str()?.parse().ok()?;
            let stat = fs::read_to_string(entry.path().join("stat")).ok()?;
            // The name in parentheses may hold blanks: what follows the last one is regular.
            let (_, fields) = stat.rsplit_once(')')?;
            Some((child, fields.split_whitespace().nth(1)?.parse().ok()?))
        })
        .collect();
    let mut members = vec![process];
    let mut next = 0;
    while let Some(parent) = members.get(next).copied() {
        members.extend(
            parents
                .iter()
                .filter(|(_, of)| *of == parent)
                .map(|(child, _)| *child),
        );
        next += 1;
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_uses_some() {
        let before = Reading::of(std::process::id()).unwrap();
        let mut sum = 0_u64;
        for number in 0..20_000_000_u64 {
            sum = std::hint::black_box(sum ^ number);
        }
        let after = Reading::of(std::process::id()).unwrap();
        assert!(after.since(&before) > Duration::ZERO);
        assert!(Reading::of(u32::MAX).is_err());
    }

    #[test]
    fn a_thread_that_ended_does_not_count_backwards() {
        let reading = |used: &[(u32, u64)]| Reading {
            nanoseconds: used.iter().copied().collect(),
        };
        let used = reading(&[(1, 150), (3, 7)]).since(&reading(&[(1, 100), (2, 9999)]));
        assert_eq!(used, Duration::from_nanos(57));
    }
}
