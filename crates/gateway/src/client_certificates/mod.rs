//! Client certificates of custom domains with mutual TLS: what one says, and whether an authority of the domain's truststore
//! stands behind it. The handshake asks for a certificate and proves that the client holds its key; whether it is let in is
//! decided here, at the request, so that a refusal has a trail. `docs/adr/0013-client-certificates.md` says why.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/rest-api-mutual-tls.html>. Revocation lists are not read, as on
//! AWS.

mod authorities;
mod verifier;

use std::sync::{Arc, OnceLock};

use arc_swap::ArcSwapOption;
use portcullis_engines::x509::{Certificate, date_text, to_pem};
use portcullis_model::Timestamp;

pub use authorities::Authorities;
pub(crate) use verifier::AskForCertificate;

use crate::{
    decision::{Reason, shown},
    http::{Listener, Peer, TlsFacts},
    refusal::{Refusal, RefusalKind},
};

/// How long a verdict on a connection's certificate holds before chains are looked at again, in seconds.
const VERDICT_SECONDS: i64 = 60;

/// What a connection's certificate says, ready for `$context.identity.clientCert`.
#[derive(Debug)]
pub(crate) struct ClientCertificate {
    pub(crate) pem: String,
    pub(crate) subject_dn: String,
    pub(crate) issuer_dn: String,
    pub(crate) serial_number: String,
    pub(crate) not_before: String,
    pub(crate) not_after: String,
    expires: Timestamp,
}

/// What is worked out about a connection's client once and then remembered.
#[derive(Default)]
pub struct ClientMemory {
    certificate: OnceLock<Option<ClientCertificate>>,
    verdict: ArcSwapOption<Verdict>,
}

/// What a set of authorities makes of a connection's certificate.
struct Verdict {
    authorities: Arc<Authorities>,
    until: Timestamp,
    /// Why it is let in and which root stands behind it, or why not.
    outcome: Result<(Arc<str>, Arc<str>), Arc<str>>,
}

impl ClientCertificate {
    fn read(der: &[u8]) -> Option<Self> {
        let certificate = Certificate::parse(der).ok()?;
        Some(Self {
            pem: to_pem(der),
            subject_dn: certificate.subject.as_str().to_owned(),
            issuer_dn: certificate.issuer.as_str().to_owned(),
            serial_number: certificate.serial_text(),
            not_before: date_text(certificate.not_before),
            not_after: date_text(certificate.not_after),
            expires: certificate.not_after,
        })
    }
}

impl TlsFacts {
    /// Returns what the client's certificate says; none where it sent none, or one that cannot be read.
    pub(crate) fn client_certificate(&self) -> Option<&ClientCertificate> {
        let read = || ClientCertificate::read(self.client_certificates.first()?);
        self.client.certificate.get_or_init(read).as_ref()
    }
}

/// Decides whether the client of a connection is let in by `authorities`; says why, and which root stands behind it.
pub(crate) fn check(
    peer: &Peer,
    authorities: &Arc<Authorities>,
    now: Timestamp,
) -> Result<(Reason, Arc<str>), Refusal> {
    let refuse = |cause: Reason| Refusal::new(RefusalKind::Forbidden, cause);
    let Some(tls) = &peer.tls else {
        return Err(refuse(Reason::Static(match peer.listener {
            Listener::PublicHttp => "the domain demands client certificates: it is not served in clear text",
            _ => "the domain demands client certificates: it is not served without TLS",
        })));
    };
    let remembered = tls.client.verdict.load();
    if let Some(verdict) = remembered.as_ref()
        && Arc::ptr_eq(&verdict.authorities, authorities)
        && now < verdict.until
    {
        return said(verdict, refuse);
    }
    let verdict = judge(tls, authorities, now);
    let decision = said(&verdict, refuse);
    tls.client.verdict.store(Some(Arc::new(verdict)));
    decision
}

fn said(verdict: &Verdict, refuse: impl FnOnce(Reason) -> Refusal) -> Result<(Reason, Arc<str>), Refusal> {
    match &verdict.outcome {
        Ok((reason, root)) => Ok((Reason::from(reason), Arc::clone(root))),
        Err(cause) => Err(refuse(Reason::from(cause))),
    }
}

fn judge(tls: &TlsFacts, authorities: &Arc<Authorities>, now: Timestamp) -> Verdict {
    let mut until = now.plus_seconds(VERDICT_SECONDS);
    let outcome = match (tls.client_certificates.first(), tls.client_certificate()) {
        (None, _) => Err("the client sent no certificate".into()),
        (Some(_), None) => Err("the client's certificate cannot be read".into()),
        (Some(_), Some(certificate)) => {
            if now <= certificate.expires {
                // It is good to the very second that it names.
                until = until.min(certificate.expires.plus_seconds(1));
            }
            let name = shown(&certificate.subject_dn);
            match authorities.verify(&tls.client_certificates, now) {
                Ok(root) => {
                    let issuer = shown(root);
                    let reason =
                        format!("client certificate `{name}` stands under `{issuer}` of the truststore");
                    Ok((reason.into(), root.into()))
                }
                Err(cause) => Err(format!("client certificate `{name}` {cause}").into()),
            }
        }
    };
    Verdict {
        authorities: Arc::clone(authorities),
        until,
        outcome,
    }
}

impl std::fmt::Debug for ClientMemory {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("ClientMemory")
    }
}

#[cfg(test)]
mod tests;
