//! `{"cidr": "10.0.0.0/24"}`: a text that is an address of a range, IPv4 or IPv6.

use std::net::IpAddr;

use serde_json::Value;

use super::Misfit;

#[derive(Clone, Debug)]
pub(in crate::event_pattern) struct Cidr {
    network: u128,
    mask: u128,
    v4: bool,
}

impl Cidr {
    pub(super) fn compile(operand: &Value) -> Result<Self, Misfit> {
        const EXPECTED: Misfit = "expected a range such as `10.0.0.0/24`";
        let (address, bits) = operand
            .as_str()
            .and_then(|text| text.split_once('/'))
            .ok_or(EXPECTED)?;
        let address: IpAddr = address.parse().map_err(|_| EXPECTED)?;
        let plain = (1..=3).contains(&bits.len()) && bits.bytes().all(|byte| byte.is_ascii_digit());
        let bits: u32 = bits.parse().ok().filter(|_| plain).ok_or(EXPECTED)?;
        let (network, width) = number(address);
        if bits > width {
            return Err(EXPECTED);
        }
        let mask = u128::MAX.checked_shl(width - bits).unwrap_or(0);
        Ok(Self {
            network: network & mask,
            mask,
            v4: address.is_ipv4(),
        })
    }

    pub(super) fn matches(&self, text: &str) -> bool {
        let Ok(address) = text.parse::<IpAddr>() else {
            return false;
        };
        address.is_ipv4() == self.v4 && number(address).0 & self.mask == self.network
    }
}

/// An address as a number, and its width in bits.
fn number(address: IpAddr) -> (u128, u32) {
    match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    }
}
