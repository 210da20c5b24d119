//! `AWS::ApiGatewayV2::DomainName`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigatewayv2-domainname.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::{
    Scope,
    resources::{cloudformation::StackResource, custom_domains},
};

use super::gone_is_fine;
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::{
        apigateway::records::domain_name::{
            DISTRIBUTION_ZONE, DomainNameSettings, REGIONAL_ZONE, TruststoreRead, distribution_target,
            domain_arn, regional_target,
        },
        apigatewayv2::domain_names::{Configuration, DomainSettings},
    },
};

/// A custom domain name.
pub struct DomainName;

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
    if let Some(mutual) = properties.object("MutualTlsAuthentication") {
        let names = [
            ("TruststoreUri", "truststoreUri"),
            ("TruststoreVersion", "truststoreVersion"),
        ];
        settings.mutual_tls_authentication = Some(mutual.settings(&names)?);
    }
    settings.common(None)
}

fn made(domain: &custom_domains::DomainName, scope: &Scope) -> Made {
    let made = Made::named(&domain.domain_name).with("DomainNameArn", domain_arn(domain, scope));
    // The resource has these names for both types of endpoint.
    let (target, zone) = if domain.endpoint_type == "EDGE" {
        (distribution_target(domain), DISTRIBUTION_ZONE)
    } else {
        (regional_target(domain, scope), REGIONAL_ZONE)
    };
    made.with("RegionalDomainName", target)
        .with("RegionalHostedZoneId", zone)
}

impl StackedResource for DomainName {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties.text_or_empty("DomainName");
            let domains = maker.domains();
            let domain = domains.create_domain_name(name, settings(properties)?);
            Ok(made(&domain.await?, maker.scope))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let domains = maker.domains();
            let settings = settings(properties)?;
            let domain = domains.replace_domain_name(&before.reference, settings, TruststoreRead::Anew);
            Ok(made(&domain.await?, maker.scope))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move { gone_is_fine(maker.domains().delete_domain_name(&made.reference).await) })
    }
}
