//! ID, access and refresh tokens: made, refreshed, checked and ended.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-tokens-with-identity-providers.html>

pub(crate) mod keys;
pub(crate) mod claims;
pub(crate) mod families;
pub(crate) mod access;
pub(crate) mod authorization_codes;
pub(crate) mod sign_outs;
pub mod issuer;

pub use issuer::IssuerForm;
