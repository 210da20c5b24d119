use portcullis_store::{Page, kinds};
use serde_json::json;

use super::producer::*;
use crate::{
    delivery::{BYTES_WAITING_MAX, DELIVERIES_WAITING_MAX, Waiting},
    ingest::Entry,
};

async fn waiting(world: &World) -> Vec<Waiting> {
    Waiting::read_all(world.parts.store.as_ref()).await.unwrap()
}

#[tokio::test]
async fn an_event_waits_for_each_target_of_a_rule_that_matches_sealed() {
    let world = World::new();
    world.bus("open", &[]).await;
    world
        .rule("open", json!({ "source": ["shop"] }), "http://127.0.0.1:9/")
        .await;
    let accepted = world.events.put(&scope(), &entry("open")).await.unwrap();
    let kept = waiting(&world).await;
    assert_eq!(kept.len(), 1);
    let body = kept[0].body(&world.parts.vault).unwrap();
    let event: serde_json::Value = serde_json::from_slice(body.expose()).unwrap();
    assert_eq!(event["id"], accepted.event_id.as_str());
    assert_eq!(event["detail"]["note"], "ä \"quoted\"");
    assert_eq!(event["time"], "2027-01-15T08:00:00Z");
    let page = Page::all("");
    let records = world
        .parts
        .store
        .list(&scope(), kinds::EVENT_DELIVERY, page)
        .await
        .unwrap();
    assert!(!String::from_utf8_lossy(&records[0].body).contains("quoted"));
}

#[tokio::test]
async fn an_event_that_no_rule_matches_leaves_nothing() {
    let world = World::new();
    world.bus("open", &[]).await;
    world
        .rule("open", json!({ "source": ["other"] }), "http://127.0.0.1:9/")
        .await;
    world.events.put(&scope(), &entry("open")).await.unwrap();
    assert!(waiting(&world).await.is_empty());
}

#[tokio::test]
async fn a_refused_event_leaves_nothing() {
    let (world, producer) = (World::new(), Producer::new("shop-1", 1));
    world.bus("orders", &[(&producer, "")]).await;
    world
        .rule("orders", json!({ "source": ["shop"] }), "http://127.0.0.1:9/")
        .await;
    world.events.put(&scope(), &entry("orders")).await.unwrap_err();
    assert!(waiting(&world).await.is_empty());
    let claims = world
        .parts
        .store
        .list_everywhere(kinds::EVENT_CLAIM)
        .await
        .unwrap();
    assert!(claims.is_empty());
}

#[tokio::test]
async fn entries_that_do_not_fit_are_refused_by_name() {
    let world = World::new();
    world.bus("open", &[]).await;
    type Change = fn(&mut Entry);
    let table: &[(Change, &str)] = &[
        (|entry| entry.source.clear(), "InvalidArgument"),
        (|entry| entry.detail_type.clear(), "InvalidArgument"),
        (|entry| entry.source = "x".repeat(257), "InvalidArgument"),
        (|entry| entry.detail_type = "x".repeat(129), "InvalidArgument"),
        (
            |entry| entry.source = "aws.s3".into(),
            "NotAuthorizedForSourceException",
        ),
        (|entry| entry.detail = "[]".into(), "MalformedDetail"),
        (|entry| entry.detail = "{".into(), "MalformedDetail"),
        (|entry| entry.detail.clear(), "MalformedDetail"),
        // Unsure which code AWS gives: it is an argument that is wrong.
        (|entry| entry.bus = "nowhere".into(), "InvalidArgument"),
        (
            |entry| entry.bus = "arn:aws:events:us-east-1:111111111111:event-bus/open".into(),
            "InvalidArgument",
        ),
    ];
    for (change, code) in table {
        let mut entry = entry("open");
        change(&mut entry);
        assert_eq!(
            world.events.put(&scope(), &entry).await.unwrap_err().code,
            *code,
            "{entry:?}"
        );
    }
}

#[tokio::test]
async fn the_default_bus_is_there_without_being_made() {
    let world = World::new();
    world.events.put(&scope(), &entry("default")).await.unwrap();
}

#[tokio::test]
async fn what_waits_is_bounded_in_number_and_in_bytes() {
    let world = World::new();
    world.bus("open", &[]).await;
    world
        .rule("open", json!({ "source": ["shop"] }), "http://127.0.0.1:9/")
        .await;
    world.events.put(&scope(), &entry("open")).await.unwrap();
    let small = waiting(&world).await.remove(0);
    let mut large = small.clone();
    large.sealed = "x".repeat(BYTES_WAITING_MAX - small.sealed.len());
    let refused = || async { world.events.put(&scope(), &entry("open")).await.unwrap_err().code };
    let queue = &world.events.queue;

    assert!(queue.reserve(&large));
    assert_eq!(refused().await, "ThrottlingException");
    queue.release(&large);
    let held: Vec<_> = (1..DELIVERIES_WAITING_MAX)
        .map(|_| queue.reserve(&small))
        .collect();
    assert!(held.into_iter().all(|held| held));
    assert_eq!(refused().await, "ThrottlingException");
    assert_eq!(waiting(&world).await.len(), 1);
    queue.release(&small);
    world.events.put(&scope(), &entry("open")).await.unwrap();
    assert_eq!(refused().await, "ThrottlingException");
}

#[tokio::test]
async fn another_accounts_bus_of_the_same_name_is_another_bus() {
    let (world, producer) = (World::new(), Producer::new("shop-1", 1));
    world.bus("orders", &[(&producer, "")]).await;
    let stranger = portcullis_model::Scope::new("111111111111", "us-east-1");
    let signed = producer.signed(entry("orders"), "orders", "e-1", NOW);
    assert_eq!(
        world.events.put(&stranger, &signed).await.unwrap_err().code,
        "InvalidArgument"
    );
}
