//! What is done to a value before it is compared, one transformation per file.
//!
//! <https://docs.aws.amazon.com/waf/latest/developerguide/waf-rule-statement-transformation.html>. Where AWS says
//! little, ModSecurity's transformation of the same name is the model, since AWS's set follows it.

mod lowercase;
mod uppercase;
pub(crate) mod url_decode;
mod url_decode_uni;
pub(crate) mod html_entity_decode;
mod compress_white_space;
mod remove_whitespace;
mod trim;
mod cmd_line;
mod base64_decode;
mod base64_decode_ext;
mod hex_decode;
mod sql_hex_decode;
mod escape_seq_decode;
mod css_decode;
mod js_decode;
mod replace_comments;
mod remove_comments_char;
mod normalize_path;
mod normalize_path_win;
mod remove_nulls;
mod replace_nulls;
mod utf8_to_unicode;

use std::borrow::Cow;

use crate::reader::Fields;

/// A transformation and AWS's name for it.
pub(crate) struct Transformation {
    pub(crate) name: &'static str,
    /// Borrows what it need not change.
    pub(crate) apply: for<'a> fn(&'a [u8]) -> Cow<'a, [u8]>,
}

/// Every transformation but `NONE`.
static TRANSFORMATIONS: &[Transformation] = &[
    Transformation {
        name: "LOWERCASE",
        apply: lowercase::apply,
    },
    Transformation {
        name: "UPPERCASE",
        apply: uppercase::apply,
    },
    Transformation {
        name: "URL_DECODE",
        apply: url_decode::apply,
    },
    Transformation {
        name: "URL_DECODE_UNI",
        apply: url_decode_uni::apply,
    },
    Transformation {
        name: "HTML_ENTITY_DECODE",
        apply: html_entity_decode::apply,
    },
    Transformation {
        name: "COMPRESS_WHITE_SPACE",
        apply: compress_white_space::apply,
    },
    Transformation {
        name: "REMOVE_WHITESPACE",
        apply: remove_whitespace::apply,
    },
    Transformation {
        name: "TRIM",
        apply: trim::both,
    },
    Transformation {
        name: "TRIM_LEFT",
        apply: trim::left,
    },
    Transformation {
        name: "TRIM_RIGHT",
        apply: trim::right,
    },
    Transformation {
        name: "CMD_LINE",
        apply: cmd_line::apply,
    },
    Transformation {
        name: "BASE64_DECODE",
        apply: base64_decode::apply,
    },
    Transformation {
        name: "BASE64_DECODE_EXT",
        apply: base64_decode_ext::apply,
    },
    Transformation {
        name: "HEX_DECODE",
        apply: hex_decode::apply,
    },
    Transformation {
        name: "SQL_HEX_DECODE",
        apply: sql_hex_decode::apply,
    },
    Transformation {
        name: "ESCAPE_SEQ_DECODE",
        apply: escape_seq_decode::apply,
    },
    Transformation {
        name: "CSS_DECODE",
        apply: css_decode::apply,
    },
    Transformation {
        name: "JS_DECODE",
        apply: js_decode::apply,
    },
    Transformation {
        name: "REPLACE_COMMENTS",
        apply: replace_comments::apply,
    },
    Transformation {
        name: "REMOVE_COMMENTS_CHAR",
        apply: remove_comments_char::apply,
    },
    Transformation {
        name: "NORMALIZE_PATH",
        apply: normalize_path::apply,
    },
    Transformation {
        name: "NORMALIZE_PATH_WIN",
        apply: normalize_path_win::apply,
    },
    Transformation {
        name: "REMOVE_NULLS",
        apply: remove_nulls::apply,
    },
    Transformation {
        name: "REPLACE_NULLS",
        apply: replace_nulls::apply,
    },
    Transformation {
        name: "UTF8_TO_UNICODE",
        apply: utf8_to_unicode::apply,
    },
];

/// Transformations of AWS that are refused, and why.
static REFUSED: &[(&str, &str)] = &[
    ("MD5", "MD5 is not built in"),
    ("SHA256", "AWS does not say in which form it compares the digest"),
    ("CMD_LINE_WIN", "AWS does not say what it changes: use CMD_LINE"),
    ("CMD_LINE_UNIX", "AWS does not say what it changes: use CMD_LINE"),
    ("JS_DECODE_EXT", "AWS does not say what it changes: use JS_DECODE"),
];

/// Reads `Type`; the inner none is `NONE`.
pub(crate) fn find(fields: &Fields<'_>) -> Option<Option<&'static Transformation>> {
    let name = fields.text("Type")?;
    if name == "NONE" {
        return Some(None);
    }
    let found = TRANSFORMATIONS
        .iter()
        .find(|transformation| transformation.name == name);
    if found.is_none() {
        match REFUSED.iter().find(|(refused, _)| *refused == name) {
            Some((_, reason)) => fields.refuse("Type", format!("{name} is not supported: {reason}")),
            None => fields.refuse("Type", format!("`{name}` is not a text transformation")),
        }
    }
    found.map(Some)
}

/// Returns the value of a hexadecimal digit.
fn hex_digit(byte: u8) -> Option<u8> {
    char::from(byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}

/// Returns the value of the first `digits` hexadecimal digits of `bytes`.
fn hex_number(bytes: &[u8], digits: usize) -> Option<u32> {
    bytes.get(..digits)?.iter().try_fold(0_u32, |number, byte| {
        Some(number << 4 | u32::from(hex_digit(*byte)?))
    })
}

/// Returns the byte that stands for a UTF-16 unit: full-width forms become ASCII, others lose their high byte.
fn byte_of_unit(unit: u32) -> u8 {
    match unit {
        0xFF01..=0xFF5E => (unit - 0xFF01) as u8 + 0x21,
        _ => (unit & 0xFF) as u8,
    }
}

/// Tells whether `byte` is white space to C; a no-break space is left to those who ask for it.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | 9..=13)
}

#[cfg(test)]
mod tests;
