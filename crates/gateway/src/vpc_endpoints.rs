//! VPC endpoints: networks of the operator's that private APIs answer to. There are no VPCs here; what stands for one is a
//! name and the source addresses that count as coming through it. The name is what resource policies ask for.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-private-apis.html>

use std::{net::IpAddr, sync::Arc};

use portcullis_egress::AddressRange;
use portcullis_engines::iam::Policy;
use portcullis_model::resources::apigateway::RestApi;

use crate::{
    decision::shown,
    distribution::OWN_ADDRESS,
    exchange::Exchange,
    layers::endpoint_policy,
    refusal::{Refusal, RefusalKind},
};

/// One endpoint.
#[derive(Clone, Debug, PartialEq)]
pub struct VpcEndpoint {
    /// `vpce-0123456789abcdef0`.
    pub id: String,
    /// The VPC that it is in: `vpc-0123456789abcdef0`.
    pub vpc: String,
    /// The source addresses that come through it.
    pub networks: Vec<AddressRange>,
    /// What may be called through it, and by whom; everything by everybody without one.
    pub policy: Option<Policy>,
}

/// All that there are.
#[derive(Clone, Debug, Default)]
pub struct VpcEndpoints(Arc<[Arc<VpcEndpoint>]>);

/// What a stage of a private API is reached by.
pub(crate) struct PrivateEndpoint {
    /// The VPC endpoints that the API has a name of its own for.
    pub(crate) associated: Box<[Box<str>]>,
}

impl PrivateEndpoint {
    pub(crate) fn of(api: &RestApi) -> Option<Box<Self>> {
        let associated = api.vpc_endpoint_ids.iter().map(|id| id.as_str().into());
        api.is_private().then(|| {
            Box::new(Self {
                associated: associated.collect(),
            })
        })
    }
}

impl VpcEndpoint {
    /// Gives it a policy; the error says what is wrong with the document.
    pub fn set_policy(&mut self, document: &str) -> Result<(), String> {
        self.policy = Some(endpoint_policy::parse(document)?);
        Ok(())
    }

    fn contains(&self, address: IpAddr) -> bool {
        self.networks.iter().any(|network| network.contains(address))
    }
}

impl VpcEndpoints {
    /// Takes them in; the error says what is wrong with which.
    pub fn new(all: Vec<VpcEndpoint>) -> Result<Self, String> {
        for (at, endpoint) in all.iter().enumerate() {
            let id = &endpoint.id;
            if !is_id(id, "vpce-") {
                return Err(format!("`{id}`: expected an id such as `vpce-0123456789abcdef0`"));
            }
            if !is_id(&endpoint.vpc, "vpc-") {
                return Err(format!(
                    "`{id}`: `{}`: expected a VPC's id such as `vpc-0123456789abcdef0`",
                    endpoint.vpc
                ));
            }
            if endpoint.networks.is_empty() {
                return Err(format!("`{id}` names no network, such as `10.0.0.0/16`"));
            }
            let others = all.iter().skip(at + 1);
            for other in others {
                if other.id == *id {
                    return Err(format!("`{id}` is given twice"));
                }
                if other
                    .networks
                    .iter()
                    .any(|network| endpoint.networks.contains(network))
                {
                    return Err(format!(
                        "`{id}` and `{}` have a network in common: nobody could tell them apart",
                        other.id
                    ));
                }
            }
        }
        Ok(Self(all.into_iter().map(Arc::new).collect()))
    }

    /// Tells whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Tells whether there is one called `id`.
    pub fn has(&self, id: &str) -> bool {
        self.named(id).is_some()
    }

    fn named(&self, id: &str) -> Option<&Arc<VpcEndpoint>> {
        self.0.iter().find(|endpoint| endpoint.id == id)
    }

    /// Returns the endpoint that `address` comes through: that of the narrowest network around it.
    fn through(&self, address: IpAddr) -> Option<&Arc<VpcEndpoint>> {
        let around = self.0.iter().flat_map(|endpoint| {
            let networks = endpoint.networks.iter();
            networks
                .filter(|network| network.contains(address))
                .map(move |network| (network.prefix_bits(), endpoint))
        });
        around.max_by_key(|(bits, _)| *bits).map(|(_, endpoint)| endpoint)
    }
}

/// AWS's ids: the prefix, then 8 to 17 hexadecimal digits.
fn is_id(text: &str, prefix: &str) -> bool {
    text.strip_prefix(prefix).is_some_and(|digits| {
        (8..=17).contains(&digits.len())
            && digits
                .bytes()
                .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
    })
}

/// Decides whether a request may reach a stage by the way it came, and notes the endpoint that it came through. What is
/// refused looks like an API that is not there, as on AWS, where a private API's name leads nobody else anywhere.
pub(crate) fn enter(
    exchange: &mut Exchange,
    private: Option<&PrivateEndpoint>,
    endpoints: &VpcEndpoints,
) -> Result<(), Refusal> {
    let refuse = |cause: String| Err(Refusal::new(RefusalKind::Forbidden, cause));
    let Some(private) = private else {
        return match exchange.named_endpoint() {
            None => Ok(()),
            Some(_) => refuse("a VPC endpoint leads to private APIs alone".to_owned()),
        };
    };
    if exchange.domain().is_some() {
        return refuse("a private API is reached through a VPC endpoint, not by a custom domain".to_owned());
    }
    let address = exchange.request().peer.address.ip().to_canonical();
    if address == OWN_ADDRESS {
        return refuse("a private API is reached through a VPC endpoint, not by a distribution".to_owned());
    }
    let found = match exchange.named_endpoint() {
        None => endpoints.through(address),
        Some(named) => {
            if named.is_alias && !private.associated.iter().any(|id| **id == *named.id) {
                return refuse(format!(
                    "the VPC endpoint `{}` is not associated with the API",
                    shown(&named.id)
                ));
            }
            endpoints
                .named(&named.id)
                .filter(|endpoint| endpoint.contains(address))
        }
    };
    match found {
        Some(endpoint) => {
            let endpoint = Arc::clone(endpoint);
            exchange.enter_endpoint(endpoint);
            Ok(())
        }
        None => refuse(format!(
            "the API is private, and `{address}` comes through no VPC endpoint that leads to it"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn endpoint(id: &str, networks: &[&str]) -> VpcEndpoint {
        VpcEndpoint {
            id: id.into(),
            vpc: "vpc-00000001".into(),
            networks: networks.iter().map(|text| text.parse().unwrap()).collect(),
            policy: None,
        }
    }

    #[test]
    fn narrowest_network_tells_the_endpoint() {
        let all = VpcEndpoints::new(vec![
            endpoint("vpce-00000001", &["10.0.0.0/8", "fd00::/8"]),
            endpoint("vpce-00000002", &["10.1.0.0/16"]),
        ])
        .unwrap();
        let through = |address: &str| {
            let found = all.through(address.parse().unwrap());
            found.map(|endpoint| endpoint.id.clone())
        };
        assert_eq!(through("10.1.2.3").as_deref(), Some("vpce-00000002"));
        assert_eq!(through("10.2.2.3").as_deref(), Some("vpce-00000001"));
        assert_eq!(through("fd00::1").as_deref(), Some("vpce-00000001"));
        assert_eq!(through("11.0.0.1"), None);
    }

    #[test]
    fn what_names_no_endpoint_or_not_one_alone_is_refused() {
        for (all, said) in [
            (vec![endpoint("vpce-1", &["10.0.0.0/8"])], "expected an id"),
            (vec![endpoint("vpce-0000000G", &["10.0.0.0/8"])], "expected an id"),
            (vec![endpoint("vpce-00000001", &[])], "no network"),
            (
                vec![
                    endpoint("vpce-00000001", &["10.0.0.0/8"]),
                    endpoint("vpce-00000001", &["11.0.0.0/8"]),
                ],
                "twice",
            ),
            (
                vec![
                    endpoint("vpce-00000001", &["10.0.0.0/8"]),
                    endpoint("vpce-00000002", &["10.0.0.0/8"]),
                ],
                "in common",
            ),
        ] {
            let error = VpcEndpoints::new(all).unwrap_err();
            assert!(error.contains(said), "{error}");
        }
        let mut elsewhere = endpoint("vpce-00000001", &["10.0.0.0/8"]);
        elsewhere.vpc = "net-1".into();
        assert!(VpcEndpoints::new(vec![elsewhere]).is_err());
    }
}
