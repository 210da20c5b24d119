//! Read, change, write back, and again from the start when somebody else was first.

/// How often a write is tried again.
const ATTEMPTS_MAX: usize = 8;

/// Does `attempt` until nobody else came between its read and its write, at most eight times; `is_conflict` tells that
/// somebody did.
pub async fn settled<T, E, F: Future<Output = Result<T, E>>>(
    is_conflict: impl Fn(&E) -> bool,
    mut attempt: impl FnMut() -> F,
) -> Result<T, E> {
    let mut outcome = attempt().await;
    for _ in 1..ATTEMPTS_MAX {
        match outcome {
            Err(error) if is_conflict(&error) => outcome = attempt().await,
            settled => return settled,
        }
    }
    outcome
}
