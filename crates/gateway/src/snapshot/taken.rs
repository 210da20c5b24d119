//! Snapshots as the threads that serve hold them: by counts of their own. What all threads count they would wait for each other with.

use std::{cell::RefCell, ops::Deref, rc::Rc, sync::Arc};

use arc_swap::{ArcSwap, Cache};

use super::{Snapshot, Snapshots, StageSnapshot};

/// What one thread last saw of [`Snapshots`]: it asks whether that has changed, which is cheaper than to ask what it is. A thread that
/// does nothing keeps what it saw.
pub(crate) struct LastSeen {
    cache: RefCell<Cache<Arc<ArcSwap<Snapshot>>, Arc<Snapshot>>>,
    last: RefCell<TakenSnapshot>,
}

/// A snapshot that the requests of one thread hold together.
pub(crate) type TakenSnapshot = Rc<Taken>;

/// A stage that the requests of one thread hold together.
pub(crate) type TakenStage = Rc<Arc<StageSnapshot>>;

pub(crate) struct Taken {
    snapshot: Arc<Snapshot>,
    /// Most requests on a thread are for the stage of the one before.
    last_stage: RefCell<Option<LastStage>>,
}

struct LastStage {
    api_id: Box<str>,
    segment: Box<[u8]>,
    stage: TakenStage,
    is_named: bool,
}

impl LastSeen {
    pub(super) fn new(current: &Arc<ArcSwap<Snapshot>>) -> Self {
        Self {
            last: RefCell::new(Taken::new(current.load_full())),
            cache: RefCell::new(Cache::new(Arc::clone(current))),
        }
    }

    /// Returns the current snapshot.
    pub(crate) fn take(&self) -> TakenSnapshot {
        let (mut cache, mut last) = (self.cache.borrow_mut(), self.last.borrow_mut());
        let current = cache.load();
        if !Arc::ptr_eq(&last.snapshot, current) {
            *last = Taken::new(Arc::clone(current));
        }
        Rc::clone(&last)
    }
}

impl Snapshots {
    /// Returns a way to the current snapshot for one thread that takes it often.
    pub(crate) fn last_seen(&self) -> LastSeen {
        LastSeen::new(&self.current)
    }
}

impl Taken {
    pub(crate) fn new(snapshot: Arc<Snapshot>) -> TakenSnapshot {
        Rc::new(Self {
            snapshot,
            last_stage: RefCell::new(None),
        })
    }

    /// Finds a stage, as [`Snapshot::stage`] does; a segment that is not UTF-8 names none.
    pub(crate) fn stage(&self, api_id: &str, segment: &[u8]) -> Option<(TakenStage, bool)> {
        let mut last = self.last_stage.borrow_mut();
        let fits = |last: &&LastStage| *last.api_id == *api_id && *last.segment == *segment;
        if let Some(last) = last.as_ref().filter(fits) {
            return Some((Rc::clone(&last.stage), last.is_named));
        }
        let name = std::str::from_utf8(segment).unwrap_or_default();
        let (stage, is_named) = self.snapshot.stage(api_id, name)?;
        let found = last.insert(LastStage {
            api_id: api_id.into(),
            segment: segment.into(),
            stage: Rc::new(Arc::clone(stage)),
            is_named,
        });
        Some((Rc::clone(&found.stage), is_named))
    }
}

impl Deref for Taken {
    type Target = Snapshot;

    fn deref(&self) -> &Snapshot {
        &self.snapshot
    }
}
