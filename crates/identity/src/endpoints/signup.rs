//! `/signup`: a stranger makes an account, where the pool lets strangers in.

use portcullis_model::SecretText;

use super::{
    EndpointResponse,
    authorization_request::AuthorizationRequest,
    domain::Visit,
    form::Form,
    login::{PageRequest, Saying, text, whole},
};
use crate::{
    IdentityError,
    flows::SignUp,
    pages::{self, layout::Problem, sign_up::ATTRIBUTE_PREFIX},
};

impl Visit<'_> {
    pub(super) async fn signup(&self) -> Result<EndpointResponse, IdentityError> {
        let PageRequest { authorization, form } = match self.page_request().await? {
            Ok(request) => request,
            Err(answer) => return Ok(answer),
        };
        if self.pool.allow_admin_create_user_only {
            return Ok(self.error_page(403, "the pool's users are created by administrators only"));
        }
        let Some(form) = form else {
            return Ok(self.sign_up_page(&authorization, None, Saying::default()));
        };
        let mut problems = Vec::new();
        let username = text(&form, "username", "Enter a name to sign in with.", &mut problems)
            .trim()
            .to_owned();
        let mut user_attributes = Vec::new();
        for name in pages::sign_up::asked_attributes(&self.pool) {
            let field = format!("{ATTRIBUTE_PREFIX}{name}");
            let label = pages::sign_up::label(&name).to_lowercase();
            let value = text(&form, &field, &format!("Enter your {label}."), &mut problems);
            user_attributes.push((name, value.trim().to_owned()));
        }
        let password = text(&form, "password", "Enter a password.", &mut problems);
        if !problems.is_empty() {
            let missing = IdentityError::invalid_parameter("a field is empty");
            return Ok(self.sign_up_page(&authorization, Some(&form), Saying::problems(&problems, &missing)));
        }
        let input = SignUp {
            client_id: authorization.context.client.client_id.to_string(),
            secret_hash: None,
            username: username.clone(),
            password: SecretText::new(password),
            user_attributes,
        };
        match self.identity.register(&authorization.context, input).await {
            Ok(answer) => Ok(match answer.code_delivery {
                Some(delivery) => {
                    let sent = format!("We have sent an email to {}.", delivery.destination);
                    self.confirm_page(&authorization, &username, Saying::notice(&sent))
                }
                None => {
                    let said =
                        "Your account is made. An administrator has to confirm it before you can sign in.";
                    self.sign_in_page(&authorization, &username, Saying::notice(said))
                }
            }),
            Err(refused) if refused.name() == "InternalErrorException" => Err(refused),
            Err(refused) => {
                let problem = explain(&refused);
                let saying = Saying::problems(std::slice::from_ref(&problem), &refused);
                Ok(self.sign_up_page(&authorization, Some(&form), saying))
            }
        }
    }

    fn sign_up_page(
        &self,
        authorization: &AuthorizationRequest,
        typed: Option<&Form>,
        saying: Saying<'_>,
    ) -> EndpointResponse {
        let value = |field: &str| {
            typed
                .and_then(|form| form.get(field))
                .unwrap_or_default()
                .to_owned()
        };
        self.page(authorization, saying, |frame| {
            pages::sign_up::page(frame, &value("username"), &|name| {
                value(&format!("{ATTRIBUTE_PREFIX}{name}"))
            })
        })
    }
}

/// Says in plain words what is wrong, and with which field.
fn explain(refused: &IdentityError) -> Problem {
    let said = refused.message();
    match refused.name() {
        "InvalidPasswordException" => {
            let missing = said.rsplit(": ").next().unwrap_or(said);
            Problem::with("password", format!("{missing}."))
        }
        // As on AWS, signing up says that a name is taken.
        "UsernameExistsException" | "AliasExistsException" => Problem::with(
            "username",
            "There is an account with this name already. Sign in instead.",
        ),
        "CodeDeliveryFailureException" => whole("The email could not be sent. Try again later."),
        "TooManyRequestsException" => whole("We are very busy. Wait a little, then try again."),
        "InvalidParameterException" if said.contains("'password'") => Problem::with(
            "password",
            "A password does not start or end with a space, and has at most 256 characters.",
        ),
        "InvalidParameterException" if said.contains("'username'") => {
            Problem::with("username", "A name has no spaces, and at most 128 characters.")
        }
        "InvalidParameterException" if said.starts_with("Username") => Problem::with("username", said),
        _ => whole(said.trim_end().to_owned()),
    }
}
