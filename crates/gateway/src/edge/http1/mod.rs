//! HTTP/1.1 on one connection (RFC 9112), one exchange after another.
//!
//! Strict where two parsers could differ: [`super::strictness`] is the table. An exchange drives its connection itself; there is
//! no second task. While it waits for a request, a connection holds no buffer.

mod fuzzing;
mod head;
mod incoming;
mod outgoing;
mod tunnel;
#[cfg(test)]
mod tests;
mod wire;

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::{Pin, pin},
    rc::Rc,
    task::{Context, Poll, ready},
    time::Duration,
};

use bytes::Buf;
use portcullis_egress::{SOON, attended};
use portcullis_model::clock::recent;
use tokio::io::{AsyncRead, AsyncWrite, AsyncWriteExt};

pub(super) use self::{
    fuzzing::understood,
    head::{METHOD_BYTES_MAX, host, length, method_bytes},
};
use self::{
    head::{Head, Scan},
    incoming::Incoming,
    outgoing::Asked,
    wire::{Wire, Writer},
};
use super::{
    Answer, EdgeLimits,
    connection::Shared,
    linger::{LINGER_TIME, hear_out},
    strictness::{self, Rule},
};
use crate::{
    http::{Body, Peer, Request, Version},
    in_place::boxed,
};

/// Bytes of the requests that a client sends before it has its answer.
const PIPELINED_BYTES_MAX: usize = 16 * 1024;
/// Bytes of a body that nobody read, which are read so that the connection can go on.
const DRAINED_BYTES_MAX: u64 = 64 * 1024;

type SharedWire<S> = Rc<RefCell<Wire<S>>>;

/// What comes next on a connection.
#[allow(
    clippy::large_enum_variant,
    reason = "it is taken apart at once, and most are heads"
)]
enum Next {
    Head(Head),
    Refused(&'static Rule),
    End,
}

/// Serves requests from `stream` until either side ends it or a stop is asked for.
pub(super) async fn serve<A: Answer>(
    shared: &Shared<A>,
    stream: impl AsyncRead + AsyncWrite + Unpin + 'static,
    peer: Peer,
) {
    let wire = Rc::new(RefCell::new(Wire::new(stream, &shared.limits)));
    let mut stop = shared.stop.clone();
    let stopped = pin!(async move { drop(stop.wait_for(|stop| *stop).await) });
    let mut stopped = Stopped {
        stopped,
        is_heard: false,
    };
    // The first request must begin at once, others when the client likes.
    let mut idle_time = shared.limits.head_time;
    loop {
        wire.borrow_mut().deadline.clear();
        // In one expression: what has a name would have room in every connection that waits for a request.
        let Some(acting) = act(
            shared,
            &wire,
            next_head(shared, &wire, idle_time, &mut stopped).await,
            &peer,
        ) else {
            return;
        };
        idle_time = shared.limits.idle_time;
        let goes_on = acting.await;
        if !goes_on {
            return Box::pin(linger(&wire)).await;
        }
    }
}

/// Begins what is to be done about what came, none at the end. On the heap, so that a connection that waits for a request
/// holds no room for one.
fn act<'e, A: Answer, S: AsyncRead + AsyncWrite + Unpin + 'static>(
    shared: &'e Shared<A>,
    wire: &'e SharedWire<S>,
    next: Next,
    peer: &'e Peer,
) -> Option<Pin<Box<dyn Future<Output = bool> + 'e>>> {
    match next {
        Next::Head(head) => Some(Box::into_pin(boxed(|| exchange(shared, wire, head, peer)))),
        Next::Refused(rule) => Some(Box::pin(refuse(shared, wire, rule, peer))),
        Next::End => None,
    }
}

/// Answers what is no request; nothing may follow it.
async fn refuse<A: Answer, S: AsyncRead + AsyncWrite + Unpin + 'static>(
    shared: &Shared<A>,
    wire: &SharedWire<S>,
    rule: &'static Rule,
    peer: &Peer,
) -> bool {
    wire.borrow_mut().give_up();
    let asked = Asked {
        version: Version::Http11,
        to_head: false,
        persistent: false,
        now: shared.clock.now(),
    };
    let response = shared.answer.malformed(peer, rule);
    outgoing::send(wire, response, asked, &shared.limits).await
}

/// Ready when a stop is asked for.
struct Stopped<'s, F> {
    stopped: Pin<&'s mut F>,
    /// The task is woken when it is: it need not ask again each time.
    is_heard: bool,
}

impl<F: Future<Output = ()>> Stopped<'_, F> {
    fn poll<A: Answer>(&mut self, shared: &Shared<A>, context: &mut Context<'_>) -> Poll<()> {
        if std::mem::replace(&mut self.is_heard, true) && !shared.is_stopping() {
            return Poll::Pending;
        }
        self.stopped.as_mut().poll(context)
    }
}

/// Waits for the head of a request.
async fn next_head<A: Answer, S: AsyncRead + AsyncWrite + Unpin + 'static>(
    shared: &Shared<A>,
    wire: &RefCell<Wire<S>>,
    idle_time: Duration,
    stopped: &mut Stopped<'_, impl Future<Output = ()>>,
) -> Next {
    let limits = &shared.limits;
    let mut scan = Scan::default();
    let mut began = false;
    // One empty line before a request is what some old clients leave behind a body (RFC 9112 section 2.2).
    let mut may_skip = true;
    poll_fn(|context| {
        let mut wire = wire.borrow_mut();
        loop {
            if may_skip && wire.inbound.starts_with(b"\r\n") {
                wire.inbound.advance(2);
            }
            let is_half_an_empty_line = may_skip && *wire.inbound == *b"\r";
            may_skip &= wire.inbound.is_empty() || is_half_an_empty_line;
            if !wire.inbound.is_empty() && !std::mem::replace(&mut began, true) {
                wire.deadline.clear();
            }
            if !is_half_an_empty_line && !wire.inbound.is_empty() {
                match scan.take(&wire.inbound, limits) {
                    Ok(Some((head, end))) => {
                        wire.inbound.advance(end);
                        // While it is answered it needs none, and the next connection reads into memory that is in the cache.
                        wire.rest();
                        return Poll::Ready(Next::Head(head));
                    }
                    Ok(None) => {}
                    Err(rule) => return Poll::Ready(Next::Refused(rule)),
                }
            }
            wire.rest();
            match wire.poll_fill(context) {
                Poll::Ready(Ok(0) | Err(_)) => return Poll::Ready(Next::End),
                Poll::Ready(Ok(_)) => {}
                Poll::Pending if began => {
                    ready!(wire.deadline.poll(context, limits.head_time));
                    return Poll::Ready(Next::Refused(strictness::HEAD_TIME));
                }
                Poll::Pending => {
                    if stopped.poll(shared, context).is_pending() {
                        ready!(wire.deadline.poll_about(context, idle_time));
                    }
                    return Poll::Ready(Next::End);
                }
            }
        }
    })
    .await
}

/// Answers one request; true when another may follow.
///
/// A block and not an async function, whose state would hold what it is given twice: this state is copied, and with as many
/// requests at a time as there are connections it does not stay in the processor's cache.
fn exchange<'e, A: Answer, S: AsyncRead + AsyncWrite + Unpin + 'static>(
    shared: &'e Shared<A>,
    wire: &'e SharedWire<S>,
    head: Head,
    peer: &'e Peer,
) -> impl Future<Output = bool> + 'e {
    let (version, persistent, to_head) = (head.version, head.persistent, *head.method == *b"HEAD");
    let body = body(wire, &head, &shared.limits);
    let request = boxed(|| Request {
        method: head.method,
        target: head.target.into(),
        authority: head.authority,
        version,
        headers: head.headers,
        body,
        peer: peer.clone(),
        proxy: None,
    });
    async move {
        let response = if let Some(waits) = shared.overload() {
            shared.answer.overloaded(request, waits)
        } else {
            let mut answer = pin!(shared.answer.answer(request));
            let mut is_late = false;
            let answered = poll_fn(|context| {
                // Most answers come soon. When one does not, whether its client is still there is looked at too.
                if !std::mem::replace(&mut is_late, true) {
                    if let Poll::Ready(response) = attended(context, |context| answer.as_mut().poll(context))
                    {
                        return Poll::Ready(Some(response));
                    }
                    ready!(wire.borrow_mut().deadline.wake_within(context, SOON));
                }
                match answer.as_mut().poll(context) {
                    Poll::Ready(response) => Poll::Ready(Some(response)),
                    Poll::Pending => poll_gone(wire, context).map(|()| None),
                }
            });
            let Some(response) = answered.await else {
                return false;
            };
            response
        };
        if matches!(response.body, Body::Tunnel(_)) {
            Box::pin(tunnel::run(shared, wire, response)).await;
            return false;
        }
        let can_go_on = {
            let wire = wire.borrow();
            wire.is_body_over() || wire.is_rest_short(DRAINED_BYTES_MAX)
        };
        let asked = Asked {
            version,
            to_head,
            persistent: persistent && can_go_on && !shared.is_stopping(),
            now: shared.clock.at(recent()),
        };
        outgoing::send(wire, response, asked, &shared.limits).await && drain(wire).await
    }
}

/// Returns the body that follows a head.
fn body<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    wire: &SharedWire<S>,
    head: &Head,
    limits: &EdgeLimits,
) -> Body {
    let mut bytes = wire.borrow_mut();
    let exchange = bytes.begin_body(head.framing, head.expects_continue, limits);
    if bytes.is_body_over() {
        return Body::Empty;
    }
    if let Some(whole) = bytes.take_whole() {
        return Body::Full(whole);
    }
    Body::Stream(Box::new(Incoming {
        wire: Rc::clone(wire),
        exchange,
    }))
}

/// Ready when the client has gone away; what it sends meanwhile is kept for later.
fn poll_gone<S: AsyncRead + AsyncWrite + Unpin + 'static>(
    wire: &RefCell<Wire<S>>,
    context: &mut Context<'_>,
) -> Poll<()> {
    let mut wire = wire.borrow_mut();
    while wire.is_body_over() && wire.inbound.len() < PIPELINED_BYTES_MAX {
        match ready!(wire.poll_fill(context)) {
            Ok(0) | Err(_) => return Poll::Ready(()),
            Ok(_) => {}
        }
    }
    Poll::Pending
}

/// Reads what is left of a short body that nobody wanted; true when the next request follows.
async fn drain<S: AsyncRead + AsyncWrite + Unpin + 'static>(wire: &RefCell<Wire<S>>) -> bool {
    poll_fn(|context| {
        let mut wire = wire.borrow_mut();
        loop {
            match ready!(wire.poll_rest(context)) {
                None => return Poll::Ready(true),
                Some(Ok(_)) => {}
                Some(Err(_)) => return Poll::Ready(false),
            }
        }
    })
    .await
}

/// Ends a connection so that the client can read our last word.
async fn linger<S: AsyncRead + AsyncWrite + Unpin + 'static>(wire: &RefCell<Wire<S>>) {
    let reading = async {
        if Writer(wire).shutdown().await.is_err() || wire.borrow().is_quiet() {
            return;
        }
        hear_out(async || {
            poll_fn(|context| {
                let mut wire = wire.borrow_mut();
                wire.inbound.clear();
                wire.poll_fill(context)
            })
            .await
        })
        .await;
    };
    drop(tokio::time::timeout(LINGER_TIME, reading).await);
}
