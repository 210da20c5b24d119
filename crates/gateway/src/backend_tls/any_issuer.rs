//! `insecureSkipVerification`: whoever issued a server's certificate is trusted, if the server shows him. Its name, its times and
//! the signatures under it count as ever.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_TlsConfig.html>: "basic certificate validation, which includes checking
//! the certificate's expiration date, hostname, and presence of a root certificate authority".

use portcullis_engines::x509::Certificate;
use portcullis_model::Timestamp;
use rustls::{
    CertificateError, DigitallySignedStruct, Error, RootCertStore, SignatureScheme,
    client::{
        danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
        verify_server_cert_signed_by_trust_anchor, verify_server_name,
    },
    crypto::{WebPkiSupportedAlgorithms, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    server::ParsedCertificate,
};

/// Accepts servers of any issuer that they show.
#[derive(Debug)]
pub(super) struct AnyIssuer {
    algorithms: WebPkiSupportedAlgorithms,
}

impl AnyIssuer {
    pub(super) fn new() -> Self {
        Self {
            algorithms: aws_lc_rs::default_provider().signature_verification_algorithms,
        }
    }

    /// Checks the chain up to a root that the server itself shows.
    fn check_chain(
        &self,
        parsed: &ParsedCertificate<'_>,
        above: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<(), Error> {
        let mut roots = RootCertStore::empty();
        for certificate in above {
            let facts = Certificate::parse(certificate);
            if facts.is_ok_and(|facts| facts.is_authority && facts.is_self_issued()) {
                // One that cannot be a root is none, and the chain then lacks it.
                let _unusable = roots.add(certificate.clone().into_owned());
            }
        }
        verify_server_cert_signed_by_trust_anchor(parsed, &roots, above, now, self.algorithms.all)
    }
}

impl ServerCertVerifier for AnyIssuer {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let facts = Certificate::parse(end_entity).map_err(|_| CertificateError::BadEncoding)?;
        let moment = Timestamp::from_seconds(i64::try_from(now.as_secs()).unwrap_or(i64::MAX));
        if moment < facts.not_before {
            return Err(CertificateError::NotValidYet.into());
        }
        if moment > facts.not_after {
            return Err(CertificateError::Expired.into());
        }
        // One that names itself as its issuer is its own root: that the server holds its key is all that it could prove.
        if !facts.is_self_issued() {
            self.check_chain(&parsed, intermediates, now)?;
        }
        verify_server_name(&parsed, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
