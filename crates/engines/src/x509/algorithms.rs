//! The algorithms of keys and signatures, in AWS's words:
//! <https://docs.aws.amazon.com/acm/latest/APIReference/API_CertificateDetail.html>

use super::{
    CertificateError,
    der::{self, OBJECT_IDENTIFIER, Reader, SEQUENCE},
};

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const EC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];

const CURVES: [(&[u8], &str); 3] = [
    (&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07], "EC_prime256v1"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x22], "EC_secp384r1"),
    (&[0x2b, 0x81, 0x04, 0x00, 0x23], "EC_secp521r1"),
];

const SIGNATURES: [(&[u8], &str); 6] = [
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0b],
        "SHA256WITHRSA",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0c],
        "SHA384WITHRSA",
    ),
    (
        &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0d],
        "SHA512WITHRSA",
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
        "SHA256WITHECDSA",
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03],
        "SHA384WITHECDSA",
    ),
    (
        &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04],
        "SHA512WITHECDSA",
    ),
];

/// Reads an `AlgorithmIdentifier` of a signature.
pub(super) fn signature(identifier: &[u8]) -> Result<Option<&'static str>, CertificateError> {
    let id = Reader::new(identifier).expect(OBJECT_IDENTIFIER)?;
    let known = SIGNATURES.iter().find(|(known, _)| *known == id);
    Ok(known.map(|(_, name)| *name))
}

/// Reads a `SubjectPublicKeyInfo`.
pub(super) fn key(info: &[u8]) -> Result<Option<String>, CertificateError> {
    let mut info = Reader::new(info);
    let mut algorithm = Reader::new(info.expect(SEQUENCE)?);
    let id = algorithm.expect(OBJECT_IDENTIFIER)?;
    if id == EC {
        let curve = algorithm.optional(OBJECT_IDENTIFIER)?;
        let known = CURVES.iter().find(|(known, _)| Some(*known) == curve);
        return Ok(known.map(|(_, name)| (*name).to_owned()));
    }
    if id != RSA {
        return Ok(None);
    }
    // The first byte of a bit string counts unused bits.
    let bits = info.expect(der::BIT_STRING)?;
    let mut outer = Reader::new(bits.get(1..).unwrap_or_default());
    let mut key = Reader::new(outer.expect(SEQUENCE)?);
    let modulus = key.expect(der::INTEGER)?;
    let significant = modulus.iter().skip_while(|byte| **byte == 0).count();
    Ok(Some(format!("RSA_{}", significant.saturating_mul(8))))
}
