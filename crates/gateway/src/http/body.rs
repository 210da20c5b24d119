//! A body as a stream of chunks. The limit is kept by whoever reads it whole; streams pass unbuffered.

use std::{
    collections::VecDeque,
    fmt,
    future::poll_fn,
    task::{Context, Poll},
};

use bytes::Bytes;
use portcullis_egress::AnswerBody;

use super::{
    memory::{BODIES, Collected},
    websocket::Tunnel,
};

/// Why a body did not come whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BodyError {
    /// It is longer than its reader takes.
    #[error("the body exceeds {limit_bytes} bytes")]
    TooLarge { limit_bytes: usize },
    /// All bodies together take as much memory as they may.
    #[error("there is no room for another body now")]
    NoRoom,
    /// The sender took too long.
    #[error("the body did not arrive in time")]
    TimedOut,
    /// It is not coded as its sender says.
    #[error("the body is not coded as `Content-Encoding` says: {0}")]
    Miscoded(String),
    /// The sender broke off or broke the framing.
    #[error("the body broke off: {0}")]
    Broken(String),
}

/// Something that yields a body chunk by chunk; stays on its thread. Polled, so that a stream costs no allocation
/// per chunk; [`Body::next`] is the form to await.
pub trait ChunkSource {
    /// Returns the next chunk, none at the end. Not polled again after the end or an error.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>>;

    /// Returns the length in bytes of what is still to come, where the sender declared it.
    fn length(&self) -> Option<u64> {
        None
    }

    /// Returns the answer of a backend that it is, and nothing else, where it can pass unread.
    fn passing(&mut self) -> Option<&mut AnswerBody> {
        None
    }
}

/// A body.
#[derive(Default)]
pub enum Body {
    #[default]
    Empty,
    Full(Bytes),
    Stream(Box<dyn ChunkSource>),
    /// Chunks that a layer has read already, then the rest.
    Replay(VecDeque<Bytes>, Box<Body>),
    /// The way to a backend that switched protocols: no body, and only the edge opens it.
    Tunnel(Box<Tunnel>),
}

impl Body {
    /// Returns the next chunk, none at the end.
    pub async fn next(&mut self) -> Option<Result<Bytes, BodyError>> {
        poll_fn(|context| self.poll_next(context)).await
    }

    /// Polls for the next chunk, none at the end.
    pub fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            match self {
                Self::Empty | Self::Tunnel(_) => return Poll::Ready(None),
                Self::Full(_) => {
                    let Self::Full(bytes) = std::mem::take(self) else {
                        return Poll::Ready(None);
                    };
                    return Poll::Ready(if bytes.is_empty() { None } else { Some(Ok(bytes)) });
                }
                Self::Stream(source) => return source.poll_next(context),
                Self::Replay(chunks, rest) => {
                    if let Some(chunk) = chunks.pop_front() {
                        return Poll::Ready(Some(Ok(chunk)));
                    }
                    let rest = std::mem::take(rest.as_mut());
                    *self = rest;
                }
            }
        }
    }

    /// Returns the length in bytes where it is known.
    pub fn length(&self) -> Option<u64> {
        match self {
            Self::Empty | Self::Tunnel(_) => Some(0),
            Self::Full(bytes) => Some(bytes.len() as u64),
            Self::Stream(source) => source.length(),
            Self::Replay(chunks, rest) => {
                let read: u64 = chunks.iter().map(|chunk| chunk.len() as u64).sum();
                rest.length().map(|rest| rest + read)
            }
        }
    }

    /// Returns the answer of a backend that it is, where it can pass unread.
    pub(crate) fn passing(&mut self) -> Option<&mut AnswerBody> {
        match self {
            Self::Stream(source) => source.passing(),
            Self::Empty | Self::Full(_) | Self::Replay(..) | Self::Tunnel(_) => None,
        }
    }

    /// Reads the first `wanted` bytes, or all when there are fewer, and puts them back in front of the rest: in one piece, however
    /// small the pieces were that they came in.
    pub async fn read_prefix(&mut self, wanted: usize) -> Result<Bytes, BodyError> {
        if let Self::Full(bytes) = self {
            return Ok(bytes.slice(..wanted.min(bytes.len())));
        }
        let mut read = Collected::new(&BODIES);
        while read.len() < wanted {
            let Some(chunk) = self.next().await else {
                // It has ended, and is not asked again.
                let whole = read.freeze();
                *self = Self::Full(whole.clone());
                return Ok(whole);
            };
            let chunk = chunk?;
            if let Err(no_room) = read.push(&chunk) {
                self.put_back([read.freeze(), chunk]);
                return Err(no_room);
            }
        }
        let read = read.freeze();
        self.put_back([read.clone()]);
        Ok(read.slice(..wanted))
    }

    fn put_back(&mut self, chunks: impl Into<VecDeque<Bytes>>) {
        let rest = std::mem::take(self);
        *self = Self::Replay(chunks.into(), Box::new(rest));
    }

    /// Reads all of it, up to `limit_bytes`.
    pub async fn read_whole(&mut self, limit_bytes: usize) -> Result<Bytes, BodyError> {
        if self.length().is_some_and(|length| length > limit_bytes as u64) {
            return Err(BodyError::TooLarge { limit_bytes });
        }
        if let Self::Full(bytes) = self {
            return Ok(std::mem::take(bytes));
        }
        let mut whole = Collected::new(&BODIES);
        while let Some(chunk) = self.next().await {
            let chunk = chunk?;
            if whole.len().saturating_add(chunk.len()) > limit_bytes {
                return Err(BodyError::TooLarge { limit_bytes });
            }
            whole.push(&chunk)?;
        }
        Ok(whole.freeze())
    }
}

impl fmt::Debug for Body {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Body({:?} bytes)", self.length())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn body(chunks: impl IntoIterator<Item = &'static str>) -> Body {
        let chunks: VecDeque<_> = chunks
            .into_iter()
            .map(|text| Bytes::from_static(text.as_bytes()))
            .collect();
        Body::Replay(chunks, Box::new(Body::Empty))
    }

    #[tokio::test]
    async fn a_prefix_is_read_and_put_back_in_one_piece_and_counted_as_long_as_somebody_has_it() {
        let mut body = body(["a", "bc", "d", "ef"]);
        let prefix = body.read_prefix(3).await.unwrap();
        assert_eq!(prefix, "abc");
        assert!(BODIES.held() >= 3, "ours");
        assert_eq!(body.read_prefix(4).await.unwrap(), "abcd");
        let mut rest = Vec::new();
        while let Some(chunk) = body.next().await {
            rest.push(chunk.unwrap());
        }
        assert_eq!(rest, ["abcd", "ef"]);
        let mut short = super::tests::body(["a", "b"]);
        assert_eq!(short.read_prefix(9).await.unwrap(), "ab");
        assert!(matches!(short, Body::Full(whole) if whole == "ab"));
    }
}
