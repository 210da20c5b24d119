//! The client: one exchange from request to head, on a connection from the pool or a new one.

use std::{
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use portcullis_model::{HeaderList, clock::recent};
use tokio::{
    net::TcpStream,
    time::{Instant, timeout},
};
use tokio_rustls::TlsConnector;

use crate::{
    AddressPolicy, Answer, AnswerBody, EgressError, Limits, OutgoingBody, Phase, Target, Timeouts,
    answer::Waiting,
    attended::is_attended,
    connect::{connect, connector},
    connection::Connection,
    head::{self, Asked, Head},
    lines::HeadScan,
    pool::Pool,
    request::{framing_of, write_head},
    sending::{Framing, SendError, Sending},
};

/// How a client calls out.
#[derive(Clone)]
pub struct ClientConfig {
    pub tls: Arc<rustls::ClientConfig>,
    pub limits: Limits,
    pub policy: AddressPolicy,
}

/// The HTTP/1.1 client of one thread. Clones share their connections.
///
/// A client keeps to one [`AddressPolicy`], so that no call profits from a connection which another policy let
/// through: make one client per policy.
#[derive(Clone)]
pub struct Client(Rc<Parts>);

struct Parts {
    tls: TlsConnector,
    limits: Limits,
    policy: AddressPolicy,
    pool: Rc<Pool>,
}

/// Why an attempt on one connection did not succeed.
enum Failure {
    /// The connection died before anything of the answer was seen.
    Unanswered(io::Error),
    Final(EgressError),
}

/// What one exchange asks, apart from its body.
struct Request<'a> {
    target: &'a Target,
    method: &'a [u8],
    path_and_query: &'a [u8],
    headers: &'a HeaderList,
    framing: Framing,
    timeouts: &'a Timeouts,
}

impl Client {
    /// Returns a client without connections.
    pub fn new(config: ClientConfig) -> Self {
        Self(Rc::new(Parts {
            tls: connector(&config.tls),
            pool: Rc::new(Pool::new(&config.limits)),
            limits: config.limits,
            policy: config.policy,
        }))
    }

    /// Returns a client with the same policy and limits, another TLS, and connections of its own: none of them may serve a
    /// call for which another certificate is presented, or another server accepted.
    #[must_use]
    pub fn with_tls(&self, tls: &Arc<rustls::ClientConfig>) -> Self {
        Self(Rc::new(Parts {
            tls: connector(tls),
            pool: Rc::new(Pool::new(&self.0.limits)),
            limits: self.0.limits.clone(),
            policy: self.0.policy.clone(),
        }))
    }

    /// Sends a request and returns the answer as soon as its head is there.
    ///
    /// `Host` is that of `headers`, else the target's. Framing and connection fields among `headers` are left out:
    /// the client writes its own. `Connection` options and what they name go no further, in either direction.
    #[inline]
    pub fn send<'s>(
        &'s self,
        target: &'s Target,
        method: &'s [u8],
        path_and_query: &'s [u8],
        headers: &'s HeaderList,
        body: &'s mut dyn OutgoingBody,
        timeouts: &'s Timeouts,
    ) -> impl Future<Output = Result<Answer, EgressError>> + 's {
        let length = body
            .whole()
            .map(|whole| whole.len() as u64)
            .or_else(|| body.length());
        let request = Request {
            target,
            method,
            path_and_query,
            headers,
            framing: framing_of(method, length),
            timeouts,
        };
        self.exchange(request, body)
    }

    /// Tells whether a server takes connections, within `limit`.
    pub async fn can_connect(&self, address: SocketAddr, limit: Duration) -> bool {
        if self.0.policy.check(address).is_err() {
            return false;
        }
        let connected = timeout(limit, TcpStream::connect(address)).await;
        connected.is_ok_and(|connected| connected.is_ok())
    }

    /// Closes connections that have been idle too long. Exchanges do so in passing; a thread without any may call this.
    pub fn close_idle(&self) {
        self.0.pool.sweep(std::time::Instant::now());
    }

    /// Returns how many connections are idle.
    pub fn idle_connections(&self) -> usize {
        self.0.pool.idle_count()
    }

    pub(crate) fn pool(&self) -> &Rc<Pool> {
        &self.0.pool
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.0.limits
    }

    /// Opens a connection on which nothing was said yet.
    pub(crate) async fn connect(
        &self,
        target: &Target,
        deadline: Instant,
    ) -> Result<Box<Connection>, EgressError> {
        connect(target, &self.0.tls, &self.0.policy, &self.0.limits, deadline).await
    }

    /// A block and not an async function, whose state would hold what it is given twice.
    #[inline]
    fn exchange<'s>(
        &'s self,
        request: Request<'s>,
        body: &'s mut dyn OutgoingBody,
    ) -> impl Future<Output = Result<Answer, EgressError>> + 's {
        // Whoever decided on the call has mostly just read the clock; else a tick is exact enough.
        let (parts, started) = (&*self.0, Instant::from_std(recent()));
        async move {
            // Before anything is connected: what cannot be written is refused here.
            let mut head = parts.pool.buffer();
            request.write(&mut head)?;
            if let Some(connection) = parts.pool.take(request.target, started.into_std()) {
                match self.attempt(connection, &request, &mut head, body, started).await {
                    Ok(answer) => return Ok(answer),
                    Err(Failure::Final(cause)) => return Err(cause),
                    Err(Failure::Unanswered(cause)) if !can_repeat(&request, body) => {
                        return Err(EgressError::Broken(cause));
                    }
                    Err(Failure::Unanswered(_)) => {
                        head = parts.pool.buffer();
                        request.write(&mut head)?;
                    }
                }
            }
            let Timeouts {
                connect: time,
                answer,
                ..
            } = request.timeouts;
            // On the heap: seldom awaited, and large.
            let connecting = connect(
                request.target,
                &parts.tls,
                &parts.policy,
                &parts.limits,
                started + *answer.min(time),
            );
            let connection = Box::pin(connecting).await?;
            let answered = self.attempt(connection, &request, &mut head, body, started).await;
            answered.map_err(|failure| match failure {
                Failure::Unanswered(cause) => EgressError::Broken(cause),
                Failure::Final(cause) => cause,
            })
        }
    }

    /// Sends the request and reads the head of the answer, in time from when it `started` on, at the same time: a server may answer
    /// early.
    #[inline]
    fn attempt<'s>(
        &'s self,
        mut connection: Box<Connection>,
        request: &'s Request<'s>,
        head: &'s mut Vec<u8>,
        body: &'s mut dyn OutgoingBody,
        started: Instant,
    ) -> impl Future<Output = Result<Answer, Failure>> + 's {
        let parts = &*self.0;
        let mut sending = Sending::new(std::mem::take(head), request.framing, body);
        async move {
            let until = started + request.timeouts.answer;
            let mut reading = Reading::default();
            let mut sent = Sent::Not;
            let head = poll_fn(|context| {
                if sent == Sent::Not {
                    match sending.poll(context, &mut connection.stream) {
                        Poll::Pending => {}
                        Poll::Ready(Ok(())) => sent = Sent::Whole,
                        // An answer such as 413 may have come before the server closed.
                        Poll::Ready(Err(SendError::Connection)) => sent = Sent::BrokenOff,
                        Poll::Ready(Err(SendError::Body(cause))) => {
                            return Poll::Ready(Err(Failure::Final(EgressError::RequestBody(cause))));
                        }
                    }
                }
                let head = reading.poll(context, &mut connection, request.method, &parts.limits);
                if head.is_pending()
                    && !is_attended(context.waker())
                    && connection.patience.poll_at(context, until).is_ready()
                {
                    return Poll::Ready(Err(Failure::Final(EgressError::TimedOut(Phase::Answer))));
                }
                head
            })
            .await?;
            parts.pool.give_back(sending.into_buffer());
            if head.keep_alive.is_some() {
                connection.keep_alive = head.keep_alive;
            }
            // After an early answer the rest of the request is never sent, so nothing can follow it.
            let persistent = head.persistent && sent == Sent::Whole;
            let Timeouts { total, idle, .. } = *request.timeouts;
            let body = AnswerBody::begin(
                connection,
                head.framing,
                persistent,
                &parts.pool,
                &parts.limits,
                || Waiting::new(total.map(|total| started + total), idle),
            );
            Ok(Answer {
                status: head.status,
                headers: head.headers,
                body: body.map_err(Failure::Final)?,
            })
        }
    }
}

impl Request<'_> {
    fn write(&self, out: &mut Vec<u8>) -> Result<(), EgressError> {
        write_head(
            out,
            self.target,
            self.method,
            self.path_and_query,
            self.headers,
            self.framing,
        )
    }
}

/// A server may have acted on a request although its connection died. So only a request that is in memory and
/// whose method means the same when it comes twice is repeated (RFC 9110 section 9.2.2).
fn can_repeat(request: &Request<'_>, body: &dyn OutgoingBody) -> bool {
    let in_memory = body.whole().is_some() || body.length() == Some(0);
    let idempotent = matches!(
        request.method,
        b"GET" | b"HEAD" | b"OPTIONS" | b"PUT" | b"DELETE" | b"TRACE"
    );
    in_memory && idempotent
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    Not,
    Whole,
    BrokenOff,
}

/// Reads heads until the final one.
#[derive(Default)]
struct Reading {
    informational: usize,
    scan: HeadScan,
}

impl Reading {
    fn poll(
        &mut self,
        context: &mut Context<'_>,
        connection: &mut Connection,
        method: &[u8],
        limits: &Limits,
    ) -> Poll<Result<Head, Failure>> {
        loop {
            if !connection.inbound.is_empty()
                && let Some(head) = self
                    .parse(&mut connection.inbound, method, limits)
                    .map_err(Failure::Final)?
            {
                return Poll::Ready(Ok(head));
            }
            let cause = match connection.poll_fill(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Ok(0)) => io::ErrorKind::UnexpectedEof.into(),
                Poll::Ready(Ok(_)) => continue,
                Poll::Ready(Err(cause)) => cause,
            };
            let unanswered = self.informational == 0 && connection.inbound.is_empty();
            return Poll::Ready(Err(if unanswered {
                Failure::Unanswered(cause)
            } else {
                Failure::Final(EgressError::Broken(cause))
            }));
        }
    }

    fn parse(
        &mut self,
        inbound: &mut bytes::BytesMut,
        method: &[u8],
        limits: &Limits,
    ) -> Result<Option<Head>, EgressError> {
        let asked = Asked {
            method,
            switch: false,
        };
        while let Some(head) = head::take(inbound, &mut self.scan, asked, limits)? {
            if head.status >= 200 {
                return Ok(Some(head));
            }
            self.informational += 1;
            if self.informational > limits.informational_max {
                return Err(EgressError::Protocol(
                    "it is preceded by more interim answers than allowed",
                ));
            }
        }
        Ok(None)
    }
}

/// An empty body.
impl OutgoingBody for () {
    fn length(&self) -> Option<u64> {
        Some(0)
    }

    fn poll_next(&mut self, _context: &mut Context<'_>) -> Poll<Option<Result<Bytes, String>>> {
        Poll::Ready(None)
    }
}
