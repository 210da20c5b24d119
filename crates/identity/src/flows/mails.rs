//! The mails that users get, in Cognito's default words or the pool's own.

use portcullis_model::{
    SecretText,
    resources::cognito::{User, UserPool},
};
use serde_json::Value;

use crate::{Identity, IdentityError, ports::Message};

const CODE_SUBJECT: &str = "Your verification code";
const CODE_TEXT: &str = "Your confirmation code is {####}";
const INVITATION_SUBJECT: &str = "Your temporary password";
const INVITATION_TEXT: &str = "Your username is {username} and temporary password is {####}.";

impl Identity {
    /// Mails a confirmation code to `to`.
    pub(crate) async fn mail_code(
        &self,
        pool: &UserPool,
        to: &str,
        code: &SecretText,
    ) -> Result<(), IdentityError> {
        let template = |name| setting(pool, &["VerificationMessageTemplate", name]);
        let subject = template("EmailSubject").or_else(|| setting(pool, &["EmailVerificationSubject"]));
        let text = template("EmailMessage").or_else(|| setting(pool, &["EmailVerificationMessage"]));
        let html = text.unwrap_or(CODE_TEXT).replace("{####}", code.expose());
        self.mail(pool, to, subject.unwrap_or(CODE_SUBJECT), html).await
    }

    /// Mails an invitation with a temporary password to `to`.
    pub(crate) async fn mail_invitation(
        &self,
        pool: &UserPool,
        user: &User,
        to: &str,
        password: &SecretText,
    ) -> Result<(), IdentityError> {
        let template = |name| setting(pool, &["AdminCreateUserConfig", "InviteMessageTemplate", name]);
        // In pools whose usernames are addresses, the address is what one signs in with.
        let username = if pool.username_attributes.is_empty() {
            user.username.as_str()
        } else {
            to
        };
        let html = template("EmailMessage")
            .unwrap_or(INVITATION_TEXT)
            .replace("{username}", &escaped(username))
            .replace("{####}", &escaped(password.expose()));
        let subject = template("EmailSubject").unwrap_or(INVITATION_SUBJECT);
        self.mail(pool, to, subject, html).await
    }

    async fn mail(
        &self,
        pool: &UserPool,
        to: &str,
        subject: &str,
        html: String,
    ) -> Result<(), IdentityError> {
        // A bare line of text is HTML too; said so, nobody who carries the mail takes it for plain text and shows the
        // escapes in it.
        let html = if html.trim_start().starts_with('<') {
            html
        } else {
            format!("<html><body>{html}</body></html>")
        };
        let message = Message {
            user_pool_id: pool.id.clone(),
            to: to.to_owned(),
            // A header has one line.
            subject: subject.replace(['\r', '\n'], " "),
            html,
        };
        self.mail.send(message).await.map_err(|cause| {
            IdentityError::code_delivery_failure("Unable to deliver the message to the user.")
                .because(cause.to_string())
        })
    }
}

fn setting<'a>(pool: &'a UserPool, path: &[&str]) -> Option<&'a str> {
    let (first, rest) = path.split_first()?;
    let value = rest
        .iter()
        .try_fold(pool.settings.get(*first)?, |value, name| value.get(name))?;
    Value::as_str(value).filter(|text| !text.is_empty())
}

fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            other => html.push(other),
        }
    }
    html
}
