//! From the code to the tokens, and what they open.

use super::*;

fn exchange<'a>(world: &'a World, code: &'a str, extra: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
    let mut fields = BTreeMap::from([
        ("grant_type", "authorization_code"),
        ("client_id", world.client.client_id.as_str()),
        ("code", code),
        ("redirect_uri", CALLBACK),
        ("code_verifier", VERIFIER),
    ]);
    fields.extend(extra.iter().copied());
    fields
        .into_iter()
        .filter(|(_, value)| !value.is_empty())
        .collect()
}

fn secret(body: &Value, name: &str) -> SecretText {
    SecretText::new(body[name].as_str().unwrap().into())
}

async fn user_info(browser: &Browser<'_>, token: &str) -> EndpointResponse {
    let bearer = format!("Bearer {token}");
    browser
        .send("GET", "/oauth2/userInfo", "", &[("authorization", &bearer)], "")
        .await
}

#[tokio::test]
async fn code_becomes_tokens_that_say_what_was_asked_for() {
    let world = world().await;
    world.user("ann").await;
    let browser = Browser::new(&world);
    let code = browser.code(&[]).await;
    world.clock.advance_seconds(7);
    let (status, body) = browser.token(None, &exchange(&world, &code, &[])).await;
    assert_eq!(status, 200, "{body}");
    let (access, id) = (secret(&body, "access_token"), secret(&body, "id_token"));
    let (access_claims, id_claims) = (claims(&access), claims(&id));
    assert_eq!(access_claims["scope"], "openid email");
    assert_eq!(access_claims["version"], 2);
    assert_eq!(
        (&id_claims["nonce"], &id_claims["aud"]),
        (&"n-1".into(), &world.client.client_id.as_str().into())
    );
    assert_eq!(id_claims["email"], "ann@example.com");
    assert_eq!(
        id_claims["auth_time"].as_i64().unwrap() + 7,
        id_claims["iat"].as_i64().unwrap()
    );
    let hash = digest::digest(&digest::SHA256, access.expose().as_bytes());
    assert_eq!(id_claims["at_hash"], URL_SAFE_NO_PAD.encode(&hash.as_ref()[..16]));
    let refresh = body["refresh_token"].as_str().unwrap();
    let client = world.client.client_id.as_str();
    let again = [
        ("grant_type", "refresh_token"),
        ("client_id", client),
        ("refresh_token", refresh),
    ];
    let (status, refreshed) = browser.token(None, &again).await;
    assert_eq!(status, 200);
    assert!(refreshed.get("refresh_token").is_none());
    assert_eq!(
        claims(&secret(&refreshed, "access_token"))["scope"],
        "openid email"
    );
    assert_eq!(
        claims(&secret(&refreshed, "id_token"))["origin_jti"],
        id_claims["origin_jti"]
    );
    let narrower = [again[0], again[1], again[2], ("scope", "openid")];
    let (_, narrowed) = browser.token(None, &narrower).await;
    assert_eq!(claims(&secret(&narrowed, "access_token"))["scope"], "openid");
    let wider = [
        again[0],
        again[1],
        again[2],
        ("scope", "openid aws.cognito.signin.user.admin"),
    ];
    assert_eq!(browser.token(None, &wider).await.1["error"], "invalid_scope");
    // The scope of the user pools API was not asked for.
    assert!(world.identity.get_user(&access).await.is_err());
}

#[tokio::test]
async fn code_that_does_not_fit_is_refused_and_stays_good_for_its_owner() {
    let world = world().await;
    world.user("ann").await;
    let browser = Browser::new(&world);
    let code = browser.code(&[]).await;
    let other = make_client(&world.identity, &world.scope, &world.pool, app(&["code"]), false).await;
    let other = other.client.client_id.as_str();
    let wrong_verifier = "x".repeat(43);
    for (extra, error) in [
        (("code", "nonsense"), "invalid_grant"),
        (("code", ""), "invalid_request"),
        (("client_id", other), "invalid_grant"),
        (("code_verifier", ""), "invalid_grant"),
        (("code_verifier", &wrong_verifier), "invalid_grant"),
        (("code_verifier", "short"), "invalid_grant"),
        (("redirect_uri", ""), "invalid_grant"),
        (("redirect_uri", "http://localhost:3000/cb"), "invalid_grant"),
    ] {
        let (status, body) = browser.token(None, &exchange(&world, &code, &[extra])).await;
        assert_eq!((status, &body["error"]), (400, &error.into()), "{extra:?}");
    }
    assert_eq!(browser.token(None, &exchange(&world, &code, &[])).await.0, 200);
}

#[tokio::test]
async fn code_is_good_once_and_a_second_use_ends_what_came_from_the_first() {
    let world = world().await;
    world.user("ann").await;
    let browser = Browser::new(&world);
    let code = browser.code(&[]).await;
    let (_, body) = browser.token(None, &exchange(&world, &code, &[])).await;
    let access = secret(&body, "access_token");
    assert_eq!(user_info(&browser, access.expose()).await.status, 200);
    // A stranger's client with the code ends nothing.
    let other = make_client(&world.identity, &world.scope, &world.pool, app(&["code"]), false).await;
    let foreign = exchange(&world, &code, &[("client_id", other.client.client_id.as_str())]);
    assert_eq!(browser.token(None, &foreign).await.1["error"], "invalid_grant");
    assert_eq!(user_info(&browser, access.expose()).await.status, 200);
    let (status, again) = browser.token(None, &exchange(&world, &code, &[])).await;
    assert_eq!((status, &again["error"]), (400, &"invalid_grant".into()));
    assert!(world.heard.refuses(&access));
    assert_eq!(user_info(&browser, access.expose()).await.status, 401);
    let refresh = body["refresh_token"].as_str().unwrap();
    let fields = [
        ("grant_type", "refresh_token"),
        ("client_id", world.client.client_id.as_str()),
        ("refresh_token", refresh),
    ];
    assert_eq!(browser.token(None, &fields).await.1["error"], "invalid_grant");
}

#[tokio::test]
async fn code_lives_five_minutes_and_dies_with_a_sign_out() {
    let world = world().await;
    world.user("ann").await;
    let browser = Browser::new(&world);
    let code = browser.code(&[]).await;
    world.clock.advance_seconds(300);
    assert_eq!(
        browser.token(None, &exchange(&world, &code, &[])).await.1["error"],
        "invalid_grant"
    );
    let code = browser.code(&[]).await;
    world.clock.advance_seconds(1);
    let id = world.pool.id.as_str();
    world
        .identity
        .admin_user_global_sign_out(&world.scope, id, "ann")
        .await
        .unwrap();
    assert_eq!(
        browser.token(None, &exchange(&world, &code, &[])).await.1["error"],
        "invalid_grant"
    );
}

#[tokio::test]
async fn verifier_without_a_challenge_is_refused() {
    let world = world().await;
    world.user("ann").await;
    let browser = Browser::new(&world);
    let none = [("code_challenge", ""), ("code_challenge_method", "")];
    let code = browser.code(&none).await;
    assert_eq!(
        browser.token(None, &exchange(&world, &code, &[])).await.1["error"],
        "invalid_grant"
    );
    let without = exchange(&world, &code, &[("code_verifier", "")]);
    assert_eq!(browser.token(None, &without).await.0, 200);
}

#[tokio::test]
async fn confidential_client_must_prove_itself() {
    let world = world_with(pool_with_mail(), app(&["code"]), true).await;
    world.user("ann").await;
    let browser = Browser::new(&world);
    let code = browser.code(&[]).await;
    let fields = exchange(&world, &code, &[]);
    assert_eq!(browser.token(None, &fields).await.1["error"], "invalid_client");
    let wrong = exchange(&world, &code, &[("client_secret", "wrong")]);
    assert_eq!(browser.token(None, &wrong).await.1["error"], "invalid_client");
    assert_eq!(browser.token(Some(&basic(&world)), &fields).await.0, 200);
}

#[tokio::test]
async fn implicit_tokens_come_in_the_fragment_without_a_refresh_token() {
    let world = world().await;
    world.user("ann").await;
    let browser = Browser::new(&world);
    let answer = browser
        .sign_in(&browser.query(&[("response_type", "token")]))
        .await;
    assert!(location(&answer).starts_with(&format!("{CALLBACK}#id_token=")));
    for (name, value) in [
        ("token_type", "Bearer"),
        ("expires_in", "3600"),
        ("state", "s t&te"),
    ] {
        assert_eq!(parameter(&answer, name).as_deref(), Some(value));
    }
    assert!(parameter(&answer, "refresh_token").is_none() && parameter(&answer, "code").is_none());
    let id = SecretText::new(parameter(&answer, "id_token").unwrap());
    assert_eq!(claims(&id)["nonce"], "n-1");
    let query = browser.query(&[
        ("response_type", "token"),
        ("scope", "aws.cognito.signin.user.admin"),
    ]);
    let answer = browser.get(&format!("/oauth2/authorize?{query}")).await;
    assert!(parameter(&answer, "id_token").is_none());
    let access = SecretText::new(parameter(&answer, "access_token").unwrap());
    assert_eq!(world.identity.get_user(&access).await.unwrap().username, "ann");
}

#[tokio::test]
async fn user_info_wants_a_live_token_with_openid() {
    let world = world().await;
    world.user("ann").await;
    let id = world.pool.id.as_str();
    let verified = pairs(&[("email_verified", "true"), ("given_name", "Ann")]);
    let changed = world
        .identity
        .admin_update_user_attributes(&world.scope, id, "ann", verified);
    changed.await.unwrap();
    let browser = Browser::new(&world);
    let code = browser.code(&[]).await;
    let (_, body) = browser.token(None, &exchange(&world, &code, &[])).await;
    let access = body["access_token"].as_str().unwrap();
    let answer = user_info(&browser, access).await;
    let claims: Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(
        (&claims["username"], &claims["email_verified"]),
        (&"ann".into(), &"true".into())
    );
    assert!(
        claims.get("given_name").is_none(),
        "the scope is email, not profile"
    );
    let posted = format!("access_token={access}");
    assert_eq!(
        browser
            .send("POST", "/oauth2/userInfo", "", &[], &posted)
            .await
            .status,
        200
    );
    let in_query = browser
        .get(&format!("/oauth2/userInfo?access_token={access}"))
        .await;
    assert_eq!(in_query.status, 400);
    let from_api = world.tokens("ann").await;
    let forged = format!("{}x", access);
    for (token, error) in [
        (from_api.access_token.expose(), "invalid_token"),
        (from_api.id_token.expose(), "invalid_token"),
        (forged.as_str(), "invalid_token"),
    ] {
        let answer = user_info(&browser, token).await;
        assert_eq!(answer.status, 401);
        let challenge = answer.headers.text("www-authenticate").unwrap();
        assert!(
            challenge.starts_with(&format!("Bearer error=\"{error}\"")),
            "{challenge}"
        );
    }
    world.clock.advance_seconds(3601);
    assert_eq!(user_info(&browser, access).await.status, 401);
}

#[tokio::test]
async fn revocation_ends_the_family_and_wants_the_client() {
    let world = world_with(pool_with_mail(), app(&["code"]), true).await;
    world.user("ann").await;
    let browser = Browser::new(&world);
    let code = browser.code(&[]).await;
    let (_, body) = browser
        .token(Some(&basic(&world)), &exchange(&world, &code, &[]))
        .await;
    let (access, refresh) = (
        body["access_token"].as_str().unwrap(),
        body["refresh_token"].as_str().unwrap(),
    );
    let credentials = basic(&world);
    let header = [("authorization", credentials.as_str())];
    let revoke = |token: &str| format!("token={token}");
    let unproved = format!("{}&client_id={}", revoke(refresh), world.client.client_id);
    let answer = browser.send("POST", "/oauth2/revoke", "", &[], &unproved).await;
    assert_eq!(
        (answer.status, text(&answer).contains("invalid_client")),
        (400, true)
    );
    let answer = browser
        .send("POST", "/oauth2/revoke", "", &header, &revoke(access))
        .await;
    assert!(text(&answer).contains("unsupported_token_type"));
    assert_eq!(
        browser
            .send("POST", "/oauth2/revoke", "", &header, "")
            .await
            .status,
        400
    );
    assert_eq!(user_info(&browser, access).await.status, 200);
    let answer = browser
        .send("POST", "/oauth2/revoke", "", &header, &revoke(refresh))
        .await;
    assert_eq!((answer.status, answer.body.len()), (200, 0));
    assert_eq!(user_info(&browser, access).await.status, 401);
}

#[tokio::test]
async fn scripts_of_any_origin_may_read_what_takes_no_cookie() {
    let world = world().await;
    let browser = Browser::new(&world);
    let answer = browser.send("OPTIONS", "/oauth2/token", "", &[], "").await;
    assert_eq!(
        (answer.status, answer.headers.text("access-control-allow-origin")),
        (204, Some("*"))
    );
    let page = browser.get(&format!("/login?{}", browser.query(&[]))).await;
    assert!(page.headers.text("access-control-allow-origin").is_none());
}
