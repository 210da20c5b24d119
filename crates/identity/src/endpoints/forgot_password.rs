//! `/forgotPassword` and `/confirmforgotPassword`: a code by mail, and a new password against it.

use portcullis_model::SecretText;

use super::{
    EndpointResponse,
    authorization_request::AuthorizationRequest,
    domain::Visit,
    login::{PageRequest, Saying, text, whole},
};
use crate::{
    IdentityError,
    flows::forgot_password::recovers_by_email,
    pages::{self, layout::Problem},
};

impl Visit<'_> {
    fn ask_page(
        &self,
        authorization: &AuthorizationRequest,
        username: &str,
        saying: Saying<'_>,
    ) -> EndpointResponse {
        self.page(authorization, saying, |frame| {
            pages::forgot_password::ask(frame, username)
        })
    }

    fn set_page(
        &self,
        authorization: &AuthorizationRequest,
        username: &str,
        saying: Saying<'_>,
    ) -> EndpointResponse {
        self.page(authorization, saying, |frame| {
            pages::forgot_password::set(frame, username)
        })
    }

    pub(super) async fn forgot_password(&self) -> Result<EndpointResponse, IdentityError> {
        let PageRequest { authorization, form } = match self.page_request().await? {
            Ok(request) => request,
            Err(answer) => return Ok(answer),
        };
        if !recovers_by_email(&self.pool) {
            return Ok(self.error_page(403, "the pool leaves recovery to administrators"));
        }
        let Some(form) = form else {
            return Ok(self.ask_page(&authorization, "", Saying::default()));
        };
        let mut problems = Vec::new();
        let username = text(&form, "username", "Enter your name.", &mut problems)
            .trim()
            .to_owned();
        if !problems.is_empty() {
            let missing = IdentityError::invalid_parameter("a field is empty");
            return Ok(self.ask_page(&authorization, "", Saying::problems(&problems, &missing)));
        }
        match self
            .identity
            .send_reset_code(&authorization.context, &username)
            .await
        {
            Ok(delivery) => {
                // Said alike of every name, where the client hides who exists.
                let sent = format!(
                    "If there is an account with this name, a code is on its way to {}.",
                    delivery.destination
                );
                Ok(self.set_page(&authorization, &username, Saying::notice(&sent)))
            }
            Err(refused) if refused.name() == "InternalErrorException" => Err(refused),
            Err(refused) => {
                let problem = whole(refused.message());
                let saying = Saying::problems(std::slice::from_ref(&problem), &refused);
                Ok(self.ask_page(&authorization, &username, saying))
            }
        }
    }

    pub(super) async fn confirm_forgot_password(&self) -> Result<EndpointResponse, IdentityError> {
        let PageRequest { authorization, form } = match self.page_request().await? {
            Ok(request) => request,
            Err(answer) => return Ok(answer),
        };
        let Some(form) = form else {
            return Ok(self.ask_page(&authorization, "", Saying::default()));
        };
        let Some(username) = form.get("username") else {
            return Ok(self.ask_page(&authorization, "", Saying::default()));
        };
        let mut problems = Vec::new();
        let code = text(&form, "code", "Enter the code from the email.", &mut problems);
        let password = text(&form, "password", "Enter a new password.", &mut problems);
        if !problems.is_empty() {
            let missing = IdentityError::invalid_parameter("a field is empty");
            return Ok(self.set_page(&authorization, username, Saying::problems(&problems, &missing)));
        }
        let (code, password) = (SecretText::new(code.trim().to_owned()), SecretText::new(password));
        let context = &authorization.context;
        match self
            .identity
            .reset_password(context, username, &code, &password)
            .await
        {
            Ok(()) => Ok(self.sign_in_page(
                &authorization,
                username,
                Saying::notice("Your password is set. Sign in with it."),
            )),
            Err(refused) if refused.name() == "InternalErrorException" => Err(refused),
            Err(refused) => {
                let problem = explain(&refused);
                let saying = Saying::problems(std::slice::from_ref(&problem), &refused);
                Ok(self.set_page(&authorization, username, saying))
            }
        }
    }
}

/// Says in plain words what is wrong with a new password or its code.
pub(super) fn explain(refused: &IdentityError) -> Problem {
    let said = refused.message();
    match refused.name() {
        "InvalidPasswordException" => {
            let missing = said.rsplit(": ").next().unwrap_or(said);
            Problem::with("password", format!("{missing}."))
        }
        "InvalidParameterException" if said.contains("'password'") => Problem::with(
            "password",
            "A password does not start or end with a space, and has at most 256 characters.",
        ),
        "CodeMismatchException" | "ExpiredCodeException" => Problem::with(
            "code",
            "This code is wrong or too old. Check it, or have another sent.",
        ),
        "LimitExceededException" => whole("Too many attempts. Wait a little, then try again."),
        "TooManyRequestsException" => whole("We are very busy. Wait a little, then try again."),
        _ => whole(said.trim_end().to_owned()),
    }
}
