//! Answers that two readers could understand differently, and answers over a limit.

use super::*;

async fn refusal(response: &str) -> EgressError {
    match answered(response).await {
        Err(refusal) => refusal,
        Ok(mut answer) => answer.body.read_whole(10_000_000).await.expect_err(response),
    }
}

#[tokio::test]
async fn ambiguous_framing_is_refused() {
    for fields in [
        "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n",
        "Content-Length: 5\r\nContent-Length: 6\r\n",
        "Content-Length: 5\r\nContent-Length: 5\r\n",
        "Content-Length: 5, 5\r\n",
        "Content-Length: 5,6\r\n",
        "Content-Length: +5\r\n",
        "Content-Length: -5\r\n",
        "Content-Length: 0x5\r\n",
        "Content-Length: 5 5\r\n",
        "Content-Length:\r\n",
        "Content-Length: 99999999999999999999\r\n",
        "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: gzip, chunked\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding: identity\r\n",
        "Transfer-Encoding: xchunked\r\n",
        "Transfer-Encoding:\r\n",
        "Content-Length : 5\r\n",
        "Content-Length: 5\r\n folded\r\n",
        "X-A: b\r\n\tfolded\r\nContent-Length: 5\r\n",
        " Content-Length: 5\r\n",
        "Content-Length: 5\n",
        "X-A: b\nContent-Length: 5\r\n",
        "X-A: b\r\r\nContent-Length: 5\r\n",
        "X-A: b\rc\r\nContent-Length: 5\r\n",
        "X-A: b\0c\r\nContent-Length: 5\r\n",
        "X A: b\r\nContent-Length: 5\r\n",
        "no colon\r\nContent-Length: 5\r\n",
        ": empty\r\nContent-Length: 5\r\n",
    ] {
        let response = format!("HTTP/1.1 200 OK\r\n{fields}\r\nhello");
        let refusal = refusal(&response).await;
        assert!(
            matches!(refusal, EgressError::Protocol(_)),
            "{fields:?}: {refusal}"
        );
    }
}

#[tokio::test]
async fn malformed_status_lines_are_refused() {
    for start in [
        "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n",
        "\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\n",
        "HTTP/2.0 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.2 200 OK\r\nContent-Length: 0\r\n\r\n",
        "http/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 20 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 2000 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 099 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 600 OK\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        "SSH-2.0-x\r\n\r\n",
        "220 ready\r\n",
    ] {
        let refusal = refusal(start).await;
        assert!(
            matches!(refusal, EgressError::Protocol(_)),
            "{start:?}: {refusal}"
        );
    }
}

#[tokio::test]
async fn malformed_chunks_are_refused() {
    let long_extension = format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(300));
    let long_trailers = format!("0\r\n{}\r\n", "X: y\r\n".repeat(2000));
    let endless_trailer = format!("0\r\nX: {}", "y".repeat(10_000));
    for body in [
        "5\nhello\r\n0\r\n\r\n",
        "5\r\nhello\n0\r\n\r\n",
        "5\r\nhello0\r\n\r\n",
        "5\r\nhelloXX0\r\n\r\n",
        "5 \r\nhello\r\n0\r\n\r\n",
        " 5\r\nhello\r\n0\r\n\r\n",
        "+5\r\nhello\r\n0\r\n\r\n",
        "-5\r\nhello\r\n0\r\n\r\n",
        "0x5\r\nhello\r\n0\r\n\r\n",
        "5_\r\nhello\r\n0\r\n\r\n",
        "\r\nhello\r\n0\r\n\r\n",
        ";a\r\nhello\r\n0\r\n\r\n",
        "g\r\nhello\r\n0\r\n\r\n",
        "5;a\rb\r\nhello\r\n0\r\n\r\n",
        "5;a\0\r\nhello\r\n0\r\n\r\n",
        "10000000000000005\r\nhello\r\n0\r\n\r\n",
        "0000000000000005\r\nhello\r\n0\r\n\r\n",
        "5\r\nhello\r\n0\r\nX: y\n\r\n",
        "5\r\nhello\r\n0\r\nX: y\rz\r\n\r\n",
        "5\r\nhello\r\n0\r\n\n",
        long_extension.as_str(),
        long_trailers.as_str(),
        endless_trailer.as_str(),
    ] {
        let response = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{body}");
        let refusal = refusal(&response).await;
        assert!(matches!(refusal, EgressError::Protocol(_)), "{body:?}: {refusal}");
    }
}

#[tokio::test]
async fn heads_over_their_limits_are_refused() {
    let fields = |count: usize| {
        format!(
            "HTTP/1.1 200 OK\r\n{}Content-Length: 0\r\n\r\n",
            "A: b\r\n".repeat(count - 1)
        )
    };
    assert!(answered(&fields(128)).await.is_ok());
    assert!(matches!(refusal(&fields(129)).await, EgressError::Protocol(_)));
    let long = |bytes: usize| {
        let head = format!(
            "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nA: {}\r\n\r\n",
            "x".repeat(bytes)
        );
        let surplus = head.len() - bytes;
        head.replacen(&"x".repeat(surplus), "", 1)
    };
    let most = Limits::default().head_bytes_max;
    assert_eq!(long(most).len(), most);
    assert!(answered(&long(most)).await.is_ok());
    assert!(matches!(refusal(&long(most + 1)).await, EgressError::Protocol(_)));
    let endless = format!("HTTP/1.1 200 {}", "x".repeat(most));
    assert!(matches!(refusal(&endless).await, EgressError::Protocol(_)));
    let many_interim = "HTTP/1.1 100 Continue\r\n\r\n".repeat(10_000);
    assert!(matches!(refusal(&many_interim).await, EgressError::Protocol(_)));
}

#[tokio::test]
async fn connection_that_closes_in_the_head_is_an_error() {
    for start in ["", "H", "HTTP/1.1 200 OK\r\n", "HTTP/1.1 100 Continue\r\n\r\n"] {
        let refusal = refusal(start).await;
        assert!(matches!(refusal, EgressError::Broken(_)), "{start:?}: {refusal}");
    }
}
