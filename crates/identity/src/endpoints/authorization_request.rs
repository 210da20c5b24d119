//! An authorization request, checked: RFC 6749 section 4.1.1, PKCE (RFC 7636, S256 alone), OpenID Connect Core 3.1.2.1.
//!
//! Ignored, as OpenID Connect lets: `display`, `ui_locales`, `claims_locales`, `acr_values`, `claims`, `lang` and
//! unknown names. Refused: `request`, `request_uri`, `registration`, `resource`, `id_token_hint`, other identity
//! providers, `response_mode` other than the default, `prompt=consent`. `prompt=select_account` asks, like `login`.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};

use super::{EndpointResponse, domain::Visit, form::Form};
use crate::{
    IdentityError,
    directory::{client_options::STANDARD_SCOPES, pool_options::COGNITO},
    records::ClientContext,
};

/// Longest `state` and `nonce`.
const VALUE_BYTES_MAX: usize = 4096;
/// What a request is made of, and is carried on from page to page.
const NAMES: [&str; 12] = [
    "client_id",
    "response_type",
    "redirect_uri",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
    "prompt",
    "max_age",
    "login_hint",
    "response_mode",
];

/// What the app gets: a code, or tokens at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ResponseType {
    Code,
    Token,
}

/// Whether the user may or must be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Prompt {
    IfNeeded,
    Never,
    Always,
}

/// A request of a client that is known, to be answered at an address that is its own.
pub(super) struct AuthorizationRequest {
    pub(super) context: ClientContext,
    pub(super) response_type: ResponseType,
    pub(super) redirect_uri: String,
    /// Parted by spaces.
    pub(super) scope: String,
    pub(super) state: Option<String>,
    pub(super) nonce: Option<String>,
    pub(super) code_challenge: Option<String>,
    pub(super) prompt: Prompt,
    pub(super) max_age_seconds: Option<i64>,
    pub(super) login_hint: Option<String>,
    /// The request, encoded again: pages carry it on.
    pub(super) query: String,
}

/// Why a request is refused, and how much of it is believed.
pub(super) enum Fault {
    /// Client or redirect URI are not known good: nothing is sent there.
    Page(String),
    /// RFC 6749 section 4.1.2.1: the app is told.
    App(AppError),
}

/// An error for the app.
pub(super) struct AppError {
    redirect_uri: String,
    response_type: ResponseType,
    state: Option<String>,
    pub(super) code: &'static str,
    pub(super) description: String,
}

impl AppError {
    /// Returns the redirect that tells the app.
    pub(super) fn answer(self, after_post: bool) -> EndpointResponse {
        let mut fields = vec![
            ("error", self.code),
            ("error_description", self.description.as_str()),
        ];
        if let Some(state) = &self.state {
            fields.push(("state", state));
        }
        let to = redirect_to(&self.redirect_uri, self.response_type, &fields);
        let mut answer = EndpointResponse::redirect(after_post, to);
        answer.cause = Some(format!("{}: {}", self.code, self.description));
        answer
    }
}

impl AuthorizationRequest {
    /// Returns an error for the app about this request.
    pub(super) fn error(&self, code: &'static str, description: &str) -> AppError {
        AppError {
            redirect_uri: self.redirect_uri.clone(),
            response_type: self.response_type,
            state: self.state.clone(),
            code,
            description: description.to_owned(),
        }
    }

    /// Returns the redirect URI with an answer in it.
    pub(super) fn answered(&self, fields: &[(&str, &str)]) -> String {
        let mut fields = fields.to_vec();
        if let Some(state) = &self.state {
            fields.push(("state", state));
        }
        redirect_to(&self.redirect_uri, self.response_type, &fields)
    }

    /// Returns the origin of the redirect URI as a content security policy names it; none where it cannot.
    pub(super) fn redirect_source(&self) -> Option<String> {
        let (scheme, rest) = self.redirect_uri.split_once("://")?;
        let plain = |text: &str, also: &str| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || also.contains(c))
        };
        if !plain(scheme, "+-.") {
            return None;
        }
        let host = rest.split(['/', '?']).next().unwrap_or_default();
        // An app's own scheme has no host to name; an IPv6 address cannot be named.
        if !["http", "https"].contains(&scheme) || host.starts_with('[') {
            return Some(format!("{scheme}:"));
        }
        plain(host, "-.:_").then(|| format!("{scheme}://{host}"))
    }
}

impl Visit<'_> {
    /// Checks an authorization request.
    pub(super) async fn authorization_request(
        &self,
        form: &Form,
    ) -> Result<Result<AuthorizationRequest, Fault>, IdentityError> {
        let Some(client_id) = form.get("client_id") else {
            return Ok(Err(Fault::Page("client_id is missing".into())));
        };
        let context = match self.client(client_id).await? {
            Ok(context) => context,
            Err(cause) => return Ok(Err(Fault::Page(cause))),
        };
        let redirect_uri = match redirect_uri(&context, form) {
            Ok(redirect_uri) => redirect_uri,
            Err(cause) => return Ok(Err(Fault::Page(cause))),
        };
        let existing = self.identity.scopes_of(&context.scope, &context.pool.id).await?;
        Ok(check(context, redirect_uri, &existing, form).map_err(Fault::App))
    }
}

/// Returns where to answer: byte for byte one of the client's callback URLs, the default when none is named.
fn redirect_uri(context: &ClientContext, form: &Form) -> Result<String, String> {
    let client = &context.client;
    let Some(named) = form.get("redirect_uri") else {
        return client
            .default_redirect_uri
            .clone()
            .ok_or_else(|| "redirect_uri is missing and the client has no default".into());
    };
    if client.callback_urls.iter().any(|url| url == named) {
        Ok(named.to_owned())
    } else {
        Err("redirect_uri is none of the client's callback URLs".into())
    }
}

fn check(
    context: ClientContext,
    redirect_uri: String,
    existing_scopes: &[String],
    form: &Form,
) -> Result<AuthorizationRequest, AppError> {
    let asked = form.get("response_type");
    let response_type = match asked {
        Some("token") => ResponseType::Token,
        _ => ResponseType::Code,
    };
    let state = form
        .get("state")
        .filter(|state| state.len() <= VALUE_BYTES_MAX)
        .map(str::to_owned);
    let refuse = |code: &'static str, description: &str| AppError {
        redirect_uri: redirect_uri.clone(),
        response_type,
        state: state.clone(),
        code,
        description: description.to_owned(),
    };
    let flow = match asked {
        None => return Err(refuse("invalid_request", "response_type is missing")),
        Some("code") => "code",
        Some("token") => "implicit",
        Some(_) => {
            return Err(refuse(
                "unsupported_response_type",
                "response_type is neither code nor token",
            ));
        }
    };
    if !context
        .client
        .allowed_oauth_flows
        .iter()
        .any(|allowed| allowed == flow)
    {
        return Err(refuse(
            "unauthorized_client",
            "the client does not allow this response_type",
        ));
    }
    for name in ["state", "nonce", "login_hint"] {
        if form.get(name).is_some_and(|value| value.len() > VALUE_BYTES_MAX) {
            return Err(refuse("invalid_request", &format!("{name} is too long")));
        }
    }
    check_unsupported(form, response_type).map_err(|(code, description)| refuse(code, description))?;
    let scope = granted_scope(&context, existing_scopes, form.get("scope"))
        .map_err(|description| refuse("invalid_scope", description))?;
    let code_challenge =
        code_challenge(form).map_err(|description| refuse("invalid_request", description))?;
    let prompt = prompt(form).map_err(|(code, description)| refuse(code, description))?;
    let max_age_seconds = match form.get("max_age").map(str::parse::<u32>) {
        None => None,
        Some(Ok(seconds)) => Some(i64::from(seconds)),
        Some(Err(_)) => return Err(refuse("invalid_request", "max_age is no number of seconds")),
    };
    Ok(AuthorizationRequest {
        response_type,
        scope,
        nonce: form.get("nonce").map(str::to_owned),
        code_challenge,
        prompt,
        max_age_seconds,
        login_hint: form.get("login_hint").map(str::to_owned),
        query: form.encoded(&NAMES),
        context,
        redirect_uri,
        state,
    })
}

/// RFC 6749 section 3.3: what is asked for must be allowed; what is not asked for is all that the client has.
fn granted_scope(
    context: &ClientContext,
    existing: &[String],
    asked: Option<&str>,
) -> Result<String, &'static str> {
    // A scope goes when its resource server does, also from clients that were allowed it.
    let grantable = |scope: &&str| {
        context
            .client
            .allowed_oauth_scopes
            .iter()
            .any(|there| there == scope)
            && (STANDARD_SCOPES.contains(scope) || existing.iter().any(|there| there == scope))
    };
    let mut scopes: Vec<&str> = match asked {
        None => {
            let all = context.client.allowed_oauth_scopes.iter().map(String::as_str);
            all.filter(grantable).collect()
        }
        Some(asked) => {
            let asked: Vec<&str> = asked.split(' ').filter(|scope| !scope.is_empty()).collect();
            if !asked.iter().all(grantable) {
                return Err("a scope does not exist or is not allowed to the client");
            }
            asked
        }
    };
    let mut seen = Vec::new();
    scopes.retain(|scope| {
        let new = !seen.contains(scope);
        seen.push(*scope);
        new
    });
    if scopes.is_empty() {
        return Err("the client has no scope");
    }
    // As AWS: what an ID token or the user info would say of the user needs OpenID Connect.
    let needs_openid = ["email", "phone", "profile"]
        .iter()
        .any(|scope| scopes.contains(scope));
    if needs_openid && !scopes.contains(&"openid") {
        return Err("email, phone and profile are asked for together with openid");
    }
    Ok(scopes.join(" "))
}

fn code_challenge(form: &Form) -> Result<Option<String>, &'static str> {
    match (form.get("code_challenge"), form.get("code_challenge_method")) {
        (None, None) => Ok(None),
        (None, Some(_)) => Err("code_challenge is missing"),
        (Some(challenge), Some("S256")) => {
            let hash = URL_SAFE_NO_PAD.decode(challenge);
            if hash.is_ok_and(|hash| hash.len() == 32) {
                Ok(Some(challenge.to_owned()))
            } else {
                Err("code_challenge is no SHA-256 in base64url")
            }
        }
        // None at all means `plain` (RFC 7636 section 4.3), which anybody who sees the request can answer.
        (Some(_), _) => Err("code_challenge_method is not S256"),
    }
}

fn prompt(form: &Form) -> Result<Prompt, (&'static str, &'static str)> {
    let mut prompt = Prompt::IfNeeded;
    let values: Vec<&str> = form.get("prompt").unwrap_or_default().split(' ').collect();
    for value in values.iter().filter(|value| !value.is_empty()) {
        prompt = match *value {
            "none" if values.len() == 1 => Prompt::Never,
            "none" => return Err(("invalid_request", "prompt=none stands alone")),
            "login" | "select_account" => Prompt::Always,
            "consent" => return Err(("consent_required", "nobody is asked for consent here")),
            _ => return Err(("invalid_request", "prompt is unknown")),
        };
    }
    Ok(prompt)
}

fn check_unsupported(form: &Form, response_type: ResponseType) -> Result<(), (&'static str, &'static str)> {
    for (name, code, description) in [
        ("request", "request_not_supported", "request is not supported"),
        (
            "request_uri",
            "request_uri_not_supported",
            "request_uri is not supported",
        ),
        (
            "registration",
            "registration_not_supported",
            "registration is not supported",
        ),
        ("resource", "invalid_target", "resource is not supported"),
        (
            "id_token_hint",
            "invalid_request",
            "id_token_hint is not supported",
        ),
        (
            "idp_identifier",
            "invalid_request",
            "idp_identifier is not supported",
        ),
    ] {
        if form.get(name).is_some() {
            return Err((code, description));
        }
    }
    if form.get("identity_provider").is_some_and(|name| name != COGNITO) {
        return Err(("invalid_request", "identity_provider is other than COGNITO"));
    }
    let default = match response_type {
        ResponseType::Code => "query",
        ResponseType::Token => "fragment",
    };
    if form.get("response_mode").is_some_and(|mode| mode != default) {
        return Err(("invalid_request", "response_mode is not supported"));
    }
    Ok(())
}

/// Returns `uri` with `fields` in its query or, for tokens, in its fragment. Registered URIs have no fragment.
fn redirect_to(uri: &str, response_type: ResponseType, fields: &[(&str, &str)]) -> String {
    let encoded = super::form::encode(fields.iter().copied());
    match response_type {
        ResponseType::Token => format!("{uri}#{encoded}"),
        ResponseType::Code if uri.contains('?') => format!("{uri}&{encoded}"),
        ResponseType::Code => format!("{uri}?{encoded}"),
    }
}
