//! HTTP/2 on one connection, by hyper (RFC 9113), within bounds of [`super::conduct`]'s.

use std::{
    convert::Infallible,
    error::Error as _,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll},
};

use hyper::{rt::Executor, server::conn::http2, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, Sleep, sleep, timeout},
};

use super::{
    Answer, EdgeLimits,
    admission::Judge,
    conduct::{Conduct, Misconduct},
    connection::Shared,
    message,
};
use crate::http::Peer;

/// Spawns streams on the connection's own thread.
#[derive(Clone, Copy)]
struct ThisThread;

impl<F: Future<Output = ()> + 'static> Executor<F> for ThisThread {
    fn execute(&self, stream: F) {
        tokio::task::spawn_local(stream);
    }
}

/// Serves requests from `stream` until either side ends it or a stop is asked for.
pub(super) async fn serve<A: Answer>(
    shared: Rc<Shared<A>>,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: Peer,
    judge: Judge,
) {
    let limits = &shared.limits;
    let conduct = Rc::new(Conduct::new(limits, judge));
    let service = service_fn(|request| {
        let (shared, peer, stream) = (shared.clone(), peer.clone(), conduct.open());
        // On the heap at once: an exchange is long, and on its way to its task it is moved a dozen times.
        Box::pin(async move {
            let mut response = match message::request(request, peer.clone(), &shared.limits) {
                Ok(request) => {
                    let to_head = *request.method == *b"HEAD";
                    let response = match shared.overload() {
                        Some(waits) => shared.answer.overloaded(request, waits),
                        None => shared.answer.answer(request).await,
                    };
                    message::response(response, to_head)
                }
                Err(rule) => message::response(shared.answer.malformed(&peer, rule), false),
            };
            response.body_mut().goes_out_on(stream);
            Ok::<_, Infallible>(response)
        })
    });
    let mut stop = shared.stop.clone();
    let mut stopped = pin!(async move { drop(stop.wait_for(|stop| *stop).await) });
    let mut connection = pin!(builder(limits).serve_connection(TokioIo::new(stream), service));
    let mut next_look = pin!(sleep(conduct.between_looks()));
    let ended = poll_fn(|context| {
        // First: what misbehaves is not read any further.
        if let Some(judged) = conduct.judged(context) {
            return Poll::Ready(Ended::Judged(judged));
        }
        if let Poll::Ready(judged) = poll_look(&conduct, next_look.as_mut(), limits, context) {
            return Poll::Ready(Ended::Judged(judged));
        }
        // A connection that breaks off is the peer's affair: there is nobody left to tell.
        if let Poll::Ready(ended) = connection.as_mut().poll(context) {
            let flooded = ended.is_err_and(|cause| is_flood(&cause));
            return Poll::Ready(if flooded {
                Ended::Judged(Misconduct::Flood)
            } else {
                Ended::ByPeer
            });
        }
        stopped.as_mut().poll(context).map(|()| Ended::Stopped)
    })
    .await;
    if let Ended::Judged(why) = ended {
        conduct.ends(why);
    }
    match ended {
        Ended::Stopped => {
            connection.as_mut().graceful_shutdown();
            drop(connection.await);
        }
        Ended::Judged(Misconduct::Idle) => {
            connection.as_mut().graceful_shutdown();
            drop(timeout(limits.drain_time, connection).await);
        }
        // Closed without a word, which nobody would read.
        Ended::Judged(_) | Ended::ByPeer => {}
    }
}

enum Ended {
    ByPeer,
    Stopped,
    Judged(Misconduct),
}

/// Tells whether it was ended because the client sent too much of what costs it nothing.
fn is_flood(cause: &hyper::Error) -> bool {
    let cause = cause.source().and_then(|cause| cause.downcast_ref::<h2::Error>());
    cause.is_some_and(|cause| !cause.is_remote() && cause.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM))
}

fn builder(limits: &EdgeLimits) -> http2::Builder<ThisThread> {
    let mut builder = http2::Builder::new(ThisThread);
    builder
        .timer(TokioTimer::new())
        .max_concurrent_streams(limits.streams_max)
        .max_pending_accept_reset_streams(limits.resets_pending_max)
        .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX))
        .initial_stream_window_size(limits.stream_window_bytes)
        .initial_connection_window_size(limits.connection_window_bytes)
        .keep_alive_interval(limits.head_time);
    builder
}

/// Looks, when it is time to, how the client behaves.
fn poll_look(
    conduct: &Conduct,
    mut next_look: Pin<&mut Sleep>,
    limits: &EdgeLimits,
    context: &mut Context<'_>,
) -> Poll<Misconduct> {
    while next_look.as_mut().poll(context).is_ready() {
        if let Some(judged) = conduct.look(limits.idle_time) {
            return Poll::Ready(judged);
        }
        next_look.as_mut().reset(Instant::now() + conduct.between_looks());
    }
    Poll::Pending
}

#[cfg(test)]
mod tests {
    use std::{net::Ipv4Addr, sync::Arc, time::Duration};

    use super::*;
    use crate::{
        edge::{EdgeCounters, admission::Admission, tls::Line},
        http::{Listener, Request, Response},
    };

    struct Long;

    impl Answer for Long {
        async fn answer(&self, _: Request) -> Response {
            Response::full(200, "text/plain", "x".repeat(100_000))
        }
    }

    /// Serves a client that does what `act` says, and returns how the server counted the end of the connection.
    fn served(act: impl AsyncFnOnce(h2::client::SendRequest<bytes::Bytes>)) -> String {
        let counters = Arc::new(EdgeCounters::default());
        let limits = EdgeLimits {
            idle_time: Duration::from_millis(200),
            write_idle_time: Duration::from_millis(200),
            drain_time: Duration::from_millis(200),
            ..EdgeLimits::default()
        };
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
            let mut builder = h2::client::Builder::new();
            let (client, connection) = builder
                .initial_window_size(20_000)
                .handshake(theirs)
                .await
                .unwrap();
            tokio::task::spawn_local(connection);
            act(client).await;
            let ended = timeout(Duration::from_secs(20), serving).await;
            assert!(ended.is_ok(), "the connection goes on");
        });
        let mut text = String::new();
        counters.render(&mut text);
        let ended =
            |line: &&str| line.starts_with("portcullis_connections_ended_total") && !line.ends_with(" 0");
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
}
