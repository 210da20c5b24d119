//! Forgotten passwords: who gets a code, what it does, and what strangers learn.

use serde_json::json;

use super::*;
use crate::flows::{CodeDelivery, ConfirmForgotPassword, ForgotPassword};

const NEW: &str = "Battery-staple-8";

async fn world() -> World {
    let world = World::new().await;
    world.user("ann").await;
    verify(&world, "ann").await;
    world
}

async fn verify(world: &World, name: &str) {
    let verified = pairs(&[("email_verified", "true")]);
    let id = world.pool.id.as_str();
    let changed = world
        .identity
        .admin_update_user_attributes(&world.scope, id, name, verified);
    changed.await.unwrap();
}

async fn legacy(world: &mut World) {
    let options = ClientOptions {
        prevent_user_existence_errors: Some("LEGACY".into()),
        ..every_flow()
    };
    let made = make_client(&world.identity, &world.scope, &world.pool, options, false).await;
    world.client = made.client;
}

async fn forgot(world: &World, name: &str) -> Result<CodeDelivery, IdentityError> {
    let input = ForgotPassword {
        client_id: world.client.client_id.to_string(),
        username: name.into(),
        ..ForgotPassword::default()
    };
    world.identity.forgot_password(input).await
}

async fn reset(world: &World, name: &str, code: &str, password: &str) -> Result<(), IdentityError> {
    let input = ConfirmForgotPassword {
        client_id: world.client.client_id.to_string(),
        secret_hash: None,
        username: name.into(),
        confirmation_code: SecretText::new(code.into()),
        password: SecretText::new(password.into()),
    };
    world.identity.confirm_forgot_password(input).await
}

#[tokio::test]
async fn code_by_mail_sets_a_new_password_once_and_ends_what_was_signed_in() {
    let world = world().await;
    let before = world.tokens("ann").await;
    let delivery = forgot(&world, "ann").await.unwrap();
    assert_eq!(delivery.destination, "a***@e***");
    let code = world.mailed_code();
    // A password that the policy refuses does not spend the code.
    assert!(refused(reset(&world, "ann", &code, "short").await).starts_with("InvalidPasswordException"));
    world.clock.advance_seconds(1);
    reset(&world, "ann", &code, NEW).await.unwrap();
    assert!(world.heard.refuses(&before.access_token));
    assert_eq!(
        refused(world.refresh(&before).await),
        "NotAuthorizedException: Refresh Token has been revoked"
    );
    assert!(world.sign_in("ann", PASSWORD).await.is_err());
    signed_in(world.sign_in("ann", NEW).await);
    assert_eq!(
        refused(reset(&world, "ann", &code, "Another-one-9").await),
        "CodeMismatchException: Invalid verification code provided, please try again."
    );
}

#[tokio::test]
async fn code_for_a_password_is_good_for_an_hour_and_not_for_a_sign_up() {
    let mut world = world().await;
    legacy(&mut world).await;
    forgot(&world, "ann").await.unwrap();
    let code = world.mailed_code();
    world.clock.advance_seconds(3600);
    assert!(refused(reset(&world, "ann", &code, NEW).await).starts_with("ExpiredCodeException"));
}

#[tokio::test]
async fn names_that_nobody_has_are_answered_like_names_that_somebody_has() {
    let world = world().await;
    world.invite("temp", "Temporary-1").await;
    world.user("unverified").await;
    for name in ["nobody", "temp", "unverified", "ann"] {
        for _ in 0..7 {
            let delivery = forgot(&world, name).await.unwrap();
            assert_eq!(delivery.delivery_medium, "EMAIL");
        }
    }
    // The sixth and the seventh were said to be sent and were not.
    assert_eq!(world.mail.sent.lock().unwrap().len(), 5);
    for name in ["nobody", "temp", "unverified", "ann"] {
        let mut heard = Vec::new();
        for _ in 0..7 {
            heard.push(refused(reset(&world, name, "000000", NEW).await));
        }
        let mismatch = "CodeMismatchException: Invalid verification code provided, please try again.";
        let locked = "LimitExceededException: Attempt limit exceeded, please try after some time.";
        assert_eq!(heard[..5], [mismatch; 5], "{name}");
        assert_eq!(heard[5..], [locked; 2], "{name}");
    }
}

#[tokio::test]
async fn legacy_clients_are_told_who_exists_and_what_is_wrong() {
    let mut world = world().await;
    legacy(&mut world).await;
    world.invite("temp", "Temporary-1").await;
    world.user("unverified").await;
    for (name, answer) in [
        ("nobody", "UserNotFoundException: User does not exist."),
        (
            "temp",
            "NotAuthorizedException: User password cannot be reset in the current state.",
        ),
        (
            "unverified",
            "InvalidParameterException: Cannot reset password for the user as there is no registered/verified email or \
             phone_number",
        ),
    ] {
        assert_eq!(refused(forgot(&world, name).await), answer);
    }
    assert!(refused(reset(&world, "ann", "123456", NEW).await).starts_with("ExpiredCodeException"));
}

#[tokio::test]
async fn address_that_changed_since_the_code_was_sent_voids_it() {
    let world = world().await;
    forgot(&world, "ann").await.unwrap();
    let code = world.mailed_code();
    let other = pairs(&[("email", "ann@elsewhere.example"), ("email_verified", "true")]);
    let id = world.pool.id.as_str();
    let changed = world
        .identity
        .admin_update_user_attributes(&world.scope, id, "ann", other);
    changed.await.unwrap();
    assert!(refused(reset(&world, "ann", &code, NEW).await).starts_with("CodeMismatchException"));
}

#[tokio::test]
async fn pool_may_leave_recovery_to_administrators() {
    let mut pool = pool_with_mail();
    let mechanisms = json!({ "RecoveryMechanisms": [{ "Name": "admin_only", "Priority": 1 }] });
    pool.options
        .settings
        .insert("AccountRecoverySetting".into(), mechanisms);
    let world = World::with(pool, every_flow(), false).await;
    for name in ["ann", "nobody"] {
        assert_eq!(
            refused(forgot(&world, name).await),
            "NotAuthorizedException: Contact administrator to reset password."
        );
    }
}

#[tokio::test]
async fn confidential_client_proves_itself_first() {
    let world = World::confidential().await;
    assert!(refused(forgot(&world, "ann").await).contains("SECRET_HASH was not received"));
    assert!(refused(reset(&world, "ann", "123456", NEW).await).contains("SECRET_HASH was not received"));
}
