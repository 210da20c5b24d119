//! Newtypes for every id. Cheap to clone (`Arc<str>`), ordered, hashable, written as plain strings.

use std::{borrow::Borrow, fmt, sync::Arc};

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Arc<str>);

        impl $name {
            /// Returns the id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(Arc::from(text))
            }
        }
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self(Arc::from(text))
            }
        }
        impl Borrow<str> for $name {
            fn borrow(&self) -> &str {
                &self.0
            }
        }
        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(formatter, "{}({})", stringify!($name), self.0)
            }
        }
    )*};
}

id! {
    /// Twelve digits, as AWS writes them.
    AccountId,
    /// An AWS region name such as `us-east-1`, or a private one of the same form.
    Region,
    /// A REST or HTTP API: ten lower-case letters and digits.
    ApiId,
    /// A resource (path) of a REST API: six to ten lower-case letters and digits.
    ResourceId,
    /// A stage name: `[A-Za-z0-9_-]{1,128}`.
    StageName,
    /// A deployment of an API.
    DeploymentId,
    /// An authorizer of an API.
    AuthorizerId,
    /// A user pool: `{region}_{nine alphanumerics}`.
    UserPoolId,
    /// An app client: 26 lower-case letters and digits.
    ClientId,
    /// The `sub` of a user: a UUID.
    UserSub,
    /// An access key id such as `AKIA…`.
    AccessKeyId,
    /// One request on its way: a UUID.
    RequestId,
    /// A CloudFormation stack: its full ARN.
    StackId,
}
