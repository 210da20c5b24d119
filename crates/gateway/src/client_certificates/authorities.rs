//! A truststore, compiled: chains are built from a client's certificate over intermediates to a root.

use portcullis_engines::x509::{Certificate, Truststore};
use portcullis_model::Timestamp;
use rustls::{
    DistinguishedName,
    pki_types::{CertificateDer, TrustAnchor, UnixTime},
};
use webpki::{EndEntityCert, Error, KeyUsage, VerifiedPath, anchor_from_trusted_cert};

/// Certificates of a chain, the client's and the root included, as on AWS.
const CHAIN_CERTIFICATES_MAX: usize = 4;
/// Names of authorities that the handshake tells clients: beyond that none are told, and clients send what they have.
const HINTS_MAX: usize = 64;

/// The authorities whose clients a domain lets in.
pub struct Authorities {
    roots: Vec<Root>,
    intermediates: Vec<CertificateDer<'static>>,
    hints: Vec<DistinguishedName>,
}

struct Root {
    anchor: TrustAnchor<'static>,
    certificate: Certificate,
}

impl Authorities {
    /// Compiles a truststore in PEM; the error says what is wrong with it.
    pub fn compile(pem: &[u8], now: Timestamp) -> Result<Self, String> {
        let store = Truststore::parse(pem, now).map_err(|cause| cause.to_string())?;
        let all = store.roots.iter().chain(&store.intermediates);
        let hints: Vec<_> = all
            .map(|trusted| DistinguishedName::in_sequence(trusted.certificate.subject.der()))
            .collect();
        let intermediates = store.intermediates.into_iter();
        let mut roots = Vec::with_capacity(store.roots.len());
        for trusted in store.roots {
            let der = CertificateDer::from(trusted.der);
            // One that the verifying library cannot read vouches for nobody.
            if let Ok(anchor) = anchor_from_trusted_cert(&der) {
                roots.push(Root {
                    anchor: anchor.to_owned(),
                    certificate: trusted.certificate,
                });
            }
        }
        if roots.is_empty() {
            return Err("no root of the truststore can be used".into());
        }
        Ok(Self {
            roots,
            intermediates: intermediates
                .map(|trusted| CertificateDer::from(trusted.der))
                .collect(),
            hints: if hints.len() > HINTS_MAX {
                Vec::new()
            } else {
                hints
            },
        })
    }

    /// Returns the names that the handshake tells clients.
    pub(super) fn hints(&self) -> &[DistinguishedName] {
        &self.hints
    }

    /// Returns the name of the root that stands behind the first certificate of `chain`, or what is wrong.
    pub(super) fn verify(&self, chain: &[Vec<u8>], now: Timestamp) -> Result<&str, String> {
        let mut chain = chain.iter().map(|der| CertificateDer::from(der.as_slice()));
        let leaf = chain.next().ok_or("is missing")?;
        let leaf = EndEntityCert::try_from(&leaf).map_err(|cause| told(&cause))?;
        let intermediates: Vec<CertificateDer<'_>> =
            chain.chain(self.intermediates.iter().cloned()).collect();
        let valid = |root: &&Root| {
            let own = &root.certificate;
            own.not_before <= now && now <= own.not_after
        };
        let roots: Vec<&Root> = self.roots.iter().filter(valid).collect();
        let anchors: Vec<TrustAnchor<'_>> = roots.iter().map(|root| root.anchor.clone()).collect();
        let seconds = u64::try_from(now.seconds()).unwrap_or_default();
        let path = leaf
            .verify_for_usage(
                webpki::ALL_VERIFICATION_ALGS,
                &anchors,
                &intermediates,
                UnixTime::since_unix_epoch(std::time::Duration::from_secs(seconds)),
                KeyUsage::client_auth(),
                None,
                Some(&|path: &VerifiedPath<'_>| check_length(path, &roots)),
            )
            .map_err(|cause| told(&cause))?;
        let root = root_of(&path, &self.roots).ok_or("ends at no root of the truststore")?;
        Ok(root.certificate.subject.as_str())
    }
}

/// The library does not look at how long a chain its anchors allow, nor knows AWS's limit.
fn check_length(path: &VerifiedPath<'_>, roots: &[&Root]) -> Result<(), Error> {
    let between = path.intermediate_certificates().count();
    let allowed = root_of(path, roots.iter().copied())
        .ok_or(Error::UnknownIssuer)?
        .certificate
        .path_length_max;
    let within = allowed.is_none_or(|most| u32::try_from(between).is_ok_and(|between| between <= most));
    if within && between + 2 <= CHAIN_CERTIFICATES_MAX {
        Ok(())
    } else {
        Err(Error::PathLenConstraintViolated)
    }
}

fn root_of<'r>(path: &VerifiedPath<'_>, roots: impl IntoIterator<Item = &'r Root>) -> Option<&'r Root> {
    let found = path.anchor();
    roots.into_iter().find(|root| {
        root.anchor.subject == found.subject
            && root.anchor.subject_public_key_info == found.subject_public_key_info
    })
}

/// What a trail says of a chain that does not hold.
fn told(cause: &Error) -> String {
    match cause {
        Error::UnknownIssuer => "is not issued by a CA of the truststore".into(),
        Error::CertExpired { .. } => "or one above it has expired".into(),
        Error::CertNotValidYet { .. } => "or one above it is not valid yet".into(),
        Error::RequiredEkuNotFoundContext(_) => "is not meant for clients (`extendedKeyUsage`)".into(),
        Error::CaUsedAsEndEntity => "is a CA's own".into(),
        Error::PathLenConstraintViolated | Error::MaximumPathDepthExceeded => {
            format!(
                "stands at the end of a longer chain than the {CHAIN_CERTIFICATES_MAX} certificates or its CAs allow"
            )
        }
        other => format!("does not hold: {other}"),
    }
}

impl std::fmt::Debug for Authorities {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            formatter,
            "Authorities({} roots, {} intermediates)",
            self.roots.len(),
            self.intermediates.len()
        )
    }
}
