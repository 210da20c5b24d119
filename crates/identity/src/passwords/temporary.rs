//! Temporary passwords: random, and always within the pool's policy.

use portcullis_model::{Entropy, SecretText, resources::cognito::PasswordPolicy};

/// Classes that a generated password draws from; no character that is easily mistaken for another.
const CLASSES: [&[u8]; 4] = [
    b"abcdefghijkmnpqrstuvwxyz",
    b"ABCDEFGHJKLMNPQRSTUVWXYZ",
    b"23456789",
    b"!@#%*?_-+=",
];
/// Shortest password that we make: over 70 bits.
const LENGTH_MIN: usize = 12;

/// Returns a password that meets `policy`.
pub(crate) fn generate(policy: &PasswordPolicy, entropy: &dyn Entropy) -> SecretText {
    let length = LENGTH_MIN.max(policy.minimum_length as usize);
    // One of each class first, the rest from all; then in an order that is drawn too.
    let mut symbols: Vec<char> = CLASSES
        .iter()
        .flat_map(|class| entropy.text(1, class).chars().collect::<Vec<_>>())
        .collect();
    let every: Vec<u8> = CLASSES.concat();
    symbols.extend(entropy.text(length.saturating_sub(symbols.len()), &every).chars());
    let mut order: Vec<(String, char)> = symbols
        .into_iter()
        .map(|symbol| (entropy.alphanumeric(16), symbol))
        .collect();
    order.sort();
    SecretText::new(order.into_iter().map(|(_, symbol)| symbol).collect())
}
