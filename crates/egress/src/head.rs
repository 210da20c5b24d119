//! Reads the head of an answer (RFC 9112 sections 4 to 6), strictly: what two readers could understand differently
//! is refused, not repaired.

use std::{ops::Range, time::Duration};

use bytes::{Bytes, BytesMut};
use portcullis_model::{HeaderList, is_field_value, is_name};

use crate::{
    EgressError, Limits,
    connection::take_front,
    lines::{self, BadLine, HeadScan},
};

/// What every answer starts with.
const START: &[u8] = b"HTTP/";
/// The first line of most.
const USUAL_LINE: &[u8] = b"HTTP/1.1 200 OK\r\n";
/// Room for the fields of one head, before it must grow.
const FIELDS_USUAL: usize = 16;

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

/// What an answer is an answer to.
#[derive(Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) method: &'a [u8],
    /// The request asked for a WebSocket: the head may be that of a 101 which switches to one.
    pub(crate) switch: bool,
}

/// Takes a whole head from the front of `input`, or nothing when more must come. `scan` remembers how far was looked, and starts
/// anew behind a head.
pub(crate) fn take(
    input: &mut BytesMut,
    scan: &mut HeadScan,
    asked: Asked<'_>,
    limits: &Limits,
) -> Result<Option<Head>, EgressError> {
    let too_long = EgressError::Protocol("its head is longer than allowed");
    // What is no answer, or was left behind by one, has no end to wait for.
    let seen = input.len().min(START.len());
    if input.get(..seen) != START.get(..seen) {
        return Err(EgressError::Protocol("it does not start with `HTTP/`"));
    }
    // Most heads are whole, and nothing is wrong with them: they are read at once. Of any other, what follows says what it is.
    if scan.is_fresh()
        && let Ok(lines) = Lines::read(input, limits)
        && lines.end <= limits.head_bytes_max
    {
        let bytes = take_front(input, lines.end);
        return lines.finish(bytes, asked).map(Some);
    }
    let was_in_first_line = scan.is_in_first_line();
    let Some(end) = scan.end(input).map_err(malformed)? else {
        if was_in_first_line && !scan.is_in_first_line() {
            read_status_line(input)?;
        }
        return if input.len() >= limits.head_bytes_max {
            Err(too_long)
        } else {
            Ok(None)
        };
    };
    if end > limits.head_bytes_max {
        return Err(too_long);
    }
    *scan = HeadScan::default();
    let bytes = take_front(input, end);
    let lines = Lines::read(&bytes, limits).map_err(|cause| {
        if lines::has_bare_line_feed(&bytes) {
            return malformed(BadLine::BareLineFeed);
        }
        cause
    })?;
    lines.finish(bytes, asked).map(Some)
}

/// The lines of a head.
struct Lines {
    status: StatusLine,
    fields: Fields,
    /// Without the bytes that they lie in.
    headers: HeaderList,
    /// Where the head ends.
    end: usize,
}

impl Lines {
    /// Reads those at the front of `input`, to the empty one.
    fn read(input: &[u8], limits: &Limits) -> Result<Self, EgressError> {
        let (status, mut at) = read_status_line(input)?;
        let mut fields = Fields::default();
        let mut headers = HeaderList::with_capacity(FIELDS_USUAL);
        let mut count = 0;
        while let Some(field) = lines::field_line(input, at).map_err(malformed)? {
            count += 1;
            if count > limits.headers_max {
                return Err(EgressError::Protocol("its head has more fields than allowed"));
            }
            let part = |place: &Range<usize>| input.get(place.clone()).unwrap_or_default();
            if fields.note(part(&field.name), part(&field.value))? {
                headers.push_read(field.name, field.value);
            }
            at = field.next;
        }
        Ok(Self {
            status,
            fields,
            headers,
            end: at + 2,
        })
    }

    /// Understands the head whose `bytes` these are.
    fn finish(self, bytes: Bytes, asked: Asked<'_>) -> Result<Head, EgressError> {
        let mut headers = self.headers;
        headers.lie_in(bytes);
        self.fields.finish(self.status, asked, headers)
    }
}

fn malformed(bad: BadLine) -> EgressError {
    EgressError::Protocol(match bad {
        BadLine::BareLineFeed => "a line of its head ends without a carriage return",
        _ => "its head is malformed",
    })
}

struct StatusLine {
    status: u16,
    minor_version: u8,
}

/// Returns the first line of a head, and where the next begins.
fn read_status_line(head: &[u8]) -> Result<(StatusLine, usize), EgressError> {
    if head.starts_with(USUAL_LINE) {
        let usual = StatusLine {
            status: 200,
            minor_version: 1,
        };
        return Ok((usual, USUAL_LINE.len()));
    }
    let line_end = lines::line_end(head, 0).map_err(malformed)?;
    let line = status_line(head.get(..line_end).unwrap_or_default());
    let line = line.ok_or(EgressError::Protocol("its head is malformed"))?;
    Ok((line, line_end + 2))
}

/// `HTTP/1.1 200 OK`; the words may be missing (RFC 9112 section 4).
fn status_line(line: &[u8]) -> Option<StatusLine> {
    let rest = line.strip_prefix(b"HTTP/1.")?;
    let (minor_version, rest) = match rest {
        [b'1', b' ', rest @ ..] => (1, rest),
        [b'0', b' ', rest @ ..] => (0, rest),
        _ => return None,
    };
    let (digits, words) = rest.split_first_chunk::<3>()?;
    let mut status = 0;
    for digit in digits {
        status = status * 10 + u16::from(digit.is_ascii_digit().then(|| digit - b'0')?);
    }
    let is_whole = words.is_empty() || (words.starts_with(b" ") && is_field_value(words));
    is_whole.then_some(StatusLine {
        status,
        minor_version,
    })
}

/// What the fields of the connection say.
#[derive(Default)]
struct Fields {
    length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: Option<Duration>,
    /// Fields that a `Connection` field names, which rarely happens.
    named: Vec<Box<[u8]>>,
    /// `Upgrade` fields, and whether the last names a WebSocket alone.
    upgrades: usize,
    names_websocket: bool,
}

impl Fields {
    /// Notes a field; true when the caller is to see it.
    fn note(&mut self, name: &[u8], value: &[u8]) -> Result<bool, EgressError> {
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

    fn note_connection(&mut self, value: &[u8]) -> Result<bool, EgressError> {
        for option in value.split(|byte| *byte == b',').map(<[u8]>::trim_ascii) {
            if is(option, "close") {
                self.close = true;
            } else if !option.is_empty() && !is(option, "keep-alive") {
                self.named.push(option.into());
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
    is_name(text, lower.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns whether more is waited for; none where what has come is refused.
    fn waits(input: &[u8]) -> Option<bool> {
        let asked = Asked {
            method: b"GET",
            switch: false,
        };
        let head = take(
            &mut BytesMut::from(input),
            &mut HeadScan::default(),
            asked,
            &Limits::default(),
        );
        head.ok().map(|head| head.is_none())
    }

    #[test]
    fn what_is_no_http_is_refused_as_soon_as_it_is_seen() {
        for nothing_yet in [b"".as_slice(), b"H", b"HTTP/", b"HTTP/1.1 200 OK\r\na: b\r\n"] {
            assert_eq!(waits(nothing_yet), Some(true), "{}", nothing_yet.escape_ascii());
        }
        for refused in [
            b"SSH-2.0".as_slice(),
            b"Hello",
            b"HTTPS",
            b"HTTP/1.1 twohundred\r\n",
        ] {
            assert_eq!(waits(refused), None, "{}", refused.escape_ascii());
        }
    }
}
