use portcullis_model::SystemEntropy;

use super::{backoff, webhook};

#[test]
fn the_vector_of_standard_webhooks() {
    use base64::{Engine, engine::general_purpose::STANDARD};
    let key = STANDARD.decode("C2FVsBQIhrscChlQIMV+b5sSYspob7oD").unwrap();
    let body = br#"{"email":"test@example.com","username":"test_user"}"#;
    let signature = webhook::signatures(
        std::iter::once(key.as_slice()),
        "msg_27UH4WbU6Z5A5EzD8u03UvzRbpk",
        1_649_367_553,
        body,
    );
    assert_eq!(signature, "v1,tZ1I4/hDygAJgO5TYxiSd6Sd0kDW6hPenDe+bTa3Kkw=");
}

#[test]
fn waits_double_and_end_at_a_quarter_of_an_hour() {
    for (attempts, longest) in [(1, 1_000), (2, 2_000), (5, 16_000), (11, 900_000), (185, 900_000)] {
        for _ in 0..100 {
            let wait = backoff::after(attempts, &SystemEntropy);
            assert!((longest / 2..=longest).contains(&wait), "{attempts}: {wait}");
        }
    }
}
