//! The body of an exchange: read as far as the layers need it, decoded where it came coded, put back for whoever comes after.

use bytes::Bytes;

use super::{BODY_BYTES_MAX, BodyNeed, Exchange};
use crate::{
    http::{
        Body, BodyError,
        coding::{
            Coding,
            decode::{self, Decoding},
        },
    },
    layers::authorizer::signature,
};

impl Exchange {
    /// Returns what the client sent of what was read of the body: of one that came coded, the coded bytes.
    pub(crate) fn body_as_sent(&self) -> Bytes {
        match &self.sent {
            Some(sent) => Bytes::copy_from_slice(sent.borrow().as_ref()),
            None => self.body_read.clone(),
        }
    }

    /// Tells whether the body came coded and is decoded as it is read.
    pub(crate) const fn is_decoded(&self) -> bool {
        self.is_decoded
    }

    /// Written with the stage: from here on the body is what it was before it was coded, for every layer.
    pub(crate) fn decode_body(&mut self, coding: Coding) {
        let body = std::mem::take(&mut self.request.body);
        let sent = signature::may_be_signed(&self.request).then(decode::sent);
        let decoding = Decoding::new(body, coding, sent.clone(), BODY_BYTES_MAX);
        self.request.body = Body::Stream(Box::new(decoding));
        self.sent = sent;
        self.is_decoded = true;
    }

    /// Written by the pipeline behind the authorizer, which may have to judge them: what is said of a coding and of a length
    /// is not true of what follows.
    pub(crate) fn forget_coding(&mut self) {
        if self.is_decoded {
            self.sent = None;
            self.request.headers.remove(b"content-encoding");
            self.request.headers.remove(b"content-length");
        }
    }

    /// Takes the body to send it on: what was read already, then the rest.
    pub(crate) fn take_body(&mut self) -> Body {
        std::mem::take(&mut self.request.body)
    }

    /// Written by the pipeline: reads as much of the body as `need` asks for, and puts it back in front of the rest.
    pub(crate) async fn read_body(&mut self, need: BodyNeed) -> Result<(), BodyError> {
        let (wanted, limit) = match need {
            BodyNeed::None => return Ok(()),
            BodyNeed::Prefix(bytes) => (bytes, None),
            BodyNeed::Whole(bytes) => (usize::MAX, Some(bytes)),
        };
        if let Some(limit_bytes) = limit {
            self.body_read = self.request.body.read_whole(limit_bytes).await?;
            self.request.body = Body::Full(self.body_read.clone());
            return Ok(());
        }
        if self.body_read.len() >= wanted {
            return Ok(());
        }
        self.body_read = self.request.body.read_prefix(wanted).await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{
        cell::Cell,
        rc::Rc,
        sync::Arc,
        task::{Context, Poll},
        time::Instant,
    };

    use portcullis_model::{HeaderList, Timestamp};

    use super::*;
    use crate::{
        hosts::{HostSettings, Hosts},
        http::{Listener, Peer, Request, Version, body::ChunkSource},
        snapshot::{Snapshot, Taken},
    };

    /// Ten chunks of three bytes; counts how many were asked for.
    struct Chunks(Rc<Cell<u8>>);

    impl ChunkSource for Chunks {
        fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
            let at = self.0.get();
            self.0.set(at + 1);
            Poll::Ready((at < 10).then(|| Ok(Bytes::from(vec![b'0' + at; 3]))))
        }
    }

    fn exchange(body: Body) -> Exchange {
        let hosts = Hosts::compile(&HostSettings {
            region: "us-east-1".into(),
            domain: "portcullis.localhost".into(),
            path_forms: false,
            listener_addresses: Vec::new(),
            services: Vec::new(),
            issuer_host: None,
        });
        let request = Request {
            method: Bytes::from_static(b"POST"),
            target: Bytes::from_static(b"/prod/x").into(),
            authority: Arc::default(),
            version: Version::Http11,
            headers: HeaderList::new(),
            body,
            proxy: None,
            peer: Peer {
                address: "127.0.0.1:1".parse().unwrap(),
                listener: Listener::Public,
                tls: None,
            },
        };
        let snapshot = Taken::new(Arc::new(Snapshot::new(hosts)));
        Exchange::start(
            Box::new(request),
            snapshot,
            "a".into(),
            0,
            1,
            Timestamp(0),
            Instant::now(),
        )
    }

    /// One chunk of a declared length, less and less of it to come.
    struct Declared(Option<Bytes>);

    impl ChunkSource for Declared {
        fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
            Poll::Ready(self.0.take().map(Ok))
        }

        fn length(&self) -> Option<u64> {
            Some(self.0.as_ref().map_or(0, |chunk| chunk.len() as u64))
        }
    }

    #[test]
    fn length_stays_the_same_however_much_was_read() {
        for need in [BodyNeed::Prefix(3), BodyNeed::Prefix(100), BodyNeed::Whole(100)] {
            let source = Declared(Some(Bytes::from_static(b"12345")));
            let mut exchange = exchange(Body::Stream(Box::new(source)));
            block_on(exchange.read_body(need)).unwrap();
            let mut body = exchange.take_body();
            assert_eq!(body.length(), Some(5), "{need:?}");
            let whole = block_on(body.read_whole(100)).unwrap();
            assert_eq!(whole.as_ref(), b"12345", "{need:?}");
        }
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(future)
    }

    #[test]
    fn no_more_is_read_than_the_need_and_all_is_replayed() {
        let asked = Rc::new(Cell::new(0));
        let mut exchange = exchange(Body::Stream(Box::new(Chunks(Rc::clone(&asked)))));
        block_on(async {
            exchange.read_body(BodyNeed::None).await.unwrap();
            assert_eq!(asked.get(), 0);
            exchange.read_body(BodyNeed::Prefix(4)).await.unwrap();
            assert_eq!(
                (asked.get(), exchange.body_read().as_ref()),
                (2, b"0001".as_slice())
            );
            exchange.read_body(BodyNeed::Prefix(3)).await.unwrap();
            assert_eq!(asked.get(), 2);
            exchange.read_body(BodyNeed::Prefix(7)).await.unwrap();
            assert_eq!(
                (asked.get(), exchange.body_read().as_ref()),
                (3, b"0001112".as_slice())
            );
            let all = exchange.take_body().read_whole(100).await.unwrap();
            assert_eq!(all.as_ref(), b"000111222333444555666777888999");
        });
    }

    #[test]
    fn whole_body_over_the_limit_is_refused_and_within_it_kept() {
        let stream = || Body::Stream(Box::new(Chunks(Rc::new(Cell::new(0)))));
        block_on(async {
            let mut long = exchange(stream());
            let refused = long.read_body(BodyNeed::Whole(29)).await;
            assert_eq!(refused, Err(BodyError::TooLarge { limit_bytes: 29 }));
            let mut fitting = exchange(stream());
            fitting.read_body(BodyNeed::Whole(30)).await.unwrap();
            assert_eq!(fitting.body_read().len(), 30);
            fitting.read_body(BodyNeed::Prefix(5)).await.unwrap();
            assert_eq!(fitting.take_body().read_whole(30).await.unwrap().len(), 30);
        });
    }
}
