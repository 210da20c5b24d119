use portcullis_model::SecretText;

/// What `AdminCreateUser` takes.
#[derive(Clone, Default)]
pub struct AdminCreateUser {
    pub user_pool_id: String,
    pub username: String,
    pub user_attributes: Vec<(String, String)>,
    /// Generated when not given.
    pub temporary_password: Option<SecretText>,
    /// Takes an address that another user has verified.
    pub force_alias_creation: bool,
    pub message_action: Option<MessageAction>,
    /// `EMAIL`; `SMS` is refused.
    pub desired_delivery_mediums: Vec<String>,
}

/// Whether the invitation is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageAction {
    /// Sends it again, with a new temporary password, to a user who exists.
    Resend,
    /// Sends nothing.
    Suppress,
}
