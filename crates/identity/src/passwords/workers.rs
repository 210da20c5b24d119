//! A bounded pool of threads for what takes milliseconds of processor: password hashes and SRP.
//!
//! What finds the queue full is answered `TooManyRequestsException` at once, so that a flood of sign-ins costs no
//! more than its threads and never the data plane.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    },
    thread,
};

use tokio::sync::oneshot;

use crate::IdentityError;

type Job = Box<dyn FnOnce() + Send>;

/// Threads that end when this is dropped.
pub(crate) struct Workers {
    queue: SyncSender<Job>,
}

impl Workers {
    /// Starts `threads` threads, before which up to `waiting` jobs may queue.
    pub(crate) fn start(threads: usize, waiting: usize) -> Result<Self, IdentityError> {
        let (queue, jobs) = sync_channel::<Job>(waiting);
        let jobs = Arc::new(Mutex::new(jobs));
        for number in 0..threads.max(1) {
            let jobs = Arc::clone(&jobs);
            thread::Builder::new()
                .name(format!("passwords-{number}"))
                .spawn(move || work(&jobs))
                .map_err(IdentityError::broken)?;
        }
        Ok(Self { queue })
    }

    /// Runs `job` on one of the threads and returns what it returns.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        job: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, IdentityError> {
        let (answer, wait) = oneshot::channel();
        let job: Job = Box::new(move || {
            // Nobody waits any more when the caller hung up.
            if !answer.is_closed() {
                let _ = answer.send(job());
            }
        });
        self.queue.try_send(job).map_err(|refused| match refused {
            TrySendError::Full(_) => IdentityError::too_many_requests("Too many requests")
                .because("every password worker is busy and the queue is full"),
            TrySendError::Disconnected(_) => IdentityError::broken("the password workers have ended"),
        })?;
        wait.await
            .map_err(|_| IdentityError::broken("a password worker gave no answer"))
    }
}

fn work(jobs: &Mutex<Receiver<Job>>) {
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        match job {
            // A job that panics loses its own answer, not the thread.
            Ok(job) => drop(catch_unwind(AssertUnwindSafe(job))),
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn full_queue_is_answered_too_many_requests() {
        let workers = Workers::start(1, 1).unwrap();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let (started, begun) = std::sync::mpsc::channel::<()>();
        let busy = workers.run(move || {
            started.send(()).unwrap();
            held.recv().unwrap();
        });
        let mut busy = std::pin::pin!(busy);
        assert!(futures_poll_once(busy.as_mut()).await.is_none());
        begun.recv().unwrap();
        let mut waiting = std::pin::pin!(workers.run(|| 7));
        assert!(futures_poll_once(waiting.as_mut()).await.is_none());
        let refused = workers.run(|| 8).await.unwrap_err();
        assert_eq!(
            (refused.name(), refused.status()),
            ("TooManyRequestsException", 429)
        );
        release.send(()).unwrap();
        busy.await.unwrap();
        assert_eq!(waiting.await.unwrap(), 7);
    }

    #[tokio::test]
    async fn job_that_panics_leaves_the_thread_working() {
        let workers = Workers::start(1, 4).unwrap();
        assert_eq!(
            workers
                .run(|| panic!("on purpose"))
                .await
                .map(|()| 0)
                .unwrap_err()
                .name(),
            "InternalErrorException"
        );
        assert_eq!(workers.run(|| 3).await.unwrap(), 3);
    }

    async fn futures_poll_once<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(match future.as_mut().poll(context) {
                std::task::Poll::Ready(value) => Some(value),
                std::task::Poll::Pending => None,
            })
        })
        .await
    }
}
