//! Bodies of requests, decoded as they are read: nothing is decoded that no layer asks for, and never more than a limit.

use std::{
    cell::RefCell,
    rc::Rc,
    task::{Context, Poll},
};

use bytes::{Buf as _, Bytes};
use miniz_oxide::{
    DataFormat, MZError, MZFlush, MZStatus,
    inflate::stream::{InflateState, inflate},
};

use super::{Coding, crc32::Crc32};
use crate::http::{
    Body, BodyError,
    body::ChunkSource,
    memory::{BODIES, Collected},
};

/// Decoded at once, in bytes.
const CHUNK_BYTES: usize = 16 * 1024;
/// The longest head of a gzip member, in bytes: names and comments are of no use here.
const GZIP_HEAD_BYTES_MAX: usize = 1_024;
const GZIP_TRAILER_BYTES: usize = 8;

/// What came before it was decoded, for a signature over it.
pub(crate) type Sent = Rc<RefCell<Collected>>;

/// A body that is decoded as it is read. `limit_bytes` holds for what comes in and for what comes out.
pub(crate) struct Decoding {
    source: Body,
    decoder: Decoder,
    input: Bytes,
    sent: Option<Sent>,
    bytes_in: usize,
    bytes_out: usize,
    limit_bytes: usize,
}

impl Decoding {
    pub(crate) fn new(source: Body, coding: Coding, sent: Option<Sent>, limit_bytes: usize) -> Self {
        Self {
            source,
            decoder: Decoder::new(coding),
            input: Bytes::new(),
            sent,
            bytes_in: 0,
            bytes_out: 0,
            limit_bytes,
        }
    }

    /// Decodes what is there; none where more must come in first.
    fn decode(&mut self) -> Result<Option<Bytes>, BodyError> {
        if self.input.is_empty() && !self.decoder.holds_more {
            return Ok(None);
        }
        // Once for all steps: a stranger can send members of gzip without content, of twenty bytes each.
        let mut output = vec![0; CHUNK_BYTES];
        while !self.input.is_empty() || self.decoder.holds_more {
            let written = self
                .decoder
                .step(&mut self.input, &mut output)
                .map_err(|cause| BodyError::Miscoded(cause.to_owned()))?;
            if written > 0 {
                self.bytes_out += written;
                self.check(self.bytes_out)?;
                output.truncate(written);
                return Ok(Some(output.into()));
            }
        }
        Ok(None)
    }

    fn take_in(&mut self, chunk: Bytes) -> Result<(), BodyError> {
        self.bytes_in += chunk.len();
        self.check(self.bytes_in)?;
        if let Some(sent) = &self.sent {
            sent.borrow_mut().push(&chunk)?;
        }
        self.input = chunk;
        Ok(())
    }

    const fn check(&self, bytes: usize) -> Result<(), BodyError> {
        if bytes > self.limit_bytes {
            return Err(BodyError::TooLarge {
                limit_bytes: self.limit_bytes,
            });
        }
        Ok(())
    }
}

impl ChunkSource for Decoding {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        loop {
            match self.decode() {
                Ok(Some(chunk)) => return Poll::Ready(Some(Ok(chunk))),
                Ok(None) => {}
                Err(cause) => return Poll::Ready(Some(Err(cause))),
            }
            let next = match self.source.poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(next) => next,
            };
            match next {
                Some(Ok(chunk)) => {
                    if let Err(cause) = self.take_in(chunk) {
                        return Poll::Ready(Some(Err(cause)));
                    }
                }
                Some(Err(cause)) => return Poll::Ready(Some(Err(cause))),
                None if self.bytes_in == 0 || self.decoder.is_complete() => return Poll::Ready(None),
                None => {
                    let cause = BodyError::Miscoded("it ends too early".to_owned());
                    return Poll::Ready(Some(Err(cause)));
                }
            }
        }
    }
}

/// Returns an account of what a body is sent as.
pub(crate) fn sent() -> Sent {
    Rc::new(RefCell::new(Collected::new(&BODIES)))
}

enum State {
    /// What is there of the head of a gzip member.
    Head(Vec<u8>),
    Data,
    /// What is there of the end of a gzip member.
    Trailer(Vec<u8>),
    /// All is there. Of gzip another member may follow (RFC 1952 section 2.2).
    Complete,
}

struct Decoder {
    coding: Coding,
    state: State,
    inflate: Box<InflateState>,
    crc: Crc32,
    /// The last step filled its output: there may be more without more input.
    holds_more: bool,
}

impl Decoder {
    fn new(coding: Coding) -> Self {
        let (state, format) = match coding {
            Coding::Gzip => (State::Head(Vec::new()), DataFormat::Raw),
            Coding::Deflate => (State::Data, DataFormat::Zlib),
        };
        Self {
            coding,
            state,
            inflate: InflateState::new_boxed(format),
            crc: Crc32::new(),
            holds_more: false,
        }
    }

    const fn is_complete(&self) -> bool {
        matches!(self.state, State::Complete)
    }

    /// Goes on by one step: takes from `input`, and returns how much of `output` it filled.
    fn step(&mut self, input: &mut Bytes, output: &mut [u8]) -> Result<usize, &'static str> {
        match &mut self.state {
            State::Head(head) => {
                let before = head.len();
                head.extend_from_slice(
                    input
                        .get(..GZIP_HEAD_BYTES_MAX.min(input.len()))
                        .unwrap_or_default(),
                );
                match gzip_head(head)? {
                    Some(length) => {
                        input.advance(length.saturating_sub(before).min(input.len()));
                        self.state = State::Data;
                    }
                    None if head.len() >= GZIP_HEAD_BYTES_MAX => return Err("the head of gzip is too long"),
                    None => input.clear(),
                }
                Ok(0)
            }
            State::Data => self.inflate(input, output),
            State::Trailer(trailer) => {
                let missing = GZIP_TRAILER_BYTES.saturating_sub(trailer.len()).min(input.len());
                trailer.extend_from_slice(&input.split_to(missing));
                if trailer.len() == GZIP_TRAILER_BYTES {
                    if *trailer != self.crc.trailer() {
                        return Err("the checksum is wrong");
                    }
                    self.state = State::Complete;
                }
                Ok(0)
            }
            State::Complete if self.coding == Coding::Gzip => {
                self.state = State::Head(Vec::new());
                self.inflate.reset(DataFormat::Raw);
                self.crc = Crc32::new();
                Ok(0)
            }
            State::Complete => Err("something follows its end"),
        }
    }

    fn inflate(&mut self, input: &mut Bytes, output: &mut [u8]) -> Result<usize, &'static str> {
        let result = inflate(&mut self.inflate, input, output, MZFlush::None);
        input.advance(result.bytes_consumed.min(input.len()));
        let written = result.bytes_written;
        self.holds_more = written == output.len();
        if self.coding == Coding::Gzip {
            self.crc.add(output.get(..written).unwrap_or_default());
        }
        match result.status {
            Ok(MZStatus::StreamEnd) => {
                self.holds_more = false;
                self.state = match self.coding {
                    Coding::Gzip => State::Trailer(Vec::new()),
                    Coding::Deflate => State::Complete,
                };
                Ok(written)
            }
            // It wants more input.
            Ok(_) | Err(MZError::Buf) if written > 0 || input.is_empty() => Ok(written),
            _ => Err("its data is broken"),
        }
    }
}

/// Returns how long the head of a gzip member is, once all of it is there (RFC 1952 section 2.3).
fn gzip_head(head: &[u8]) -> Result<Option<usize>, &'static str> {
    const EXTRA: u8 = 4;
    const NAME: u8 = 8;
    const COMMENT: u8 = 16;
    const HEAD_CRC: u8 = 2;
    let magic = [0x1f, 0x8b, 8];
    let known = head.len().min(magic.len());
    if head.get(..known) != magic.get(..known) {
        return Err("it is no gzip");
    }
    let (Some(flags), true) = (head.get(3).copied(), head.len() >= 10) else {
        return Ok(None);
    };
    if flags & 0xe0 != 0 {
        return Err("it has flags of gzip that nobody knows");
    }
    let mut at = 10;
    if flags & EXTRA != 0 {
        let Some([low, high]) = head.get(at..at + 2) else {
            return Ok(None);
        };
        at += 2 + usize::from(u16::from_le_bytes([*low, *high]));
        if at > GZIP_HEAD_BYTES_MAX {
            return Err("the head of gzip is too long");
        }
    }
    for text in [NAME, COMMENT] {
        if flags & text != 0 {
            let Some(end) = head.get(at..).and_then(|rest| memchr::memchr(0, rest)) else {
                return Ok(None);
            };
            at += end + 1;
        }
    }
    if flags & HEAD_CRC != 0 {
        at += 2;
    }
    Ok((head.len() >= at).then_some(at))
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::http::coding::encode::encode_whole;

    /// Chunks of a body.
    struct Chunks(VecDeque<Bytes>);

    impl ChunkSource for Chunks {
        fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
            Poll::Ready(self.0.pop_front().map(Ok))
        }
    }

    fn block_on<F: Future>(future: F) -> F::Output {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(future)
    }

    fn decode_in(coded: &[u8], coding: Coding, chunk: usize, limit_bytes: usize) -> Result<Bytes, BodyError> {
        let chunks = coded.chunks(chunk.max(1)).map(Bytes::copy_from_slice).collect();
        let source = Body::Stream(Box::new(Chunks(chunks)));
        let decoding = Decoding::new(source, coding, None, limit_bytes);
        block_on(Body::Stream(Box::new(decoding)).read_whole(usize::MAX))
    }

    fn text() -> Vec<u8> {
        (0..20_000u32)
            .flat_map(|number| number.wrapping_mul(2_654_435_761).to_string().into_bytes())
            .collect()
    }

    #[test]
    fn what_was_encoded_comes_back_however_it_is_cut() {
        for coding in [Coding::Gzip, Coding::Deflate] {
            for text in [Vec::new(), b"x".to_vec(), text(), vec![b'a'; 300_000]] {
                let coded = encode_whole(&text, coding);
                for chunk in [1, 7, 4_096, usize::MAX] {
                    if chunk == 1 && coded.len() > 5_000 {
                        continue;
                    }
                    let back = decode_in(&coded, coding, chunk, usize::MAX).unwrap();
                    assert!(back == text, "{coding:?} {} in {chunk}", text.len());
                }
            }
        }
    }

    #[test]
    fn bomb_ends_at_the_limit_and_so_does_an_endless_input() {
        for coding in [Coding::Gzip, Coding::Deflate] {
            let bomb = encode_whole(&vec![0; 50_000_000], coding);
            assert!(bomb.len() < 100_000);
            let refused = decode_in(&bomb, coding, usize::MAX, 100_000);
            assert_eq!(
                refused,
                Err(BodyError::TooLarge { limit_bytes: 100_000 }),
                "{coding:?}"
            );
        }
        // Members without content: nothing ever comes out.
        let empty = encode_whole(b"", Coding::Gzip).repeat(10_000);
        assert_eq!(
            decode_in(&empty, Coding::Gzip, 1_000, 50_000),
            Err(BodyError::TooLarge { limit_bytes: 50_000 })
        );
    }

    #[test]
    fn members_of_gzip_follow_one_another() {
        let two = [
            encode_whole(b"one", Coding::Gzip),
            encode_whole(b"two", Coding::Gzip),
        ]
        .concat();
        assert_eq!(decode_in(&two, Coding::Gzip, 3, 100).unwrap().as_ref(), b"onetwo");
    }

    #[test]
    fn head_with_everything_in_it_is_passed_over() {
        let plain = encode_whole(b"here", Coding::Gzip);
        let mut whole = vec![0x1f, 0x8b, 8, 2 | 4 | 8 | 16, 0, 0, 0, 0, 0, 3];
        whole.extend_from_slice(b"\x03\x00abcname\0comment\0\x12\x34");
        whole.extend_from_slice(&plain[10..]);
        for chunk in [1, 5, usize::MAX] {
            assert_eq!(
                decode_in(&whole, Coding::Gzip, chunk, 100).unwrap().as_ref(),
                b"here"
            );
        }
        let mut long = vec![0x1f, 0x8b, 8, 8, 0, 0, 0, 0, 0, 3];
        long.extend_from_slice(&[b'n'; 2_000]);
        assert!(matches!(
            decode_in(&long, Coding::Gzip, 100, 10_000),
            Err(BodyError::Miscoded(_))
        ));
    }

    #[test]
    fn what_is_not_coded_so_is_refused() {
        let gzip = encode_whole(&text(), Coding::Gzip);
        let zlib = encode_whole(&text(), Coding::Deflate);
        let raw = miniz_oxide::deflate::compress_to_vec(b"raw deflate is no zlib", 6);
        let mut checksum = gzip.clone();
        *checksum.iter_mut().rev().nth(6).unwrap() ^= 1;
        for (coding, body) in [
            (Coding::Gzip, b"{\"plain\":true}".to_vec()),
            (Coding::Deflate, b"{\"plain\":true}".to_vec()),
            (Coding::Gzip, zlib.clone()),
            (Coding::Deflate, gzip.clone()),
            (Coding::Deflate, raw),
            (Coding::Gzip, gzip[..gzip.len() - 1].to_vec()),
            (Coding::Gzip, gzip[..gzip.len() / 2].to_vec()),
            (Coding::Deflate, zlib[..zlib.len() - 1].to_vec()),
            (Coding::Gzip, checksum),
            (Coding::Gzip, [gzip.as_slice(), b"more"].concat()),
            (Coding::Deflate, [zlib.as_slice(), b"more"].concat()),
        ] {
            let refused = decode_in(&body, coding, 1_000, usize::MAX);
            assert!(
                matches!(refused, Err(BodyError::Miscoded(_))),
                "{coding:?} {:?}",
                &body[..4]
            );
        }
        assert_eq!(decode_in(b"", Coding::Gzip, 1, 100).unwrap().len(), 0);
    }

    #[test]
    fn no_bytes_make_it_run_on_or_fall() {
        let mut state = 0x9e37_79b9_7f4a_7c15u64;
        let mut next = move || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for coding in [Coding::Gzip, Coding::Deflate] {
            let good = encode_whole(&text()[..3_000], coding);
            for round in 0..2_000 {
                let mut body = if round % 4 == 0 {
                    (0..next() % 200).map(|_| next().to_le_bytes()[0]).collect()
                } else {
                    good.clone()
                };
                for _ in 0..next() % 4 {
                    let at = usize::try_from(next()).unwrap() % body.len().max(1);
                    if let Some(byte) = body.get_mut(at) {
                        *byte = next().to_le_bytes()[0];
                    }
                }
                let chunk = 1 + usize::try_from(next()).unwrap() % 300;
                drop(decode_in(&body, coding, chunk, 1_000_000));
            }
        }
    }
}
