//! Reads the head of an answer (RFC 9112 sections 4 to 6), strictly: what two readers could understand differently
//! is refused, not repaired.

use std::{mem::MaybeUninit, time::Duration};

use bytes::{Bytes, BytesMut};
use memchr::memchr_iter;
use portcullis_model::HeaderList;

use crate::{EgressError, Limits};

/// Room on the stack for the fields of one head.
const FIELDS_MAX: usize = 256;

/// How the body of an answer ends (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AnswerFraming {
    Length(u64),
    Chunked,
    UntilClose,
}

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Without those that belong to the connection.
    pub(crate) headers: HeaderList,
    pub(crate) framing: AnswerFraming,
    /// The connection may serve another exchange when the body has ended.
    pub(crate) persistent: bool,
    /// How long the server keeps it idle, where it says so.
    pub(crate) keep_alive: Option<Duration>,
}

/// Takes a whole head from the front of `input`, or nothing when more must come.
pub(crate) fn parse(
    input: &mut BytesMut,
    method: &[u8],
    limits: &Limits,
) -> Result<Option<Head>, EgressError> {
    parse_after(
        input,
        Asked {
            method,
            switch: false,
        },
        limits,
    )
}

/// The same, after a request that asked for a WebSocket: the head may be that of a 101 which switches to one.
pub(crate) fn parse_or_switch(input: &mut BytesMut, limits: &Limits) -> Result<Option<Head>, EgressError> {
    let asked = Asked {
        method: b"GET",
        switch: true,
    };
    parse_after(input, asked, limits)
}

/// What an answer is an answer to.
#[derive(Clone, Copy)]
struct Asked<'a> {
    method: &'a [u8],
    switch: bool,
}

fn parse_after(input: &mut BytesMut, asked: Asked<'_>, limits: &Limits) -> Result<Option<Head>, EgressError> {
    let invalid = EgressError::Protocol;
    // The parser would skip empty lines and bytes that a lenient server left behind.
    if input.first().is_some_and(|first| *first != b'H') {
        return Err(invalid("it does not start with `HTTP/`"));
    }
    let mut spans = Vec::with_capacity(16);
    let Some(line) = parse_spans(input, limits, &mut spans)? else {
        return if input.len() >= limits.head_bytes_max {
            Err(invalid("its head is longer than allowed"))
        } else {
            Ok(None)
        };
    };
    if line.head_bytes > limits.head_bytes_max {
        return Err(invalid("its head is longer than allowed"));
    }
    let head = input.split_to(line.head_bytes).freeze();
    refuse_bare_line_feeds(&head)?;
    let mut fields = Fields::default();
    let mut headers = HeaderList::with_capacity(spans.len());
    for span in &spans {
        let name = head.slice(span.name_start..span.name_end);
        let value = head.slice(span.value_start..span.value_end);
        if fields.note(&name, &value)? {
            headers.push(name, value);
        }
    }
    fields.finish(line, asked, headers).map(Some)
}

struct StatusLine {
    status: u16,
    minor_version: u8,
    head_bytes: usize,
}

#[derive(Clone, Copy, Default)]
struct Span {
    name_start: usize,
    name_end: usize,
    value_start: usize,
    value_end: usize,
}

fn parse_spans(
    input: &[u8],
    limits: &Limits,
    spans: &mut Vec<Span>,
) -> Result<Option<StatusLine>, EgressError> {
    let mut room = [const { MaybeUninit::uninit() }; FIELDS_MAX];
    let allowed = limits.headers_max.min(FIELDS_MAX);
    let mut parsed = httparse::Response::new(&mut []);
    let outcome = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut parsed,
        input,
        room.get_mut(..allowed).unwrap_or_default(),
    );
    let head_bytes = match outcome {
        Ok(httparse::Status::Complete(head_bytes)) => head_bytes,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => {
            return Err(EgressError::Protocol("its head has more fields than allowed"));
        }
        Err(_) => return Err(EgressError::Protocol("its head is malformed")),
    };
    // Places, not slices: the buffer is about to be split.
    let place = |part: &[u8]| (part.as_ptr() as usize).saturating_sub(input.as_ptr() as usize);
    for field in parsed.headers.iter() {
        let name_start = place(field.name.as_bytes());
        // An empty value may point anywhere.
        let value_start = if field.value.is_empty() {
            name_start
        } else {
            place(field.value)
        };
        spans.push(Span {
            name_start,
            name_end: name_start + field.name.len(),
            value_start,
            value_end: value_start + field.value.len(),
        });
    }
    Ok(Some(StatusLine {
        status: parsed.code.unwrap_or_default(),
        minor_version: parsed.version.unwrap_or_default(),
        head_bytes,
    }))
}

fn refuse_bare_line_feeds(head: &[u8]) -> Result<(), EgressError> {
    let bare = |at: usize| at.checked_sub(1).and_then(|before| head.get(before)) != Some(&b'\r');
    if memchr_iter(b'\n', head).any(bare) {
        return Err(EgressError::Protocol(
            "a line of its head ends without a carriage return",
        ));
    }
    Ok(())
}

/// What the fields of the connection say.
#[derive(Default)]
struct Fields {
    length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: Option<Duration>,
    /// Fields that a `Connection` field names, which rarely happens.
    named: Vec<Bytes>,
    /// `Upgrade` fields, and whether the last names a WebSocket alone.
    upgrades: usize,
    names_websocket: bool,
}

impl Fields {
    /// Notes a field; true when the caller is to see it.
    fn note(&mut self, name: &Bytes, value: &Bytes) -> Result<bool, EgressError> {
        match name.len() {
            2 if is(name, "te") => Ok(false),
            7 if is(name, "trailer") => Ok(false),
            7 if is(name, "upgrade") => {
                self.upgrades += 1;
                self.names_websocket = is(value, "websocket");
                Ok(false)
            }
            10 if is(name, "connection") => self.note_connection(value),
            10 if is(name, "keep-alive") => {
                self.keep_alive = keep_alive_timeout(value);
                Ok(false)
            }
            14 if is(name, "content-length") => self.note_length(value),
            16 if is(name, "proxy-connection") => Ok(false),
            17 if is(name, "transfer-encoding") => {
                if self.chunked {
                    return Err(EgressError::Protocol("it has two `Transfer-Encoding` fields"));
                }
                if !is(value, "chunked") {
                    return Err(EgressError::Protocol("its `Transfer-Encoding` is not `chunked`"));
                }
                self.chunked = true;
                Ok(false)
            }
            _ => Ok(true),
        }
    }

    fn note_length(&mut self, value: &[u8]) -> Result<bool, EgressError> {
        if self.length.is_some() {
            return Err(EgressError::Protocol("it has two `Content-Length` fields"));
        }
        // A list (`5, 5`) and a sign are refused with everything else that is no number.
        let digits = value.iter().all(u8::is_ascii_digit).then_some(value);
        let number = digits.and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
        self.length = Some(number.ok_or(EgressError::Protocol("its `Content-Length` is not a number"))?);
        Ok(true)
    }

    fn note_connection(&mut self, value: &Bytes) -> Result<bool, EgressError> {
        for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if is(option, "close") {
                self.close = true;
            } else if !option.is_empty() && !is(option, "keep-alive") {
                self.named.push(value.slice_ref(option));
            }
        }
        Ok(false)
    }

    /// A 101 must say to what it switches, once, and say nothing of a body (RFC 9110 sections 7.8, 8.6 and 15.2.2).
    fn check_switch(&self, asked: Asked<'_>, minor_version: u8) -> Result<(), EgressError> {
        let connects = self.named.iter().any(|option| is(option, "upgrade"));
        if !asked.switch {
            return Err(EgressError::Protocol(
                "it switches protocols, which nobody asked for",
            ));
        }
        if minor_version != 1 || self.upgrades != 1 || !self.names_websocket || !connects {
            return Err(EgressError::Protocol(
                "it switches to something other than a WebSocket",
            ));
        }
        if self.chunked || self.length.is_some() {
            return Err(EgressError::Protocol(
                "it switches protocols and announces a body",
            ));
        }
        Ok(())
    }

    fn finish(
        self,
        line: StatusLine,
        asked: Asked<'_>,
        mut headers: HeaderList,
    ) -> Result<Head, EgressError> {
        let invalid = EgressError::Protocol;
        let method = asked.method;
        let StatusLine {
            status,
            minor_version,
            ..
        } = line;
        if !(100..=599).contains(&status) {
            return Err(invalid("its status is not between 100 and 599"));
        }
        if status == 101 {
            self.check_switch(asked, minor_version)?;
        }
        if self.chunked && self.length.is_some() {
            return Err(invalid("it has both `Content-Length` and `Transfer-Encoding`"));
        }
        if self.chunked && minor_version == 0 {
            return Err(invalid("it has `Transfer-Encoding` in HTTP/1.0"));
        }
        for named in &self.named {
            headers.remove(named);
        }
        let bodiless = method == b"HEAD" || status < 200 || status == 204 || status == 304;
        // Only to HEAD and in 304 does a length speak of a body that is not sent (RFC 9110 section 8.6).
        let contradicts = bodiless
            && method != b"HEAD"
            && status != 304
            && (self.chunked || self.length.is_some_and(|length| length > 0));
        let framing = match (bodiless, self.chunked, self.length) {
            (true, _, _) => AnswerFraming::Length(0),
            (false, true, _) => AnswerFraming::Chunked,
            (false, false, Some(length)) => AnswerFraming::Length(length),
            (false, false, None) => AnswerFraming::UntilClose,
        };
        let persistent =
            minor_version == 1 && !self.close && !contradicts && framing != AnswerFraming::UntilClose;
        Ok(Head {
            status,
            headers,
            framing,
            persistent,
            keep_alive: self.keep_alive,
        })
    }
}

/// Returns how long `timeout=5` lets us rely on the connection: a second less, for what is on its way.
fn keep_alive_timeout(value: &[u8]) -> Option<Duration> {
    let parameter = value
        .split(|byte| *byte == b',')
        .find_map(|part| part.trim_ascii().strip_prefix(b"timeout="))?;
    let seconds: u64 = std::str::from_utf8(parameter).ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds.saturating_sub(1)))
}

fn is(text: &[u8], lower: &str) -> bool {
    text.eq_ignore_ascii_case(lower.as_bytes())
}
