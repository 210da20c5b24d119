//! The canonical request: method, path, query, signed headers, their names, and the payload's hash, one per line.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html#create-canonical-request>

use super::{
    Options, SignableRequest,
    presigned::{SECURITY_TOKEN, SIGNATURE},
    uri_encoding::{decode, decode_query, encode_into},
};

/// Returns the canonical request.
pub(super) fn render(
    request: &SignableRequest<'_>,
    signed_headers: &[String],
    payload_hash: &str,
    options: &Options,
) -> Vec<u8> {
    let mut out = Vec::with_capacity(1024);
    out.extend_from_slice(request.method.as_bytes());
    out.push(b'\n');
    path_into(request.path, options, &mut out);
    out.push(b'\n');
    query_into(request.query, options, &mut out);
    out.push(b'\n');
    for name in signed_headers {
        out.extend_from_slice(name.as_bytes());
        out.push(b':');
        for (index, value) in request.headers.all(name).enumerate() {
            if index > 0 {
                out.push(b',');
            }
            value_into(value, &mut out);
        }
        out.push(b'\n');
    }
    out.push(b'\n');
    for (index, name) in signed_headers.iter().enumerate() {
        if index > 0 {
            out.push(b';');
        }
        out.extend_from_slice(name.as_bytes());
    }
    out.push(b'\n');
    out.extend_from_slice(payload_hash.as_bytes());
    out
}

fn path_into(path: &str, options: &Options, out: &mut Vec<u8>) {
    let normalized = options.normalize_path.then(|| normalize(path));
    let path = normalized.as_deref().unwrap_or(path);
    let path = if path.is_empty() { "/" } else { path };
    if options.double_encode {
        encode_into(path.as_bytes(), true, out);
    } else {
        encode_into(&decode(path), true, out);
    }
}

/// Resolves dot segments and drops empty ones; a slash at the end stays. AWS's clients do this before they sign.
fn normalize(path: &str) -> String {
    let mut segments: Vec<&str> = Vec::new();
    for segment in path.split('/') {
        match segment {
            "" | "." => {}
            ".." => {
                segments.pop();
            }
            segment => segments.push(segment),
        }
    }
    let mut normalized = String::with_capacity(path.len() + 1);
    for segment in &segments {
        normalized.push('/');
        normalized.push_str(segment);
    }
    if segments.is_empty() || path.ends_with('/') {
        normalized.push('/');
    }
    normalized
}

/// Sorts the parameters by their encoded names, then values. The signature itself is left out, as is a session token
/// that was added after signing.
fn query_into(query: &str, options: &Options, out: &mut Vec<u8>) {
    if query.is_empty() {
        return;
    }
    let encoded = |text: &str| {
        let mut bytes = Vec::with_capacity(text.len());
        encode_into(&decode_query(text), false, &mut bytes);
        bytes
    };
    let mut pairs: Vec<(Vec<u8>, Vec<u8>)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (encoded(name), encoded(value))
        })
        .filter(|(name, _)| {
            let is_late_token = options.unsigned_session_token && name == SECURITY_TOKEN.as_bytes();
            name != SIGNATURE.as_bytes() && !is_late_token
        })
        .collect();
    pairs.sort_unstable();
    for (index, (name, value)) in pairs.iter().enumerate() {
        if index > 0 {
            out.push(b'&');
        }
        out.extend_from_slice(name);
        out.push(b'=');
        out.extend_from_slice(value);
    }
}

/// Trims the value and turns every run of white space, folded lines included, into one space.
fn value_into(value: &[u8], out: &mut Vec<u8>) {
    let words = value
        .split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
        .filter(|word| !word.is_empty());
    for (index, word) in words.enumerate() {
        if index > 0 {
            out.push(b' ');
        }
        out.extend_from_slice(word);
    }
}
