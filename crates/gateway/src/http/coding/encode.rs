//! Bodies of answers, encoded: short ones at once, others as they stream.

use std::task::{Context, Poll};

use bytes::Bytes;
use miniz_oxide::{
    DataFormat, MZFlush, MZStatus,
    deflate::{
        CompressionLevel, compress_to_vec, compress_to_vec_zlib, core::CompressorOxide, stream::deflate,
    },
};

use super::{Coding, crc32::Crc32};
use crate::http::{Body, BodyError, body::ChunkSource};

const LEVEL: u8 = 6;
/// Encoded at once, in bytes.
const INPUT_BYTES: usize = 64 * 1024;
const OUTPUT_BYTES: usize = 16 * 1024;
/// gzip, deflated, no name, no time, of an unknown system.
const GZIP_HEAD: [u8; 10] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff];

/// Encodes a body that is there as a whole.
pub(crate) fn encode_whole(body: &[u8], coding: Coding) -> Vec<u8> {
    match coding {
        Coding::Deflate => compress_to_vec_zlib(body, LEVEL),
        Coding::Gzip => {
            let mut crc = Crc32::new();
            crc.add(body);
            let data = compress_to_vec(body, LEVEL);
            [&GZIP_HEAD[..], &data, &crc.trailer()].concat()
        }
    }
}

/// A body that is encoded as it streams: what comes in goes out at once, so that nobody waits for a full block.
pub(crate) struct Encoding {
    source: Body,
    compressor: Box<CompressorOxide>,
    input: Bytes,
    crc: Option<Crc32>,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Head,
    Data,
    Done,
}

impl Encoding {
    pub(crate) fn new(source: Body, coding: Coding) -> Self {
        let format = match coding {
            Coding::Gzip => DataFormat::Raw,
            Coding::Deflate => DataFormat::Zlib,
        };
        let compressor = CompressorOxide::with_format_and_level(format, CompressionLevel::DefaultLevel);
        Self {
            source,
            compressor: Box::new(compressor),
            input: Bytes::new(),
            crc: (coding == Coding::Gzip).then(Crc32::new),
            state: State::Head,
        }
    }

    /// Encodes the next part of the input, or the end.
    fn encode(&mut self, is_end: bool) -> Result<Bytes, BodyError> {
        let part = self.input.split_to(self.input.len().min(INPUT_BYTES));
        let flush = match (is_end, self.input.is_empty()) {
            (true, _) => MZFlush::Finish,
            (false, true) => MZFlush::Sync,
            (false, false) => MZFlush::None,
        };
        let mut output = Vec::new();
        if self.state == State::Head {
            self.state = State::Data;
            if self.crc.is_some() {
                output.extend_from_slice(&GZIP_HEAD);
            }
        }
        if let Some(crc) = &mut self.crc {
            crc.add(&part);
        }
        let mut rest = part.as_ref();
        let mut buffer = vec![0; OUTPUT_BYTES];
        loop {
            let result = deflate(&mut self.compressor, rest, &mut buffer, flush);
            output.extend_from_slice(buffer.get(..result.bytes_written).unwrap_or_default());
            rest = rest.get(result.bytes_consumed..).unwrap_or_default();
            match result.status {
                Ok(MZStatus::StreamEnd) => break,
                Ok(_) if !rest.is_empty() || result.bytes_written == buffer.len() => {}
                Ok(_) | Err(miniz_oxide::MZError::Buf) if !is_end => break,
                _ => return Err(BodyError::Broken("it cannot be encoded".to_owned())),
            }
        }
        if is_end {
            self.state = State::Done;
            output.extend(self.crc.into_iter().flat_map(Crc32::trailer));
        }
        Ok(output.into())
    }
}

impl ChunkSource for Encoding {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
        if self.state == State::Done {
            return Poll::Ready(None);
        }
        loop {
            if !self.input.is_empty() {
                let chunk = self.encode(false);
                if chunk.as_ref().is_ok_and(Bytes::is_empty) {
                    continue;
                }
                return Poll::Ready(Some(chunk));
            }
            match self.source.poll_next(context) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(Some(Ok(chunk))) => self.input = chunk,
                Poll::Ready(Some(Err(cause))) => return Poll::Ready(Some(Err(cause))),
                Poll::Ready(None) => return Poll::Ready(Some(self.encode(true))),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::http::coding::decode::Decoding;

    struct Chunks(VecDeque<Bytes>);

    impl ChunkSource for Chunks {
        fn poll_next(&mut self, _: &mut Context<'_>) -> Poll<Option<Result<Bytes, BodyError>>> {
            Poll::Ready(self.0.pop_front().map(Ok))
        }
    }

    #[test]
    fn every_chunk_goes_out_at_once_and_all_comes_back() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        for coding in [Coding::Gzip, Coding::Deflate] {
            for parts in [vec![], vec!["one"], vec!["one", "two", "three"], vec!["x"; 500]] {
                let parts: Vec<Bytes> = parts
                    .into_iter()
                    .map(|part| Bytes::from(part.repeat(1_000)))
                    .collect();
                let whole = parts.concat();
                let source = Body::Stream(Box::new(Chunks(parts.iter().cloned().collect())));
                let mut encoding = Body::Stream(Box::new(Encoding::new(source, coding)));
                let mut chunks = VecDeque::new();
                while let Some(chunk) = runtime.block_on(encoding.next()) {
                    chunks.push_back(chunk.unwrap());
                }
                assert_eq!(chunks.len(), parts.len() + 1);
                let coded = Body::Stream(Box::new(Chunks(chunks)));
                let mut back = Body::Stream(Box::new(Decoding::new(coded, coding, None, usize::MAX)));
                assert!(
                    runtime.block_on(back.read_whole(usize::MAX)).unwrap() == whole,
                    "{coding:?}"
                );
            }
        }
    }

    #[test]
    fn long_chunk_is_encoded_part_by_part() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let text: Vec<u8> = (0..100_000u32)
            .flat_map(|number| number.to_string().into_bytes())
            .collect();
        let mut encoding = Body::Stream(Box::new(Encoding::new(
            Body::Full(text.clone().into()),
            Coding::Gzip,
        )));
        let coded = runtime.block_on(encoding.read_whole(usize::MAX)).unwrap();
        assert!(coded.len() < text.len() / 2);
        let mut back = Body::Stream(Box::new(Decoding::new(
            Body::Full(coded),
            Coding::Gzip,
            None,
            usize::MAX,
        )));
        assert!(runtime.block_on(back.read_whole(usize::MAX)).unwrap() == text);
    }
}
