use portcullis_model::{SecretText, UserSub};

/// What `SignUp` takes.
#[derive(Clone)]
pub struct SignUp {
    pub client_id: String,
    pub secret_hash: Option<String>,
    pub username: String,
    pub password: SecretText,
    pub user_attributes: Vec<(String, String)>,
}

/// What `SignUp` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignUpAnswer {
    pub user_confirmed: bool,
    pub user_sub: UserSub,
    pub code_delivery: Option<CodeDelivery>,
}

/// Where a code went, masked: `e***@e***`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeDelivery {
    pub destination: String,
    /// `EMAIL`.
    pub delivery_medium: &'static str,
    /// `email`.
    pub attribute_name: &'static str,
}

/// What `ConfirmSignUp` takes.
#[derive(Clone, Default)]
pub struct ConfirmSignUp {
    pub client_id: String,
    pub secret_hash: Option<String>,
    pub username: String,
    pub confirmation_code: String,
    pub force_alias_creation: bool,
}

/// What `ResendConfirmationCode` takes.
#[derive(Clone, Debug, Default)]
pub struct ResendConfirmationCode {
    pub client_id: String,
    pub secret_hash: Option<String>,
    pub username: String,
}
