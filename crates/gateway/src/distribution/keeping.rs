//! Keeps an answer while it passes: a whole one at once, a stream when its last piece is through.

use std::{
    sync::Arc,
    task::{Context, Poll},
};

use bytes::{Bytes, BytesMut};
use portcullis_model::{HeaderList, Timestamp};

use super::{
    cache::{CacheKey, DistributionCache, KeptAnswer, OBJECT_BYTES_MAX},
    pages::Page,
};
use crate::http::{Body, BodyError, Response, body::ChunkSource};

/// Where and for how long an answer is to be kept.
pub(super) struct Ticket {
    pub(super) cache: Arc<DistributionCache>,
    pub(super) key: CacheKey,
    pub(super) distribution: Arc<str>,
    pub(super) path_and_query: Box<[u8]>,
    /// What the answer is where the distribution itself made it.
    pub(super) page: Option<Page>,
    /// How many invalidations there were when the origin was asked.
    pub(super) since: u64,
    pub(super) now: Timestamp,
    pub(super) seconds: u64,
}

impl Ticket {
    fn keep(self, status: u16, headers: HeaderList, body: Bytes) {
        let seconds = i64::try_from(self.seconds).unwrap_or(i64::MAX);
        let kept = KeptAnswer {
            distribution: self.distribution,
            path_and_query: self.path_and_query,
            status,
            headers,
            body,
            page: self.page,
            kept_at: self.now,
            expires: self.now.plus_seconds(seconds),
        };
        self.cache.keep(self.key, kept, self.since);
    }
}

/// Keeps `response` by `ticket`, now or when it has passed. Says no where it is known to be too long.
pub(super) fn keep(response: &mut Response, ticket: Ticket) -> Result<(), &'static str> {
    let length = response.body.length();
    if length.is_some_and(|length| length > OBJECT_BYTES_MAX as u64) {
        return Err("its body is longer than is kept");
    }
    let (status, headers) = (response.status, response.headers.detached());
    match std::mem::take(&mut response.body) {
        Body::Empty => ticket.keep(status, headers, Bytes::new()),
        Body::Full(bytes) => {
            // A copy: the bytes may be a slice of something much longer.
            ticket.keep(status, headers, Bytes::copy_from_slice(&bytes));
            response.body = Body::Full(bytes);
        }
        rest => {
            response.body = Body::Stream(Box::new(Passing {
                body: rest,
                length,
                seen: BytesMut::new(),
                ticket: Some((ticket, status, headers)),
            }));
        }
    }
    Ok(())
}

/// A body on its way to the viewer, remembered as far as it may be kept.
struct Passing {
    body: Body,
    /// The whole of it, where it was declared.
    length: Option<u64>,
    seen: BytesMut,
    ticket: Option<(Ticket, u16, HeaderList)>,
}

impl ChunkSource for Passing {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        let next = match self.body.poll_next(context) {
            Poll::Pending => return Poll::Pending,
            Poll::Ready(next) => next,
        };
        match &next {
            Some(Ok(chunk)) if self.ticket.is_some() => {
                if self.seen.len().saturating_add(chunk.len()) > OBJECT_BYTES_MAX {
                    self.ticket = None;
                    self.seen = BytesMut::new();
                } else {
                    self.seen.extend_from_slice(chunk);
                }
            }
            Some(Ok(_)) => {}
            // What broke off is nobody's answer.
            Some(Err(_)) => self.ticket = None,
            None => {}
        }
        let declared = self.length.is_some_and(|length| self.seen.len() as u64 == length);
        if (next.is_none() || declared)
            && let Some((ticket, status, headers)) = self.ticket.take()
        {
            ticket.keep(status, headers, std::mem::take(&mut self.seen).freeze());
        }
        Poll::Ready(next)
    }

    fn length(&self) -> Option<u64> {
        self.body.length()
    }
}
