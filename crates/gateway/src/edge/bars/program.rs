//! The program that drops what begins a connection from some addresses: classic BPF, as Linux runs it on a TCP socket
//! (`SO_ATTACH_FILTER`, socket(7)). Byte 0 is the first of the TCP header (RFC 9293 section 3.1); the IP header is at `NETWORK`.
//!
//! Accepted connections inherit it, so whatever begins no connection passes after two steps.

#![cfg(any(target_os = "linux", test))]

use std::net::IpAddr;

use socket2::SockFilter;

/// Addresses in one program, whose steps the system limits to 4,096: a step each, and five for a network of IPv6.
const IPV4_MAX: usize = 2_000;
const IPV6_MAX: usize = 300;
/// A jump goes 255 steps ahead at most.
const BLOCK: usize = 200;

/// Where the IP header is (`SKF_NET_OFF`).
const NETWORK: u32 = 0xfff0_0000;
const TCP_FLAGS: u32 = 13;
const SYN: u32 = 0x02;
const IPV4_SOURCE: u32 = NETWORK + 12;
const IPV6_SOURCE: u32 = NETWORK + 8;

/// Drops the segment, or takes all of it.
const DROP: Step = step(RETURN, 0, 0, 0);
const TAKE: Step = step(RETURN, 0, 0, u32::MAX);

const LOAD_WORD: u16 = 0x20;
const LOAD_BYTE: u16 = 0x30;
const AND: u16 = 0x54;
const JUMP: u16 = 0x05;
const JUMP_IF_EQUAL: u16 = 0x15;
const JUMP_IF_SET: u16 = 0x45;
const RETURN: u16 = 0x06;

/// A step: what to do, how many steps to skip if so and if not, and with what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) code: u16,
    pub(super) if_so: u8,
    pub(super) if_not: u8,
    pub(super) value: u32,
}

const fn step(code: u16, if_so: u8, if_not: u8, value: u32) -> Step {
    Step {
        code,
        if_so,
        if_not,
        value,
    }
}

/// Returns the program that drops what begins a connection from `addresses`: of IPv6, from their networks of 64 bits.
pub(super) fn dropping(addresses: &[IpAddr]) -> Vec<SockFilter> {
    steps(addresses)
        .into_iter()
        .map(|step| SockFilter::new(step.code, step.if_so, step.if_not, step.value))
        .collect()
}

pub(super) fn steps(addresses: &[IpAddr]) -> Vec<Step> {
    let ipv4 = ipv4(addresses);
    let mut program = vec![
        step(LOAD_BYTE, 0, 0, TCP_FLAGS),
        step(JUMP_IF_SET, 1, 0, SYN),
        TAKE,
        step(LOAD_BYTE, 0, 0, NETWORK),
        step(AND, 0, 0, 0xf0),
        step(JUMP_IF_EQUAL, 0, 1, 0x60),
        step(JUMP, 0, 0, u32::try_from(ipv4.len()).unwrap_or_default()),
    ];
    program.extend(ipv4);
    program.extend(ipv6(addresses));
    program
}

fn ipv4(addresses: &[IpAddr]) -> Vec<Step> {
    let of_ipv4 = addresses.iter().filter_map(|address| match address {
        IpAddr::V4(address) => Some(address.to_bits()),
        IpAddr::V6(_) => None,
    });
    let barred: Vec<u32> = of_ipv4.take(IPV4_MAX).collect();
    let mut steps = vec![step(LOAD_WORD, 0, 0, IPV4_SOURCE)];
    for block in barred.chunks(BLOCK) {
        for (before, address) in block.iter().enumerate() {
            // To the last step of the block, past the jump over it.
            let ahead = u8::try_from(block.len() - before).unwrap_or_default();
            steps.push(step(JUMP_IF_EQUAL, ahead, 0, *address));
        }
        steps.extend([step(JUMP, 0, 0, 1), DROP]);
    }
    steps.push(TAKE);
    steps
}

fn ipv6(addresses: &[IpAddr]) -> Vec<Step> {
    let of_ipv6 = addresses.iter().filter_map(|address| match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(address) => Some(address.to_bits()),
    });
    let mut steps = Vec::new();
    for bits in of_ipv6.take(IPV6_MAX) {
        let word = |shift: u32| u32::try_from((bits >> shift) & u128::from(u32::MAX)).unwrap_or_default();
        steps.extend([
            step(LOAD_WORD, 0, 0, IPV6_SOURCE),
            step(JUMP_IF_EQUAL, 0, 3, word(96)),
            step(LOAD_WORD, 0, 0, IPV6_SOURCE + 4),
            step(JUMP_IF_EQUAL, 0, 1, word(64)),
            DROP,
        ]);
    }
    steps.push(TAKE);
    steps
}
