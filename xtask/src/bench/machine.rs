//! Which machine is this, and who runs on which of its cores?

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::Result;
use portcullis_model::{Clock, SystemClock};

use crate::shell;

/// Returns a command for `program`, on one core where `taskset` is available and there is such a core.
pub(super) fn on_core(core: usize, program: &Path) -> Command {
    match shell::find_program("taskset") {
        Some(taskset) if core < cores() => {
            let mut command = Command::new(taskset);
            command.arg("-c").arg(core.to_string()).arg(program);
            command
        }
        _ => Command::new(program),
    }
}

/// Puts this process, and so every thread that it starts from now on, on one core.
pub(super) fn pin_self(core: usize) -> Result<()> {
    let Some(taskset) = shell::find_program("taskset").filter(|_| cores() > 1) else {
        println!("not pinned: `taskset` (util-linux) or a second core is missing; numbers will be rough");
        return Ok(());
    };
    let process = std::process::id().to_string();
    let pin = ["-acp", &core.to_string(), &process].map(str::to_owned);
    shell::run(Command::new(taskset).args(pin).stdout(Stdio::null()))
}

/// Puts this process, and what it starts, before others of this machine, where it may.
pub(super) fn raise_priority() {
    let process = std::process::id().to_string();
    let mut renice = Command::new("renice");
    renice.args(["-n", "-10", "-p", &process]).stdout(Stdio::null());
    if !renice.status().is_ok_and(|status| status.success()) {
        println!("at the priority of everybody: numbers will be rough if the machine does other work");
    }
}

/// Describes the machine in one line.
pub(super) fn describe() -> String {
    let first = |path: &str, name: &str| {
        let text = fs::read_to_string(path).unwrap_or_default();
        let line = text
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_default()
            .to_owned();
        line.split_once(':')
            .map_or(line.clone(), |(_, value)| value.trim().to_owned())
    };
    let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let mut model = first("/proc/cpuinfo", "model name");
    if model.is_empty() {
        model = std::env::consts::ARCH.to_owned();
    }
    format!("{} cores ({model}), Linux {}", cores(), kernel.trim())
}

/// Returns how busy the machine is, as a mean over a minute: numbers from a busy machine are rough.
pub(super) fn load_average() -> String {
    let text = fs::read_to_string("/proc/loadavg").unwrap_or_default();
    text.split_whitespace().next().unwrap_or("unknown").to_owned()
}

/// Returns today's date in UTC.
pub(super) fn today() -> String {
    SystemClock.now().iso8601().chars().take(10).collect()
}

/// Counts the cores of the machine, not those that this process was pinned to.
fn cores() -> usize {
    let text = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    text.lines()
        .filter(|line| line.starts_with("processor"))
        .count()
        .max(1)
}
