//! One request and its answer, until the client has had enough.

use std::{
    cell::RefCell,
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    task::{Poll, ready},
};

use bytes::Bytes;
use portcullis_model::clock::recent;

use super::{
    answer::Asked,
    frame::Reason,
    incoming::Incoming,
    session::{Arrived, Ended, Session},
    stream::Stream,
};
use crate::{
    edge::{Answer, body_times::BodyTimes, conduct::OpenStream, connection::Shared},
    http::{Body, BodyError, Peer, Request, Response, Version},
    in_place::boxed,
};

/// Answers what arrived. Dropped, or ended by the client, before all of the answer has been said, `open` counts as reset.
///
/// A block and not an async function, whose state would hold what it is given twice.
pub(super) fn serve<A: Answer>(
    shared: Rc<Shared<A>>,
    session: Rc<RefCell<Session>>,
    arrived: Arrived,
    peer: &Peer,
    open: OpenStream,
) -> impl Future<Output = ()> + use<A> {
    let Arrived {
        stream,
        head,
        has_body,
    } = arrived;
    let request = head.map(|head| {
        let body = has_body.then(|| {
            Body::Stream(Box::new(Incoming {
                session: Rc::clone(&session),
                stream: Rc::clone(&stream),
                length: head.length,
                times: BodyTimes::new(&shared.limits),
            }))
        });
        boxed(|| Request {
            method: head.method,
            target: head.target.into(),
            authority: head.authority,
            version: Version::Http2,
            headers: head.headers,
            body: body.unwrap_or_default(),
            peer: peer.clone(),
            proxy: None,
        })
    });
    let to_head = matches!(&request, Ok(request) if request.method == "HEAD");
    let request = request.map_err(|rule| shared.answer.malformed(peer, rule));
    async move {
        let response = match (request, shared.overload()) {
            (Err(refused), _) => refused,
            (Ok(request), Some(waits)) => shared.answer.overloaded(request, waits),
            (Ok(request), None) => {
                let mut answering = pin!(shared.answer.answer(request));
                let answered = poll_fn(|context| match answering.as_mut().poll(context) {
                    Poll::Ready(response) => Poll::Ready(Some(response)),
                    Poll::Pending => stream.poll_ended(context).map(|()| None),
                });
                let Some(response) = answered.await else { return };
                response
            }
        };
        let asked = Asked {
            to_head,
            now: shared.clock.at(recent()),
        };
        // What cannot be sent has nobody to take it.
        let _sent = send(&session, &stream, response, asked, &open).await;
    }
}

async fn send(
    session: &RefCell<Session>,
    stream: &Stream,
    response: Response,
    asked: Asked,
    open: &OpenStream,
) -> Result<(), Ended> {
    let has_body = session.borrow_mut().answer(stream, &response, asked)?;
    if !has_body {
        open.ended();
        return Ok(());
    }
    let mut body = response.body;
    let mut piece = Bytes::new();
    let mut is_waited_for = false;
    poll_fn(|context| {
        let mut goes_on = false;
        loop {
            if piece.is_empty() {
                match body.poll_next(context) {
                    Poll::Ready(Some(Ok(next))) if next.is_empty() => continue,
                    Poll::Ready(Some(Ok(next))) => piece = next,
                    Poll::Ready(None) => {}
                    Poll::Ready(Some(Err(cause))) => {
                        return Poll::Ready(broken(session, stream, open, &cause));
                    }
                    Poll::Pending => {
                        open.waits_for_us();
                        is_waited_for = false;
                        return stream.poll_ended(context).map(|()| Err(Ended));
                    }
                }
            }
            // Nothing came, or nothing will: then this is the end.
            let is_last = piece.is_empty() || matches!(body, Body::Empty);
            let sent = session
                .borrow_mut()
                .poll_data(stream, &mut piece, is_last, goes_on, context);
            if sent.is_pending() {
                // Whether the client takes anything at all is another's question.
                let waits = stream.state.borrow().waits_for_room;
                if !waits {
                    open.waits_for_us();
                } else if !is_waited_for {
                    open.waits_for_client();
                }
                is_waited_for = waits;
            }
            ready!(sent)?;
            (is_waited_for, goes_on) = (false, true);
            if is_last && piece.is_empty() {
                open.ended();
                return Poll::Ready(Ok(()));
            }
        }
    })
    .await
}

/// An answer that cannot be ended must not look whole.
fn broken(
    session: &RefCell<Session>,
    stream: &Stream,
    open: &OpenStream,
    cause: &BodyError,
) -> Result<(), Ended> {
    tracing::debug!(%cause, "an answer broke off");
    open.ended();
    // Of a stream that is over nothing more is said.
    if stream.state.borrow().ended.is_none() {
        session.borrow_mut().reset(stream.id, Reason::InternalError);
    }
    Err(Ended)
}
