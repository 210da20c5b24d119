//! `Fn::Cidr`: cuts an address block into smaller ones.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/intrinsic-function-reference-cidr.html>

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Blocks that one call may ask for.
const COUNT_MAX: u64 = 256;

/// Returns the first `count` blocks of `block` that keep `host_bits` bits for hosts.
pub(super) fn cut(block: &str, count: u64, host_bits: u64) -> Result<Vec<String>, String> {
    let wrong = || format!("`{block}` is not an address block like `10.0.0.0/16`");
    let (address, prefix) = block.split_once('/').ok_or_else(wrong)?;
    let address: IpAddr = address.parse().map_err(|_| wrong())?;
    let prefix: u32 = prefix.parse().map_err(|_| wrong())?;
    let (bits, width) = match address {
        IpAddr::V4(address) => (u128::from(address.to_bits()), 32),
        IpAddr::V6(address) => (address.to_bits(), 128),
    };
    if prefix > width {
        return Err(wrong());
    }
    let host_bits = u32::try_from(host_bits)
        .ok()
        .filter(|bits| (1..=width - prefix).contains(bits));
    let Some(host_bits) = host_bits else {
        return Err(format!(
            "the host bits of `{block}` must be between 1 and {}",
            width - prefix
        ));
    };
    let available = 1u128.checked_shl(width - prefix - host_bits).unwrap_or(u128::MAX);
    if count == 0 || count > COUNT_MAX || u128::from(count) > available {
        let most = available.min(u128::from(COUNT_MAX));
        return Err(format!(
            "`{block}` can be cut into 1 to {most} such blocks, not {count}"
        ));
    }
    let hosts = width - prefix;
    let start = if hosts >= 128 { 0 } else { bits >> hosts << hosts };
    let blocks = (0..u128::from(count)).map(|index| {
        // The count is within what is available, so the shift stays inside the block.
        let offset = index.checked_shl(host_bits).unwrap_or(0);
        let address = start | offset;
        let address = match u32::try_from(address) {
            Ok(address) if width == 32 => IpAddr::V4(Ipv4Addr::from_bits(address)),
            _ => IpAddr::V6(Ipv6Addr::from_bits(address)),
        };
        format!("{address}/{}", width - host_bits)
    });
    Ok(blocks.collect())
}
