//! The body of a request, which came with its stream or is still to come.

use std::{
    cell::RefCell,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;

use super::{session::Session, stream::Stream};
use crate::{
    edge::body_times::BodyTimes,
    http::{BodyError, body::ChunkSource},
};

/// A body. What is taken of it, the client may send again.
pub(super) struct Incoming {
    pub(super) session: Rc<RefCell<Session>>,
    pub(super) stream: Rc<Stream>,
    /// Of what has not been taken, where the client said it.
    pub(super) length: Option<u64>,
    pub(super) times: BodyTimes,
}

impl ChunkSource for Incoming {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let polled = self.session.borrow_mut().poll_body(&self.stream, context);
        match &polled {
            Poll::Pending => return self.times.poll(context).map(|()| Some(Err(BodyError::TimedOut))),
            Poll::Ready(Some(Ok(data))) => {
                self.times.received(data.len());
                self.length = self.length.map(|length| length.saturating_sub(data.len() as u64));
            }
            Poll::Ready(_) => {}
        }
        polled
    }

    fn length(&self) -> Option<u64> {
        self.length
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        self.session.borrow_mut().unwanted(&self.stream);
    }
}
