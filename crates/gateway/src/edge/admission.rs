//! Who may have a connection: counted by address and in all, and so are handshakes, which cost the most. An address whose
//! connections had to be ended for floods gets no new ones for a while: it would only come again.

#[cfg(test)]
mod tests;

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::{sync::Notify, time::Instant};

use super::{
    EdgeLimits,
    conduct::Misconduct,
    counters::{EdgeCounters, TurnedAway},
};

/// Counts open connections and handshakes under way.
#[derive(Clone, Debug)]
pub(crate) struct Admission(Arc<Counted>);

#[derive(Debug)]
struct Counted {
    open: Mutex<Open>,
    limits: Limits,
    counters: Arc<EdgeCounters>,
    struck: Notify,
}

#[derive(Clone, Copy, Debug)]
struct Limits {
    all: Count,
    of_address: Count,
    strikes_max: u32,
    bar_time: Duration,
    resets_max: u32,
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
    strikes: HashMap<IpAddr, Strikes>,
    /// Of all addresses, known or not.
    all_strikes: Option<Strikes>,
    /// Premature resets of all connections in the second that began then.
    resets: Option<(Instant, u32)>,
    /// None of them gets much until then.
    flooded_until: Option<Instant>,
}

/// Connections of an address that were ended for floods.
#[derive(Clone, Copy, Debug)]
struct Strikes {
    count: u32,
    last: Instant,
}

/// Strikes of all addresses, and premature resets of all in a second, that are a flood from many: none is then given more
/// than a share of its budget.
const FLOOD_STRIKES: u32 = 20;
const FLOOD_RESETS: u32 = 2_000;
const FLOODED_SHARE: u32 = 10;
/// How often `bar_time` passes before an address is forgotten, and how long it may be barred.
const BARS_MAX: u32 = 20;
/// Addresses whose strikes are remembered.
const STRUCK_MAX: usize = 65_536;

/// What counts as one address: a network of IPv6 that one customer has whole (RFC 6177), and IPv4 in whatever form.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & (!0 << 64))),
        v4 => v4,
    }
}

impl Admission {
    /// Returns counts that keep to `limits`.
    pub(crate) fn new(limits: &EdgeLimits, counters: Arc<EdgeCounters>) -> Self {
        Self(Arc::new(Counted {
            open: Mutex::default(),
            limits: Limits {
                all: Count {
                    connections: limits.connections_max,
                    handshakes: limits.handshakes_max,
                },
                of_address: Count {
                    connections: limits.connections_per_address_max,
                    handshakes: limits.handshakes_per_address_max,
                },
                strikes_max: limits.strikes_max,
                bar_time: limits.bar_time,
                resets_max: limits.resets_max,
            },
            counters,
            struck: Notify::new(),
        }))
    }

    /// Waits until an address has been struck since this was awaited before.
    pub(crate) async fn struck(&self) {
        self.0.struck.notified().await;
    }

    /// Returns the addresses that get no new connections now.
    pub(crate) fn barred(&self) -> Vec<IpAddr> {
        let open = self.lock();
        let struck = open.strikes.keys().copied();
        struck
            .filter(|address| open.is_barred(*address, &self.0.limits))
            .collect()
    }

    /// Counts a connection that is not let in.
    pub(crate) fn turn_away(&self, why: TurnedAway) {
        self.0.counters.turned_away(why);
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
        if open.all.connections >= self.0.limits.all.connections {
            return Err(TurnedAway::TooMany);
        }
        open.all.connections += 1;
        drop(open);
        self.0.counters.opened();
        Ok(Permit {
            admission: self.clone(),
            address: None,
        })
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.0.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Judges the client of one connection by what is known of its address, and of all.
#[derive(Debug)]
pub(crate) struct Judge {
    admission: Admission,
    /// None for a trusted proxy's, which tells nothing about an address.
    address: Option<IpAddr>,
}

impl Judge {
    /// Notes a premature reset, and returns how many the client may make now.
    pub(crate) fn resets_max(&self) -> u32 {
        let limits = &self.admission.0.limits;
        let mut open = self.admission.lock();
        open.reset(limits);
        if self
            .address
            .is_some_and(|address| open.is_barred(address, limits))
        {
            return 0;
        }
        match open.is_flooded() {
            true => limits.resets_max / FLOODED_SHARE,
            false => limits.resets_max,
        }
    }

    /// Tells whether the address gets no new connections.
    pub(crate) fn is_barred(&self) -> bool {
        let limits = &self.admission.0.limits;
        let open = self.admission.lock();
        self.address
            .is_some_and(|address| open.is_barred(address, limits))
    }

    /// The connection must be ended.
    pub(crate) fn ends(&self, why: Misconduct) {
        self.admission.0.counters.ended(why);
        if why == Misconduct::Flood {
            let admission = &self.admission;
            admission.lock().strike(self.address, &admission.0.limits);
            admission.0.struck.notify_one();
        }
    }
}

impl Strikes {
    fn count(&self, remembered: Duration) -> u32 {
        match self.last.elapsed() < remembered {
            true => self.count,
            false => 0,
        }
    }

    fn more(known: Option<&Self>, remembered: Duration) -> Self {
        Self {
            count: known.map_or(0, |known| known.count(remembered)).saturating_add(1),
            last: Instant::now(),
        }
    }
}

impl Limits {
    const fn remembered(&self) -> Duration {
        self.bar_time.saturating_mul(BARS_MAX)
    }
}

impl Open {
    /// The more connections an address has, the more it takes: many clients may be behind it. In a flood from many, once is
    /// enough. Each strike more makes the bar longer.
    fn is_barred(&self, address: IpAddr, limits: &Limits) -> bool {
        let Some(known) = self.strikes.get(&address) else {
            return false;
        };
        let open = self.by_address.get(&address).map_or(0, |count| count.connections);
        let most = match self.is_flooded() {
            true => 1,
            false => limits.strikes_max,
        };
        let over = known
            .count(limits.remembered())
            .checked_sub(most.saturating_add(open / 4));
        over.is_some_and(|over| {
            let bars = over.saturating_add(1).min(BARS_MAX);
            known.last.elapsed() < limits.bar_time.saturating_mul(bars)
        })
    }

    fn is_flooded(&self) -> bool {
        self.flooded_until.is_some_and(|until| Instant::now() < until)
    }

    fn reset(&mut self, limits: &Limits) {
        let now = Instant::now();
        let within = self
            .resets
            .filter(|(began, _)| now.duration_since(*began) < Duration::from_secs(1));
        let (began, count) = within.map_or((now, 1), |(began, count)| (began, count.saturating_add(1)));
        self.resets = Some((began, count));
        if count >= FLOOD_RESETS {
            self.flooded_until = Some(now + limits.bar_time);
        }
    }

    fn strike(&mut self, address: Option<IpAddr>, limits: &Limits) {
        let all = Strikes::more(self.all_strikes.as_ref(), limits.bar_time);
        self.all_strikes = Some(all);
        if all.count >= FLOOD_STRIKES {
            self.flooded_until = Some(all.last + limits.bar_time);
        }
        let Some(address) = address else { return };
        let remembered = limits.remembered();
        if self.strikes.len() >= STRUCK_MAX {
            self.strikes.retain(|_, strikes| strikes.count(remembered) > 0);
        }
        let known = self.strikes.get(&address);
        if known.is_some() || self.strikes.len() < STRUCK_MAX {
            let more = Strikes::more(known, remembered);
            self.strikes.insert(address, more);
        }
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
        let address = counted_as(address);
        let limits = self.admission.0.limits;
        let mut open = self.admission.lock();
        if open.is_barred(address, &limits) {
            return Err(TurnedAway::Barred);
        }
        let from_here = open.by_address.entry(address).or_default();
        if from_here.connections >= limits.of_address.connections {
            return Err(TurnedAway::TooManyOfAddress);
        }
        from_here.connections += 1;
        drop(open);
        self.address = Some(address);
        Ok(())
    }

    /// Returns what judges the client of the connection while it lasts.
    pub(crate) fn judge(&self) -> Judge {
        Judge {
            admission: self.admission.clone(),
            address: self.address,
        }
    }

    /// Takes a place for the connection's handshake.
    pub(crate) fn begin_handshake(&self) -> Result<Handshake<'_>, TurnedAway> {
        let limits = self.admission.0.limits;
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
        self.admission.0.counters.closed();
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
