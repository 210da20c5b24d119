use portcullis_model::{Timestamp, resources::cognito::UserStatus};

use super::PageRequest;

/// A user as administrators see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UserDescription {
    pub username: String,
    /// `sub` first.
    pub attributes: Vec<(String, String)>,
    pub user_create_date: Timestamp,
    pub user_last_modified_date: Timestamp,
    pub enabled: bool,
    pub user_status: UserStatus,
}

/// What `ListUsers` takes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListUsers {
    pub user_pool_id: String,
    /// None for all, empty for none.
    pub attributes_to_get: Option<Vec<String>>,
    /// `attribute = "value"` or `attribute ^= "prefix"`.
    pub filter: Option<String>,
    pub page: PageRequest,
}
