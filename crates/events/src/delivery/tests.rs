use std::{sync::Arc, time::Duration};

use portcullis_egress::{AddressPolicy, ClientConfig, Limits, PublicOnly, tls};
use portcullis_model::SystemEntropy;
use serde_json::json;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::{Deliveries, Waiting, backoff, webhook};
use crate::{
    ports::{Invoke, Judged, Roles},
    tests::producer::{World, entry, scope},
};

/// Roles that all may.
struct AllMay;

impl Roles for AllMay {
    fn may_invoke<'a>(&'a self, _invoke: Invoke<'a>) -> Judged<'a> {
        Box::pin(async { Ok(()) })
    }
}

async fn started(world: &World, policy: AddressPolicy) -> Deliveries {
    let client = ClientConfig {
        tls: tls::trusting_system([]).unwrap(),
        limits: Limits::default(),
        policy,
    };
    world.events.deliver(client, Arc::new(AllMay)).await.unwrap()
}

/// Waits until what the store holds is as wanted.
async fn until(world: &World, wanted: impl Fn(&[Waiting]) -> bool) -> Vec<Waiting> {
    for _ in 0..2_000 {
        let waiting = Waiting::read_all(world.parts.store.as_ref()).await.unwrap();
        if wanted(&waiting) {
            return waiting;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("not in time");
}

/// Answers one request, and returns it.
async fn answer(listener: &TcpListener, answer: &str) -> String {
    let (mut stream, _) = listener.accept().await.unwrap();
    let mut seen = Vec::new();
    while !seen.ends_with(b"}") {
        assert!(stream.read_buf(&mut seen).await.unwrap() > 0);
    }
    stream.write_all(answer.as_bytes()).await.unwrap();
    String::from_utf8(seen).unwrap()
}

#[tokio::test]
async fn what_was_stored_before_the_start_is_sent_and_then_forgotten() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/in", listener.local_addr().unwrap());
    world.bus("open", &[]).await;
    world.rule("open", json!({ "source": ["shop"] }), &endpoint).await;
    world.events.put(&scope(), &entry("open")).await.unwrap();
    // The process that took the event in is gone.
    let world = world.restarted();
    world.events.load().await.unwrap();
    let deliveries = started(&world, AddressPolicy::Any).await;
    let request = answer(&listener, "HTTP/1.1 204 No Content\r\n\r\n").await;
    assert!(
        request.starts_with("POST /in HTTP/1.1\r\n") && request.contains("x-key: hunter2\r\n"),
        "{request}"
    );
    until(&world, <[Waiting]>::is_empty).await;
    tokio::task::spawn_blocking(|| deliveries.stop()).await.unwrap();
}

#[tokio::test]
async fn an_address_that_is_not_allowed_is_not_called() {
    let world = World::new();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/in", listener.local_addr().unwrap());
    world.bus("open", &[]).await;
    world.rule("open", json!({ "source": ["shop"] }), &endpoint).await;
    let deliveries = started(&world, AddressPolicy::PublicOnly(PublicOnly::default())).await;
    world.events.put(&scope(), &entry("open")).await.unwrap();
    let waiting = until(&world, |waiting| waiting.iter().any(|one| one.attempts == 1)).await;
    assert!(waiting[0].next > waiting[0].accepted);
    tokio::task::spawn_blocking(|| deliveries.stop()).await.unwrap();
    let nobody = tokio::time::timeout(Duration::from_millis(1), listener.accept()).await;
    assert!(nobody.is_err());
}

#[tokio::test]
async fn deliveries_are_started_once() {
    let world = World::new();
    let deliveries = started(&world, AddressPolicy::Any).await;
    let client = ClientConfig {
        tls: tls::trusting_system([]).unwrap(),
        limits: Limits::default(),
        policy: AddressPolicy::Any,
    };
    assert!(world.events.deliver(client, Arc::new(AllMay)).await.is_err());
    tokio::task::spawn_blocking(|| deliveries.stop()).await.unwrap();
}

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
