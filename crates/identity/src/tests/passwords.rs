//! `USER_PASSWORD_AUTH`, `ADMIN_USER_PASSWORD_AUTH`, `NEW_PASSWORD_REQUIRED`, `SECRET_HASH`, lockout.

use portcullis_engines::srp::secret_hash;
use portcullis_model::SecretText;

use super::*;
use crate::flows::{AdminInitiateAuth, RespondToAuthChallenge};

const WRONG: &str = "NotAuthorizedException: Incorrect username or password.";

#[tokio::test]
async fn right_password_signs_in_and_wrong_one_does_not() {
    let world = World::new().await;
    world.user("ann").await;
    assert!(world.tokens("ann").await.refresh_token.is_some());
    // The pool does not tell cases apart.
    assert!(world.tokens("ANN").await.refresh_token.is_some());
    assert_eq!(refused(world.sign_in("ann", "Wrong-horse-7").await), WRONG);
    assert_eq!(refused(world.sign_in("nobody", PASSWORD).await), WRONG);
    let overlong = "x".repeat(257);
    assert!(
        refused(world.sign_in("ann", &overlong).await)
            .starts_with("InvalidParameterException: 1 validation error")
    );
}

#[tokio::test]
async fn client_that_asks_for_it_is_told_that_a_user_does_not_exist() {
    let options = ClientOptions {
        prevent_user_existence_errors: Some("LEGACY".into()),
        ..every_flow()
    };
    let world = World::with(pool_with_mail(), options, false).await;
    let missing = "UserNotFoundException: User does not exist.";
    assert_eq!(refused(world.sign_in("nobody", PASSWORD).await), missing);
    let srp = world
        .initiate("USER_SRP_AUTH", &[("USERNAME", "nobody"), ("SRP_A", "abcdef")])
        .await;
    assert_eq!(refused(srp), missing);
}

#[tokio::test]
async fn flows_that_are_not_allowed_unknown_or_somewhere_else_are_refused() {
    let options = ClientOptions {
        explicit_auth_flows: Some(vec!["ALLOW_CUSTOM_AUTH".into()]),
        ..every_flow()
    };
    let world = World::with(pool_with_mail(), options, false).await;
    let name = [
        ("USERNAME", "ann"),
        ("PASSWORD", "x"),
        ("SRP_A", "a"),
        ("REFRESH_TOKEN", "x"),
    ];
    for (flow, said) in [
        (
            "USER_PASSWORD_AUTH",
            "USER_PASSWORD_AUTH flow not enabled for this client",
        ),
        ("USER_SRP_AUTH", "USER_SRP_AUTH is not enabled for the client."),
        ("REFRESH_TOKEN_AUTH", "Auth flow not enabled for this client"),
        ("CUSTOM_AUTH", "Initiate Auth method not supported"),
        ("ADMIN_NO_SRP_AUTH", "Initiate Auth method not supported"),
        (
            "NO_SUCH_FLOW",
            "1 validation error detected: Value 'NO_SUCH_FLOW' at 'authFlow' failed to satisfy constraint: Member must \
             satisfy enum value set: [USER_SRP_AUTH, REFRESH_TOKEN_AUTH, REFRESH_TOKEN, CUSTOM_AUTH, ADMIN_NO_SRP_AUTH, \
             USER_PASSWORD_AUTH, ADMIN_USER_PASSWORD_AUTH, USER_AUTH]",
        ),
    ] {
        assert_eq!(
            refused(world.initiate(flow, &name).await),
            format!("InvalidParameterException: {said}")
        );
    }
    let input = InitiateAuth {
        client_id: "nosuchclient".into(),
        auth_flow: "USER_PASSWORD_AUTH".into(),
        auth_parameters: Parameters::new(),
    };
    assert_eq!(
        refused(world.identity.initiate_auth(input).await),
        "ResourceNotFoundException: User pool client nosuchclient does not exist."
    );
}

#[tokio::test]
async fn missing_parameters_are_named() {
    let world = World::new().await;
    let said = refused(world.initiate("USER_PASSWORD_AUTH", &[("USERNAME", "ann")]).await);
    assert_eq!(
        said,
        "InvalidParameterException: Missing required parameter PASSWORD"
    );
}

#[tokio::test]
async fn administrators_sign_users_in_under_both_names_of_the_flow_and_in_their_own_pools_only() {
    let world = World::new().await;
    world.user("ann").await;
    let input = |pool: &str, flow: &str| AdminInitiateAuth {
        user_pool_id: pool.into(),
        client_id: world.client.client_id.to_string(),
        auth_flow: flow.into(),
        auth_parameters: with(&[("USERNAME", "ann"), ("PASSWORD", PASSWORD)]),
    };
    for flow in ["ADMIN_USER_PASSWORD_AUTH", "ADMIN_NO_SRP_AUTH"] {
        signed_in(
            world
                .identity
                .admin_initiate_auth(&world.scope, input(world.pool.id.as_str(), flow))
                .await,
        );
    }
    let stranger = Scope::new("111111111111", "us-east-1");
    let theirs = world
        .identity
        .admin_initiate_auth(&stranger, input(world.pool.id.as_str(), "ADMIN_NO_SRP_AUTH"))
        .await;
    assert_eq!(
        refused(theirs),
        format!(
            "ResourceNotFoundException: User pool {} does not exist.",
            world.pool.id
        )
    );
    let other = world
        .identity
        .create_user_pool(&world.scope, pool_with_mail())
        .await
        .unwrap();
    let wrong_pool = world
        .identity
        .admin_initiate_auth(&world.scope, input(other.id.as_str(), "ADMIN_NO_SRP_AUTH"))
        .await;
    assert!(refused(wrong_pool).starts_with("ResourceNotFoundException: User pool client"));
}

#[tokio::test]
async fn users_in_other_states_are_refused_after_their_password_only() {
    let world = World::new().await;
    world.user("ann").await;
    world
        .identity
        .admin_disable_user(&world.scope, world.pool.id.as_str(), "ann")
        .await
        .unwrap();
    assert_eq!(refused(world.sign_in("ann", "Wrong-horse-7").await), WRONG);
    assert_eq!(
        refused(world.sign_in("ann", PASSWORD).await),
        "NotAuthorizedException: User is disabled."
    );
    world
        .identity
        .admin_enable_user(&world.scope, world.pool.id.as_str(), "ann")
        .await
        .unwrap();
    signed_in(world.sign_in("ann", PASSWORD).await);
}

#[tokio::test]
async fn fifth_wrong_password_locks_the_name_whether_it_exists_or_not() {
    let world = World::new().await;
    world.user("ann").await;
    for name in ["ann", "nobody"] {
        for _ in 0..5 {
            assert_eq!(refused(world.sign_in(name, "Wrong-horse-7").await), WRONG);
        }
        assert_eq!(
            refused(world.sign_in(name, PASSWORD).await),
            "NotAuthorizedException: Password attempts exceeded"
        );
    }
    world.clock.advance_seconds(1);
    signed_in(world.sign_in("ann", PASSWORD).await);
}

#[tokio::test]
async fn confidential_client_needs_the_right_secret_hash_everywhere() {
    let world = World::confidential().await;
    world.user("ann").await;
    let id = world.client.client_id.as_str();
    let missing = format!(
        "NotAuthorizedException: Client {id} is configured with secret but SECRET_HASH was not received"
    );
    let wrong = format!("NotAuthorizedException: Unable to verify secret hash for client {id}");
    let right = secret_hash(world.secret.as_ref().unwrap(), "ann", id);
    let name = [("USERNAME", "ann"), ("PASSWORD", PASSWORD), ("SRP_A", "abcdef")];
    for flow in ["USER_PASSWORD_AUTH", "USER_SRP_AUTH"] {
        assert_eq!(refused(world.initiate(flow, &name).await), missing);
        let foreign = secret_hash(world.secret.as_ref().unwrap(), "bob", id);
        let mut parameters = name.to_vec();
        parameters.push(("SECRET_HASH", &foreign));
        assert_eq!(refused(world.initiate(flow, &parameters).await), wrong);
        parameters.pop();
        parameters.push(("SECRET_HASH", &right));
        assert!(world.initiate(flow, &parameters).await.is_ok());
    }
    let mut parameters = name.to_vec();
    parameters.push(("SECRET_HASH", &right));
    let tokens = signed_in(world.initiate("USER_PASSWORD_AUTH", &parameters).await);
    let refresh = tokens.refresh_token.as_ref().unwrap().expose();
    let sub = claims(&tokens.id_token)["sub"].as_str().unwrap().to_owned();
    assert_eq!(refused(world.refresh(&tokens).await), missing);
    for name in ["ann", &sub, "ann@example.com"] {
        let hash = secret_hash(world.secret.as_ref().unwrap(), name, id);
        let outcome = world
            .initiate(
                "REFRESH_TOKEN",
                &[("REFRESH_TOKEN", refresh), ("SECRET_HASH", &hash)],
            )
            .await;
        signed_in(outcome);
    }
}

#[tokio::test]
async fn public_client_that_sends_a_secret_hash_is_refused() {
    let world = World::new().await;
    world.user("ann").await;
    let parameters = [
        ("USERNAME", "ann"),
        ("PASSWORD", PASSWORD),
        ("SECRET_HASH", "eA=="),
    ];
    let said = refused(world.initiate("USER_PASSWORD_AUTH", &parameters).await);
    assert!(said.starts_with("NotAuthorizedException: Unable to verify secret hash"));
}

async fn challenge(world: &World) -> (SecretText, std::collections::BTreeMap<&'static str, String>) {
    match world.sign_in("ann", "Temporary-1").await.unwrap() {
        AuthOutcome::Challenge {
            challenge_name: "NEW_PASSWORD_REQUIRED",
            session,
            challenge_parameters,
        } => (SecretText::new(session.unwrap()), challenge_parameters),
        _ => panic!("no challenge"),
    }
}

async fn answer(
    world: &World,
    session: &SecretText,
    responses: &[(&str, &str)],
) -> Result<AuthOutcome, IdentityError> {
    let input = RespondToAuthChallenge {
        client_id: world.client.client_id.to_string(),
        challenge_name: "NEW_PASSWORD_REQUIRED".into(),
        session: Some(session.clone()),
        challenge_responses: with(responses),
    };
    world.identity.respond_to_auth_challenge(input).await
}

#[tokio::test]
async fn temporary_password_leads_to_a_new_one_and_its_session_is_good_once() {
    let world = World::new().await;
    world.invite("ann", "Temporary-1").await;
    let (session, parameters) = challenge(&world).await;
    assert_eq!(parameters["requiredAttributes"], "[]");
    assert_eq!(parameters["userAttributes"], r#"{"email":"ann@example.com"}"#);
    let weak = answer(&world, &session, &[("USERNAME", "ann"), ("NEW_PASSWORD", "weak")]).await;
    assert_eq!(
        refused(weak),
        "InvalidPasswordException: Password did not conform with policy: Password not long enough"
    );
    let right = [
        ("USERNAME", "ann"),
        ("NEW_PASSWORD", PASSWORD),
        ("userAttributes.name", "Ann"),
    ];
    let tokens = signed_in(answer(&world, &session, &right).await);
    assert_eq!(claims(&tokens.id_token)["name"], "Ann");
    assert_eq!(
        refused(answer(&world, &session, &right).await),
        "NotAuthorizedException: Invalid session for the user, session can only be used once."
    );
    assert_eq!(refused(world.sign_in("ann", "Temporary-1").await), WRONG);
    signed_in(world.sign_in("ann", PASSWORD).await);
}

#[tokio::test]
async fn foreign_changed_and_expired_sessions_are_refused() {
    let world = World::new().await;
    world.invite("ann", "Temporary-1").await;
    world.user("bob").await;
    let (session, _) = challenge(&world).await;
    let right = [("USERNAME", "ann"), ("NEW_PASSWORD", PASSWORD)];
    let bad = "NotAuthorizedException: Invalid session for the user.";
    let mut changed = session.expose().to_owned();
    let last = changed.pop().unwrap();
    changed.push(if last == 'A' { 'B' } else { 'A' });
    assert_eq!(
        refused(answer(&world, &SecretText::new(changed), &right).await),
        bad
    );
    assert_eq!(
        refused(
            answer(
                &world,
                &session,
                &[("USERNAME", "bob"), ("NEW_PASSWORD", PASSWORD)]
            )
            .await
        ),
        bad
    );
    let verified = [
        ("USERNAME", "ann"),
        ("NEW_PASSWORD", PASSWORD),
        ("userAttributes.email_verified", "true"),
    ];
    assert_eq!(
        refused(answer(&world, &session, &verified).await),
        "NotAuthorizedException: A client attempted to write unauthorized attribute"
    );
    world.clock.advance_seconds(3 * 60);
    assert_eq!(
        refused(answer(&world, &session, &right).await),
        "NotAuthorizedException: Invalid session for the user, session is expired."
    );
}

#[tokio::test]
async fn temporary_password_ends_after_the_days_of_the_policy() {
    let world = World::new().await;
    world.invite("ann", "Temporary-1").await;
    world.clock.advance_seconds(7 * 86_400);
    assert_eq!(
        refused(world.sign_in("ann", "Temporary-1").await),
        "NotAuthorizedException: Temporary password has expired and must be reset by an administrator."
    );
}

#[tokio::test]
async fn missing_required_attribute_is_asked_for_and_insisted_on() {
    let mut pool = pool_with_mail();
    pool.schema = serde_json::from_value(serde_json::json!([
        { "Name": "family_name", "AttributeDataType": "String", "Required": true }
    ]))
    .unwrap();
    let world = World::with(pool, every_flow(), false).await;
    world.invite("ann", "Temporary-1").await;
    let (session, parameters) = challenge(&world).await;
    assert_eq!(
        parameters["requiredAttributes"],
        r#"["userAttributes.family_name"]"#
    );
    let without = answer(
        &world,
        &session,
        &[("USERNAME", "ann"), ("NEW_PASSWORD", PASSWORD)],
    )
    .await;
    assert_eq!(
        refused(without),
        "InvalidParameterException: Invalid attributes given, family_name is missing"
    );
    let right = [
        ("USERNAME", "ann"),
        ("NEW_PASSWORD", PASSWORD),
        ("userAttributes.family_name", "Lee"),
    ];
    signed_in(answer(&world, &session, &right).await);
}

#[tokio::test]
async fn guesses_side_by_side_win_nothing_once_the_name_is_locked() {
    let world = World::new().await;
    world.user("ann").await;
    let guess = |password: &'static str| world.sign_in("ann", password);
    let wrong = "Wrong-horse-7";
    // The right guess is the last of the burst: all passed the first look at the lock.
    let outcomes = tokio::join!(
        guess(wrong),
        guess(wrong),
        guess(wrong),
        guess(wrong),
        guess(wrong),
        guess(wrong),
        guess(PASSWORD)
    );
    assert_eq!(
        refused(outcomes.6),
        "NotAuthorizedException: Password attempts exceeded"
    );
}

#[tokio::test]
async fn one_session_answered_twice_at_once_sets_one_password() {
    let world = World::new().await;
    world.invite("ann", "Temporary-1").await;
    let (session, _) = challenge(&world).await;
    let first = [("USERNAME", "ann"), ("NEW_PASSWORD", PASSWORD)];
    let second = [("USERNAME", "ann"), ("NEW_PASSWORD", "Another-horse-8")];
    let outcomes = tokio::join!(
        answer(&world, &session, &first),
        answer(&world, &session, &second)
    );
    assert!(outcomes.0.is_ok() != outcomes.1.is_ok());
    let kept = if outcomes.0.is_ok() {
        PASSWORD
    } else {
        "Another-horse-8"
    };
    signed_in(world.sign_in("ann", kept).await);
}
