//! The server's side: answers `SRP_A` with `SRP_B`, then checks `PASSWORD_CLAIM_SIGNATURE`.

use aws_lc_rs::hmac;
use crypto_bigint::U256;
use portcullis_model::{Entropy, SecretBytes};
use zeroize::Zeroizing;

use super::{
    SrpError, Verifier,
    group::{self, BYTES},
    hexadecimal::{decode, encode_minimal},
    session_key,
};

const SECRET_BYTES: usize = 32;
const EXCHANGE_BYTES: usize = SECRET_BYTES + 3 * BYTES;

/// An exchange between the two requests of a sign-in.
pub struct ServerExchange {
    /// b
    secret: Zeroizing<[u8; SECRET_BYTES]>,
    verifier: Zeroizing<[u8; BYTES]>,
    /// A
    client_public: [u8; BYTES],
    /// B
    server_public: [u8; BYTES],
}

impl ServerExchange {
    /// Answers the client's public value with ours, the second of the pair: `SRP_B`.
    pub fn start(
        verifier: &Verifier,
        client_public_hex: &str,
        entropy: &dyn Entropy,
    ) -> Result<(Self, String), SrpError> {
        let client_public = decode(client_public_hex)?;
        // A mod N = 0 would make the shared number 0 for any password (RFC 5054 section 2.5.4).
        let client_public = group::element(&client_public).ok_or(SrpError::PublicValueOutOfRange)?;
        let mut secret = Zeroizing::new([0u8; SECRET_BYTES]);
        entropy.fill(secret.as_mut_slice());
        let exponent = U256::from_be_slice(secret.as_slice());
        // B = k·v + g^b
        let server_public = group::multiplied(&verifier.number()?) + group::power_of_generator(&exponent);
        let exchange = Self {
            secret,
            verifier: Zeroizing::new(*verifier.number_bytes()),
            client_public: group::to_bytes(&client_public),
            server_public: group::to_bytes(&server_public),
        };
        let answer = encode_minimal(&exchange.server_public);
        Ok((exchange, answer))
    }

    /// Returns the exchange as bytes, to be sealed: whoever reads them can test passwords.
    pub fn to_bytes(&self) -> SecretBytes {
        SecretBytes::new(
            [
                self.secret.as_slice(),
                self.verifier.as_slice(),
                &self.client_public,
                &self.server_public,
            ]
            .concat(),
        )
    }

    /// Reads what [`Self::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SrpError> {
        if bytes.len() != EXCHANGE_BYTES {
            return Err(SrpError::MalformedExchange);
        }
        let (secret, rest) = bytes
            .split_at_checked(SECRET_BYTES)
            .ok_or(SrpError::MalformedExchange)?;
        let mut numbers = rest
            .chunks_exact(BYTES)
            .map(|number| <[u8; BYTES]>::try_from(number).map_err(|_| SrpError::MalformedExchange));
        let mut next = || numbers.next().ok_or(SrpError::MalformedExchange)?;
        Ok(Self {
            secret: Zeroizing::new(secret.try_into().map_err(|_| SrpError::MalformedExchange)?),
            verifier: Zeroizing::new(next()?),
            client_public: next()?,
            server_public: next()?,
        })
    }

    /// Checks the proof: `signature` is over pool name, user, the raw secret block and the timestamp as it was sent.
    pub fn check_claim(
        &self,
        pool_name: &str,
        user_id: &str,
        secret_block: &[u8],
        timestamp: &str,
        signature: &[u8],
    ) -> Result<(), SrpError> {
        let message = session_key::claim_message(pool_name, user_id, secret_block, timestamp);
        hmac::verify(&self.claim_key()?, &message, signature).map_err(|_| SrpError::WrongClaim)
    }

    fn claim_key(&self) -> Result<hmac::Key, SrpError> {
        let number = |bytes| group::element(bytes).ok_or(SrpError::MalformedExchange);
        let scrambler = session_key::scrambler(&self.client_public, &self.server_public);
        let secret = U256::from_be_slice(self.secret.as_slice());
        // S = (A · v^u)^b; u is public, so only the outer power must not leak its exponent.
        let base = number(&self.client_public)? * number(self.verifier.as_slice())?.pow_vartime(&scrambler);
        let shared = Zeroizing::new(group::to_bytes(&base.pow(&secret)));
        Ok(session_key::claim_key(&scrambler, &shared))
    }
}
