//! The two cookies of a domain, and the proof that a form comes from our own page.
//!
//! Both are `__Host-` cookies: no sibling host can set or shadow them. The name carries the domain's prefix, since under
//! `up` several domains may share a host by path.

use aws_lc_rs::digest;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use portcullis_model::SecretText;

use super::{EndpointResponse, domain::Visit, form::Form};

const TOKEN_BYTES: usize = 32;
/// 32 bytes in base64url.
const TOKEN_CHARACTERS: usize = 43;
/// Longest `Cookie` header that is looked at.
const COOKIE_BYTES_MAX: usize = 16 * 1024;
/// How long a session lasts, from the sign-in on.
pub(super) const SESSION_SECONDS: i64 = 3600;

impl Visit<'_> {
    fn session_cookie_name(&self) -> String {
        format!("__Host-cognito-{}", self.prefix)
    }

    fn csrf_cookie_name(&self) -> String {
        format!("__Host-csrf-{}", self.prefix)
    }

    /// Returns 256 random bits as text.
    pub(super) fn random_token(&self) -> SecretText {
        let mut bytes = [0u8; TOKEN_BYTES];
        self.identity.entropy.fill(&mut bytes);
        SecretText::new(URL_SAFE_NO_PAD.encode(bytes))
    }

    fn cookie(&self, name: &str) -> Option<SecretText> {
        // HTTP/2 may send the header in pieces.
        let mut found = None;
        for header in self.request.headers.all("cookie") {
            let text = std::str::from_utf8(header).ok()?;
            if text.len() > COOKIE_BYTES_MAX {
                return None;
            }
            for pair in text.split(';') {
                if let Some((there, value)) = pair.trim().split_once('=')
                    && there == name
                {
                    if found.is_some() {
                        return None;
                    }
                    found = Some(value);
                }
            }
        }
        found
            .filter(|value| {
                value.len() == TOKEN_CHARACTERS
                    && value
                        .bytes()
                        .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
            })
            .map(|value| SecretText::new(value.to_owned()))
    }

    /// Returns what the session cookie holds.
    pub(super) fn session_cookie(&self) -> Option<SecretText> {
        self.cookie(&self.session_cookie_name())
    }

    /// Returns the token that forms carry: the browser's own, or a new one.
    pub(super) fn csrf_token(&self) -> SecretText {
        self.cookie(&self.csrf_cookie_name())
            .unwrap_or_else(|| self.random_token())
    }

    /// Sets the cookie that goes with a form.
    pub(super) fn with_csrf(&self, answer: EndpointResponse, token: &SecretText) -> EndpointResponse {
        let name = self.csrf_cookie_name();
        self.with_cookie(answer, &name, token.expose(), None)
    }

    /// Sets the session cookie.
    pub(super) fn with_session(&self, answer: EndpointResponse, secret: &SecretText) -> EndpointResponse {
        let name = self.session_cookie_name();
        self.with_cookie(answer, &name, secret.expose(), Some(SESSION_SECONDS))
    }

    /// Takes the session cookie away.
    pub(super) fn without_session(&self, answer: EndpointResponse) -> EndpointResponse {
        let name = self.session_cookie_name();
        self.with_cookie(answer, &name, "", Some(0))
    }

    fn with_cookie(
        &self,
        answer: EndpointResponse,
        name: &str,
        value: &str,
        max_age: Option<i64>,
    ) -> EndpointResponse {
        let age = max_age
            .map(|seconds| format!("; Max-Age={seconds}"))
            .unwrap_or_default();
        let cookie = format!("{name}={value}; Path=/; Secure; HttpOnly; SameSite=Lax{age}");
        answer.with("set-cookie", Bytes::from(cookie))
    }

    /// Refuses a form that did not come from a page of ours: the browser says so, or the token is not the cookie's.
    pub(super) fn check_csrf(&self, form: &Form) -> Result<(), &'static str> {
        let header = |name: &str| self.request.headers.text(name);
        // Fetch Metadata: what the browser itself knows of where a request comes from.
        if header("sec-fetch-site").is_some_and(|site| site != "same-origin") {
            return Err("csrf: the form was sent from another site");
        }
        // Pages that send no referrer send `Origin: null`; then the token alone decides.
        if header("origin").is_some_and(|origin| origin != "null" && !self.is_own_origin(origin)) {
            return Err("csrf: the form was sent from another origin");
        }
        let cookie = self
            .cookie(&self.csrf_cookie_name())
            .ok_or("csrf: the cookie is missing")?;
        let given = form.get("_csrf").ok_or("csrf: the token is missing")?;
        if cookie == SecretText::new(given.to_owned()) {
            Ok(())
        } else {
            Err("csrf: the token is not the cookie's")
        }
    }

    fn is_own_origin(&self, origin: &str) -> bool {
        let Some((scheme, authority)) = origin.split_once("://") else {
            return false;
        };
        let default = match scheme {
            "https" => ":443",
            "http" if !self.request.secure => ":80",
            _ => return false,
        };
        let plain = |authority: &str| {
            let authority = authority.to_ascii_lowercase();
            authority
                .strip_suffix(default)
                .map_or(authority.clone(), str::to_owned)
        };
        !self.request.authority.is_empty() && plain(authority) == plain(&self.request.authority)
    }
}

/// Returns what is kept of a random token.
pub(super) fn token_hash(token: &SecretText) -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, token.expose().as_bytes()))
}
