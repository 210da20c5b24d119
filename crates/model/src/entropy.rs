//! Randomness is a parameter: whoever needs it takes an [`Entropy`]. Tests may pass a seeded one.

/// A source of cryptographic randomness.
pub trait Entropy: Send + Sync {
    /// Fills `bytes` with random values.
    fn fill(&self, bytes: &mut [u8]);
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    #[allow(
        clippy::disallowed_methods,
        reason = "the one place where the system's randomness is read"
    )]
    #[allow(
        clippy::panic,
        reason = "without randomness no key, id or token may be made: stop at once"
    )]
    fn fill(&self, bytes: &mut [u8]) {
        if let Err(cause) = getrandom::fill(bytes) {
            panic!("the operating system gives no randomness: {cause}");
        }
    }
}

const LOWER_ALPHANUMERIC: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
const ALPHANUMERIC: &[u8; 62] = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
const UPPER_BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
const DIGITS: &[u8; 10] = b"0123456789";

impl dyn Entropy + '_ {
    /// Returns `length` lower-case letters and digits, as API and app client ids are written.
    pub fn lower_alphanumeric(&self, length: usize) -> String {
        self.text(length, LOWER_ALPHANUMERIC)
    }

    /// Returns `length` letters and digits.
    pub fn alphanumeric(&self, length: usize) -> String {
        self.text(length, ALPHANUMERIC)
    }

    /// Returns `length` of `A-Z2-7`, as access key ids are written.
    pub fn upper_base32(&self, length: usize) -> String {
        self.text(length, UPPER_BASE32)
    }

    /// Returns `length` decimal digits, as confirmation codes are written.
    pub fn digits(&self, length: usize) -> String {
        self.text(length, DIGITS)
    }

    /// Returns a random (version 4) UUID, RFC 9562 section 5.4.
    pub fn uuid(&self) -> String {
        let mut bytes = [0u8; 16];
        self.fill(&mut bytes);
        let mut value = u128::from_be_bytes(bytes);
        value = (value & !(0xf << 76)) | (0x4 << 76);
        value = (value & !(0x3 << 62)) | (0x2 << 62);
        let hex = format!("{value:032x}");
        let mut uuid = String::with_capacity(36);
        for (index, digit) in hex.chars().enumerate() {
            if matches!(index, 8 | 12 | 16 | 20) {
                uuid.push('-');
            }
            uuid.push(digit);
        }
        uuid
    }

    /// Returns `length` symbols of `alphabet`, each equally likely (values past a multiple are drawn again).
    pub fn text(&self, length: usize, alphabet: &[u8]) -> String {
        let count = alphabet.len().clamp(1, 256);
        let limit = 256 - (256 % count);
        let mut text = String::with_capacity(length);
        let mut bytes = [0u8; 64];
        while text.len() < length {
            self.fill(&mut bytes);
            for value in bytes.into_iter().map(usize::from).filter(|value| *value < limit) {
                if text.len() == length {
                    break;
                }
                if let Some(symbol) = alphabet.get(value % count) {
                    text.push(char::from(*symbol));
                }
            }
        }
        text
    }
}
