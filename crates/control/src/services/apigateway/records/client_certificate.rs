//! Certificates that stages present to their backends: <https://docs.aws.amazon.com/apigateway/latest/api/API_ClientCertificate.html>
//!
//! A key is made here, sealed, and shown to nobody: a backend is told the certificate. It is good for a year, as on AWS, and does
//! not renew itself: a stage is given another.

use std::collections::BTreeMap;

use portcullis_model::{
    SecretText,
    resources::apigateway::{ClientCertificate, Stage, client_key_purpose},
};
use portcullis_store::{Expect, kinds};
use portcullis_vault::Vault;
use serde::{Deserialize, Serialize};

use super::{Apis, Kept, Listed, Wanted};
use crate::{
    operation::AwsError,
    ports::Certificates,
    services::apigateway::errors::{bad_request, conflict, not_found},
};

/// Certificates of an account in a region, as AWS's quota.
const CERTIFICATES_MAX: usize = 60;
/// How long one is good for, as AWS's.
const VALIDITY_SECONDS: i64 = 365 * 86_400;
/// Characters of a description.
const DESCRIPTION_CHARACTERS_MAX: usize = 1_024;
/// Characters of an id.
const ID_CHARACTERS: usize = 6;

/// What a caller chooses about a certificate.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientCertificateSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// The certificates of one account and region.
#[derive(Clone, Copy)]
pub struct ClientCertificates<'a> {
    pub apis: Apis<'a>,
    pub vault: &'a Vault,
    pub edge: &'a dyn Certificates,
}

impl ClientCertificateSettings {
    /// Returns the settings that `certificate` has.
    pub fn of(certificate: &ClientCertificate) -> Self {
        Self {
            description: certificate.description.clone(),
            tags: certificate.tags.clone(),
        }
    }

    fn check(&self) -> Result<(), AwsError> {
        let characters = self.description.as_ref().map_or(0, |text| text.chars().count());
        if characters > DESCRIPTION_CHARACTERS_MAX {
            return Err(bad_request(format!(
                "A description may have at most {DESCRIPTION_CHARACTERS_MAX} characters"
            )));
        }
        Ok(())
    }
}

impl ClientCertificates<'_> {
    /// Makes a certificate and its key.
    pub async fn generate(&self, settings: ClientCertificateSettings) -> Result<ClientCertificate, AwsError> {
        settings.check()?;
        let apis = &self.apis;
        let kind = kinds::API_CLIENT_CERTIFICATE;
        if apis.all_of::<ClientCertificate>(kind, "").await?.len() >= CERTIFICATES_MAX {
            let message =
                format!("An account may have at most {CERTIFICATES_MAX} client certificates in a region");
            return Err(AwsError::new("LimitExceededException", 429, message));
        }
        let id = apis.entropy.lower_alphanumeric(ID_CHARACTERS);
        let now = apis.clock.now();
        let until = now.plus_seconds(VALIDITY_SECONDS);
        let made = self
            .edge
            .make_client_certificate(now, until)
            .map_err(AwsError::internal)?;
        let sealed = self
            .vault
            .seal_text(&client_key_purpose(apis.scope, &id), &made.private_key);
        let certificate = ClientCertificate {
            description: settings.description,
            pem_encoded_certificate: made.certificate,
            private_key: sealed.map_err(|cause| AwsError::internal(cause.to_string()))?,
            created_date: now,
            expiration_date: until,
            tags: settings.tags,
            client_certificate_id: id,
        };
        let id = certificate.client_certificate_id.as_str();
        apis.put(kind, id, &certificate, Expect::Absent).await?;
        Ok(certificate)
    }

    /// Returns a certificate and its key, in PEM, for a test to present.
    pub async fn presented(&self, id: &str) -> Result<(String, SecretText), AwsError> {
        let certificate = self.apis.client_certificate(id).await?.value;
        let key = self
            .vault
            .unseal_text(&client_key_purpose(self.apis.scope, id), &certificate.private_key);
        let key = key.map_err(|cause| AwsError::internal(cause.to_string()))?;
        Ok((certificate.pem_encoded_certificate, key))
    }
}

impl Apis<'_> {
    /// Returns a certificate, or AWS's error when there is none.
    pub async fn client_certificate(&self, id: &str) -> Result<Kept<ClientCertificate>, AwsError> {
        let found = self.find(kinds::API_CLIENT_CERTIFICATE, id).await?;
        found.ok_or_else(|| not_found("Invalid Client Certificate identifier specified"))
    }

    /// Returns a page of the certificates.
    pub async fn client_certificates(&self, wanted: &Wanted) -> Result<Listed<ClientCertificate>, AwsError> {
        self.page(kinds::API_CLIENT_CERTIFICATE, "", wanted).await
    }

    /// Gives a certificate another description or other tags.
    pub async fn replace_client_certificate(
        &self,
        id: &str,
        settings: ClientCertificateSettings,
    ) -> Result<ClientCertificate, AwsError> {
        settings.check()?;
        let kept = self.client_certificate(id).await?;
        let certificate = ClientCertificate {
            description: settings.description,
            tags: settings.tags,
            ..kept.value
        };
        let expect = Expect::Version(kept.version);
        self.put(kinds::API_CLIENT_CERTIFICATE, id, &certificate, expect)
            .await?;
        Ok(certificate)
    }

    /// Deletes a certificate that no stage presents.
    pub async fn delete_client_certificate(&self, id: &str) -> Result<(), AwsError> {
        let kept = self.client_certificate(id).await?;
        let stages: Vec<Stage> = self.all_of(kinds::API_STAGE, "").await?;
        let presents = |stage: &&Stage| stage.client_certificate_id.as_deref() == Some(id);
        if let Some(stage) = stages.iter().find(presents) {
            return Err(conflict(format!(
                "Client certificate {id} is in use by the stage {} of the API {}",
                stage.stage_name, stage.api_id
            )));
        }
        self.remove(kinds::API_CLIENT_CERTIFICATE, id, kept.version).await
    }

    /// Refuses a certificate that is not there.
    pub(super) async fn check_client_certificate(&self, id: Option<&str>) -> Result<(), AwsError> {
        let Some(id) = id else { return Ok(()) };
        let found = self.find::<serde::de::IgnoredAny>(kinds::API_CLIENT_CERTIFICATE, id);
        let unknown = || bad_request("Invalid Client Certificate identifier specified");
        found.await?.map(drop).ok_or_else(unknown)
    }
}
