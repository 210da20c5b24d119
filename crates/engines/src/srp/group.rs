//! The group: the 3072-bit prime of RFC 3526 section 5 (RFC 5054 appendix A) with generator 2.
//!
//! All powers of secrets take constant time (crypto-bigint's Montgomery form).

use crypto_bigint::{U256, U3072, const_monty_params, modular::ConstMontyForm};

use super::hexadecimal::minimal;

const_monty_params!(
    Prime,
    U3072,
    "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD\
     EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED\
     EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F\
     83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B\
     E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510\
     15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7\
     ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C\
     BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF"
);

/// A number of the group.
pub(super) type Element = ConstMontyForm<Prime, { U3072::LIMBS }>;

/// The width of a number of the group, in bytes.
pub(super) const BYTES: usize = 384;

/// k = H(00 ‖ N ‖ 02): a constant of the group.
const MULTIPLIER: U256 =
    U256::from_be_hex("538282c4354742d7cbbde2359fcf67f9f5b3a6b08791e5011b43b8a5b66d9ee6");

/// Returns 2^`exponent`.
pub(super) fn power_of_generator(exponent: &U256) -> Element {
    Element::new(&U3072::from_u8(2)).pow(exponent)
}

/// Returns k · `factor`.
pub(super) fn multiplied(factor: &Element) -> Element {
    Element::new(&MULTIPLIER.resize()) * *factor
}

/// Returns the number that `bytes` hold, at most 384 of them, when it lies between 1 and N - 1.
pub(super) fn element(bytes: &[u8]) -> Option<Element> {
    let bytes = minimal(bytes);
    let mut padded = [0u8; BYTES];
    let start = BYTES.checked_sub(bytes.len())?;
    padded.get_mut(start..)?.copy_from_slice(bytes);
    let number = U3072::from_be_slice(&padded);
    let in_range = number != U3072::ZERO && number < *Element::MODULUS.as_ref();
    in_range.then(|| Element::new(&number))
}

/// Returns the number as 384 bytes, big-endian.
pub(super) fn to_bytes(element: &Element) -> [u8; BYTES] {
    let mut bytes = [0u8; BYTES];
    bytes.copy_from_slice(element.retrieve().to_be_bytes().as_ref());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplier_is_the_hash_of_prime_and_generator() {
        let mut input = vec![0u8];
        input.extend_from_slice(Element::MODULUS.as_ref().to_be_bytes().as_ref());
        input.push(2);
        let hash = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &input);
        assert_eq!(U256::from_be_slice(hash.as_ref()), MULTIPLIER);
    }

    #[test]
    fn prime_zero_and_more_are_out_of_range() {
        let prime = Element::MODULUS.as_ref().to_be_bytes();
        assert!(element(prime.as_ref()).is_none());
        assert!(element(&[0; 384]).is_none());
        assert!(element(&[]).is_none());
        assert!(element(&[0xff; 384]).is_none());
        assert!(element(&[1; 385]).is_none());
        assert!(element(&[1]).is_some());
    }
}
