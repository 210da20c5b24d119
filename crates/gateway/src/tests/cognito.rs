//! The Cognito authorizer: what AWS's guide says, and every way to forge a token that we know.

use std::collections::BTreeMap;

use aws_lc_rs::hmac;
use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::*;

const UNAUTHORIZED: &str = "\"Unauthorized\"";

fn api_of(authorizer: Value, scopes: &[&str]) -> Value {
    let mut guarded = open(mock("hello $context.authorizer.claims.email"));
    merge(
        &mut guarded,
        json!({
            "authorizationType": "COGNITO_USER_POOLS", "authorizerId": "auth1", "authorizationScopes": scopes,
        }),
    );
    let mut record = json!({
        "id": "auth1", "name": "users", "type": "COGNITO_USER_POOLS", "providerARNs": [pool_arn(POOL)],
        "identitySource": "method.request.header.Authorization",
    });
    merge(&mut record, authorizer);
    json!({"resources": [resource("/hello", json!({"GET": guarded}))], "authorizers": [record]})
}

fn api(scopes: &[&str]) -> Value {
    api_of(json!({}), scopes)
}

fn world(scopes: &[&str]) -> World {
    World::serving(api(scopes)).with_pool(pool(POOL, "kid1", &KEY))
}

fn id_claims() -> Value {
    json!({
        "sub": "user-1", "aud": "client1", "iss": issuer(POOL), "token_use": "id", "email": "ann@example.com",
        "iat": NOW - 10, "exp": NOW + 3600, "auth_time": NOW - 10, "origin_jti": "family-1", "jti": "a",
        "cognito:groups": ["admins", "staff"], "email_verified": true,
    })
}

fn access_claims(scope: &str) -> Value {
    json!({
        "sub": "user-1", "client_id": "client1", "iss": issuer(POOL), "token_use": "access", "scope": scope,
        "iat": NOW - 10, "exp": NOW + 3600, "origin_jti": "family-1", "jti": "b", "version": 2,
    })
}

fn sign(claims: &Value) -> String {
    KEY.sign_jwt("kid1", claims).unwrap()
}

pub(crate) fn id_token(changes: Value) -> String {
    let mut claims = id_claims();
    merge(&mut claims, changes);
    sign(&claims)
}

fn with_token(token: &str) -> Request {
    request("GET", "/prod/hello", &[("Authorization", token)])
}

#[test]
fn id_token_is_admitted_raw_and_as_bearer_first_and_again() {
    let world = world(&[]);
    let token = id_token(json!({}));
    for value in [
        token.clone(),
        format!("Bearer {token}"),
        format!("bearer {token}"),
    ] {
        let outcome = world.send(with_token(&value));
        assert_eq!(
            (outcome.status, outcome.body.as_str()),
            (200, "hello ann@example.com")
        );
    }
    let reasons: Vec<_> = world
        .trails
        .newest(3)
        .iter()
        .map(|trail| step_of(trail, "authorizer").reason.to_string())
        .collect();
    assert_eq!(
        reasons[0],
        format!("seen before, ID token of `user-1` from pool `{POOL}`")
    );
    assert_eq!(
        reasons[2],
        format!("signature verified, ID token of `user-1` from pool `{POOL}`")
    );
}

#[test]
fn request_without_one_token_is_unauthorized() {
    let world = world(&[]);
    let token = id_token(json!({}));
    let cases: [(&[(&'static str, &str)], &str); 5] = [
        (&[], "no header `Authorization`"),
        (&[("Authorization", "")], "holds no token"),
        (&[("Authorization", "Bearer ")], "not three parts"),
        (&[("Authorization", "Basic dTpw")], "not three parts"),
        (
            &[("Authorization", &token), ("authorization", &token)],
            "more than one header",
        ),
    ];
    for (headers, reason) in cases {
        let outcome = world.send(request("GET", "/prod/hello", headers));
        outcome.refused(401, UNAUTHORIZED, "authorizer", reason);
        assert_eq!(outcome.header("x-amzn-errortype"), Some("UnauthorizedException"));
    }
}

#[test]
fn wrong_claims_are_refused() {
    let world = world(&[]);
    for (changes, reason) in [
        (json!({"exp": NOW - 1}), "expired"),
        (json!({"exp": NOW}), "expired"),
        (json!({"exp": null}), "`exp`"),
        (json!({"iat": null}), "`iat`"),
        (json!({"iat": NOW + 60}), "lies in the future"),
        (json!({"nbf": NOW + 60}), "lies in the future"),
        (
            json!({"iss": issuer(OTHER_POOL)}),
            "is no pool of authorizer `users`",
        ),
        (
            json!({"iss": "https://evil.example"}),
            "is no pool of authorizer `users`",
        ),
        (json!({"iss": null}), "is no pool of authorizer `users`"),
        (json!({"token_use": "access"}), "`token_use` is `access`"),
        (json!({"token_use": "refresh"}), "neither `id` nor `access`"),
        (json!({"token_use": null}), "neither `id` nor `access`"),
    ] {
        world
            .send(with_token(&id_token(changes)))
            .refused(401, UNAUTHORIZED, "authorizer", reason);
    }
}

#[test]
fn forged_tokens_are_refused() {
    let world = world(&[]);
    let good = id_token(json!({}));
    let parts: Vec<&str> = good.split('.').collect();
    let encode = |value: &Value| BASE64_URL_SAFE_NO_PAD.encode(value.to_string());
    let payload = encode(&id_claims());
    let none = format!("{}.{payload}.", encode(&json!({"alg": "none", "kid": "kid1"})));
    let hs256 = {
        let input = format!("{}.{payload}", encode(&json!({"alg": "HS256", "kid": "kid1"})));
        let public = KEY.public_jwk("kid1").to_string();
        let key = hmac::Key::new(hmac::HMAC_SHA256, public.as_bytes());
        format!(
            "{input}.{}",
            BASE64_URL_SAFE_NO_PAD.encode(hmac::sign(&key, input.as_bytes()))
        )
    };
    let mut admin = id_claims();
    merge(&mut admin, json!({"cognito:groups": ["root"]}));
    let tampered = format!("{}.{}.{}", parts[0], encode(&admin), parts[2]);
    let other_header = |header: Value| format!("{}.{}.{}", encode(&header), parts[1], parts[2]);
    let mut flipped = good.clone().into_bytes();
    let at = flipped.len() - 40;
    flipped[at] = if flipped[at] == b'A' { b'B' } else { b'A' };
    for (token, reason) in [
        (none, "`none` is not offered"),
        (hs256, "`HS256` is not offered"),
        (tampered, "signature does not match"),
        (String::from_utf8(flipped).unwrap(), "signature does not match"),
        (
            OTHER_KEY.sign_jwt("kid1", &id_claims()).unwrap(),
            "signature does not match",
        ),
        (
            OTHER_KEY.sign_jwt("kid9", &id_claims()).unwrap(),
            "has no key `kid9`",
        ),
        (other_header(json!({"alg": "RS256"})), "has no key ``"),
        (
            other_header(json!({"alg": "RS512", "kid": "kid1"})),
            "`RS512` is not RS256",
        ),
        (
            other_header(json!({"alg": "PS256", "kid": "kid1"})),
            "`PS256` is not RS256",
        ),
        (
            other_header(json!({"alg": "RS256", "kid": "kid1", "crit": ["x"]})),
            "`crit`",
        ),
        (
            OTHER_KEY.sign_jwt("\u{1b}[2J", &id_claims()).unwrap(),
            "has no key `\u{fffd}[2J`",
        ),
        (format!("{}.{}", parts[0], parts[1]), "not three parts"),
        (format!("{good}.x"), "not three parts"),
        (format!("{good}="), "not three parts"),
        ("x".repeat(20_000), "longer than"),
    ] {
        // Twice: a refused token is never remembered as good.
        for _ in 0..2 {
            world
                .send(with_token(&token))
                .refused(401, UNAUTHORIZED, "authorizer", reason);
        }
    }
    // A good one that shares its end with a cached one is still compared whole.
    assert_eq!(world.send(with_token(&good)).status, 200);
    let grafted = format!("{}.{}.{}", parts[0], encode(&admin), parts[2]);
    world
        .send(with_token(&grafted))
        .refused(401, UNAUTHORIZED, "authorizer", "signature does not match");
}

#[test]
fn seen_token_is_refused_once_it_expires() {
    let world = world(&[]);
    let token = id_token(json!({"exp": NOW + 5}));
    assert_eq!(world.send(with_token(&token)).status, 200);
    world.clock.advance_seconds(4);
    assert_eq!(world.send(with_token(&token)).status, 200);
    world.clock.advance_seconds(1);
    for _ in 0..2 {
        world
            .send(with_token(&token))
            .refused(401, UNAUTHORIZED, "authorizer", "expired");
    }
}

/// AWS asks nobody whether a token was revoked; a stage may be told to do the same, in one word and no other.
#[test]
fn stage_may_be_told_to_let_revoked_tokens_in() {
    let tagged = |value: &str| json!({"tags": {"portcullis:revocations": value}});
    for (stage, status) in [
        (json!({}), 401),
        (tagged("enforce"), 401),
        (tagged("ignore"), 200),
    ] {
        let world = World::with(api(&[]), stage.clone()).with_pool(pool(POOL, "kid1", &KEY));
        let until = Timestamp::from_seconds(NOW + 3600);
        world.revocations.revoke_family(&POOL.into(), "family-1", until);
        world.revocations.sign_out(&POOL.into(), &"user-1".into(), until);
        let outcome = world.send(with_token(&id_token(json!({}))));
        assert_eq!(outcome.status, status, "{stage}");
        // Expired tokens are none either way.
        let expired = world.send(with_token(&id_token(json!({"exp": NOW}))));
        assert_eq!(expired.status, 401);
    }
    for wrong in ["", "Ignore", "off"] {
        let problems = compile(api(&[]), tagged(wrong)).err().unwrap();
        assert!(
            format!("{problems:?}").contains("use `enforce` or `ignore`"),
            "{problems:?}"
        );
    }
}

#[test]
fn revoked_and_signed_out_tokens_are_refused_at_once() {
    for seen in [true, false] {
        let world = world(&[]);
        let token = id_token(json!({}));
        if seen {
            assert_eq!(world.send(with_token(&token)).status, 200);
        }
        world
            .revocations
            .revoke_family(&POOL.into(), "family-1", Timestamp::from_seconds(NOW + 3600));
        world
            .send(with_token(&token))
            .refused(401, UNAUTHORIZED, "authorizer", "was revoked");
        let other = id_token(json!({"origin_jti": "family-2"}));
        assert_eq!(world.send(with_token(&other)).status, 200);
        world
            .revocations
            .sign_out(&POOL.into(), &"user-1".into(), Timestamp::from_seconds(NOW));
        world
            .send(with_token(&other))
            .refused(401, UNAUTHORIZED, "authorizer", "signed out");
        let later = id_token(json!({"origin_jti": "family-3", "iat": NOW}));
        assert_eq!(world.send(with_token(&later)).status, 200);
    }
}

#[test]
fn seen_token_is_refused_once_its_key_or_pool_is_gone() {
    let world = world(&[]);
    let token = id_token(json!({}));
    assert_eq!(world.send(with_token(&token)).status, 200);
    world
        .snapshots
        .change(|snapshot| snapshot.with_pool(pool(POOL, "kid2", &KEY)));
    world
        .send(with_token(&token))
        .refused(401, UNAUTHORIZED, "authorizer", "has no key `kid1`");
    world
        .snapshots
        .change(|snapshot| snapshot.with_pool(pool(POOL, "kid1", &OTHER_KEY)));
    world
        .send(with_token(&token))
        .refused(401, UNAUTHORIZED, "authorizer", "signature does not match");
    world
        .snapshots
        .change(|snapshot| snapshot.without_pool(&pool_arn(POOL)));
    world
        .send(with_token(&token))
        .refused(500, "null", "authorizer", "does not exist");
}

#[test]
fn seen_token_is_refused_by_an_authorizer_that_does_not_name_its_pool() {
    let world = world(&[]).with_pool(pool(OTHER_POOL, "kid1", &OTHER_KEY));
    let token = id_token(json!({}));
    assert_eq!(world.send(with_token(&token)).status, 200);
    let elsewhere = compile(
        api_of(json!({"providerARNs": [pool_arn(OTHER_POOL)]}), &[]),
        json!({}),
    )
    .unwrap();
    world.snapshots.change(|snapshot| snapshot.with_stage(elsewhere));
    world
        .send(with_token(&token))
        .refused(401, UNAUTHORIZED, "authorizer", "is no pool of authorizer");
}

#[test]
fn several_pools_are_told_apart_by_issuer() {
    let both = json!({"providerARNs": [pool_arn(POOL), pool_arn(OTHER_POOL)]});
    let world = World::serving(api_of(both, &[]))
        .with_pool(pool(POOL, "kid1", &KEY))
        .with_pool(pool(OTHER_POOL, "kid1", &OTHER_KEY));
    assert_eq!(world.send(with_token(&id_token(json!({})))).status, 200);
    let mut claims = id_claims();
    merge(&mut claims, json!({"iss": issuer(OTHER_POOL)}));
    let other = OTHER_KEY.sign_jwt("kid1", &claims).unwrap();
    assert_eq!(world.send(with_token(&other)).status, 200);
    // The key of one pool does not sign for the other.
    let crossed = KEY.sign_jwt("kid1", &claims).unwrap();
    world
        .send(with_token(&crossed))
        .refused(401, UNAUTHORIZED, "authorizer", "signature does not match");
    // One pool of two is gone: its tokens tell a misconfiguration, the other's are as good as before.
    world
        .snapshots
        .change(|snapshot| snapshot.without_pool(&pool_arn(OTHER_POOL)));
    assert_eq!(world.send(with_token(&id_token(json!({})))).status, 200);
    world
        .send(with_token(&other))
        .refused(500, "null", "authorizer", "does not exist");
}

#[test]
fn unknown_pool_is_a_configuration_error_but_no_token_is_still_unauthorized() {
    let world = World::serving(api(&[]));
    let outcome = world.send(with_token(&id_token(json!({}))));
    outcome.refused(500, "null", "authorizer", "does not exist");
    assert_eq!(
        outcome.header("x-amzn-errortype"),
        Some("AuthorizerConfigurationException")
    );
    assert_eq!(world.get("/prod/hello").status, 401);
}

#[test]
fn method_with_scopes_wants_an_access_token_with_one_of_them() {
    let world = world(&["shop/read", "shop/write"]);
    for scope in ["shop/read", "openid shop/write", "shop/write shop/read"] {
        assert_eq!(
            world.send(with_token(&sign(&access_claims(scope)))).status,
            200,
            "{scope}"
        );
    }
    for scope in [
        "",
        "shop/rea",
        "shop/read2",
        "shop",
        "aws.cognito.signin.user.admin",
    ] {
        let outcome = world.send(with_token(&sign(&access_claims(scope))));
        outcome.refused(
            401,
            UNAUTHORIZED,
            "authorizer",
            "none of the scopes `shop/read shop/write`",
        );
    }
    let id = id_token(json!({"scope": "shop/read"}));
    world
        .send(with_token(&id))
        .refused(401, UNAUTHORIZED, "authorizer", "`token_use` is `id`");
}

#[test]
fn token_is_taken_from_the_identity_source_alone() {
    let source = json!({"identitySource": "method.request.header.X-Token"});
    let world = World::serving(api_of(source, &[])).with_pool(pool(POOL, "kid1", &KEY));
    let token = id_token(json!({}));
    world
        .send(with_token(&token))
        .refused(401, UNAUTHORIZED, "authorizer", "no header `X-Token`");
    assert_eq!(
        world
            .send(request("GET", "/prod/hello", &[("x-token", &token)]))
            .status,
        200
    );
}

#[test]
fn validation_expression_must_match_the_whole_audience() {
    let expression = json!({"identityValidationExpression": "client[0-9]"});
    let world = World::serving(api_of(expression.clone(), &[])).with_pool(pool(POOL, "kid1", &KEY));
    assert_eq!(world.send(with_token(&id_token(json!({})))).status, 200);
    for audience in [json!("client12"), json!("other"), json!(null), json!(["client1"])] {
        let outcome = world.send(with_token(&id_token(json!({"aud": audience}))));
        outcome.refused(401, UNAUTHORIZED, "authorizer", "identity validation expression");
    }
    // An access token has no audience, so it never passes, as on AWS.
    let world = World::serving(api_of(expression, &["shop/read"])).with_pool(pool(POOL, "kid1", &KEY));
    let outcome = world.send(with_token(&sign(&access_claims("shop/read"))));
    outcome.refused(401, UNAUTHORIZED, "authorizer", "identity validation expression");
}

#[test]
fn observing_authorizer_decides_but_lets_the_exchange_on() {
    let stage = json!({"tags": {"portcullis:observe": " authorizer "}});
    let world = World::with(api(&[]), stage).with_pool(pool(POOL, "kid1", &KEY));
    let outcome = world.get("/prod/hello");
    assert_eq!((outcome.status, outcome.body.as_str()), (200, "hello "));
    let step = outcome.step("authorizer");
    assert_eq!(step.outcome, Outcome::ObserveRefuse);
    assert!(step.reason.contains("no header"));
    let outcome = world.send(with_token(&id_token(json!({}))));
    assert_eq!(outcome.step("authorizer").outcome, Outcome::Continue);
}

#[test]
fn claims_reach_templates_as_aws_writes_them() {
    let template = "$context.authorizer.claims.sub|$context.authorizer.claims.email_verified|\
                    $context.authorizer.claims.exp|$context.authorizer.claims.iat|$context.authorizer.claims.none|\
                    $context.authorizer.claims['cognito:groups']|$context.authorizer.claims";
    let mut image = api(&[]);
    image["resources"][0]["resourceMethods"]["GET"]["methodIntegration"] = mock(template);
    let world = World::serving(image).with_pool(pool(POOL, "kid1", &KEY));
    let outcome = world.send(with_token(&id_token(json!({}))));
    assert_eq!(
        outcome.body,
        "user-1|true|Tue Nov 14 23:13:20 UTC 2023|Tue Nov 14 22:13:10 UTC 2023||admins,staff|"
    );
}

#[test]
fn authorizer_precedes_the_mapping_and_the_body() {
    let mut image = api(&[]);
    image["resources"][0]["resourceMethods"]["GET"]["methodIntegration"]["passthroughBehavior"] =
        json!("NEVER");
    let world = World::serving(image).with_pool(pool(POOL, "kid1", &KEY));
    let headers = [("Content-Type", "text/plain")];
    world
        .send(request("GET", "/prod/hello", &headers))
        .refused(401, UNAUTHORIZED, "authorizer", "no header");
    let token = id_token(json!({}));
    let headers = [("Content-Type", "text/plain"), ("Authorization", token.as_str())];
    let outcome = world.send(request("GET", "/prod/hello", &headers));
    outcome.refused(
        415,
        "\"Unsupported Media Type\"",
        "mapping",
        "no request template for `text/plain`",
    );
}

#[test]
fn no_trail_holds_a_token() {
    let world = world(&[]);
    let token = id_token(json!({}));
    let mut tokens = BTreeMap::from([("good", token.clone())]);
    tokens.insert("cut", token.chars().take(100).collect());
    tokens.insert("tampered", format!("{token}A"));
    for token in tokens.values() {
        world.send(with_token(token));
        let trail = serde_json::to_string(&world.trails.latest().unwrap()).unwrap();
        for part in token.split('.') {
            assert!(!trail.contains(part), "{trail}");
        }
    }
}
