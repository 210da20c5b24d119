//! Distinguished names, written as RFC 4514 does: the most specific part first, `CN=ada,O=Example,C=GB`.

use std::fmt::Write as _;

use super::{
    CertificateError,
    der::{OBJECT_IDENTIFIER, Reader, SEQUENCE, SET},
};

/// A name in a certificate. Names are the same when their bytes are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Name {
    der: Vec<u8>,
    text: String,
}

/// The attributes that RFC 4514 section 3 gives a short name.
const ATTRIBUTES: [(&[u8], &str); 9] = [
    (&[0x55, 0x04, 0x03], "CN"),
    (&[0x55, 0x04, 0x07], "L"),
    (&[0x55, 0x04, 0x08], "ST"),
    (&[0x55, 0x04, 0x0a], "O"),
    (&[0x55, 0x04, 0x0b], "OU"),
    (&[0x55, 0x04, 0x06], "C"),
    (&[0x55, 0x04, 0x09], "STREET"),
    (
        &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x19],
        "DC",
    ),
    (
        &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01],
        "UID",
    ),
];

const UTF8_STRING: u8 = 0x0c;
const NUMERIC_STRING: u8 = 0x12;
const PRINTABLE_STRING: u8 = 0x13;
const TELETEX_STRING: u8 = 0x14;
const IA5_STRING: u8 = 0x16;
const BMP_STRING: u8 = 0x1e;

impl Name {
    pub(super) fn parse(content: &[u8]) -> Result<Self, CertificateError> {
        let mut sets = Reader::new(content);
        let mut parts = Vec::new();
        while let Some((tag, set)) = sets.next()? {
            if tag != SET {
                return Err(CertificateError("a part of a name is no set"));
            }
            parts.push(relative(set)?);
        }
        parts.reverse();
        Ok(Self {
            der: content.to_vec(),
            text: parts.join(","),
        })
    }

    /// Returns the name as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Returns what stands inside the name's sequence, for TLS to hint at.
    pub fn der(&self) -> &[u8] {
        &self.der
    }
}

/// One or several attributes that stand side by side: `CN=ada+UID=7`.
fn relative(set: &[u8]) -> Result<String, CertificateError> {
    let mut pairs = Reader::new(set);
    let mut text = String::new();
    while let Some((tag, pair)) = pairs.next()? {
        if tag != SEQUENCE {
            return Err(CertificateError("an attribute of a name is no sequence"));
        }
        let mut pair = Reader::new(pair);
        let id = pair.expect(OBJECT_IDENTIFIER)?;
        let (kind, value) = pair
            .next()?
            .ok_or(CertificateError("an attribute has no value"))?;
        pair.end()?;
        if !text.is_empty() {
            text.push('+');
        }
        let known = ATTRIBUTES.iter().find(|(known, _)| *known == id);
        match (known, string(kind, value)) {
            (Some((_, name)), Some(value)) => {
                text.push_str(name);
                text.push('=');
                escape(&value, &mut text);
            }
            _ => {
                text.push_str(&dotted(id));
                text.push_str("=#");
                let _ = write!(text, "{kind:02x}");
                for byte in length_bytes(value.len()).iter().chain(value) {
                    let _ = write!(text, "{byte:02x}");
                }
            }
        }
    }
    if text.is_empty() {
        return Err(CertificateError("a part of a name is empty"));
    }
    Ok(text)
}

fn string(kind: u8, value: &[u8]) -> Option<String> {
    match kind {
        UTF8_STRING | PRINTABLE_STRING | IA5_STRING | NUMERIC_STRING => {
            String::from_utf8(value.to_vec()).ok()
        }
        TELETEX_STRING => Some(value.iter().map(|byte| char::from(*byte)).collect()),
        BMP_STRING if value.len().is_multiple_of(2) => {
            let units: Vec<u16> = value
                .chunks_exact(2)
                .filter_map(|pair| Some(u16::from_be_bytes(pair.try_into().ok()?)))
                .collect();
            String::from_utf16(&units).ok()
        }
        _ => None,
    }
}

/// RFC 4514 section 2.4. What could command a terminal is escaped as well.
fn escape(value: &str, text: &mut String) {
    let last = value.chars().count().saturating_sub(1);
    for (at, symbol) in value.chars().enumerate() {
        let at_edge = (at == 0 && matches!(symbol, ' ' | '#')) || (at == last && symbol == ' ');
        if at_edge || matches!(symbol, '"' | '+' | ',' | ';' | '<' | '>' | '\\') {
            text.push('\\');
            text.push(symbol);
        } else if symbol.is_control() {
            let mut bytes = [0; 4];
            for byte in symbol.encode_utf8(&mut bytes).bytes() {
                let _ = write!(text, "\\{byte:02x}");
            }
        } else {
            text.push(symbol);
        }
    }
}

fn dotted(id: &[u8]) -> String {
    let mut numbers = Vec::new();
    let mut number = 0_u64;
    for byte in id {
        number = number.saturating_mul(128).saturating_add(u64::from(byte & 0x7f));
        if byte & 0x80 == 0 {
            if numbers.is_empty() {
                let first = (number / 40).min(2);
                numbers.push(first.to_string());
                number -= first * 40;
            }
            numbers.push(number.to_string());
            number = 0;
        }
    }
    numbers.join(".")
}

fn length_bytes(length: usize) -> Vec<u8> {
    let bytes = length.to_be_bytes();
    let significant: Vec<u8> = bytes.into_iter().skip_while(|byte| *byte == 0).collect();
    match (length, u8::try_from(significant.len())) {
        (0, _) => vec![0],
        (1..0x80, _) => significant,
        (_, Ok(count)) => std::iter::once(0x80 | count).chain(significant).collect(),
        _ => Vec::new(),
    }
}
