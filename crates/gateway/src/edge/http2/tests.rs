//! A connection, from the other side: the `h2` crate's client.

use std::{net::Ipv4Addr, sync::Arc, time::Duration};

use tokio::io::{AsyncReadExt, AsyncWriteExt};

use super::*;
use crate::{
    edge::{EdgeCounters, EdgeLimits, admission::Admission, tls::Line},
    http::{Listener, Request, Response},
};

struct Long;

impl Answer for Long {
    async fn answer(&self, _: Box<Request>) -> Response {
        Response::full(200, "text/plain", "x".repeat(100_000))
    }
}

/// Serves a client that does what `act` says, and returns how the server counted the end of the connection.
fn served(act: impl AsyncFnOnce(h2::client::SendRequest<bytes::Bytes>)) -> String {
    let limits = EdgeLimits {
        idle_time: Duration::from_millis(200),
        write_idle_time: Duration::from_millis(200),
        drain_time: Duration::from_millis(200),
        ..EdgeLimits::default()
    };
    served_over(limits, async |theirs| {
        let mut builder = h2::client::Builder::new();
        let (client, connection) = builder
            .initial_window_size(20_000)
            .handshake(theirs)
            .await
            .unwrap();
        tokio::task::spawn_local(connection);
        act(client).await;
    })
}

fn served_over(limits: EdgeLimits, act: impl AsyncFnOnce(tokio::io::DuplexStream)) -> String {
    let counters = Arc::new(EdgeCounters::default());
    let judge = Admission::new(&limits, Arc::clone(&counters))
        .admit(Ipv4Addr::LOCALHOST.into())
        .unwrap()
        .judge();
    let (_keep, stop) = tokio::sync::watch::channel(false);
    let shared = Rc::new(Shared {
        answer: Long,
        limits,
        clock: Arc::new(portcullis_model::SystemClock),
        load: Rc::default(),
        line: Line::default(),
        stop,
    });
    let peer = Peer {
        address: "127.0.0.1:1".parse().unwrap(),
        listener: Listener::Public,
        tls: None,
    };
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let local = tokio::task::LocalSet::new();
    local.block_on(&runtime, async move {
        let (ours, theirs) = tokio::io::duplex(256 * 1024);
        let serving = tokio::task::spawn_local(serve(shared, ours, peer, judge));
        act(theirs).await;
        let ended = timeout(Duration::from_secs(20), serving).await;
        assert!(ended.is_ok(), "the connection goes on");
    });
    let mut text = String::new();
    counters.render(&mut text);
    let ended = |line: &&str| line.starts_with("portcullis_connections_ended_total") && !line.ends_with(" 0");
    text.lines().filter(ended).collect()
}

async fn ask(client: &h2::client::SendRequest<bytes::Bytes>) -> h2::client::ResponseFuture {
    let request = http::Request::get("https://a/").body(()).unwrap();
    let mut client = client.clone().ready().await.unwrap();
    client.send_request(request, true).unwrap().0
}

#[test]
fn who_takes_nothing_of_an_answer_is_cut_off() {
    let ended = served(async |client| {
        let answer = ask(&client).await.await.unwrap();
        // The client stays, but never makes room.
        tokio::time::sleep(Duration::from_millis(800)).await;
        drop((client, answer));
    });
    assert_eq!(ended, "portcullis_connections_ended_total{reason=\"stalled\"} 1");
}

#[test]
fn who_asks_for_nothing_is_cut_off() {
    let ended = served(async |client| {
        tokio::time::sleep(Duration::from_millis(800)).await;
        drop(client);
    });
    assert_eq!(ended, "portcullis_connections_ended_total{reason=\"idle\"} 1");
}

#[test]
fn who_does_not_say_that_it_is_still_there_is_cut_off() {
    let limits = EdgeLimits {
        head_time: Duration::from_millis(100),
        ..EdgeLimits::default()
    };
    let ended = served_over(limits, async |mut theirs| {
        let hello = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0";
        theirs.write_all(hello).await.unwrap();
        let mut heard = Vec::new();
        let hearing = theirs.read_to_end(&mut heard);
        assert!(timeout(Duration::from_secs(10), hearing).await.is_ok());
        let ping = b"\0\0\x08\x06\0\0\0\0\0";
        assert!(heard.windows(9).any(|frame| frame == ping), "it was asked");
    });
    assert_eq!(ended, "", "nobody did wrong");
}

#[test]
fn who_takes_its_answers_as_they_come_goes_on() {
    let ended = served(async |client| {
        for _ in 0..8 {
            let mut body = ask(&client).await.await.unwrap().into_body();
            while let Some(data) = body.data().await {
                let taken = data.unwrap().len();
                body.flow_control().release_capacity(taken).unwrap();
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        drop(client);
    });
    assert_eq!(ended, "");
}
