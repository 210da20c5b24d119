//! Sets of addresses: <https://docs.aws.amazon.com/waf/latest/APIReference/API_IPSet.html>

use std::collections::BTreeMap;

use portcullis_firewall::{limits::IP_SET_ADDRESSES_MAX, parse_cidr};
use portcullis_model::resources::wafv2::{IpSet, WafScope};
use portcullis_store::{Kind, kinds};

use super::{Entity, Head, Kept, Waf};
use crate::{operation::AwsError, services::wafv2::errors};

impl Entity for IpSet {
    const KIND: Kind = kinds::IP_SET;
    const WORD: &'static str = "ipset";
    const COUNT_MAX: usize = 100;
    const PLURAL: &'static str = "IP sets";

    fn head(&self) -> Head<'_> {
        Head {
            name: &self.name,
            id: &self.id,
            arn: &self.arn,
            scope: self.scope,
            description: self.description.as_deref(),
            lock_token: &self.lock_token,
        }
    }

    fn set_lock_token(&mut self, token: String) {
        self.lock_token = token;
    }

    fn tags_mut(&mut self) -> &mut BTreeMap<String, String> {
        &mut self.tags
    }
}

impl Waf<'_> {
    /// Makes an IP set.
    pub async fn create_ip_set(
        &self,
        (scope, name): (WafScope, &str),
        version: &str,
        (addresses, description): (Vec<String>, Option<String>),
        tags: BTreeMap<String, String>,
    ) -> Result<IpSet, AwsError> {
        check(version, &addresses)?;
        let (id, arn) = self.identity::<IpSet>(scope, name);
        let set = IpSet {
            name: name.to_owned(),
            id,
            arn,
            scope,
            description,
            ip_address_version: version.to_owned(),
            addresses,
            lock_token: self.entropy.uuid(),
            tags,
        };
        self.put_new(&set).await?;
        Ok(set)
    }

    /// Gives an IP set other addresses; every web ACL that refers to it is compiled again.
    pub async fn update_ip_set(
        &self,
        kept: Kept<IpSet>,
        token: Option<&str>,
        (addresses, description): (Vec<String>, Option<String>),
    ) -> Result<IpSet, AwsError> {
        check(&kept.value.ip_address_version, &addresses)?;
        let changed = IpSet {
            addresses,
            description,
            ..kept.value.clone()
        };
        self.put_changed(&kept, token, changed).await
    }

    /// Deletes an IP set that no web ACL refers to.
    pub async fn delete_ip_set(&self, kept: &Kept<IpSet>, token: Option<&str>) -> Result<(), AwsError> {
        let users = self.referring_to(kept.value.scope, &kept.value.arn).await?;
        self.delete_unused(kept, token, users).await
    }
}

fn check(version: &str, addresses: &[String]) -> Result<(), AwsError> {
    if addresses.len() > IP_SET_ADDRESSES_MAX {
        return Err(errors::invalid(
            "IP_ADDRESS",
            format!("a set has at most {IP_SET_ADDRESSES_MAX} addresses"),
        ));
    }
    for text in addresses {
        let (address, _) = parse_cidr(text).map_err(|reason| errors::invalid("IP_ADDRESS", reason))?;
        if address.is_ipv4() != (version == "IPV4") {
            return Err(errors::invalid(
                "IP_ADDRESS",
                format!("`{text}` is not an {version} address"),
            ));
        }
    }
    Ok(())
}
