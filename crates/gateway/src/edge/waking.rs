//! Whom to wake.

use std::task::{Context, Waker};

/// Has the task of `context` woken by `waker`; one that is woken already costs nothing.
pub(super) fn wake_by(waker: &mut Option<Waker>, context: &Context<'_>) {
    match waker {
        Some(waker) => waker.clone_from(context.waker()),
        None => *waker = Some(context.waker().clone()),
    }
}
