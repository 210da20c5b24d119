//! `/oauth2/token`, JWKS and discovery.

use base64::{Engine, engine::general_purpose::STANDARD};
use portcullis_model::{HeaderList, resources::cognito::ResourceServerScope};
use serde_json::Value;

use super::*;
use crate::{
    directory::ResourceServerInput,
    endpoints::{EndpointRequest, EndpointResponse},
};

/// A pool with a domain, a resource server, and a client for itself.
async fn machine_world() -> World {
    let mut world = World::new().await;
    let server = ResourceServerInput {
        user_pool_id: world.pool.id.to_string(),
        identifier: "https://api.example.com".into(),
        name: "orders".into(),
        scopes: ["read", "write", "admin"]
            .map(|name| ResourceServerScope {
                scope_name: name.into(),
                scope_description: name.into(),
            })
            .to_vec(),
    };
    world
        .identity
        .create_resource_server(&world.scope, server)
        .await
        .unwrap();
    world
        .identity
        .create_user_pool_domain(&world.scope, world.pool.id.as_str(), "tenants")
        .await
        .unwrap();
    let options = ClientOptions {
        client_name: Some("tenant".into()),
        allowed_oauth_flows: vec!["client_credentials".into()],
        allowed_oauth_scopes: vec![
            "https://api.example.com/read".into(),
            "https://api.example.com/write".into(),
        ],
        allowed_oauth_flows_user_pool_client: true,
        ..ClientOptions::default()
    };
    let made = make_client(&world.identity, &world.scope, &world.pool, options, true).await;
    world.client = made.client;
    world.secret = made.client_secret;
    world
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

async fn post(world: &World, authorization: Option<&str>, body: &str) -> (EndpointResponse, Value) {
    post_to(world, "tenants", authorization, body).await
}

async fn post_to(
    world: &World,
    prefix: &str,
    authorization: Option<&str>,
    body: &str,
) -> (EndpointResponse, Value) {
    let mut headers = HeaderList::new();
    headers.push("Content-Type", "application/x-www-form-urlencoded; charset=utf-8");
    if let Some(authorization) = authorization {
        headers.push("Authorization", authorization);
    }
    let request = EndpointRequest {
        method: "POST".into(),
        path: "/oauth2/token".into(),
        query: String::new(),
        headers,
        body: body.as_bytes().to_vec(),
        ..EndpointRequest::default()
    };
    let response = world
        .identity
        .token_endpoint("us-east-1", prefix, &request)
        .await
        .unwrap();
    let body = serde_json::from_slice(&response.body).unwrap();
    (response, body)
}

#[tokio::test]
async fn client_gets_a_token_for_itself_by_header_and_by_body() {
    let world = machine_world().await;
    let (id, secret) = (
        world.client.client_id.as_str(),
        world.secret.as_ref().unwrap().expose(),
    );
    let (response, body) = post(&world, Some(&basic(id, secret)), "grant_type=client_credentials").await;
    assert_eq!(response.status, 200);
    assert_eq!(response.headers.text("cache-control"), Some("no-store"));
    assert_eq!(
        (&body["token_type"], &body["expires_in"]),
        (&"Bearer".into(), &3600.into())
    );
    let token = SecretText::new(body["access_token"].as_str().unwrap().into());
    let claims = claims(&token);
    assert_eq!((&claims["sub"], &claims["client_id"]), (&id.into(), &id.into()));
    assert_eq!(
        claims["scope"],
        "https://api.example.com/read https://api.example.com/write"
    );
    assert_eq!(
        (&claims["token_use"], &claims["version"]),
        (&"access".into(), &2.into())
    );
    assert!(
        claims.get("aud").is_none() && claims.get("username").is_none() && claims.get("origin_jti").is_none()
    );
    let form = format!(
        "grant_type=client_credentials&client_id={id}&client_secret={secret}&scope=https%3A%2F%2Fapi.example.com%2Fread"
    );
    let (response, body) = post(&world, None, &form).await;
    assert_eq!(response.status, 200);
    let token = SecretText::new(body["access_token"].as_str().unwrap().into());
    assert_eq!(super::claims(&token)["scope"], "https://api.example.com/read");
    // It speaks for no user.
    assert_eq!(
        refused(world.identity.get_user(&token).await),
        "NotAuthorizedException: Access Token does not have required scopes"
    );
}

#[tokio::test]
async fn refusals_are_oauths_with_status_400() {
    let world = machine_world().await;
    let (id, secret) = (
        world.client.client_id.as_str(),
        world.secret.as_ref().unwrap().expose(),
    );
    let good = basic(id, secret);
    let public = make_client(&world.identity, &world.scope, &world.pool, every_flow(), false)
        .await
        .client;
    let confidential = make_client(&world.identity, &world.scope, &world.pool, every_flow(), true).await;
    let other = basic(
        confidential.client.client_id.as_str(),
        confidential.client_secret.as_ref().unwrap().expose(),
    );
    let public = format!("grant_type=client_credentials&client_id={}", public.client_id);
    let twice = format!("grant_type=client_credentials&client_id={id}&client_secret={secret}");
    let unsecured = format!("grant_type=client_credentials&client_id={id}");
    let grant = "grant_type=client_credentials";
    for (authorization, form, error) in [
        (Some(good.as_str()), "", "invalid_request"),
        (
            Some(&good),
            "grant_type=client_credentials&grant_type=client_credentials",
            "invalid_request",
        ),
        (Some(&good), &twice, "invalid_request"),
        (None, grant, "invalid_request"),
        (Some(&basic(id, "wrong")), grant, "invalid_client"),
        (Some(&basic("nobody", secret)), grant, "invalid_client"),
        (Some("Bearer x"), grant, "invalid_client"),
        (
            Some(&good),
            "grant_type=client_credentials&client_id=other",
            "invalid_client",
        ),
        (None, &unsecured, "invalid_client"),
        (None, &public, "unauthorized_client"),
        (Some(&other), grant, "unauthorized_client"),
        (Some(&good), "grant_type=password", "unsupported_grant_type"),
        (
            Some(&good),
            "grant_type=refresh_token&refresh_token=x",
            "invalid_grant",
        ),
        (
            Some(&good),
            "grant_type=authorization_code&code=x",
            "unauthorized_client",
        ),
        (
            Some(&good),
            "grant_type=client_credentials&scope=https%3A%2F%2Fapi.example.com%2Fadmin",
            "invalid_scope",
        ),
        (
            Some(&good),
            "grant_type=client_credentials&scope=openid",
            "invalid_scope",
        ),
    ] {
        let (response, body) = post(&world, authorization, form).await;
        assert_eq!((response.status, &body["error"]), (400, &error.into()), "{form}");
        assert!(response.cause.is_some());
    }
}

#[tokio::test]
async fn client_is_unknown_on_the_domain_of_another_pool() {
    let world = machine_world().await;
    let other = world
        .identity
        .create_user_pool(&world.scope, pool_with_mail())
        .await
        .unwrap();
    world
        .identity
        .create_user_pool_domain(&world.scope, other.id.as_str(), "elsewhere")
        .await
        .unwrap();
    let good = basic(
        world.client.client_id.as_str(),
        world.secret.as_ref().unwrap().expose(),
    );
    for prefix in ["elsewhere", "nowhere"] {
        let (response, body) = post_to(&world, prefix, Some(&good), "grant_type=client_credentials").await;
        assert_eq!((response.status, &body["error"]), (400, &"invalid_client".into()));
    }
}

#[tokio::test]
async fn scope_goes_with_its_resource_server() {
    let world = machine_world().await;
    let good = basic(
        world.client.client_id.as_str(),
        world.secret.as_ref().unwrap().expose(),
    );
    let id = world.pool.id.as_str();
    world
        .identity
        .delete_resource_server(&world.scope, id, "https://api.example.com")
        .await
        .unwrap();
    let (_, body) = post(&world, Some(&good), "grant_type=client_credentials").await;
    assert_eq!(body["error"], "invalid_scope");
}

async fn get(world: &World, path: &str) -> Option<(u16, Value)> {
    let request = EndpointRequest {
        method: "GET".into(),
        path: path.into(),
        ..EndpointRequest::default()
    };
    let response = world.identity.well_known(&request).await.unwrap()?;
    Some((response.status, serde_json::from_slice(&response.body).unwrap()))
}

#[tokio::test]
async fn keys_and_metadata_name_what_exists() {
    let world = machine_world().await;
    let id = &world.pool.id;
    let (status, jwks) = get(&world, &format!("/{id}/.well-known/jwks.json"))
        .await
        .unwrap();
    assert_eq!(status, 200);
    let keys = jwks["keys"].as_array().unwrap();
    assert_eq!(keys.len(), 2);
    for key in keys {
        assert_eq!(
            (&key["kty"], &key["alg"], &key["use"]),
            (&"RSA".into(), &"RS256".into(), &"sig".into())
        );
        assert!(key["kid"].as_str().unwrap().ends_with('='));
        assert!(key.get("d").is_none());
    }
    let (_, metadata) = get(&world, &format!("/{id}/.well-known/openid-configuration"))
        .await
        .unwrap();
    let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{id}");
    assert_eq!(metadata["issuer"], issuer.as_str());
    assert_eq!(metadata["jwks_uri"], format!("{issuer}/.well-known/jwks.json"));
    assert_eq!(
        metadata["token_endpoint"],
        "https://tenants.auth.us-east-1.portcullis.localhost/oauth2/token"
    );
    assert_eq!(
        metadata["authorization_endpoint"],
        "https://tenants.auth.us-east-1.portcullis.localhost/oauth2/authorize"
    );
    assert_eq!(
        metadata["response_types_supported"],
        serde_json::json!(["code", "token"])
    );
    assert_eq!(
        get(&world, "/us-east-1_nobody/.well-known/jwks.json")
            .await
            .unwrap()
            .0,
        404
    );
    assert!(get(&world, "/us-east-1_x/.well-known/other").await.is_none());
    assert!(get(&world, "/").await.is_none());
}
