use std::{collections::HashMap, fs, path::PathBuf, sync::LazyLock};

use portcullis_model::Timestamp;
use serde_json::{Value, json};

use super::*;

fn vectors(name: &str) -> Option<Value> {
    let Ok(folder) = std::env::var("PORTCULLIS_VECTORS") else {
        println!("SKIPPED: PORTCULLIS_VECTORS is not set");
        return None;
    };
    let path = PathBuf::from(folder).join("wycheproof").join(name);
    Some(serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap())
}

fn groups(file: &Value) -> impl Iterator<Item = (&Value, &Value)> {
    file["testGroups"].as_array().unwrap().iter().flat_map(|group| {
        group["tests"]
            .as_array()
            .unwrap()
            .iter()
            .map(move |test| (group, test))
    })
}

fn is_valid(test: &Value) -> bool {
    test["result"] == "valid"
}

fn hex(value: &Value) -> Vec<u8> {
    let text = value.as_str().unwrap();
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| digit.to_digit(16).unwrap() as u8)
        .collect();
    digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect()
}

/// Why a token that the suite calls valid is refused here; none when it should have been accepted.
fn stricter(test: &Value, key: &Value) -> Option<&'static str> {
    let token = test["jws"].as_str().unwrap();
    let header = base64url::decode(token.split('.').next().unwrap());
    let header: Value = header.map_or(Value::Null, |bytes| serde_json::from_slice(&bytes).unwrap());
    match (header["alg"].as_str(), key["alg"].as_str()) {
        (None, _) => Some("a header that is not base64url"),
        (Some("HS256" | "HS384" | "HS512"), _) => Some("symmetric"),
        (_, Some("ES521")) => Some("the key names an algorithm that does not exist"),
        (Some(used), Some(named)) if used != named => Some("the key is for another algorithm"),
        _ => None,
    }
}

#[test]
fn signatures_of_wycheproof_are_told_apart() {
    let Some(file) = vectors("json_web_signature_test.json") else {
        return;
    };
    let mut reasons: HashMap<&str, usize> = HashMap::new();
    for (group, test) in groups(&file) {
        // A group without a public half has a symmetric key.
        let key = if group["public"].is_null() {
            &group["private"]
        } else {
            &group["public"]
        };
        let token = test["jws"].as_str().unwrap();
        let accepted = VerifyingKey::from_jwk_value(key)
            .is_ok_and(|key| Compact::parse(token).is_ok_and(|token| token.verify_signature(&key).is_ok()));
        let reason = match (is_valid(test), accepted) {
            (false, false) => "invalid, refused",
            (true, true) => "valid, accepted",
            (true, false) => stricter(test, key).unwrap_or_else(|| panic!("refused: {test}")),
            (false, true) => panic!("accepted: {test}"),
        };
        *reasons.entry(reason).or_default() += 1;
    }
    println!("{reasons:?}");
    assert_eq!(reasons["invalid, refused"], 355);
    assert!(reasons["valid, accepted"] >= 25, "{reasons:?}");
}

#[test]
fn keys_of_wycheproof_are_told_apart() {
    let Some(file) = vectors("json_web_key_test.json") else {
        return;
    };
    for (group, test) in groups(&file) {
        let set = if group["public"].is_null() {
            &group["private"]
        } else {
            &group["public"]
        };
        let keys = Jwks::parse(set.to_string().as_bytes()).unwrap();
        let token = test["jws"].as_str().unwrap();
        let accepted = Compact::parse(token).is_ok_and(|token| {
            let key = token.header().kid.as_deref().and_then(|kid| keys.find(kid));
            key.is_some_and(|key| token.verify_signature(key).is_ok())
        });
        let is_symmetric = set["keys"][0]["kty"] == "oct";
        assert_eq!(accepted, is_valid(test) && !is_symmetric, "{test}");
    }
}

#[test]
fn primitives_of_wycheproof_are_told_apart() {
    let rows = [
        (
            "ecdsa_secp256r1_sha256_p1363_test.json",
            "publicKeyJwk",
            Algorithm::Es256,
        ),
        ("ed25519_test.json", "publicKeyJwk", Algorithm::EdDsa),
        ("rsa_signature_2048_sha256_test.json", "keyJwk", Algorithm::Rs256),
    ];
    for (name, field, algorithm) in rows {
        let Some(file) = vectors(name) else { return };
        let (mut valid, mut invalid, mut of_refused_keys) = (0, 0, 0);
        for (group, test) in groups(&file) {
            let jwk = if group[field].is_null() {
                point_jwk(&group["publicKey"])
            } else {
                group[field].clone()
            };
            let key = match VerifyingKey::from_jwk_value(&jwk) {
                Ok(key) => key,
                // Two groups have the exponent 3.
                Err(JwkError::Exponent) => {
                    of_refused_keys += 1;
                    continue;
                }
                Err(reason) => panic!("{name} {test}: {reason}"),
            };
            let accepts = || {
                key.verify(algorithm, &hex(&test["msg"]), &hex(&test["sig"]))
                    .is_ok()
            };
            let accepted = accepts();
            assert_eq!(key.prepare(), algorithm == Algorithm::Es256);
            assert_eq!(accepts(), accepted, "prepared: {name} {test}");
            // "acceptable" is an RSA signature whose DigestInfo lacks its NULL: we refuse it.
            assert_eq!(accepted, is_valid(test), "{name} {test}");
            if accepted { valid += 1 } else { invalid += 1 }
        }
        println!("{name}: {valid} accepted, {invalid} refused, {of_refused_keys} of keys that we refuse");
        assert!(valid > 0 && invalid > 0 && of_refused_keys <= 2);
    }
}

/// A key of a group that has no JWK: an uncompressed point.
fn point_jwk(key: &Value) -> Value {
    let point = hex(&key["uncompressed"]);
    let part = |from: usize| base64url::encode(&point[from..from + 32]);
    json!({ "kty": "EC", "crv": "P-256", "x": part(1), "y": part(33) })
}

// The rest needs no vectors.

static KEY: LazyLock<RsaSigningKey> = LazyLock::new(|| RsaSigningKey::generate().unwrap());
static VERIFYING: LazyLock<VerifyingKey> = LazyLock::new(|| KEY.verifying_key("one").unwrap());

fn token() -> String {
    KEY.sign_jwt("one", &json!({ "sub": "alice", "exp": 200, "aud": ["a", "b"] }))
        .unwrap()
}

fn verify(token: &str) -> Result<Claims, JwtError> {
    Compact::parse(token)?.verify(&VERIFYING)
}

/// Signs any header and payload.
fn forge(header: &str, payload: &str) -> String {
    use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
    let pair = RsaKeyPair::from_pkcs8(KEY.to_pkcs8().unwrap().expose()).unwrap();
    let input = format!(
        "{}.{}",
        base64url::encode(header.as_bytes()),
        base64url::encode(payload.as_bytes())
    );
    let mut signature = vec![0; 256];
    pair.sign(
        &RSA_PKCS1_SHA256,
        &aws_lc_rs::rand::SystemRandom::new(),
        input.as_bytes(),
        &mut signature,
    )
    .unwrap();
    format!("{input}.{}", base64url::encode(&signature))
}

#[test]
fn own_tokens_verify() {
    let token = token();
    let compact = Compact::parse(&token).unwrap();
    assert_eq!(compact.header().algorithm, Algorithm::Rs256);
    assert_eq!(compact.header().kid.as_deref(), Some("one"));
    let claims = compact.verify(&VERIFYING).unwrap();
    assert_eq!(claims.text("sub"), Some("alice"));
    assert_eq!(claims.number("exp"), Some(200));
    assert_eq!(claims.strings("aud"), Some(vec!["a", "b"]));
    let reread = RsaSigningKey::from_pkcs8(&KEY.to_pkcs8().unwrap()).unwrap();
    let again = reread.sign_jwt("one", &json!({})).unwrap();
    assert!(verify(&again).is_ok());
    assert_eq!(reread.public_jwk("one"), KEY.public_jwk("one"));
    assert_eq!(
        KEY.sign_jwt("one", &json!([])),
        Err(SigningKeyError::ClaimsNotAnObject)
    );
}

#[test]
fn token_with_any_byte_changed_is_refused() {
    let token = token();
    for index in 0..token.len() {
        for change in [1u8, 2, 0x20, 0x80] {
            let mut bytes = token.clone().into_bytes();
            bytes[index] ^= change;
            let Ok(text) = String::from_utf8(bytes) else {
                continue;
            };
            assert!(verify(&text).is_err(), "byte {index} ^ {change}");
        }
        let mut shorter = token.clone();
        shorter.remove(index);
        assert!(verify(&shorter).is_err(), "byte {index} removed");
        for added in ['A', '.', '=', ' '] {
            let mut longer = token.clone();
            longer.insert(index, added);
            assert!(verify(&longer).is_err(), "`{added}` added at {index}");
        }
    }
    for end in ["=", "==", ".", " ", "\n", "A"] {
        assert!(verify(&format!("{token}{end}")).is_err());
    }
}

#[test]
fn key_of_another_issuer_is_refused() {
    let other = RsaSigningKey::generate().unwrap().verifying_key("one").unwrap();
    assert_eq!(
        Compact::parse(&token()).unwrap().verify(&other),
        Err(JwtError::SignatureMismatch)
    );
}

#[test]
fn header_must_be_understood_in_full() {
    let good = r#"{"alg":"RS256","kid":"one"}"#;
    assert!(verify(&forge(good, "{}")).is_ok());
    let rows = [
        (
            r#"{"alg":"RS256","crit":["exp"],"exp":1}"#,
            JwtError::HeaderExtension("crit"),
        ),
        (r#"{"alg":"RS256","crit":[]}"#, JwtError::HeaderExtension("crit")),
        (r#"{"alg":"RS256","b64":false}"#, JwtError::HeaderExtension("b64")),
        (r#"{"alg":"RS256","b64":true}"#, JwtError::HeaderExtension("b64")),
        (r#"{"alg":"none"}"#, JwtError::AlgorithmNotOffered("none".into())),
        (
            r#"{"alg":"HS256"}"#,
            JwtError::AlgorithmNotOffered("HS256".into()),
        ),
        (
            r#"{"alg":"rs256"}"#,
            JwtError::AlgorithmNotOffered("rs256".into()),
        ),
        (
            r#"{"alg":"ES256"}"#,
            JwtError::AlgorithmDoesNotFitKey(Algorithm::Es256),
        ),
        (
            r#"{"alg":"RS384"}"#,
            JwtError::AlgorithmDoesNotFitKey(Algorithm::Rs384),
        ),
        (r#"{"alg":1}"#, JwtError::HeaderField("alg")),
        (r#"{"kid":"one"}"#, JwtError::HeaderField("alg")),
        (r#"{"alg":"RS256","kid":1}"#, JwtError::HeaderField("kid")),
        (r#"{"alg":"RS256","typ":null}"#, JwtError::HeaderField("typ")),
        (r#"{"alg":"RS256","alg":"RS256"}"#, JwtError::HeaderNotJson),
        (r#"{"alg":"RS256","alg":"none"}"#, JwtError::HeaderNotJson),
        (r#"{"alg":"RS256"}{}"#, JwtError::HeaderNotJson),
        (r#"["RS256"]"#, JwtError::HeaderNotJson),
        ("", JwtError::HeaderNotJson),
    ];
    for (header, expected) in rows {
        assert_eq!(verify(&forge(header, "{}")), Err(expected), "{header}");
    }
}

#[test]
fn claims_must_be_an_object_with_one_meaning() {
    for payload in [
        "",
        "null",
        "[]",
        "\"x\"",
        r#"{"a":1,"a":1}"#,
        r#"{"a":{"b":1,"b":2}}"#,
        r#"{"a":1}x"#,
        "{\"a\":\"\u{1}\"}",
    ] {
        assert_eq!(
            verify(&forge(r#"{"alg":"RS256"}"#, payload)),
            Err(JwtError::ClaimsNotJson),
            "{payload}"
        );
    }
    let deep = format!("{}{}", r#"{"a":"#.repeat(200), "}".repeat(200));
    assert_eq!(
        verify(&forge(r#"{"alg":"RS256"}"#, &deep)),
        Err(JwtError::ClaimsNotJson)
    );
}

#[test]
fn long_tokens_and_headers_are_refused() {
    let long = KEY
        .sign_jwt("one", &json!({ "a": "x".repeat(TOKEN_BYTES_MAX) }))
        .unwrap();
    assert_eq!(verify(&long), Err(JwtError::TooLong));
    let header = format!(r#"{{"alg":"RS256","x":"{}"}}"#, "x".repeat(HEADER_BYTES_MAX));
    assert_eq!(verify(&forge(&header, "{}")), Err(JwtError::HeaderTooLong));
}

#[test]
fn malformed_tokens_are_refused() {
    for text in [
        "",
        ".",
        "..",
        "...",
        "a.b.c",
        "é.é.é",
        "e30.e30.",
        "e30=.e30.e30",
        "e30.e30",
        " e30.e30.e30",
    ] {
        assert!(Compact::parse(text).is_err(), "`{text}`");
    }
    // The last symbol of `e30` has unused bits: `e31` stands for the same bytes to a lax decoder.
    assert_eq!(Compact::parse("e31.e30.e30").err(), Some(JwtError::NotCompact));
}

#[test]
fn times_are_checked() {
    let at = |claims: Value| {
        Claims(claims.as_object().unwrap().clone().into()).check_times(Timestamp::from_seconds(100), 0)
    };
    assert_eq!(at(json!({ "exp": 101 })), Ok(()));
    assert_eq!(at(json!({ "exp": 100 })), Err(JwtError::Expired));
    assert_eq!(at(json!({ "exp": 100.9 })), Err(JwtError::Expired));
    assert_eq!(at(json!({ "exp": 1e300, "iat": 100, "nbf": 100 })), Ok(()));
    assert_eq!(at(json!({ "exp": -1e300 })), Err(JwtError::Expired));
    assert_eq!(at(json!({})), Err(JwtError::NoTime("exp")));
    assert_eq!(at(json!({ "exp": "200" })), Err(JwtError::NoTime("exp")));
    assert_eq!(
        at(json!({ "exp": 200, "nbf": 101 })),
        Err(JwtError::NotYetValid("nbf"))
    );
    assert_eq!(
        at(json!({ "exp": 200, "iat": 101 })),
        Err(JwtError::NotYetValid("iat"))
    );
    assert_eq!(
        at(json!({ "exp": 200, "nbf": null })),
        Err(JwtError::NoTime("nbf"))
    );
}

#[test]
fn strings_are_one_text_or_a_list_of_texts() {
    let claims = |value: Value| Claims(json!({ "aud": value }).as_object().unwrap().clone().into());
    assert_eq!(claims(json!("a")).strings("aud"), Some(vec!["a"]));
    assert_eq!(claims(json!([])).strings("aud"), Some(vec![]));
    assert_eq!(claims(json!(["a", 1])).strings("aud"), None);
    assert_eq!(claims(json!(1)).strings("aud"), None);
    assert_eq!(claims(json!(1)).strings("other"), None);
}

#[test]
fn unfit_keys_are_refused() {
    let good = KEY.public_jwk("one");
    let with = |name: &str, value: Value| {
        let mut key = good.clone();
        key[name] = value;
        Jwk::parse(&key).err()
    };
    let modulus = good["n"].as_str().unwrap();
    assert!(Jwk::parse(&good).is_ok());
    assert_eq!(Jwk::parse(&json!("x")), Err(JwkError::NotAnObject));
    assert_eq!(with("kty", json!("DSA")), Some(JwkError::KeyType));
    assert_eq!(with("kty", json!("oct")), Some(JwkError::Symmetric));
    assert_eq!(with("k", json!("AA")), Some(JwkError::Symmetric));
    assert_eq!(with("d", json!("AA")), Some(JwkError::Private("d")));
    assert_eq!(with("use", json!("enc")), Some(JwkError::NotForVerification));
    assert_eq!(
        with("key_ops", json!(["encrypt"])),
        Some(JwkError::NotForVerification)
    );
    assert_eq!(with("key_ops", json!("verify")), Some(JwkError::Field("key_ops")));
    assert_eq!(with("key_ops", json!(["verify"])), None);
    assert_eq!(with("alg", json!("ES256")), Some(JwkError::Algorithm));
    assert_eq!(with("alg", json!("none")), Some(JwkError::Algorithm));
    assert_eq!(with("kid", json!(7)), Some(JwkError::Field("kid")));
    assert_eq!(with("kid", json!("k".repeat(1025))), Some(JwkError::Field("kid")));
    let short: String = modulus.chars().skip(4).collect();
    assert!(matches!(
        with("n", json!(short)),
        Some(JwkError::ModulusSize(..=2024))
    ));
    assert_eq!(with("n", json!("")), Some(JwkError::Field("n")));
    assert_eq!(
        with("n", json!(format!("{modulus}="))),
        Some(JwkError::Field("n"))
    );
    assert!(matches!(
        with("n", json!("_".repeat(2000))),
        Some(JwkError::ModulusSize(_))
    ));
    for exponent in ["AQ", "Aw", "EQ", "AQAA", "_____________w"] {
        assert_eq!(with("e", json!(exponent)), Some(JwkError::Exponent), "{exponent}");
    }
    let point = json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" });
    assert_eq!(Jwk::parse(&point), Err(JwkError::Field("x")));
    let curve = json!({ "kty": "EC", "crv": "secp256k1", "x": "AA", "y": "AA" });
    assert_eq!(Jwk::parse(&curve), Err(JwkError::Curve));
    let zero = base64url::encode(&[0; 32]);
    let nowhere = json!({ "kty": "EC", "crv": "P-256", "x": zero, "y": zero });
    assert_eq!(
        VerifyingKey::from_jwk_value(&nowhere).err(),
        Some(JwkError::Invalid)
    );
    assert_eq!(
        Jwk::parse(&json!({ "kty": "OKP", "crv": "X25519", "x": zero })),
        Err(JwkError::Curve)
    );
}

#[test]
fn key_without_algorithm_verifies_all_that_fit() {
    let mut jwk = KEY.public_jwk("one");
    jwk.as_object_mut().unwrap().remove("alg");
    let key = VerifyingKey::from_jwk_value(&jwk).unwrap();
    assert_eq!(key.algorithms().count(), 6);
    assert!(Compact::parse(&token()).unwrap().verify(&key).is_ok());
    let wrong = forge(r#"{"alg":"PS256"}"#, "{}");
    assert_eq!(
        Compact::parse(&wrong).unwrap().verify(&key),
        Err(JwtError::SignatureMismatch)
    );
}

#[test]
fn key_sets_are_bounded_and_leave_out_what_is_unfit() {
    let good = KEY.public_jwk("one");
    let set = json!({ "keys": [good, { "kty": "oct", "k": "AA", "kid": "two" }, 7] });
    let keys = Jwks::parse(set.to_string().as_bytes()).unwrap();
    assert!(keys.find("one").is_some());
    assert!(keys.find("two").is_none());
    assert_eq!(
        keys.left_out(),
        [(1, JwkError::Symmetric), (2, JwkError::NotAnObject)]
    );
    let twice = json!({ "keys": [good, good] });
    assert!(
        Jwks::parse(twice.to_string().as_bytes())
            .unwrap()
            .find("one")
            .is_none()
    );
    let many = json!({ "keys": vec![json!({}); JWKS_KEYS_MAX + 1] });
    assert_eq!(
        Jwks::parse(many.to_string().as_bytes()).err(),
        Some(JwksError::TooManyKeys)
    );
    assert_eq!(
        Jwks::parse(&vec![b' '; JWKS_BYTES_MAX + 1]).err(),
        Some(JwksError::TooLong)
    );
    for text in ["", "[]", "{}", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        assert_eq!(
            Jwks::parse(text.as_bytes()).err(),
            Some(JwksError::NotAKeySet),
            "{text}"
        );
    }
}

#[test]
fn numbers_of_der_survive_the_round_trip() {
    for modulus in [vec![0x7f; 256], vec![0x80; 256], vec![0xff; 512], vec![1]] {
        let der = rsa_der::encode(&modulus, &[1, 0, 1]);
        assert_eq!(rsa_der::decode(&der), Some((modulus, vec![1, 0, 1])));
        for length in 0..der.len() {
            assert_eq!(rsa_der::decode(&der[..length]), None);
        }
    }
}
