//! Where we may connect. Judged on the resolved address, which is the one that is then connected: a name that
//! resolves to something else the second time gains nothing. Ranges are those of RFC 6890 and its registries.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    str::FromStr,
    sync::Arc,
};

/// Which addresses may be called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AddressPolicy {
    /// Every one: the operator wrote it.
    Any,
    /// Only public ones and what the operator allows: a stranger may have had a say in it.
    PublicOnly(PublicOnly),
    /// Only these, which the operator named one by one.
    Only(Arc<[SocketAddr]>),
}

/// What besides public addresses is allowed, and what never is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PublicOnly {
    /// Ranges that the operator allows.
    pub allowed: Vec<AddressRange>,
    /// Our own listeners: never called, whatever is allowed.
    pub own_listeners: Vec<SocketAddr>,
}

impl AddressPolicy {
    /// Returns why `address` may not be called.
    pub(crate) fn check(&self, address: SocketAddr) -> Result<(), &'static str> {
        let policy = match self {
            Self::Any => return Ok(()),
            Self::Only(named) if named.contains(&address) => return Ok(()),
            Self::Only(_) => return Err("none of those that were named"),
            Self::PublicOnly(policy) => policy,
        };
        let ip = address.ip().to_canonical();
        let own = |listener: &SocketAddr| {
            let here = listener.ip().to_canonical();
            listener.port() == address.port() && (here == ip || (here.is_unspecified() && ip.is_loopback()))
        };
        if policy.own_listeners.iter().any(own) {
            return Err("our own listener");
        }
        if policy.allowed.iter().any(|range| range.contains(ip)) {
            return Ok(());
        }
        special_range(ip).map_or(Ok(()), Err)
    }

    /// Returns why a connection from `local` to `peer` may not be used: one that ends on the machine where it
    /// began reached ourselves, by whatever address.
    pub(crate) fn check_connected(&self, local: SocketAddr, peer: SocketAddr) -> Result<(), &'static str> {
        let Self::PublicOnly(policy) = self else {
            return Ok(());
        };
        let here = local.ip().to_canonical() == peer.ip().to_canonical();
        let own_port = policy.own_listeners.iter().any(|own| own.port() == peer.port());
        let allowed = policy
            .allowed
            .iter()
            .any(|range| range.contains(peer.ip().to_canonical()));
        match (here, own_port, allowed) {
            (true, true, _) => Err("our own listener"),
            (true, false, false) => Err("this machine"),
            _ => Ok(()),
        }
    }
}

/// A block of addresses, written `10.0.0.0/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AddressRange {
    network: IpAddr,
    prefix_bits: u8,
}

impl AddressRange {
    /// Returns how many bits all its addresses share.
    pub const fn prefix_bits(&self) -> u8 {
        self.prefix_bits
    }

    /// Tells whether `address` lies inside.
    pub fn contains(&self, address: IpAddr) -> bool {
        match (self.network, address) {
            (IpAddr::V4(network), IpAddr::V4(address)) => within_v4(address, network, self.prefix_bits),
            (IpAddr::V6(network), IpAddr::V6(address)) => within_v6(address, network, self.prefix_bits),
            _ => false,
        }
    }
}

impl FromStr for AddressRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let invalid = || format!("`{text}` is not a range of addresses such as `10.0.0.0/8`");
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let network: IpAddr = address.parse().map_err(|_| invalid())?;
        let bits_max = if network.is_ipv4() { 32 } else { 128 };
        let prefix_bits = match bits {
            None => bits_max,
            Some(bits) if bits.bytes().all(|byte| byte.is_ascii_digit()) => bits
                .parse()
                .ok()
                .filter(|bits| *bits <= bits_max)
                .ok_or_else(invalid)?,
            Some(_) => return Err(invalid()),
        };
        let empty_host_part = match network {
            IpAddr::V4(network) => network.to_bits() & !mask_v4(prefix_bits) == 0,
            IpAddr::V6(network) => network.to_bits() & !mask_v6(prefix_bits) == 0,
        };
        if !empty_host_part {
            return Err(format!(
                "`{text}` has bits set behind its prefix: write the first address of the range"
            ));
        }
        Ok(Self { network, prefix_bits })
    }
}

const SPECIAL_V4: &[(Ipv4Addr, u8, &str)] = &[
    (Ipv4Addr::new(0, 0, 0, 0), 8, "an address of this machine"),
    (Ipv4Addr::new(10, 0, 0, 0), 8, "private"),
    (Ipv4Addr::new(100, 64, 0, 0), 10, "shared by a carrier"),
    (Ipv4Addr::new(127, 0, 0, 0), 8, "loopback"),
    (
        Ipv4Addr::new(169, 254, 0, 0),
        16,
        "link-local, where metadata is served",
    ),
    (Ipv4Addr::new(172, 16, 0, 0), 12, "private"),
    (Ipv4Addr::new(192, 0, 0, 0), 24, "reserved for protocols"),
    (Ipv4Addr::new(192, 0, 2, 0), 24, "for documentation"),
    (Ipv4Addr::new(192, 31, 196, 0), 24, "reserved for protocols"),
    (Ipv4Addr::new(192, 52, 193, 0), 24, "reserved for protocols"),
    (Ipv4Addr::new(192, 88, 99, 0), 24, "a relay to IPv6"),
    (Ipv4Addr::new(192, 168, 0, 0), 16, "private"),
    (Ipv4Addr::new(192, 175, 48, 0), 24, "reserved for protocols"),
    (Ipv4Addr::new(198, 18, 0, 0), 15, "for benchmarks"),
    (Ipv4Addr::new(198, 51, 100, 0), 24, "for documentation"),
    (Ipv4Addr::new(203, 0, 113, 0), 24, "for documentation"),
    (Ipv4Addr::new(224, 0, 0, 0), 4, "multicast"),
    (Ipv4Addr::new(240, 0, 0, 0), 4, "reserved"),
    // Azure answers its virtual machines' metadata here, in the middle of public space.
    (Ipv4Addr::new(168, 63, 129, 16), 32, "where metadata is served"),
];

/// Of IPv6 only 2000::/3 is public; these lie inside it and are not.
const SPECIAL_V6: &[(Ipv6Addr, u8, &str)] = &[
    (
        Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0),
        23,
        "reserved for protocols",
    ),
    (
        Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0),
        32,
        "for documentation",
    ),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16, "a tunnel to IPv4"),
    (
        Ipv6Addr::new(0x2620, 0x4f, 0x8000, 0, 0, 0, 0, 0),
        48,
        "reserved for protocols",
    ),
    (
        Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0),
        20,
        "for documentation",
    ),
];

/// Returns what an address that is not public is.
fn special_range(ip: IpAddr) -> Option<&'static str> {
    match ip {
        IpAddr::V4(ip) => SPECIAL_V4
            .iter()
            .find(|(network, bits, _)| within_v4(ip, *network, *bits))
            .map(|(_, _, what)| *what),
        IpAddr::V6(ip) => special_range_v6(ip),
    }
}

fn special_range_v6(ip: Ipv6Addr) -> Option<&'static str> {
    let [first, second, third, fourth, fifth, sixth, high, low] = ip.segments();
    if ip.is_loopback() {
        return Some("loopback");
    }
    if ip.is_unique_local() {
        return Some("unique-local");
    }
    if ip.is_unicast_link_local() {
        return Some("link-local");
    }
    if ip.is_multicast() {
        return Some("multicast");
    }
    // NAT64 (RFC 6052) leads to the IPv4 address at its end.
    if [first, second, third, fourth, fifth, sixth] == [0x64, 0xff9b, 0, 0, 0, 0] {
        let [a, b] = high.to_be_bytes();
        let [c, d] = low.to_be_bytes();
        return special_range(Ipv4Addr::new(a, b, c, d).into());
    }
    if first & 0xe000 != 0x2000 {
        return Some("not public");
    }
    SPECIAL_V6
        .iter()
        .find(|(network, bits, _)| within_v6(ip, *network, *bits))
        .map(|(_, _, what)| *what)
}

fn within_v4(address: Ipv4Addr, network: Ipv4Addr, prefix_bits: u8) -> bool {
    (address.to_bits() ^ network.to_bits()) & mask_v4(prefix_bits) == 0
}

fn within_v6(address: Ipv6Addr, network: Ipv6Addr, prefix_bits: u8) -> bool {
    (address.to_bits() ^ network.to_bits()) & mask_v6(prefix_bits) == 0
}

fn mask_v4(prefix_bits: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(prefix_bits)).unwrap_or(0)
}

fn mask_v6(prefix_bits: u8) -> u128 {
    u128::MAX.checked_shl(128 - u32::from(prefix_bits)).unwrap_or(0)
}
