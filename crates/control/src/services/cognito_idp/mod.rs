//! Cognito user pools: <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/>
//!
//! Thin: the wire on one side, [`portcullis_identity::Identity`] on the other. `ClientMetadata`, `ValidationData`,
//! `AnalyticsMetadata`, `UserContextData` and `ContextData` are taken and have no effect, as on AWS for a pool without
//! Lambda triggers, Pinpoint and threat protection: no pool here can have these, since their settings are refused.

mod create_user_pool;
mod describe_user_pool;
mod update_user_pool;
mod delete_user_pool;
mod list_user_pools;
mod add_custom_attributes;
mod create_user_pool_client;
mod describe_user_pool_client;
mod update_user_pool_client;
mod delete_user_pool_client;
mod list_user_pool_clients;
mod create_user_pool_domain;
mod describe_user_pool_domain;
mod delete_user_pool_domain;
mod create_resource_server;
mod update_resource_server;
mod describe_resource_server;
mod delete_resource_server;
mod list_resource_servers;
mod create_group;
mod update_group;
mod get_group;
mod delete_group;
mod list_groups;
mod admin_add_user_to_group;
mod admin_remove_user_from_group;
mod admin_list_groups_for_user;
mod list_users_in_group;
mod list_users;
mod admin_create_user;
mod admin_get_user;
mod admin_set_user_password;
mod admin_confirm_sign_up;
mod admin_enable_user;
mod admin_disable_user;
mod admin_delete_user;
mod admin_user_global_sign_out;
mod admin_update_user_attributes;
mod sign_up;
mod confirm_sign_up;
mod resend_confirmation_code;
mod forgot_password;
mod confirm_forgot_password;
mod initiate_auth;
mod respond_to_auth_challenge;
mod admin_initiate_auth;
mod admin_respond_to_auth_challenge;
mod get_tokens_from_refresh_token;
mod get_user;
mod global_sign_out;
mod revoke_token;
mod access;
mod rules;
mod listing;
pub(crate) mod user_pool;
pub(crate) mod user_pool_client;
mod resource_server;
mod group;
mod user;
mod auth;
#[cfg(test)]
mod tests;

use crate::operation::{Protocol, Service};

/// What AWS models as unsigned and is not here yet: whoever calls it must learn that, not that a signature is missing.
pub(crate) const UNSIGNED_NOT_YET: &[&str] = &[
    "AssociateSoftwareToken",
    "ChangePassword",
    "CompleteWebAuthnRegistration",
    "ConfirmDevice",
    "DeleteUser",
    "DeleteUserAttributes",
    "DeleteWebAuthnCredential",
    "ForgetDevice",
    "GetDevice",
    "GetUserAttributeVerificationCode",
    "GetUserAuthFactors",
    "ListDevices",
    "ListUserSessions",
    "ListWebAuthnCredentials",
    "RevokeUserSession",
    "SetUserMFAPreference",
    "SetUserSettings",
    "StartWebAuthnRegistration",
    "UpdateAuthEventFeedback",
    "UpdateDeviceStatus",
    "UpdateUserAttributes",
    "VerifySoftwareToken",
    "VerifyUserAttribute",
];

pub const SERVICE: Service = Service {
    name: "cognito-idp",
    protocol: Protocol::Json11 {
        target_prefix: "AWSCognitoIdentityProviderService",
    },
    operations: &[
        &create_user_pool::OPERATION,
        &describe_user_pool::OPERATION,
        &update_user_pool::OPERATION,
        &delete_user_pool::OPERATION,
        &list_user_pools::OPERATION,
        &add_custom_attributes::OPERATION,
        &create_user_pool_client::OPERATION,
        &describe_user_pool_client::OPERATION,
        &update_user_pool_client::OPERATION,
        &delete_user_pool_client::OPERATION,
        &list_user_pool_clients::OPERATION,
        &create_user_pool_domain::OPERATION,
        &describe_user_pool_domain::OPERATION,
        &delete_user_pool_domain::OPERATION,
        &create_resource_server::OPERATION,
        &update_resource_server::OPERATION,
        &describe_resource_server::OPERATION,
        &delete_resource_server::OPERATION,
        &list_resource_servers::OPERATION,
        &create_group::OPERATION,
        &update_group::OPERATION,
        &get_group::OPERATION,
        &delete_group::OPERATION,
        &list_groups::OPERATION,
        &admin_add_user_to_group::OPERATION,
        &admin_remove_user_from_group::OPERATION,
        &admin_list_groups_for_user::OPERATION,
        &list_users_in_group::OPERATION,
        &list_users::OPERATION,
        &admin_create_user::OPERATION,
        &admin_get_user::OPERATION,
        &admin_set_user_password::OPERATION,
        &admin_confirm_sign_up::OPERATION,
        &admin_enable_user::OPERATION,
        &admin_disable_user::OPERATION,
        &admin_delete_user::OPERATION,
        &admin_user_global_sign_out::OPERATION,
        &admin_update_user_attributes::OPERATION,
        &sign_up::OPERATION,
        &confirm_sign_up::OPERATION,
        &resend_confirmation_code::OPERATION,
        &forgot_password::OPERATION,
        &confirm_forgot_password::OPERATION,
        &initiate_auth::OPERATION,
        &respond_to_auth_challenge::OPERATION,
        &admin_initiate_auth::OPERATION,
        &admin_respond_to_auth_challenge::OPERATION,
        &get_tokens_from_refresh_token::OPERATION,
        &get_user::OPERATION,
        &global_sign_out::OPERATION,
        &revoke_token::OPERATION,
    ],
};
