//! Where a call may go.

use std::net::SocketAddr;

use super::*;
use crate::{AddressRange, PublicOnly};

fn policy(allowed: &[&str], own_listeners: &[&str]) -> AddressPolicy {
    AddressPolicy::PublicOnly(PublicOnly {
        allowed: allowed.iter().map(|range| range.parse().unwrap()).collect(),
        own_listeners: own_listeners
            .iter()
            .map(|listener| listener.parse().unwrap())
            .collect(),
    })
}

fn address(text: &str) -> SocketAddr {
    SocketAddr::new(text.parse().unwrap(), 443)
}

const NOT_PUBLIC: &[&str] = &[
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "10.255.255.255",
    "100.64.0.1",
    "100.127.255.255",
    "100.100.100.200",
    "127.0.0.1",
    "127.255.255.254",
    "168.63.129.16",
    "169.254.169.254",
    "169.254.170.2",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.0.2.1",
    "192.88.99.1",
    "192.168.0.1",
    "198.18.0.1",
    "198.19.255.255",
    "198.51.100.1",
    "203.0.113.1",
    "224.0.0.1",
    "239.255.255.255",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::127.0.0.1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::ffff:169.254.169.254",
    "64:ff9b::10.0.0.1",
    "64:ff9b::127.0.0.1",
    "64:ff9b:1::1",
    "100::1",
    "2001::1",
    "2001:db8::1",
    "2002:7f00:1::",
    "3fff::1",
    "5f00::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
];

const PUBLIC: &[&str] = &[
    "1.1.1.1",
    "8.8.8.8",
    "9.255.255.255",
    "11.0.0.0",
    "100.63.255.255",
    "100.128.0.0",
    "126.255.255.255",
    "128.0.0.0",
    "169.253.255.255",
    "169.255.0.0",
    "172.15.255.255",
    "172.32.0.0",
    "192.167.255.255",
    "192.169.0.0",
    "198.17.255.255",
    "198.20.0.0",
    "223.255.255.255",
    "2606:4700::1111",
    "2001:4860:4860::8888",
    "64:ff9b::8.8.8.8",
    "::ffff:8.8.8.8",
    "2a00::1",
];

#[test]
fn only_public_addresses_pass() {
    for refused in NOT_PUBLIC {
        assert!(policy(&[], &[]).check(address(refused)).is_err(), "{refused}");
        assert!(AddressPolicy::Any.check(address(refused)).is_ok());
    }
    for passed in PUBLIC {
        assert!(policy(&[], &[]).check(address(passed)).is_ok(), "{passed}");
    }
}

#[test]
fn allowed_ranges_pass_and_nothing_beside_them() {
    let policy = policy(&["10.1.0.0/16", "fd00:1::/32", "169.254.169.254"], &[]);
    for passed in [
        "10.1.0.0",
        "10.1.255.255",
        "::ffff:10.1.2.3",
        "fd00:1::9",
        "169.254.169.254",
        "8.8.8.8",
    ] {
        assert!(policy.check(address(passed)).is_ok(), "{passed}");
    }
    for refused in [
        "10.0.255.255",
        "10.2.0.0",
        "fd00:2::9",
        "169.254.169.253",
        "127.0.0.1",
    ] {
        assert!(policy.check(address(refused)).is_err(), "{refused}");
    }
}

#[test]
fn our_own_listeners_never_pass() {
    let policy = policy(
        &["127.0.0.0/8", "10.0.0.0/8", "::1"],
        &["127.0.0.1:4566", "0.0.0.0:8443", "10.0.0.1:9000"],
    );
    let check = |text: &str| policy.check(text.parse().unwrap());
    for refused in [
        "127.0.0.1:4566",
        "[::ffff:127.0.0.1]:4566",
        "127.0.0.1:8443",
        "127.9.9.9:8443",
        "[::1]:8443",
        "10.0.0.1:9000",
    ] {
        assert!(check(refused).is_err(), "{refused}");
    }
    for passed in ["127.0.0.1:4567", "10.0.0.2:9000"] {
        assert!(check(passed).is_ok(), "{passed}");
    }
    // Reached by an address that only the connection tells to be ours.
    let connected =
        |local: &str, peer: &str| policy.check_connected(local.parse().unwrap(), peer.parse().unwrap());
    assert!(connected("8.8.8.8:50000", "8.8.8.8:8443").is_err());
    assert!(connected("8.8.8.8:50000", "8.8.8.8:9999").is_err());
    assert!(connected("10.0.0.1:50000", "10.0.0.1:9999").is_ok());
    assert!(connected("8.8.8.8:50000", "9.9.9.9:8443").is_ok());
}

#[test]
fn ranges_are_parsed_strictly() {
    for text in [
        "0.0.0.0/0",
        "10.0.0.0/8",
        "10.0.0.1/32",
        "10.0.0.1",
        "::/0",
        "fe80::/10",
        "::1",
    ] {
        assert!(text.parse::<AddressRange>().is_ok(), "{text}");
    }
    for text in [
        "",
        "10",
        "10.0.0.0/",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/+8",
        "10.0.0.1/8",
        "::/129",
        "fe80::1/10",
        "a/8",
        "10.0.0.0/8/8",
    ] {
        assert!(text.parse::<AddressRange>().is_err(), "{text}");
    }
    let all: AddressRange = "0.0.0.0/0".parse().unwrap();
    assert!(all.contains("255.255.255.255".parse().unwrap()) && !all.contains("::1".parse().unwrap()));
}

#[tokio::test]
async fn refused_address_is_never_connected() {
    let server = Server::start(vec![vec![]]).await;
    let client = Client::new(ClientConfig {
        tls: tls::trusting_only([]).unwrap(),
        limits: Limits::default(),
        policy: policy(&[], &[]),
    });
    // The name that resolves to loopback, the address, and ways to write it that only the system's resolver reads.
    for host in [
        "localhost",
        "127.0.0.1",
        "::1",
        "::ffff:127.0.0.1",
        "127.1",
        "2130706433",
        "0x7f000001",
        "0",
    ] {
        let target = Target {
            host: host.to_owned(),
            ..target(server.port)
        };
        let outcome = client
            .send(&target, b"GET", b"/", &HeaderList::new(), &mut (), &TIMEOUTS)
            .await;
        let refused = matches!(
            &outcome,
            Err(EgressError::Refused { .. } | EgressError::Unresolved { .. })
        );
        assert!(refused, "{host}: {outcome:?}");
    }
    // The one connection that the server waits for is ours.
    tokio::net::TcpStream::connect(("127.0.0.1", server.port))
        .await
        .unwrap();
    assert_eq!(server.received().await, [""]);
}

#[tokio::test]
async fn allowed_loopback_is_called() {
    let ok = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let server = Server::start(vec![vec![Step::ReadHead, Step::send(ok)]]).await;
    let client = Client::new(ClientConfig {
        tls: tls::trusting_only([]).unwrap(),
        limits: Limits::default(),
        policy: policy(&["127.0.0.0/8"], &[]),
    });
    assert_eq!(text(get(&client, &server).await.unwrap()).await, "ok");
}
