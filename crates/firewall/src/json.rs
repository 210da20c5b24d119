//! Reads JSON as leniently as AWS WAF: a missing comma or colon is overlooked, a duplicate key is an end.
//!
//! Not a parser for anybody else: it answers "which keys and values does a reader see", not "is this JSON".

use std::{borrow::Cow, collections::HashSet};

use crate::limits::JSON_DEPTH_MAX;

/// A key or a scalar, with the JSON pointer of its place (empty unless asked for).
pub(crate) enum JsonEvent<'a, 'p> {
    Key { name: Cow<'a, [u8]>, pointer: &'p str },
    Value { bytes: Cow<'a, [u8]>, pointer: &'p str },
}

/// The document could not be read to its end.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Invalid;

type Emit<'e, 'a> = &'e mut dyn FnMut(JsonEvent<'a, '_>);

enum Level {
    Object {
        keys: HashSet<Vec<u8>>,
        pointer_bytes: usize,
    },
    Array {
        index: usize,
        pointer_bytes: usize,
    },
}

struct Reader<'a> {
    rest: &'a [u8],
    levels: Vec<Level>,
    pointer: String,
    with_pointers: bool,
}

/// Reads an object or an array and emits what is in it, also when it ends too early.
pub(crate) fn read<'a>(bytes: &'a [u8], with_pointers: bool, emit: Emit<'_, 'a>) -> Result<(), Invalid> {
    let mut reader = Reader {
        rest: bytes,
        levels: Vec::new(),
        pointer: String::new(),
        with_pointers,
    };
    reader.skip_space();
    if !matches!(reader.rest.first(), Some(b'{' | b'[')) {
        return Err(Invalid);
    }
    reader.value(emit)?;
    while !reader.levels.is_empty() {
        reader.step(emit)?;
    }
    reader.skip_space();
    if reader.rest.is_empty() {
        Ok(())
    } else {
        Err(Invalid)
    }
}

impl<'a> Reader<'a> {
    /// Reads the next member of the innermost object or array, or its end.
    fn step(&mut self, emit: Emit<'_, 'a>) -> Result<(), Invalid> {
        self.skip(b',');
        let byte = *self.rest.first().ok_or(Invalid)?;
        if byte == b'}' || byte == b']' {
            return self.close(byte);
        }
        match self.levels.last_mut() {
            Some(Level::Object { pointer_bytes, .. }) => {
                self.pointer.truncate(*pointer_bytes);
                self.member(emit)
            }
            Some(Level::Array { index, pointer_bytes }) => {
                self.pointer.truncate(*pointer_bytes);
                if self.with_pointers {
                    self.pointer.push('/');
                    self.pointer.push_str(&index.to_string());
                }
                *index += 1;
                self.value(emit)
            }
            None => Err(Invalid),
        }
    }

    fn close(&mut self, byte: u8) -> Result<(), Invalid> {
        let fits = match self.levels.pop() {
            Some(Level::Object { .. }) => byte == b'}',
            Some(Level::Array { .. }) => byte == b']',
            None => false,
        };
        self.advance(1);
        if fits { Ok(()) } else { Err(Invalid) }
    }

    fn member(&mut self, emit: Emit<'_, 'a>) -> Result<(), Invalid> {
        let name = self.string()?;
        let is_new = match self.levels.last_mut() {
            Some(Level::Object { keys, .. }) => keys.insert(name.to_vec()),
            _ => false,
        };
        if !is_new {
            return Err(Invalid);
        }
        if self.with_pointers {
            self.pointer.push('/');
            self.pointer.push_str(
                &String::from_utf8_lossy(&name)
                    .replace('~', "~0")
                    .replace('/', "~1"),
            );
        }
        emit(JsonEvent::Key {
            name,
            pointer: &self.pointer,
        });
        self.skip(b':');
        self.value(emit)
    }

    fn value(&mut self, emit: Emit<'_, 'a>) -> Result<(), Invalid> {
        self.skip_space();
        match *self.rest.first().ok_or(Invalid)? {
            byte @ (b'{' | b'[') => {
                if self.levels.len() >= JSON_DEPTH_MAX {
                    return Err(Invalid);
                }
                let pointer_bytes = self.pointer.len();
                self.levels.push(if byte == b'{' {
                    Level::Object {
                        keys: HashSet::new(),
                        pointer_bytes,
                    }
                } else {
                    Level::Array {
                        index: 0,
                        pointer_bytes,
                    }
                });
                self.advance(1);
                Ok(())
            }
            b'"' => {
                let bytes = self.string()?;
                emit(JsonEvent::Value {
                    bytes,
                    pointer: &self.pointer,
                });
                Ok(())
            }
            _ => {
                let end = |byte: &u8| {
                    matches!(byte, b',' | b'}' | b']' | b'"' | b':' | b'{' | b'[')
                        || byte.is_ascii_whitespace()
                };
                let length = self.rest.iter().position(end).unwrap_or(self.rest.len());
                let (word, rest) = self
                    .rest
                    .split_at_checked(length)
                    .filter(|_| length > 0)
                    .ok_or(Invalid)?;
                self.rest = rest;
                emit(JsonEvent::Value {
                    bytes: Cow::Borrowed(word),
                    pointer: &self.pointer,
                });
                Ok(())
            }
        }
    }

    /// Reads a string; the bytes between the quotes are borrowed when nothing is escaped.
    fn string(&mut self) -> Result<Cow<'a, [u8]>, Invalid> {
        let inner = self.rest.strip_prefix(b"\"").ok_or(Invalid)?;
        let stop = memchr::memchr2(b'"', b'\\', inner).ok_or(Invalid)?;
        if inner.get(stop) == Some(&b'"') {
            let text = inner.get(..stop).ok_or(Invalid)?;
            self.rest = inner.get(stop + 1..).ok_or(Invalid)?;
            return Ok(Cow::Borrowed(text));
        }
        self.rest = inner;
        let mut text = Vec::new();
        loop {
            let stop = memchr::memchr2(b'"', b'\\', self.rest).ok_or(Invalid)?;
            text.extend_from_slice(self.rest.get(..stop).ok_or(Invalid)?);
            let found = self.rest.get(stop).copied();
            self.advance(stop + 1);
            if found == Some(b'"') {
                return Ok(Cow::Owned(text));
            }
            self.escape(&mut text)?;
        }
    }

    fn escape(&mut self, text: &mut Vec<u8>) -> Result<(), Invalid> {
        let byte = *self.rest.first().ok_or(Invalid)?;
        self.advance(1);
        text.push(match byte {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'u' => {
                let mut unit = u32::from(self.hex()?);
                if (0xD800..0xDC00).contains(&unit) && self.rest.starts_with(b"\\u") {
                    self.advance(2);
                    let low = u32::from(self.hex()?);
                    unit = 0x10000 + ((unit - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF);
                }
                let character = char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER);
                text.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            other => other,
        });
        Ok(())
    }

    fn hex(&mut self) -> Result<u16, Invalid> {
        let digits = self
            .rest
            .get(..4)
            .and_then(|digits| std::str::from_utf8(digits).ok())
            .ok_or(Invalid)?;
        let unit = u16::from_str_radix(digits, 16).map_err(|_| Invalid)?;
        self.advance(4);
        Ok(unit)
    }

    fn skip(&mut self, byte: u8) {
        self.skip_space();
        if self.rest.first() == Some(&byte) {
            self.advance(1);
            self.skip_space();
        }
    }

    fn skip_space(&mut self) {
        self.rest = self.rest.trim_ascii_start();
    }

    fn advance(&mut self, bytes: usize) {
        self.rest = self.rest.get(bytes..).unwrap_or_default();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> (String, bool) {
        let mut seen = Vec::new();
        let outcome = read(text.as_bytes(), true, &mut |event| {
            seen.push(match event {
                JsonEvent::Key { name, .. } => format!("{}:", String::from_utf8_lossy(&name)),
                JsonEvent::Value { bytes, pointer } => {
                    format!("{pointer}={}", String::from_utf8_lossy(&bytes))
                }
            });
        });
        (seen.join(" "), outcome.is_ok())
    }

    #[test]
    fn keys_and_values_come_with_their_pointers() {
        let table = [
            (
                r#"{"a":1,"b":["x",true,{"c":null}]}"#,
                "a: /a=1 b: /b/0=x /b/1=true c: /b/2/c=null",
                true,
            ),
            (r#" [ ] "#, "", true),
            (
                r#"{"a/b~":"\u0041\n\ud83d\ude00\""}"#,
                "a/b~: /a~1b~0=A\n😀\"",
                true,
            ),
            (r#"{"a" 1 "b":2}"#, "a: /a=1 b: /b=2", true),
            (r#"{"a":1"#, "a: /a=1", false),
            (r#"{"a":1,"a":2}"#, "a: /a=1", false),
            (r#""text""#, "", false),
            (r#"{"a":1]"#, "a: /a=1", false),
            (r#"{"a":1} x"#, "a: /a=1", false),
            (r#"{"a":"x"#, "a:", false),
            (r#"[1:2]"#, "/0=1", false),
            ("", "", false),
        ];
        for (text, expected, valid) in table {
            assert_eq!(seen(text), (expected.to_owned(), valid), "{text}");
        }
    }

    #[test]
    fn nesting_ends_at_the_limit() {
        assert!(!seen(&"[".repeat(100_000)).1);
        let deep = format!("{}{}", "[".repeat(JSON_DEPTH_MAX), "]".repeat(JSON_DEPTH_MAX));
        assert!(seen(&deep).1);
        assert!(!seen(&format!("[{deep}]")).1);
    }
}
