//! What is answered about users who do not exist, where a client must not learn that: as for a user, and always the
//! same for the same name (RFC 5054 section 2.5.1.3).
//!
//! Not hidden: `SignUp` says that a name is taken, as on AWS; and in pools with aliases, an alias that exists is
//! answered with the username behind it, which need not look like the pretended one.

use aws_lc_rs::hmac;
use portcullis_engines::srp::Verifier;
use portcullis_model::resources::cognito::UserPool;

use super::{CodeDelivery, codes};
use crate::{
    Identity, IdentityError,
    directory::{attributes, users::folded},
    records::ClientContext,
};

const SALT_BYTES: usize = 16;
/// One byte less than the group's numbers have, so that it is always one of them.
const VERIFIER_BYTES: usize = 383;

impl Identity {
    /// Returns salt and verifier of a user who does not exist: no password fits.
    pub(crate) fn pretended_verifier(&self, pool: &UserPool, name: &str) -> Result<Verifier, IdentityError> {
        let mut salt = self.pretended_bytes(pool, "salt", name, SALT_BYTES)?;
        // As real salts: the first digit is not zero.
        if let Some(first) = salt.first_mut()
            && *first < 0x10
        {
            *first |= 0x80;
        }
        let verifier = self.pretended_bytes(pool, "verifier", name, VERIFIER_BYTES)?;
        Verifier::from_parts(&salt, &verifier).map_err(IdentityError::broken)
    }

    /// Returns the `USER_ID_FOR_SRP` that a user called `name` would have.
    pub(crate) fn pretended_srp_id(&self, pool: &UserPool, name: &str) -> Result<String, IdentityError> {
        let is_alias = |attribute: &String| match attribute.as_str() {
            "email" => attributes::is_email(name),
            "phone_number" => attributes::is_phone_number(name),
            _ => false,
        };
        let addresses = pool.username_attributes.iter().chain(&pool.alias_attributes);
        if !addresses.clone().any(is_alias) {
            return Ok(folded(pool, name));
        }
        let bytes = self.pretended_bytes(pool, "sub", name, 16)?;
        let mut value = bytes
            .iter()
            .fold(0u128, |value, byte| (value << 8) | u128::from(*byte));
        value = (value & !(0xf << 76)) | (0x4 << 76);
        value = (value & !(0x3 << 62)) | (0x2 << 62);
        let part = |shift: u32, digits: usize| {
            let mask = (1u128 << (digits * 4)) - 1;
            format!("{:0digits$x}", (value >> shift) & mask)
        };
        Ok(format!(
            "{}-{}-{}-{}-{}",
            part(96, 8),
            part(80, 4),
            part(64, 4),
            part(48, 4),
            part(0, 12)
        ))
    }

    /// Returns bytes that depend on the pool's secret, on what they are for, and on the name.
    pub(crate) fn pretended_bytes(
        &self,
        pool: &UserPool,
        label: &str,
        name: &str,
        length: usize,
    ) -> Result<Vec<u8>, IdentityError> {
        let keys = self.pool_keys(pool)?;
        let name = folded(pool, name);
        let mut bytes = Vec::with_capacity(length + 32);
        let mut block = 0u32;
        while bytes.len() < length {
            let message = format!("{label}\n{block}\n{name}");
            bytes.extend_from_slice(hmac::sign(&keys.pretence, message.as_bytes()).as_ref());
            block += 1;
        }
        bytes.truncate(length);
        Ok(bytes)
    }

    /// Returns where a code for a user called `name` would have gone.
    pub(crate) fn pretended_delivery(
        &self,
        context: &ClientContext,
        name: &str,
    ) -> Result<CodeDelivery, IdentityError> {
        if attributes::is_email(name) {
            return Ok(codes::masked(name));
        }
        let letters = self.pretended_bytes(&context.pool, "address", name, 2)?;
        let letters: Vec<String> = letters
            .iter()
            .map(|byte| char::from(b'a' + byte % 26).to_string())
            .collect();
        Ok(codes::masked(&letters.join("@")))
    }
}
