//! The body of a request, read from its connection as somebody asks for it.

use std::{
    cell::RefCell,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::Bytes;
use tokio::io::{AsyncRead, AsyncWrite};

use super::wire::Wire;
use crate::http::{BodyError, body::ChunkSource};

/// A body that has not come whole. It may outlive its exchange, and then yields nothing more.
pub(super) struct Incoming<S> {
    pub(super) wire: Rc<RefCell<Wire<S>>>,
    pub(super) exchange: u64,
}

impl<S: AsyncRead + AsyncWrite + Unpin + 'static> ChunkSource for Incoming<S> {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        self.wire.borrow_mut().poll_body(self.exchange, context)
    }

    fn length(&self) -> Option<u64> {
        self.wire.borrow().length(self.exchange)
    }
}
