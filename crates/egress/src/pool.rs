//! Idle connections of one thread, by server. The newest is used first, so that the others can age and go.

use std::{
    cell::{Cell, RefCell},
    time::{Duration, Instant},
};

use foldhash::HashMap;
use portcullis_model::clock::recent;

use crate::{Limits, Target, connection::Connection};

const SWEEP_EVERY: Duration = Duration::from_secs(1);
/// Spare buffers for request heads.
const SPARE_BUFFERS_MAX: usize = 64;
const SPARE_BUFFER_BYTES_MAX: usize = 64 * 1024;

struct Idle {
    connection: Box<Connection>,
    until: Instant,
}

struct Server {
    target: Target,
    waiting: Vec<Idle>,
}

/// Servers, and which connections wait for work with each. That which was asked for last is found at once: most threads call few.
#[derive(Default)]
struct Servers {
    all: Vec<Server>,
    places: HashMap<Target, usize>,
    last: usize,
}

impl Servers {
    fn find(&mut self, target: &Target) -> Option<&mut Server> {
        let last = self.all.get(self.last);
        if last.is_none_or(|server| server.target != *target) {
            self.last = *self.places.get(target)?;
        }
        self.all.get_mut(self.last)
    }

    /// Keeps a connection, unless its server has as many.
    fn put(&mut self, idle: Idle, per_target_max: usize) -> bool {
        if let Some(server) = self.find(&idle.connection.target) {
            let has_room = server.waiting.len() < per_target_max;
            if has_room {
                server.waiting.push(idle);
            }
            return has_room;
        }
        if per_target_max == 0 {
            return false;
        }
        let target = idle.connection.target.clone();
        self.places.insert(target.clone(), self.all.len());
        self.all.push(Server {
            target,
            waiting: vec![idle],
        });
        true
    }

    /// Closes what has been idle too long, and returns how many are left.
    fn sweep(&mut self, now: Instant) -> usize {
        let before = self.all.len();
        self.all.retain_mut(|server| {
            server.waiting.retain(|idle| idle.until > now);
            !server.waiting.is_empty()
        });
        if self.all.len() < before {
            let places = self.all.iter().enumerate();
            self.places = places
                .map(|(place, server)| (server.target.clone(), place))
                .collect();
        }
        self.all.iter().map(|server| server.waiting.len()).sum()
    }
}

/// The connections that wait for work.
pub(crate) struct Pool {
    idle: RefCell<Servers>,
    count: Cell<usize>,
    sweep_at: Cell<Instant>,
    spare_buffers: RefCell<Vec<Vec<u8>>>,
    per_target_max: usize,
    all_max: usize,
    timeout: Duration,
}

impl Pool {
    /// Returns an empty pool.
    pub(crate) fn new(limits: &Limits) -> Self {
        Self {
            idle: RefCell::default(),
            count: Cell::new(0),
            sweep_at: Cell::new(Instant::now() + SWEEP_EVERY),
            spare_buffers: RefCell::default(),
            per_target_max: limits.idle_per_target_max,
            all_max: limits.idle_max,
            timeout: limits.idle_timeout,
        }
    }

    /// Takes the newest connection to `target` that is neither too old nor given up by its server.
    pub(crate) fn take(&self, target: &Target, now: Instant) -> Option<Box<Connection>> {
        let mut idle = self.idle.borrow_mut();
        let server = idle.find(target)?;
        while let Some(newest) = server.waiting.pop() {
            self.count.set(self.count.get().saturating_sub(1));
            if newest.until > now && newest.connection.is_quiet() {
                return Some(newest.connection);
            }
        }
        None
    }

    /// Keeps `connection` for the next exchange, if there is room.
    pub(crate) fn put(&self, mut connection: Box<Connection>) {
        // What is exact to a tick of the thread is exact enough for what lies idle for seconds.
        let now = recent();
        if now >= self.sweep_at.get() {
            self.sweep(now);
        }
        if self.count.get() >= self.all_max {
            return;
        }
        connection.reused = true;
        connection.rest();
        let keep = connection.keep_alive.unwrap_or(self.timeout).min(self.timeout);
        let idle = Idle {
            connection,
            until: now + keep,
        };
        if self.idle.borrow_mut().put(idle, self.per_target_max) {
            self.count.set(self.count.get() + 1);
        }
    }

    /// Closes what has been idle too long.
    pub(crate) fn sweep(&self, now: Instant) {
        self.sweep_at.set(now + SWEEP_EVERY);
        self.count.set(self.idle.borrow_mut().sweep(now));
    }

    /// Returns how many connections are idle.
    pub(crate) fn idle_count(&self) -> usize {
        self.count.get()
    }

    /// Returns an empty buffer that may have room already.
    pub(crate) fn buffer(&self) -> Vec<u8> {
        self.spare_buffers.borrow_mut().pop().unwrap_or_default()
    }

    /// Takes a buffer back.
    pub(crate) fn give_back(&self, mut buffer: Vec<u8>) {
        let mut spare = self.spare_buffers.borrow_mut();
        if spare.len() < SPARE_BUFFERS_MAX && buffer.capacity() <= SPARE_BUFFER_BYTES_MAX {
            buffer.clear();
            spare.push(buffer);
        }
    }
}
