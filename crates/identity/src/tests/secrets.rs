//! Nothing in the store is readable that should not be.

use portcullis_store::{Store, kinds};

use super::*;
use crate::flows::SignUp;

#[tokio::test]
async fn store_holds_no_password_secret_key_code_or_token_in_the_clear() {
    let world = World::with(pool_with_mail(), every_flow(), false).await;
    let confidential = make_client(&world.identity, &world.scope, &world.pool, every_flow(), true).await;
    world.user("ann").await;
    world.invite("bob", "Temporary-1").await;
    let sign_up = SignUp {
        client_id: world.client.client_id.to_string(),
        secret_hash: None,
        username: "eve".into(),
        password: SecretText::new("Eves-own-horse-9".into()),
        user_attributes: pairs(&[("email", "eve@example.com")]),
    };
    world.identity.sign_up(sign_up).await.unwrap();
    let tokens = world.tokens("ann").await;
    let code = format!("\"{}\"", world.mailed_code());
    let secret = confidential.client_secret.unwrap();
    let needles = [
        PASSWORD,
        "Temporary-1",
        "Eves-own-horse-9",
        secret.expose(),
        code.as_str(),
        tokens.refresh_token.as_ref().unwrap().expose(),
        tokens.access_token.expose(),
        "$argon2id$",
    ];
    let mut records = 0;
    for kind in kinds::ALL {
        for record in world.store.list_everywhere(*kind).await.unwrap() {
            let body = String::from_utf8_lossy(&record.body).into_owned();
            for needle in needles {
                assert!(!body.contains(needle), "`{needle}` stands in {}", record.key);
            }
            // PKCS#8 of an RSA key begins so, in base64 too.
            assert!(!body.contains("MIIEv"), "a private key stands in {}", record.key);
            records += 1;
        }
    }
    assert!(records >= 8);
}

#[tokio::test]
async fn verifier_is_kept_only_where_a_client_allows_srp() {
    let passwords_only = ClientOptions {
        explicit_auth_flows: Some(vec!["ALLOW_USER_PASSWORD_AUTH".into()]),
        ..every_flow()
    };
    for (options, expected) in [(passwords_only, false), (every_flow(), true)] {
        let world = World::with(pool_with_mail(), options, false).await;
        world.user("ann").await;
        let records = world.store.list_everywhere(kinds::USER).await.unwrap();
        let body = String::from_utf8_lossy(&records[0].body).into_owned();
        assert_eq!(body.contains("SealedSrpVerifier"), expected);
    }
}
