//! Who may have a connection: counted by address and in all, and so are handshakes, which cost the most.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use super::{
    EdgeLimits,
    counters::{EdgeCounters, TurnedAway},
};

/// Counts open connections and handshakes under way.
#[derive(Clone, Debug)]
pub(crate) struct Admission {
    open: Arc<Mutex<Open>>,
    limits: Limits,
    counters: Arc<EdgeCounters>,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    all: Count,
    of_address: Count,
}

#[derive(Clone, Copy, Debug, Default)]
struct Count {
    connections: u32,
    handshakes: u32,
}

#[derive(Debug, Default)]
struct Open {
    by_address: HashMap<IpAddr, Count>,
    all: Count,
}

impl Admission {
    /// Returns counts that keep to `limits`.
    pub(crate) fn new(limits: &EdgeLimits, counters: Arc<EdgeCounters>) -> Self {
        Self {
            open: Arc::default(),
            limits: Limits {
                all: Count {
                    connections: limits.connections_max,
                    handshakes: limits.handshakes_max,
                },
                of_address: Count {
                    connections: limits.connections_per_address_max,
                    handshakes: limits.handshakes_per_address_max,
                },
            },
            counters,
        }
    }

    /// Counts a connection that is not let in.
    pub(crate) fn turn_away(&self, why: TurnedAway) {
        self.counters.turned_away(why);
    }

    /// Takes a place for a connection from `address`.
    pub(crate) fn admit(&self, address: IpAddr) -> Result<Permit, TurnedAway> {
        let mut permit = self.admit_proxy()?;
        permit.count_for(address)?;
        Ok(permit)
    }

    /// Takes a place for a connection of a trusted proxy, which is counted for an address when the proxy has said whose it is.
    pub(crate) fn admit_proxy(&self) -> Result<Permit, TurnedAway> {
        let mut open = self.lock();
        if open.all.connections >= self.limits.all.connections {
            return Err(TurnedAway::TooMany);
        }
        open.all.connections += 1;
        drop(open);
        self.counters.opened();
        Ok(Permit {
            admission: self.clone(),
            address: None,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A counted connection; dropping it gives its place back.
#[derive(Debug)]
pub(crate) struct Permit {
    admission: Admission,
    /// None for a trusted proxy's, which stands for many addresses.
    address: Option<IpAddr>,
}

impl Permit {
    /// Counts the connection for `address`.
    pub(crate) fn count_for(&mut self, address: IpAddr) -> Result<(), TurnedAway> {
        let mut open = self.admission.lock();
        let from_here = open.by_address.entry(address).or_default();
        if from_here.connections >= self.admission.limits.of_address.connections {
            return Err(TurnedAway::TooManyOfAddress);
        }
        from_here.connections += 1;
        drop(open);
        self.address = Some(address);
        Ok(())
    }

    /// Takes a place for the connection's handshake.
    pub(crate) fn begin_handshake(&self) -> Result<Handshake<'_>, TurnedAway> {
        let limits = self.admission.limits;
        let mut open = self.admission.lock();
        if open.all.handshakes >= limits.all.handshakes {
            return Err(TurnedAway::TooManyHandshakes);
        }
        if let Some(from_here) = self.address.and_then(|address| open.by_address.get_mut(&address)) {
            if from_here.handshakes >= limits.of_address.handshakes {
                return Err(TurnedAway::TooManyHandshakes);
            }
            from_here.handshakes += 1;
        }
        open.all.handshakes += 1;
        drop(open);
        Ok(Handshake(self))
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        let mut open = self.admission.lock();
        open.all.connections = open.all.connections.saturating_sub(1);
        if let Some(address) = self.address
            && let Some(from_here) = open.by_address.get_mut(&address)
        {
            from_here.connections = from_here.connections.saturating_sub(1);
            if from_here.connections == 0 {
                open.by_address.remove(&address);
            }
        }
        drop(open);
        self.admission.counters.closed();
    }
}

/// A handshake under way; dropping it gives its place back.
#[derive(Debug)]
pub(crate) struct Handshake<'p>(&'p Permit);

impl Drop for Handshake<'_> {
    fn drop(&mut self) {
        let mut open = self.0.admission.lock();
        open.all.handshakes = open.all.handshakes.saturating_sub(1);
        let address = self.0.address;
        if let Some(from_here) = address.and_then(|address| open.by_address.get_mut(&address)) {
            from_here.handshakes = from_here.handshakes.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission() -> Admission {
        let limits = EdgeLimits {
            connections_per_address_max: 2,
            connections_max: 3,
            handshakes_per_address_max: 1,
            handshakes_max: 2,
            ..EdgeLimits::default()
        };
        Admission::new(&limits, Arc::default())
    }

    const ONE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 1));
    const OTHER: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(127, 0, 0, 2));

    #[test]
    fn an_address_has_a_bounded_number_of_connections() {
        let admission = admission();
        let first = admission.admit(ONE).unwrap();
        let _second = admission.admit(ONE).unwrap();
        assert_eq!(admission.admit(ONE).unwrap_err(), TurnedAway::TooManyOfAddress);
        let _third = admission.admit(OTHER).unwrap();
        assert_eq!(
            admission.admit(OTHER).unwrap_err(),
            TurnedAway::TooMany,
            "three in all"
        );
        drop(first);
        assert!(admission.admit(OTHER).is_ok());
    }

    #[test]
    fn one_address_cannot_have_all_handshakes() {
        let admission = admission();
        let (first, second) = (admission.admit(ONE).unwrap(), admission.admit(ONE).unwrap());
        let under_way = first.begin_handshake().unwrap();
        assert_eq!(
            second.begin_handshake().unwrap_err(),
            TurnedAway::TooManyHandshakes
        );
        let other = admission.admit(OTHER).unwrap();
        let others = other.begin_handshake().unwrap();
        drop(under_way);
        let again = second.begin_handshake().unwrap();
        assert_eq!(
            first.begin_handshake().unwrap_err(),
            TurnedAway::TooManyHandshakes
        );
        drop((again, others));
        assert!(first.begin_handshake().is_ok());
    }
}
