//! The limits that the edge keeps on what a stranger sends.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

/// Header fields of one request.
pub const HEADERS_MAX: usize = 100;

/// Limits of one process, for all its listeners together.
#[derive(Clone, Debug)]
pub struct EdgeLimits {
    /// Open connections from one address.
    pub connections_per_address_max: u32,
    /// Open connections in all.
    pub connections_max: u32,
    /// Bytes of a request's head: request line and headers.
    pub head_bytes_max: usize,
    /// Bytes of a request target.
    pub target_bytes_max: usize,
    /// From the first byte of a head to its end, and from the start of a connection to that first byte.
    pub head_time: Duration,
    /// Between two requests of a connection.
    pub idle_time: Duration,
    /// For a TLS handshake.
    pub handshake_time: Duration,
    /// Between two chunks of a request body.
    pub body_idle_time: Duration,
    /// What a request body must bring on the whole, after `body_idle_time`, in HTTP/1.1.
    pub body_bytes_per_second_min: u64,
    /// Bytes of a chunk's size line with its extensions.
    pub chunk_line_bytes_max: usize,
    /// Bytes of the fields behind the last chunk.
    pub trailer_bytes_max: usize,
    /// How long a client may take nothing of an answer, in HTTP/1.1.
    pub write_idle_time: Duration,
    /// HTTP/2 streams open at once on one connection.
    pub streams_max: u32,
    /// HTTP/2 streams that the peer reset and that still wait to be dropped.
    pub resets_pending_max: usize,
    /// How long open exchanges may take to end after a stop was asked for.
    pub drain_time: Duration,
}

impl Default for EdgeLimits {
    fn default() -> Self {
        Self {
            connections_per_address_max: 4_096,
            connections_max: 16_384,
            head_bytes_max: 32 * 1024,
            target_bytes_max: 10_240,
            head_time: Duration::from_secs(30),
            idle_time: Duration::from_secs(60),
            handshake_time: Duration::from_secs(10),
            body_idle_time: Duration::from_secs(30),
            body_bytes_per_second_min: 500,
            chunk_line_bytes_max: 256,
            trailer_bytes_max: 8 * 1024,
            write_idle_time: Duration::from_secs(60),
            streams_max: 128,
            resets_pending_max: 32,
            drain_time: Duration::from_secs(10),
        }
    }
}

/// Counts open connections, by address and in all.
#[derive(Clone, Debug)]
pub struct ConnectionCounts {
    open: Arc<Mutex<Open>>,
    per_address_max: u32,
    max: u32,
}

#[derive(Debug, Default)]
struct Open {
    by_address: HashMap<IpAddr, u32>,
    total: u32,
}

/// A counted connection; dropping it gives its place back.
#[derive(Debug)]
pub struct ConnectionPermit {
    counts: ConnectionCounts,
    /// None for a trusted proxy's, which stands for many addresses.
    address: Option<IpAddr>,
}

impl ConnectionCounts {
    /// Returns counts that keep to `limits`.
    pub fn new(limits: &EdgeLimits) -> Self {
        Self {
            open: Arc::default(),
            per_address_max: limits.connections_per_address_max,
            max: limits.connections_max,
        }
    }

    /// Takes a place for a connection from `address`, or none when there are too many.
    pub fn admit(&self, address: IpAddr) -> Option<ConnectionPermit> {
        let mut permit = self.admit_proxy()?;
        permit.count_for(address).then_some(permit)
    }

    /// Takes a place for a connection of a trusted proxy, which is counted for an address when the proxy has said whose it is.
    pub fn admit_proxy(&self) -> Option<ConnectionPermit> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if open.total >= self.max {
            return None;
        }
        open.total += 1;
        drop(open);
        Some(ConnectionPermit {
            counts: self.clone(),
            address: None,
        })
    }
}

impl ConnectionPermit {
    /// Counts the connection for `address`; false when that has too many.
    pub fn count_for(&mut self, address: IpAddr) -> bool {
        let mut open = self.counts.open.lock().unwrap_or_else(PoisonError::into_inner);
        let from_here = open.by_address.entry(address).or_insert(0);
        if *from_here >= self.counts.per_address_max {
            return false;
        }
        *from_here += 1;
        self.address = Some(address);
        true
    }
}

impl Drop for ConnectionPermit {
    fn drop(&mut self) {
        let mut open = self.counts.open.lock().unwrap_or_else(PoisonError::into_inner);
        open.total = open.total.saturating_sub(1);
        let Some(address) = self.address else { return };
        if let Some(from_here) = open.by_address.get_mut(&address) {
            *from_here -= 1;
            if *from_here == 0 {
                open.by_address.remove(&address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_a_bounded_number_of_connections() {
        let limits = EdgeLimits {
            connections_per_address_max: 2,
            connections_max: 3,
            ..EdgeLimits::default()
        };
        let counts = ConnectionCounts::new(&limits);
        let one = IpAddr::from([127, 0, 0, 1]);
        let other = IpAddr::from([127, 0, 0, 2]);
        let first = counts.admit(one).unwrap();
        let _second = counts.admit(one).unwrap();
        assert!(counts.admit(one).is_none());
        let _third = counts.admit(other).unwrap();
        assert!(counts.admit(other).is_none(), "three in all");
        drop(first);
        assert!(counts.admit(other).is_some());
    }
}
