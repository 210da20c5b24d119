//! Every kind of record there is, one line each.

/// How a kind of record is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// In the change log; drives snapshots.
    Configuration,
    /// Users, groups, keys: no change log.
    Directory,
    /// Sessions, codes, counters: may expire.
    Ephemeral,
}

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kind {
    pub name: &'static str,
    pub class: Class,
}

macro_rules! kinds {
    ($($(#[$doc:meta])* $constant:ident = $class:ident $name:literal),* $(,)?) => {
        $($(#[$doc])* pub const $constant: Kind = Kind { name: $name, class: Class::$class };)*
        /// Every kind.
        pub const ALL: &[Kind] = &[$($constant),*];
    };
}

kinds! {
    /// `{api}`: [`portcullis_model::resources::apigateway::RestApi`]
    REST_API = Configuration "apigateway-rest-api",
    /// `{api}/{resource}`
    API_RESOURCE = Configuration "apigateway-resource",
    /// `{api}/{authorizer}`
    API_AUTHORIZER = Configuration "apigateway-authorizer",
    /// `{api}/{name}`
    API_MODEL = Configuration "apigateway-model",
    /// `{api}/{validator}`
    API_REQUEST_VALIDATOR = Configuration "apigateway-request-validator",
    /// `{api}/{response type}`
    API_GATEWAY_RESPONSE = Configuration "apigateway-gateway-response",
    /// `{api}/{deployment}`
    API_DEPLOYMENT = Configuration "apigateway-deployment",
    /// `{api}/{stage}`
    API_STAGE = Configuration "apigateway-stage",
    /// `{id}`: [`portcullis_model::resources::apigateway::ClientCertificate`], the private key sealed
    API_CLIENT_CERTIFICATE = Configuration "apigateway-client-certificate",
    /// `{domain name}`; lookup `domain-name` (unique)
    API_DOMAIN_NAME = Configuration "apigateway-domain-name",
    /// `{domain name}/{base path}`, `(none)` for none
    API_BASE_PATH_MAPPING = Configuration "apigateway-base-path-mapping",
    /// `{id}`: [`portcullis_model::resources::acm::AcmCertificate`], the private key sealed
    ACM_CERTIFICATE = Configuration "acm-certificate",
    /// `{directory URL}`: an account with an ACME CA, sealed
    ACME_ACCOUNT = Directory "acme-account",
    /// `{api}`: [`portcullis_model::resources::apigatewayv2::HttpApi`]
    HTTP_API = Configuration "apigatewayv2-api",
    /// `{api}/{route}`
    HTTP_API_ROUTE = Configuration "apigatewayv2-route",
    /// `{api}/{integration}`
    HTTP_API_INTEGRATION = Configuration "apigatewayv2-integration",
    /// `{api}/{authorizer}`
    HTTP_API_AUTHORIZER = Configuration "apigatewayv2-authorizer",
    /// `{api}/{deployment}`
    HTTP_API_DEPLOYMENT = Configuration "apigatewayv2-deployment",
    /// `{api}/{stage}`
    HTTP_API_STAGE = Configuration "apigatewayv2-stage",
    /// `{link}`: [`portcullis_model::resources::vpc_links::VpcLink`]
    VPC_LINK = Configuration "apigateway-vpc-link",
    /// `{link}`: [`portcullis_model::resources::vpc_links::HttpVpcLink`]
    HTTP_VPC_LINK = Configuration "apigatewayv2-vpc-link",
    /// What an account has set for all its APIs
    API_ACCOUNT = Configuration "apigateway-account",
    /// `{key}`; lookup `api-key-value` (unique), a part of the hash: [`portcullis_model::resources::usage_plans::ApiKey`]
    API_KEY = Configuration "apigateway-api-key",
    /// `{plan}`
    USAGE_PLAN = Configuration "apigateway-usage-plan",
    /// `{plan}/{key}`; lookup `key`
    USAGE_PLAN_KEY = Configuration "apigateway-usage-plan-key",
    /// What a key in a plan has used in a day: `{plan}/{key}/{day}`
    USAGE = Ephemeral "apigateway-usage",
    /// `{pool}`
    USER_POOL = Configuration "cognito-user-pool",
    /// `{pool}/{client}`; lookup `client-id`
    USER_POOL_CLIENT = Configuration "cognito-user-pool-client",
    /// `{pool}/{identifier}`
    RESOURCE_SERVER = Configuration "cognito-resource-server",
    /// `{domain}`; lookup `domain` (unique)
    USER_POOL_DOMAIN = Configuration "cognito-user-pool-domain",
    /// `{pool}/{group}`
    GROUP = Directory "cognito-group",
    /// `{pool}/{username}`; lookups `sub`, `alias`, `email`, …
    USER = Directory "cognito-user",
    /// A confirmation code: `{pool}/{username}/{purpose}`
    CODE = Ephemeral "cognito-code",
    /// A refresh token's family: `{pool}/{origin_jti}`; lookup `user` `{pool}/{username}`
    REFRESH_TOKEN = Ephemeral "cognito-refresh-token",
    /// A revoked token family, until its last token expires: `{pool}/{origin_jti}`
    REVOCATION = Ephemeral "cognito-revocation",
    /// A sign-out of all tokens of a user, until the last of them expires: `{pool}/{sub}`
    SIGN_OUT = Ephemeral "cognito-sign-out",
    /// An OAuth authorization code, until its tokens have expired: `{pool}/{hash}`
    AUTHORIZATION_CODE = Ephemeral "cognito-authorization-code",
    /// A browser's session on the hosted pages: `{pool}/{hash}`
    BROWSER_SESSION = Ephemeral "cognito-browser-session",
    /// A used single-use thing (SRP secret block, challenge session), until it expires.
    SPENT = Ephemeral "cognito-spent",
    /// `{CLOUDFRONT or REGIONAL}/{id}`, sealed; lookup `name` (unique)
    WEB_ACL = Configuration "wafv2-web-acl",
    /// `{CLOUDFRONT or REGIONAL}/{id}`; lookup `name` (unique)
    IP_SET = Configuration "wafv2-ip-set",
    /// `{CLOUDFRONT or REGIONAL}/{id}`; lookup `name` (unique)
    REGEX_PATTERN_SET = Configuration "wafv2-regex-pattern-set",
    /// What a web ACL guards, by its ARN; lookup `web-acl`
    WEB_ACL_ASSOCIATION = Configuration "wafv2-web-acl-association",
    /// `{user name}`; lookups `user-name` (unique), `group`, `policy`
    IAM_USER = Configuration "iam-user",
    /// `{group name}`; lookups `group-name` (unique), `policy`
    IAM_GROUP = Configuration "iam-group",
    /// `{role name}`; lookups `role-name` (unique), `policy`
    IAM_ROLE = Configuration "iam-role",
    /// `{policy name}`; lookup `policy-name` (unique)
    IAM_POLICY = Configuration "iam-policy",
    /// `{access key id}`; lookup `access-key-id` (unique)
    ACCESS_KEY = Configuration "iam-access-key",
    /// `{stack name}` while it lives; `{stack id}` when deleted
    STACK = Directory "cloudformation-stack",
    /// `{stack id}/{sequence}`
    STACK_EVENT = Directory "cloudformation-stack-event",
    /// An exported output's name: `{name}`
    STACK_EXPORT = Directory "cloudformation-export",
    /// `{name}`: a secret with the facts of its versions
    SECRET = Directory "secretsmanager-secret",
    /// `{name}-{suffix}:{version id}`: a version's value, sealed
    SECRET_VALUE = Directory "secretsmanager-value",
    /// `{bus}`; the default bus has one only once it has tags
    EVENT_BUS = Configuration "events-bus",
    /// `{bus}/{rule}`, with its targets
    EVENT_RULE = Configuration "events-rule",
    /// `{name}`
    EVENT_CONNECTION = Configuration "events-connection",
    /// `{name}`
    EVENT_API_DESTINATION = Configuration "events-api-destination",
    /// An id under which a producer signed, until nobody can use it again: `{bus}/{key id}/{id}`
    EVENT_CLAIM = Ephemeral "events-claim",
    /// An event on its way to one target, sealed: `{delivery}`
    EVENT_DELIVERY = Ephemeral "events-delivery",
    /// `{id}`: [`portcullis_model::resources::cloudfront::Distribution`]; lookup `web-acl`
    DISTRIBUTION = Configuration "cloudfront-distribution",
    /// `{distribution}/{id}`: an invalidation that was made
    INVALIDATION = Directory "cloudfront-invalidation",
    /// `{name}`: a function, its variables sealed
    LAMBDA_FUNCTION = Configuration "lambda-function",
    /// `{name}`: the function's deployment package, base64
    LAMBDA_CODE = Directory "lambda-code",
    /// The data directory's own facts: identity, versions.
    INSTALLATION = Directory "installation",
}
