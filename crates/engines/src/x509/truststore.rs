//! Truststores: the certificates of the authorities whose clients a custom domain lets in.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html>. What is wrong with one certificate
//! is a warning, and nothing that it issued is accepted; what is wrong with all of them is an error.

use portcullis_model::Timestamp;

use super::{Certificate, date_text, pem};

/// Bytes of a truststore.
pub const TRUSTSTORE_BYTES_MAX: usize = 1 << 20;
/// Certificates of a truststore.
pub const CERTIFICATES_MAX: usize = 1_000;

/// Why a file is no truststore.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TruststoreError {
    #[error("the truststore has more than {TRUSTSTORE_BYTES_MAX} bytes")]
    TooLong,
    #[error("the truststore has more than {CERTIFICATES_MAX} certificates")]
    TooMany,
    #[error("the truststore is not text in PEM")]
    NotText,
    #[error("the truststore holds a `{0}`: only certificates belong into it")]
    NoCertificate(String),
    #[error("certificate {0} of the truststore has no end")]
    Unfinished(usize),
    #[error("certificate {0} of the truststore is not base64")]
    NotBase64(usize),
    /// In AWS's words.
    #[error("The certificate subject {0} conflicts with an existing certificate from a different issuer.")]
    Conflict(String),
    #[error(
        "the truststore has no root: at least one certificate of a CA that issued itself, with `basicConstraints`"
    )]
    NoRoot,
}

/// A certificate of a truststore, as bytes and as what it says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    pub der: Vec<u8>,
    pub certificate: Certificate,
}

/// A truststore, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Truststore {
    /// Authorities that issued themselves: where chains end.
    pub roots: Vec<Trusted>,
    /// Authorities between a root and its clients.
    pub intermediates: Vec<Trusted>,
    /// What is wrong with single certificates.
    pub warnings: Vec<String>,
}

impl Truststore {
    /// Parses a truststore and judges its certificates as of `now`.
    pub fn parse(bytes: &[u8], now: Timestamp) -> Result<Self, TruststoreError> {
        if bytes.len() > TRUSTSTORE_BYTES_MAX {
            return Err(TruststoreError::TooLong);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| TruststoreError::NotText)?;
        let found = pem::certificates(text)?;
        if found.len() > CERTIFICATES_MAX {
            return Err(TruststoreError::TooMany);
        }
        let mut store = Self::default();
        for (at, der) in found.into_iter().enumerate() {
            match Certificate::parse(&der) {
                Ok(certificate) => store.add(Trusted { der, certificate }, now)?,
                Err(cause) => store.warnings.push(format!("certificate {}: {cause}", at + 1)),
            }
        }
        if store.roots.is_empty() {
            return Err(TruststoreError::NoRoot);
        }
        store.warn_of_orphans();
        Ok(store)
    }

    fn add(&mut self, trusted: Trusted, now: Timestamp) -> Result<(), TruststoreError> {
        let own = &trusted.certificate;
        let subject = own.subject.as_str();
        for other in self.roots.iter().chain(&self.intermediates) {
            if other.der == trusted.der {
                return Ok(());
            }
            if other.certificate.subject == own.subject && other.certificate.issuer != own.issuer {
                return Err(TruststoreError::Conflict(subject.to_owned()));
            }
        }
        if now > own.not_after {
            let until = date_text(own.not_after);
            self.warnings
                .push(format!("certificate `{subject}` expired at {until}"));
        } else if now < own.not_before {
            let from = date_text(own.not_before);
            self.warnings
                .push(format!("certificate `{subject}` is not valid before {from}"));
        }
        if !own.is_authority {
            self.warnings.push(format!(
                "certificate `{subject}` is not a CA's: nothing that it signs is accepted"
            ));
        } else if own.is_self_issued() {
            self.roots.push(trusted);
        } else {
            self.intermediates.push(trusted);
        }
        Ok(())
    }

    /// A chain must end at a root that is here.
    fn warn_of_orphans(&mut self) {
        for orphan in &self.intermediates {
            let certificate = &orphan.certificate;
            let mut others = self.roots.iter().chain(&self.intermediates);
            if !others.any(|other| other.certificate.subject == certificate.issuer) {
                self.warnings.push(format!(
                    "certificate `{}`: its issuer `{}` is not in the truststore, so nothing that it signs is accepted",
                    certificate.subject.as_str(),
                    certificate.issuer.as_str()
                ));
            }
        }
    }
}
