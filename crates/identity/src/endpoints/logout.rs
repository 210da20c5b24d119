//! `/logout`: ends the browser's session, and sends it on to where the client says that sign-outs may lead.
//!
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/logout-endpoint.html>. Takes AWS's `logout_uri`, or OpenID
//! Connect's `post_logout_redirect_uri` (RP-Initiated Logout 1.0, with `client_id`); both are one of `LogoutURLs`, byte
//! for byte. With `redirect_uri` and `response_type` instead it leads to the sign-in page.

use super::{EndpointResponse, domain::Visit, form::encode};
use crate::IdentityError;

impl Visit<'_> {
    pub(super) async fn logout(&self) -> Result<EndpointResponse, IdentityError> {
        if let Some(refused) = self.refuse_method("GET") {
            return Ok(refused);
        }
        let query = match self.query() {
            Ok(query) => query,
            Err(cause) => return Ok(self.error_page(400, cause)),
        };
        let Some(client_id) = query.get("client_id") else {
            return Ok(self.error_page(400, "client_id is missing"));
        };
        let context = match self.client(client_id).await? {
            Ok(context) => context,
            Err(cause) => return Ok(self.error_page(400, cause)),
        };
        let to = match query
            .get("logout_uri")
            .or_else(|| query.get("post_logout_redirect_uri"))
        {
            Some(named) => {
                if !context.client.logout_urls.iter().any(|url| url == named) {
                    return Ok(self.error_page(400, "logout_uri is none of the client's logout URLs"));
                }
                match query.get("state") {
                    Some(state) => {
                        let mark = if named.contains('?') { '&' } else { '?' };
                        let state = encode([("state", state)].into_iter());
                        format!("{named}{mark}{state}")
                    }
                    None => named.to_owned(),
                }
            }
            None if query.get("redirect_uri").is_some() => match self.authorization_request(&query).await? {
                Ok(request) => format!("login?{}", request.query),
                Err(fault) => return Ok(self.fault(fault)),
            },
            None => return Ok(self.error_page(400, "neither logout_uri nor redirect_uri is there")),
        };
        self.end_session().await?;
        Ok(self.without_session(EndpointResponse::redirect(false, to)))
    }
}
