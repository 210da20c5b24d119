//! Custom domain names: <https://docs.aws.amazon.com/apigateway/latest/api/API_DomainName.html>

use std::collections::BTreeMap;

use portcullis_engines::x509::covers;
use portcullis_model::{
    Scope,
    resources::{
        acm::{AcmCertificate, id_of_arn},
        custom_domains::{DomainName, EndpointAccessMode, SecurityPolicy},
    },
};
use portcullis_store::{Batch, Expect, Page, Put, kinds};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Apis, Kept, Listed, Wanted, truststore::TruststorePlace};
use crate::{
    ControlParts,
    operation::AwsError,
    ports::{Buckets, Certificates},
    services::apigateway::errors::{bad_request, conflict, from_store, not_found, unsupported},
};

/// Custom domains of an account and region; AWS begins with 120 and raises it.
const DOMAINS_MAX: usize = 2_000;
/// Characters of a domain name, as a host's.
const NAME_CHARACTERS_MAX: usize = 253;
/// No two domains, whoever owns them, share a name.
const NAME_LOOKUP: &str = "domain-name";

/// The custom domains of one account and region, and what is needed to change them.
#[derive(Clone, Copy)]
pub struct Domains<'a> {
    pub apis: Apis<'a>,
    pub buckets: &'a dyn Buckets,
    pub certificates: &'a dyn Certificates,
}

/// Whether a change reads the truststore again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TruststoreRead {
    Anew,
    IfMoved,
}

/// What a caller chooses about a domain.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DomainNameSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub regional_certificate_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_verification_certificate_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_configuration: Option<DomainEndpoint>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_policy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_access_mode: Option<EndpointAccessMode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutual_tls_authentication: Option<MutualTlsSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_mode: Option<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
    // AWS's other fields: named here so that their refusal can name them.
    #[serde(default, skip_serializing)]
    pub certificate_name: Option<Value>,
    #[serde(default, skip_serializing)]
    pub certificate_body: Option<Value>,
    #[serde(default, skip_serializing)]
    pub certificate_private_key: Option<Value>,
    #[serde(default, skip_serializing)]
    pub certificate_chain: Option<Value>,
    #[serde(default, skip_serializing)]
    pub regional_certificate_name: Option<Value>,
    #[serde(default, skip_serializing)]
    pub policy: Option<Value>,
}

/// Where a domain is served.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DomainEndpoint {
    #[serde(default)]
    pub types: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<String>,
    #[serde(default, skip_serializing)]
    pub vpc_endpoint_ids: Vec<String>,
}

/// Which clients a domain lets in.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MutualTlsSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truststore_uri: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub truststore_version: Option<String>,
}

impl DomainNameSettings {
    /// Returns the settings that `domain` has.
    pub fn of(domain: &DomainName) -> Self {
        let policy = serde_json::to_value(domain.security_policy).ok();
        Self {
            certificate_arn: domain.certificate_arn.clone(),
            regional_certificate_arn: domain.regional_certificate_arn.clone(),
            ownership_verification_certificate_arn: domain.ownership_verification_certificate_arn.clone(),
            endpoint_configuration: Some(DomainEndpoint {
                types: vec![domain.endpoint_type.clone()],
                ..DomainEndpoint::default()
            }),
            security_policy: policy.and_then(|policy| policy.as_str().map(str::to_owned)),
            mutual_tls_authentication: domain.mutual_tls.as_ref().map(|mutual| MutualTlsSettings {
                truststore_uri: Some(mutual.truststore_uri.clone()),
                truststore_version: mutual.truststore_version.clone(),
            }),
            endpoint_access_mode: domain.endpoint_access_mode,
            tags: domain.tags.clone(),
            ..Self::default()
        }
    }

    fn check(&self) -> Result<(), AwsError> {
        const UPLOADED: &str =
            "import the certificate with ImportCertificate of `acm`, and name it by its ARN";
        let refused = [
            ("certificateName", self.certificate_name.is_some(), UPLOADED),
            ("certificateBody", self.certificate_body.is_some(), UPLOADED),
            (
                "certificatePrivateKey",
                self.certificate_private_key.is_some(),
                UPLOADED,
            ),
            ("certificateChain", self.certificate_chain.is_some(), UPLOADED),
            (
                "regionalCertificateName",
                self.regional_certificate_name.is_some(),
                UPLOADED,
            ),
            (
                "policy",
                self.policy.is_some(),
                "private custom domains are not there",
            ),
            (
                "routingMode",
                self.routing_mode
                    .as_deref()
                    .is_some_and(|mode| mode != "BASE_PATH_MAPPING_ONLY"),
                "there are base path mappings alone, no routing rules",
            ),
        ];
        if let Some((field, _, reason)) = refused.iter().find(|(_, given, _)| *given) {
            return Err(unsupported(field, reason));
        }
        let endpoint = self.endpoint_configuration.as_ref();
        if endpoint.is_some_and(|endpoint| !endpoint.vpc_endpoint_ids.is_empty()) {
            let reason = "private custom domains are not there";
            return Err(unsupported("endpointConfiguration.vpcEndpointIds", reason));
        }
        if endpoint.is_some_and(|endpoint| endpoint.types.len() > 1) {
            return Err(bad_request("Only one endpoint type may be specified"));
        }
        match self.endpoint_type().as_str() {
            "EDGE" if self.truststore()?.is_some() => Err(bad_request(
                "Mutual TLS authentication is only supported for REGIONAL endpoints",
            )),
            "EDGE" | "REGIONAL" => Ok(()),
            "PRIVATE" => Err(unsupported(
                "endpointConfiguration.types",
                "private custom domains are not there",
            )),
            other => Err(bad_request(format!("Invalid endpoint type specified: {other}"))),
        }
    }

    fn endpoint_type(&self) -> String {
        let types = self
            .endpoint_configuration
            .as_ref()
            .map(|endpoint| endpoint.types.as_slice());
        types
            .and_then(|types| types.first())
            .map_or_else(|| "EDGE".to_owned(), Clone::clone)
    }

    /// Returns the ARN of the certificate that the domain is served with.
    fn certificate(&self) -> Option<&str> {
        let own = if self.endpoint_type() == "EDGE" {
            &self.certificate_arn
        } else {
            &self.regional_certificate_arn
        };
        own.as_deref().filter(|arn| !arn.is_empty())
    }

    fn security_policy(&self) -> Result<SecurityPolicy, AwsError> {
        let Some(named) = self.security_policy.as_deref() else {
            return Ok(SecurityPolicy::default());
        };
        if named == "TLS_1_0" {
            return Err(unsupported("securityPolicy", "TLS below 1.2 is not spoken"));
        }
        serde_json::from_value(named.into()).map_err(|_| {
            let reason =
                "use `TLS_1_2`, `SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09` or `SecurityPolicy_TLS13_1_3_2025_09`; FIPS modules and \
                 suites without forward secrecy are not there";
            unsupported("securityPolicy", reason)
        })
    }

    /// Returns the place of the truststore; an empty one switches mutual TLS off, as on AWS.
    fn truststore(&self) -> Result<Option<TruststorePlace>, AwsError> {
        let mutual = self.mutual_tls_authentication.as_ref();
        let uri = mutual.and_then(|mutual| mutual.truststore_uri.as_deref());
        let Some(uri) = uri.filter(|uri| !uri.is_empty()) else {
            return Ok(None);
        };
        let version = mutual.and_then(|mutual| mutual.truststore_version.as_deref());
        let version = version.filter(|version| !version.is_empty());
        TruststorePlace::parse(uri, version)
            .map(Some)
            .map_err(bad_request)
    }
}

impl<'a> Domains<'a> {
    /// Returns the custom domains of `scope`.
    pub fn of(parts: &'a ControlParts, scope: &'a Scope) -> Self {
        Self {
            apis: Apis::of(parts, scope),
            buckets: parts.buckets.as_ref(),
            certificates: parts.certificates.as_ref(),
        }
    }
}

impl Domains<'_> {
    /// Makes a domain.
    pub async fn create_domain_name(
        &self,
        name: &str,
        settings: DomainNameSettings,
    ) -> Result<DomainName, AwsError> {
        check_name(name)?;
        settings.check()?;
        self.check_certified(name, &settings).await?;
        let page = Page::all("");
        let others = self
            .apis
            .store
            .list(self.apis.scope, kinds::API_DOMAIN_NAME, page);
        let others = others.await.map_err(|error| from_store(&error))?;
        if others.len() >= DOMAINS_MAX {
            let message = "Maximum number of domain names has been reached";
            return Err(AwsError::new("LimitExceededException", 429, message));
        }
        let domain = DomainName {
            domain_name: name.to_owned(),
            created_date: self.apis.clock.now(),
            endpoint_type: settings.endpoint_type(),
            security_policy: settings.security_policy()?,
            endpoint_access_mode: settings.endpoint_access_mode,
            target_label: format!("d-{}", self.apis.entropy.lower_alphanumeric(10)),
            mutual_tls: self.read_truststore(settings.truststore()?.as_ref())?,
            certificate_arn: settings.certificate_arn,
            regional_certificate_arn: settings.regional_certificate_arn,
            ownership_verification_certificate_arn: settings.ownership_verification_certificate_arn,
            tags: settings.tags,
        };
        self.put_domain(&domain, Expect::Absent).await?;
        Ok(domain)
    }

    /// Rejects a name that could not be served: the certificate that is referred to must be for it, or the edge must have one.
    /// One of another account or region is not looked at: the edge's own stands in for it, as a template of production expects.
    async fn check_certified(&self, name: &str, settings: &DomainNameSettings) -> Result<(), AwsError> {
        let invalid = |reason| bad_request(format!("Invalid domain name: {reason}"));
        let Some(id) = settings
            .certificate()
            .and_then(|arn| id_of_arn(arn, self.apis.scope))
        else {
            return self.certificates.check(name).map_err(invalid);
        };
        let found = self
            .apis
            .find::<AcmCertificate>(kinds::ACM_CERTIFICATE, id)
            .await?;
        let Some(Kept { value: found, .. }) = found else {
            return Err(bad_request("The provided certificate does not exist."));
        };
        if !found
            .subject_alternative_names
            .iter()
            .any(|known| covers(known, name))
        {
            let message = "The domain name to be created is not covered by the provided certificate.";
            return Err(bad_request(message));
        }
        let now = self.apis.clock.now();
        if found.issued.is_some_and(|issued| now > issued.not_after) {
            return Err(bad_request("The provided certificate has expired."));
        }
        self.certificates.check_free(name).map_err(invalid)
    }

    pub(super) async fn put_domain(&self, domain: &DomainName, expect: Expect) -> Result<(), AwsError> {
        let name = &domain.domain_name;
        let key = self.apis.key(kinds::API_DOMAIN_NAME, name);
        let put = Put::json(key, domain, expect).map_err(|error| from_store(&error))?;
        let batch = Batch::new().with(put.unique(NAME_LOOKUP, name));
        let committed = self.apis.store.commit(batch).await;
        committed.map(drop).map_err(|error| match (expect, error) {
            (
                Expect::Absent,
                portcullis_store::StoreError::Conflict { .. } | portcullis_store::StoreError::Taken { .. },
            ) => conflict("The domain name you provided already exists."),
            (_, error) => from_store(&error),
        })
    }

    /// Returns a domain, or AWS's error when there is none.
    pub async fn domain_name(&self, name: &str) -> Result<Kept<DomainName>, AwsError> {
        let found = self.apis.find(kinds::API_DOMAIN_NAME, name).await?;
        found.ok_or_else(|| not_found("Invalid domain name identifier specified"))
    }

    /// Returns a page of the domains.
    pub async fn domain_names(&self, wanted: &Wanted) -> Result<Listed<DomainName>, AwsError> {
        self.apis.page(kinds::API_DOMAIN_NAME, "", wanted).await
    }

    /// Gives a domain new settings.
    pub async fn replace_domain_name(
        &self,
        name: &str,
        settings: DomainNameSettings,
        read: TruststoreRead,
    ) -> Result<DomainName, AwsError> {
        settings.check()?;
        let kept = self.domain_name(name).await?;
        if settings.certificate() != kept.value.certificate() {
            self.check_certified(name, &settings).await?;
        }
        let place = settings.truststore()?;
        let before = kept.value.mutual_tls.clone();
        let stays = before
            .as_ref()
            .zip(place.as_ref())
            .is_some_and(|(before, place)| place.is_of(before));
        let mutual_tls = if stays && read == TruststoreRead::IfMoved {
            before
        } else {
            self.read_truststore(place.as_ref())?
        };
        let changed = DomainName {
            endpoint_type: settings.endpoint_type(),
            security_policy: settings.security_policy()?,
            endpoint_access_mode: settings.endpoint_access_mode,
            mutual_tls,
            certificate_arn: settings.certificate_arn,
            regional_certificate_arn: settings.regional_certificate_arn,
            ownership_verification_certificate_arn: settings.ownership_verification_certificate_arn,
            tags: settings.tags,
            ..kept.value
        };
        self.put_domain(&changed, Expect::Version(kept.version)).await?;
        Ok(changed)
    }

    /// Deletes a domain with its mappings.
    pub async fn delete_domain_name(&self, name: &str) -> Result<(), AwsError> {
        let kept = self.domain_name(name).await?;
        let key = self.apis.key(kinds::API_DOMAIN_NAME, name);
        let mut batch = Batch::new().delete(key, Expect::Version(kept.version));
        let page = Page::all(format!("{name}/"));
        let mappings = self
            .apis
            .store
            .list(self.apis.scope, kinds::API_BASE_PATH_MAPPING, page);
        for mapping in mappings.await.map_err(|error| from_store(&error))? {
            batch = batch.delete(mapping.key, Expect::Anything);
        }
        self.apis.commit(batch).await
    }
}

/// The zone of AWS's distributions, the same for all of them. There is no Route 53 here: it is for templates to carry around.
const DISTRIBUTION_ZONE: &str = "Z2FDTNDATAQYW2";
/// The zone of AWS's regional endpoints in us-east-1, said of every region.
const REGIONAL_ZONE: &str = "Z1UJRXOUMOOFQ8";

/// Returns the host that AWS would have users point a domain at, and the zone that it is in.
pub fn target(domain: &DomainName, scope: &Scope) -> (String, &'static str) {
    if domain.endpoint_type == "EDGE" {
        (distribution_target(domain), DISTRIBUTION_ZONE)
    } else {
        (regional_target(domain, scope), REGIONAL_ZONE)
    }
}

/// Returns the host that AWS would have users point a regional domain at. The domain itself is served here, by its name.
fn regional_target(domain: &DomainName, scope: &Scope) -> String {
    format!(
        "{}.execute-api.{}.amazonaws.com",
        domain.target_label, scope.region
    )
}

/// Returns the host that AWS would have users point an edge-optimised domain at.
fn distribution_target(domain: &DomainName) -> String {
    format!("{}.cloudfront.net", domain.target_label.replace('-', ""))
}

/// Returns the ARN of a custom domain.
pub fn domain_arn(domain: &DomainName, scope: &Scope) -> String {
    format!(
        "arn:aws:apigateway:{}::/domainnames/{}",
        scope.region, domain.domain_name
    )
}

/// Rejects what is no host name in lower case with at least two labels.
fn check_name(name: &str) -> Result<(), AwsError> {
    if name.starts_with("*.") {
        return Err(unsupported(
            "domainName",
            "wildcard domain names are not there yet: make one for each name",
        ));
    }
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    let label = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(plain)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    if name.len() <= NAME_CHARACTERS_MAX && name.contains('.') && name.split('.').all(label) {
        return Ok(());
    }
    Err(bad_request(format!(
        "Invalid domain name `{name}`: expected a host name in lower case, such as `api.example.com`"
    )))
}
