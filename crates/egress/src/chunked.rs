//! Takes chunked bodies apart (RFC 9112 section 7.1). Extensions and trailers are read and dropped.

use bytes::{Buf, Bytes, BytesMut};
use memchr::memchr;

/// What is wrong with a chunked body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadChunk(pub &'static str);

/// Where in a chunked body we are.
#[derive(Debug)]
pub struct Chunked {
    state: State,
    line_bytes_max: usize,
    trailer_bytes_left: usize,
}

#[derive(Debug)]
enum State {
    Size,
    Data(u64),
    DataEnd,
    Trailers,
    Done,
}

/// What the next bytes were.
#[derive(Debug, PartialEq, Eq)]
pub enum Step {
    Data(Bytes),
    /// More must be read; so many bytes of data are known to come.
    More(u64),
    End,
}

impl Chunked {
    /// Returns the state before the first chunk. Bytes of a size line with its extensions, and of all trailers, at most.
    pub const fn new(line_bytes_max: usize, trailer_bytes_max: usize) -> Self {
        Self {
            state: State::Size,
            line_bytes_max,
            trailer_bytes_left: trailer_bytes_max,
        }
    }

    /// Takes the next piece of data from the front of `input`.
    pub fn decode(&mut self, input: &mut BytesMut) -> Result<Step, BadChunk> {
        loop {
            match self.state {
                State::Size => {
                    let Some(line) = take_line(input, self.line_bytes_max)? else {
                        return Ok(Step::More(0));
                    };
                    self.state = match chunk_size(&line)? {
                        0 => State::Trailers,
                        size => State::Data(size),
                    };
                }
                State::Data(left) => {
                    if input.is_empty() {
                        return Ok(Step::More(left));
                    }
                    let ready = usize::try_from(left).unwrap_or(usize::MAX).min(input.len());
                    let left = left - ready as u64;
                    self.state = if left == 0 {
                        State::DataEnd
                    } else {
                        State::Data(left)
                    };
                    return Ok(Step::Data(input.split_to(ready).freeze()));
                }
                State::DataEnd => match (input.first(), input.get(1)) {
                    (Some(b'\r'), Some(b'\n')) => {
                        input.advance(2);
                        self.state = State::Size;
                    }
                    (None, _) | (Some(b'\r'), None) => return Ok(Step::More(0)),
                    _ => return Err(BadChunk("a chunk is longer than its size says")),
                },
                State::Trailers => {
                    let Some(line) = take_line(input, self.trailer_bytes_left)? else {
                        return Ok(Step::More(0));
                    };
                    if line.is_empty() {
                        self.state = State::Done;
                    }
                    self.trailer_bytes_left = self.trailer_bytes_left.saturating_sub(line.len() + 2);
                }
                State::Done => return Ok(Step::End),
            }
        }
    }
}

/// Takes a line and its CRLF from `input`; none when it has not come whole.
fn take_line(input: &mut BytesMut, bytes_max: usize) -> Result<Option<BytesMut>, BadChunk> {
    let window = input.get(..bytes_max.saturating_add(2)).unwrap_or(input);
    let Some(end) = memchr(b'\n', window) else {
        return if input.len() > bytes_max.saturating_add(1) {
            Err(BadChunk("a line between its chunks is longer than allowed"))
        } else {
            Ok(None)
        };
    };
    let mut line = input.split_to(end + 1);
    match line.strip_suffix(b"\r\n") {
        Some(text) if !text.contains(&b'\r') => line.truncate(end - 1),
        _ => {
            return Err(BadChunk("a line between its chunks does not end with CRLF"));
        }
    }
    Ok(Some(line))
}

/// Parses `1a;extension`. No sign, no space, no prefix: some would read another number.
fn chunk_size(line: &[u8]) -> Result<u64, BadChunk> {
    let end = memchr(b';', line).unwrap_or(line.len());
    let (digits, extension) = line.split_at_checked(end).unwrap_or((line, &[]));
    if extension
        .iter()
        .any(|byte| byte.is_ascii_control() && *byte != b'\t')
    {
        return Err(BadChunk("a chunk's extension holds a control character"));
    }
    let plain = (1..=15).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).ok().filter(|_| plain);
    text.and_then(|text| u64::from_str_radix(text, 16).ok())
        .ok_or(BadChunk("the size of a chunk is not a hexadecimal number"))
}
