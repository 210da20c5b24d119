//! The client's side, for tests and for our own tools.

use aws_lc_rs::hmac;
use crypto_bigint::{U256, U512, U1024};
use portcullis_model::{Entropy, SecretText};
use zeroize::Zeroizing;

use super::{
    SrpError,
    group::{self, BYTES},
    hexadecimal::{decode, encode_minimal},
    session_key,
    verifier::private_key,
};

/// The bits of a + u·x: both terms have at most 512.
const EXPONENT_BITS: u32 = 513;

/// An exchange that a client began.
pub struct ClientExchange {
    /// a
    secret: Zeroizing<[u8; 32]>,
    /// A
    public: [u8; BYTES],
}

impl ClientExchange {
    /// Begins an exchange; the second of the pair is `SRP_A`.
    pub fn start(entropy: &dyn Entropy) -> (Self, String) {
        let mut secret = Zeroizing::new([0u8; 32]);
        entropy.fill(secret.as_mut_slice());
        let public = group::to_bytes(&group::power_of_generator(&U256::from_be_slice(
            secret.as_slice(),
        )));
        (Self { secret, public }, encode_minimal(&public))
    }

    /// Returns the signature over the challenge (`PASSWORD_CLAIM_SIGNATURE`, before base64).
    #[allow(
        clippy::too_many_arguments,
        reason = "the challenge has that many parts, all text"
    )]
    pub fn claim(
        &self,
        pool_name: &str,
        user_id: &str,
        password: &SecretText,
        salt_hex: &str,
        server_public_hex: &str,
        secret_block: &[u8],
        timestamp: &str,
    ) -> Result<Vec<u8>, SrpError> {
        let server_public =
            group::element(&decode(server_public_hex)?).ok_or(SrpError::PublicValueOutOfRange)?;
        let salt = decode(salt_hex).map_err(|_| SrpError::MalformedSalt)?;
        let x = private_key(pool_name, user_id, password, &salt);
        let scrambler = session_key::scrambler(&self.public, &group::to_bytes(&server_public));
        // S = (B - k·g^x)^(a + u·x)
        let base = server_public - group::multiplied(&group::power_of_generator(&x));
        let product: U512 = scrambler.concatenating_mul(&x);
        let secret: U1024 = U256::from_be_slice(self.secret.as_slice()).resize();
        let exponent = secret.wrapping_add(&product.resize());
        let shared = Zeroizing::new(group::to_bytes(&base.pow_bounded_exp(&exponent, EXPONENT_BITS)));
        let key = session_key::claim_key(&scrambler, &shared);
        let message = session_key::claim_message(pool_name, user_id, secret_block, timestamp);
        Ok(hmac::sign(&key, &message).as_ref().to_vec())
    }
}
