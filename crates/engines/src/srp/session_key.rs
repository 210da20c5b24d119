//! The key that both sides reach, and the proof made with it. Cognito derives 16 bytes with HKDF-SHA256 over its own
//! label, and signs pool, user, secret block and time; RFC 5054's proofs are not used.

use aws_lc_rs::{
    digest,
    hmac::{self, HMAC_SHA256},
};
use crypto_bigint::U256;

use super::{group::BYTES, hexadecimal::padded};

const LABEL: &[u8] = b"Caldera Derived Key";

/// u = H(pad(A) ‖ pad(B))
pub(super) fn scrambler(client_public: &[u8; BYTES], server_public: &[u8; BYTES]) -> U256 {
    let mut context = digest::Context::new(&digest::SHA256);
    context.update(&padded(client_public));
    context.update(&padded(server_public));
    U256::from_be_slice(context.finish().as_ref())
}

/// Returns the key under which the claim is signed.
pub(super) fn claim_key(scrambler: &U256, shared: &[u8; BYTES]) -> hmac::Key {
    let salt = hmac::Key::new(HMAC_SHA256, &padded(scrambler.to_be_bytes().as_ref()));
    let extracted = hmac::sign(&salt, &padded(shared));
    let mut expanding = hmac::Context::with_key(&hmac::Key::new(HMAC_SHA256, extracted.as_ref()));
    expanding.update(LABEL);
    expanding.update(&[1]);
    let expanded = expanding.sign();
    hmac::Key::new(HMAC_SHA256, expanded.as_ref().get(..16).unwrap_or_default())
}

/// Returns the bytes that a claim signs.
pub(super) fn claim_message(pool_name: &str, user_id: &str, secret_block: &[u8], timestamp: &str) -> Vec<u8> {
    [
        pool_name.as_bytes(),
        user_id.as_bytes(),
        secret_block,
        timestamp.as_bytes(),
    ]
    .concat()
}
