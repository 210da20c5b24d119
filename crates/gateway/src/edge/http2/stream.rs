//! One stream: a request and its answer, until the client has had enough.

use std::{
    future::{Future, poll_fn},
    pin::pin,
    rc::Rc,
    task::{Context, Poll, ready},
};

use bytes::Bytes;
use h2::{Reason, RecvStream, SendStream, server::SendResponse};
use portcullis_model::clock::recent;

use crate::{
    edge::{
        Answer,
        conduct::OpenStream,
        connection::Shared,
        message::{self, Asked},
    },
    http::{Body, Peer, Response},
};

/// Bytes that the codec is given at a time: what it has it keeps until the client makes room, and nobody can tell how long.
const PIECE_BYTES_MAX: usize = 16 * 1024;

/// Answers `request`. Dropped, or ended by the client, before all of the answer has been said, `stream` counts as reset.
///
/// A block and not an async function, whose state would hold what it is given twice.
pub(super) fn serve<A: Answer>(
    shared: Rc<Shared<A>>,
    peer: &Peer,
    request: http::Request<RecvStream>,
    mut respond: SendResponse<Bytes>,
    stream: OpenStream,
) -> impl Future<Output = ()> + use<A> {
    let to_head = request.method() == http::Method::HEAD;
    let request = message::request(request, peer.clone(), &shared.limits)
        .map_err(|rule| shared.answer.malformed(peer, rule));
    async move {
        let overload = shared.overload();
        let response = match (request, overload) {
            (Err(refused), _) => refused,
            (Ok(request), Some(waits)) => shared.answer.overloaded(request, waits),
            (Ok(request), None) => {
                let mut answering = pin!(shared.answer.answer(request));
                let answered = poll_fn(|context| match answering.as_mut().poll(context) {
                    Poll::Ready(response) => Poll::Ready(Some(response)),
                    Poll::Pending => respond.poll_reset(context).map(|_| None),
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
        let _sent = send(response, asked, respond, &stream).await;
    }
}

async fn send(
    response: Response,
    asked: Asked,
    mut respond: SendResponse<Bytes>,
    stream: &OpenStream,
) -> Result<(), h2::Error> {
    let (head, body) = message::response(response, asked);
    let mut pieces = Pieces {
        body,
        rest: Bytes::new(),
    };
    if pieces.are_over() {
        stream.ended();
        respond.send_response(head, true)?;
        return Ok(());
    }
    let mut out = respond.send_response(head, false)?;
    loop {
        let next = poll_fn(|context| match pieces.poll(context) {
            Poll::Ready(piece) => Poll::Ready(Ok(piece)),
            Poll::Pending => {
                stream.waits_for_us();
                out.poll_reset(context).map(Err)
            }
        });
        let piece = match next.await {
            Ok(Some(Ok(piece))) => piece,
            Ok(None) => {
                stream.ended();
                return out.send_data(Bytes::new(), true);
            }
            Ok(Some(Err(_broken))) => {
                stream.ended();
                out.send_reset(Reason::INTERNAL_ERROR);
                return Ok(());
            }
            Err(_reset) => return Ok(()),
        };
        let is_last = pieces.are_over();
        if is_last {
            stream.ended();
        } else {
            stream.waits_for_client();
        }
        // No more is claimed of the connection's window than is in hand: others wait for it too.
        out.reserve_capacity(1);
        if out.capacity() == 0 {
            poll_fn(|context| poll_room(&mut out, context)).await?;
        }
        out.send_data(piece, is_last)?;
        if is_last {
            return Ok(());
        }
    }
}

/// Ready when the client has made room, or has reset the stream.
fn poll_room(out: &mut SendStream<Bytes>, context: &mut Context<'_>) -> Poll<Result<(), h2::Error>> {
    loop {
        if let Poll::Ready(reason) = out.poll_reset(context)? {
            return Poll::Ready(Err(reason.into()));
        }
        match ready!(out.poll_capacity(context)) {
            Some(Ok(0)) => {}
            Some(Ok(_)) => return Poll::Ready(Ok(())),
            Some(Err(cause)) => return Poll::Ready(Err(cause)),
            None => return Poll::Ready(Err(Reason::CANCEL.into())),
        }
    }
}

/// A body in pieces that are not too long.
struct Pieces {
    body: Body,
    /// Of a chunk that was too long for one piece.
    rest: Bytes,
}

impl Pieces {
    fn poll(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, crate::http::BodyError>>> {
        if self.rest.is_empty() {
            match ready!(self.body.poll_next(context)) {
                Some(Ok(chunk)) => self.rest = chunk,
                ended => return Poll::Ready(ended),
            }
        }
        let piece = self.rest.len().min(PIECE_BYTES_MAX);
        Poll::Ready(Some(Ok(self.rest.split_to(piece))))
    }

    /// Tells whether nothing more is to come, as far as it is known.
    fn are_over(&self) -> bool {
        self.rest.is_empty() && matches!(self.body, Body::Empty)
    }
}
