//! `/oauth2/authorize` and `/logout`: what is believed, what is told to the app, what only to the user.

use super::*;

#[tokio::test]
async fn redirect_uri_is_one_of_the_callback_urls_byte_for_byte() {
    let world = world().await;
    let browser = Browser::new(&world);
    for wrong in [
        "https://app.example.com/callback/",
        "https://app.example.com/callback/more",
        "https://app.example.com/callbac",
        "https://app.example.com/Callback",
        "https://APP.example.com/callback",
        "https://app.example.com:443/callback",
        "https://app.example.com:8443/callback",
        "https://app.example.com/callback?x=1",
        "https://app.example.com/callback#x",
        "https://app.example.com/./callback",
        "https://app.example.com/%63allback",
        "https://app.example.com@evil.example/callback",
        "https://app.example.com.evil.example/callback",
        "http://app.example.com/callback",
        "https://app.example.com/callback https://evil.example",
        "http://localhost:3001/cb",
        "http://127.0.0.1:3000/cb",
        "myapp://signed-in/x",
        "https://app.example.com/q",
        "https://app.example.com/q?a=1&b=2",
    ] {
        for path in [
            "/oauth2/authorize",
            "/login",
            "/signup",
            "/confirm",
            "/forgotPassword",
        ] {
            let answer = browser
                .get(&format!("{path}?{}", browser.query(&[("redirect_uri", wrong)])))
                .await;
            assert_eq!(
                (answer.status, location(&answer).as_str()),
                (400, ""),
                "{path} {wrong}"
            );
            assert!(!text(&answer).contains("evil"));
        }
    }
    for right in [
        CALLBACK,
        "http://localhost:3000/cb",
        "myapp://signed-in",
        "https://app.example.com/q?a=1",
    ] {
        let answer = browser
            .get(&format!(
                "/oauth2/authorize?{}",
                browser.query(&[("redirect_uri", right)])
            ))
            .await;
        assert_eq!(answer.status, 302);
        assert!(location(&answer).starts_with("../login?"));
    }
    let default = browser
        .get(&format!(
            "/oauth2/authorize?{}",
            browser.query(&[("redirect_uri", "")])
        ))
        .await;
    assert!(location(&default).starts_with("../login?"));
}

#[tokio::test]
async fn client_that_is_not_this_domains_gets_a_page_and_no_redirect() {
    let world = world().await;
    let browser = Browser::new(&world);
    let other = world
        .identity
        .create_user_pool(&world.scope, pool_with_mail())
        .await
        .unwrap();
    let foreign = make_client(&world.identity, &world.scope, &other, app(&["code"]), false).await;
    let without = ClientOptions {
        supported_identity_providers: Vec::new(),
        ..app(&["code"])
    };
    let without = make_client(&world.identity, &world.scope, &world.pool, without, false).await;
    for client in [
        "nobody",
        foreign.client.client_id.as_str(),
        without.client.client_id.as_str(),
        "",
    ] {
        let answer = browser
            .get(&format!(
                "/oauth2/authorize?{}",
                browser.query(&[("client_id", client)])
            ))
            .await;
        assert_eq!((answer.status, location(&answer).as_str()), (400, ""), "{client}");
    }
    let twice = format!("{}&client_id=x", browser.query(&[]));
    assert_eq!(
        browser.get(&format!("/oauth2/authorize?{twice}")).await.status,
        400
    );
}

#[tokio::test]
async fn app_is_told_what_else_is_wrong_with_its_request() {
    let world = world().await;
    let browser = Browser::new(&world);
    for (extra, error) in [
        (("response_type", ""), "invalid_request"),
        (("response_type", "code token"), "unsupported_response_type"),
        (("response_type", "id_token"), "unsupported_response_type"),
        (("scope", "openid phone"), "invalid_scope"),
        (("scope", "openid other/read"), "invalid_scope"),
        (("scope", "email"), "invalid_scope"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("prompt", "none"), "login_required"),
        (("prompt", "none login"), "invalid_request"),
        (("prompt", "consent"), "consent_required"),
        (("prompt", "what"), "invalid_request"),
        (("max_age", "-1"), "invalid_request"),
        (("request", "x"), "request_not_supported"),
        (("request_uri", "https://x"), "request_uri_not_supported"),
        (("registration", "x"), "registration_not_supported"),
        (("resource", "https://x"), "invalid_target"),
        (("id_token_hint", "x"), "invalid_request"),
        (("identity_provider", "Google"), "invalid_request"),
        (("response_mode", "form_post"), "invalid_request"),
    ] {
        let answer = browser
            .get(&format!("/oauth2/authorize?{}", browser.query(&[extra])))
            .await;
        assert_eq!(answer.status, 302, "{extra:?}");
        assert!(
            location(&answer).starts_with(&format!("{CALLBACK}?error=")),
            "{extra:?}"
        );
        assert_eq!(parameter(&answer, "error").as_deref(), Some(error), "{extra:?}");
        assert_eq!(parameter(&answer, "state").as_deref(), Some("s t&te"));
    }
    let only_code = make_client(&world.identity, &world.scope, &world.pool, app(&["code"]), false).await;
    let asked = query(&only_code.client, &[("response_type", "token")]);
    let answer = browser.get(&format!("/oauth2/authorize?{asked}")).await;
    assert!(location(&answer).starts_with(&format!("{CALLBACK}#error=unauthorized_client")));
}

#[tokio::test]
async fn session_signs_in_again_without_asking_for_an_hour() {
    let world = world().await;
    world.user("ann").await;
    let browser = Browser::new(&world);
    let asked = format!("/oauth2/authorize?{}", browser.query(&[]));
    browser.code(&[]).await;
    for extra in [("prompt", ""), ("prompt", "none"), ("max_age", "60")] {
        let answer = browser
            .get(&format!("/oauth2/authorize?{}", browser.query(&[extra])))
            .await;
        assert!(parameter(&answer, "code").is_some(), "{extra:?}");
    }
    for extra in [("prompt", "login"), ("prompt", "select_account")] {
        let answer = browser
            .get(&format!("/oauth2/authorize?{}", browser.query(&[extra])))
            .await;
        assert!(location(&answer).starts_with("../login?"), "{extra:?}");
    }
    world.clock.advance_seconds(61);
    let stale = browser
        .get(&format!(
            "/oauth2/authorize?{}",
            browser.query(&[("max_age", "60")])
        ))
        .await;
    assert!(location(&stale).starts_with("../login?"));
    assert!(parameter(&browser.get(&asked).await, "code").is_some());
    world.clock.advance_seconds(3600);
    assert!(location(&browser.get(&asked).await).starts_with("../login?"));
}

#[tokio::test]
async fn session_ends_with_a_sign_out_a_new_password_or_a_disabled_user() {
    let world = world().await;
    world.user("ann").await;
    let (id, scope) = (world.pool.id.as_str(), &world.scope);
    for end in ["sign-out", "password", "disabled", "logout"] {
        let browser = Browser::new(&world);
        let asked = format!("/oauth2/authorize?{}", browser.query(&[]));
        browser.code(&[]).await;
        world.clock.advance_seconds(1);
        match end {
            "sign-out" => world
                .identity
                .admin_user_global_sign_out(scope, id, "ann")
                .await
                .unwrap(),
            "password" => {
                let password = SecretText::new(PASSWORD.into());
                let set = world
                    .identity
                    .admin_set_user_password(scope, id, "ann", password, true);
                set.await.unwrap();
            }
            "disabled" => {
                world.identity.admin_disable_user(scope, id, "ann").await.unwrap();
                assert!(location(&browser.get(&asked).await).starts_with("../login?"));
                world.identity.admin_enable_user(scope, id, "ann").await.unwrap();
            }
            _ => {
                let cookies = browser.cookies.borrow().clone();
                let client = &world.client.client_id;
                let bye = "https%3A%2F%2Fapp.example.com%2Fbye";
                let answer = browser
                    .get(&format!("/logout?client_id={client}&logout_uri={bye}"))
                    .await;
                assert_eq!(
                    (answer.status, location(&answer).as_str()),
                    (302, "https://app.example.com/bye")
                );
                // Not only the cookie is gone.
                *browser.cookies.borrow_mut() = cookies;
            }
        }
        assert!(
            location(&browser.get(&asked).await).starts_with("../login?"),
            "{end}"
        );
    }
}

#[tokio::test]
async fn session_of_one_domain_is_worth_nothing_on_another() {
    let world = world().await;
    world.user("ann").await;
    let browser = Browser::new(&world);
    browser.code(&[]).await;
    let other = world
        .identity
        .create_user_pool(&world.scope, pool_with_mail())
        .await
        .unwrap();
    let id = other.id.as_str();
    world
        .identity
        .create_user_pool_domain(&world.scope, id, "elsewhere")
        .await
        .unwrap();
    let client = make_client(&world.identity, &world.scope, &other, app(&["code"]), false).await;
    let secret = browser.cookies.borrow()["__Host-cognito-tenants"].clone();
    let mut headers = HeaderList::new();
    headers.push("cookie", format!("__Host-cognito-elsewhere={secret}"));
    let request = EndpointRequest {
        method: "GET".into(),
        path: "/oauth2/authorize".into(),
        query: query(&client.client, &[]),
        headers,
        authority: AUTHORITY.into(),
        secure: true,
        ..EndpointRequest::default()
    };
    let answer = world.identity.domain_endpoint("us-east-1", "elsewhere", &request);
    let answer = answer.await.unwrap().unwrap();
    assert!(location(&answer).starts_with("../login?"));
}

#[tokio::test]
async fn logout_leads_only_where_the_client_says() {
    let world = world().await;
    let browser = Browser::new(&world);
    let client = &world.client.client_id;
    for wrong in [
        "https://app.example.com/bye/",
        "https://app.example.com/Bye",
        "https://app.example.com/bye?x",
        CALLBACK,
        "https://evil.example/",
    ] {
        for name in ["logout_uri", "post_logout_redirect_uri"] {
            let fields = encode([("client_id", client.as_str()), (name, wrong)].into_iter());
            let answer = browser.get(&format!("/logout?{fields}")).await;
            assert_eq!((answer.status, location(&answer).as_str()), (400, ""), "{wrong}");
        }
    }
    let fields = [
        ("client_id", client.as_str()),
        ("post_logout_redirect_uri", "https://app.example.com/bye"),
        ("state", "a b"),
    ];
    let answer = browser
        .get(&format!("/logout?{}", encode(fields.into_iter())))
        .await;
    assert_eq!(location(&answer), "https://app.example.com/bye?state=a%20b");
    let again = browser.get(&format!("/logout?{}", browser.query(&[]))).await;
    assert!(location(&again).starts_with("login?"));
    assert_eq!(browser.get("/logout").await.status, 400);
}
