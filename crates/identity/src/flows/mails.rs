//! The mails that users get, in Cognito's default words or the pool's own.

use portcullis_model::{
    SecretText,
    resources::cognito::{User, UserPool},
};
use serde_json::Value;

use crate::{
    Identity, IdentityError, endpoints::form, pages::html::escaped, ports::Message, records::ClientContext,
};

const CODE_SUBJECT: &str = "Your verification code";
const CODE_TEXT: &str = "Your confirmation code is {####}";
const LINK_SUBJECT: &str = "Your verification link";
const LINK_TEXT: &str = "Please click the link below to verify your email address. {##Verify Email##}";
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

    /// Mails what confirms a sign-up: a code or a link, as the pool wants.
    pub(crate) async fn mail_confirmation(
        &self,
        context: &ClientContext,
        user: &User,
        to: &str,
        code: &SecretText,
    ) -> Result<(), IdentityError> {
        let pool = &context.pool;
        if pool.default_email_option != "CONFIRM_WITH_LINK" {
            return self.mail_code(pool, to, code).await;
        }
        let origin = self.check_link_has_somewhere_to_lead(pool)?;
        let fields = [
            ("client_id", context.client.client_id.as_str()),
            ("user_name", &user.username),
            ("confirmation_code", code.expose()),
        ];
        let link = format!("{origin}/confirmUser?{}", form::encode(fields.into_iter()));
        let template = |name| setting(pool, &["VerificationMessageTemplate", name]);
        let text = template("EmailMessageByLink").unwrap_or(LINK_TEXT);
        let html = with_link(text, &link);
        let subject = template("EmailSubjectByLink").unwrap_or(LINK_SUBJECT);
        self.mail(pool, to, subject, html).await
    }

    /// Returns the origin of links; refuses where the pool sends links and has no domain for them.
    pub(crate) fn check_link_has_somewhere_to_lead(&self, pool: &UserPool) -> Result<String, IdentityError> {
        self.domain_origin(pool).ok_or_else(|| {
            IdentityError::code_delivery_failure(
                "the pool confirms with a link and has no domain: create a user pool domain",
            )
        })
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

/// Puts the link where a text says `{##words##}`; behind it where it does not.
fn with_link(text: &str, link: &str) -> String {
    let anchor = |words: &str| format!("<a href=\"{}\">{words}</a>", escaped(link));
    let parts = text.split_once("{##").and_then(|(before, rest)| {
        rest.split_once("##}")
            .map(|(words, after)| (before, words, after))
    });
    match parts {
        Some((before, words, after)) => format!("{before}{}{after}", anchor(words)),
        None => format!("{text} {}", anchor("Verify Email")),
    }
}

fn setting<'a>(pool: &'a UserPool, path: &[&str]) -> Option<&'a str> {
    let (first, rest) = path.split_first()?;
    let value = rest
        .iter()
        .try_fold(pool.settings.get(*first)?, |value, name| value.get(name))?;
    Value::as_str(value).filter(|text| !text.is_empty())
}
