//! A browser on a domain, in process: cookies kept, redirects looked at, forms sent.

use std::{cell::RefCell, collections::BTreeMap};

use aws_lc_rs::digest;
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use portcullis_model::HeaderList;
use serde_json::Value;

use super::*;
use crate::endpoints::{EndpointRequest, EndpointResponse, form::encode};

mod authorize;
mod forms;
mod tokens;

pub(super) const CALLBACK: &str = "https://app.example.com/callback";
pub(super) const AUTHORITY: &str = "tenants.auth.us-east-1.portcullis.localhost";
pub(super) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub(super) fn app(flows: &[&str]) -> ClientOptions {
    ClientOptions {
        callback_urls: vec![
            CALLBACK.into(),
            "http://localhost:3000/cb".into(),
            "myapp://signed-in".into(),
            "https://app.example.com/q?a=1".into(),
        ],
        default_redirect_uri: Some(CALLBACK.into()),
        logout_urls: vec!["https://app.example.com/bye".into()],
        allowed_oauth_flows: flows.iter().map(|flow| (*flow).to_owned()).collect(),
        allowed_oauth_scopes: ["openid", "email", "aws.cognito.signin.user.admin"]
            .map(String::from)
            .to_vec(),
        allowed_oauth_flows_user_pool_client: true,
        supported_identity_providers: vec!["COGNITO".into()],
        ..every_flow()
    }
}

pub(super) async fn world() -> World {
    world_with(pool_with_mail(), app(&["code", "implicit"]), false).await
}

pub(super) async fn world_with(pool: CreateUserPool, client: ClientOptions, confidential: bool) -> World {
    let world = World::with(pool, client, confidential).await;
    let id = world.pool.id.as_str();
    world
        .identity
        .create_user_pool_domain(&world.scope, id, "tenants")
        .await
        .unwrap();
    world
}

/// A browser.
pub(super) struct Browser<'a> {
    pub(super) world: &'a World,
    pub(super) cookies: RefCell<BTreeMap<String, String>>,
}

impl<'a> Browser<'a> {
    pub(super) fn new(world: &'a World) -> Self {
        Self {
            world,
            cookies: RefCell::default(),
        }
    }

    pub(super) async fn get(&self, path_and_query: &str) -> EndpointResponse {
        let (path, query) = path_and_query.split_once('?').unwrap_or((path_and_query, ""));
        self.send("GET", path, query, &[], "").await
    }

    pub(super) async fn send(
        &self,
        method: &str,
        path: &str,
        query: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> EndpointResponse {
        let mut list = HeaderList::new();
        let cookies: Vec<String> = self
            .cookies
            .borrow()
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        if !cookies.is_empty() {
            list.push("cookie", cookies.join("; "));
        }
        if method == "POST" {
            list.push("content-type", "application/x-www-form-urlencoded");
        }
        for (name, value) in headers {
            list.push(name, value);
        }
        let request = EndpointRequest {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers: list,
            body: body.as_bytes().to_vec(),
            authority: AUTHORITY.into(),
            secure: true,
        };
        let answer = self
            .world
            .identity
            .domain_endpoint("us-east-1", "tenants", &request);
        let answer = answer.await.unwrap().unwrap();
        for cookie in answer.headers.all("set-cookie") {
            let cookie = std::str::from_utf8(cookie).unwrap();
            assert!(cookie.starts_with("__Host-"), "{cookie}");
            for flag in ["Path=/", "Secure", "HttpOnly", "SameSite=Lax"] {
                assert!(cookie.contains(flag), "{cookie}");
            }
            assert!(!cookie.contains("Domain"), "{cookie}");
            let (name, value) = cookie.split(';').next().unwrap().split_once('=').unwrap();
            self.cookies.borrow_mut().insert(name.into(), value.into());
        }
        answer
    }

    /// Fills in a page's form and sends it.
    pub(super) async fn post(&self, path: &str, query: &str, fields: &[(&str, &str)]) -> EndpointResponse {
        if !self.cookies.borrow().contains_key("__Host-csrf-tenants") {
            self.get(&format!("/login?{query}")).await;
        }
        let token = self.cookies.borrow()["__Host-csrf-tenants"].clone();
        let body = format!("_csrf={token}&{}", encode(fields.iter().copied()));
        self.send(
            "POST",
            path,
            query,
            &[("origin", "null"), ("sec-fetch-site", "same-origin")],
            &body,
        )
        .await
    }

    pub(super) async fn sign_in(&self, query: &str) -> EndpointResponse {
        self.post("/login", query, &[("username", "ann"), ("password", PASSWORD)])
            .await
    }

    /// Signs in and returns the code.
    pub(super) async fn code(&self, extra: &[(&str, &str)]) -> String {
        let query = self.query(extra);
        let answer = self.sign_in(&query).await;
        parameter(&answer, "code").unwrap_or_else(|| panic!("{} {}", answer.status, text(&answer)))
    }

    pub(super) fn query(&self, extra: &[(&str, &str)]) -> String {
        query(&self.world.client, extra)
    }

    pub(super) async fn token(&self, authorization: Option<&str>, fields: &[(&str, &str)]) -> (u16, Value) {
        let headers: Vec<(&str, &str)> = authorization
            .map(|value| ("authorization", value))
            .into_iter()
            .collect();
        let body = encode(fields.iter().copied());
        let answer = self.send("POST", "/oauth2/token", "", &headers, &body).await;
        (answer.status, serde_json::from_slice(&answer.body).unwrap())
    }
}

/// Returns a good authorization request, with what `extra` says instead.
pub(super) fn query(client: &UserPoolClient, extra: &[(&str, &str)]) -> String {
    let challenge = challenge();
    let mut fields = BTreeMap::from([
        ("client_id", client.client_id.as_str()),
        ("response_type", "code"),
        ("redirect_uri", CALLBACK),
        ("scope", "openid email"),
        ("state", "s t&te"),
        ("nonce", "n-1"),
        ("code_challenge", &challenge),
        ("code_challenge_method", "S256"),
    ]);
    fields.extend(extra.iter().copied());
    encode(fields.into_iter().filter(|(_, value)| !value.is_empty()))
}

pub(super) fn challenge() -> String {
    URL_SAFE_NO_PAD.encode(digest::digest(&digest::SHA256, VERIFIER.as_bytes()))
}

pub(super) fn location(answer: &EndpointResponse) -> String {
    answer.headers.text("location").unwrap_or_default().to_owned()
}

pub(super) fn text(answer: &EndpointResponse) -> String {
    String::from_utf8(answer.body.clone()).unwrap()
}

/// Returns a parameter of the address that an answer redirects to.
pub(super) fn parameter(answer: &EndpointResponse, name: &str) -> Option<String> {
    let location = location(answer);
    let (_, fields) = location.split_once(['?', '#'])?;
    crate::endpoints::form::Form::parse(fields.as_bytes())
        .unwrap()
        .get(name)
        .map(str::to_owned)
}

pub(super) fn basic(world: &World) -> String {
    let secret = world.secret.as_ref().unwrap().expose();
    format!(
        "Basic {}",
        STANDARD.encode(format!("{}:{secret}", world.client.client_id))
    )
}
