use std::{
    io::{Read, Write},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream},
};

use socket2::{Domain, SockAddr, Socket, Type};

use super::*;
use crate::edge::{EdgeLimits, conduct::Misconduct};

/// What the program does with a segment, as the system would: a step at a time.
fn takes(addresses: &[IpAddr], source: IpAddr, flags: u8) -> bool {
    let mut packet = vec![0_u8; 60];
    packet[13] = flags;
    let mut network = vec![0_u8; 40];
    match source {
        IpAddr::V4(source) => {
            network[0] = 0x45;
            network[12..16].copy_from_slice(&source.octets());
        }
        IpAddr::V6(source) => {
            network[0] = 0x60;
            network[8..24].copy_from_slice(&source.octets());
        }
    }
    let at = |offset: u32, length: usize| {
        let (bytes, offset) = match offset.checked_sub(0xfff0_0000) {
            Some(offset) => (&network, offset as usize),
            None => (&packet, offset as usize),
        };
        let read = bytes[offset..offset + length].iter();
        read.fold(0_u32, |value, byte| value << 8 | u32::from(*byte))
    };
    let program = program::steps(addresses);
    assert!(program.len() <= 4_096, "{} steps", program.len());
    let (mut place, mut value) = (0, 0_u32);
    loop {
        let step = program[place];
        place += 1;
        let jump = |is_so| usize::from(if is_so { step.if_so } else { step.if_not });
        match step.code {
            0x20 => value = at(step.value, 4),
            0x30 => value = at(step.value, 1),
            0x54 => value &= step.value,
            0x05 => place += step.value as usize,
            0x15 => place += jump(value == step.value),
            0x45 => place += jump(value & step.value != 0),
            0x06 => return step.value != 0,
            other => panic!("no such step: {other:#x}"),
        }
    }
}

const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

#[test]
fn what_begins_a_connection_from_a_barred_address_is_dropped_and_nothing_else() {
    let v4 = |number: u32| IpAddr::V4(Ipv4Addr::from_bits(0xc000_0200 + number * 3));
    let v6 = |number: u128| IpAddr::V6(Ipv6Addr::from_bits((0x2001_0db8 << 96) + (number << 64)));
    let mut addresses: Vec<IpAddr> = (0..450).map(v4).collect();
    addresses.extend((0..20).map(v6));
    for number in 0..450 {
        assert!(!takes(&addresses, v4(number), SYN), "{number}");
        assert!(takes(&addresses, v4(number), ACK), "{number}");
        let next = IpAddr::V4(Ipv4Addr::from_bits(0xc000_0200 + number * 3 + 1));
        assert!(takes(&addresses, next, SYN), "{next}");
    }
    for number in 0..20 {
        let IpAddr::V6(network) = v6(number) else { continue };
        let host = IpAddr::V6(Ipv6Addr::from_bits(network.to_bits() | 0xabcd));
        assert!(!takes(&addresses, host, SYN), "{host}");
        assert!(takes(&addresses, host, ACK), "{host}");
    }
    assert!(takes(&addresses, v6(20), SYN));
    assert!(takes(&addresses, "2001:db9::1".parse().unwrap(), SYN));
    assert!(takes(&[], v4(0), SYN));
}

#[test]
fn a_program_has_as_many_steps_as_the_system_takes_however_many_are_barred() {
    let addresses: Vec<IpAddr> = (0..70_000_u32)
        .map(|number| match number % 2 {
            0 => IpAddr::V4(Ipv4Addr::from_bits(number)),
            _ => IpAddr::V6(Ipv6Addr::from_bits(u128::from(number) << 64)),
        })
        .collect();
    assert!(!takes(&addresses, addresses[0], SYN));
    assert!(!takes(&addresses, addresses[1], SYN));
    assert!(takes(&addresses, addresses[69_999], SYN));
}

fn dial(from: [u8; 4], to: SocketAddr) -> std::io::Result<TcpStream> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SockAddr::from(SocketAddr::from((from, 0))))?;
    socket.connect_timeout(&SockAddr::from(to), Duration::from_millis(300))?;
    Ok(socket.into())
}

#[cfg(target_os = "linux")]
#[test]
fn the_system_drops_what_a_barred_address_sends_and_lets_its_open_connections_be() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (barred, other) = ([127, 0, 9, 1], [127, 0, 9, 2]);
    let mut before = dial(barred, address).unwrap();
    let (mut accepted, _) = listener.accept().unwrap();
    let many = (0..3_000).map(|number| IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 + number)));
    let bars = Bars::new(many.chain([IpAddr::from(barred)]).collect());
    bars.set(&listener);
    assert!(dial(other, address).is_ok());
    // Those with the lowest addresses have room; the list is in order.
    assert!(dial(barred, address).is_ok(), "it is past what a program holds");
    let bars = Bars::new(vec![IpAddr::from(barred)]);
    bars.set(&listener);
    assert_eq!(
        dial(barred, address).unwrap_err().kind(),
        std::io::ErrorKind::TimedOut
    );
    let mut after = dial(other, address).unwrap();
    after.write_all(b"x").unwrap();
    before.write_all(b"here").unwrap();
    let mut read = [0; 4];
    accepted.read_exact(&mut read).unwrap();
    assert_eq!(&read, b"here");
    Bars::default().set(&listener);
    assert!(dial(barred, address).is_ok());
}

#[tokio::test]
async fn bars_rise_with_strikes_and_fall_when_they_have_run_out() {
    let limits = EdgeLimits {
        bar_time: Duration::from_millis(300),
        strikes_max: 1,
        ..EdgeLimits::default()
    };
    let counters = Arc::new(EdgeCounters::default());
    let admission = Admission::new(&limits, Arc::clone(&counters));
    let (keeper, mut bars) = keeper(&admission, &counters);
    let keeping = tokio::spawn(keeper.keep());
    let one = IpAddr::from([192, 0, 2, 1]);
    admission.admit(one).unwrap().judge().ends(Misconduct::Flood);
    bars.changed().await.unwrap();
    assert_eq!(*bars.borrow_and_update(), Bars::new(vec![one]));
    bars.changed().await.unwrap();
    assert_eq!(*bars.borrow_and_update(), Bars::default());
    keeping.abort();
}
