//! JWT authorizers of REST APIs: issuers, audiences, algorithms, claims and scopes. What AWS does not say is said at the test.

use super::*;

fn api(configuration: Value) -> Value {
    let guarded = |scopes: Value| {
        let mut method = open(mock(
            "$context.authorizer.claims.sub $context.authorizer.claims.roles $context.authorizer.claims.exp",
        ));
        merge(
            &mut method,
            json!({"authorizationType": "JWT", "authorizerId": "jwt1", "authorizationScopes": scopes}),
        );
        method
    };
    let mut authorizer = json!({
        "id": "jwt1", "name": "tokens", "type": "JWT", "identitySource": "method.request.header.Authorization",
        "jwtConfiguration": {
            "defaultAlgorithms": ["RS256"],
            "issuers": [
                {"issuer": issuer(POOL), "audiences": ["app", "other-app"], "additionalClaims": [
                    {"claimName": "tenant", "format": "SINGLE_STRING", "expectedValues": ["red"], "required": true},
                    {"claimName": "plan", "format": "SINGLE_STRING", "expectedValues": ["gold"]},
                ]},
                {"issuer": issuer(OTHER_POOL), "audiences": ["app2"], "additionalClaims": [
                    {"claimName": "badge", "format": "SINGLE_STRING"},
                ]},
            ],
        },
    });
    merge(&mut authorizer["jwtConfiguration"], configuration);
    json!({
        "resources": [
            resource("/me", json!({"GET": guarded(json!([]))})),
            resource("/things", json!({"GET": guarded(json!(["things/read", "things/write"]))})),
        ],
        "authorizers": [authorizer],
    })
}

fn world() -> World {
    World::serving(api(json!({})))
        .with_pool(pool(POOL, "kid1", &KEY))
        .with_pool(pool(OTHER_POOL, "kid2", &OTHER_KEY))
}

fn claims(changes: Value) -> Value {
    let mut claims = json!({
        "iss": issuer(POOL), "sub": "ann", "aud": "app", "token_use": "id", "iat": NOW - 1, "exp": NOW + 60,
        "tenant": "red", "roles": ["a", "b"],
    });
    merge(&mut claims, changes);
    claims
}

fn ask(world: &World, target: &str, claims: &Value) -> Outcomes {
    let token = KEY.sign_jwt("kid1", claims).unwrap();
    world.send(request(
        "GET",
        target,
        &[("authorization", &format!("Bearer {token}"))],
    ))
}

#[test]
fn token_of_each_issuer_is_admitted_for_its_audiences_and_claims() {
    let world = world();
    let admitted = ask(&world, "/prod/me", &claims(json!({})));
    // Claims are told as HTTP APIs tell them, lists as `[a b]` and times as numbers; of REST APIs AWS does not say.
    assert_eq!(
        (admitted.status, admitted.body.as_str()),
        (200, format!("ann [a b] {}", NOW + 60).as_str())
    );
    for changes in [
        json!({"aud": ["x", "other-app"]}),
        json!({"plan": "gold"}),
        json!({"plan": null}),
    ] {
        assert_eq!(
            ask(&world, "/prod/me", &claims(changes.clone())).status,
            200,
            "{changes}"
        );
    }
    let other = json!({"iss": issuer(OTHER_POOL), "aud": "app2", "badge": "7", "tenant": null});
    let token = OTHER_KEY.sign_jwt("kid2", &claims(other.clone())).unwrap();
    let send = |token: &str| world.send(request("GET", "/prod/me", &[("authorization", token)]));
    assert_eq!(send(&token).status, 200);
    // The key of one issuer does not speak for the other.
    let crossed = KEY.sign_jwt("kid1", &claims(other)).unwrap();
    send(&crossed).refused(401, "\"Unauthorized\"", "authorizer", "has no key");
}

#[test]
fn what_the_configuration_does_not_allow_is_unauthorized() {
    let world = world();
    for (changes, reason) in [
        (json!({"iss": "https://other.example"}), "issuer"),
        (json!({"iss": format!("{}/", issuer(POOL))}), "issuer"),
        (json!({"aud": "app2"}), "audience"),
        (json!({"aud": null, "client_id": "app"}), "audience"),
        (json!({"aud": ["x"]}), "audience"),
        (json!({"tenant": "blue"}), "claim `tenant`"),
        (json!({"tenant": "Red"}), "claim `tenant`"),
        (json!({"tenant": ["red"]}), "claim `tenant`"),
        (json!({"tenant": null}), "claim `tenant`"),
        (json!({"plan": "silver"}), "claim `plan`"),
        (json!({"exp": NOW}), "expired"),
        (json!({"nbf": NOW + 10}), "lies in the future"),
    ] {
        // First and again: what is remembered of a token is no admission.
        for _ in 0..2 {
            let refused = ask(&world, "/prod/me", &claims(changes.clone()));
            refused.refused(401, "\"Unauthorized\"", "authorizer", reason);
            assert_eq!(refused.header("x-amzn-errortype"), Some("UnauthorizedException"));
        }
    }
    for headers in [
        vec![],
        vec![("authorization", "")],
        vec![("authorization", "Bearer a.b.c")],
    ] {
        assert_eq!(world.send(request("GET", "/prod/me", &headers)).status, 401);
    }
}

/// AWS says 403 Forbidden, unlike with user pools; the type of its gateway response it does not say.
#[test]
fn token_without_the_scope_is_forbidden() {
    let world = world();
    let granted = claims(json!({"scope": "x things/write"}));
    assert_eq!(ask(&world, "/prod/things", &granted).status, 200);
    for changes in [
        json!({}),
        json!({"scope": "things"}),
        json!({"scope": "things/reader"}),
    ] {
        let refused = ask(&world, "/prod/things", &claims(changes));
        assert_eq!(refused.status, 403);
        assert!(refused.body.contains("Forbidden"), "{}", refused.body);
        assert!(
            refused
                .step("authorizer")
                .reason
                .contains("none of the scopes `things/read things/write`")
        );
    }
}

#[test]
fn token_that_another_authorizer_let_in_is_judged_anew() {
    let strict = api(json!({"defaultAlgorithms": ["ES256"]}));
    let mut image = api(json!({}));
    image["authorizers"].as_array_mut().unwrap().push({
        let mut other = strict["authorizers"][0].clone();
        merge(&mut other, json!({"id": "jwt2", "name": "elliptic"}));
        other
    });
    let mut method = image["resources"][0]["resourceMethods"]["GET"].clone();
    merge(&mut method, json!({"authorizerId": "jwt2"}));
    image["resources"]
        .as_array_mut()
        .unwrap()
        .push(resource("/elliptic", json!({"GET": method})));
    let world = World::serving(image).with_pool(pool(POOL, "kid1", &KEY));
    let claims = claims(json!({}));
    assert_eq!(ask(&world, "/prod/me", &claims).status, 200);
    ask(&world, "/prod/elliptic", &claims).refused(
        401,
        "\"Unauthorized\"",
        "authorizer",
        "does not take the algorithm `RS256`",
    );
}

#[test]
fn configuration_that_asks_for_too_little_does_not_deploy() {
    let issuer = |changes: Value| {
        let mut issuer = json!({"issuer": "https://id.example", "audiences": ["app"]});
        merge(&mut issuer, changes);
        json!({ "issuers": [issuer] })
    };
    let claim = |changes: Value| {
        let mut claim = json!({"claimName": "x", "format": "SINGLE_STRING"});
        merge(&mut claim, changes);
        issuer(json!({ "additionalClaims": [claim] }))
    };
    let twice = json!({"issuers": [
        {"issuer": "https://id.example", "audiences": ["a"]}, {"issuer": "https://id.example", "audiences": ["b"]},
    ]});
    for (configuration, said) in [
        (json!({"issuers": []}), "name 1 to 10 issuers"),
        (json!({"defaultAlgorithms": []}), "name at least one"),
        (json!({"defaultAlgorithms": ["none"]}), "`none` is no algorithm"),
        (json!({"defaultAlgorithms": ["HS256"]}), "`HS256` is no algorithm"),
        (issuer(json!({"audiences": []})), "any client's token would do"),
        (issuer(json!({"audiences": [""]})), "an empty one is none"),
        (issuer(json!({"issuer": "https://id.example?x"})), "without query"),
        (issuer(json!({"issuer": "http://id.example"})), "use `https`"),
        (twice, "is there twice"),
        (claim(json!({"claimName": "aud"})), "no rule of its own"),
        (claim(json!({"claimName": ""})), "no rule of its own"),
        (claim(json!({"format": "LIST"})), "must be `SINGLE_STRING`"),
        (claim(json!({"expectedValues": [""]})), "an empty value is none"),
    ] {
        let problems = compile(api(configuration), json!({})).err().unwrap();
        assert!(format!("{problems:?}").contains(said), "{said}: {problems:?}");
    }
}
