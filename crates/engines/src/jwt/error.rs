//! Why a token, a key or a set of keys is refused.

/// Why a token is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwtError {
    #[error("the token is longer than {} bytes", super::TOKEN_BYTES_MAX)]
    TooLong,
    #[error("the token is not three parts of base64url without padding")]
    NotCompact,
    #[error("the token's header is longer than {} bytes", super::HEADER_BYTES_MAX)]
    HeaderTooLong,
    #[error("the token's header is not a JSON object without duplicate names")]
    HeaderNotJson,
    #[error("the token's header has no text `{0}`")]
    HeaderField(&'static str),
    #[error("the token's header has `{0}`, which is not supported")]
    HeaderExtension(&'static str),
    #[error("the algorithm `{0}` is not offered")]
    AlgorithmNotOffered(String),
    #[error("the algorithm `{0}` does not fit the key")]
    AlgorithmDoesNotFitKey(super::Algorithm),
    #[error("the signature does not match")]
    SignatureMismatch,
    #[error("the token's claims are not a JSON object without duplicate names")]
    ClaimsNotJson,
    #[error("the claim `{0}` is missing or not a number")]
    NoTime(&'static str),
    #[error("the token is expired")]
    Expired,
    #[error("the token is not valid yet: `{0}` lies in the future")]
    NotYetValid(&'static str),
}

/// Why a key is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    #[error("the key is not a JSON object")]
    NotAnObject,
    #[error("the key's `{0}` is missing or malformed")]
    Field(&'static str),
    #[error("the key type is not supported: use RSA, EC or OKP")]
    KeyType,
    #[error("the key is symmetric: use a public key")]
    Symmetric,
    #[error("the key has private parts (`{0}`): publish only its public half")]
    Private(&'static str),
    #[error("the curve is not supported: use P-256, P-384, P-521 or Ed25519")]
    Curve,
    #[error("the key's `use` or `key_ops` does not allow verification")]
    NotForVerification,
    #[error("the key's `alg` is not offered or does not fit the key")]
    Algorithm,
    #[error("the RSA modulus has {0} bits: use 2048 to 8192")]
    ModulusSize(usize),
    #[error("the RSA modulus is even or carries the mark of a weak generator (ROCA)")]
    WeakModulus,
    #[error("the RSA exponent must be odd, at least 65537 and less than 2^33")]
    Exponent,
    #[error("the key is not a valid point or number")]
    Invalid,
    #[error("another key of the set has the same `kid`")]
    DuplicateKid,
}

/// Why a set of keys is refused as a whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JwksError {
    #[error("the key set is longer than {} bytes", super::JWKS_BYTES_MAX)]
    TooLong,
    #[error("the key set holds more than {} keys", super::JWKS_KEYS_MAX)]
    TooManyKeys,
    #[error("the key set is not a JSON object with a list `keys` and without duplicate names")]
    NotAKeySet,
}

/// Why a signing key cannot be made or used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SigningKeyError {
    #[error("the key could not be generated")]
    Generate,
    #[error("the key is not a PKCS#8 RSA private key of at least 2048 bits")]
    Malformed,
    #[error("the claims are not a JSON object")]
    ClaimsNotAnObject,
    #[error("the token could not be signed")]
    Sign,
}
