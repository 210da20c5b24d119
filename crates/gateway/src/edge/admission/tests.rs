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
fn a_network_of_ipv6_is_one_address_and_ipv4_is_itself_in_any_form() {
    let admission = admission();
    let of = |text: &str| admission.admit(text.parse().unwrap());
    let _kept = (of("2001:db8::1").unwrap(), of("2001:db8::2:3").unwrap());
    assert_eq!(of("2001:db8::ffff").unwrap_err(), TurnedAway::TooManyOfAddress);
    assert!(of("2001:db8:0:1::1").is_ok());
    drop(_kept);
    let _kept = (of("192.0.2.1").unwrap(), of("::ffff:192.0.2.1").unwrap());
    assert_eq!(of("192.0.2.1").unwrap_err(), TurnedAway::TooManyOfAddress);
}

#[test]
fn an_address_that_floods_again_and_again_is_barred_for_a_while() {
    let limits = EdgeLimits {
        bar_time: Duration::from_millis(100),
        ..EdgeLimits::default()
    };
    let admission = Admission::new(&limits, Arc::default());
    for _ in 0..3 {
        admission.admit(ONE).unwrap().judge().ends(Misconduct::Flood);
    }
    assert_eq!(admission.admit(ONE).unwrap_err(), TurnedAway::Barred);
    assert!(admission.admit(OTHER).is_ok());
    let shared: Vec<_> = (0..8).map(|_| admission.admit(OTHER).unwrap()).collect();
    (0..3).for_each(|_| shared[0].judge().ends(Misconduct::Flood));
    assert!(admission.admit(OTHER).is_ok(), "there are others behind it");
    (0..2).for_each(|_| shared[0].judge().ends(Misconduct::Flood));
    assert_eq!(admission.admit(OTHER).unwrap_err(), TurnedAway::Barred);
    std::thread::sleep(limits.bar_time);
    admission.admit(ONE).unwrap().judge().ends(Misconduct::Flood);
    std::thread::sleep(limits.bar_time);
    assert_eq!(
        admission.admit(ONE).unwrap_err(),
        TurnedAway::Barred,
        "longer each time"
    );
    std::thread::sleep(limits.bar_time);
    assert!(admission.admit(ONE).is_ok());
}

#[test]
fn a_flood_from_many_addresses_leaves_none_of_them_much() {
    let admission = Admission::new(&EdgeLimits::default(), Arc::default());
    let of = |last: u8| admission.admit(IpAddr::from([192, 0, 2, last])).unwrap();
    let before = of(200).judge();
    assert_eq!(before.resets_max(), EdgeLimits::default().resets_max);
    for last in 0..20 {
        of(last).judge().ends(Misconduct::Flood);
    }
    assert_eq!(
        before.resets_max(),
        EdgeLimits::default().resets_max / FLOODED_SHARE
    );
    assert!(
        admission.admit(IpAddr::from([192, 0, 2, 1])).is_err(),
        "once was enough"
    );
    assert!(!before.is_barred());
    let admission = Admission::new(&EdgeLimits::default(), Arc::default());
    let judge = admission.admit(ONE).unwrap().judge();
    let left = (0..FLOOD_RESETS).map(|_| judge.resets_max()).min();
    assert_eq!(left, Some(EdgeLimits::default().resets_max / FLOODED_SHARE));
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
