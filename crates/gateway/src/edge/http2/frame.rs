//! Frames (RFC 9113 sections 4 and 6).

/// What a client begins with (section 3.4).
pub(super) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// Bytes before the payload of a frame.
pub(super) const HEAD_BYTES: usize = 9;
/// Bytes of a payload, while neither side has said that it takes more: we never do, and do not need what clients say.
pub(super) const PAYLOAD_BYTES_MAX: usize = 16_384;
/// Room for data, of a stream and of a connection, before either side says another (section 6.9.2).
pub(super) const WINDOW_BYTES: u32 = 65_535;
/// The most there can be.
pub(super) const WINDOW_BYTES_MAX: u32 = (1 << 31) - 1;

pub(super) mod kind {
    pub(in super::super) const DATA: u8 = 0;
    pub(in super::super) const HEADERS: u8 = 1;
    pub(in super::super) const PRIORITY: u8 = 2;
    pub(in super::super) const RST_STREAM: u8 = 3;
    pub(in super::super) const SETTINGS: u8 = 4;
    pub(in super::super) const PUSH_PROMISE: u8 = 5;
    pub(in super::super) const PING: u8 = 6;
    pub(in super::super) const GOAWAY: u8 = 7;
    pub(in super::super) const WINDOW_UPDATE: u8 = 8;
    pub(in super::super) const CONTINUATION: u8 = 9;
}

pub(super) mod flag {
    pub(in super::super) const ACK: u8 = 0x1;
    pub(in super::super) const END_STREAM: u8 = 0x1;
    pub(in super::super) const END_HEADERS: u8 = 0x4;
    pub(in super::super) const PADDED: u8 = 0x8;
    pub(in super::super) const PRIORITY: u8 = 0x20;
}

pub(super) mod setting {
    pub(in super::super) const HEADER_TABLE_SIZE: u16 = 1;
    pub(in super::super) const ENABLE_PUSH: u16 = 2;
    pub(in super::super) const MAX_CONCURRENT_STREAMS: u16 = 3;
    pub(in super::super) const INITIAL_WINDOW_SIZE: u16 = 4;
    pub(in super::super) const MAX_FRAME_SIZE: u16 = 5;
    pub(in super::super) const MAX_HEADER_LIST_SIZE: u16 = 6;
}

/// Why a stream or a connection ends (section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    NoError = 0,
    ProtocolError = 1,
    InternalError = 2,
    FlowControlError = 3,
    StreamClosed = 5,
    FrameSizeError = 6,
    RefusedStream = 7,
    Cancel = 8,
    CompressionError = 9,
    EnhanceYourCalm = 11,
}

/// What a frame begins with.
#[derive(Clone, Copy, Debug)]
pub(super) struct FrameHead {
    pub(super) length: usize,
    pub(super) kind: u8,
    pub(super) flags: u8,
    pub(super) stream: u32,
}

impl FrameHead {
    /// Reads the head at the front of `input`; none when more must come.
    pub(super) fn read(input: &[u8]) -> Option<Self> {
        let [a, b, c, kind, flags, stream @ ..] = *input.first_chunk::<HEAD_BYTES>()?;
        Some(Self {
            length: usize::try_from(u32::from_be_bytes([0, a, b, c])).ok()?,
            kind,
            flags,
            // The first bit says nothing.
            stream: u32::from_be_bytes(stream) & WINDOW_BYTES_MAX,
        })
    }

    /// Tells whether a flag is set.
    pub(super) const fn has(self, flag: u8) -> bool {
        self.flags & flag != 0
    }
}

/// Appends the head of a frame.
pub(super) fn head(out: &mut Vec<u8>, length: usize, kind: u8, flags: u8, stream: u32) {
    out.extend_from_slice(&bytes_of(length, kind, flags, stream));
}

fn bytes_of(length: usize, kind: u8, flags: u8, stream: u32) -> [u8; HEAD_BYTES] {
    let [_, a, b, c] = u32::try_from(length).unwrap_or(u32::MAX).to_be_bytes();
    let [d, e, f, g] = stream.to_be_bytes();
    [a, b, c, kind, flags, d, e, f, g]
}

/// Appends a frame whose payload is one number.
fn number(out: &mut Vec<u8>, kind: u8, stream: u32, number: u32) {
    head(out, 4, kind, 0, stream);
    out.extend_from_slice(&number.to_be_bytes());
}

/// Makes frames of the block of fields that stands in `out` behind `start`, where room for a frame's head was left: one, or as many
/// as its length needs.
pub(super) fn close_head(out: &mut Vec<u8>, start: usize, stream: u32, ends_stream: bool) {
    let rest = match out.len() - start - HEAD_BYTES {
        ..=PAYLOAD_BYTES_MAX => Vec::new(),
        _ => out.split_off(start + HEAD_BYTES + PAYLOAD_BYTES_MAX),
    };
    let last = |is_last: bool| if is_last { flag::END_HEADERS } else { 0 };
    let flags = last(rest.is_empty()) | if ends_stream { flag::END_STREAM } else { 0 };
    let length = out.len() - start - HEAD_BYTES;
    if let Some(place) = out.get_mut(start..start + HEAD_BYTES) {
        place.copy_from_slice(&bytes_of(length, kind::HEADERS, flags, stream));
    }
    let mut pieces = rest.chunks(PAYLOAD_BYTES_MAX).peekable();
    while let Some(piece) = pieces.next() {
        let flags = last(pieces.peek().is_none());
        head(out, piece.len(), kind::CONTINUATION, flags, stream);
        out.extend_from_slice(piece);
    }
}

/// Appends a piece of an answer.
pub(super) fn data(out: &mut Vec<u8>, stream: u32, piece: &[u8], is_last: bool) {
    let flags = if is_last { flag::END_STREAM } else { 0 };
    head(out, piece.len(), kind::DATA, flags, stream);
    out.extend_from_slice(piece);
}

/// Appends the end of a stream before its time.
pub(super) fn reset(out: &mut Vec<u8>, stream: u32, reason: Reason) {
    number(out, kind::RST_STREAM, stream, reason as u32);
}

/// Appends more room for data, of a stream or, 0, of the connection.
pub(super) fn window_update(out: &mut Vec<u8>, stream: u32, bytes: u32) {
    number(out, kind::WINDOW_UPDATE, stream, bytes);
}

/// Appends our settings, or the word that the client's were taken.
pub(super) fn settings(out: &mut Vec<u8>, flags: u8, settings: &[(u16, u32)]) {
    head(out, settings.len() * 6, kind::SETTINGS, flags, 0);
    for (name, value) in settings {
        out.extend_from_slice(&name.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
    }
}

/// Appends a question whether somebody is there, or the answer to one.
pub(super) fn ping(out: &mut Vec<u8>, flags: u8, word: [u8; 8]) {
    head(out, word.len(), kind::PING, flags, 0);
    out.extend_from_slice(&word);
}

/// Appends the word that no stream behind `last` is taken up.
pub(super) fn go_away(out: &mut Vec<u8>, last: u32, reason: Reason) {
    head(out, 8, kind::GOAWAY, 0, 0);
    out.extend_from_slice(&last.to_be_bytes());
    out.extend_from_slice(&(reason as u32).to_be_bytes());
}
