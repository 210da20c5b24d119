//! How much processor time has a process used? User and system time of all its threads and all its descendants, in
//! nanoseconds, as the scheduler counts it (`/proc/PID/task/*/schedstat`).

use std::fs;
use std::time::Duration;

use anyhow::{Result, bail};

/// Returns the processor time of `process` and everything that it started.
pub(super) fn of(process: u32) -> Result<Duration> {
    let mut nanoseconds = 0_u64;
    for member in family(process) {
        nanoseconds += of_threads(member);
    }
    if nanoseconds == 0 {
        bail!("process {process} is gone, or this kernel has no schedstat");
    }
    Ok(Duration::from_nanos(nanoseconds))
}

fn of_threads(process: u32) -> u64 {
    let Ok(threads) = fs::read_dir(format!("/proc/{process}/task")) else {
        return 0;
    };
    threads
        .flatten()
        .filter_map(|thread| fs::read_to_string(thread.path().join("schedstat")).ok())
        .filter_map(|text| text.split_whitespace().next()?.parse::<u64>().ok())
        .sum()
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
    fn this_process_has_used_some() {
        assert!(of(std::process::id()).unwrap() > Duration::ZERO);
        assert!(of(u32::MAX).is_err());
    }
}
