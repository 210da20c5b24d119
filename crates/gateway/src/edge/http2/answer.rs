//! The head of an answer (RFC 9113 section 8.3.2), anew from our own fields.

use portcullis_model::Timestamp;

use super::hpack::Encoder;
use crate::{
    edge::{
        date,
        own_fields::{OwnFields, is_bodiless},
    },
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
    let is_bodiless = is_bodiless(response, asked.to_head);
    let mut own = OwnFields::of(response, is_bodiless);
    encoder.begin(out, response.status);
    for (name, value) in response.headers.iter() {
        if own.passes(name) {
            encoder.field(out, name, value);
        }
    }
    let length = response.body.length().filter(|length| *length > 0);
    if let Some(length) = length.filter(|_| !own.has_length && (asked.to_head || !is_bodiless)) {
        encoder.field(
            out,
            b"content-length",
            itoa::Buffer::new().format(length).as_bytes(),
        );
    }
    if !own.is_dated {
        date::with(asked.now, |date| encoder.field(out, b"date", date));
    }
    !is_bodiless && !matches!(response.body, Body::Empty | Body::Tunnel(_))
}
