//! HTTP/2 on one connection (RFC 9113), whose frames are the `h2` crate's, within bounds of [`super::conduct`]'s.

mod pulse;
mod stream;

use std::{
    future::{Future, poll_fn},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::server::{Connection, Handshake};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::{Instant, Sleep, sleep, timeout},
};

use self::pulse::Pulse;
use super::{
    Answer, EdgeLimits,
    admission::Judge,
    conduct::{Conduct, Misconduct},
    connection::Shared,
};
use crate::http::Peer;

/// Bytes of answers that a connection holds before its client makes room.
const SEND_BUFFER_BYTES: usize = 400 * 1024;

/// Serves requests from `stream` until either side ends it or a stop is asked for.
pub(super) async fn serve<A: Answer>(
    shared: Rc<Shared<A>>,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: Peer,
    judge: Judge,
) {
    let limits = &shared.limits;
    let conduct = Rc::new(Conduct::new(limits, judge));
    let mut stop = shared.stop.clone();
    let mut stopped = pin!(async move { drop(stop.wait_for(|stop| *stop).await) });
    let mut serving = Serving {
        shared: Rc::clone(&shared),
        peer,
        conduct: Rc::clone(&conduct),
        frames: Frames::Opening(builder(limits).handshake(stream)),
    };
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
        if let Poll::Ready(ended) = serving.poll(context) {
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
            serving.takes_no_more();
            drop(poll_fn(|context| serving.poll(context)).await);
        }
        Ended::Judged(Misconduct::Idle) => {
            serving.takes_no_more();
            drop(timeout(limits.drain_time, poll_fn(|context| serving.poll(context))).await);
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

/// A connection and what its streams need.
struct Serving<A, S> {
    shared: Rc<Shared<A>>,
    peer: Peer,
    conduct: Rc<Conduct>,
    frames: Frames<S>,
}

enum Frames<S> {
    /// The client's preface is awaited.
    Opening(Handshake<S, Bytes>),
    Open(Connection<S, Bytes>, Pulse),
    Over,
}

impl<A: Answer, S: AsyncRead + AsyncWrite + Unpin> Serving<A, S> {
    /// Takes requests; ready when the connection has ended.
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
        if let Frames::Opening(handshake) = &mut self.frames {
            let mut connection = ready!(Pin::new(handshake).poll(context))?;
            let pulse = Pulse::of(&mut connection, self.shared.limits.head_time);
            self.frames = Frames::Open(connection, pulse);
        }
        let Frames::Open(connection, pulse) = &mut self.frames else {
            return Poll::Ready(Ok(()));
        };
        if pulse.poll(context, self.conduct.begun()).is_ready() {
            return Poll::Ready(Ok(()));
        }
        while let Some(accepted) = ready!(connection.poll_accept(context)) {
            let (request, respond) = accepted?;
            // On the heap at once: an exchange is long, and on its way to its task it is moved a dozen times.
            tokio::task::spawn_local(Box::pin(stream::serve(
                Rc::clone(&self.shared),
                &self.peer,
                request,
                respond,
                self.conduct.open(),
            )));
        }
        Poll::Ready(Ok(()))
    }

    /// Tells the client so, and lets the streams end that are open.
    fn takes_no_more(&mut self) {
        match &mut self.frames {
            Frames::Open(connection, _) => connection.graceful_shutdown(),
            Frames::Opening(_) | Frames::Over => self.frames = Frames::Over,
        }
    }
}

/// Tells whether it was ended because the client sent too much of what costs it nothing.
fn is_flood(cause: &h2::Error) -> bool {
    !cause.is_remote() && cause.reason() == Some(h2::Reason::ENHANCE_YOUR_CALM)
}

fn builder(limits: &EdgeLimits) -> h2::server::Builder {
    let mut builder = h2::server::Builder::new();
    builder
        .max_concurrent_streams(limits.streams_max)
        .max_pending_accept_reset_streams(limits.resets_pending_max)
        .max_header_list_size(u32::try_from(limits.head_bytes_max).unwrap_or(u32::MAX))
        .max_send_buffer_size(SEND_BUFFER_BYTES)
        .initial_window_size(limits.stream_window_bytes)
        .initial_connection_window_size(limits.connection_window_bytes);
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

    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use super::*;
    use crate::{
        edge::{EdgeCounters, admission::Admission, tls::Line},
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
}
