//! `SECRET_HASH`, by which an app client with a secret shows that it has it.
//! <https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html>

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_model::SecretText;

/// Returns base64(HMAC-SHA256(client secret, username ‖ client id)). Compare it as a secret.
pub fn secret_hash(client_secret: &SecretText, username: &str, client_id: &str) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA256, client_secret.expose().as_bytes());
    let mut context = hmac::Context::with_key(&key);
    context.update(username.as_bytes());
    context.update(client_id.as_bytes());
    STANDARD.encode(context.sign())
}
