//! Addresses that a header names, for statements that look behind a proxy.
//!
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-forwarded-ip-address.html>

use std::net::IpAddr;

use crate::{evaluation::Evaluation, limits::FORWARDED_ADDRESSES_MAX, reader::Fields};

pub(crate) struct ForwardedAddresses {
    header: String,
    /// What an address that cannot be read counts as.
    pub(crate) malformed_matches: bool,
}

impl ForwardedAddresses {
    /// Reads `HeaderName` and `FallbackBehavior`.
    pub(crate) fn read(fields: &Fields<'_>) -> Option<Self> {
        let fallback = fields.one_of("FallbackBehavior", &["MATCH", "NO_MATCH"]);
        let header = fields.text("HeaderName")?;
        if header.is_empty() || header.len() > 255 {
            fields.refuse("HeaderName", "must have from 1 to 255 characters");
            return None;
        }
        Some(Self {
            header: header.to_owned(),
            malformed_matches: fallback? == "MATCH",
        })
    }

    /// Returns the addresses in order, none for one that cannot be read. Without the header there is nothing.
    pub(crate) fn addresses(&self, evaluation: &Evaluation<'_>) -> Vec<Option<IpAddr>> {
        evaluation
            .request
            .headers
            .all(&self.header)
            .flat_map(|value| value.split(|byte| *byte == b','))
            .take(FORWARDED_ADDRESSES_MAX)
            .map(|text| std::str::from_utf8(text).ok()?.trim().parse().ok())
            .collect()
    }
}
