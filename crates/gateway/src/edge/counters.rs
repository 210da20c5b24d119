//! What the edge does before there is a request, counted for Prometheus.

use std::{
    fmt::Write as _,
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use super::conduct::Misconduct;

/// Why a connection was closed before it said anything that we heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TurnedAway {
    /// There are as many as there may be.
    TooMany,
    /// Its address has as many as one may have.
    TooManyOfAddress,
    /// So many handshakes are under way, in all or of its address.
    TooManyHandshakes,
    /// The handshake failed, or took too long.
    HandshakeFailed,
    /// It did not begin as a trusted proxy's must.
    NotIntroduced,
    /// Its address had to be stopped from flooding a moment ago.
    Barred,
}

impl TurnedAway {
    const ALL: [Self; 6] = [
        Self::TooMany,
        Self::TooManyOfAddress,
        Self::TooManyHandshakes,
        Self::HandshakeFailed,
        Self::NotIntroduced,
        Self::Barred,
    ];

    /// Returns the label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooMany => "connections",
            Self::TooManyOfAddress => "connections-of-address",
            Self::TooManyHandshakes => "handshakes",
            Self::HandshakeFailed => "handshake-failed",
            Self::NotIntroduced => "proxy-protocol",
            Self::Barred => "barred",
        }
    }
}

/// Counters of the public listeners, for all threads. They change with connections, not with requests.
#[derive(Debug, Default)]
pub struct EdgeCounters {
    open: AtomicU64,
    barred: AtomicU64,
    turned_away: [AtomicU64; TurnedAway::ALL.len()],
    ended: [AtomicU64; Misconduct::ALL.len()],
    /// The longest since it was told.
    waited_us: AtomicU64,
}

impl EdgeCounters {
    pub(crate) fn opened(&self) {
        self.open.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn closed(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
    }

    /// So many addresses get no connections now.
    pub(crate) fn barred(&self, addresses: usize) {
        let addresses = u64::try_from(addresses).unwrap_or(u64::MAX);
        self.barred.store(addresses, Ordering::Relaxed);
    }

    pub(crate) fn turned_away(&self, why: TurnedAway) {
        if let Some(counter) = self.turned_away.get(why as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// What was ready waited so long for its thread.
    pub(crate) fn waited(&self, time: Duration) {
        let microseconds = u64::try_from(time.as_micros()).unwrap_or(u64::MAX);
        self.waited_us.fetch_max(microseconds, Ordering::Relaxed);
    }

    pub(crate) fn ended(&self, why: Misconduct) {
        if let Some(counter) = self.ended.get(why as usize) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Appends the counters in Prometheus's text format.
    pub(crate) fn render(&self, text: &mut String) {
        let (open, barred) = (
            self.open.load(Ordering::Relaxed),
            self.barred.load(Ordering::Relaxed),
        );
        // Writing into memory does not fail.
        let _ = write!(
            text,
            "# HELP portcullis_connections_open Connections to the public listeners.\n\
             # TYPE portcullis_connections_open gauge\nportcullis_connections_open {open}\n\
             # HELP portcullis_addresses_barred Addresses that get no connections now, because they flooded.\n\
             # TYPE portcullis_addresses_barred gauge\nportcullis_addresses_barred {barred}\n\
             # HELP portcullis_connections_turned_away_total Connections closed before there was a request.\n\
             # TYPE portcullis_connections_turned_away_total counter\n"
        );
        for (why, counter) in TurnedAway::ALL.into_iter().zip(&self.turned_away) {
            let count = counter.load(Ordering::Relaxed);
            let _ = writeln!(
                text,
                "portcullis_connections_turned_away_total{{reason=\"{}\"}} {count}",
                why.as_str()
            );
        }
        let waited = Duration::from_micros(self.waited_us.swap(0, Ordering::Relaxed)).as_secs_f64();
        let _ = write!(
            text,
            "# HELP portcullis_queue_seconds_max The longest that something waited for its thread since this was read before.\n\
             # TYPE portcullis_queue_seconds_max gauge\nportcullis_queue_seconds_max {waited}\n"
        );
        text.push_str(
            "# HELP portcullis_connections_ended_total HTTP/2 connections ended for what their client did.\n\
             # TYPE portcullis_connections_ended_total counter\n",
        );
        for (why, counter) in Misconduct::ALL.into_iter().zip(&self.ended) {
            let count = counter.load(Ordering::Relaxed);
            let _ = writeln!(
                text,
                "portcullis_connections_ended_total{{reason=\"{}\"}} {count}",
                why.as_str()
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_counted_in_the_row_that_has_its_name() {
        let counters = EdgeCounters::default();
        for (row, why) in TurnedAway::ALL.into_iter().enumerate() {
            assert_eq!(why as usize, row);
            for _ in 0..=row {
                counters.turned_away(why);
            }
        }
        for (row, why) in Misconduct::ALL.into_iter().enumerate() {
            assert_eq!(why as usize, row);
            counters.ended(why);
        }
        counters.ended(Misconduct::Stalled);
        counters.waited(Duration::from_millis(1500));
        counters.waited(Duration::from_millis(3));
        counters.opened();
        counters.opened();
        counters.closed();
        counters.barred(7);
        let mut text = String::new();
        counters.render(&mut text);
        assert!(text.contains("\nportcullis_connections_open 1\n"), "{text}");
        assert!(text.contains("\nportcullis_addresses_barred 7\n"), "{text}");
        assert!(text.contains("{reason=\"connections\"} 1\n"), "{text}");
        assert!(text.contains("{reason=\"proxy-protocol\"} 5\n"), "{text}");
        assert!(text.contains("ended_total{reason=\"stalled\"} 2\n"), "{text}");
        assert!(text.contains("\nportcullis_queue_seconds_max 1.5\n"), "{text}");
    }
}
