//! Every way in which a body may end.

use super::*;

#[tokio::test]
async fn body_with_a_length_is_read() {
    let answer = answered("HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-A: 1\r\nx-a:  2 \r\n\r\nhello")
        .await
        .unwrap();
    assert_eq!(answer.status, 200);
    let headers: Vec<_> = answer.headers.iter().collect();
    assert_eq!(
        headers,
        [
            (b"Content-Length".as_slice(), b"5".as_slice()),
            (b"X-A", b"1"),
            (b"x-a", b"2"),
        ]
    );
    assert_eq!(answer.body.length(), Some(5));
    assert_eq!(text(answer).await, "hello");
}

#[tokio::test]
async fn small_body_is_there_at_once() {
    let mut answer = answered("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello")
        .await
        .unwrap();
    assert_eq!(answer.body.take_whole().unwrap(), "hello");
    let mut answer = answered("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n")
        .await
        .unwrap();
    assert_eq!(answer.body.take_whole().unwrap(), "hello");
}

#[tokio::test]
async fn chunks_are_joined_and_extensions_and_trailers_dropped() {
    let answer = answered(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked\r\n\r\n\
         5\r\nhello\r\n1;a=b\r\n \r\n00A;x=\"y\"\r\n0123456789\r\n0;last\r\nX-Sum: 1\r\nX-More: 2\r\n\r\n",
    );
    let answer = answer.await.unwrap();
    assert!(answer.headers.get("x-sum").is_none() && answer.headers.get("transfer-encoding").is_none());
    assert_eq!(answer.body.length(), None);
    assert_eq!(text(answer).await, "hello 0123456789");
}

#[tokio::test]
async fn answer_may_come_byte_by_byte() {
    let chunked =
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nA: b\r\n\r\n";
    let length = "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabcde";
    for response in [chunked, length] {
        let server = Server::start(vec![vec![
            Step::ReadHead,
            Step::Trickle(response),
            Step::AwaitClose,
        ]])
        .await;
        let client = client();
        assert_eq!(text(get(&client, &server).await.unwrap()).await, "abcde");
        assert_eq!(client.idle_connections(), 1);
    }
}

#[tokio::test]
async fn long_bodies_stream() {
    let body = "0123456789".repeat(100_000);
    let length = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
    let chunked = format!(
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    for response in [length, chunked] {
        let mut answer = answered(&response).await.unwrap();
        assert!(answer.body.take_whole().is_none());
        let mut whole = String::new();
        while let Some(piece) = answer.body.next().await {
            let piece = piece.unwrap();
            assert!(!piece.is_empty());
            whole.push_str(std::str::from_utf8(&piece).unwrap());
        }
        assert!(whole == body);
        assert!(answer.body.next().await.is_none());
    }
}

#[tokio::test]
async fn body_without_a_length_ends_with_the_connection() {
    let client = client();
    let server = Server::start(vec![vec![
        Step::ReadHead,
        Step::send("HTTP/1.1 200 OK\r\n\r\nall of it"),
    ]])
    .await;
    assert_eq!(text(get(&client, &server).await.unwrap()).await, "all of it");
    assert_eq!(client.idle_connections(), 0);
}

#[tokio::test]
async fn body_that_breaks_off_is_an_error() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n",
    ] {
        let mut answer = answered(response).await.unwrap();
        let outcome = answer.body.read_whole(100).await;
        assert!(matches!(outcome, Err(EgressError::Broken(_))), "{response}");
        assert!(answer.body.next().await.is_none());
    }
}

#[tokio::test]
async fn head_and_statuses_without_a_body_have_none() {
    let cases = [
        ("HEAD", "HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"),
        ("HEAD", "HTTP/1.1 200 OK\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\n\r\n"),
        ("GET", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"),
        ("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 500\r\n\r\n"),
    ];
    for (method, response) in cases {
        let script = vec![Step::ReadHead, Step::send(response), Step::AwaitClose];
        let server = Server::start(vec![script]).await;
        let client = client();
        let mut answer = send(&client, &server, method).await.unwrap();
        assert_eq!(answer.body.take_whole().unwrap(), "", "{response}");
        assert_eq!(client.idle_connections(), 1, "{response}");
    }
}

#[tokio::test]
async fn status_204_that_announces_a_body_ends_the_connection() {
    for field in ["Content-Length: 5", "Transfer-Encoding: chunked"] {
        let response = format!("HTTP/1.1 204 No Content\r\n{field}\r\n\r\n");
        let server = Server::start(vec![vec![
            Step::ReadHead,
            Step::send(&response),
            Step::AwaitClose,
        ]])
        .await;
        let client = client();
        assert_eq!(text(get(&client, &server).await.unwrap()).await, "");
        assert_eq!(client.idle_connections(), 0);
        server.received().await;
    }
}

#[tokio::test]
async fn interim_answers_are_skipped_up_to_a_number() {
    let interim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";
    let last = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
    let most = Limits::default().informational_max;
    let answer = answered(&format!("{}{last}", interim.repeat(most)))
        .await
        .unwrap();
    assert!(answer.headers.get("link").is_none());
    assert_eq!(text(answer).await, "ok");
    let refused = answered(&format!("{}{last}", interim.repeat(most + 1))).await;
    assert!(matches!(refused, Err(EgressError::Protocol(_))));
}

#[tokio::test]
async fn fields_of_the_connection_are_not_passed_on() {
    let answer = answered(
        "HTTP/1.1 200 OK\r\nConnection: keep-alive, X-Hop\r\nKeep-Alive: timeout=5\r\nX-Hop: 1\r\nUpgrade: h2c\r\n\
         Proxy-Connection: x\r\nTE: x\r\nTrailer: X-Sum\r\nX-End: 2\r\nContent-Length: 0\r\n\r\n",
    );
    let names: Vec<_> = answer
        .await
        .unwrap()
        .headers
        .iter()
        .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
        .collect();
    assert_eq!(names, ["X-End", "Content-Length"]);
}

#[tokio::test]
async fn body_over_its_readers_limit_is_refused() {
    for response in [
        "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nhello!",
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n3\r\nlo!\r\n0\r\n\r\n",
        "HTTP/1.1 200 OK\r\n\r\nhello!",
    ] {
        let outcome = answered(response).await.unwrap().body.read_whole(5).await;
        assert!(
            matches!(outcome, Err(EgressError::TooLarge { limit_bytes: 5 })),
            "{response}"
        );
        assert_eq!(
            answered(response)
                .await
                .unwrap()
                .body
                .read_whole(6)
                .await
                .unwrap(),
            "hello!"
        );
    }
}
