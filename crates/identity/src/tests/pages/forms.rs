//! The pages and their forms: what they may be sent, what they say to strangers, how they are guarded.

use super::*;

#[tokio::test]
async fn page_is_guarded_and_runs_nothing() {
    let world = world().await;
    let browser = Browser::new(&world);
    for path in ["/login", "/signup", "/confirm", "/forgotPassword"] {
        let answer = browser.get(&format!("{path}?{}", browser.query(&[]))).await;
        assert_eq!(answer.status, 200, "{path}");
        let header = |name: &str| answer.headers.text(name).unwrap_or_default().to_owned();
        let policy = header("content-security-policy");
        assert!(
            policy.starts_with("default-src 'none'; style-src 'sha256-"),
            "{policy}"
        );
        assert!(policy.ends_with(
            "; form-action 'self' https://app.example.com; frame-ancestors 'none'; base-uri 'none'"
        ));
        assert_eq!(header("referrer-policy"), "no-referrer");
        assert_eq!(header("x-content-type-options"), "nosniff");
        assert_eq!(header("cache-control"), "no-store");
        let page = text(&answer);
        assert!(
            page.contains("<html lang=\"en\">") && !page.contains("<script"),
            "{page}"
        );
        assert!(page.contains("name=\"_csrf\""));
    }
}

#[tokio::test]
async fn form_without_our_token_or_from_elsewhere_is_refused() {
    let world = world().await;
    world.user("ann").await;
    let browser = Browser::new(&world);
    let query = browser.query(&[]);
    browser.get(&format!("/login?{query}")).await;
    let token = browser.cookies.borrow()["__Host-csrf-tenants"].clone();
    let fields = format!("username=ann&password={PASSWORD}");
    let right = format!("_csrf={token}&{fields}");
    let other = "A".repeat(43);
    for (headers, body) in [
        (vec![], fields.clone()),
        (vec![], format!("_csrf={other}&{fields}")),
        (vec![], format!("_csrf=&{fields}")),
        (vec![("sec-fetch-site", "cross-site")], right.clone()),
        (vec![("sec-fetch-site", "same-site")], right.clone()),
        (vec![("sec-fetch-site", "none")], right.clone()),
        (vec![("origin", "https://evil.example")], right.clone()),
        (
            vec![("origin", "http://tenants.auth.us-east-1.portcullis.localhost")],
            right.clone(),
        ),
        (
            vec![("origin", "https://other.auth.us-east-1.portcullis.localhost")],
            right.clone(),
        ),
    ] {
        for path in [
            "/login",
            "/signup",
            "/confirm",
            "/resendcode",
            "/forgotPassword",
            "/confirmforgotPassword",
            "/changePassword",
        ] {
            let answer = browser.send("POST", path, &query, &headers, &body).await;
            assert_eq!(
                (answer.status, location(&answer).as_str()),
                (403, ""),
                "{path} {headers:?}"
            );
        }
    }
    browser.cookies.borrow_mut().clear();
    let answer = browser.send("POST", "/login", &query, &[], &right).await;
    assert_eq!(answer.status, 403);
    browser
        .cookies
        .borrow_mut()
        .insert("__Host-csrf-tenants".into(), token);
    let own = [
        ("origin", "https://tenants.auth.us-east-1.portcullis.localhost"),
        ("sec-fetch-site", "same-origin"),
    ];
    assert_eq!(
        browser.send("POST", "/login", &query, &own, &right).await.status,
        303
    );
}

#[tokio::test]
async fn wrong_name_and_wrong_password_are_answered_alike_and_lock() {
    let world = world().await;
    world.user("ann").await;
    let browser = Browser::new(&world);
    let query = browser.query(&[]);
    let mut seen = Vec::new();
    for name in ["ann", "nobody"] {
        let mut pages = Vec::new();
        for _ in 0..7 {
            let answer = browser
                .post(
                    "/login",
                    &query,
                    &[("username", name), ("password", "Wrong-one-1")],
                )
                .await;
            assert_eq!(answer.status, 400);
            pages.push(text(&answer).replace(name, "NAME"));
        }
        assert!(pages[0].contains("The name or the password is wrong."));
        assert!(pages[6].contains("Too many attempts."));
        seen.push(pages);
    }
    assert_eq!(seen[0], seen[1]);
}

#[tokio::test]
async fn what_users_type_is_shown_as_text() {
    let world = world().await;
    let browser = Browser::new(&world);
    let query = browser.query(&[("login_hint", "\"><script>x"), ("state", "\"><b>")]);
    let evil = "\"><script>alert(1)</script>";
    for answer in [
        browser.get(&format!("/login?{query}")).await,
        browser
            .post("/login", &query, &[("username", evil), ("password", "x")])
            .await,
        browser
            .post(
                "/signup",
                &query,
                &[("username", evil), ("attribute.email", evil)],
            )
            .await,
        browser
            .post("/confirm", &query, &[("username", evil), ("code", "1")])
            .await,
        browser
            .post(
                "/confirmforgotPassword",
                &query,
                &[("username", evil), ("code", "1"), ("password", "x")],
            )
            .await,
    ] {
        let page = text(&answer);
        assert!(!page.contains("<script") && !page.contains("<b>"), "{page}");
    }
}

#[tokio::test]
async fn stranger_signs_up_confirms_with_the_code_and_signs_in() {
    let world = world().await;
    let browser = Browser::new(&world);
    let query = browser.query(&[]);
    let fields = [
        ("username", "bob"),
        ("attribute.email", "bob@example.com"),
        ("password", PASSWORD),
    ];
    let weak = browser
        .post(
            "/signup",
            &query,
            &[
                ("username", "bob"),
                ("attribute.email", "bob@example.com"),
                ("password", "short"),
            ],
        )
        .await;
    assert!(text(&weak).contains("href=\"#password\""), "{}", text(&weak));
    let answer = browser.post("/signup", &query, &fields).await;
    assert!(text(&answer).contains("b***@e***"), "{}", text(&answer));
    let unconfirmed = browser
        .post("/login", &query, &[("username", "bob"), ("password", PASSWORD)])
        .await;
    assert!(text(&unconfirmed).contains("Confirm your account"));
    let wrong = browser
        .post("/confirm", &query, &[("username", "bob"), ("code", "000000")])
        .await;
    let nobody = browser
        .post("/confirm", &query, &[("username", "nobody"), ("code", "000000")])
        .await;
    assert_eq!(text(&wrong), text(&nobody).replace("nobody", "bob"));
    let code = world.mailed_code();
    let answer = browser
        .post("/confirm", &query, &[("username", "bob"), ("code", &code)])
        .await;
    assert!(text(&answer).contains("Your account is confirmed."));
    let answer = browser
        .post("/login", &query, &[("username", "bob"), ("password", PASSWORD)])
        .await;
    assert!(parameter(&answer, "code").is_some());
    for name in ["bob", "nobody"] {
        let answer = browser.post("/resendcode", &query, &[("username", name)]).await;
        assert_eq!(answer.status, 200);
        assert!(text(&answer).contains("We have sent another email"));
    }
}

#[tokio::test]
async fn link_in_the_mail_confirms_where_the_pool_says_so() {
    let mut pool = pool_with_mail();
    pool.username_attributes = vec!["email".into()];
    pool.options.default_email_option = Some("CONFIRM_WITH_LINK".into());
    let world = world_with(pool, app(&["code"]), true).await;
    let browser = Browser::new(&world);
    let query = browser.query(&[]);
    let answer = browser
        .post(
            "/signup",
            &query,
            &[("username", "bob@example.com"), ("password", PASSWORD)],
        )
        .await;
    assert!(
        text(&answer).contains("Open the link in the email"),
        "{}",
        text(&answer)
    );
    let mail = world.newest_mail();
    let link = mail.html.split('"').nth(1).unwrap().replace("&amp;", "&");
    let path = link
        .strip_prefix("https://tenants.auth.us-east-1.portcullis.localhost")
        .unwrap();
    assert!(path.starts_with(&format!(
        "/confirmUser?client_id={}&user_name=",
        world.client.client_id
    )));
    let at = path.len() - 6;
    for wrong in [
        format!("{}000000", path.split_at(at).0),
        path.replace("client_id=", "client_id=x"),
        "/confirmUser".into(),
    ] {
        assert_eq!(browser.get(&wrong).await.status, 400, "{wrong}");
    }
    let answer = browser.get(path).await;
    assert_eq!(answer.status, 200);
    assert!(text(&answer).contains("Your registration has been confirmed!"));
    assert_eq!(browser.get(path).await.status, 400);
    let answer = browser
        .post(
            "/login",
            &query,
            &[("username", "bob@example.com"), ("password", PASSWORD)],
        )
        .await;
    assert!(parameter(&answer, "code").is_some());
}

#[tokio::test]
async fn link_needs_a_domain_before_anybody_signs_up() {
    let mut pool = pool_with_mail();
    pool.options.default_email_option = Some("CONFIRM_WITH_LINK".into());
    let world = World::with(pool, every_flow(), false).await;
    let input = crate::flows::SignUp {
        client_id: world.client.client_id.to_string(),
        secret_hash: None,
        username: "bob".into(),
        password: SecretText::new(PASSWORD.into()),
        user_attributes: pairs(&[("email", "bob@example.com")]),
    };
    let said = refused(world.identity.sign_up(input).await);
    assert!(
        said.starts_with("CodeDeliveryFailureException: the pool confirms with a link"),
        "{said}"
    );
    let id = world.pool.id.as_str();
    assert!(
        world
            .identity
            .admin_get_user(&world.scope, id, "bob")
            .await
            .is_err()
    );
}

#[tokio::test]
async fn forgotten_password_is_reset_and_strangers_learn_nothing() {
    let world = world().await;
    world.user("ann").await;
    let id = world.pool.id.as_str();
    let verified = pairs(&[("email_verified", "true"), ("email", "ann@example.com")]);
    let changed = world
        .identity
        .admin_update_user_attributes(&world.scope, id, "ann", verified);
    changed.await.unwrap();
    let browser = Browser::new(&world);
    let query = browser.query(&[]);
    let known = browser
        .post("/forgotPassword", &query, &[("username", "ann")])
        .await;
    let unknown = browser
        .post("/forgotPassword", &query, &[("username", "zoe")])
        .await;
    let masked = |page: String| page.split("***@").next().unwrap().to_owned();
    assert_eq!(known.status, unknown.status);
    assert!(masked(text(&known)).contains("If there is an account with this name"));
    let code = world.mailed_code();
    let wrong = browser
        .post(
            "/confirmforgotPassword",
            &query,
            &[
                ("username", "ann"),
                ("code", "000000"),
                ("password", "Another-one-9"),
            ],
        )
        .await;
    let nobody = browser
        .post(
            "/confirmforgotPassword",
            &query,
            &[
                ("username", "zoe"),
                ("code", "000000"),
                ("password", "Another-one-9"),
            ],
        )
        .await;
    assert_eq!(text(&wrong), text(&nobody).replace("zoe", "ann"));
    let answer = browser
        .post(
            "/confirmforgotPassword",
            &query,
            &[
                ("username", "ann"),
                ("code", &code),
                ("password", "Another-one-9"),
            ],
        )
        .await;
    assert!(
        text(&answer).contains("Your password is set."),
        "{}",
        text(&answer)
    );
    let answer = browser
        .post(
            "/login",
            &query,
            &[("username", "ann"), ("password", "Another-one-9")],
        )
        .await;
    assert!(parameter(&answer, "code").is_some());
}

#[tokio::test]
async fn temporary_password_is_replaced_on_the_way_in() {
    let world = world().await;
    world.invite("tom", "Temporary-1").await;
    let browser = Browser::new(&world);
    let query = browser.query(&[]);
    let answer = browser
        .post(
            "/login",
            &query,
            &[("username", "tom"), ("password", "Temporary-1")],
        )
        .await;
    let page = text(&answer);
    assert!(page.contains("Choose a new password") && location(&answer).is_empty());
    assert!(!browser.cookies.borrow().contains_key("__Host-cognito-tenants"));
    let session = page
        .split("name=\"session\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let fields = |password| [("username", "tom"), ("session", session), ("password", password)];
    let weak = browser.post("/changePassword", &query, &fields("short")).await;
    assert!(text(&weak).contains("href=\"#password\""));
    let forged = [
        ("username", "tom"),
        ("session", "v1:forged"),
        ("password", PASSWORD),
    ];
    assert_eq!(browser.post("/changePassword", &query, &forged).await.status, 400);
    let answer = browser.post("/changePassword", &query, &fields(PASSWORD)).await;
    assert!(parameter(&answer, "code").is_some());
    assert_eq!(
        browser
            .post("/changePassword", &query, &fields("Other-pass-5"))
            .await
            .status,
        400
    );
}

#[tokio::test]
async fn pool_of_administrators_has_no_sign_up() {
    let mut pool = pool_with_mail();
    pool.options.allow_admin_create_user_only = true;
    let world = world_with(pool, app(&["code"]), false).await;
    let browser = Browser::new(&world);
    let query = browser.query(&[]);
    assert!(!text(&browser.get(&format!("/login?{query}")).await).contains("signup"));
    assert_eq!(browser.get(&format!("/signup?{query}")).await.status, 403);
    let fields = [
        ("username", "bob"),
        ("attribute.email", "b@example.com"),
        ("password", PASSWORD),
    ];
    assert_eq!(browser.post("/signup", &query, &fields).await.status, 403);
}
