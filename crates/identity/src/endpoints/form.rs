//! `application/x-www-form-urlencoded`, strictly: a name at most once (RFC 6749 section 3.2), UTF-8, no stray `%`.

/// A form's fields in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Form(Vec<(String, String)>);

const FIELDS_MAX: usize = 64;

impl Form {
    /// Reads a form; says what is wrong with it.
    pub(crate) fn parse(body: &[u8]) -> Result<Self, &'static str> {
        let text = std::str::from_utf8(body).map_err(|_| "the form is not UTF-8")?;
        let mut fields: Vec<(String, String)> = Vec::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or("a name in the form is not percent-encoded UTF-8")?;
            let value = decode(value).ok_or("a value in the form is not percent-encoded UTF-8")?;
            if fields.iter().any(|(there, _)| *there == name) {
                return Err("a name in the form stands twice");
            }
            if fields.len() == FIELDS_MAX {
                return Err("the form has too many fields");
            }
            fields.push((name, value));
        }
        Ok(Self(fields))
    }

    /// Returns a field's value; an empty one counts as absent (RFC 6749 section 3.2).
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0
            .iter()
            .find(|(there, value)| there == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }
}

impl Form {
    /// Returns the fields called one of `names`, encoded again.
    pub(crate) fn encoded(&self, names: &[&str]) -> String {
        let fields = self.0.iter().filter(|(name, _)| names.contains(&name.as_str()));
        encode(fields.map(|(name, value)| (name.as_str(), value.as_str())))
    }

    /// Returns the fields whose name starts with `prefix`, without it.
    pub(crate) fn under(&self, prefix: &str) -> Vec<(String, String)> {
        let field = |(name, value): &(String, String)| {
            let name = name.strip_prefix(prefix)?;
            Some((name.to_owned(), value.clone()))
        };
        self.0.iter().filter_map(field).collect()
    }
}

/// Returns fields as a query or a form.
pub(crate) fn encode<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = String::new();
    for (name, value) in fields {
        if !text.is_empty() {
            text.push('&');
        }
        percent_encode(name, &mut text);
        text.push('=');
        percent_encode(value, &mut text);
    }
    text
}

fn percent_encode(value: &str, text: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in value.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push('%');
            for half in [byte >> 4, byte & 15] {
                text.extend(DIGITS.get(usize::from(half)).map(|digit| char::from(*digit)));
            }
        }
    }
}

/// Undoes percent-encoding; a plus is a space.
pub(crate) fn decode(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |byte: u8| char::from(byte).to_digit(16);
                let (high, low) = (digit(rest.next()?)?, digit(rest.next()?)?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_decoded_and_none_stands_twice() {
        let form = Form::parse(b"a=1+2&b=%C3%A4%2B&c=").unwrap();
        assert_eq!(
            (form.get("a"), form.get("b"), form.get("c")),
            (Some("1 2"), Some("ä+"), None)
        );
        for bad in [&b"a=1&a=2"[..], b"a=%", b"a=%zz", b"a=%ff", b"\xff=1"] {
            assert!(Form::parse(bad).is_err());
        }
    }
}
