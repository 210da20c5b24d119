//! What the gateway's clients may connect to.

use portcullis_egress::{AddressPolicy, PublicOnly};

use super::Addresses;
use crate::settings::Settings;

/// What integrations may connect to: anything under `up`; under `serve` what is public and what the operator allows.
pub(super) fn integration_policy(settings: &Settings, addresses: &Addresses) -> AddressPolicy {
    match &settings.integration_ranges {
        None => AddressPolicy::Any,
        Some(_) => AddressPolicy::PublicOnly(public_only(settings, addresses)),
    }
}

/// What addresses that strangers have a say in may be: public, or in a range that the operator allows; never our own.
pub(super) fn public_only(settings: &Settings, addresses: &Addresses) -> PublicOnly {
    PublicOnly {
        allowed: settings.integration_ranges.clone().unwrap_or_default(),
        own_listeners: [
            Some(addresses.public),
            addresses.public_http,
            Some(addresses.admin),
        ]
        .into_iter()
        .flatten()
        .collect(),
    }
}
