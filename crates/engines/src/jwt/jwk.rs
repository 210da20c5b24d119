//! A public key as JSON: RFC 7517, RFC 7518 section 6 (RSA, EC), RFC 8037 (OKP).

use serde_json::{Map, Value};

use super::{Algorithm, JwkError, base64url, rsa_weakness};

const MODULUS_BITS: std::ops::RangeInclusive<usize> = 2048..=8192;
/// FIPS 186-5 section A.1.1 asks for more than 2^16; aws-lc reads no more than 33 bits.
const EXPONENT: std::ops::RangeInclusive<u64> = 65_537..=0x1_ffff_ffff;
const KEY_ID_BYTES_MAX: usize = 1024;
const PRIVATE_PARTS: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "oth"];

/// A public key that may verify signatures. Whether its point lies on the curve shows when it becomes a
/// [`super::VerifyingKey`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwk {
    kid: Option<String>,
    algorithms: Vec<Algorithm>,
    material: Material,
}

/// The numbers of a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Material {
    /// Big-endian without leading zeros.
    Rsa {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
    /// An uncompressed point, SEC 1 section 2.3.3.
    Ec {
        point: Vec<u8>,
    },
    Ed25519 {
        point: Vec<u8>,
    },
}

impl Jwk {
    /// Reads a key; refuses private, symmetric and weak ones, and those that are not for verification.
    pub fn parse(value: &Value) -> Result<Self, JwkError> {
        let fields = value.as_object().ok_or(JwkError::NotAnObject)?;
        let kind = text(fields, "kty")?.ok_or(JwkError::Field("kty"))?;
        if kind == "oct" || fields.contains_key("k") {
            return Err(JwkError::Symmetric);
        }
        if let Some(part) = PRIVATE_PARTS.into_iter().find(|part| fields.contains_key(*part)) {
            return Err(JwkError::Private(part));
        }
        check_purpose(fields)?;
        let (material, fitting): (_, &[Algorithm]) = match kind {
            "RSA" => (rsa(fields)?, &Algorithm::RSA),
            "EC" => elliptic_curve(fields)?,
            "OKP" => (ed25519(fields)?, &[Algorithm::EdDsa]),
            _ => return Err(JwkError::KeyType),
        };
        let algorithms = match text(fields, "alg")? {
            None => fitting.to_vec(),
            Some(name) => {
                let algorithm = Algorithm::from_name(name).ok_or(JwkError::Algorithm)?;
                if !fitting.contains(&algorithm) {
                    return Err(JwkError::Algorithm);
                }
                vec![algorithm]
            }
        };
        let kid = text(fields, "kid")?.map(str::to_owned);
        if kid.as_ref().is_some_and(|kid| kid.len() > KEY_ID_BYTES_MAX) {
            return Err(JwkError::Field("kid"));
        }
        Ok(Self {
            kid,
            algorithms,
            material,
        })
    }

    /// Returns the key's id.
    pub fn kid(&self) -> Option<&str> {
        self.kid.as_deref()
    }

    /// Returns the algorithms that the key serves: its `alg`, or all that fit it.
    pub fn algorithms(&self) -> &[Algorithm] {
        &self.algorithms
    }

    pub(super) fn material(&self) -> &Material {
        &self.material
    }
}

/// RFC 7517 sections 4.2 and 4.3.
fn check_purpose(fields: &Map<String, Value>) -> Result<(), JwkError> {
    if text(fields, "use")?.is_some_and(|purpose| purpose != "sig") {
        return Err(JwkError::NotForVerification);
    }
    match fields.get("key_ops") {
        None => Ok(()),
        Some(Value::Array(operations)) if operations.iter().any(|operation| operation == "verify") => Ok(()),
        Some(Value::Array(_)) => Err(JwkError::NotForVerification),
        Some(_) => Err(JwkError::Field("key_ops")),
    }
}

fn rsa(fields: &Map<String, Value>) -> Result<Material, JwkError> {
    let modulus = unsigned(fields, "n")?;
    let exponent = unsigned(fields, "e")?;
    let bits = modulus.len() * 8 - modulus.first().map_or(0, |byte| byte.leading_zeros() as usize);
    if !MODULUS_BITS.contains(&bits) {
        return Err(JwkError::ModulusSize(bits));
    }
    if rsa_weakness::is_weak_modulus(&modulus) {
        return Err(JwkError::WeakModulus);
    }
    if exponent.len() > 8 {
        return Err(JwkError::Exponent);
    }
    let value = exponent
        .iter()
        .fold(0u64, |value, byte| (value << 8) | u64::from(*byte));
    if value % 2 == 0 || !EXPONENT.contains(&value) {
        return Err(JwkError::Exponent);
    }
    Ok(Material::Rsa { modulus, exponent })
}

fn elliptic_curve(fields: &Map<String, Value>) -> Result<(Material, &'static [Algorithm]), JwkError> {
    let (length, algorithms): (_, &'static [Algorithm]) = match text(fields, "crv")? {
        Some("P-256") => (32, &[Algorithm::Es256]),
        Some("P-384") => (48, &[Algorithm::Es384]),
        Some("P-521") => (66, &[Algorithm::Es512]),
        _ => return Err(JwkError::Curve),
    };
    let mut point = vec![0x04];
    for name in ["x", "y"] {
        point.extend(exactly(fields, name, length)?);
    }
    Ok((Material::Ec { point }, algorithms))
}

fn ed25519(fields: &Map<String, Value>) -> Result<Material, JwkError> {
    if text(fields, "crv")? != Some("Ed25519") {
        return Err(JwkError::Curve);
    }
    Ok(Material::Ed25519 {
        point: exactly(fields, "x", 32)?,
    })
}

fn text<'a>(fields: &'a Map<String, Value>, name: &'static str) -> Result<Option<&'a str>, JwkError> {
    match fields.get(name) {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(JwkError::Field(name)),
    }
}

fn bytes(fields: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    text(fields, name)?
        .and_then(base64url::decode)
        .ok_or(JwkError::Field(name))
}

fn exactly(fields: &Map<String, Value>, name: &'static str, length: usize) -> Result<Vec<u8>, JwkError> {
    let bytes = bytes(fields, name)?;
    if bytes.len() == length {
        Ok(bytes)
    } else {
        Err(JwkError::Field(name))
    }
}

/// Reads a positive number. Leading zeros, which some issuers write, are dropped.
fn unsigned(fields: &Map<String, Value>, name: &'static str) -> Result<Vec<u8>, JwkError> {
    let bytes = bytes(fields, name)?;
    let number: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    if number.is_empty() {
        Err(JwkError::Field(name))
    } else {
        Ok(number)
    }
}
