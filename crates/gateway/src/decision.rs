//! What a layer says about an exchange, and why.

use std::{borrow::Cow, fmt, sync::Arc};

use crate::{
    http::Response,
    refusal::Refusal,
    snapshot::methods::MethodSnapshot,
    usage::{KeyName, PlanSlot},
};

/// The layers, as trails name them, in the order of the request. `Host`, `Site` and `ClientCertificate` stand outside the list of
/// layers: which host a request is for, what a host that is not an API said, and whether a custom domain lets its client in.
/// `Distribution`, `Cache` and `Origin` are what stands in front of the list where a distribution does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LayerName {
    Edge,
    Host,
    Site,
    Distribution,
    Cache,
    Origin,
    ClientCertificate,
    Firewall,
    Cors,
    Route,
    VpcEndpoint,
    ResourcePolicy,
    Authorizer,
    UsagePlan,
    Validation,
    Mapping,
    Integration,
    Response,
}

impl LayerName {
    /// Every layer, in the order of the declaration.
    pub(crate) const ALL: [Self; 18] = [
        Self::Edge,
        Self::Host,
        Self::Site,
        Self::Distribution,
        Self::Cache,
        Self::Origin,
        Self::ClientCertificate,
        Self::Firewall,
        Self::Cors,
        Self::Route,
        Self::VpcEndpoint,
        Self::ResourcePolicy,
        Self::Authorizer,
        Self::UsagePlan,
        Self::Validation,
        Self::Mapping,
        Self::Integration,
        Self::Response,
    ];

    /// Returns the name that trails and the `portcullis:observe` tag carry.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Edge => "edge",
            Self::Host => "host",
            Self::Site => "site",
            Self::Distribution => "distribution",
            Self::Cache => "cache",
            Self::Origin => "origin",
            Self::Firewall => "firewall",
            Self::Cors => "cors",
            Self::ClientCertificate => "client-certificate",
            Self::Route => "route",
            Self::VpcEndpoint => "vpc-endpoint",
            Self::ResourcePolicy => "resource-policy",
            Self::Authorizer => "authorizer",
            Self::UsagePlan => "usage-plan",
            Self::Validation => "validation",
            Self::Mapping => "mapping",
            Self::Integration => "integration",
            Self::Response => "response",
        }
    }
}

/// What a layer says that has nothing to decide: always the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Nothing {
    NoWebAcl,
    NoEndpointPolicy,
    NoResourcePolicy,
    OpenMethod,
    NoApiKey,
    NoValidator,
    NoParameter,
    PassedThrough,
}

impl Nothing {
    /// All of them, in the order of the declaration.
    pub(crate) const ALL: [Self; 8] = [
        Self::NoWebAcl,
        Self::NoEndpointPolicy,
        Self::NoResourcePolicy,
        Self::OpenMethod,
        Self::NoApiKey,
        Self::NoValidator,
        Self::NoParameter,
        Self::PassedThrough,
    ];

    /// Returns the layer that says so.
    pub(crate) const fn layer(self) -> LayerName {
        match self {
            Self::NoWebAcl => LayerName::Firewall,
            Self::NoEndpointPolicy => LayerName::VpcEndpoint,
            Self::NoResourcePolicy => LayerName::ResourcePolicy,
            Self::OpenMethod => LayerName::Authorizer,
            Self::NoApiKey => LayerName::UsagePlan,
            Self::NoValidator => LayerName::Validation,
            Self::NoParameter => LayerName::Mapping,
            Self::PassedThrough => LayerName::Response,
        }
    }

    /// Returns what trails say of it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::NoWebAcl => "no web ACL",
            Self::NoEndpointPolicy => "no policy of a VPC endpoint",
            Self::NoResourcePolicy => "no resource policy",
            Self::OpenMethod => "authorization type NONE",
            Self::NoApiKey => "no API key is required",
            Self::NoValidator => "no request validator",
            Self::NoParameter => "passed through, no parameter is mapped",
            Self::PassedThrough => "passed through",
        }
    }
}

/// Why a layer decided as it did. What every request repeats is prepared at deployment, so that recording it costs a
/// count. Never holds a token, a key or a password.
#[derive(Clone)]
pub(crate) enum Reason {
    /// There was nothing to decide.
    Nothing(Nothing),
    Static(&'static str),
    Prepared(Arc<str>),
    /// The method that the route layer found.
    Method(Arc<MethodSnapshot>),
    /// The API key that the usage plan layer found, and its plan.
    KeyOfPlan(KeyName, Arc<PlanSlot>),
    /// Whose the token is whose signature was checked before.
    TokenSeenBefore(Arc<str>),
    /// Whose the token is whose signature was checked now.
    TokenVerified(Arc<str>),
    Made(Box<str>),
}

impl Reason {
    /// Returns the reason as text.
    pub(crate) fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Nothing(nothing) => Cow::Borrowed(nothing.as_str()),
            Self::Static(text) => Cow::Borrowed(text),
            Self::Prepared(text) => Cow::Borrowed(text),
            Self::Method(method) => Cow::Borrowed(&method.reason),
            Self::KeyOfPlan(key, plan) => {
                Cow::Owned(format!("API key `{}` of usage plan `{}`", key, plan.id))
            }
            Self::TokenSeenBefore(whose) => Cow::Owned(format!("seen before, {whose}")),
            Self::TokenVerified(whose) => Cow::Owned(format!("signature verified, {whose}")),
            Self::Made(text) => Cow::Borrowed(text),
        }
    }
}

/// How much of a stranger's words a reason shows, in characters.
const SHOWN_MAX: usize = 300;

/// Makes a stranger's words fit for a trail: cut, and without characters that could command a terminal.
pub(crate) fn shown(text: &str) -> String {
    let harmless = |symbol: char| if symbol.is_control() { '\u{fffd}' } else { symbol };
    text.chars().take(SHOWN_MAX).map(harmless).collect()
}

impl fmt::Debug for Reason {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text())
    }
}

impl From<&'static str> for Reason {
    fn from(text: &'static str) -> Self {
        Self::Static(text)
    }
}

impl From<String> for Reason {
    fn from(text: String) -> Self {
        Self::Made(text.into_boxed_str())
    }
}

impl From<&Arc<str>> for Reason {
    fn from(text: &Arc<str>) -> Self {
        Self::Prepared(Arc::clone(text))
    }
}

/// What a layer says. It never writes a response to refuse: `responses` does.
#[derive(Debug)]
pub(crate) enum Decision {
    /// The exchange goes on.
    Continue(Reason),
    /// The layer answers the exchange itself (a preflight, a cached reply).
    Answer(Box<Response>, Reason),
    /// The exchange ends here.
    Refuse(Refusal),
}

impl From<Refusal> for Decision {
    fn from(refusal: Refusal) -> Self {
        Self::Refuse(refusal)
    }
}
