//! The textual form of certificates (RFC 7468).

use base64::{Engine as _, engine::general_purpose::STANDARD};

use super::truststore::TruststoreError;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// Returns the bytes of every certificate, in order. Text between them is a remark.
pub(super) fn certificates(text: &str) -> Result<Vec<Vec<u8>>, TruststoreError> {
    let mut found = Vec::new();
    let mut lines = text.lines().map(str::trim);
    while let Some(line) = lines.next() {
        let Some(label) = line
            .strip_prefix(BEGIN)
            .and_then(|rest| rest.strip_suffix(DASHES))
        else {
            continue;
        };
        if label != "CERTIFICATE" {
            return Err(TruststoreError::NoCertificate(label.chars().take(40).collect()));
        }
        let number = found.len() + 1;
        let mut body = String::new();
        loop {
            let line = lines.next().ok_or(TruststoreError::Unfinished(number))?;
            if let Some(rest) = line.strip_prefix(END) {
                if rest.strip_suffix(DASHES) != Some(label) {
                    return Err(TruststoreError::Unfinished(number));
                }
                break;
            }
            body.push_str(line);
        }
        let bytes = STANDARD
            .decode(&body)
            .map_err(|_| TruststoreError::NotBase64(number))?;
        found.push(bytes);
    }
    Ok(found)
}
