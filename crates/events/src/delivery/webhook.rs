//! The consumer's proof that a delivery is ours: Standard Webhooks, `v1`, HMAC-SHA256.
//!
//! <https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md>

use aws_lc_rs::hmac;
use base64::{Engine, engine::general_purpose::STANDARD};

/// Returns `v1,…` over id, time and body, one for each key: while a secret is exchanged, the old one holds too.
pub(super) fn signatures<'a>(
    keys: impl Iterator<Item = &'a [u8]>,
    id: &str,
    seconds: i64,
    body: &[u8],
) -> String {
    let signatures: Vec<String> = keys
        .map(|key| {
            let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
            context.update(format!("{id}.{seconds}.").as_bytes());
            context.update(body);
            format!("v1,{}", STANDARD.encode(context.sign()))
        })
        .collect();
    signatures.join(" ")
}
