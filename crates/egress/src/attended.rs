//! Whether somebody has a task woken soon in any case. Most answers come before that: whoever waits for one sets no timer of its own
//! until it is asked again.

use std::{
    cell::Cell,
    ptr,
    task::{Context, Waker},
    time::Duration,
};

/// How soon a task is woken that is attended.
pub const SOON: Duration = Duration::from_millis(50);

thread_local! {
    /// The task by what its wakers hold; it is compared, and nothing else.
    static ATTENDED: Cell<*const ()> = const { Cell::new(ptr::null()) };
}

/// Polls something whose task the caller has woken [`SOON`] where it is pending, and then polls without this.
pub fn attended<T>(context: &mut Context<'_>, poll: impl FnOnce(&mut Context<'_>) -> T) -> T {
    let attended = Attended(ATTENDED.replace(context.waker().data()));
    let polled = poll(context);
    drop(attended);
    polled
}

/// What was attended before, for when the poll is over.
struct Attended(*const ());

impl Drop for Attended {
    fn drop(&mut self) {
        ATTENDED.set(self.0);
    }
}

/// Tells whether the task that `waker` wakes is polled again soon in any case.
pub(crate) fn is_attended(waker: &Waker) -> bool {
    !waker.data().is_null() && ATTENDED.get() == waker.data()
}

#[cfg(test)]
mod tests {
    use std::{sync::Arc, task::Wake};

    use super::*;

    struct Task(#[allow(dead_code, reason = "what has no size has no place of its own")] u8);

    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }

    #[test]
    fn the_task_that_is_polled_is_attended_and_no_other_nor_for_longer() {
        let (ours, other) = (Waker::from(Arc::new(Task(0))), Waker::from(Arc::new(Task(1))));
        assert!(!is_attended(&ours));
        attended(&mut Context::from_waker(&ours), |context| {
            assert!(is_attended(context.waker()));
            assert!(is_attended(&ours.clone()));
            assert!(!is_attended(&other));
            attended(&mut Context::from_waker(&other), |_| assert!(!is_attended(&ours)));
            assert!(is_attended(&ours));
        });
        assert!(!is_attended(&ours));
        let poll = std::panic::catch_unwind(|| {
            let waker = Waker::from(Arc::new(Task(2)));
            attended(&mut Context::from_waker(&waker), |_| panic!("while it is polled"))
        });
        assert!(poll.is_err() && ATTENDED.get().is_null());
        assert!(!is_attended(Waker::noop()));
    }
}
