//! `USER_SRP_AUTH` with the engine's client: what passes, and everything that must not.

use std::collections::BTreeMap;

use base64::{Engine, engine::general_purpose::STANDARD};
use portcullis_engines::srp::{ClientExchange, format_timestamp, secret_hash};
use portcullis_model::SystemEntropy;

use super::*;
use crate::flows::RespondToAuthChallenge;

const WRONG: &str = "NotAuthorizedException: Incorrect username or password.";

type Challenge = BTreeMap<&'static str, String>;

async fn begin(world: &World, username: &str) -> (ClientExchange, Challenge) {
    let (exchange, public) = ClientExchange::start(&SystemEntropy);
    let mut parameters = vec![("USERNAME", username.to_owned()), ("SRP_A", public)];
    if let Some(secret) = &world.secret {
        parameters.push((
            "SECRET_HASH",
            secret_hash(secret, username, world.client.client_id.as_str()),
        ));
    }
    let parameters: Vec<(&str, &str)> = parameters
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    match world.initiate("USER_SRP_AUTH", &parameters).await.unwrap() {
        AuthOutcome::Challenge {
            challenge_name: "PASSWORD_VERIFIER",
            session: None,
            challenge_parameters,
        } => (exchange, challenge_parameters),
        _ => panic!("no PASSWORD_VERIFIER"),
    }
}

fn claim(
    world: &World,
    exchange: &ClientExchange,
    challenge: &Challenge,
    password: &str,
    at: Timestamp,
) -> Vec<(&'static str, String)> {
    let block = STANDARD.decode(&challenge["SECRET_BLOCK"]).unwrap();
    let time = format_timestamp(at);
    let pool = world.pool.id.as_str().split_once('_').unwrap().1;
    let (password, user) = (SecretText::new(password.into()), &challenge["USER_ID_FOR_SRP"]);
    let signature = exchange
        .claim(
            pool,
            user,
            &password,
            &challenge["SALT"],
            &challenge["SRP_B"],
            &block,
            &time,
        )
        .unwrap();
    let mut responses = vec![
        ("USERNAME", challenge["USERNAME"].clone()),
        ("PASSWORD_CLAIM_SECRET_BLOCK", challenge["SECRET_BLOCK"].clone()),
        ("PASSWORD_CLAIM_SIGNATURE", STANDARD.encode(signature)),
        ("TIMESTAMP", time),
    ];
    if let Some(secret) = &world.secret {
        responses.push((
            "SECRET_HASH",
            secret_hash(secret, &challenge["USERNAME"], world.client.client_id.as_str()),
        ));
    }
    responses
}

async fn respond(world: &World, responses: &[(&'static str, String)]) -> Result<AuthOutcome, IdentityError> {
    let responses: Vec<(&str, &str)> = responses
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    let input = RespondToAuthChallenge {
        client_id: world.client.client_id.to_string(),
        challenge_name: "PASSWORD_VERIFIER".into(),
        session: None,
        challenge_responses: with(&responses),
    };
    world.identity.respond_to_auth_challenge(input).await
}

async fn srp(world: &World, username: &str, password: &str) -> Result<AuthOutcome, IdentityError> {
    let (exchange, challenge) = begin(world, username).await;
    respond(
        world,
        &claim(world, &exchange, &challenge, password, world.clock.now()),
    )
    .await
}

#[tokio::test]
async fn right_password_signs_in_and_wrong_one_does_not() {
    let world = World::new().await;
    world.user("ann").await;
    assert_eq!(
        claims(&signed_in(srp(&world, "ann", PASSWORD).await).id_token)["cognito:username"],
        "ann"
    );
    signed_in(srp(&world, "Ann", PASSWORD).await);
    let wrong = srp(&world, "ann", "Wrong-horse-7").await.err().unwrap();
    assert_eq!(wrong.to_string(), WRONG);
    assert_eq!(
        wrong.cause(),
        Some("srp: password claim signature does not match")
    );
}

#[tokio::test]
async fn confidential_client_signs_in_with_its_secret_hash_only() {
    let world = World::confidential().await;
    world.user("ann").await;
    signed_in(srp(&world, "ann", PASSWORD).await);
    let (exchange, challenge) = begin(&world, "ann").await;
    let mut responses = claim(&world, &exchange, &challenge, PASSWORD, world.clock.now());
    responses.retain(|(name, _)| *name != "SECRET_HASH");
    assert!(refused(respond(&world, &responses).await).contains("SECRET_HASH was not received"));
}

#[tokio::test]
async fn pool_whose_usernames_are_addresses_signs_in_by_address() {
    let mut pool = pool_with_mail();
    pool.username_attributes = vec!["email".into()];
    let world = World::with(pool, every_flow(), false).await;
    world.user("ann@example.com").await;
    let tokens = signed_in(srp(&world, "ann@example.com", PASSWORD).await);
    let claims = claims(&tokens.id_token);
    assert_eq!(claims["cognito:username"], claims["sub"]);
    assert_eq!(claims["email"], "ann@example.com");
}

#[tokio::test]
async fn secret_block_is_good_once_even_when_the_claim_was_wrong() {
    let world = World::new().await;
    world.user("ann").await;
    let (exchange, challenge) = begin(&world, "ann").await;
    let right = claim(&world, &exchange, &challenge, PASSWORD, world.clock.now());
    signed_in(respond(&world, &right).await);
    let replayed = respond(&world, &right).await.err().unwrap();
    assert_eq!(
        (replayed.to_string().as_str(), replayed.cause()),
        (WRONG, Some("srp: the secret block was used before"))
    );
    let (exchange, challenge) = begin(&world, "ann").await;
    let wrong = claim(&world, &exchange, &challenge, "Wrong-horse-7", world.clock.now());
    let right = claim(&world, &exchange, &challenge, PASSWORD, world.clock.now());
    assert_eq!(refused(respond(&world, &wrong).await), WRONG);
    assert_eq!(refused(respond(&world, &right).await), WRONG);
}

#[tokio::test]
async fn changed_block_signature_user_and_time_are_refused() {
    let world = World::new().await;
    world.user("ann").await;
    world.user("bob").await;
    for (name, change) in [
        ("PASSWORD_CLAIM_SECRET_BLOCK", 40usize),
        ("PASSWORD_CLAIM_SECRET_BLOCK", 1200),
        ("PASSWORD_CLAIM_SIGNATURE", 3),
        ("USERNAME", 0),
    ] {
        let (exchange, challenge) = begin(&world, "ann").await;
        let mut responses = claim(&world, &exchange, &challenge, PASSWORD, world.clock.now());
        let value = &mut responses.iter_mut().find(|(there, _)| *there == name).unwrap().1;
        let changed = if value.as_bytes()[change] == b'B' {
            "C"
        } else {
            "B"
        };
        value.replace_range(change..=change, changed);
        assert_eq!(refused(respond(&world, &responses).await), WRONG, "{name}");
        signed_in(srp(&world, "ann", PASSWORD).await);
    }
    let (exchange, challenge) = begin(&world, "ann").await;
    let mut responses = claim(&world, &exchange, &challenge, PASSWORD, world.clock.now());
    responses[3].1 = format_timestamp(world.clock.now().plus_seconds(1));
    assert_eq!(refused(respond(&world, &responses).await), WRONG);
}

#[tokio::test]
async fn stale_and_malformed_timestamps_and_old_blocks_are_refused() {
    let world = World::new().await;
    world.user("ann").await;
    for seconds in [-301, 301] {
        let (exchange, challenge) = begin(&world, "ann").await;
        let late = claim(
            &world,
            &exchange,
            &challenge,
            PASSWORD,
            world.clock.now().plus_seconds(seconds),
        );
        assert_eq!(refused(respond(&world, &late).await), WRONG);
    }
    let (exchange, challenge) = begin(&world, "ann").await;
    let mut responses = claim(&world, &exchange, &challenge, PASSWORD, world.clock.now());
    responses[3].1 = "2026-11-21T08:00:00Z".into();
    assert!(
        refused(respond(&world, &responses).await).starts_with("InvalidParameterException: TIMESTAMP format")
    );
    let (exchange, challenge) = begin(&world, "ann").await;
    world.clock.advance_seconds(180);
    let old = claim(&world, &exchange, &challenge, PASSWORD, world.clock.now());
    assert_eq!(refused(respond(&world, &old).await), WRONG);
}

#[tokio::test]
async fn block_of_another_client_is_refused() {
    let mut world = World::new().await;
    world.user("ann").await;
    let (exchange, challenge) = begin(&world, "ann").await;
    let responses = claim(&world, &exchange, &challenge, PASSWORD, world.clock.now());
    world.client = make_client(&world.identity, &world.scope, &world.pool, every_flow(), false)
        .await
        .client;
    assert_eq!(refused(respond(&world, &responses).await), WRONG);
}

#[tokio::test]
async fn public_value_that_is_a_multiple_of_the_prime_is_refused() {
    let world = World::new().await;
    world.user("ann").await;
    for value in ["0", "00", "xyz"] {
        let outcome = world
            .initiate("USER_SRP_AUTH", &[("USERNAME", "ann"), ("SRP_A", value)])
            .await;
        assert_eq!(refused(outcome), "InvalidParameterException: Invalid SRP_A");
    }
}

#[tokio::test]
async fn user_who_does_not_exist_is_answered_like_one_and_always_the_same() {
    let world = World::new().await;
    world.user("ann").await;
    let (_, real) = begin(&world, "Ann").await;
    let (_, first) = begin(&world, "Nobody").await;
    let (_, second) = begin(&world, "nobody").await;
    let (_, other) = begin(&world, "somebody").await;
    assert_eq!(first["SALT"], second["SALT"]);
    assert_ne!(first["SALT"], other["SALT"]);
    assert_ne!(first["SRP_B"], second["SRP_B"]);
    let (_, same_length) = begin(&world, "eve").await;
    for name in ["SALT", "SECRET_BLOCK"] {
        assert_eq!(same_length[name].len(), real[name].len(), "{name}");
    }
    assert_eq!(real["SALT"].len(), first["SALT"].len());
    assert_eq!(
        (
            real["USER_ID_FOR_SRP"].as_str(),
            first["USER_ID_FOR_SRP"].as_str()
        ),
        ("ann", "nobody")
    );
    assert_eq!(real.keys().collect::<Vec<_>>(), first.keys().collect::<Vec<_>>());
    assert_eq!(refused(srp(&world, "nobody", PASSWORD).await), WRONG);
}

#[tokio::test]
async fn where_usernames_are_addresses_a_pretended_user_has_a_stable_uuid() {
    let mut pool = pool_with_mail();
    pool.username_attributes = vec!["email".into()];
    let world = World::with(pool, every_flow(), false).await;
    let (_, first) = begin(&world, "nobody@example.com").await;
    let (_, second) = begin(&world, "nobody@example.com").await;
    assert_eq!(first["USER_ID_FOR_SRP"], second["USER_ID_FOR_SRP"]);
    assert_eq!(first["USER_ID_FOR_SRP"].len(), 36);
    assert_eq!(first["USER_ID_FOR_SRP"].as_bytes()[14], b'4');
}

#[tokio::test]
async fn wrong_claims_lock_the_name_for_passwords_too() {
    let world = World::new().await;
    world.user("ann").await;
    for _ in 0..5 {
        assert_eq!(refused(srp(&world, "ann", "Wrong-horse-7").await), WRONG);
    }
    let locked = "NotAuthorizedException: Password attempts exceeded";
    assert_eq!(refused(srp(&world, "ann", PASSWORD).await), locked);
    assert_eq!(refused(world.sign_in("ann", PASSWORD).await), locked);
}

#[tokio::test]
async fn password_set_during_the_exchange_voids_it() {
    let world = World::new().await;
    world.user("ann").await;
    let (exchange, challenge) = begin(&world, "ann").await;
    let old = claim(&world, &exchange, &challenge, PASSWORD, world.clock.now());
    let id = world.pool.id.as_str();
    let new = SecretText::new("Another-horse-8".into());
    world
        .identity
        .admin_set_user_password(&world.scope, id, "ann", new, true)
        .await
        .unwrap();
    assert_eq!(refused(respond(&world, &old).await), WRONG);
    signed_in(srp(&world, "ann", "Another-horse-8").await);
}

#[tokio::test]
async fn verifier_is_made_at_the_next_password_when_srp_comes_later() {
    let passwords_only = ClientOptions {
        explicit_auth_flows: Some(vec!["ALLOW_USER_PASSWORD_AUTH".into()]),
        ..every_flow()
    };
    let mut world = World::with(pool_with_mail(), passwords_only, false).await;
    world.user("ann").await;
    world.client = make_client(&world.identity, &world.scope, &world.pool, every_flow(), false)
        .await
        .client;
    assert_eq!(refused(srp(&world, "ann", PASSWORD).await), WRONG);
    signed_in(world.sign_in("ann", PASSWORD).await);
    signed_in(srp(&world, "ann", PASSWORD).await);
}

#[tokio::test]
async fn temporary_password_over_srp_leads_to_a_new_one() {
    let world = World::new().await;
    world.invite("ann", "Temporary-1").await;
    match srp(&world, "ann", "Temporary-1").await.unwrap() {
        AuthOutcome::Challenge {
            challenge_name,
            session,
            ..
        } => {
            assert_eq!(
                (challenge_name, session.is_some()),
                ("NEW_PASSWORD_REQUIRED", true)
            );
        }
        AuthOutcome::SignedIn(_) => panic!("signed in with a temporary password"),
    }
}

#[tokio::test]
async fn secret_block_used_twice_at_once_signs_in_once() {
    let world = World::new().await;
    world.user("ann").await;
    let (exchange, challenge) = begin(&world, "ann").await;
    let right = claim(&world, &exchange, &challenge, PASSWORD, world.clock.now());
    let outcomes = tokio::join!(respond(&world, &right), respond(&world, &right));
    assert!(outcomes.0.is_ok() != outcomes.1.is_ok());
}

#[tokio::test]
async fn name_that_nobody_has_is_locked_over_both_flows_like_one_that_somebody_has() {
    let mut pool = pool_with_mail();
    pool.username_attributes = vec!["email".into()];
    let world = World::with(pool, every_flow(), false).await;
    world.user("ann@example.com").await;
    for name in ["ann@example.com", "nobody@example.com"] {
        for _ in 0..5 {
            assert_eq!(refused(world.sign_in(name, "Wrong-horse-7").await), WRONG);
        }
        assert_eq!(
            refused(srp(&world, name, PASSWORD).await),
            "NotAuthorizedException: Password attempts exceeded"
        );
    }
}
