//! The head of an answer (RFC 9113 section 8.3.2), anew from our own fields.

use portcullis_model::{Timestamp, is_name};

use super::hpack::Encoder;
use crate::{
    edge::{date, http1::is_of_connection},
    http::{Body, Response},
};

/// What a response answers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked {
    pub(super) to_head: bool,
    pub(super) now: Timestamp,
}

/// Appends the fields of a response; true when its body follows. A field that HTTP cannot carry makes the whole answer a 500: nothing
/// is cut.
pub(super) fn write(encoder: &mut Encoder, out: &mut Vec<u8>, response: &Response, asked: Asked) -> bool {
    // Interim answers are nobody's to send.
    if !(200..=599).contains(&response.status) || response.headers.bad_field().is_some() {
        tracing::error!(
            status = response.status,
            "a response is not valid HTTP: answered 500 instead"
        );
        encoder.begin(out, 500);
        date::with(asked.now, |date| encoder.field(out, b"date", date));
        return false;
    }
    let length = response.body.length();
    let is_bodiless = asked.to_head || matches!(response.status, 204 | 304);
    // The answer to a HEAD, and a 304, carry the length of a body that is not sent (RFC 9110 section 8.6). Any other
    // length is ours to say: one that somebody mapped could make two answers of one.
    let is_about_another_body = is_bodiless && response.status != 204 && length == Some(0);
    let (mut is_dated, mut has_length) = (false, false);
    encoder.begin(out, response.status);
    for (name, value) in response.headers.iter() {
        match name.len() {
            4 if is_name(name, b"date") => is_dated = true,
            14 if is_name(name, b"content-length")
                && (!is_about_another_body || std::mem::replace(&mut has_length, true)) =>
            {
                continue;
            }
            _ if is_of_connection(name) => continue,
            _ => {}
        }
        encoder.field(out, name, value);
    }
    let own = length.filter(|length| *length > 0 && !has_length && (asked.to_head || !is_bodiless));
    if let Some(length) = own {
        encoder.field(
            out,
            b"content-length",
            itoa::Buffer::new().format(length).as_bytes(),
        );
    }
    if !is_dated {
        date::with(asked.now, |date| encoder.field(out, b"date", date));
    }
    !is_bodiless && !matches!(response.body, Body::Empty | Body::Tunnel(_))
}
