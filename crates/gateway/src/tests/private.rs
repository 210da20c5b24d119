//! Private APIs: which networks they answer to, and that no other way leads around that.

use std::net::SocketAddr;

use serde_json::{Value, json};

use super::{Outcomes, World, compile, mock, open, request, request_to, resource};
use crate::{
    settings::GatewaySettings,
    vpc_endpoints::{VpcEndpoint, VpcEndpoints},
};

fn image(policy: &Value) -> Value {
    json!({
        "restApi": { "endpointTypes": ["PRIVATE"], "vpcEndpointIds": ["vpce-00000001"], "policy": policy },
        "resources": [resource("/pets", json!({ "GET": open(mock("seen")) }))],
    })
}

fn everybody() -> Value {
    json!(
        json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*",
    }] })
        .to_string()
    )
}

fn world(policy: &Value) -> World {
    let endpoint = VpcEndpoint {
        id: "vpce-00000001".into(),
        vpc: "vpc-00000001".into(),
        networks: vec!["10.0.0.0/8".parse().unwrap(), "192.0.0.0/24".parse().unwrap()],
        policy: None,
    };
    let world = World::empty(GatewaySettings {
        vpc_endpoints: VpcEndpoints::new(vec![endpoint]).unwrap(),
        ..GatewaySettings::default()
    });
    let stage = compile(image(policy), json!({})).unwrap_or_else(|problems| panic!("{problems:?}"));
    world.snapshots.change(|snapshot| snapshot.with_stage(stage));
    world
}

fn from(world: &World, address: &str) -> Outcomes {
    let mut asked = request("GET", "/prod/pets", &[]);
    asked.peer.address = SocketAddr::new(address.parse().unwrap(), 1);
    world.send(asked)
}

#[test]
fn only_the_networks_of_vpc_endpoints_reach_it() {
    let world = world(&everybody());
    assert_eq!(from(&world, "10.1.2.3").status, 200);
    assert_eq!(from(&world, "::ffff:10.1.2.3").status, 200);
    for stranger in ["11.0.0.1", "127.0.0.1", "::1", "fd00::1"] {
        from(&world, stranger).refused(403, "\"Forbidden\"", "route", "comes through no VPC endpoint");
    }
}

/// A distribution asks from an address that is nobody's: a network that holds it lets no distribution in.
#[test]
fn no_distribution_reaches_it() {
    let world = world(&everybody());
    from(&world, "192.0.0.8").refused(403, "\"Forbidden\"", "route", "not by a distribution");
    assert_eq!(from(&world, "192.0.0.9").status, 200);
}

#[test]
fn without_a_policy_it_lets_nobody_in() {
    let world = world(&Value::Null);
    let refused = from(&world, "10.1.2.3");
    assert_eq!(refused.status, 403);
    assert_eq!(refused.header("x-amzn-errortype"), Some("AccessDeniedException"));
    assert_eq!(refused.last().0, "resource-policy");
}

#[test]
fn endpoint_by_its_own_name_wants_one_header() {
    let world = world(&everybody());
    let host = "vpce-00000001-x.execute-api.us-east-1.vpce.amazonaws.com";
    let ask = |headers: &[(&'static str, &str)]| {
        let mut asked = request_to(host, "GET", "/prod/pets", headers);
        asked.peer.address = "10.0.0.1:1".parse().unwrap();
        world.send(asked).status
    };
    let api = ("x-apigw-api-id", "abc123");
    assert_eq!(ask(&[api]), 200);
    assert_eq!(ask(&[api, api]), 403);
    assert_eq!(ask(&[]), 403);
    assert_eq!(ask(&[("x-apigw-api-id", "other")]), 403);
}
