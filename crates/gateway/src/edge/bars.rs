//! Bars before the door: what an address sends that gets no connection is dropped by the system, before it becomes one.
//!
//! A connection that is only closed unread costs a flood less than it costs us: the system makes it, the worker accepts and
//! closes it, and the system cleans up behind it on the worker's core. So each listening socket gets a program that drops the
//! first segment (SYN, RFC 9293 section 3.5) of a barred address; [`program`] writes it. Where a system has no such programs,
//! or no room for one, connections are closed unread, as they are before the program is there.

mod program;
#[cfg(test)]
mod tests;

use std::{net::IpAddr, sync::Arc, time::Duration};

use tokio::sync::watch;

use super::{admission::Admission, counters::EdgeCounters};

/// Strikes of so long are one change: a flood strikes many addresses at once.
const GATHER_TIME: Duration = Duration::from_millis(50);
/// How soon a bar falls that has run out.
const LOOK_TIME: Duration = Duration::from_secs(1);

/// Whom the sockets let nobody in from, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Bars(Arc<Vec<IpAddr>>);

impl Bars {
    fn new(mut addresses: Vec<IpAddr>) -> Self {
        addresses.sort_unstable();
        Self(Arc::new(addresses))
    }

    /// Sets them on a listening socket.
    #[cfg(target_os = "linux")]
    pub(super) fn set(&self, socket: &impl std::os::fd::AsFd) {
        let socket = socket2::SockRef::from(socket);
        if self.0.is_empty() {
            // Fails where there is none, which is as well.
            drop(socket.detach_filter());
            return;
        }
        let mut addresses = self.0.as_slice();
        // The system gives a socket's options little room (`net.core.optmem_max`): rather some bars than none.
        while let Err(cause) = socket.attach_filter(&program::dropping(addresses)) {
            tracing::debug!(%cause, addresses = addresses.len(), "the system did not take the bars");
            addresses = addresses.get(..addresses.len() / 2).unwrap_or_default();
            if addresses.is_empty() {
                return;
            }
        }
    }

    #[cfg(not(target_os = "linux"))]
    pub(super) fn set<S>(&self, _socket: &S) {}
}

/// Keeps the bars of all sockets as admission has them.
#[derive(Debug)]
pub(super) struct Keeper {
    admission: Admission,
    counters: Arc<EdgeCounters>,
    bars: watch::Sender<Bars>,
}

/// Returns who keeps the bars of `admission`, and the bars.
pub(super) fn keeper(admission: &Admission, counters: &Arc<EdgeCounters>) -> (Keeper, watch::Receiver<Bars>) {
    let (bars, kept) = watch::channel(Bars::default());
    let keeper = Keeper {
        admission: admission.clone(),
        counters: Arc::clone(counters),
        bars,
    };
    (keeper, kept)
}

impl Keeper {
    /// Keeps them until the thread ends.
    pub(super) async fn keep(self) {
        loop {
            if self.bars.borrow().0.is_empty() {
                self.admission.struck().await;
            } else {
                // Whether one was struck or none: bars run out as well.
                drop(tokio::time::timeout(LOOK_TIME, self.admission.struck()).await);
            }
            tokio::time::sleep(GATHER_TIME).await;
            let now = Bars::new(self.admission.barred());
            self.counters.barred(now.0.len());
            self.bars.send_if_modified(|bars| {
                let is_change = *bars != now;
                *bars = now;
                is_change
            });
        }
    }
}
