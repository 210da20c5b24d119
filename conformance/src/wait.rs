//! Waiting for something outside: polling with a bound, never a fixed sleep.

use std::{
    thread,
    time::{Duration, Instant},
};

use anyhow::{Result, bail};

/// How often is asked.
const POLL: Duration = Duration::from_millis(10);

/// Asks until there is an answer, at most for `bound`.
pub fn until<T>(what: &str, bound: Duration, mut ask: impl FnMut() -> Result<Option<T>>) -> Result<T> {
    let end = Instant::now() + bound;
    loop {
        if let Some(answer) = ask()? {
            return Ok(answer);
        }
        if Instant::now() > end {
            bail!("{what}: not within {} s", bound.as_secs());
        }
        thread::sleep(POLL);
    }
}
