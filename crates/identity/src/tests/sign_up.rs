//! `SignUp`, `ConfirmSignUp`, `ResendConfirmationCode`, `AdminCreateUser` and their mails.

use super::*;
use crate::flows::{ConfirmSignUp, ResendConfirmationCode, SignUp, SignUpAnswer};

async fn sign_up(
    world: &World,
    username: &str,
    attributes: &[(&str, &str)],
) -> Result<SignUpAnswer, IdentityError> {
    let input = SignUp {
        client_id: world.client.client_id.to_string(),
        secret_hash: None,
        username: username.into(),
        password: SecretText::new(PASSWORD.into()),
        user_attributes: pairs(attributes),
    };
    world.identity.sign_up(input).await
}

async fn confirm(world: &World, username: &str, code: &str) -> Result<(), IdentityError> {
    confirm_by(world, username, code, false).await
}

async fn confirm_by(world: &World, username: &str, code: &str, force: bool) -> Result<(), IdentityError> {
    let input = ConfirmSignUp {
        client_id: world.client.client_id.to_string(),
        secret_hash: None,
        username: username.into(),
        confirmation_code: SecretText::new(code.into()),
        force_alias_creation: force,
    };
    world.identity.confirm_sign_up(input).await
}

async fn resend(world: &World, username: &str) -> Result<crate::flows::CodeDelivery, IdentityError> {
    let input = ResendConfirmationCode {
        client_id: world.client.client_id.to_string(),
        secret_hash: None,
        username: username.into(),
    };
    world.identity.resend_confirmation_code(input).await
}

fn other_code(code: &str) -> String {
    if code == "000000" {
        "000001".into()
    } else {
        "000000".into()
    }
}

#[tokio::test]
async fn stranger_signs_up_confirms_with_the_mailed_code_and_signs_in() {
    let world = World::new().await;
    let answer = sign_up(&world, "ann", &[("email", "ann@example.com")])
        .await
        .unwrap();
    assert!(!answer.user_confirmed);
    assert_eq!(answer.code_delivery.unwrap().destination, "a***@e***");
    assert_eq!(
        refused(world.sign_in("ann", PASSWORD).await),
        "UserNotConfirmedException: User is not confirmed."
    );
    let mail = world.newest_mail();
    assert_eq!(
        (mail.to.as_str(), mail.subject.as_str()),
        ("ann@example.com", "Your verification code")
    );
    let code = world.mailed_code();
    assert_eq!(code.len(), 6);
    assert_eq!(
        refused(confirm(&world, "ann", &other_code(&code)).await),
        "CodeMismatchException: Invalid verification code provided, please try again."
    );
    confirm(&world, "ann", &code).await.unwrap();
    let tokens = world.tokens("ann").await;
    assert_eq!(claims(&tokens.id_token)["email_verified"], true);
    assert_eq!(
        refused(confirm(&world, "ann", &code).await),
        "NotAuthorizedException: User cannot be confirmed. Current status is CONFIRMED"
    );
}

#[tokio::test]
async fn code_ends_after_a_day_fifteen_attempts_and_its_successor() {
    let world = World::new().await;
    sign_up(&world, "ann", &[("email", "ann@example.com")])
        .await
        .unwrap();
    let first = world.mailed_code();
    assert_eq!(resend(&world, "ann").await.unwrap().destination, "a***@e***");
    let second = world.mailed_code();
    assert_ne!(first, second);
    for _ in 0..15 {
        assert!(refused(confirm(&world, "ann", &first).await).starts_with("CodeMismatchException"));
    }
    let limited = "LimitExceededException: Attempt limit exceeded, please try after some time.";
    assert_eq!(refused(confirm(&world, "ann", &second).await), limited);
    for _ in 0..3 {
        resend(&world, "ann").await.unwrap();
    }
    assert_eq!(refused(resend(&world, "ann").await), limited);
    world.clock.advance_seconds(24 * 3600);
    let expired = "ExpiredCodeException: Invalid code provided, please request a code again.";
    assert_eq!(
        refused(confirm(&world, "ann", &world.mailed_code()).await),
        expired
    );
    resend(&world, "ann").await.unwrap();
    confirm(&world, "ann", &world.mailed_code()).await.unwrap();
    assert_eq!(
        refused(resend(&world, "ann").await),
        "InvalidParameterException: User is already confirmed."
    );
}

#[tokio::test]
async fn names_that_nobody_has_are_answered_as_if_somebody_had() {
    let world = World::new().await;
    assert_eq!(
        refused(confirm(&world, "nobody", "123456").await),
        "ExpiredCodeException: Invalid code provided, please request a code again."
    );
    let first = resend(&world, "nobody").await.unwrap();
    assert_eq!(first, resend(&world, "nobody").await.unwrap());
    assert_eq!(first.destination.len(), "a***@e***".len());
}

#[tokio::test]
async fn sign_up_is_refused_in_awss_words() {
    let world = World::new().await;
    sign_up(&world, "ann", &[("email", "ann@example.com")])
        .await
        .unwrap();
    assert_eq!(
        refused(sign_up(&world, "ANN", &[]).await),
        "UsernameExistsException: User already exists"
    );
    for (attributes, said) in [
        (
            &[("email", "no address")][..],
            "InvalidParameterException: Invalid email address format.",
        ),
        (
            &[("phone_number", "0123")],
            "InvalidParameterException: Invalid phone number format.",
        ),
        (
            &[("custom:foo", "x")],
            "InvalidParameterException: Invalid user attributes: user.custom:foo: Attribute does not exist in the schema.\n",
        ),
        (
            &[("email_verified", "true")],
            "NotAuthorizedException: A client attempted to write unauthorized attribute",
        ),
        (
            &[("sub", "x")],
            "InvalidParameterException: Attributes did not conform to the schema: sub: Attribute cannot be updated.\n",
        ),
        (
            &[("birthdate", "1.1.70")],
            "InvalidParameterException: Attributes did not conform to the schema: birthdate: String must be between the \
             schema's lengths\n",
        ),
    ] {
        assert_eq!(refused(sign_up(&world, "bob", attributes).await), said);
    }
    assert!(
        refused(sign_up(&world, "two words", &[]).await)
            .starts_with("InvalidParameterException: 1 validation")
    );
}

#[tokio::test]
async fn closed_pool_admits_nobody_and_missing_required_attribute_is_refused() {
    let mut pool = pool_with_mail();
    pool.options.allow_admin_create_user_only = true;
    let world = World::with(pool, every_flow(), false).await;
    assert_eq!(
        refused(sign_up(&world, "ann", &[]).await),
        "NotAuthorizedException: SignUp is not permitted for this user pool"
    );
    let mut pool = pool_with_mail();
    pool.schema = serde_json::from_value(serde_json::json!([
        { "Name": "email", "AttributeDataType": "String", "Required": true }
    ]))
    .unwrap();
    let world = World::with(pool, every_flow(), false).await;
    assert_eq!(
        refused(sign_up(&world, "ann", &[]).await),
        "InvalidParameterException: Attributes did not conform to the schema: email: The attribute is required\n"
    );
}

#[tokio::test]
async fn address_as_username_is_taken_once_and_gets_a_sub() {
    let mut pool = pool_with_mail();
    pool.username_attributes = vec!["email".into()];
    let world = World::with(pool, every_flow(), false).await;
    assert_eq!(
        refused(sign_up(&world, "ann", &[]).await),
        "InvalidParameterException: Username should be an email."
    );
    let answer = sign_up(&world, "ann@example.com", &[]).await.unwrap();
    confirm(&world, "Ann@example.com", &world.mailed_code())
        .await
        .unwrap();
    let claims = claims(&world.tokens("ann@example.com").await.id_token);
    assert_eq!(claims["cognito:username"], answer.user_sub.as_str());
    assert_eq!(
        refused(sign_up(&world, "ANN@example.com", &[]).await),
        "UsernameExistsException: An account with the given email already exists."
    );
}

#[tokio::test]
async fn alias_signs_in_once_verified_and_moves_only_by_force() {
    let mut pool = pool_with_mail();
    pool.alias_attributes = vec!["email".into()];
    let world = World::with(pool, every_flow(), false).await;
    assert_eq!(
        refused(sign_up(&world, "a@b.example", &[]).await),
        "InvalidParameterException: Username cannot be of email format, since user pool is configured for email alias."
    );
    sign_up(&world, "ann", &[("email", "shared@example.com")])
        .await
        .unwrap();
    confirm(&world, "ann", &world.mailed_code()).await.unwrap();
    signed_in(world.sign_in("shared@example.com", PASSWORD).await);
    sign_up(&world, "bob", &[("email", "shared@example.com")])
        .await
        .unwrap();
    let code = world.mailed_code();
    assert_eq!(
        refused(confirm(&world, "bob", &code).await),
        "AliasExistsException: An account with the email already exists."
    );
    confirm_by(&world, "bob", &code, true).await.unwrap();
    let tokens = signed_in(world.sign_in("shared@example.com", PASSWORD).await);
    assert_eq!(claims(&tokens.id_token)["cognito:username"], "bob");
    let ann = world
        .identity
        .admin_get_user(&world.scope, world.pool.id.as_str(), "ann")
        .await
        .unwrap();
    assert!(
        ann.attributes
            .contains(&("email_verified".into(), "false".into()))
    );
}

#[tokio::test]
async fn mail_that_does_not_leave_is_said_and_the_user_stays() {
    let world = World::new().await;
    *world.mail.broken.lock().unwrap() = true;
    let said = sign_up(&world, "ann", &[("email", "ann@example.com")])
        .await
        .unwrap_err();
    assert_eq!(said.name(), "CodeDeliveryFailureException");
    *world.mail.broken.lock().unwrap() = false;
    resend(&world, "ann").await.unwrap();
    confirm(&world, "ann", &world.mailed_code()).await.unwrap();
}

#[tokio::test]
async fn own_words_of_a_pool_are_in_its_mails() {
    let mut pool = pool_with_mail();
    pool.options.settings.insert(
        "VerificationMessageTemplate".into(),
        serde_json::json!({ "EmailSubject": "Hello", "EmailMessage": "Type {####} please" }),
    );
    let world = World::with(pool, every_flow(), false).await;
    sign_up(&world, "ann", &[("email", "ann@example.com")])
        .await
        .unwrap();
    let mail = world.newest_mail();
    assert_eq!(mail.subject, "Hello");
    assert_eq!(
        mail.html,
        format!("<html><body>Type {} please</body></html>", world.mailed_code())
    );
}

#[tokio::test]
async fn invitation_carries_a_password_that_works_and_again_another() {
    let world = World::new().await;
    let input = |action| AdminCreateUser {
        user_pool_id: world.pool.id.to_string(),
        username: "ann".into(),
        user_attributes: if action == Some(MessageAction::Resend) {
            Vec::new()
        } else {
            pairs(&[("email", "ann@example.com")])
        },
        message_action: action,
        ..AdminCreateUser::default()
    };
    let made = world
        .identity
        .admin_create_user(&world.scope, input(None))
        .await
        .unwrap();
    assert_eq!(made.user_status.as_str(), "FORCE_CHANGE_PASSWORD");
    let mailed = |world: &World| {
        let html = world.newest_mail().html;
        html.split_once("password is ")
            .unwrap()
            .1
            .split_once(".</body>")
            .unwrap()
            .0
            .to_owned()
    };
    let first = mailed(&world);
    assert!(matches!(
        world.sign_in("ann", &first).await,
        Ok(AuthOutcome::Challenge { .. })
    ));
    assert_eq!(
        refused(world.identity.admin_create_user(&world.scope, input(None)).await),
        "UsernameExistsException: User account already exists"
    );
    world
        .identity
        .admin_create_user(&world.scope, input(Some(MessageAction::Resend)))
        .await
        .unwrap();
    assert!(matches!(
        world.sign_in("ann", &mailed(&world)).await,
        Ok(AuthOutcome::Challenge { .. })
    ));
    assert!(world.sign_in("ann", &first).await.is_err());
    world.user("bob").await;
    let again = AdminCreateUser {
        username: "bob".into(),
        ..input(Some(MessageAction::Resend))
    };
    assert_eq!(
        refused(world.identity.admin_create_user(&world.scope, again).await),
        "UnsupportedUserStateException: Resend not possible. bob status is not FORCE_CHANGE_PASSWORD"
    );
}
