//! `/confirm`, `/confirmUser` and `/resendcode`: a new user proves the address, by a code or by the link in the mail.
//!
//! `/confirmUser` acts on GET, as AWS's does: the link is all that the mail holds. Where a client hides who exists,
//! a code that does not do is told in one way, and another code is always said to be sent.

use portcullis_model::SecretText;

use super::{
    EndpointResponse,
    authorization_request::AuthorizationRequest,
    domain::Visit,
    login::{PageRequest, Saying, text, whole},
};
use crate::{
    IdentityError,
    flows::ConfirmSignUp,
    pages::{self, layout::Problem},
};

const WRONG_CODE: &str = "This code is wrong or too old. Check it, or have another sent.";

impl Visit<'_> {
    /// Whether new users get a link rather than a code.
    fn confirms_by_link(&self) -> bool {
        self.pool.default_email_option == "CONFIRM_WITH_LINK"
    }

    pub(super) fn confirm_page(
        &self,
        authorization: &AuthorizationRequest,
        username: &str,
        saying: Saying<'_>,
    ) -> EndpointResponse {
        let by_link = self.confirms_by_link() && !username.is_empty();
        self.page(authorization, saying, |frame| {
            if by_link {
                pages::confirm::by_link(frame, username)
            } else {
                pages::confirm::by_code(frame, username)
            }
        })
    }

    pub(super) async fn confirm(&self) -> Result<EndpointResponse, IdentityError> {
        let PageRequest { authorization, form } = match self.page_request().await? {
            Ok(request) => request,
            Err(answer) => return Ok(answer),
        };
        let Some(form) = form else {
            return Ok(self.confirm_page(&authorization, "", Saying::default()));
        };
        let mut problems = Vec::new();
        let username = text(&form, "username", "Enter your name.", &mut problems)
            .trim()
            .to_owned();
        let code = text(&form, "code", "Enter the code from the email.", &mut problems);
        if !problems.is_empty() {
            let missing = IdentityError::invalid_parameter("a field is empty");
            return Ok(self.confirm_page(&authorization, &username, Saying::problems(&problems, &missing)));
        }
        let input = ConfirmSignUp {
            client_id: authorization.context.client.client_id.to_string(),
            secret_hash: None,
            username: username.clone(),
            confirmation_code: SecretText::new(code.trim().to_owned()),
            force_alias_creation: false,
        };
        match self.identity.confirm_user(&authorization.context, &input).await {
            Ok(()) => Ok(self.sign_in_page(
                &authorization,
                &username,
                Saying::notice("Your account is confirmed. Sign in to go on."),
            )),
            Err(refused) if refused.name() == "InternalErrorException" => Err(refused),
            Err(refused) => {
                let problem =
                    Problem::with("code", explain(&refused, authorization.context.hides_existence()));
                let saying = Saying::problems(std::slice::from_ref(&problem), &refused);
                Ok(self.confirm_page(&authorization, &username, saying))
            }
        }
    }

    pub(super) async fn confirm_user(&self) -> Result<EndpointResponse, IdentityError> {
        if let Some(refused) = self.refuse_method("GET") {
            return Ok(refused);
        }
        let query = match self.query() {
            Ok(query) => query,
            Err(cause) => return Ok(self.error_page(400, cause)),
        };
        let (Some(client), Some(username), Some(code)) = (
            query.get("client_id"),
            query.get("user_name"),
            query.get("confirmation_code"),
        ) else {
            return Ok(self.error_page(400, "client_id, user_name or confirmation_code is missing"));
        };
        let found = self
            .identity
            .client_of(&self.scope, self.pool.id.as_str(), client)
            .await;
        let context = match found {
            Ok(context) => context,
            Err(error) if error.name() == "ResourceNotFoundException" => {
                return Ok(self.error_page(400, "the domain's pool has no such client"));
            }
            Err(error) => return Err(error),
        };
        let input = ConfirmSignUp {
            client_id: client.to_owned(),
            secret_hash: None,
            username: username.to_owned(),
            confirmation_code: SecretText::new(code.to_owned()),
            force_alias_creation: false,
        };
        let (status, title, message, cause) = match self.identity.confirm_user(&context, &input).await {
            Ok(()) => (
                200,
                "Your registration has been confirmed!",
                "You can close this page, go back to the app and sign in.",
                None,
            ),
            Err(refused) if refused.name() == "InternalErrorException" => return Err(refused),
            Err(refused) => (
                400,
                "This link did not work",
                "It is too old or was used before. If you have confirmed your account, sign in; if not, have another \
                 link sent from the sign-in page.",
                Some(refused.to_string()),
            ),
        };
        let mut answer = EndpointResponse::page(status, pages::message::page(title, message), None);
        answer.cause = cause;
        Ok(answer)
    }

    pub(super) async fn resend_code(&self) -> Result<EndpointResponse, IdentityError> {
        let PageRequest { authorization, form } = match self.page_request().await? {
            Ok(request) => request,
            Err(answer) => return Ok(answer),
        };
        let username = form
            .as_ref()
            .and_then(|form| form.get("username"))
            .unwrap_or_default()
            .trim()
            .to_owned();
        if username.is_empty() {
            return Ok(self.confirm_page(&authorization, "", Saying::default()));
        }
        let context = &authorization.context;
        let outcome = match self.identity.resend_code(context, &username).await {
            Err(refused) if context.hides_existence() && refused.name() != "InternalErrorException" => {
                tracing::debug!("another code is only pretended: {refused}");
                self.identity.pretended_delivery(context, &username)
            }
            outcome => outcome,
        };
        match outcome {
            Ok(delivery) => {
                let sent = format!("We have sent another email to {}.", delivery.destination);
                Ok(self.confirm_page(&authorization, &username, Saying::notice(&sent)))
            }
            Err(refused) if refused.name() == "InternalErrorException" => Err(refused),
            Err(refused) => {
                let problem = whole(refused.message());
                let saying = Saying::problems(std::slice::from_ref(&problem), &refused);
                Ok(self.confirm_page(&authorization, &username, saying))
            }
        }
    }
}

fn explain(refused: &IdentityError, hides_existence: bool) -> String {
    match refused.name() {
        "AliasExistsException" => "Another account has proved this address already.".into(),
        _ if hides_existence => WRONG_CODE.into(),
        "CodeMismatchException" | "ExpiredCodeException" => WRONG_CODE.into(),
        _ => refused.message().to_owned(),
    }
}
