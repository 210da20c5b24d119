//! `AWS::ApiGatewayV2::DomainName`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-domainname.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::{Scope, resources::custom_domains};

use crate::{
    operation::AwsError,
    resources::{
        Made, Properties,
        apigateway::domain_name::{DomainNames, mutual_tls},
    },
    services::{
        apigateway::records::domain_name::{DomainNameSettings, domain_arn, target},
        apigatewayv2::domain_names::{Configuration, DomainSettings},
    },
};

/// A custom domain name, made as the other interface's resource makes it.
pub const DOMAIN_NAME: DomainNames = DomainNames {
    schema: &SCHEMA,
    settings,
    made,
};

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGatewayV2::DomainName",
    properties: &[
        P::required(
            "DomainName",
            Shape::TextLength {
                minimum: 1,
                maximum: 253,
            },
        )
        .replaces(),
        P::optional(
            "DomainNameConfigurations",
            Shape::List(&Shape::Object(&[
                P::optional("CertificateArn", Shape::Text),
                P::refused("CertificateName", "name the certificate by its ARN"),
                P::optional("EndpointType", Shape::OneOf(&["REGIONAL", "EDGE"])),
                P::optional("IpAddressType", Shape::OneOf(&["ipv4", "dualstack"]))
                    .inert("the listener decides"),
                P::optional("OwnershipVerificationCertificateArn", Shape::Text)
                    .inert("nobody else could claim the name here"),
                P::optional("SecurityPolicy", Shape::OneOf(&["TLS_1_2"])),
            ])),
        ),
        P::optional(
            "MutualTlsAuthentication",
            Shape::Object(&[
                P::optional("TruststoreUri", Shape::Text),
                P::optional("TruststoreVersion", Shape::Text),
            ]),
        ),
        P::optional("RoutingMode", Shape::OneOf(&["API_MAPPING_ONLY"])),
        P::optional("Tags", Shape::Tags),
    ],
    attributes: &["DomainNameArn", "RegionalDomainName", "RegionalHostedZoneId"],
};

fn settings(properties: Properties<'_>) -> Result<DomainNameSettings, AwsError> {
    let mut settings = DomainSettings {
        tags: properties.tags("Tags"),
        ..DomainSettings::default()
    };
    for configuration in properties.objects("DomainNameConfigurations") {
        settings.domain_name_configurations.push(configuration.settings(&[
            ("CertificateArn", "certificateArn"),
            ("EndpointType", "endpointType"),
            ("IpAddressType", "ipAddressType"),
            (
                "OwnershipVerificationCertificateArn",
                "ownershipVerificationCertificateArn",
            ),
            ("SecurityPolicy", "securityPolicy"),
        ])?);
    }
    if settings.domain_name_configurations.is_empty() {
        settings.domain_name_configurations.push(Configuration::default());
    }
    settings.mutual_tls_authentication = mutual_tls(properties)?;
    settings.common(None)
}

fn made(domain: &custom_domains::DomainName, scope: &Scope) -> Made {
    let made = Made::named(&domain.domain_name).with("DomainNameArn", domain_arn(domain, scope));
    // The resource has these names for both types of endpoint.
    let (target, zone) = target(domain, scope);
    made.with("RegionalDomainName", target)
        .with("RegionalHostedZoneId", zone)
}
