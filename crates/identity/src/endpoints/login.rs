//! `/login`: name and password, typed on our own page. What every page with a form needs is here too.

use portcullis_model::SecretText;
use portcullis_store::Batch;

use super::{EndpointResponse, authorization_request::AuthorizationRequest, domain::Visit, form::Form};
use crate::{
    IdentityError,
    directory::attributes,
    flows::{AuthOutcome, forgot_password::recovers_by_email, standing::Standing},
    pages::{self, Frame, layout::Problem},
};
use portcullis_model::resources::cognito::User;

/// A page's request, checked: what is authorized, and the form if one was sent.
pub(super) struct PageRequest {
    pub(super) authorization: AuthorizationRequest,
    pub(super) form: Option<Form>,
}

/// What a page says besides its form.
#[derive(Default)]
pub(super) struct Saying<'a> {
    pub(super) problems: &'a [Problem],
    pub(super) notice: Option<&'a str>,
    pub(super) cause: Option<String>,
}

impl<'a> Saying<'a> {
    pub(super) fn notice(notice: &'a str) -> Self {
        Self {
            notice: Some(notice),
            ..Self::default()
        }
    }

    pub(super) fn problems(problems: &'a [Problem], refused: &IdentityError) -> Self {
        Self {
            problems,
            notice: None,
            cause: Some(refused.cause().map_or_else(|| refused.to_string(), str::to_owned)),
        }
    }
}

impl Visit<'_> {
    /// Reads a page's request: the authorization request in its query, and a form that comes from us.
    pub(super) async fn page_request(&self) -> Result<Result<PageRequest, EndpointResponse>, IdentityError> {
        if let Some(refused) = self.refuse_method("GET, POST") {
            return Ok(Err(refused));
        }
        let query = match self.query() {
            Ok(query) => query,
            Err(cause) => return Ok(Err(self.error_page(400, cause))),
        };
        let authorization = match self.authorization_request(&query).await? {
            Ok(authorization) => authorization,
            Err(fault) => return Ok(Err(self.fault(fault))),
        };
        let mut form = None;
        if self.is_post() {
            let sent = self.body().and_then(|sent| {
                self.check_csrf(&sent)?;
                Ok(sent)
            });
            match sent {
                Ok(sent) => form = Some(sent),
                Err(cause) => return Ok(Err(self.refused_form(&authorization, cause))),
            }
        }
        Ok(Ok(PageRequest { authorization, form }))
    }

    /// A form that is not ours gets the sign-in page, so that who left a page open too long can go on from there.
    fn refused_form(&self, authorization: &AuthorizationRequest, cause: &str) -> EndpointResponse {
        let problem = Problem {
            field: None,
            message: "This page was open for too long, or cookies are off. Try again.".into(),
        };
        let saying = Saying {
            problems: &[problem],
            cause: Some(cause.to_owned()),
            notice: None,
        };
        let mut answer = self.sign_in_page(authorization, "", saying);
        answer.status = 403;
        answer
    }

    /// Renders a page with a form.
    pub(super) fn page(
        &self,
        authorization: &AuthorizationRequest,
        saying: Saying<'_>,
        render: impl FnOnce(&Frame<'_>) -> Vec<u8>,
    ) -> EndpointResponse {
        let csrf = self.csrf_token();
        let document = render(&Frame {
            pool: &self.pool,
            query: &authorization.query,
            csrf: csrf.expose(),
            problems: saying.problems,
            notice: saying.notice,
        });
        let status = if saying.problems.is_empty() { 200 } else { 400 };
        let redirect = authorization.redirect_source();
        let mut answer = EndpointResponse::page(status, document, redirect.as_deref());
        answer.cause = saying.cause;
        self.with_csrf(answer, &csrf)
    }

    pub(super) fn sign_in_page(
        &self,
        authorization: &AuthorizationRequest,
        username: &str,
        saying: Saying<'_>,
    ) -> EndpointResponse {
        let recovers = recovers_by_email(&self.pool);
        self.page(authorization, saying, |frame| {
            pages::sign_in::page(frame, username, recovers)
        })
    }

    pub(super) async fn login(&self) -> Result<EndpointResponse, IdentityError> {
        let PageRequest { authorization, form } = match self.page_request().await? {
            Ok(request) => request,
            Err(answer) => return Ok(answer),
        };
        let Some(form) = form else {
            let hint = authorization.login_hint.as_deref().unwrap_or_default();
            return Ok(self.sign_in_page(&authorization, hint, Saying::default()));
        };
        let mut problems = Vec::new();
        let username = text(&form, "username", "Enter your name.", &mut problems)
            .trim()
            .to_owned();
        let password = text(&form, "password", "Enter your password.", &mut problems);
        if !problems.is_empty() {
            let missing = IdentityError::invalid_parameter("a field is empty");
            return Ok(self.sign_in_page(&authorization, &username, Saying::problems(&problems, &missing)));
        }
        match self
            .try_login(&authorization, &username, SecretText::new(password))
            .await
        {
            Ok(answer) => Ok(answer),
            Err(refused) => self.explain_login(&authorization, &username, &refused),
        }
    }

    async fn try_login(
        &self,
        authorization: &AuthorizationRequest,
        username: &str,
        password: SecretText,
    ) -> Result<EndpointResponse, IdentityError> {
        let (identity, context) = (self.identity, &authorization.context);
        let user = identity
            .user_by_password(context, username, &password)
            .await?
            .value;
        match identity.standing(&user)? {
            Standing::Confirmed => self.sign_in(authorization, &user, Batch::new()).await,
            Standing::NewPasswordRequired => {
                let AuthOutcome::Challenge {
                    session: Some(session),
                    ..
                } = identity.new_password_challenge(context, &user)?
                else {
                    return Err(IdentityError::broken(
                        "the challenge of a new password has no session",
                    ));
                };
                let missing = attributes::missing(&self.pool, &user);
                Ok(self.page(authorization, Saying::default(), |frame| {
                    pages::new_password::page(frame, username, &session, &missing)
                }))
            }
        }
    }

    /// Signs the browser in and sends it back to the app; `also` is written with it.
    pub(super) async fn sign_in(
        &self,
        authorization: &AuthorizationRequest,
        user: &User,
        also: Batch,
    ) -> Result<EndpointResponse, IdentityError> {
        let now = self.identity.clock.now();
        let (secret, mut batch) = self.new_session(user, now)?;
        batch.append(also);
        let answer = self.let_through(authorization, user, now, batch).await?;
        Ok(self.with_session(answer, &secret))
    }

    fn explain_login(
        &self,
        authorization: &AuthorizationRequest,
        username: &str,
        refused: &IdentityError,
    ) -> Result<EndpointResponse, IdentityError> {
        let message = match (refused.name(), refused.message()) {
            // Only who knows the password comes here.
            ("UserNotConfirmedException", _) => {
                let problem = whole("Confirm your account first, then sign in.");
                return Ok(self.confirm_page(authorization, username, Saying::problems(&[problem], refused)));
            }
            ("PasswordResetRequiredException", _) => {
                let problem = whole("Your password has to be reset before you can sign in.");
                let saying = Saying::problems(std::slice::from_ref(&problem), refused);
                return Ok(self.page(authorization, saying, |frame| {
                    pages::forgot_password::ask(frame, username)
                }));
            }
            ("NotAuthorizedException", "Password attempts exceeded") => {
                "Too many attempts. Wait a little, then try again."
            }
            ("NotAuthorizedException", "User is disabled.") => "This account is switched off. Ask for help.",
            ("NotAuthorizedException", said) if said.starts_with("Temporary password") => {
                "The password that you were sent is too old. Ask for a new one."
            }
            ("TooManyRequestsException", _) => "We are very busy. Wait a little, then try again.",
            ("InternalErrorException" | "ConcurrentModificationException", _) => return Err(refused.clone()),
            _ => "The name or the password is wrong.",
        };
        Ok(self.sign_in_page(
            authorization,
            username,
            Saying::problems(&[whole(message)], refused),
        ))
    }
}

/// Returns a problem with the whole form.
pub(super) fn whole(message: impl Into<String>) -> Problem {
    Problem {
        field: None,
        message: message.into(),
    }
}

/// Returns a field's text; notes what is missing.
pub(super) fn text(form: &Form, name: &str, missing: &str, problems: &mut Vec<Problem>) -> String {
    match form.get(name) {
        Some(value) => value.to_owned(),
        None => {
            problems.push(Problem::with(name, missing));
            String::new()
        }
    }
}
