//! `/changePassword`: a user with a temporary password sets one of their own, and is signed in with it.

use portcullis_model::SecretText;

use super::{
    EndpointResponse,
    domain::Visit,
    forgot_password::explain,
    form::Form,
    login::{PageRequest, Saying, whole},
};
use crate::{
    IdentityError,
    flows::Parameters,
    pages::{self, sign_up::ATTRIBUTE_PREFIX},
};

impl Visit<'_> {
    pub(super) async fn change_password(&self) -> Result<EndpointResponse, IdentityError> {
        let PageRequest { authorization, form } = match self.page_request().await? {
            Ok(request) => request,
            Err(answer) => return Ok(answer),
        };
        // The page comes only after a temporary password: `session` is the proof.
        let Some(form) = form else {
            return Ok(EndpointResponse::redirect(
                false,
                format!("login?{}", authorization.query),
            ));
        };
        let value = |name: &str| form.get(name).unwrap_or_default();
        let (username, session) = (value("username"), SecretText::new(value("session").to_owned()));
        let context = &authorization.context;
        let outcome = self
            .identity
            .user_with_new_password(context, Some(&session), &responses(&form))
            .await;
        let refused = match outcome {
            Ok((user, batch)) => return self.sign_in(&authorization, &user, batch).await,
            Err(refused) => refused,
        };
        match refused.name() {
            "InternalErrorException" => Err(refused),
            "NotAuthorizedException" => {
                let problem =
                    whole("This took too long. Sign in again with the password that you were sent.");
                let saying = Saying::problems(std::slice::from_ref(&problem), &refused);
                Ok(self.sign_in_page(&authorization, username, saying))
            }
            _ => {
                let problem = explain(&refused);
                let saying = Saying::problems(std::slice::from_ref(&problem), &refused);
                // Only names, for labels: what is really missing is judged from the user's record.
                let missing: Vec<String> = value("missing")
                    .split(' ')
                    .filter(|name| {
                        self.pool
                            .schema_attributes
                            .iter()
                            .any(|there| there.name == **name)
                    })
                    .map(str::to_owned)
                    .collect();
                Ok(self.page(&authorization, saying, |frame| {
                    pages::new_password::page(frame, username, session.expose(), &missing)
                }))
            }
        }
    }
}

fn responses(form: &Form) -> Parameters {
    let mut responses = Parameters::new();
    let mut set = |name: String, value: &str| responses.insert(name, SecretText::new(value.to_owned()));
    for (name, ours) in [("username", "USERNAME"), ("password", "NEW_PASSWORD")] {
        if let Some(value) = form.get(name) {
            set(ours.to_owned(), value);
        }
    }
    for (name, value) in form.under(ATTRIBUTE_PREFIX) {
        set(format!("userAttributes.{name}"), &value);
    }
    responses
}
