//! X.509 certificates as far as a truststore and `$context.identity.clientCert` need them (RFC 5280): names, serial number,
//! validity, and whether one may issue others. Signatures and chains are verified elsewhere, by the TLS library's own code.

mod algorithms;
mod der;
mod name;
mod pem;
pub mod truststore;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_model::Timestamp;

use der::{Reader, SEQUENCE};
pub use name::Name;
pub use truststore::Truststore;

/// Why bytes are no certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a certificate: {0}")]
pub struct CertificateError(&'static str);

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    pub subject: Name,
    pub issuer: Name,
    /// As it stands in the certificate, most significant byte first.
    pub serial_number: Vec<u8>,
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// It may issue certificates: `basicConstraints` says so and `keyUsage`, where it is there, does not say otherwise.
    pub is_authority: bool,
    /// How many certificates may stand between it and the last one of a chain.
    pub path_length_max: Option<u32>,
    /// Hosts that it is for: `subjectAltName`, with `*.` for one label.
    pub dns_names: Vec<String>,
    /// As AWS writes it: `RSA_2048`, `EC_prime256v1`; none where it is neither.
    pub key_algorithm: Option<String>,
    /// As AWS writes it: `SHA256WITHRSA`.
    pub signature_algorithm: Option<&'static str>,
}

const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 0x13];
const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 0x11];
/// `dNSName` of a `GeneralName` (RFC 5280 section 4.2.1.6).
const DNS_NAME: u8 = 0x82;
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 0x0f];
/// `keyCertSign` is bit 5 of the first byte (RFC 5280 section 4.2.1.3).
const KEY_CERT_SIGN: u8 = 0b0000_0100;
const VERSION: u8 = 0xa0;
const EXTENSIONS: u8 = 0xa3;

impl Certificate {
    /// Parses a certificate in DER.
    pub fn parse(bytes: &[u8]) -> Result<Self, CertificateError> {
        let mut outer = Reader::new(bytes);
        let mut certificate = Reader::new(outer.expect(SEQUENCE)?);
        outer.end()?;
        let mut fields = Reader::new(certificate.expect(SEQUENCE)?);
        fields.optional(VERSION)?;
        let serial_number = fields.expect(der::INTEGER)?.to_vec();
        let signature_algorithm = algorithms::signature(fields.expect(SEQUENCE)?)?;
        let issuer = Name::parse(fields.expect(SEQUENCE)?)?;
        let mut validity = Reader::new(fields.expect(SEQUENCE)?);
        let (not_before, not_after) = (validity.time()?, validity.time()?);
        validity.end()?;
        let subject = Name::parse(fields.expect(SEQUENCE)?)?;
        let key_algorithm = algorithms::key(fields.expect(SEQUENCE)?)?;
        let mut parsed = Self {
            subject,
            issuer,
            serial_number,
            not_before,
            not_after,
            is_authority: false,
            path_length_max: None,
            dns_names: Vec::new(),
            key_algorithm,
            signature_algorithm,
        };
        while let Some((tag, content)) = fields.next()? {
            if tag == EXTENSIONS {
                parsed.read_extensions(content)?;
            }
        }
        certificate.expect(SEQUENCE)?;
        certificate.expect(der::BIT_STRING)?;
        certificate.end()?;
        Ok(parsed)
    }

    fn read_extensions(&mut self, content: &[u8]) -> Result<(), CertificateError> {
        let mut wrapped = Reader::new(content);
        let mut extensions = Reader::new(wrapped.expect(SEQUENCE)?);
        let mut may_sign = true;
        while let Some((tag, extension)) = extensions.next()? {
            if tag != SEQUENCE {
                return Err(CertificateError("an extension is no sequence"));
            }
            let mut extension = Reader::new(extension);
            let id = extension.expect(der::OBJECT_IDENTIFIER)?;
            extension.optional(der::BOOLEAN)?;
            let value = extension.expect(der::OCTET_STRING)?;
            if id == BASIC_CONSTRAINTS {
                let mut constraints = Reader::new(value);
                let mut constraints = Reader::new(constraints.expect(SEQUENCE)?);
                let authority = constraints.optional(der::BOOLEAN)?;
                self.is_authority = authority.is_some_and(|value| value != [0]);
                let length = constraints.optional(der::INTEGER)?;
                self.path_length_max = length.map(small_number);
            } else if id == SUBJECT_ALTERNATIVE_NAME {
                let mut outer = Reader::new(value);
                let mut names = Reader::new(outer.expect(SEQUENCE)?);
                while let Some((tag, name)) = names.next()? {
                    if tag == DNS_NAME {
                        let name = String::from_utf8_lossy(name);
                        self.dns_names.push(name.to_ascii_lowercase());
                    }
                }
            } else if id == KEY_USAGE {
                let bits = Reader::new(value).expect(der::BIT_STRING)?;
                may_sign = bits.get(1).is_some_and(|first| first & KEY_CERT_SIGN != 0);
            }
        }
        self.is_authority &= may_sign;
        Ok(())
    }

    /// Tells whether it names itself as its issuer, as roots do.
    pub fn is_self_issued(&self) -> bool {
        self.subject == self.issuer
    }

    /// Tells whether it is for a host, in lower case: its names alone count, never its subject (RFC 6125).
    pub fn is_for(&self, host: &str) -> bool {
        self.dns_names.iter().any(|name| covers(name, host))
    }

    /// Returns the serial number as AWS writes it: `a1:0f:…`.
    pub fn serial_text(&self) -> String {
        // A leading zero only says that the number is not negative.
        let digits = match self.serial_number.as_slice() {
            [0, rest @ ..] if !rest.is_empty() => rest,
            all => all,
        };
        let bytes: Vec<String> = digits.iter().map(|byte| format!("{byte:02x}")).collect();
        bytes.join(":")
    }
}

/// Tells whether the name of a certificate, with `*.` for exactly one label, stands for a host; both in lower case.
pub fn covers(name: &str, host: &str) -> bool {
    match name.strip_prefix('*') {
        Some(suffix) if suffix.starts_with('.') => {
            let label = host.strip_suffix(suffix);
            label.is_some_and(|label| !label.is_empty() && !label.contains('.'))
        }
        _ => name == host,
    }
}

/// Returns the bytes of every certificate in a text of PEM, in order.
pub fn certificates_of_pem(text: &str) -> Result<Vec<Vec<u8>>, CertificateError> {
    pem::certificates(text).map_err(|_| CertificateError("it is not whole in PEM, or holds something else"))
}

/// A number that counts certificates; one that is too large to count bounds nothing.
fn small_number(bytes: &[u8]) -> u32 {
    bytes.iter().fold(0_u32, |number, byte| {
        number.saturating_mul(256).saturating_add(u32::from(*byte))
    })
}

/// Returns a certificate in PEM (RFC 7468).
pub fn to_pem(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let mut pem = String::with_capacity(body.len() + body.len() / 64 + 60);
    pem.push_str("-----BEGIN CERTIFICATE-----\n");
    for line in body.as_bytes().chunks(64) {
        pem.push_str(&String::from_utf8_lossy(line));
        pem.push('\n');
    }
    pem.push_str("-----END CERTIFICATE-----\n");
    pem
}

/// Returns a moment as AWS writes those of client certificates: `May 28 12:30:02 2019 GMT`, the day padded with a space.
pub fn date_text(at: Timestamp) -> String {
    let at = at.utc();
    let month = at.month().to_string();
    format!(
        "{} {:>2} {:02}:{:02}:{:02} {:04} GMT",
        month.get(..3).unwrap_or(&month),
        at.day(),
        at.hour(),
        at.minute(),
        at.second(),
        at.year()
    )
}

#[cfg(test)]
mod tests;
