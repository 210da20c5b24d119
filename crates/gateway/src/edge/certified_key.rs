//! A certificate with its private key, read from PEM and checked to belong together.

use std::{sync::Arc, time::Duration};

use portcullis_model::{SecretText, Timestamp};
use rustls::{
    crypto::aws_lc_rs,
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    sign::CertifiedKey,
};
use webpki::{EndEntityCert, KeyUsage, anchor_from_trusted_cert};

/// Why a certificate cannot be served.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertifiedKeyError {
    #[error("the certificate is not in PEM")]
    Certificate,
    #[error("the private key is not in PEM, is encrypted, or is of no kind that is served")]
    PrivateKey,
    #[error("the private key does not belong to the certificate")]
    Mismatch,
    #[error("the certificate does not stand under its chain: {0}")]
    Chain(String),
}

/// Reads a certificate, with what stands above it, and its key.
pub fn certified_key(chain: &str, private_key: &SecretText) -> Result<Arc<CertifiedKey>, CertifiedKeyError> {
    let chain = certificates(chain)?;
    let key = PrivateKeyDer::from_pem_slice(private_key.expose().as_bytes())
        .map_err(|_| CertifiedKeyError::PrivateKey)?;
    let provider = aws_lc_rs::default_provider();
    let key = provider
        .key_provider
        .load_private_key(key)
        .map_err(|_| CertifiedKeyError::PrivateKey)?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) => Ok(Arc::new(certified)),
        Err(_) => Err(CertifiedKeyError::Mismatch),
    }
}

/// Checks that the first certificate of `chain` is signed by way of the others, and is meant for servers.
pub fn check_chain(chain: &str, now: Timestamp) -> Result<(), CertifiedKeyError> {
    let refused = |cause: webpki::Error| CertifiedKeyError::Chain(cause.to_string());
    let chain = certificates(chain)?;
    let [leaf, between @ .., last] = chain.as_slice() else {
        return Ok(()); // alone: nothing to stand under
    };
    let anchor = anchor_from_trusted_cert(last).map_err(refused)?;
    let seconds = u64::try_from(now.seconds()).unwrap_or_default();
    EndEntityCert::try_from(leaf)
        .and_then(|leaf| {
            leaf.verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                &[anchor],
                between,
                UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
                KeyUsage::server_auth(),
                None,
                None,
            )
            .map(drop)
        })
        .map_err(refused)
}

fn certificates(pem: &str) -> Result<Vec<CertificateDer<'static>>, CertifiedKeyError> {
    let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem.as_bytes()).collect();
    match read {
        Ok(chain) if !chain.is_empty() => Ok(chain),
        _ => Err(CertifiedKeyError::Certificate),
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};

    use super::*;

    fn secret(key: &KeyPair) -> SecretText {
        SecretText::new(key.serialize_pem())
    }

    #[test]
    fn certificate_and_key_must_belong_together() {
        let (key, other) = (KeyPair::generate().unwrap(), KeyPair::generate().unwrap());
        let params = CertificateParams::new(vec!["a.example".into()]).unwrap();
        let pem = params.self_signed(&key).unwrap().pem();
        assert!(certified_key(&pem, &secret(&key)).is_ok());
        for (chain, key, expected) in [
            (pem.as_str(), secret(&other), CertifiedKeyError::Mismatch),
            ("nothing", secret(&key), CertifiedKeyError::Certificate),
            (&pem, SecretText::new(pem.clone()), CertifiedKeyError::PrivateKey),
        ] {
            assert_eq!(certified_key(chain, &key).unwrap_err(), expected);
        }
    }

    #[test]
    fn chain_must_have_signed_the_certificate() {
        let issuer = |name: &str| {
            let mut params = CertificateParams::default();
            params.distinguished_name.push(rcgen::DnType::CommonName, name);
            params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
            CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap()
        };
        let (one, other) = (issuer("one"), issuer("one"));
        let key = KeyPair::generate().unwrap();
        let params = CertificateParams::new(vec!["a.example".into()]).unwrap();
        let leaf = params.signed_by(&key, &one).unwrap().pem();
        let now = Timestamp::from_seconds(1_800_000_000);
        assert_eq!(check_chain(&leaf, now), Ok(()));
        assert_eq!(check_chain(&(leaf.clone() + &one.pem()), now), Ok(()));
        assert!(check_chain(&(leaf + &other.pem()), now).is_err());
    }
}
