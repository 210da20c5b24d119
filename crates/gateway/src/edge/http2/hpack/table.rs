//! The tables of fields (RFC 7541 section 2.3): one that never changes, and one of what a sender has said.

use std::collections::VecDeque;

use super::{Field, Kind};

/// An entry of the static table: what it is, the length of its name, its line.
struct Static(Kind, usize, &'static str);

macro_rules! entries {
    ($($kind:ident $name:literal $value:literal;)*) => {
        &[$(Static(Kind::$kind, $name.len(), concat!($name, ": ", $value, "\r\n"))),*]
    };
}

/// Appendix A, from index 1 on.
const STATIC: &[Static] = entries! {
    Authority ":authority" ""; Method ":method" "GET"; Method ":method" "POST"; Path ":path" "/"; Path ":path" "/index.html";
    Scheme ":scheme" "http"; Scheme ":scheme" "https"; Malformed ":status" "200"; Malformed ":status" "204";
    Malformed ":status" "206"; Malformed ":status" "304"; Malformed ":status" "400"; Malformed ":status" "404";
    Malformed ":status" "500"; Other "accept-charset" ""; Other "accept-encoding" "gzip, deflate"; Other "accept-language" "";
    Other "accept-ranges" ""; Other "accept" ""; Other "access-control-allow-origin" ""; Other "age" ""; Other "allow" "";
    Other "authorization" ""; Other "cache-control" ""; Other "content-disposition" ""; Other "content-encoding" "";
    Other "content-language" ""; Length "content-length" ""; Other "content-location" ""; Other "content-range" "";
    Other "content-type" ""; Cookie "cookie" ""; Other "date" ""; Other "etag" ""; Other "expect" ""; Other "expires" "";
    Other "from" ""; Host "host" ""; Other "if-match" ""; Other "if-modified-since" ""; Other "if-none-match" "";
    Other "if-range" ""; Other "if-unmodified-since" ""; Other "last-modified" ""; Other "link" ""; Other "location" "";
    Other "max-forwards" ""; Other "proxy-authenticate" ""; Other "proxy-authorization" ""; Other "range" "";
    Other "referer" ""; Other "refresh" ""; Other "retry-after" ""; Other "server" ""; Other "set-cookie" "";
    Other "strict-transport-security" ""; Malformed "transfer-encoding" ""; Other "user-agent" ""; Other "vary" "";
    Other "via" ""; Other "www-authenticate" "";
};

/// The index of the last entry of the static table.
pub(super) const STATIC_LAST: usize = STATIC.len();

/// Returns an entry of the static table.
pub(super) fn fixed(index: usize) -> Option<Field<'static>> {
    let Static(kind, name_bytes, line) = STATIC.get(index.checked_sub(1)?)?;
    Some(Field {
        kind: *kind,
        line: line.as_bytes(),
        name_bytes: *name_bytes,
    })
}

/// Returns the index of the first entry of the static table whose name is `name`, without case.
pub(super) fn fixed_name(name: &[u8]) -> Option<usize> {
    let is_it = |Static(_, length, line): &Static| {
        *length == name.len()
            && line
                .as_bytes()
                .iter()
                .zip(name)
                .all(|(a, b)| *a == b.to_ascii_lowercase())
    };
    STATIC.iter().position(is_it).map(|place| place + 1)
}

/// What the other side has said, the latest first.
#[derive(Debug)]
pub(super) struct Table {
    entries: VecDeque<Entry>,
    bytes: usize,
    bytes_max: usize,
}

#[derive(Debug)]
struct Entry {
    kind: Kind,
    name_bytes: usize,
    line: Box<[u8]>,
}

impl Entry {
    fn field(&self) -> Field<'_> {
        Field {
            kind: self.kind,
            line: &self.line,
            name_bytes: self.name_bytes,
        }
    }
}

impl Table {
    pub(super) const fn new(bytes_max: usize) -> Self {
        Self {
            entries: VecDeque::new(),
            bytes: 0,
            bytes_max,
        }
    }

    /// Returns an entry by its index, which counts on from the static table's.
    pub(super) fn get(&self, index: usize) -> Option<Field<'_>> {
        if index <= STATIC_LAST {
            return fixed(index);
        }
        self.entries.get(index - STATIC_LAST - 1).map(Entry::field)
    }

    /// Adds what was said; nothing stays of a table that it does not fit into (section 4.4).
    pub(super) fn add(&mut self, field: Field<'_>) {
        let bytes = field.bytes();
        self.shrink(self.bytes_max.saturating_sub(bytes));
        if bytes <= self.bytes_max {
            self.bytes += bytes;
            self.entries.push_front(Entry {
                kind: field.kind,
                name_bytes: field.name_bytes,
                line: field.line.into(),
            });
        }
    }

    /// Changes what it may hold.
    pub(super) fn resize(&mut self, bytes_max: usize) {
        self.bytes_max = bytes_max;
        self.shrink(bytes_max);
    }

    fn shrink(&mut self, bytes: usize) {
        while self.bytes > bytes
            && let Some(oldest) = self.entries.pop_back()
        {
            self.bytes -= oldest.field().bytes();
        }
    }
}
