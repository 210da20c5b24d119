//! `InitiateAuth` and `AdminInitiateAuth`: which flow is asked for, and may this client have it?
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_InitiateAuth.html>

use portcullis_model::Scope;

use super::{AuthOutcome, Parameters, enabled::Flow};
use crate::{Identity, IdentityError, directory::pool_options::check_value, records::ClientContext};

/// What `InitiateAuth` takes.
#[derive(Clone, Default)]
pub struct InitiateAuth {
    pub client_id: String,
    pub auth_flow: String,
    pub auth_parameters: Parameters,
}

/// What `AdminInitiateAuth` takes.
#[derive(Clone, Default)]
pub struct AdminInitiateAuth {
    pub user_pool_id: String,
    pub client_id: String,
    pub auth_flow: String,
    pub auth_parameters: Parameters,
}

/// AWS's own list, in its order: `CUSTOM_AUTH` and `USER_AUTH` are known, and refused until they exist.
const FLOWS: &[&str] = &[
    "USER_SRP_AUTH",
    "REFRESH_TOKEN_AUTH",
    "REFRESH_TOKEN",
    "CUSTOM_AUTH",
    "ADMIN_NO_SRP_AUTH",
    "USER_PASSWORD_AUTH",
    "ADMIN_USER_PASSWORD_AUTH",
    "USER_AUTH",
];

impl Identity {
    /// `InitiateAuth`
    pub async fn initiate_auth(&self, input: InitiateAuth) -> Result<AuthOutcome, IdentityError> {
        check_value("authFlow", &Some(input.auth_flow.clone()), FLOWS)?;
        let context = self.client_anywhere(&input.client_id).await?;
        match input.auth_flow.as_str() {
            "USER_PASSWORD_AUTH" => {
                Flow::UserPassword.check(&context.client)?;
                self.password_auth(&context, &input.auth_parameters).await
            }
            flow => self.shared_flow(&context, flow, &input.auth_parameters).await,
        }
    }

    /// `AdminInitiateAuth`
    pub async fn admin_initiate_auth(
        &self,
        scope: &Scope,
        input: AdminInitiateAuth,
    ) -> Result<AuthOutcome, IdentityError> {
        check_value("authFlow", &Some(input.auth_flow.clone()), FLOWS)?;
        let context = self
            .client_of(scope, &input.user_pool_id, &input.client_id)
            .await?;
        match input.auth_flow.as_str() {
            // The old name, which scripts still use.
            "ADMIN_USER_PASSWORD_AUTH" | "ADMIN_NO_SRP_AUTH" => {
                Flow::AdminUserPassword.check(&context.client)?;
                self.password_auth(&context, &input.auth_parameters).await
            }
            "USER_PASSWORD_AUTH" => Err(not_here()),
            flow => self.shared_flow(&context, flow, &input.auth_parameters).await,
        }
    }

    async fn shared_flow(
        &self,
        context: &ClientContext,
        flow: &str,
        parameters: &Parameters,
    ) -> Result<AuthOutcome, IdentityError> {
        match flow {
            "USER_SRP_AUTH" => {
                Flow::UserSrp.check(&context.client)?;
                self.user_srp_auth(context, parameters).await
            }
            "REFRESH_TOKEN_AUTH" | "REFRESH_TOKEN" => {
                Flow::RefreshToken.check(&context.client)?;
                self.refresh_token_auth(context, parameters).await
            }
            flow => Err(not_here().because(format!(
                "flow `{flow}` does not exist yet, or not under this operation"
            ))),
        }
    }
}

fn not_here() -> IdentityError {
    IdentityError::invalid_parameter("Initiate Auth method not supported")
}
