//! One answer that is kept: in clear, or sealed where the stage wants its data encrypted.

use bytes::Bytes;
use portcullis_model::{HeaderList, Timestamp};

use super::{CACHES, CacheKey, OVERHEAD_BYTES};
use crate::{
    http::{Body, Response},
    ports::Sealing,
};

/// An answer that is kept. Its bytes are on the account of all stages until the last who has it lets it go.
pub(crate) struct Kept {
    content: Content,
    expires: Timestamp,
    bytes: usize,
}

enum Content {
    Plain {
        status: u16,
        headers: HeaderList,
        body: Bytes,
    },
    Sealed(Box<str>),
}

impl Kept {
    /// Keeps an answer as it is; none where there is no room. `key_bytes` are those of its key.
    pub(crate) fn plain(
        status: u16,
        headers: HeaderList,
        body: Bytes,
        key_bytes: usize,
        expires: Timestamp,
    ) -> Option<Self> {
        let head: usize = headers
            .iter()
            .map(|(name, value)| name.len() + value.len() + 64)
            .sum();
        let bytes = head + body.len() + key_bytes + OVERHEAD_BYTES;
        let content = Content::Plain {
            status,
            headers,
            body,
        };
        Self::counted(content, bytes, expires)
    }

    /// Keeps an answer sealed under the vault, bound to the stage and to its key.
    pub(crate) fn sealed(
        response: (u16, &HeaderList, &[u8]),
        purpose: &str,
        key: &CacheKey,
        sealing: &dyn Sealing,
        expires: Timestamp,
    ) -> Option<Self> {
        let sealed = sealing.seal(purpose, &packed(response))?;
        let bytes = sealed.len() + key.bytes().len() + OVERHEAD_BYTES;
        Self::counted(Content::Sealed(sealed.into()), bytes, expires)
    }

    fn counted(content: Content, bytes: usize, expires: Timestamp) -> Option<Self> {
        CACHES.take(bytes).ok()?;
        Some(Self {
            content,
            expires,
            bytes,
        })
    }

    pub(crate) const fn expires(&self) -> Timestamp {
        self.expires
    }

    pub(crate) const fn bytes(&self) -> usize {
        self.bytes
    }

    /// Returns the answer; none where it cannot be opened, which is as if it were not there.
    pub(crate) fn response(&self, purpose: &str, sealing: &dyn Sealing) -> Option<Response> {
        match &self.content {
            Content::Plain {
                status,
                headers,
                body,
            } => Some(Response {
                status: *status,
                headers: headers.clone(),
                body: Body::Full(body.clone()),
            }),
            Content::Sealed(sealed) => unpacked(&sealing.unseal(purpose, sealed)?),
        }
    }
}

impl Drop for Kept {
    fn drop(&mut self) {
        CACHES.release(self.bytes);
    }
}

/// Status, number of fields, fields and body, each with its length in front.
fn packed((status, headers, body): (u16, &HeaderList, &[u8])) -> Vec<u8> {
    let mut packed = status.to_le_bytes().to_vec();
    let mut put = |bytes: &[u8]| {
        packed.extend_from_slice(&(bytes.len() as u64).to_le_bytes());
        packed.extend_from_slice(bytes);
    };
    put(body);
    for (name, value) in headers.iter() {
        put(name);
        put(value);
    }
    packed
}

fn unpacked(mut packed: &[u8]) -> Option<Response> {
    let (status, rest) = packed.split_first_chunk::<2>()?;
    packed = rest;
    let mut take = || -> Option<Bytes> {
        let (length, rest) = packed.split_first_chunk::<8>()?;
        let length = usize::try_from(u64::from_le_bytes(*length)).ok()?;
        let (bytes, rest) = rest.split_at_checked(length)?;
        packed = rest;
        Some(Bytes::copy_from_slice(bytes))
    };
    let body = take()?;
    let mut headers = HeaderList::new();
    while let Some(name) = take() {
        headers.push(name, take()?);
    }
    Some(Response {
        status: u16::from_le_bytes(*status),
        headers,
        body: Body::Full(body),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_packed_comes_back() {
        let mut headers = HeaderList::new();
        headers.push("Content-Type", "text/plain");
        headers.push("X-Empty", "");
        headers.push("X-Empty", "two");
        let back = unpacked(&packed((203, &headers, b"body"))).unwrap();
        let fields: Vec<_> = back.headers.iter().collect();
        assert_eq!((back.status, fields.len()), (203, 3));
        assert_eq!(
            back.headers
                .all("x-empty")
                .map(|value| value.len())
                .collect::<Vec<_>>(),
            [0, 3]
        );
        assert!(matches!(back.body, Body::Full(body) if *body == *b"body"));
        assert!(unpacked(b"\xc8\x00\xff\xff\xff\xff\xff\xff\xff\xff").is_none());
        assert!(unpacked(b"").is_none());
    }
}
