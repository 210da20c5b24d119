//! Which flows does an app client allow? Under the new names (`ALLOW_…`) or the old ones.

use portcullis_model::resources::cognito::UserPoolClient;

use crate::IdentityError;

/// A flow that a client may allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    UserPassword,
    AdminUserPassword,
    UserSrp,
    RefreshToken,
}

impl Flow {
    /// Tells whether `client` allows the flow. A client with old names has SRP and refresh without asking, unless it
    /// is for custom authentication only.
    pub(crate) fn is_enabled(self, client: &UserPoolClient) -> bool {
        let named = |name: &str| client.explicit_auth_flows.iter().any(|flow| flow == name);
        let old_names = !client
            .explicit_auth_flows
            .iter()
            .any(|flow| flow.starts_with("ALLOW_"));
        match self {
            Self::UserPassword => named("ALLOW_USER_PASSWORD_AUTH") || named("USER_PASSWORD_AUTH"),
            Self::AdminUserPassword => named("ALLOW_ADMIN_USER_PASSWORD_AUTH") || named("ADMIN_NO_SRP_AUTH"),
            Self::UserSrp => named("ALLOW_USER_SRP_AUTH") || (old_names && !named("CUSTOM_AUTH_FLOW_ONLY")),
            Self::RefreshToken => named("ALLOW_REFRESH_TOKEN_AUTH") || old_names,
        }
    }

    /// Refuses the flow in AWS's words when `client` does not allow it.
    pub(crate) fn check(self, client: &UserPoolClient) -> Result<(), IdentityError> {
        if self.is_enabled(client) {
            return Ok(());
        }
        Err(IdentityError::invalid_parameter(match self {
            Self::UserPassword => "USER_PASSWORD_AUTH flow not enabled for this client",
            Self::UserSrp => "USER_SRP_AUTH is not enabled for the client.",
            Self::AdminUserPassword | Self::RefreshToken => "Auth flow not enabled for this client",
        }))
    }
}
