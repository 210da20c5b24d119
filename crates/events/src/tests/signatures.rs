use serde_json::{Value, json};

use super::producer::*;
use crate::{WINDOW_SECONDS, bus_arn, ingest::Entry};

/// A bus `orders` that takes the events of `shop-1`, and an entry for it.
async fn world() -> (World, Producer, Entry) {
    let (world, producer) = (World::new(), Producer::new("shop-1", 1));
    world.bus("orders", &[(&producer, "")]).await;
    (world, producer, entry("orders"))
}

async fn refused(world: &World, entry: &Entry, expected: &str) {
    let rejected = world.events.put(&scope(), entry).await.expect_err(expected);
    assert_eq!(rejected.code, "AccessDeniedException");
    assert!(
        rejected.reason.starts_with(expected),
        "{expected}: {}",
        rejected.reason
    );
}

#[tokio::test]
async fn a_signed_event_is_accepted_once() {
    let (world, producer, entry) = world().await;
    let signed = producer.signed(entry, "orders", "e-1", NOW);
    let accepted = world.events.put(&scope(), &signed).await.unwrap();
    assert!(
        accepted.reason.contains("signed by `shop-1`"),
        "{}",
        accepted.reason
    );
    refused(&world, &signed, "replayed").await;
    // What another process has accepted is known too.
    let after_restart = world.restarted();
    after_restart.events.load().await.unwrap();
    refused(&after_restart, &signed, "replayed").await;
}

#[tokio::test]
async fn an_id_stays_used_until_its_signature_is_stale() {
    let (world, producer, entry) = world().await;
    let ahead = NOW.plus_seconds(WINDOW_SECONDS);
    let signed = producer.signed(entry, "orders", "e-1", ahead);
    world.events.put(&scope(), &signed).await.unwrap();
    for _ in 0..20 {
        world.clock.advance_seconds(60);
        let rejected = world.events.put(&scope(), &signed).await.unwrap_err();
        let age = world.now().seconds() - ahead.seconds();
        let expected = if age > WINDOW_SECONDS { "stale" } else { "replayed" };
        assert!(rejected.reason.starts_with(expected), "{}", rejected.reason);
    }
}

#[tokio::test]
async fn two_at_once_are_one() {
    let (world, producer, entry) = world().await;
    let signed = producer.signed(entry, "orders", "e-1", NOW);
    let attempts = (0..8).map(|_| {
        let (events, signed) = (world.events.clone(), signed.clone());
        tokio::spawn(async move { events.put(&scope(), &signed).await.is_ok() })
    });
    let mut accepted = 0;
    for attempt in attempts.collect::<Vec<_>>() {
        accepted += u32::from(attempt.await.unwrap());
    }
    assert_eq!(accepted, 1);
}

#[tokio::test]
async fn an_unsigned_event_is_refused() {
    let (world, producer, mut entry) = world().await;
    refused(&world, &entry, "unsigned").await;
    let text = producer.signature(&entry, &producer.header("orders", "e-1", NOW));
    set_signature(&mut entry, json!({ "jws": text }));
    refused(&world, &entry, "unsigned").await;
}

#[tokio::test]
async fn what_was_changed_after_signing_is_refused() {
    let (world, producer, entry) = world().await;
    let signed = producer.signed(entry, "orders", "e-1", NOW);
    let changes: &[fn(&mut Entry)] = &[
        |entry| entry.detail = entry.detail.replace('7', "8"),
        |entry| entry.detail = entry.detail.replace("1.5", "1.25"),
        |entry| entry.detail = entry.detail.replace("\"id\"", "\"iD\""),
        |entry| entry.source = "shop2".into(),
        |entry| entry.detail_type = "refund".into(),
        |entry| entry.resources.push("arn:y".into()),
        |entry| entry.resources.clear(),
    ];
    for change in changes {
        let mut changed = signed.clone();
        change(&mut changed);
        refused(&world, &changed, "forged or altered").await;
    }
    // Another spelling of the same value is the same event.
    let mut respelled = signed;
    respelled.detail = respelled.detail.replace("1.5", "15e-1").replace('ä', "\\u00e4");
    world.events.put(&scope(), &respelled).await.unwrap();
}

#[tokio::test]
async fn another_time_than_the_signatures_is_refused() {
    let (world, producer, entry) = world().await;
    let mut signed = producer.signed(entry, "orders", "e-1", NOW);
    signed.time = Some(NOW.plus_seconds(-5));
    refused(&world, &signed, "time").await;
    signed.time = Some(NOW);
    world.events.put(&scope(), &signed).await.unwrap();
}

#[tokio::test]
async fn an_event_that_was_moved_to_another_bus_is_refused() {
    let (world, producer, entry) = world().await;
    world.bus("bills", &[(&producer, "")]).await;
    let mut moved = producer.signed(entry, "orders", "e-1", NOW);
    moved.bus = "bills".into();
    refused(
        &world,
        &moved,
        "another bus: the signature is for `arn:aws:events:us-east-1:000000000000:event-bus/orders`",
    )
    .await;
    moved.bus = bus_arn(&scope(), "orders");
    world.events.put(&scope(), &moved).await.unwrap();
}

#[tokio::test]
async fn a_stale_or_early_signature_is_refused() {
    let (world, producer, entry) = world().await;
    let at = |seconds: i64| {
        producer.signed(
            entry.clone(),
            "orders",
            &format!("e{seconds}"),
            NOW.plus_seconds(seconds),
        )
    };
    refused(&world, &at(-WINDOW_SECONDS - 1), "stale").await;
    refused(&world, &at(WINDOW_SECONDS + 1), "from the future").await;
    world.events.put(&scope(), &at(-WINDOW_SECONDS)).await.unwrap();
    world.events.put(&scope(), &at(WINDOW_SECONDS)).await.unwrap();
}

#[tokio::test]
async fn a_strangers_key_is_refused() {
    let (world, _, entry) = world().await;
    let stranger = Producer::new("stranger", 9);
    refused(
        &world,
        &stranger.signed(entry.clone(), "orders", "e-1", NOW),
        "unknown key",
    )
    .await;
    let pretender = Producer::new("shop-1", 9);
    refused(
        &world,
        &pretender.signed(entry, "orders", "e-1", NOW),
        "forged or altered",
    )
    .await;
}

#[tokio::test]
async fn a_key_signs_for_its_sources_only() {
    let (world, producer) = (World::new(), Producer::new("shop-1", 1));
    world.bus("orders", &[(&producer, "shop.eu shop.us")]).await;
    let mut entry = entry("orders");
    refused(
        &world,
        &producer.signed(entry.clone(), "orders", "e-1", NOW),
        "source",
    )
    .await;
    entry.source = "shop.us".into();
    world
        .events
        .put(&scope(), &producer.signed(entry, "orders", "e-1", NOW))
        .await
        .unwrap();
}

#[tokio::test]
async fn one_producers_id_is_not_anothers() {
    let (world, one, other) = (World::new(), Producer::new("one", 1), Producer::new("other", 2));
    world.bus("orders", &[(&one, ""), (&other, "")]).await;
    for producer in [&one, &other] {
        let signed = producer.signed(entry("orders"), "orders", "e-1", NOW);
        world.events.put(&scope(), &signed).await.unwrap();
    }
}

/// Headers made of a good one, and what is said of each.
fn confusing_headers(good: &Value) -> Vec<(Value, &'static str)> {
    let with = |name: &str, value: Value| {
        let mut header = good.clone();
        header[name] = value;
        header
    };
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": Producer::new("x", 9).public() });
    vec![
        (
            with("alg", json!("none")),
            "malformed: the algorithm `none` is not offered",
        ),
        (with("alg", json!("NONE")), "malformed: the algorithm"),
        (
            with("alg", json!("HS256")),
            "malformed: the algorithm `HS256` is not offered",
        ),
        (
            with("alg", json!("RS256")),
            "algorithm: the signature names `RS256`",
        ),
        (with("alg", json!("Ed25519")), "malformed: the algorithm"),
        (with("alg", Value::Null), "malformed"),
        (
            with("crit", json!(["exp"])),
            "malformed: the token's header has `crit`",
        ),
        (
            with("b64", json!(false)),
            "malformed: the token's header has `b64`",
        ),
        (with("jwk", key), "malformed: the token's header has `jwk`"),
        (
            with("jku", json!("https://evil.example/jwks")),
            "malformed: the token's header has `jku`",
        ),
        (with("x5c", json!([])), "malformed: the token's header has `x5c`"),
        (with("kid", json!(7)), "malformed"),
        (with("kid", json!("")), "unknown key"),
        (with("aud", json!("orders")), "another bus"),
        (
            with("aud", json!(["x"])),
            "malformed: the signature's header has no fitting `aud`",
        ),
        (
            with("iat", json!("1800000000")),
            "malformed: the signature's header has no fitting `iat`",
        ),
        (
            with("iat", json!(1.8e9)),
            "malformed: the signature's header has no fitting `iat`",
        ),
        (
            with("iat", json!(-1)),
            "malformed: the signature's header has no fitting `iat`",
        ),
        (
            with("jti", json!("")),
            "malformed: the signature's header has no fitting `jti`",
        ),
        (
            with("jti", json!("a/b")),
            "malformed: the signature's header has no fitting `jti`",
        ),
        (
            with("jti", json!("x".repeat(129))),
            "malformed: the signature's header has no fitting `jti`",
        ),
    ]
}

#[tokio::test]
async fn headers_that_mean_to_confuse_are_refused() {
    let (world, producer, entry) = world().await;
    for (header, expected) in confusing_headers(&producer.header("orders", "e-1", NOW)) {
        let mut entry = entry.clone();
        let signature = producer.signature(&entry, &header);
        set_signature(&mut entry, signature.into());
        refused(&world, &entry, expected).await;
    }
}

#[tokio::test]
async fn a_detail_with_two_meanings_is_refused() {
    let (world, producer, entry) = world().await;
    let signed = producer.signed(entry, "orders", "e-1", NOW);
    let mut doubled = signed.clone();
    doubled.detail = doubled.detail.replacen('{', "{\"id\":8,", 1);
    let rejected = world.events.put(&scope(), &doubled).await.unwrap_err();
    assert_eq!(rejected.code, "MalformedDetail");
    let mut inexact = Entry {
        detail: r#"{"amount":9007199254740993}"#.into(),
        ..signed
    };
    set_signature(&mut inexact, "e30..AA".into());
    // Its number would be rounded before it is signed and not before it is delivered.
    let mut header = producer.header("orders", "e-2", NOW);
    header["kid"] = "shop-1".into();
    let text = producer.signature(
        &Entry {
            detail: r#"{"amount":9007199254740991}"#.into(),
            ..inexact.clone()
        },
        &header,
    );
    set_signature(&mut inexact, text.into());
    refused(&world, &inexact, "ambiguous").await;
}

#[tokio::test]
async fn tags_that_are_no_keys_are_refused() {
    let world = World::new();
    let scope = scope();
    let good = Producer::new("x", 1).public();
    let table = [
        ("portcullis:producer/a", "nonsense".to_owned()),
        ("portcullis:producer/a", String::new()),
        ("portcullis:producer/a", format!("{good}=")),
        ("portcullis:producer/", good.clone()),
        ("portcullis:producer/a/b", good.clone()),
        ("portcullis:producers/a", good.clone()),
        ("portcullis:signatures", "no".into()),
    ];
    for (tag, value) in table {
        let tags = [(tag.to_owned(), value)].into();
        let refused = world
            .catalogue(&scope)
            .create_bus("orders", None, tags)
            .await
            .unwrap_err();
        assert_eq!(refused.name(), "ValidationException", "{tag}");
    }
}

#[tokio::test]
async fn a_bus_that_asks_for_signatures_without_a_key_takes_nothing() {
    let world = World::new();
    let tags = [("portcullis:signatures".to_owned(), "required".to_owned())].into();
    world
        .catalogue(&scope())
        .create_bus("orders", None, tags)
        .await
        .unwrap();
    world.events.load().await.unwrap();
    refused(&world, &entry("orders"), "unsigned").await;
    let signed = Producer::new("shop-1", 1).signed(entry("orders"), "orders", "e-1", NOW);
    refused(&world, &signed, "unknown key").await;
}

#[tokio::test]
async fn no_mutation_of_a_signature_is_accepted() {
    let (world, producer, entry) = world().await;
    let original = producer.signature(&entry, &producer.header("orders", "e-1", NOW));
    let mut state = 0x1234_5678_9abc_def1_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below.max(1)).unwrap()).unwrap()
    };
    for _ in 0..3_000 {
        let mut bytes = original.clone().into_bytes();
        for _ in 0..=next(3) {
            let at = next(bytes.len());
            match next(3) {
                0 => bytes[at] = b"ABCxyz019-_.="[next(13)],
                1 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"ABCxyz019-_.="[next(13)]),
            }
        }
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        if text == original {
            continue;
        }
        let mut forged = entry.clone();
        set_signature(&mut forged, text.clone().into());
        assert!(world.events.put(&scope(), &forged).await.is_err(), "{text}");
    }
    let mut genuine = entry;
    set_signature(&mut genuine, original.into());
    world.events.put(&scope(), &genuine).await.unwrap();
}
