//! The newest trails, in memory: a bounded ring for each worker thread. Recording moves what the exchange holds already;
//! text is made when somebody asks.

mod steps;

use std::{
    borrow::Cow,
    net::SocketAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Instant,
};

use bytes::Bytes;
use portcullis_model::{
    RequestId, Timestamp,
    trail::{Step, Trail},
};

use crate::{
    arrival::Arrival,
    http::{Listener, Request},
    metrics::Metrics,
    request_id,
    rings::{RINGS, Ring},
};

pub(crate) use self::steps::{CompactStep, Steps};

/// How many trails are kept unless told otherwise.
pub const TRAILS_MAX: usize = 8_192;
/// How many bytes of a path a trail shows.
const PATH_BYTES_SHOWN: usize = 2_048;

/// Everything that was decided about one exchange, not yet text.
#[derive(Debug)]
pub(crate) struct Record {
    pub(crate) request_id: u128,
    pub(crate) started: Timestamp,
    pub(crate) listener: Listener,
    pub(crate) source: SocketAddr,
    pub(crate) host: Arc<str>,
    pub(crate) method: Bytes,
    pub(crate) path: Bytes,
    pub(crate) steps: Steps,
    /// What a site said of its own decisions, already text.
    pub(crate) site_steps: Vec<Step>,
    pub(crate) status: u16,
    pub(crate) elapsed_ns: u64,
}

impl Record {
    /// Takes over what `request` holds; its query, which may hold secrets, is left out.
    pub(crate) fn of(
        request: Box<Request>,
        arrival: Arrival,
        steps: Steps,
        status: u16,
        elapsed_ns: u64,
    ) -> Self {
        Self {
            request_id: arrival.id,
            started: arrival.started,
            listener: request.peer.listener,
            source: request.peer.address,
            host: request.authority,
            method: request.method,
            path: request.target.into_path(),
            steps,
            site_steps: Vec::new(),
            status,
            elapsed_ns,
        }
    }

    fn to_trail(&self) -> Trail {
        let shown = self.path.get(..PATH_BYTES_SHOWN).unwrap_or(&self.path);
        let mut steps = self.steps.to_steps();
        steps.extend(self.site_steps.iter().cloned());
        Trail {
            request_id: RequestId::from(request_id::uuid_text(self.request_id)),
            started: self.started,
            listener: Cow::Borrowed(self.listener.as_str()),
            source: self.source.ip().to_string(),
            host: self.host.to_string(),
            method: String::from_utf8_lossy(&self.method).into_owned(),
            path: String::from_utf8_lossy(shown).replace(char::is_control, "\u{fffd}"),
            steps,
            status: self.status,
            elapsed_ns: self.elapsed_ns,
        }
    }
}

enum Entry {
    Compact(Record),
    Whole(Box<Trail>),
}

impl Entry {
    fn to_trail(&self) -> Trail {
        match self {
            Self::Compact(record) => record.to_trail(),
            Self::Whole(trail) => trail.as_ref().clone(),
        }
    }

    fn is(&self, id: Option<u128>, text: &str) -> bool {
        match self {
            Self::Compact(record) => Some(record.request_id) == id,
            Self::Whole(trail) => trail.request_id.as_str() == text,
        }
    }
}

/// The newest of a thread, each in the place of the oldest when there are as many as may be.
#[derive(Default)]
struct Newest {
    entries: Vec<(Instant, Entry)>,
    oldest: usize,
}

impl Newest {
    #[inline]
    fn push(&mut self, newest: (Instant, Entry), most: usize) {
        if self.entries.len() < most {
            return self.entries.push(newest);
        }
        if let Some(oldest) = self.entries.get_mut(self.oldest) {
            *oldest = newest;
        }
        self.oldest += 1;
        if self.oldest >= most {
            self.oldest = 0;
        }
    }

    /// Returns them, the one that was pushed last first.
    fn iter(&self) -> impl Iterator<Item = &(Instant, Entry)> {
        let (newer, older) = self.entries.split_at_checked(self.oldest).unwrap_or_default();
        newer.iter().rev().chain(older.iter().rev())
    }
}

/// The newest trails of all listeners, and what they add up to.
pub struct TrailLog {
    metrics: Metrics,
    rings: Vec<Mutex<Newest>>,
    trails_per_ring_max: usize,
}

impl TrailLog {
    /// Returns a log that keeps about `trails_max` trails; each thread's share is a fixed part of it.
    pub fn new(trails_max: usize) -> Self {
        Self {
            metrics: Metrics::new(RINGS),
            rings: (0..RINGS).map(|_| Mutex::default()).collect(),
            trails_per_ring_max: trails_max.div_ceil(RINGS).max(1),
        }
    }

    /// Keeps a finished trail, such as an admin call's.
    pub fn record(&self, trail: Trail) {
        self.metrics.count_trail(Ring::of_thread(), &trail);
        self.push(Instant::now(), Entry::Whole(Box::new(trail)));
    }

    /// Keeps what ended `at` that moment.
    pub(crate) fn record_compact(&self, record: Record, at: Instant) {
        self.metrics.count(Ring::of_thread(), &record);
        self.push(at, Entry::Compact(record));
    }

    /// Returns the counters of everything that was ever recorded.
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// Returns the trail of `request_id` while it is still kept.
    pub fn find(&self, request_id: &str) -> Option<Trail> {
        let id = request_id::parse_uuid(request_id);
        self.rings.iter().find_map(|ring| {
            let ring = lock(ring);
            let (_, entry) = ring.iter().find(|(_, entry)| entry.is(id, request_id))?;
            Some(entry.to_trail())
        })
    }

    /// Returns the trail that ended last.
    pub fn latest(&self) -> Option<Trail> {
        self.newest(1).into_iter().next()
    }

    /// Returns up to `count` trails, the one that ended last first.
    pub fn newest(&self, count: usize) -> Vec<Trail> {
        let mut found: Vec<(Instant, Trail)> = Vec::new();
        for ring in &self.rings {
            let ring = lock(ring);
            found.extend(ring.iter().take(count).map(|(at, entry)| (*at, entry.to_trail())));
        }
        found.sort_by_key(|(at, _)| std::cmp::Reverse(*at));
        found.truncate(count);
        found.into_iter().map(|(_, trail)| trail).collect()
    }

    /// Forgets the oldest trail for it.
    #[inline]
    fn push(&self, at: Instant, entry: Entry) {
        if let Some(ring) = self.rings.get(Ring::of_thread().index()) {
            lock(ring).push((at, entry), self.trails_per_ring_max);
        }
    }
}

impl Default for TrailLog {
    fn default() -> Self {
        Self::new(TRAILS_MAX)
    }
}

/// A panic between lock and unlock cannot leave a ring half written: a poisoned one is as good.
fn lock(ring: &Mutex<Newest>) -> MutexGuard<'_, Newest> {
    ring.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use portcullis_model::trail::Outcome;

    use super::*;
    use crate::decision::{LayerName, Reason};

    fn record(request_id: u128, status: u16) -> Record {
        let mut steps = Steps::new();
        steps.push(CompactStep {
            reason: Reason::Static("because"),
            elapsed_ns: 7,
            layer: LayerName::Route,
            outcome: Outcome::Continue,
        });
        Record {
            request_id,
            started: Timestamp(0),
            listener: Listener::Public,
            source: "127.0.0.1:1".parse().unwrap(),
            host: "localhost".into(),
            method: Bytes::from_static(b"GET"),
            path: Bytes::from_static(b"/"),
            steps,
            site_steps: Vec::new(),
            status,
            elapsed_ns: 9,
        }
    }

    #[test]
    fn newest_trail_is_found_by_id_and_as_latest() {
        let log = TrailLog::new(64);
        log.record_compact(record(1, 200), Instant::now());
        log.record_compact(record(2, 401), Instant::now());
        let latest = log.latest().unwrap();
        assert_eq!(latest.status, 401);
        assert_eq!(log.find(latest.request_id.as_str()).unwrap(), latest);
        assert_eq!(latest.steps[0].layer, "route");
        assert_eq!(latest.steps[0].reason, "because");
    }

    #[test]
    fn ring_forgets_the_oldest() {
        let log = TrailLog::new(RINGS * 2);
        for id in 0..5 {
            log.record_compact(record(id, 200 + u16::try_from(id).unwrap()), Instant::now());
        }
        let statuses: Vec<u16> = log.newest(10).into_iter().map(|trail| trail.status).collect();
        assert_eq!(statuses, [204, 203]);
        assert_eq!(log.newest(1)[0].status, 204);
        assert!(log.find(&request_id::uuid_text(0)).is_none());
        assert!(log.find(&request_id::uuid_text(4)).is_some());
    }

    #[test]
    fn trails_of_threads_are_merged_by_time() {
        let log = TrailLog::new(64);
        log.record_compact(record(1, 200), Instant::now());
        std::thread::scope(|scope| {
            scope.spawn(|| log.record_compact(record(2, 201), Instant::now()));
        });
        log.record_compact(record(3, 202), Instant::now());
        let statuses: Vec<u16> = log.newest(3).into_iter().map(|trail| trail.status).collect();
        assert_eq!(statuses, [202, 201, 200]);
    }

    #[test]
    fn long_path_is_cut() {
        let mut long = record(1, 200);
        long.path = Bytes::from(vec![b'a'; 10_000]);
        assert_eq!(long.to_trail().path.len(), PATH_BYTES_SHOWN);
    }
}
