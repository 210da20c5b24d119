//! Writes the head of a request anew (RFC 9112 sections 2 and 3): what a caller passes on is checked, and framing
//! and connection are ours alone.

use portcullis_model::{BadField, HeaderList, is_cut_target, is_name, is_of_connection, is_token};

use crate::{EgressError, Target, sending::Framing};

/// Returns the framing of a body of `length` bytes. An empty one is only announced where one is usual.
pub(crate) fn framing_of(method: &[u8], length: Option<u64>) -> Framing {
    match length {
        Some(0) if !matches!(method, b"POST" | b"PUT" | b"PATCH") => Framing::None,
        Some(length) => Framing::Length(length),
        None => Framing::Chunked,
    }
}

/// Appends the head to `out`.
pub(crate) fn write_head(
    out: &mut Vec<u8>,
    target: &Target,
    method: &[u8],
    path_and_query: &[u8],
    headers: &HeaderList,
    framing: Framing,
) -> Result<(), EgressError> {
    check_method(method)?;
    check_path(path_and_query)?;
    check_fields(headers)?;
    out.extend_from_slice(method);
    out.push(b' ');
    out.extend_from_slice(path_and_query);
    out.extend_from_slice(b" HTTP/1.1\r\nHost: ");
    let Named { host, hops } = Named::by(headers)?;
    match host {
        Some(host) => out.extend_from_slice(host),
        None => target.push_to(out),
    }
    out.extend_from_slice(b"\r\n");
    headers.write_lines(out, |name| {
        !is_ours(name) && !hops.iter().any(|hop| hop.eq_ignore_ascii_case(name))
    });
    match framing {
        Framing::None | Framing::UntilClose => {}
        Framing::Length(length) => {
            out.extend_from_slice(b"Content-Length: ");
            out.extend_from_slice(itoa::Buffer::new().format(length).as_bytes());
            out.extend_from_slice(b"\r\n");
        }
        Framing::Chunked => out.extend_from_slice(b"Transfer-Encoding: chunked\r\n"),
    }
    out.extend_from_slice(b"\r\n");
    Ok(())
}

/// Fields that the connection owns, and `Expect`, which we do not wait on.
fn is_ours(name: &[u8]) -> bool {
    match name.len() {
        4 => is_name(name, b"host"),
        6 => is_name(name, b"expect"),
        14 => is_name(name, b"content-length"),
        _ => is_of_connection(name),
    }
}

/// What some fields say of others, and of where the request goes.
struct Named<'h> {
    host: Option<&'h [u8]>,
    /// The fields that a `Connection` field names: they go no further than it does.
    hops: Vec<&'h [u8]>,
}

impl<'h> Named<'h> {
    fn by(headers: &'h HeaderList) -> Result<Self, EgressError> {
        let mut hosts = headers.all("host");
        let host = hosts.next();
        if hosts.next().is_some() {
            return Err(EgressError::Request("it has two `Host` fields"));
        }
        let mut hops = Vec::new();
        for value in headers.all("connection") {
            let options = value.split(|byte| *byte == b',');
            hops.extend(options.map(<[u8]>::trim_ascii));
        }
        Ok(Self { host, hops })
    }
}

fn check_method(method: &[u8]) -> Result<(), EgressError> {
    if !is_token(method) {
        return Err(EgressError::Request("its method is not a token"));
    }
    if method == b"CONNECT" {
        return Err(EgressError::Request(
            "`CONNECT` opens tunnels, which this client does not",
        ));
    }
    Ok(())
}

fn check_path(path_and_query: &[u8]) -> Result<(), EgressError> {
    if !path_and_query.starts_with(b"/") && path_and_query != b"*" {
        return Err(EgressError::Request("its path does not start with `/`"));
    }
    if is_cut_target(path_and_query) {
        return Err(EgressError::Request(
            "its path holds a space, a `#` or a control character",
        ));
    }
    Ok(())
}

fn check_fields(headers: &HeaderList) -> Result<(), EgressError> {
    match headers.bad_field() {
        None => Ok(()),
        Some(BadField::Name) => Err(EgressError::Request("a header name is not a token")),
        Some(BadField::Value) => Err(EgressError::Request("a header value holds a control character")),
    }
}
