//! Takes the head of a request apart (RFC 9112 sections 2, 3, 5 and 6): strict where two parsers could differ, and blind to
//! what is merely odd, which the firewall must see as it came.

use std::{cell::RefCell, ops::Range, sync::Arc};

use bytes::Bytes;
use memchr::{memchr, memrchr};
use portcullis_egress::lines::{self, BadLine, HeadScan};
use portcullis_model::{HeaderList, is_cut_target, is_name, is_token};

use crate::{
    edge::{
        EdgeLimits,
        limits::HEADERS_MAX,
        strictness::{self as rules, Rule},
    },
    http::{
        Version,
        websocket::{self, Asked},
    },
};

pub(in crate::edge) const METHOD_BYTES_MAX: usize = 32;
/// Room for the fields of one head, before it must grow.
const FIELDS_USUAL: usize = 16;
/// A longer number is no length that anybody sends.
const LENGTH_DIGITS_MAX: usize = 18;

/// How the body follows (RFC 9112 section 6.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BodyFraming {
    Length(u64),
    Chunked,
}

/// A head, understood.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: Bytes,
    /// Origin form.
    pub(super) target: Bytes,
    pub(super) authority: Arc<str>,
    pub(super) version: Version,
    pub(super) headers: HeaderList,
    pub(super) framing: BodyFraming,
    /// The client would keep the connection.
    pub(super) persistent: bool,
    /// The client waits for a 100 before it sends the body.
    pub(super) expects_continue: bool,
}

/// How far the end of a head has been looked for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scan(HeadScan);

impl Scan {
    /// Returns the head at the front of `input`, and where it ends; none when more must come.
    pub(super) fn take(
        &mut self,
        input: &[u8],
        limits: &EdgeLimits,
    ) -> Result<Option<(Head, usize)>, &'static Rule> {
        // Most heads are whole, and nothing is wrong with them: they are read at once. Of any other, what follows says what it is.
        if self.0.is_fresh()
            && let Ok((head, end)) = read(input, limits)
            && limit_head(end, limits).is_ok()
        {
            return Ok(Some((head, end)));
        }
        let Some(end) = self.end(input, limits)? else {
            return Ok(None);
        };
        let input = input.get(..end).unwrap_or_default();
        read(input, limits).map(Some).map_err(|found| {
            if lines::has_bare_line_feed(input) {
                return rules::BARE_LINE_FEED;
            }
            found
        })
    }

    /// Returns where the head ends, behind its empty line; none when more must come.
    fn end(&mut self, input: &[u8], limits: &EdgeLimits) -> Result<Option<usize>, &'static Rule> {
        if input.first().is_some_and(|first| !is_token([*first])) {
            return Err(rules::NO_METHOD);
        }
        if let Some(end) = self.0.end(input).map_err(rule)? {
            return limit_head(end, limits).map(|()| Some(end));
        }
        if self.0.is_in_first_line() && input.len() > limits.target_bytes_max + METHOD_BYTES_MAX + 16 {
            return Err(rules::TARGET_LENGTH);
        }
        limit_head(input.len(), limits).map(|()| None)
    }
}

const fn rule(bad: BadLine) -> &'static Rule {
    match bad {
        BadLine::BareLineFeed => rules::BARE_LINE_FEED,
        BadLine::BareCarriageReturn => rules::BARE_CARRIAGE_RETURN,
        BadLine::Folded => rules::FOLDED_FIELD,
        BadLine::NoColon => rules::NO_COLON,
        BadLine::Name => rules::FIELD_NAME,
        BadLine::Value => rules::FIELD_VALUE,
    }
}

fn limit_head(bytes: usize, limits: &EdgeLimits) -> Result<(), &'static Rule> {
    if bytes > limits.head_bytes_max {
        return Err(rules::HEAD_LENGTH);
    }
    Ok(())
}

/// Takes apart the head at the front of `input`, and says where it ends.
fn read(input: &[u8], limits: &EdgeLimits) -> Result<(Head, usize), &'static Rule> {
    let line_end = lines::line_end(input, 0).map_err(rule)?;
    let line = input.get(..line_end).unwrap_or_default();
    let (method, rest) = line.split_at(
        line.iter()
            .position(|byte| *byte == b' ')
            .ok_or(rules::REQUEST_LINE)?,
    );
    let last = match rest.ends_with(b" HTTP/1.1") {
        true => rest.len() - b" HTTP/1.1".len(),
        false => memrchr(b' ', rest).unwrap_or_default(),
    };
    let (target, last_word) = match last {
        0 => return Err(rules::REQUEST_LINE),
        last => (
            rest.get(1..last).unwrap_or_default(),
            rest.get(last + 1..).unwrap_or_default(),
        ),
    };
    if method.len() > METHOD_BYTES_MAX || !is_token(method) {
        return Err(rules::METHOD);
    }
    let version = version(last_word)?;
    let (target_host, target) = target_of(method, target, limits)?;
    let mut fields = Fields::default();
    let (headers, end) = read_fields(input, line_end + 2, &mut fields)?;
    let authority = fields.authority(target_host, version)?;
    let framing = fields.framing(version)?;
    let has_body = framing != BodyFraming::Length(0);
    if fields.upgrade && websocket::asked(method, version, &headers, has_body) == Asked::Half {
        return Err(rules::HANDSHAKE);
    }
    let head = Head {
        method: method_bytes(method),
        target,
        authority,
        version,
        framing,
        persistent: match version {
            Version::Http10 => fields.keep_alive && !fields.close,
            _ => !fields.close,
        },
        expects_continue: fields.expects_continue && version == Version::Http11,
        headers,
    };
    Ok((head, end))
}

fn version(text: &[u8]) -> Result<Version, &'static Rule> {
    match text {
        b"HTTP/1.1" => Ok(Version::Http11),
        b"HTTP/1.0" => Ok(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Err(rules::VERSION)
        }
        _ => Err(rules::REQUEST_LINE),
    }
}

/// Methods that everybody sends cost no memory.
pub(in crate::edge) fn method_bytes(method: &[u8]) -> Bytes {
    const COMMON: [&[u8]; 7] = [b"GET", b"POST", b"PUT", b"DELETE", b"PATCH", b"HEAD", b"OPTIONS"];
    COMMON
        .into_iter()
        .find(|common| *common == method)
        .map_or_else(|| Bytes::copy_from_slice(method), Bytes::from_static)
}

/// Returns the host that the target names, if it names one, and the origin form.
fn target_of<'t>(
    method: &[u8],
    target: &'t [u8],
    limits: &EdgeLimits,
) -> Result<(Option<&'t [u8]>, Bytes), &'static Rule> {
    if target.len() > limits.target_bytes_max {
        return Err(rules::TARGET_LENGTH);
    }
    if method == b"CONNECT" {
        return Err(rules::TUNNEL);
    }
    if is_cut_target(target) {
        return Err(match memchr(b' ', target) {
            Some(_) => rules::REQUEST_LINE,
            None => rules::TARGET_BYTES,
        });
    }
    if target.first() == Some(&b'/') || (target == b"*" && method == b"OPTIONS") {
        return Ok((None, Bytes::copy_from_slice(target)));
    }
    let scheme = |scheme: &[u8]| {
        let (start, rest) = target.split_at_checked(scheme.len())?;
        start.eq_ignore_ascii_case(scheme).then_some(rest)
    };
    let rest = scheme(b"http://")
        .or_else(|| scheme(b"https://"))
        .ok_or(rules::TARGET_FORM)?;
    let end = rest
        .iter()
        .position(|byte| matches!(byte, b'/' | b'?'))
        .unwrap_or(rest.len());
    let (host, path) = rest.split_at_checked(end).unwrap_or((rest, b""));
    let path = match path.first() {
        Some(b'/') => Bytes::copy_from_slice(path),
        _ => [b"/", path].concat().into(),
    };
    Ok((Some(host), path))
}

/// Reads the lines from `at` to the empty one, and returns where that ends.
fn read_fields(
    input: &[u8],
    mut at: usize,
    fields: &mut Fields,
) -> Result<(HeaderList, usize), &'static Rule> {
    let mut headers = HeaderList::with_capacity(FIELDS_USUAL);
    while let Some(field) = lines::field_line(input, at).map_err(rule)? {
        if headers.len() >= HEADERS_MAX {
            return Err(rules::FIELD_COUNT);
        }
        let part = |place: &Range<usize>| input.get(place.clone()).unwrap_or_default();
        fields.note(part(&field.name), part(&field.value))?;
        headers.push_read(field.name, field.value);
        at = field.next;
    }
    let end = at + 2;
    // A copy of the right size: what is kept of a request does not keep a large buffer.
    headers.lie_in(Bytes::copy_from_slice(input.get(..end).unwrap_or_default()));
    Ok((headers, end))
}

/// Without the spaces and tabs around it (RFC 9110 section 5.5).
fn trim(mut value: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = value {
        value = rest;
    }
    value
}

/// What the fields that frame a message say.
#[derive(Default)]
struct Fields {
    host: Option<Arc<str>>,
    length: Option<u64>,
    chunked: bool,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
    /// Something is asked for that is not HTTP/1.
    upgrade: bool,
}

impl Fields {
    fn note(&mut self, name: &[u8], value: &[u8]) -> Result<(), &'static Rule> {
        match name.len() {
            4 if is(name, "host") => self.note_host(value),
            6 if is(name, "expect") => {
                self.expects_continue = true;
                if is(value, "100-continue") {
                    Ok(())
                } else {
                    Err(rules::EXPECTATION)
                }
            }
            7 if is(name, "upgrade") => {
                self.upgrade = true;
                Ok(())
            }
            10 if is(name, "connection") => {
                for option in value.split(|byte| *byte == b',').map(trim) {
                    self.close |= is(option, "close");
                    self.keep_alive |= is(option, "keep-alive");
                }
                Ok(())
            }
            14 if is(name, "content-length") => self.note_length(value),
            17 if is(name, "transfer-encoding") => {
                if std::mem::replace(&mut self.chunked, true) {
                    return Err(rules::TWO_CODINGS);
                }
                if is(value, "chunked") {
                    Ok(())
                } else {
                    Err(rules::UNKNOWN_CODING)
                }
            }
            _ => Ok(()),
        }
    }

    fn note_host(&mut self, value: &[u8]) -> Result<(), &'static Rule> {
        if self.host.is_some() {
            return Err(rules::TWO_HOSTS);
        }
        self.host = Some(host(value)?);
        Ok(())
    }

    fn note_length(&mut self, value: &[u8]) -> Result<(), &'static Rule> {
        if self.length.is_some() {
            return Err(rules::TWO_LENGTHS);
        }
        self.length = Some(length(value)?);
        Ok(())
    }

    fn authority(&mut self, target: Option<&[u8]>, version: Version) -> Result<Arc<str>, &'static Rule> {
        let host_field = self.host.take();
        let Some(target) = target else {
            return match host_field {
                Some(host) if !host.is_empty() => Ok(host),
                None if version == Version::Http10 => Ok(Arc::default()),
                _ => Err(rules::NO_HOST),
            };
        };
        let target = host(target)?;
        match host_field {
            _ if target.is_empty() => Err(rules::NO_HOST),
            Some(host) if !host.eq_ignore_ascii_case(&target) => Err(rules::OTHER_HOST),
            None if version == Version::Http11 => Err(rules::NO_HOST),
            _ => Ok(target),
        }
    }

    fn framing(&self, version: Version) -> Result<BodyFraming, &'static Rule> {
        match (self.chunked, self.length) {
            (true, Some(_)) => Err(rules::LENGTH_AND_CODING),
            (true, None) if version == Version::Http10 => Err(rules::CODING_IN_1_0),
            (true, None) => Ok(BodyFraming::Chunked),
            (false, length) => Ok(BodyFraming::Length(length.unwrap_or(0))),
        }
    }
}

/// The length that a field says.
pub(in crate::edge) fn length(value: &[u8]) -> Result<u64, &'static Rule> {
    let plain = (1..=LENGTH_DIGITS_MAX).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(value).ok().filter(|_| plain);
    text.and_then(|text| text.parse().ok()).ok_or(rules::LENGTH)
}

thread_local! {
    static LAST_HOST: RefCell<Option<Arc<str>>> = const { RefCell::new(None) };
}

/// A name or an address, with a port or without; what else RFC 3986 allows, nobody's host has. Most requests on a thread are for
/// the host of the one before.
pub(in crate::edge) fn host(value: &[u8]) -> Result<Arc<str>, &'static Rule> {
    LAST_HOST.with_borrow_mut(|last| {
        if let Some(known) = last
            && *known.as_bytes() == *value
        {
            return Ok(Arc::clone(known));
        }
        let known = |byte: &u8| HOST.get(usize::from(*byte)) == Some(&true);
        let text = value.iter().all(known).then(|| std::str::from_utf8(value));
        let text = text.and_then(Result::ok).ok_or(rules::HOST_NAME)?;
        Ok(Arc::clone(last.insert(text.into())))
    })
}

/// The characters of a host.
static HOST: [bool; 256] = host_table();

#[allow(
    clippy::indexing_slicing,
    reason = "evaluated when compiled, where it cannot fail unseen"
)]
const fn host_table() -> [bool; 256] {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128 {
        let symbol = byte as u8;
        table[byte] =
            symbol.is_ascii_alphanumeric() || matches!(symbol, b'.' | b'-' | b'_' | b':' | b'[' | b']');
        byte += 1;
    }
    table
}

fn is(text: &[u8], lower: &str) -> bool {
    is_name(text, lower.as_bytes())
}
