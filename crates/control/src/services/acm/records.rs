//! What the operations do to the records of certificates; stacks and custom domains use it too.

use std::collections::BTreeMap;

use portcullis_engines::x509::{Certificate, certificates_of_pem, date_text};
use portcullis_model::{
    Clock, Entropy, Scope, SecretText, Timestamp,
    resources::{
        acm::{AcmCertificate, Issued, Origin, id_of_arn, key_purpose},
        custom_domains::DomainName,
    },
};
use portcullis_store::{Batch, Expect, Page, Put, RecordKey, Store, kinds, typed};
use portcullis_vault::Vault;

use super::{
    errors::{from_store, invalid, not_found, parameter},
    rules::{check_tags, names},
};
use crate::{
    ControlParts,
    operation::AwsError,
    ports::{self, Issuance, IssuedPem},
};

/// Certificates of an account and region, as AWS's quota.
const CERTIFICATES_MAX: usize = 2_500;
/// How long the same token answers with the same certificate, as on AWS.
const TOKEN_SECONDS: i64 = 3_600;
/// Keys that can be asked for.
pub const REQUESTABLE: &[&str] = &["RSA_2048", "EC_prime256v1", "EC_secp384r1"];

/// The certificates of one account and region, and what is needed to change them.
#[derive(Clone, Copy)]
pub struct Certificates<'a> {
    pub store: &'a dyn Store,
    pub vault: &'a Vault,
    pub scope: &'a Scope,
    pub clock: &'a dyn Clock,
    pub entropy: &'a dyn Entropy,
    pub edge: &'a dyn ports::Certificates,
}

/// A record as it was read, so that it is written back only if nobody else was first.
#[derive(Clone, Debug)]
pub struct Kept {
    pub value: AcmCertificate,
    pub version: u64,
}

/// What is imported.
pub struct Import {
    pub certificate: String,
    pub chain: String,
    pub private_key: SecretText,
}

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Request {
    pub domain_name: String,
    pub subject_alternative_names: Vec<String>,
    pub key_algorithm: Option<String>,
    pub validation_method: Option<String>,
    pub idempotency_token: Option<String>,
    pub tags: BTreeMap<String, String>,
}

impl<'a> Certificates<'a> {
    /// Returns the certificates of `scope`.
    pub fn of(parts: &'a ControlParts, scope: &'a Scope) -> Self {
        Self {
            store: parts.store.as_ref(),
            vault: &parts.vault,
            scope,
            clock: parts.clock.as_ref(),
            entropy: parts.entropy.as_ref(),
            edge: parts.certificates.as_ref(),
        }
    }
}

impl Certificates<'_> {
    /// Imports a certificate; over an imported one of `arn` where that is given.
    pub async fn import(
        &self,
        import: &Import,
        arn: Option<&str>,
        tags: BTreeMap<String, String>,
    ) -> Result<AcmCertificate, AwsError> {
        let facts = self.check_import(import)?;
        let before = match arn {
            None => None,
            Some(arn) => Some(self.find(arn).await?),
        };
        if let Some(before) = &before {
            if before.value.origin != Origin::Imported {
                return Err(invalid("Only an imported certificate can be imported over."));
            }
            self.check_still_covers(&before.value, &facts).await?;
        }
        let id = before
            .as_ref()
            .map_or_else(|| self.entropy.uuid(), |before| before.value.id.clone());
        let names = facts.dns_names.clone();
        let made = AcmCertificate {
            domain_name: names.first().cloned().unwrap_or_default(),
            subject_alternative_names: names,
            origin: Origin::Imported,
            key_algorithm: facts.key_algorithm.clone().unwrap_or_default(),
            created_at: before
                .as_ref()
                .map_or_else(|| self.clock.now(), |before| before.value.created_at),
            issued: Some(Issued {
                at: self.clock.now(),
                certificate: import.certificate.clone(),
                chain: import.chain.clone(),
                private_key: self.sealed(&id, &import.private_key)?,
                not_before: facts.not_before,
                not_after: facts.not_after,
            }),
            validation_method: None,
            idempotency_token: None,
            failure: None,
            tags: before.as_ref().map_or(tags, |before| before.value.tags.clone()),
            id,
        };
        let expect = before.map_or(Expect::Absent, |before| Expect::Version(before.version));
        self.put(&made, expect).await?;
        Ok(made)
    }

    fn check_import(&self, import: &Import) -> Result<Certificate, AwsError> {
        let read = |text: &str, what: &str| {
            certificates_of_pem(text).map_err(|cause| invalid(format!("The {what} cannot be read: {cause}.")))
        };
        let [der] = &read(&import.certificate, "certificate")?[..] else {
            return Err(invalid("`Certificate` must hold exactly one certificate in PEM."));
        };
        let facts = Certificate::parse(der)
            .map_err(|cause| invalid(format!("The certificate cannot be read: {cause}.")))?;
        read(&import.chain, "certificate chain")?;
        let now = self.clock.now();
        if now > facts.not_after {
            let until = date_text(facts.not_after);
            return Err(invalid(format!("The certificate expired at {until}.")));
        }
        if now < facts.not_before {
            let from = date_text(facts.not_before);
            return Err(invalid(format!("The certificate is not valid before {from}.")));
        }
        if facts.dns_names.is_empty() {
            return Err(invalid(
                "The certificate names no host: `subjectAltName` has no `dNSName`.",
            ));
        }
        if facts.key_algorithm.is_none() {
            return Err(invalid(
                "The key of the certificate is neither RSA nor on a curve of AWS's.",
            ));
        }
        self.edge
            .check_pair(&import.certificate, &import.chain, &import.private_key)
            .map_err(invalid)?;
        Ok(facts)
    }

    /// A domain must not be left with a certificate that is for others.
    async fn check_still_covers(&self, before: &AcmCertificate, new: &Certificate) -> Result<(), AwsError> {
        let served = self.domains_with(&before.arn(self.scope)).await?;
        match served.iter().find(|domain| !new.is_for(&domain.domain_name)) {
            None => Ok(()),
            Some(domain) => Err(invalid(format!(
                "The certificate is in use by the custom domain `{}`, which the new one does not name.",
                domain.domain_name
            ))),
        }
    }

    /// Asks for a certificate; it is there at once where the issuer is.
    pub async fn request(&self, request: Request) -> Result<AcmCertificate, AwsError> {
        let names = names(&request.domain_name, &request.subject_alternative_names)?;
        let algorithm = request.key_algorithm.as_deref().unwrap_or("RSA_2048");
        if !REQUESTABLE.contains(&algorithm) {
            return Err(parameter(format!(
                "`KeyAlgorithm` `{algorithm}` cannot be asked for: {}",
                REQUESTABLE.join(", ")
            )));
        }
        check_tags(&request.tags)?;
        if let Some(known) = self.with_token(&request, &names).await? {
            return Ok(known);
        }
        let now = self.clock.now();
        let mut made = AcmCertificate {
            id: self.entropy.uuid(),
            domain_name: request.domain_name.to_ascii_lowercase(),
            origin: Origin::Requested,
            key_algorithm: algorithm.to_owned(),
            created_at: now,
            issued: None,
            validation_method: request.validation_method,
            idempotency_token: request.idempotency_token,
            failure: None,
            tags: request.tags,
            subject_alternative_names: names,
        };
        match self.edge.issue(&made.subject_alternative_names, algorithm) {
            Issuance::Now(issued) => made.issued = Some(self.issued(&made.id, &issued)?),
            Issuance::Later => {}
            Issuance::Refused(reason) => return Err(invalid(reason)),
        }
        self.put(&made, Expect::Absent).await?;
        Ok(made)
    }

    async fn with_token(
        &self,
        request: &Request,
        names: &[String],
    ) -> Result<Option<AcmCertificate>, AwsError> {
        let Some(token) = &request.idempotency_token else {
            return Ok(None);
        };
        let since = self.clock.now().plus_seconds(-TOKEN_SECONDS);
        let known = self.all().await?.into_iter().find(|known| {
            known.idempotency_token.as_ref() == Some(token)
                && known.created_at > since
                && known.subject_alternative_names == names
        });
        Ok(known)
    }

    fn issued(&self, id: &str, issued: &IssuedPem) -> Result<Issued, AwsError> {
        let unreadable = || AwsError::internal("what was issued cannot be read");
        let ders = certificates_of_pem(&issued.certificate).map_err(|_| unreadable())?;
        let facts = ders.first().and_then(|der| Certificate::parse(der).ok());
        let facts = facts.ok_or_else(unreadable)?;
        Ok(Issued {
            at: self.clock.now(),
            certificate: issued.certificate.clone(),
            chain: issued.chain.clone(),
            private_key: self.sealed(id, &issued.private_key)?,
            not_before: facts.not_before,
            not_after: facts.not_after,
        })
    }

    /// Keeps what was issued for a request, the first time or anew.
    pub async fn put_issued(&self, id: &str, issued: &IssuedPem) -> Result<(), AwsError> {
        let Some(kept) = self.read(id).await? else {
            return Ok(()); // deleted meanwhile
        };
        let changed = AcmCertificate {
            issued: Some(self.issued(id, issued)?),
            failure: None,
            ..kept.value
        };
        self.put(&changed, Expect::Version(kept.version)).await
    }

    /// Keeps why a request could not be issued.
    pub async fn put_failure(&self, id: &str, failure: &str) -> Result<(), AwsError> {
        match self.read(id).await? {
            Some(kept) if kept.value.failure.as_deref() != Some(failure) => {
                let changed = AcmCertificate {
                    failure: Some(failure.to_owned()),
                    ..kept.value
                };
                self.put(&changed, Expect::Version(kept.version)).await
            }
            _ => Ok(()),
        }
    }

    fn sealed(&self, id: &str, private_key: &SecretText) -> Result<String, AwsError> {
        self.vault
            .seal_text(&key_purpose(self.scope, id), private_key)
            .map_err(|cause| AwsError::internal(cause.to_string()))
    }

    fn key(&self, id: &str) -> RecordKey {
        RecordKey::new(self.scope, kinds::ACM_CERTIFICATE, id)
    }

    async fn put(&self, certificate: &AcmCertificate, expect: Expect) -> Result<(), AwsError> {
        if expect == Expect::Absent && self.all().await?.len() >= CERTIFICATES_MAX {
            let message = format!("an account has at most {CERTIFICATES_MAX} certificates");
            return Err(AwsError::new("LimitExceededException", 400, message));
        }
        let put = Put::json(self.key(&certificate.id), certificate, expect);
        let batch = Batch::new().with(put.map_err(|error| from_store(&error))?);
        let committed = self.store.commit(batch).await;
        committed.map(drop).map_err(|error| from_store(&error))
    }

    async fn read(&self, id: &str) -> Result<Option<Kept>, AwsError> {
        let found = typed::read_json::<AcmCertificate>(self.store, &self.key(id)).await;
        let found = found.map_err(|error| from_store(&error))?;
        Ok(found.map(|found| Kept {
            value: found.value,
            version: found.version,
        }))
    }

    /// Returns the certificate of an ARN, or AWS's error when there is none in this account and region.
    pub async fn find(&self, arn: &str) -> Result<Kept, AwsError> {
        let Some(id) = id_of_arn(arn, self.scope) else {
            return Err(not_found(arn));
        };
        self.read(id).await?.ok_or_else(|| not_found(arn))
    }

    /// Returns all of them, in the order of ids.
    pub async fn all(&self) -> Result<Vec<AcmCertificate>, AwsError> {
        let all =
            typed::list_json::<AcmCertificate>(self.store, self.scope, kinds::ACM_CERTIFICATE, Page::all(""));
        let all = all.await.map_err(|error| from_store(&error))?;
        Ok(all.into_iter().map(|found| found.value).collect())
    }

    /// Returns the custom domains that are served with the certificate of an ARN.
    pub async fn domains_with(&self, arn: &str) -> Result<Vec<DomainName>, AwsError> {
        let mut domains = self.domains().await?;
        domains.retain(|domain| domain.certificate() == Some(arn));
        Ok(domains)
    }

    /// Returns every custom domain.
    pub async fn domains(&self) -> Result<Vec<DomainName>, AwsError> {
        let page = Page::all("");
        let all = typed::list_json::<DomainName>(self.store, self.scope, kinds::API_DOMAIN_NAME, page);
        let all = all.await.map_err(|error| from_store(&error))?;
        Ok(all.into_iter().map(|found| found.value).collect())
    }

    /// Deletes a certificate that nothing is served with.
    pub async fn delete(&self, arn: &str) -> Result<(), AwsError> {
        let kept = self.find(arn).await?;
        if !self.domains_with(arn).await?.is_empty() {
            let message = format!("Certificate {arn} in account {} is in use.", self.scope.account);
            return Err(AwsError::new("ResourceInUseException", 400, message));
        }
        let batch = Batch::new().delete(self.key(&kept.value.id), Expect::Version(kept.version));
        let committed = self.store.commit(batch).await;
        committed.map(drop).map_err(|error| from_store(&error))
    }

    /// Changes the tags of a certificate.
    pub async fn change_tags(
        &self,
        arn: &str,
        change: impl FnOnce(&mut BTreeMap<String, String>) + Send,
    ) -> Result<(), AwsError> {
        let mut kept = self.find(arn).await?;
        change(&mut kept.value.tags);
        check_tags(&kept.value.tags)?;
        self.put(&kept.value, Expect::Version(kept.version)).await
    }
}

/// Returns how a certificate stands at `now`, in AWS's word.
pub fn status(certificate: &AcmCertificate, now: Timestamp) -> &'static str {
    match &certificate.issued {
        None => "PENDING_VALIDATION",
        Some(issued) if now > issued.not_after => "EXPIRED",
        Some(_) => "ISSUED",
    }
}
