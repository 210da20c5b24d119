//! Addresses and CIDR blocks: RFC 4632, RFC 4291. An IPv4 address written as IPv6 (`::ffff:192.0.2.1`) is IPv4.

use std::net::IpAddr;

/// A block of addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Network {
    /// Left-aligned; IPv4 in the upper 32 bits.
    bits: u128,
    prefix: u32,
    is_ipv4: bool,
}

impl Network {
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = match text.split_once('/') {
            None => (text, None),
            Some((address, prefix)) => (address, Some(prefix)),
        };
        let address: IpAddr = address.parse().ok()?;
        let (bits, is_ipv4) = aligned(address);
        let width = if is_ipv4 { 32 } else { 128 };
        let prefix = match prefix {
            None => width,
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
            Some(_) => return None,
        };
        // A mapped address with a prefix of IPv6's width is too odd to guess at.
        let is_odd = address.is_ipv6() && is_ipv4 && text.contains('/');
        if prefix > width || is_odd {
            return None;
        }
        Some(Self {
            bits: bits & mask(prefix),
            prefix,
            is_ipv4,
        })
    }

    pub(super) fn contains(&self, address: &str) -> bool {
        let Ok(address) = address.parse::<IpAddr>() else {
            return false;
        };
        let (bits, is_ipv4) = aligned(address);
        is_ipv4 == self.is_ipv4 && bits & mask(self.prefix) == self.bits
    }
}

fn aligned(address: IpAddr) -> (u128, bool) {
    match address.to_canonical() {
        IpAddr::V4(address) => (u128::from(address.to_bits()) << 96, true),
        IpAddr::V6(address) => (address.to_bits(), false),
    }
}

fn mask(prefix: u32) -> u128 {
    u128::MAX.checked_shl(128 - prefix).unwrap_or(0)
}
