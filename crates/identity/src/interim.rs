//! Operations that are on their way: their signatures, answering that they are not there yet.
#![allow(
    unused_variables,
    clippy::unused_async,
    reason = "each line goes when its operation arrives"
)]

use portcullis_model::{Scope, SecretText, resources::cognito::*};

use crate::{Identity, IdentityError, directory::*, endpoints::*, flows::*};

fn on_its_way<T>() -> Result<T, IdentityError> {
    Err(IdentityError::internal_error("not there yet"))
}

impl Identity {
    pub async fn create_user_pool(
        &self,
        scope: &Scope,
        input: CreateUserPool,
    ) -> Result<UserPool, IdentityError> {
        on_its_way()
    }
    pub async fn describe_user_pool(&self, scope: &Scope, pool: &str) -> Result<UserPool, IdentityError> {
        on_its_way()
    }
    pub async fn update_user_pool(
        &self,
        scope: &Scope,
        pool: &str,
        input: UpdateUserPool,
    ) -> Result<UserPool, IdentityError> {
        on_its_way()
    }
    pub async fn delete_user_pool(&self, scope: &Scope, pool: &str) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn list_user_pools(
        &self,
        scope: &Scope,
        page: &PageRequest,
    ) -> Result<Listing<UserPool>, IdentityError> {
        on_its_way()
    }
    pub async fn add_custom_attributes(
        &self,
        scope: &Scope,
        pool: &str,
        attributes: Vec<SchemaAttribute>,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn create_user_pool_client(
        &self,
        scope: &Scope,
        input: CreateUserPoolClient,
    ) -> Result<ClientDescription, IdentityError> {
        on_its_way()
    }
    pub async fn describe_user_pool_client(
        &self,
        scope: &Scope,
        pool: &str,
        client: &str,
    ) -> Result<ClientDescription, IdentityError> {
        on_its_way()
    }
    pub async fn update_user_pool_client(
        &self,
        scope: &Scope,
        pool: &str,
        client: &str,
        options: ClientOptions,
    ) -> Result<ClientDescription, IdentityError> {
        on_its_way()
    }
    pub async fn delete_user_pool_client(
        &self,
        scope: &Scope,
        pool: &str,
        client: &str,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn list_user_pool_clients(
        &self,
        scope: &Scope,
        pool: &str,
        page: &PageRequest,
    ) -> Result<Listing<UserPoolClient>, IdentityError> {
        on_its_way()
    }
    pub async fn create_resource_server(
        &self,
        scope: &Scope,
        input: ResourceServerInput,
    ) -> Result<ResourceServer, IdentityError> {
        on_its_way()
    }
    pub async fn describe_resource_server(
        &self,
        scope: &Scope,
        pool: &str,
        identifier: &str,
    ) -> Result<ResourceServer, IdentityError> {
        on_its_way()
    }
    pub async fn update_resource_server(
        &self,
        scope: &Scope,
        input: ResourceServerInput,
    ) -> Result<ResourceServer, IdentityError> {
        on_its_way()
    }
    pub async fn delete_resource_server(
        &self,
        scope: &Scope,
        pool: &str,
        identifier: &str,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn list_resource_servers(
        &self,
        scope: &Scope,
        pool: &str,
        page: &PageRequest,
    ) -> Result<Listing<ResourceServer>, IdentityError> {
        on_its_way()
    }
    pub async fn create_group(&self, scope: &Scope, input: GroupInput) -> Result<Group, IdentityError> {
        on_its_way()
    }
    pub async fn get_group(&self, scope: &Scope, pool: &str, group: &str) -> Result<Group, IdentityError> {
        on_its_way()
    }
    pub async fn update_group(&self, scope: &Scope, input: GroupInput) -> Result<Group, IdentityError> {
        on_its_way()
    }
    pub async fn delete_group(&self, scope: &Scope, pool: &str, group: &str) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn list_groups(
        &self,
        scope: &Scope,
        pool: &str,
        page: &PageRequest,
    ) -> Result<Listing<Group>, IdentityError> {
        on_its_way()
    }
    pub async fn admin_add_user_to_group(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
        group: &str,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn admin_remove_user_from_group(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
        group: &str,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn admin_list_groups_for_user(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
        page: &PageRequest,
    ) -> Result<Listing<Group>, IdentityError> {
        on_its_way()
    }
    pub async fn list_users_in_group(
        &self,
        scope: &Scope,
        pool: &str,
        group: &str,
        page: &PageRequest,
    ) -> Result<Listing<UserDescription>, IdentityError> {
        on_its_way()
    }
    pub async fn create_user_pool_domain(
        &self,
        scope: &Scope,
        pool: &str,
        domain: &str,
    ) -> Result<UserPoolDomain, IdentityError> {
        on_its_way()
    }
    pub async fn describe_user_pool_domain(
        &self,
        scope: &Scope,
        domain: &str,
    ) -> Result<Option<UserPoolDomain>, IdentityError> {
        on_its_way()
    }
    pub async fn delete_user_pool_domain(
        &self,
        scope: &Scope,
        pool: &str,
        domain: &str,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn list_users(
        &self,
        scope: &Scope,
        input: ListUsers,
    ) -> Result<Listing<UserDescription>, IdentityError> {
        on_its_way()
    }
    pub async fn admin_create_user(
        &self,
        scope: &Scope,
        input: AdminCreateUser,
    ) -> Result<UserDescription, IdentityError> {
        on_its_way()
    }
    pub async fn admin_get_user(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
    ) -> Result<UserDescription, IdentityError> {
        on_its_way()
    }
    pub async fn admin_set_user_password(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
        password: SecretText,
        permanent: bool,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn admin_confirm_sign_up(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn admin_enable_user(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn admin_disable_user(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn admin_delete_user(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn admin_update_user_attributes(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
        attributes: Vec<(String, String)>,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn admin_user_global_sign_out(
        &self,
        scope: &Scope,
        pool: &str,
        username: &str,
    ) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn admin_initiate_auth(
        &self,
        scope: &Scope,
        input: AdminInitiateAuth,
    ) -> Result<AuthOutcome, IdentityError> {
        on_its_way()
    }
    pub async fn admin_respond_to_auth_challenge(
        &self,
        scope: &Scope,
        input: AdminRespondToAuthChallenge,
    ) -> Result<AuthOutcome, IdentityError> {
        on_its_way()
    }
    pub async fn sign_up(&self, input: SignUp) -> Result<SignUpAnswer, IdentityError> {
        on_its_way()
    }
    pub async fn confirm_sign_up(&self, input: ConfirmSignUp) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn resend_confirmation_code(
        &self,
        input: ResendConfirmationCode,
    ) -> Result<CodeDelivery, IdentityError> {
        on_its_way()
    }
    pub async fn initiate_auth(&self, input: InitiateAuth) -> Result<AuthOutcome, IdentityError> {
        on_its_way()
    }
    pub async fn respond_to_auth_challenge(
        &self,
        input: RespondToAuthChallenge,
    ) -> Result<AuthOutcome, IdentityError> {
        on_its_way()
    }
    pub async fn get_tokens_from_refresh_token(
        &self,
        input: RefreshTokens,
    ) -> Result<AuthenticationResult, IdentityError> {
        on_its_way()
    }
    pub async fn revoke_token(&self, input: RevokeToken) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn global_sign_out(&self, access_token: &SecretText) -> Result<(), IdentityError> {
        on_its_way()
    }
    pub async fn get_user(&self, access_token: &SecretText) -> Result<GetUserAnswer, IdentityError> {
        on_its_way()
    }
    pub async fn load_sign_outs(&self) -> Result<(), IdentityError> {
        on_its_way()
    }
    /// `POST /oauth2/token` on the host of `prefix` in `region`.
    pub async fn token_endpoint(
        &self,
        region: &str,
        prefix: &str,
        request: &EndpointRequest,
    ) -> Result<EndpointResponse, IdentityError> {
        on_its_way()
    }
    /// `GET /{pool}/.well-known/jwks.json` and `…/openid-configuration`; none when the path is neither.
    pub async fn well_known(
        &self,
        request: &EndpointRequest,
    ) -> Result<Option<EndpointResponse>, IdentityError> {
        on_its_way()
    }
}
