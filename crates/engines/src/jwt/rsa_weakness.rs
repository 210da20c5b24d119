//! Does an RSA modulus carry the mark of the generator behind CVE-2017-15361 (ROCA)?
//!
//! Its primes are `k * M + (65537^a mod M)` for a product M of small primes, so modulo each of these primes the
//! modulus lies in the group that 65537 generates. A random modulus does so for all of them once in about 2^27.

const PRIMES: [u32; 17] = [
    11, 13, 17, 19, 37, 53, 61, 71, 73, 79, 97, 103, 107, 109, 127, 151, 157,
];

/// Tells whether `modulus` (big-endian) is even or bears the mark.
pub(super) fn is_weak_modulus(modulus: &[u8]) -> bool {
    let is_even = modulus.last().is_none_or(|byte| byte % 2 == 0);
    is_even
        || PRIMES
            .into_iter()
            .all(|prime| is_power_of_65537(remainder(modulus, prime), prime))
}

fn remainder(number: &[u8], prime: u32) -> u32 {
    number
        .iter()
        .fold(0, |remainder, byte| (remainder * 256 + u32::from(*byte)) % prime)
}

fn is_power_of_65537(value: u32, prime: u32) -> bool {
    let generator = 65_537 % prime;
    let mut power = 1;
    for _ in 0..prime {
        if power == value {
            return true;
        }
        power = power * generator % prime;
    }
    false
}
