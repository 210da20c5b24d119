//! What takes too long. Real time, but little of it.

use super::*;
use crate::Phase;

const SHORT: Duration = Duration::from_millis(60);

async fn call(script: Vec<Step>, timeouts: Timeouts) -> Result<Answer, EgressError> {
    let server = Server::start(vec![script]).await;
    let headers = HeaderList::new();
    client()
        .send(&target(server.port), b"GET", b"/", &headers, &mut (), &timeouts)
        .await
}

#[tokio::test]
async fn answer_that_does_not_come_times_out() {
    let timeouts = Timeouts {
        answer: SHORT,
        ..TIMEOUTS
    };
    for begun in ["", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let script = vec![Step::ReadHead, Step::send(begun), Step::AwaitClose];
        let outcome = call(script, timeouts).await;
        assert!(
            matches!(outcome, Err(EgressError::TimedOut(Phase::Answer))),
            "{begun:?}"
        );
    }
}

#[tokio::test]
async fn body_that_stops_times_out() {
    let response = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello";
    let script = || vec![Step::ReadHead, Step::send(response), Step::AwaitClose];
    let idle = Timeouts {
        idle: SHORT,
        ..TIMEOUTS
    };
    let total = Timeouts {
        total: Some(SHORT),
        ..TIMEOUTS
    };
    for timeouts in [idle, total, Timeouts::within(SHORT)] {
        let mut answer = call(script(), timeouts).await.unwrap();
        let outcome = answer.body.read_whole(100).await;
        assert!(matches!(outcome, Err(EgressError::TimedOut(Phase::Body))));
        assert!(answer.body.next().await.is_none());
    }
}

#[tokio::test]
async fn handshake_that_does_not_come_times_out() {
    let server = Server::start(vec![vec![Step::AwaitClose]]).await;
    let target = Target {
        https: true,
        ..target(server.port)
    };
    let timeouts = Timeouts {
        connect: SHORT,
        ..TIMEOUTS
    };
    let outcome = client()
        .send(&target, b"GET", b"/", &HeaderList::new(), &mut (), &timeouts)
        .await;
    assert!(matches!(outcome, Err(EgressError::TimedOut(Phase::Connect))));
}

#[tokio::test]
async fn nobody_there_is_told_apart() {
    let outcome = client()
        .send(&target(1), b"GET", b"/", &HeaderList::new(), &mut (), &TIMEOUTS)
        .await;
    assert!(matches!(outcome, Err(EgressError::Unconnected { .. })));
    let unknown = Target {
        host: "nobody.invalid".to_owned(),
        ..target(80)
    };
    let outcome = client()
        .send(&unknown, b"GET", b"/", &HeaderList::new(), &mut (), &TIMEOUTS)
        .await;
    assert!(
        matches!(outcome, Err(EgressError::Unresolved { .. })),
        "{outcome:?}"
    );
}
