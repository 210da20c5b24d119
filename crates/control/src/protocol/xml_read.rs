//! Reads XML bodies, strictly: elements, text, the five entities and character references. No document types, no
//! processing instructions, no entities of one's own, so nothing grows and nothing is fetched. Attributes are read over:
//! AWS's bodies carry namespaces there and nothing else.
//!
//! <https://www.w3.org/TR/xml/>

use serde_json::{Map, Value};

use crate::AwsError;

/// Elements within elements.
const DEPTH_MAX: usize = 32;
/// Elements of one body.
const ELEMENTS_MAX: usize = 20_000;
/// Bytes of a name.
const NAME_BYTES_MAX: usize = 128;

/// Returns the name of the root element and what is in it: text, or an object of the elements inside, where one that occurs
/// again is a list.
pub(crate) fn parse(body: &[u8]) -> Result<(String, Value), AwsError> {
    let text = std::str::from_utf8(body).map_err(|_| malformed("it is not UTF-8"))?;
    let mut reader = Reader {
        rest: text.strip_prefix('\u{feff}').unwrap_or(text),
        elements: 0,
    };
    if let Some(after) = reader.rest.strip_prefix("<?xml") {
        let (_, rest) = after
            .split_once("?>")
            .ok_or_else(|| malformed("the declaration has no end"))?;
        reader.rest = rest;
    }
    reader.skip_between()?;
    let (name, is_empty) = reader
        .start_tag()?
        .ok_or_else(|| malformed("there is no element"))?;
    let value = reader.content(&name, is_empty, 1)?;
    reader.skip_between()?;
    if reader.rest.is_empty() {
        Ok((name, value))
    } else {
        Err(malformed("something follows the root element"))
    }
}

fn malformed(reason: &str) -> AwsError {
    AwsError::new("MalformedInput", 400, format!("the XML cannot be read: {reason}"))
}

struct Reader<'a> {
    rest: &'a str,
    elements: usize,
}

impl<'a> Reader<'a> {
    /// Skips white space and comments outside the root.
    fn skip_between(&mut self) -> Result<(), AwsError> {
        loop {
            self.rest = self.rest.trim_start();
            match self.rest.strip_prefix("<!--") {
                Some(comment) => self.rest = after(comment, "-->")?,
                None => return Ok(()),
            }
        }
    }

    /// Reads `<name …>` or `<name …/>`, of which the latter is empty; none where there is no tag.
    fn start_tag(&mut self) -> Result<Option<(String, bool)>, AwsError> {
        let Some(tag) = self.rest.strip_prefix('<') else {
            return Ok(None);
        };
        self.elements += 1;
        if self.elements > ELEMENTS_MAX {
            return Err(malformed("it has too many elements"));
        }
        let (name, mut rest) = name(tag)?;
        loop {
            let trimmed = rest.trim_start();
            if let Some(after) = trimmed.strip_prefix("/>") {
                self.rest = after;
                return Ok(Some((name.to_owned(), true)));
            }
            if let Some(after) = trimmed.strip_prefix('>') {
                self.rest = after;
                return Ok(Some((name.to_owned(), false)));
            }
            if trimmed.len() == rest.len() {
                return Err(malformed("a tag is not closed"));
            }
            rest = attribute(trimmed)?;
        }
    }

    /// Reads what is in the element `within` up to its end tag.
    fn content(&mut self, within: &str, is_empty: bool, depth: usize) -> Result<Value, AwsError> {
        if depth > DEPTH_MAX {
            return Err(malformed("its elements are nested too deeply"));
        }
        let (mut text, mut members) = (String::new(), Map::new());
        if is_empty {
            return Ok(Value::String(text));
        }
        loop {
            let at = self
                .rest
                .find('<')
                .ok_or_else(|| malformed("an element has no end"))?;
            let (plain, rest) = self.rest.split_at(at);
            unescape(plain, &mut text)?;
            self.rest = rest;
            if let Some(comment) = rest.strip_prefix("<!--") {
                self.rest = after(comment, "-->")?;
            } else if let Some(data) = rest.strip_prefix("<![CDATA[") {
                let (data, following) = data
                    .split_once("]]>")
                    .ok_or_else(|| malformed("a CDATA section has no end"))?;
                text.push_str(data);
                self.rest = following;
            } else if let Some(end) = rest.strip_prefix("</") {
                let (name, following) = name(end)?;
                if name != within {
                    return Err(malformed("an end tag does not fit its start tag"));
                }
                self.rest = following
                    .trim_start()
                    .strip_prefix('>')
                    .ok_or_else(|| malformed("an end tag is not closed"))?;
                break;
            } else if let Some((name, is_empty)) = self.start_tag()? {
                let value = self.content(&name, is_empty, depth + 1)?;
                insert(&mut members, name, value);
            }
        }
        if members.is_empty() {
            return Ok(Value::String(text));
        }
        if text.trim().is_empty() {
            return Ok(Value::Object(members));
        }
        Err(malformed("an element has both text and elements"))
    }
}

/// An element that occurs again makes a list of its namesakes.
fn insert(members: &mut Map<String, Value>, name: String, value: Value) {
    match members.get_mut(&name) {
        None => {
            members.insert(name, value);
        }
        Some(Value::Array(items)) => items.push(value),
        Some(first) => {
            let items = vec![first.take(), value];
            *first = Value::Array(items);
        }
    }
}

/// Splits a name off, without its prefix.
fn name(text: &str) -> Result<(&str, &str), AwsError> {
    let is_part = |symbol: char| symbol.is_ascii_alphanumeric() || matches!(symbol, '_' | '-' | '.' | ':');
    let end = text.find(|symbol| !is_part(symbol)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let starts_well = name.starts_with(|symbol: char| symbol.is_ascii_alphabetic() || symbol == '_');
    if !starts_well || name.len() > NAME_BYTES_MAX {
        return Err(malformed("a name is expected after `<`"));
    }
    Ok((name, rest))
}

/// Reads over `name="value"`.
fn attribute(text: &str) -> Result<&str, AwsError> {
    let (_, rest) = name(text)?;
    let value = rest
        .trim_start()
        .strip_prefix('=')
        .ok_or_else(|| malformed("an attribute has no value"))?
        .trim_start();
    for quote in ['"', '\''] {
        if let Some((value, rest)) = value
            .strip_prefix(quote)
            .and_then(|value| value.split_once(quote))
        {
            if value.contains('<') {
                break;
            }
            return Ok(rest);
        }
    }
    Err(malformed("an attribute's value is not quoted"))
}

fn after<'a>(text: &'a str, end: &str) -> Result<&'a str, AwsError> {
    text.split_once(end)
        .map(|(_, rest)| rest)
        .ok_or_else(|| malformed("a comment has no end"))
}

/// Appends `text` with its references replaced.
fn unescape(text: &str, out: &mut String) -> Result<(), AwsError> {
    let mut rest = text;
    while let Some((plain, reference)) = rest.split_once('&') {
        out.push_str(plain);
        let (name, following) = reference
            .split_once(';')
            .ok_or_else(|| malformed("`&` begins no reference"))?;
        let symbol = match name {
            "lt" => '<',
            "gt" => '>',
            "amp" => '&',
            "quot" => '"',
            "apos" => '\'',
            _ => numbered(name).ok_or_else(|| malformed("a reference is not known"))?,
        };
        out.push(symbol);
        rest = following;
    }
    out.push_str(rest);
    Ok(())
}

/// `#65` or `#x41`; characters that XML cannot carry are none.
fn numbered(name: &str) -> Option<char> {
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix('x') {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    let symbol = char::from_u32(code.ok()?)?;
    (!symbol.is_control() || matches!(symbol, '\t' | '\n' | '\r')).then_some(symbol)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn read(text: &str) -> Option<(String, Value)> {
        parse(text.as_bytes()).ok()
    }

    #[test]
    fn elements_become_objects_and_repeated_ones_lists() {
        let text = "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- c --><A xmlns=\"urn:x\"><B>1</B><L><I>a</I><I>b</I></L>\
                    <E/><T> x &lt;&#65;&#x42;&amp; <![CDATA[<c>]]></T></A>\n";
        let (name, value) = read(text).unwrap();
        assert_eq!(name, "A");
        assert_eq!(
            value,
            json!({"B": "1", "L": {"I": ["a", "b"]}, "E": "", "T": " x <AB& <c>"})
        );
    }

    #[test]
    fn what_is_not_plain_xml_is_refused() {
        for text in [
            "",
            "a",
            "<A>",
            "<A></B>",
            "<A></A><B/>",
            "<A></A>x",
            "<!DOCTYPE a [<!ENTITY b \"c\">]><A>&b;</A>",
            "<A>&b;</A>",
            "<A>&#0;</A>",
            "<A>& </A>",
            "<A b=c/>",
            "<A b=\"<\"/>",
            "<A b/>",
            "<A>text<B/></A>",
            "<?php ?><A/>",
            "<A><?php ?></A>",
            "<1/>",
        ] {
            assert!(read(text).is_none(), "{text}");
        }
        assert!(read(&"<A>".repeat(100_000)).is_none());
        let deep = format!("{}{}", "<A>".repeat(33), "</A>".repeat(33));
        assert!(read(&deep).is_none());
        let many = format!("<A>{}</A>", "<B/>".repeat(ELEMENTS_MAX));
        assert!(read(&many).is_none());
    }

    #[test]
    fn mutilated_bodies_neither_panic_nor_hang() {
        let text = "<A x='y'><B>1&amp;2</B><!-- c --><L><I>ä</I><I><![CDATA[d]]></I></L></A>";
        for cut in 0..text.len() {
            let _ = parse(text.as_bytes().get(..cut).unwrap());
            for byte in [b'<', b'>', b'&', b';', b'"', b'/', 0, 0xff] {
                let mut changed = text.as_bytes().to_vec();
                changed[cut] = byte;
                let _ = parse(&changed);
            }
        }
    }
}
