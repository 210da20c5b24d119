//! `GetUser`: what the bearer of an access token may read about the user.
//!
//! <https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_GetUser.html>

use portcullis_model::SecretText;

use crate::{
    Identity, IdentityError,
    directory::{attributes, users},
};

/// What `GetUser` answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GetUserAnswer {
    pub username: String,
    /// What the client may read; `sub` first.
    pub user_attributes: Vec<(String, String)>,
}

impl Identity {
    /// `GetUser`
    pub async fn get_user(&self, access_token: &SecretText) -> Result<GetUserAnswer, IdentityError> {
        let presented = self.check_access_token(access_token).await?;
        let mut description = users::describe(&presented.user.value);
        let client = &presented.context.client;
        description
            .attributes
            .retain(|(name, _)| name == "sub" || attributes::is_readable(client, name));
        Ok(GetUserAnswer {
            username: description.username,
            user_attributes: description.attributes,
        })
    }
}
