//! The password was right: what now? Tokens, one more challenge, or a refusal that only the user gets to see.
//!
//! AWS says some of this before the password is checked; said after it, it tells a stranger nothing.

use portcullis_model::resources::cognito::{User, UserStatus};
use portcullis_store::{Batch, typed::Versioned};

use super::AuthOutcome;
use crate::{Identity, IdentityError, records::ClientContext};

/// What a user whose password was right may do next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// Go on.
    Confirmed,
    /// Set a password in place of the temporary one.
    NewPasswordRequired,
}

impl Identity {
    /// Goes on with a user whose password was right; `also` is written with the sign-in.
    pub(super) async fn proceed(
        &self,
        context: &ClientContext,
        user: Versioned<User>,
        also: Batch,
    ) -> Result<AuthOutcome, IdentityError> {
        let user = user.value;
        match self.standing(&user)? {
            Standing::Confirmed => Ok(AuthOutcome::SignedIn(
                self.begin_family(context, &user, also).await?,
            )),
            Standing::NewPasswordRequired => self.new_password_challenge(context, &user),
        }
    }

    /// Returns what a user whose password was right may do next.
    pub(crate) fn standing(&self, user: &User) -> Result<Standing, IdentityError> {
        check_enabled(user)?;
        match user.user_status {
            UserStatus::Confirmed => Ok(Standing::Confirmed),
            UserStatus::ForceChangePassword => {
                if user
                    .temporary_password_expires
                    .is_some_and(|expires| self.clock.now() >= expires)
                {
                    return Err(IdentityError::not_authorized(
                        "Temporary password has expired and must be reset by an administrator.",
                    ));
                }
                Ok(Standing::NewPasswordRequired)
            }
            UserStatus::Unconfirmed => Err(IdentityError::user_not_confirmed("User is not confirmed.")),
            UserStatus::ResetRequired => Err(IdentityError::password_reset_required(
                "Password reset required for the user",
            )),
        }
    }
}

/// Refuses a disabled user.
pub(crate) fn check_enabled(user: &User) -> Result<(), IdentityError> {
    if user.enabled {
        return Ok(());
    }
    Err(IdentityError::not_authorized("User is disabled."))
}
