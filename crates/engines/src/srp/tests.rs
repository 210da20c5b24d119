use base64::{Engine as _, engine::general_purpose::STANDARD};
use portcullis_model::{Entropy, SecretText, SystemEntropy, Timestamp};

use super::*;

const POOL: &str = "AbCdEf123";
const USER: &str = "6f1c3a52-0d3b-4a8e-9c55-2f6c7d1e9a10";
const TIME: &str = "Sat Nov 21 06:00:00 UTC 2026";

fn text(value: &str) -> SecretText {
    SecretText::new(value.to_owned())
}

fn verifier(password: &str) -> Verifier {
    Verifier::derive(POOL, USER, &text(password), random_salt(&SystemEntropy))
}

/// Signs in as `user` with `typed` against a user whose password is `kept`.
fn sign_in(kept: &str, typed: &str, user: &str) -> Result<(), SrpError> {
    let verifier = Verifier::from_bytes(verifier(kept).to_bytes().expose())?;
    let (client, srp_a) = ClientExchange::start(&SystemEntropy);
    let (server, srp_b) = ServerExchange::start(&verifier, &srp_a, &SystemEntropy)?;
    let server = ServerExchange::from_bytes(server.to_bytes().expose())?;
    let block = b"an opaque block";
    let proof = client.claim(
        POOL,
        user,
        &text(typed),
        &verifier.salt_hex(),
        &srp_b,
        block,
        TIME,
    )?;
    server.check_claim(POOL, user, block, TIME, &proof)
}

#[test]
fn right_password_signs_in() {
    for _ in 0..4 {
        assert_eq!(sign_in("correct horse", "correct horse", USER), Ok(()));
    }
    assert_eq!(sign_in("pässwörd ✓", "pässwörd ✓", USER), Ok(()));
}

#[test]
fn wrong_password_or_user_is_refused() {
    assert_eq!(
        sign_in("correct horse", "correct hors", USER),
        Err(SrpError::WrongClaim)
    );
    assert_eq!(sign_in("correct horse", "", USER), Err(SrpError::WrongClaim));
    assert_eq!(
        sign_in("correct horse", "correct horse", "someone-else"),
        Err(SrpError::WrongClaim)
    );
}

#[test]
fn every_part_of_the_claim_is_bound() {
    let verifier = verifier("secret");
    let (client, srp_a) = ClientExchange::start(&SystemEntropy);
    let (server, srp_b) = ServerExchange::start(&verifier, &srp_a, &SystemEntropy).unwrap();
    let block = b"block";
    let proof = client
        .claim(
            POOL,
            USER,
            &text("secret"),
            &verifier.salt_hex(),
            &srp_b,
            block,
            TIME,
        )
        .unwrap();
    let later = "Sat Nov 21 06:00:01 UTC 2026";
    assert_eq!(server.check_claim(POOL, USER, block, TIME, &proof), Ok(()));
    assert_eq!(
        server.check_claim("other", USER, block, TIME, &proof),
        Err(SrpError::WrongClaim)
    );
    assert_eq!(
        server.check_claim(POOL, USER, b"blocK", TIME, &proof),
        Err(SrpError::WrongClaim)
    );
    assert_eq!(
        server.check_claim(POOL, USER, block, later, &proof),
        Err(SrpError::WrongClaim)
    );
    assert_eq!(
        server.check_claim(POOL, USER, block, TIME, &[]),
        Err(SrpError::WrongClaim)
    );
    for index in 0..proof.len() {
        let mut changed = proof.clone();
        changed[index] ^= 1;
        assert_eq!(
            server.check_claim(POOL, USER, block, TIME, &changed),
            Err(SrpError::WrongClaim)
        );
    }
    // Another exchange of the same user has another key.
    let (other, _) = ServerExchange::start(&verifier, &srp_a, &SystemEntropy).unwrap();
    assert_eq!(
        other.check_claim(POOL, USER, block, TIME, &proof),
        Err(SrpError::WrongClaim)
    );
}

#[test]
fn dangerous_public_values_are_refused() {
    let verifier = verifier("secret");
    let start = |public: &str| ServerExchange::start(&verifier, public, &SystemEntropy).err();
    let prime = hexadecimal::encode(group::Element::MODULUS.as_ref().to_be_bytes().as_ref());
    assert_eq!(start("0"), Some(SrpError::PublicValueOutOfRange));
    assert_eq!(start(&"0".repeat(768)), Some(SrpError::PublicValueOutOfRange));
    assert_eq!(start(&prime), Some(SrpError::PublicValueOutOfRange));
    assert_eq!(start(&"f".repeat(768)), Some(SrpError::PublicValueOutOfRange));
    for malformed in ["", "xyz", "-1", "0x10", " 1", "1\n", "é", &"1".repeat(769)] {
        assert_eq!(
            start(malformed),
            Some(SrpError::MalformedPublicValue),
            "`{malformed}`"
        );
    }
    assert_eq!(start("abc"), None);
    assert_eq!(start("ABC"), None);
}

#[test]
fn malformed_kept_values_are_refused() {
    assert!(Verifier::from_bytes(&[1; 384]).is_err(), "no salt");
    assert!(Verifier::from_bytes(&[0; 400]).is_err(), "verifier 0");
    assert!(
        Verifier::from_bytes(&[0xff; 400]).is_err(),
        "verifier above the prime"
    );
    assert!(Verifier::from_parts(&[1; 65], &[2]).is_err());
    assert!(
        Verifier::from_parts(&[1; 16], &[&[0u8][..], &[2u8; 384]].concat()).is_ok(),
        "padded"
    );
    assert!(ServerExchange::from_bytes(&[1; 1183]).is_err());
    assert!(ServerExchange::from_bytes(&[1; 1185]).is_err());
}

struct Fixed(u8);

impl Entropy for Fixed {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.fill(self.0);
    }
}

/// Two published clients, amazon-cognito-identity-js 6.3 and pycognito 2024.5, answer this challenge with this
/// signature.
#[test]
fn published_clients_sign_in() {
    let secret: Vec<u8> = (1..=128).collect();
    let two = group::Element::new(&crypto_bigint::U3072::from_u8(2));
    let public = two.pow(&crypto_bigint::U1024::from_be_slice(&secret));
    let srp_a = hexadecimal::encode_minimal(&group::to_bytes(&public));
    let salt = *b"\x63\x47\x9a\xd6\x00\x01\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b";
    let verifier = Verifier::derive(POOL, USER, &text("Correct-Horse-1!"), salt);
    assert_eq!(verifier.salt_hex(), "63479ad6000102030405060708090a0b");
    let (server, srp_b) = ServerExchange::start(&verifier, &srp_a, &Fixed(0x42)).unwrap();
    assert!(srp_b.starts_with("d726134a8c9c7b8fc553b5314dc0bc0c73d9e8dc"));
    let proof = STANDARD
        .decode("uiqrFyQwb9boGsYEYnuVJWHYerv9GPiIMmBOSRKj/Os=")
        .unwrap();
    assert_eq!(
        server.check_claim(POOL, USER, b"secret block", TIME, &proof),
        Ok(())
    );
}

#[test]
fn secret_hash_is_the_formula_of_the_developer_guide() {
    let hash = secret_hash(&text("SECRET"), "alice", "CLIENT");
    assert_eq!(hash, "OeeQ2vMYxeiCvviXZSLHTAiL0PeNna4FF/vI/LfpozQ=");
    assert_ne!(hash, secret_hash(&text("SECRET"), "aliceC", "LIENT2"));
}

#[test]
fn salt_never_begins_with_a_zero_digit() {
    assert_eq!(random_salt(&Fixed(0x00))[0], 0x80);
    assert_eq!(random_salt(&Fixed(0x0f))[0], 0x8f);
    assert_eq!(random_salt(&Fixed(0x10))[0], 0x10);
}

#[test]
fn timestamps_are_read_as_clients_write_them() {
    let rows = [
        ("Sat Nov 21 06:00:00 UTC 2026", Some(1_795_240_800)),
        ("Thu Jan 1 00:00:00 UTC 1970", Some(0)),
        ("Thu Jan 01 00:00:00 UTC 1970", Some(0)),
        ("Thu Feb 29 23:59:59 UTC 2024", Some(1_709_251_199)),
        ("Thu Feb 30 00:00:00 UTC 2024", None),
        ("Sat Nov 21 06:00:00 CET 2026", None),
        ("sat Nov 21 06:00:00 UTC 2026", None),
        ("Sat nov 21 06:00:00 UTC 2026", None),
        ("Sat Nov  1 06:00:00 UTC 2026", None),
        ("Sat Nov 21 6:00:00 UTC 2026", None),
        ("Sat Nov 21 06:00:00:00 UTC 2026", None),
        ("Sat Nov 21 25:00:00 UTC 2026", None),
        ("Sat Nov 21 06:00:00 UTC 2026 ", None),
        ("Sat Nov 21 06:00:00 UTC +202", None),
        ("", None),
    ];
    for (text, seconds) in rows {
        assert_eq!(
            parse_timestamp(text),
            seconds.map(Timestamp::from_seconds),
            "`{text}`"
        );
    }
    assert_eq!(format_timestamp(Timestamp::from_seconds(1_795_240_800)), TIME);
    assert_eq!(format_timestamp(Timestamp(0)), "Thu Jan 1 00:00:00 UTC 1970");
}
