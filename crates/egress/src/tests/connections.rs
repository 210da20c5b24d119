//! Reuse, and what forbids it.

use super::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

fn exchange(response: &str) -> [Step; 2] {
    [Step::ReadHead, Step::send(response)]
}

#[tokio::test]
async fn connection_serves_many_exchanges() {
    let mut script: Vec<Step> = (0..5).flat_map(|_| exchange(OK)).collect();
    script.push(Step::AwaitClose);
    let server = Server::start(vec![script]).await;
    let client = client();
    for _ in 0..5 {
        assert_eq!(text(get(&client, &server).await.unwrap()).await, "ok");
        assert_eq!(client.idle_connections(), 1);
    }
    drop(client);
    assert_eq!(server.received().await[0].matches("GET / HTTP/1.1").count(), 5);
}

#[tokio::test]
async fn streamed_bodies_give_their_connection_back_at_their_end() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n1\r\nb\r\n0\r\n\r\n";
    let script = [exchange(chunked), exchange(chunked)].concat();
    let server = Server::start(vec![script]).await;
    let client = client();
    for _ in 0..2 {
        let answer = get(&client, &server).await.unwrap();
        assert_eq!(client.idle_connections(), 0);
        assert_eq!(text(answer).await, "ab");
        assert_eq!(client.idle_connections(), 1);
    }
    drop(client);
    assert_eq!(server.received().await.len(), 1);
}

#[tokio::test]
async fn connection_is_not_kept_when_anything_speaks_against_it() {
    let large = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok{}",
        "x".repeat(20_000)
    );
    for response in [
        "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.1 200 OK\r\nConnection: keep-alive, CLOSE\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nContent-Length: 2\r\n\r\nok",
        "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
        // Left over: it would be taken for the next answer.
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nokHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nwrong",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\nHTTP/1.1",
        "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok\r\n",
        large.as_str(),
    ] {
        let first = [exchange(response).to_vec(), vec![Step::AwaitClose]].concat();
        let server = Server::start(vec![first, exchange(OK).to_vec()]).await;
        let client = client();
        assert_eq!(
            text(get(&client, &server).await.unwrap()).await,
            "ok",
            "{response}"
        );
        assert_eq!(client.idle_connections(), 0, "{response}");
        assert_eq!(text(get(&client, &server).await.unwrap()).await, "ok");
    }
}

#[tokio::test]
async fn what_comes_unasked_is_never_an_answer() {
    let poison = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\npoison";
    let first = [
        exchange(OK).to_vec(),
        vec![Step::Pause, Step::send(poison), Step::AwaitClose],
    ]
    .concat();
    let server = Server::start(vec![first, exchange(OK).to_vec()]).await;
    let client = client();
    assert_eq!(text(get(&client, &server).await.unwrap()).await, "ok");
    assert_eq!(client.idle_connections(), 1);
    // Long enough for it to arrive.
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(text(get(&client, &server).await.unwrap()).await, "ok");
}

#[tokio::test]
async fn body_dropped_before_its_end_closes_the_connection() {
    let long = format!(
        "HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n{}",
        "x".repeat(100_000)
    );
    let server = Server::start(vec![vec![Step::ReadHead, Step::send(&long), Step::AwaitClose]]).await;
    let client = client();
    let mut answer = get(&client, &server).await.unwrap();
    answer.body.next().await.unwrap().unwrap();
    drop(answer);
    assert_eq!(client.idle_connections(), 0);
    server.received().await;
}

#[tokio::test]
async fn connection_closed_while_idle_is_replaced() {
    // The first script ends after its answer: the server closes.
    let server = Server::start(vec![
        exchange(OK).to_vec(),
        exchange(OK).to_vec(),
        exchange(OK).to_vec(),
    ])
    .await;
    let client = client();
    for method in ["GET", "GET", "POST"] {
        let answer = send(&client, &server, method).await.unwrap();
        assert_eq!(text(answer).await, "ok");
        // The reactor hears of the close; even a request that may not be repeated profits.
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(server.received().await.len(), 3);
}

#[tokio::test]
async fn stale_connection_is_tried_once_more_with_a_new_one() {
    // The server reads the second request before it closes, so the client cannot know earlier.
    let stale = || [exchange(OK).to_vec(), vec![Step::ReadHead]].concat();
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let server = Server::start(vec![
            stale(),
            vec![
                Step::ReadHead,
                Step::send("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
            ],
        ])
        .await;
        let client = client();
        text(get(&client, &server).await.unwrap()).await;
        assert_eq!(
            send(&client, &server, method).await.unwrap().status,
            201,
            "{method}"
        );
        assert_eq!(server.received().await.len(), 2);
    }
}

#[tokio::test]
async fn whole_body_is_sent_again_with_it() {
    let stale = [exchange(OK).to_vec(), vec![Step::ReadUntil("hello")]].concat();
    let server = Server::start(vec![stale, vec![Step::ReadUntil("hello"), Step::send(OK)]]).await;
    let client = client();
    text(get(&client, &server).await.unwrap()).await;
    let headers = HeaderList::new();
    let mut body = Bytes::from_static(b"hello");
    let answer = client
        .send(&target(server.port), b"PUT", b"/", &headers, &mut body, &TIMEOUTS)
        .await;
    assert_eq!(text(answer.unwrap()).await, "ok");
    assert!(server.received().await[1].ends_with("\r\n\r\nhello"));
}

#[tokio::test]
async fn request_that_may_have_had_effects_is_not_repeated() {
    let stale = || [exchange(OK).to_vec(), vec![Step::ReadHead]].concat();
    for method in ["POST", "PATCH", "get", "ANYTHING"] {
        let server = Server::start(vec![stale()]).await;
        let client = client();
        text(get(&client, &server).await.unwrap()).await;
        let outcome = send(&client, &server, method).await;
        assert!(matches!(outcome, Err(EgressError::Broken(_))), "{method}");
    }
    // Nor one whose body is gone.
    let server = Server::start(vec![stale()]).await;
    let client = client();
    text(get(&client, &server).await.unwrap()).await;
    let headers = HeaderList::new();
    let mut body = Pieces::new(None, &["ab"]);
    let outcome = client
        .send(&target(server.port), b"PUT", b"/", &headers, &mut body, &TIMEOUTS)
        .await;
    assert!(matches!(outcome, Err(EgressError::Broken(_))));
}

#[tokio::test]
async fn nothing_is_repeated_once_an_answer_has_begun() {
    for begun in ["H", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let first = [exchange(OK).to_vec(), vec![Step::ReadHead, Step::send(begun)]].concat();
        let server = Server::start(vec![first]).await;
        let client = client();
        text(get(&client, &server).await.unwrap()).await;
        assert!(matches!(get(&client, &server).await, Err(EgressError::Broken(_))));
    }
}

#[tokio::test]
async fn new_connection_that_dies_is_not_tried_again() {
    let server = Server::start(vec![vec![Step::ReadHead]]).await;
    assert!(matches!(
        get(&client(), &server).await,
        Err(EgressError::Broken(_))
    ));
    assert_eq!(server.received().await.len(), 1);
}

#[tokio::test]
async fn early_answer_ends_the_request_and_the_connection() {
    let early = "HTTP/1.1 413 Content Too Large\r\nContent-Length: 4\r\n\r\nmuch";
    let server = Server::start(vec![vec![Step::ReadHead, Step::send(early), Step::AwaitClose]]).await;
    let client = client();
    // A body that never ends, since nobody reads it: the kernel's buffers fill.
    let mut body = Bytes::from(vec![b'x'; 50_000_000]);
    let headers = HeaderList::new();
    let answer = client
        .send(
            &target(server.port),
            b"POST",
            b"/",
            &headers,
            &mut body,
            &TIMEOUTS,
        )
        .await
        .unwrap();
    assert_eq!(answer.status, 413);
    assert_eq!(text(answer).await, "much");
    assert_eq!(client.idle_connections(), 0);
    server.received().await;
}

#[tokio::test]
async fn idle_connections_are_bounded_and_age() {
    let kept = |limits: Limits| async move {
        let server = Server::start(vec![[exchange(OK).to_vec(), vec![Step::AwaitClose]].concat(); 3]).await;
        let client = client_with(limits);
        let (a, b, c) = tokio::join!(
            get(&client, &server),
            get(&client, &server),
            get(&client, &server)
        );
        for answer in [a, b, c] {
            text(answer.unwrap()).await;
        }
        client
    };
    assert_eq!(kept(Limits::default()).await.idle_connections(), 3);
    let two = Limits {
        idle_per_target_max: 2,
        ..Limits::default()
    };
    assert_eq!(kept(two).await.idle_connections(), 2);
    let one = Limits {
        idle_max: 1,
        ..Limits::default()
    };
    assert_eq!(kept(one).await.idle_connections(), 1);
    let none = Limits {
        idle_timeout: Duration::ZERO,
        ..Limits::default()
    };
    let client = kept(none).await;
    client.close_idle();
    assert_eq!(client.idle_connections(), 0);
}

#[tokio::test]
async fn server_that_closes_soon_is_not_relied_on() {
    let soon = "HTTP/1.1 200 OK\r\nKeep-Alive: timeout=1, max=100\r\nContent-Length: 2\r\n\r\nok";
    let server = Server::start(vec![
        [exchange(soon).to_vec(), vec![Step::AwaitClose]].concat(),
        exchange(OK).to_vec(),
    ])
    .await;
    let client = client();
    for _ in 0..2 {
        assert_eq!(text(get(&client, &server).await.unwrap()).await, "ok");
    }
    assert_eq!(server.received().await.len(), 2);
}

#[tokio::test]
async fn servers_never_share_connections() {
    let one = Server::start(vec![[exchange(OK).to_vec(), vec![Step::AwaitClose]].concat()]).await;
    let two = Server::start(vec![exchange(OK).to_vec()]).await;
    let client = client();
    text(get(&client, &one).await.unwrap()).await;
    text(get(&client, &two).await.unwrap()).await;
    // The same address by another name is another server.
    let by_name = Target {
        host: "localhost".to_owned(),
        ..target(one.port)
    };
    let outcome = client
        .send(&by_name, b"GET", b"/", &HeaderList::new(), &mut (), &TIMEOUTS)
        .await;
    assert!(matches!(outcome, Err(EgressError::Unconnected { .. })));
}
