//! What tokens say, how long they are good, and everything that ends them early.

use portcullis_engines::jwt::{RsaSigningKey, VerifyingKey};

use super::*;
use crate::{
    directory::GroupInput,
    flows::{RefreshTokens, RevokeToken},
};

async fn revoke(world: &World, tokens: &AuthenticationResult) -> Result<(), IdentityError> {
    let input = RevokeToken {
        client_id: world.client.client_id.to_string(),
        client_secret: None,
        token: tokens.refresh_token.clone().unwrap(),
    };
    world.identity.revoke_token(input).await
}

#[tokio::test]
async fn tokens_say_what_cognitos_say() {
    let world = World::new().await;
    world.user("ann").await;
    let id = world.pool.id.as_str();
    for (name, precedence) in [("late", None), ("first", Some(1))] {
        let group = GroupInput {
            user_pool_id: id.into(),
            group_name: name.into(),
            role_arn: Some(format!("arn:aws:iam::000000000000:role/{name}")),
            precedence,
            description: None,
        };
        world.identity.create_group(&world.scope, group).await.unwrap();
        world
            .identity
            .admin_add_user_to_group(&world.scope, id, "ann", name)
            .await
            .unwrap();
    }
    let attributes = pairs(&[("email_verified", "true"), ("name", "Ann"), ("address", "1 Road")]);
    world
        .identity
        .admin_update_user_attributes(&world.scope, id, "ann", attributes)
        .await
        .unwrap();
    let tokens = world.tokens("ann").await;
    assert_eq!(tokens.expires_in, 3600);
    let (id_token, access) = (claims(&tokens.id_token), claims(&tokens.access_token));
    let issuer = format!("https://cognito-idp.us-east-1.amazonaws.com/{id}");
    for token in [&id_token, &access] {
        assert_eq!(token["iss"], issuer.as_str());
        assert_eq!(token["iat"], NOW.seconds());
        assert_eq!(token["auth_time"], NOW.seconds());
        assert_eq!(token["exp"], NOW.seconds() + 3600);
        assert_eq!(token["cognito:groups"], serde_json::json!(["first", "late"]));
        assert_eq!(token["origin_jti"], id_token["origin_jti"]);
        assert_eq!(token["event_id"], id_token["event_id"]);
    }
    assert_ne!(id_token["jti"], access["jti"]);
    assert_eq!(id_token["aud"], world.client.client_id.as_str());
    assert_eq!(id_token["token_use"], "id");
    assert_eq!(id_token["cognito:username"], "ann");
    assert_eq!(
        id_token["cognito:preferred_role"],
        "arn:aws:iam::000000000000:role/first"
    );
    assert_eq!(id_token["email"], "ann@example.com");
    assert_eq!(id_token["email_verified"], true);
    assert_eq!(id_token["address"], serde_json::json!({ "formatted": "1 Road" }));
    assert_eq!(access["client_id"], world.client.client_id.as_str());
    assert_eq!(
        (&access["token_use"], &access["username"]),
        (&"access".into(), &"ann".into())
    );
    assert_eq!(access["scope"], "aws.cognito.signin.user.admin");
    assert!(access.get("aud").is_none() && access.get("version").is_none() && access.get("email").is_none());
}

#[tokio::test]
async fn id_and_access_tokens_verify_under_their_own_keys_only() {
    let world = World::new().await;
    world.user("ann").await;
    let tokens = world.tokens("ann").await;
    let key =
        |index: usize| VerifyingKey::from_jwk_value(&world.pool.signing_keys[index].public_jwk).unwrap();
    let (id, access) = (
        Compact::parse(tokens.id_token.expose()).unwrap(),
        Compact::parse(tokens.access_token.expose()).unwrap(),
    );
    assert!(id.verify(&key(0)).is_ok() && access.verify(&key(1)).is_ok());
    assert!(id.verify(&key(1)).is_err() && access.verify(&key(0)).is_err());
    assert_eq!(
        id.header().kid.as_deref(),
        Some(world.pool.signing_keys[0].kid.as_str())
    );
}

#[tokio::test]
async fn client_reads_only_what_it_may() {
    let options = ClientOptions {
        read_attributes: vec!["name".into()],
        ..every_flow()
    };
    let world = World::with(pool_with_mail(), options, false).await;
    world.user("ann").await;
    let tokens = world.tokens("ann").await;
    assert!(claims(&tokens.id_token).get("email").is_none());
    let user = world.identity.get_user(&tokens.access_token).await.unwrap();
    assert_eq!(user.user_attributes.len(), 1);
    assert_eq!(user.user_attributes[0].0, "sub");
}

#[tokio::test]
async fn refreshed_tokens_keep_the_sign_in_and_carry_what_changed() {
    let world = World::new().await;
    world.user("ann").await;
    let tokens = world.tokens("ann").await;
    world.clock.advance_seconds(600);
    let id = world.pool.id.as_str();
    world
        .identity
        .admin_update_user_attributes(&world.scope, id, "ann", pairs(&[("name", "Ann")]))
        .await
        .unwrap();
    let fresh = signed_in(world.refresh(&tokens).await);
    assert!(fresh.refresh_token.is_none());
    let (before, after) = (claims(&tokens.id_token), claims(&fresh.id_token));
    assert_eq!(
        (&after["auth_time"], &after["origin_jti"]),
        (&before["auth_time"], &before["origin_jti"])
    );
    assert_eq!(after["iat"], NOW.seconds() + 600);
    assert_eq!(after["name"], "Ann");
    let input = RefreshTokens {
        client_id: world.client.client_id.to_string(),
        client_secret: None,
        refresh_token: tokens.refresh_token.clone().unwrap(),
    };
    assert!(world.identity.get_tokens_from_refresh_token(input).await.is_ok());
}

#[tokio::test]
async fn refresh_token_that_is_foreign_changed_or_expired_is_refused() {
    let mut world = World::new().await;
    world.user("ann").await;
    let tokens = world.tokens("ann").await;
    let invalid = "NotAuthorizedException: Invalid Refresh Token";
    for text in ["x", "", &"A".repeat(64)] {
        let outcome = world
            .initiate("REFRESH_TOKEN_AUTH", &[("REFRESH_TOKEN", text)])
            .await;
        assert!(refused(outcome).ends_with(if text.is_empty() { "REFRESH_TOKEN" } else { invalid }));
    }
    let mut changed = tokens.refresh_token.as_ref().unwrap().expose().to_owned();
    let last = changed.pop().unwrap();
    changed.push(if last == 'A' { 'B' } else { 'A' });
    assert_eq!(
        refused(
            world
                .initiate("REFRESH_TOKEN_AUTH", &[("REFRESH_TOKEN", &changed)])
                .await
        ),
        invalid
    );
    let first = world.client.clone();
    world.client = make_client(&world.identity, &world.scope, &world.pool, every_flow(), false)
        .await
        .client;
    assert_eq!(refused(world.refresh(&tokens).await), invalid);
    world.client = first;
    world.clock.advance_seconds(30 * 86_400);
    assert_eq!(
        refused(world.refresh(&tokens).await),
        "NotAuthorizedException: Refresh Token has expired"
    );
}

#[tokio::test]
async fn revoked_token_takes_its_family_along_and_no_other() {
    let world = World::new().await;
    world.user("ann").await;
    let (revoked, kept) = (world.tokens("ann").await, world.tokens("ann").await);
    let fresh = signed_in(world.refresh(&revoked).await);
    revoke(&world, &revoked).await.unwrap();
    revoke(&world, &revoked).await.unwrap();
    assert_eq!(
        refused(world.refresh(&revoked).await),
        "NotAuthorizedException: Refresh Token has been revoked"
    );
    for token in [
        &revoked.access_token,
        &revoked.id_token,
        &fresh.access_token,
        &fresh.id_token,
    ] {
        assert!(world.heard.refuses(token));
    }
    for token in [&revoked.access_token, &fresh.access_token] {
        assert_eq!(
            refused(world.identity.get_user(token).await),
            "NotAuthorizedException: Access Token has been revoked"
        );
    }
    assert!(!world.heard.refuses(&kept.access_token));
    assert!(world.identity.get_user(&kept.access_token).await.is_ok());
    signed_in(world.refresh(&kept).await);
}

#[tokio::test]
async fn revocation_is_refused_in_awss_words() {
    let world = World::new().await;
    world.user("ann").await;
    let mut tokens = world.tokens("ann").await;
    let good = tokens.refresh_token.clone();
    tokens.refresh_token = Some(tokens.access_token.clone());
    assert!(refused(revoke(&world, &tokens).await).starts_with("UnsupportedTokenTypeException"));
    tokens.refresh_token = Some(SecretText::new("nonsense".into()));
    assert_eq!(
        refused(revoke(&world, &tokens).await),
        "InvalidParameterException: Invalid token"
    );
    let other = ClientOptions {
        enable_token_revocation: Some(false),
        ..every_flow()
    };
    let other = make_client(&world.identity, &world.scope, &world.pool, other, false)
        .await
        .client;
    let third = make_client(&world.identity, &world.scope, &world.pool, every_flow(), true).await;
    let input = |client: &UserPoolClient, secret: Option<&SecretText>| RevokeToken {
        client_id: client.client_id.to_string(),
        client_secret: secret.cloned(),
        token: good.clone().unwrap(),
    };
    let outcome = world.identity.revoke_token(input(&other, None)).await;
    assert!(refused(outcome).starts_with("UnsupportedOperationException"));
    for secret in [
        None,
        Some(SecretText::new("x".repeat(52))),
        third.client_secret.clone(),
    ] {
        let outcome = world
            .identity
            .revoke_token(input(&third.client, secret.as_ref()))
            .await;
        assert!(refused(outcome).starts_with("UnauthorizedException"));
    }
}

#[tokio::test]
async fn sign_out_ends_everything_before_it_and_nothing_after_it_within_one_second() {
    let world = World::new().await;
    world.user("ann").await;
    let (first, second) = (world.tokens("ann").await, world.tokens("ann").await);
    let fresh = signed_in(world.refresh(&second).await);
    world.identity.global_sign_out(&first.access_token).await.unwrap();
    // The clock stands: a sign-in in the very same second, after the sign-out, is good.
    let after = world.tokens("ann").await;
    for token in [
        &first.access_token,
        &first.id_token,
        &second.access_token,
        &fresh.id_token,
        &fresh.access_token,
    ] {
        assert!(world.heard.refuses(token));
    }
    assert_eq!(
        refused(world.identity.get_user(&second.access_token).await),
        "NotAuthorizedException: Access Token has been revoked"
    );
    assert_eq!(
        refused(world.refresh(&second).await),
        "NotAuthorizedException: Refresh Token has been revoked"
    );
    assert!(!world.heard.refuses(&after.access_token) && !world.heard.refuses(&after.id_token));
    assert!(world.identity.get_user(&after.access_token).await.is_ok());
    signed_in(world.refresh(&after).await);
}

#[tokio::test]
async fn administrators_end_tokens_by_sign_out_disabling_and_deleting() {
    let world = World::new().await;
    let id = world.pool.id.as_str();
    for name in ["ann", "bob", "eve"] {
        world.user(name).await;
    }
    let (ann, bob, eve) = (
        world.tokens("ann").await,
        world.tokens("bob").await,
        world.tokens("eve").await,
    );
    world
        .identity
        .admin_user_global_sign_out(&world.scope, id, "ann")
        .await
        .unwrap();
    world
        .identity
        .admin_disable_user(&world.scope, id, "bob")
        .await
        .unwrap();
    world
        .identity
        .admin_delete_user(&world.scope, id, "eve")
        .await
        .unwrap();
    for tokens in [&ann, &bob, &eve] {
        assert!(world.heard.refuses(&tokens.access_token));
        assert!(world.heard.refuses(&tokens.id_token));
        assert!(refused(world.refresh(tokens).await).starts_with("NotAuthorizedException"));
        assert!(world.identity.get_user(&tokens.access_token).await.is_err());
    }
    // Who comes after a deleted user under the same name is somebody else.
    world.user("eve").await;
    assert!(world.identity.get_user(&eve.access_token).await.is_err());
    assert!(world.refresh(&eve).await.is_err());
}

#[tokio::test]
async fn restart_forgets_no_ended_token_until_it_has_expired() {
    let world = World::new().await;
    world.user("ann").await;
    world.user("bob").await;
    let (revoked, signed_out) = (world.tokens("ann").await, world.tokens("bob").await);
    revoke(&world, &revoked).await.unwrap();
    world.clock.advance_seconds(5);
    world
        .identity
        .global_sign_out(&signed_out.access_token)
        .await
        .unwrap();
    let heard = Arc::new(Heard::default());
    let parts = IdentityParts {
        sign_outs: Arc::clone(&heard) as Arc<dyn SignOuts>,
        ..world.parts.clone()
    };
    let restarted = Identity::new(parts).unwrap();
    restarted.load_sign_outs().await.unwrap();
    for token in [
        &revoked.id_token,
        &revoked.access_token,
        &signed_out.id_token,
        &signed_out.access_token,
    ] {
        assert!(heard.refuses(token));
    }
    assert!(restarted.get_user(&revoked.access_token).await.is_err());
    assert!(restarted.get_user(&signed_out.access_token).await.is_err());
    let families = heard.families.lock().unwrap().len();
    assert_eq!((families, heard.sign_outs.lock().unwrap().len()), (2, 1));
    world.clock.advance_seconds(86_401);
    heard.families.lock().unwrap().clear();
    restarted.load_sign_outs().await.unwrap();
    assert!(heard.families.lock().unwrap().is_empty());
}

#[tokio::test]
async fn get_user_takes_good_access_tokens_only() {
    let world = World::new().await;
    world.user("ann").await;
    let tokens = world.tokens("ann").await;
    let user = world.identity.get_user(&tokens.access_token).await.unwrap();
    assert_eq!(user.username, "ann");
    let invalid = "NotAuthorizedException: Invalid Access Token";
    let access = tokens.access_token.expose();
    let foreign = RsaSigningKey::generate().unwrap();
    let kid = world.pool.signing_keys[1].kid.as_str();
    let forged = foreign.sign_jwt(kid, &claims(&tokens.access_token)).unwrap();
    let (head, tail) = access.rsplit_once('.').unwrap();
    let mut tampered = tail.to_owned();
    tampered.replace_range(10..11, if tail.as_bytes()[10] == b'A' { "B" } else { "A" });
    for token in [
        tokens.id_token.expose(),
        "x",
        "a.b.c",
        &forged,
        &format!("{head}.{tampered}"),
    ] {
        assert_eq!(
            refused(world.identity.get_user(&SecretText::new(token.into())).await),
            invalid
        );
    }
    world.clock.advance_seconds(3600);
    assert_eq!(
        refused(world.identity.get_user(&tokens.access_token).await),
        "NotAuthorizedException: Access Token has expired"
    );
}

#[tokio::test]
async fn deleted_client_leaves_no_good_token() {
    let world = World::new().await;
    world.user("ann").await;
    let tokens = world.tokens("ann").await;
    let (pool, client) = (world.pool.id.as_str(), world.client.client_id.as_str());
    world
        .identity
        .delete_user_pool_client(&world.scope, pool, client)
        .await
        .unwrap();
    assert!(world.identity.get_user(&tokens.access_token).await.is_err());
    assert!(world.refresh(&tokens).await.is_err());
}

#[tokio::test]
async fn token_lifetimes_are_the_clients() {
    let options = ClientOptions {
        access_token_validity: Some(5),
        id_token_validity: Some(10),
        refresh_token_validity: Some(2),
        token_validity_units: crate::directory::TokenValidityUnits {
            access_token: Some("minutes".into()),
            id_token: Some("minutes".into()),
            refresh_token: Some("hours".into()),
        },
        ..every_flow()
    };
    let world = World::with(pool_with_mail(), options, false).await;
    world.user("ann").await;
    let tokens = world.tokens("ann").await;
    assert_eq!(tokens.expires_in, 300);
    assert_eq!(claims(&tokens.access_token)["exp"], NOW.seconds() + 300);
    assert_eq!(claims(&tokens.id_token)["exp"], NOW.seconds() + 600);
    world.clock.advance_seconds(7200);
    assert_eq!(
        refused(world.refresh(&tokens).await),
        "NotAuthorizedException: Refresh Token has expired"
    );
}
