//! Certificates from a CA that speaks ACME (RFC 8555), proved by HTTP-01 on the clear-text listener.

mod http;

use std::{future::Future, path::PathBuf, pin::Pin, sync::Arc, time::Duration};

use anyhow::{Context, Result, bail, ensure};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Error, ExternalAccountKey, Identifier,
    NewAccount, NewOrder, Order, OrderStatus, RetryPolicy,
};
use portcullis_control::ports::{Issuance, IssuedPem};
use portcullis_egress::ClientConfig;
use portcullis_gateway::challenges::Challenges;
use portcullis_model::{Scope, SecretText};
use portcullis_store::{Batch, Expect, RecordKey, Store, kinds};
use portcullis_vault::Vault;
use rcgen::{CertificateParams, DistinguishedName};

use crate::{local_ca::new_key, wiring::Issuer};

use self::http::EgressHttp;

/// How long a CA may take to look at a challenge, or to issue.
const CA_TIME: Duration = Duration::from_secs(90);
/// How often an order is begun whose requests came too late for their nonces again and again.
const ORDERS_MAX: usize = 4;

/// Which CA, and as whom.
#[derive(Clone)]
pub(crate) struct AcmeSettings {
    /// The URL of the CA's directory.
    pub(crate) directory: String,
    /// `mailto:…`
    pub(crate) contacts: Vec<String>,
    /// The key id and the key that a CA gave out to bind accounts of its own to ours.
    pub(crate) external_account: Option<(String, SecretText)>,
    /// PEM with roots that are trusted for the CA's own servers, beside the system's.
    pub(crate) roots: Option<PathBuf>,
}

/// Orders certificates.
pub(crate) struct AcmeIssuer {
    pub(crate) settings: AcmeSettings,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) vault: Arc<Vault>,
    /// Where the account is kept.
    pub(crate) scope: Scope,
    pub(crate) client: ClientConfig,
    pub(crate) challenges: Arc<Challenges>,
}

/// Challenges that are open until this is dropped.
struct Opened<'a> {
    challenges: &'a Challenges,
    open: Vec<(String, String)>,
}

impl Drop for Opened<'_> {
    fn drop(&mut self) {
        for (name, token) in &self.open {
            self.challenges.close(name, token);
        }
    }
}

impl AcmeIssuer {
    async fn order(&self, names: &[String], key_algorithm: &str) -> Result<IssuedPem> {
        let account = self.account().await?;
        let identifiers: Vec<Identifier> = names.iter().cloned().map(Identifier::Dns).collect();
        let mut order = account
            .new_order(&NewOrder::new(&identifiers))
            .await
            .context("the order was not taken")?;
        let mut opened = Opened {
            challenges: &self.challenges,
            open: Vec::new(),
        };
        prove(&mut order, &mut opened).await?;
        let retries = RetryPolicy::default().timeout(CA_TIME);
        let status = order
            .poll_ready(&retries)
            .await
            .context("the CA did not finish its proofs")?;
        if status != OrderStatus::Ready {
            bail!("the CA could not prove the names: {}", problems(&mut order).await);
        }
        drop(opened);
        let key = new_key(key_algorithm)?;
        let mut params = CertificateParams::new(names.to_vec())?;
        params.distinguished_name = DistinguishedName::new();
        let request = params.serialize_request(&key)?;
        order
            .finalize_csr(request.der())
            .await
            .context("the CA did not take the certificate request")?;
        let chain = order
            .poll_certificate(&retries)
            .await
            .context("the CA did not issue")?;
        let (certificate, chain) = split(&chain).context("the CA answered with no certificate")?;
        Ok(IssuedPem {
            certificate,
            chain,
            private_key: SecretText::new(key.serialize_pem()),
        })
    }

    /// Returns the account with the CA; makes one the first time.
    async fn account(&self) -> Result<Account> {
        let key = RecordKey::new(&self.scope, kinds::ACME_ACCOUNT, self.settings.directory.as_str());
        let purpose = format!("acme-account {}", self.settings.directory);
        let builder = || Account::builder_with_http(Box::new(EgressHttp::new(self.client.clone())));
        if let Some(record) = self.store.read(&key).await? {
            let sealed = String::from_utf8(record.body).context("the ACME account cannot be read")?;
            let credentials: AccountCredentials = self.vault.unseal_json(&purpose, &sealed)?;
            let account = builder().from_credentials(credentials).await;
            return account.context("the ACME account cannot be used");
        }
        let contacts: Vec<&str> = self.settings.contacts.iter().map(String::as_str).collect();
        let new = NewAccount {
            contact: &contacts,
            terms_of_service_agreed: true,
            only_return_existing: false,
        };
        let external = self.settings.external_account.as_ref();
        let external = external
            .map(|(id, key)| -> Result<_> {
                let key = URL_SAFE_NO_PAD
                    .decode(key.expose())
                    .context("the external account's key is not base64url")?;
                Ok(ExternalAccountKey::new(id.clone(), &key))
            })
            .transpose()?;
        let (account, credentials) = builder()
            .create(&new, self.settings.directory.clone(), external.as_ref())
            .await
            .context("the CA made no account")?;
        let sealed = self.vault.seal_json(&purpose, &credentials)?;
        let batch = Batch::new().put(key, sealed.into_bytes(), Expect::Absent);
        self.store.commit(batch).await?;
        tracing::info!(directory = self.settings.directory, "an ACME account was made");
        Ok(account)
    }
}

/// Opens a challenge for each name that is not proved yet, and tells the CA to look.
async fn prove(order: &mut Order, opened: &mut Opened<'_>) -> Result<()> {
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization.context("an authorization cannot be read")?;
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            other => bail!("an authorization is {other:?}"),
        }
        let mut challenge = authorization
            .challenge(ChallengeType::Http01)
            .context("the CA offers no HTTP-01 challenge")?;
        let name = challenge.identifier().to_string().to_ascii_lowercase();
        let token = challenge.token.clone();
        opened
            .challenges
            .open(&name, &token, challenge.key_authorization().as_str());
        opened.open.push((name, token));
        challenge
            .set_ready()
            .await
            .context("the CA was not told to look")?;
    }
    Ok(())
}

/// Says what the CA found wrong.
async fn problems(order: &mut Order) -> String {
    let mut found = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        for challenge in &authorization.challenges {
            if let Some(problem) = &challenge.error {
                found.push(problem.to_string());
            }
        }
    }
    if found.is_empty() {
        "it does not say why".to_owned()
    } else {
        found.join("; ")
    }
}

/// Takes the first certificate of a chain apart from what stands above it.
fn split(chain: &str) -> Option<(String, String)> {
    const END: &str = "-----END CERTIFICATE-----";
    let at = chain.find(END)? + END.len();
    let (leaf, above) = chain.split_at_checked(at)?;
    Some((format!("{}\n", leaf.trim()), above.trim_start().to_owned()))
}

impl Issuer for AcmeIssuer {
    fn issue(&self, names: &[String], _key_algorithm: &str) -> Issuance {
        match names.iter().find(|name| name.starts_with("*.")) {
            None => Issuance::Later,
            Some(name) => Issuance::Refused(format!(
                "`{name}` cannot be proved: HTTP-01 proves single names; import a certificate with ImportCertificate"
            )),
        }
    }

    fn issue_later<'a>(
        &'a self,
        names: &'a [String],
        key_algorithm: &'a str,
    ) -> Pin<Box<dyn Future<Output = Result<IssuedPem>> + Send + 'a>> {
        Box::pin(async move {
            let mut begun = 1;
            loop {
                match self.order(names, key_algorithm).await {
                    Err(cause) if is_bad_nonce(&cause) && begun < ORDERS_MAX => begun += 1,
                    outcome => return outcome,
                }
            }
        })
    }
}

/// Tells whether the CA refused a nonce even when the request was sent again with the one it gave (RFC 8555 section 6.5): nothing is wrong
/// with the order.
fn is_bad_nonce(cause: &anyhow::Error) -> bool {
    let Some(Error::Api(problem)) = cause.downcast_ref() else {
        return false;
    };
    problem.r#type.as_deref() == Some("urn:ietf:params:acme:error:badNonce")
}

/// Rejects a directory or contact that is none.
pub(crate) fn check_acme(settings: &AcmeSettings) -> Result<()> {
    ensure!(
        settings.directory.starts_with("https://"),
        "acme.directory `{}`: expected the https URL of a CA's directory",
        settings.directory
    );
    for contact in &settings.contacts {
        ensure!(
            contact.starts_with("mailto:"),
            "acme.contacts `{contact}`: expected `mailto:` and an address"
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn certificate_is_taken_apart_from_its_chain() {
        let one = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n";
        let two = "-----BEGIN CERTIFICATE-----\nBB==\n-----END CERTIFICATE-----\n";
        assert_eq!(split(&format!("{one}\n{two}")).unwrap(), (one.into(), two.into()));
        assert_eq!(split(one).unwrap(), (one.into(), String::new()));
        assert_eq!(split("nothing"), None);
    }
}
