//! Custom domain names as the interface of HTTP APIs writes them: one list of configurations, of which there is always one, over
//! the settings that the interface of REST APIs has, too.
//! <https://docs.aws.amazon.com/apigatewayv2/latest/api-reference/domainnames.html>

use std::collections::BTreeMap;

use portcullis_model::{Scope, resources::custom_domains::DomainName};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    operation::AwsError,
    services::apigateway::{
        errors::{bad_request, unsupported},
        records::domain_name::{DomainEndpoint, DomainNameSettings, MutualTlsSettings, domain_arn, target},
        wire::mutual_tls,
    },
};

/// What a caller chooses about a domain through the interface of HTTP APIs.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DomainSettings {
    #[serde(default)]
    pub domain_name_configurations: Vec<Configuration>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mutual_tls_authentication: Option<MutualTlsSettings>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub routing_mode: Option<String>,
    #[serde(default)]
    pub tags: BTreeMap<String, String>,
}

/// Where and how a domain is served.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Configuration {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_arn: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub endpoint_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_policy: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ownership_verification_certificate_arn: Option<String>,
    // What AWS tells and does not take, and names without a meaning here.
    #[serde(default, skip_serializing)]
    pub api_gateway_domain_name: Option<Value>,
    #[serde(default, skip_serializing)]
    pub certificate_name: Option<Value>,
    #[serde(default, skip_serializing)]
    pub certificate_upload_date: Option<Value>,
    #[serde(default, skip_serializing)]
    pub domain_name_status: Option<Value>,
    #[serde(default, skip_serializing)]
    pub domain_name_status_message: Option<Value>,
    #[serde(default, skip_serializing)]
    pub hosted_zone_id: Option<Value>,
}

impl DomainSettings {
    /// Returns the settings that `domain` has.
    pub fn of(domain: &DomainName) -> Self {
        let present = DomainNameSettings::of(domain);
        Self {
            domain_name_configurations: vec![Configuration {
                certificate_arn: domain.certificate().map(str::to_owned),
                endpoint_type: Some(domain.endpoint_type.clone()),
                security_policy: present.security_policy,
                ownership_verification_certificate_arn: domain.ownership_verification_certificate_arn.clone(),
                ..Configuration::default()
            }],
            mutual_tls_authentication: present.mutual_tls_authentication,
            routing_mode: None,
            tags: domain.tags.clone(),
        }
    }

    /// Returns the settings as the interface of REST APIs has them; what only that knows stays as `present` has it.
    pub fn common(self, present: Option<&DomainName>) -> Result<DomainNameSettings, AwsError> {
        let [configuration] = <[Configuration; 1]>::try_from(self.domain_name_configurations)
            .map_err(|_| bad_request("Exactly one DomainNameConfiguration must be specified"))?;
        let told = [
            (
                "apiGatewayDomainName",
                configuration.api_gateway_domain_name.is_some(),
            ),
            ("certificateName", configuration.certificate_name.is_some()),
            (
                "certificateUploadDate",
                configuration.certificate_upload_date.is_some(),
            ),
            ("domainNameStatus", configuration.domain_name_status.is_some()),
            (
                "domainNameStatusMessage",
                configuration.domain_name_status_message.is_some(),
            ),
            ("hostedZoneId", configuration.hosted_zone_id.is_some()),
        ];
        if let Some((field, _)) = told.iter().find(|(_, given)| *given) {
            return Err(unsupported(field, "it is told, not chosen"));
        }
        let endpoint_type = configuration
            .endpoint_type
            .unwrap_or_else(|| "REGIONAL".to_owned());
        let is_edge = endpoint_type == "EDGE";
        let arn = configuration.certificate_arn;
        Ok(DomainNameSettings {
            certificate_arn: arn.clone().filter(|_| is_edge),
            regional_certificate_arn: arn.filter(|_| !is_edge),
            ownership_verification_certificate_arn: configuration.ownership_verification_certificate_arn,
            endpoint_configuration: Some(DomainEndpoint {
                types: vec![endpoint_type],
                ip_address_type: configuration.ip_address_type,
                vpc_endpoint_ids: Vec::new(),
            }),
            security_policy: configuration.security_policy,
            endpoint_access_mode: present.and_then(|domain| domain.endpoint_access_mode),
            mutual_tls_authentication: self.mutual_tls_authentication,
            routing_mode: self.routing_mode.filter(|mode| mode != "API_MAPPING_ONLY"),
            tags: self.tags,
            ..DomainNameSettings::default()
        })
    }
}

/// Renders a custom domain.
pub fn rendered(domain: &DomainName, scope: &Scope) -> Value {
    let (target, zone) = target(domain, scope);
    let mut configuration = json!({
        "apiGatewayDomainName": target,
        "domainNameStatus": "AVAILABLE",
        "endpointType": domain.endpoint_type,
        "hostedZoneId": zone,
        "ipAddressType": "ipv4",
        "securityPolicy": domain.security_policy,
    });
    if let Some(shown) = configuration.as_object_mut() {
        for (name, value) in [
            ("certificateArn", domain.certificate()),
            (
                "ownershipVerificationCertificateArn",
                domain.ownership_verification_certificate_arn.as_deref(),
            ),
        ] {
            if let Some(value) = value {
                shown.insert(name.to_owned(), value.into());
            }
        }
    }
    let mut answer = json!({
        "apiMappingSelectionExpression": "$request.basepath",
        "domainName": domain.domain_name,
        "domainNameArn": domain_arn(domain, scope),
        "domainNameConfigurations": [configuration],
        "routingMode": "API_MAPPING_ONLY",
        "tags": domain.tags,
    });
    if let (Some(mutual), Some(answer)) = (mutual_tls(domain), answer.as_object_mut()) {
        answer.insert("mutualTlsAuthentication".to_owned(), mutual);
    }
    answer
}
