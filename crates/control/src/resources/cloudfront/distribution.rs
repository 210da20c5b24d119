//! `AWS::CloudFront::Distribution`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-cloudfront-distribution.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::{
    cloudformation::StackResource,
    cloudfront::{Distribution as Record, DistributionConfig},
};

use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::cloudfront::{errors::invalid, read},
};

/// A distribution.
pub struct Distribution;

const PORT: Shape = Shape::Integer {
    minimum: 1,
    maximum: 65_535,
};
const SECONDS: Shape = Shape::Integer {
    minimum: 0,
    maximum: 3_153_600_000,
};
const FUNCTIONS: &str = "functions of distributions are not there yet";
const SIGNED_URLS: &str = "signed URLs are not there yet, and without them everybody would be let in";
const PAGES: &str = "error pages of one's own are not there yet; how long an error is kept is";

static CUSTOM_HEADER: &[P] = &[
    P::required("HeaderName", Shape::Text),
    P::required("HeaderValue", Shape::Text),
];

static CUSTOM_ORIGIN: &[P] = &[
    P::optional("HTTPPort", PORT),
    P::optional("HTTPSPort", PORT),
    P::refused(
        "IpAddressType",
        "what a name resolves to is connected, whatever the version",
    ),
    P::optional(
        "OriginKeepaliveTimeout",
        Shape::Integer {
            minimum: 1,
            maximum: 180,
        },
    )
    .inert("idle connections are kept for 30 seconds"),
    P::refused(
        "OriginMtlsConfig",
        "client certificates for origins are not there yet",
    ),
    P::required(
        "OriginProtocolPolicy",
        Shape::OneOf(&["http-only", "https-only", "match-viewer"]),
    ),
    P::optional(
        "OriginReadTimeout",
        Shape::Integer {
            minimum: 1,
            maximum: 180,
        },
    ),
    P::optional("OriginSSLProtocols", Shape::List(&Shape::Text))
        .inert("TLS 1.2 and 1.3 are spoken, nothing older"),
];

static ORIGIN: &[P] = &[
    P::optional(
        "ConnectionAttempts",
        Shape::Integer {
            minimum: 1,
            maximum: 3,
        },
    ),
    P::optional(
        "ConnectionTimeout",
        Shape::Integer {
            minimum: 1,
            maximum: 10,
        },
    ),
    P::optional("CustomOriginConfig", Shape::Object(CUSTOM_ORIGIN)),
    P::required("DomainName", Shape::Text),
    P::required("Id", Shape::Text),
    P::refused(
        "OriginAccessControlId",
        "requests to origins are not signed yet: guard the origin with a custom header",
    ),
    P::optional("OriginCustomHeaders", Shape::List(&Shape::Object(CUSTOM_HEADER))),
    P::optional("OriginPath", Shape::Text),
    P::refused("OriginShield", "there is one cache, not two"),
    P::refused(
        "ResponseCompletionTimeout",
        "the read timeout is what is enforced",
    ),
    P::refused("S3OriginConfig", "buckets are no origins here"),
    P::refused("VpcOriginConfig", "there are no VPCs here"),
];

static COOKIES: &[P] = &[
    P::required("Forward", Shape::OneOf(&["none", "whitelist", "all"])),
    P::optional("WhitelistedNames", Shape::List(&Shape::Text)),
];

static FORWARDED_VALUES: &[P] = &[
    P::optional("Cookies", Shape::Object(COOKIES)),
    P::optional("Headers", Shape::List(&Shape::Text)),
    P::required("QueryString", Shape::Boolean),
    P::refused(
        "QueryStringCacheKeys",
        "parameters would be forwarded that are not part of the cache's key, and one viewer could change the answers of \
         others",
    ),
];

/// The properties of a behavior, after its own.
macro_rules! behavior {
    ($($own:expr),*) => {
        [
            $($own,)*
            P::optional("AllowedMethods", Shape::List(&Shape::Text)),
            P::refused("CachePolicyId", "cache policies are not there yet: use `ForwardedValues`"),
            P::optional("CachedMethods", Shape::List(&Shape::Text)),
            P::optional("Compress", Shape::Boolean).inert("answers pass as the origin encodes them"),
            P::optional("DefaultTTL", SECONDS),
            P::refused("FieldLevelEncryptionId", "fields are not encrypted here"),
            P::required("ForwardedValues", Shape::Object(FORWARDED_VALUES)),
            P::refused("FunctionAssociations", FUNCTIONS),
            P::refused("GrpcConfig", "gRPC is not passed on"),
            P::refused("LambdaFunctionAssociations", FUNCTIONS),
            P::optional("MaxTTL", SECONDS),
            P::optional("MinTTL", SECONDS),
            P::refused("OriginRequestPolicyId", "origin request policies are not there yet: use `ForwardedValues`"),
            P::refused("RealtimeLogConfigArn", "there are no real-time logs; every request has a trail"),
            P::refused("ResponseHeadersPolicyId", "response headers policies are not there yet"),
            // Only `false`, which `read` checks.
            P::optional("SmoothStreaming", Shape::Boolean),
            P::required("TargetOriginId", Shape::Text),
            P::refused("TrustedKeyGroups", SIGNED_URLS),
            P::refused("TrustedSigners", SIGNED_URLS),
            P::required(
                "ViewerProtocolPolicy",
                Shape::OneOf(&["allow-all", "https-only", "redirect-to-https"]),
            ),
        ]
    };
}

static DEFAULT_BEHAVIOR: &[P] = &behavior![];
static BEHAVIOR: &[P] = &behavior![P::required("PathPattern", Shape::Text)];

static ERROR_RESPONSE: &[P] = &[
    P::optional("ErrorCachingMinTTL", SECONDS),
    P::required(
        "ErrorCode",
        Shape::Integer {
            minimum: 400,
            maximum: 599,
        },
    ),
    P::refused("ResponseCode", PAGES),
    P::refused("ResponsePagePath", PAGES),
];

static CERTIFICATE: &[P] = &[
    P::refused(
        "AcmCertificateArn",
        "a distribution has the certificate of its own host",
    ),
    P::optional("CloudFrontDefaultCertificate", Shape::Boolean),
    P::refused(
        "IamCertificateId",
        "a distribution has the certificate of its own host",
    ),
    P::optional("MinimumProtocolVersion", Shape::Text).inert("TLS 1.2 and 1.3 are spoken, nothing older"),
    P::refused(
        "SslSupportMethod",
        "a distribution has the certificate of its own host",
    ),
];

static CONFIG: &[P] = &[
    P::refused(
        "Aliases",
        "alternate domain names of distributions are not there yet",
    ),
    P::refused("AnycastIpListId", "addresses are those of the listeners"),
    P::refused(
        "CNAMEs",
        "alternate domain names of distributions are not there yet",
    ),
    P::optional("CacheBehaviors", Shape::List(&Shape::Object(BEHAVIOR))),
    P::optional("Comment", Shape::Text),
    P::refused("ConnectionFunctionAssociation", FUNCTIONS),
    P::refused("ConnectionMode", "distributions for tenants are not there"),
    P::refused(
        "ContinuousDeploymentPolicyId",
        "there are no staging distributions",
    ),
    P::optional(
        "CustomErrorResponses",
        Shape::List(&Shape::Object(ERROR_RESPONSE)),
    ),
    P::refused("CustomOrigin", "use `Origins`"),
    P::required("DefaultCacheBehavior", Shape::Object(DEFAULT_BEHAVIOR)),
    P::optional("DefaultRootObject", Shape::Text),
    P::required("Enabled", Shape::Boolean),
    P::optional(
        "HttpVersion",
        Shape::OneOf(&["http1.1", "http2", "http3", "http2and3"]),
    )
    .inert("the listeners speak HTTP/1.1 and HTTP/2 with every viewer"),
    P::optional("IPV6Enabled", Shape::Boolean).inert("addresses are those of the listeners"),
    P::refused(
        "Logging",
        "access logs of distributions are not written; every request has a trail",
    ),
    P::refused("OriginGroups", "there is no failover between origins yet"),
    P::required("Origins", Shape::List(&Shape::Object(ORIGIN))),
    P::optional("PriceClass", Shape::Text).inert("there is one place, and nothing to pay"),
    P::refused("Restrictions", "where a viewer is, is not known here"),
    P::refused("S3Origin", "buckets are no origins here"),
    P::refused("Staging", "there are no staging distributions"),
    P::refused("TenantConfig", "distributions for tenants are not there"),
    P::optional("ViewerCertificate", Shape::Object(CERTIFICATE)),
    P::refused(
        "ViewerMtlsConfig",
        "certificates of viewers are not asked for yet",
    ),
    P::optional("WebACLId", Shape::Text),
];

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::CloudFront::Distribution",
    properties: &[
        P::required("DistributionConfig", Shape::Object(CONFIG)),
        P::optional("Tags", Shape::Tags),
    ],
    attributes: &["DomainName", "Id"],
};

fn config(properties: Properties<'_>, caller_reference: String) -> Result<DistributionConfig, AwsError> {
    let value = properties.value("DistributionConfig");
    let value = value.ok_or_else(|| invalid("`DistributionConfig` is required"))?;
    Ok(DistributionConfig {
        caller_reference,
        ..read::config(value)?
    })
}

fn made(id: &str) -> Made {
    Made::named(id)
        .with("DomainName", Record::domain_name(id))
        .with("Id", id)
}

impl StackedResource for Distribution {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let config = config(properties, maker.generated_name())?;
            let found = maker
                .distributions()
                .create(config, properties.tags("Tags"))
                .await?;
            Ok(made(&found.distribution.id))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let distributions = maker.distributions();
            let mut found = distributions.get(&before.reference).await?;
            let config = config(properties, found.config.caller_reference.clone())?;
            found.distribution.tags = properties.tags("Tags");
            distributions.replace(found, config).await?;
            Ok(made(&before.reference))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, before: &'a StackResource) -> Making<'a, ()> {
        // Disabled or not: CloudFormation disables first and then deletes.
        Box::pin(async move {
            let distributions = maker.distributions();
            match distributions.get(&before.reference).await {
                Ok(found) => distributions.remove(found).await,
                Err(error) if error.code == "NoSuchDistribution" => Ok(()),
                Err(error) => Err(error),
            }
        })
    }
}
