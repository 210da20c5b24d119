//! Sets of IP addresses in CIDR notation (RFC 4632), searched in the logarithm of their size.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Disjoint, sorted ranges of addresses of both families.
#[derive(Clone, Debug, Default)]
pub struct AddressSet {
    v4: Vec<(u32, u32)>,
    v6: Vec<(u128, u128)>,
}

impl AddressSet {
    /// Reads networks; every one that cannot be read comes back with the reason.
    pub fn parse<'a>(networks: impl IntoIterator<Item = &'a str>) -> (Self, Vec<(&'a str, String)>) {
        let mut set = Self::default();
        let mut refused = Vec::new();
        for text in networks {
            match parse_cidr(text) {
                Ok((IpAddr::V4(address), length)) => set.v4.push(range_v4(address, length)),
                Ok((IpAddr::V6(address), length)) => set.v6.push(range_v6(address, length)),
                Err(reason) => refused.push((text, reason)),
            }
        }
        join(&mut set.v4, |end| end.checked_add(1));
        join(&mut set.v6, |end| end.checked_add(1));
        (set, refused)
    }

    /// Tells whether `address` is in one of the networks. An IPv4 address inside IPv6 counts as IPv4.
    pub fn contains(&self, address: IpAddr) -> bool {
        match address.to_canonical() {
            IpAddr::V4(address) => within(&self.v4, u32::from(address)),
            IpAddr::V6(address) => within(&self.v6, u128::from(address)),
        }
    }
}

/// Reads `address/length`.
pub fn parse_cidr(text: &str) -> Result<(IpAddr, u8), String> {
    let (address, length) = text
        .split_once('/')
        .ok_or_else(|| format!("`{text}` has no prefix length: write `{text}/32` or the like"))?;
    let address: IpAddr = address
        .parse()
        .map_err(|_| format!("`{address}` is not an address"))?;
    let most = if address.is_ipv4() { 32 } else { 128 };
    if length.is_empty() || length.len() > 3 || !length.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(format!("`{length}` is not a prefix length"));
    }
    match length.parse::<u8>() {
        // AWS takes every length but zero.
        Ok(length) if (1..=most).contains(&length) => Ok((address, length)),
        _ => Err(format!(
            "the prefix length must be from 1 to {most}, is `{length}`"
        )),
    }
}

fn range_v4(address: Ipv4Addr, length: u8) -> (u32, u32) {
    let host = u32::MAX.checked_shr(u32::from(length)).unwrap_or(0);
    let first = u32::from(address) & !host;
    (first, first | host)
}

fn range_v6(address: Ipv6Addr, length: u8) -> (u128, u128) {
    let host = u128::MAX.checked_shr(u32::from(length)).unwrap_or(0);
    let first = u128::from(address) & !host;
    (first, first | host)
}

fn join<N: Copy + Ord>(ranges: &mut Vec<(N, N)>, after: impl Fn(N) -> Option<N>) {
    ranges.sort_unstable();
    let mut joined: Vec<(N, N)> = Vec::with_capacity(ranges.len());
    for &(first, last) in ranges.iter() {
        match joined.last_mut() {
            Some((_, end)) if after(*end).is_none_or(|next| first <= next) => *end = last.max(*end),
            _ => joined.push((first, last)),
        }
    }
    *ranges = joined;
}

fn within<N: Copy + Ord>(ranges: &[(N, N)], address: N) -> bool {
    let above = ranges.partition_point(|(first, _)| *first <= address);
    above
        .checked_sub(1)
        .and_then(|index| ranges.get(index))
        .is_some_and(|(_, last)| address <= *last)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn set(networks: &[&str]) -> AddressSet {
        let (set, refused) = AddressSet::parse(networks.iter().copied());
        assert!(refused.is_empty(), "{refused:?}");
        set
    }

    #[test]
    fn networks_hold_their_addresses_and_no_others() {
        let set = set(&[
            "10.0.0.0/8",
            "192.0.2.44/32",
            "192.0.2.45/32",
            "2001:db8::/32",
            "255.0.0.0/8",
            "10.1.0.0/16",
        ]);
        for inside in [
            "10.0.0.0",
            "10.255.255.255",
            "192.0.2.44",
            "192.0.2.45",
            "2001:db8:ffff::1",
            "255.255.255.255",
            "::ffff:10.1.2.3",
        ] {
            assert!(set.contains(inside.parse().unwrap()), "{inside}");
        }
        for outside in [
            "9.255.255.255",
            "11.0.0.0",
            "192.0.2.43",
            "192.0.2.46",
            "2001:db9::",
            "::1",
            "254.255.255.255",
        ] {
            assert!(!set.contains(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn what_is_not_a_network_is_refused() {
        for bad in [
            "10.0.0.0",
            "10.0.0.0/0",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "x/8",
            "10.0.0.0/+8",
            "10.0.0.0/",
        ] {
            assert!(parse_cidr(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_empty_set_holds_nothing() {
        assert!(!AddressSet::default().contains("127.0.0.1".parse().unwrap()));
    }
}
