//! `AWS::ApiGateway::DomainName`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-domainname.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::{
    Scope,
    resources::{cloudformation::StackResource, custom_domains},
};

use super::gone_is_fine;
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::records::domain_name::{
        DomainNameSettings, MutualTlsSettings, TruststoreRead, domain_arn, target,
    },
};

/// A custom domain name.
pub const DOMAIN_NAME: DomainNames = DomainNames {
    schema: &SCHEMA,
    settings,
    made,
};

const OWNERSHIP: &str = "nobody else could claim the name here";

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::DomainName",
    properties: &[
        P::optional("CertificateArn", Shape::Text),
        P::required(
            "DomainName",
            Shape::TextLength {
                minimum: 1,
                maximum: 253,
            },
        )
        .replaces(),
        P::optional("EndpointAccessMode", Shape::OneOf(&["BASIC", "STRICT"])),
        P::optional(
            "EndpointConfiguration",
            Shape::Object(&[
                P::optional("Types", Shape::List(&Shape::OneOf(&["REGIONAL", "EDGE"]))),
                P::optional("IpAddressType", Shape::OneOf(&["ipv4", "dualstack"]))
                    .inert("the listener decides"),
                P::refused("VpcEndpointIds", "private custom domains are not there"),
            ]),
        ),
        P::optional(
            "MutualTlsAuthentication",
            Shape::Object(&[
                P::optional("TruststoreUri", Shape::Text),
                P::optional("TruststoreVersion", Shape::Text),
            ]),
        ),
        P::optional("OwnershipVerificationCertificateArn", Shape::Text).inert(OWNERSHIP),
        P::optional("RegionalCertificateArn", Shape::Text),
        P::optional("RoutingMode", Shape::OneOf(&["BASE_PATH_MAPPING_ONLY"])),
        P::optional(
            "SecurityPolicy",
            Shape::OneOf(&[
                "TLS_1_2",
                "SecurityPolicy_TLS13_1_2_2021_06",
                "SecurityPolicy_TLS13_1_2_PQ_2025_09",
                "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09",
                "SecurityPolicy_TLS13_1_3_2025_09",
                "TLS_1_3",
            ]),
        ),
        P::optional("Tags", Shape::Tags),
    ],
    attributes: &[
        "DistributionDomainName",
        "DistributionHostedZoneId",
        "DomainNameArn",
        "RegionalDomainName",
        "RegionalHostedZoneId",
    ],
};

fn settings(properties: Properties<'_>) -> Result<DomainNameSettings, AwsError> {
    let mut settings: DomainNameSettings = properties.settings(&[
        ("CertificateArn", "certificateArn"),
        ("EndpointAccessMode", "endpointAccessMode"),
        (
            "OwnershipVerificationCertificateArn",
            "ownershipVerificationCertificateArn",
        ),
        ("RegionalCertificateArn", "regionalCertificateArn"),
        ("RoutingMode", "routingMode"),
        ("SecurityPolicy", "securityPolicy"),
    ])?;
    if let Some(endpoint) = properties.object("EndpointConfiguration") {
        let names = [("Types", "types"), ("IpAddressType", "ipAddressType")];
        settings.endpoint_configuration = Some(endpoint.settings(&names)?);
    }
    settings.mutual_tls_authentication = mutual_tls(properties)?;
    settings.tags = properties.tags("Tags");
    Ok(settings)
}

fn made(domain: &custom_domains::DomainName, scope: &Scope) -> Made {
    let made = Made::named(&domain.domain_name).with("DomainNameArn", domain_arn(domain, scope));
    let (target, zone) = target(domain, scope);
    if domain.endpoint_type == "REGIONAL" {
        return made
            .with("RegionalDomainName", target)
            .with("RegionalHostedZoneId", zone);
    }
    made.with("DistributionDomainName", target)
        .with("DistributionHostedZoneId", zone)
}

/// A type of resource that makes custom domain names. The two that there are differ in how settings are written and in what is told.
pub struct DomainNames {
    pub schema: &'static ResourceSchema,
    pub settings: fn(Properties<'_>) -> Result<DomainNameSettings, AwsError>,
    pub made: fn(&custom_domains::DomainName, &Scope) -> Made,
}

/// What both write alike.
pub fn mutual_tls(properties: Properties<'_>) -> Result<Option<MutualTlsSettings>, AwsError> {
    let names = [
        ("TruststoreUri", "truststoreUri"),
        ("TruststoreVersion", "truststoreVersion"),
    ];
    let mutual = properties.object("MutualTlsAuthentication");
    mutual.map(|mutual| mutual.settings(&names)).transpose()
}

impl StackedResource for DomainNames {
    fn schema(&self) -> &'static ResourceSchema {
        self.schema
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties.text_or_empty("DomainName");
            let domains = maker.domains();
            let domain = domains.create_domain_name(name, (self.settings)(properties)?);
            Ok((self.made)(&domain.await?, maker.scope))
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
            let settings = (self.settings)(properties)?;
            let domain = domains.replace_domain_name(&before.reference, settings, TruststoreRead::Anew);
            Ok((self.made)(&domain.await?, maker.scope))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move { gone_is_fine(maker.domains().delete_domain_name(&made.reference).await) })
    }
}
