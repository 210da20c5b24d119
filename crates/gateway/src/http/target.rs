//! The target of a request, and where its query begins.

use std::ops::Deref;

use bytes::Bytes;

use super::path::position;

/// A target in origin form, `/path?query`, percent-encoding untouched.
#[derive(Clone, Debug)]
pub struct Target {
    text: Bytes,
    /// Looked for once: many ask.
    path_bytes: usize,
}

impl Target {
    /// Returns what stands before the first `?`.
    pub fn path(&self) -> &[u8] {
        self.text.get(..self.path_bytes).unwrap_or_default()
    }

    /// Returns what follows the first `?`, if there is one.
    pub fn query(&self) -> Option<&[u8]> {
        self.text.get(self.path_bytes + 1..)
    }

    /// Returns what stands before the first `?`, to keep.
    pub fn into_path(mut self) -> Bytes {
        self.text.truncate(self.path_bytes);
        self.text
    }
}

impl<B: Into<Bytes>> From<B> for Target {
    fn from(text: B) -> Self {
        let text = text.into();
        let path_bytes = position(&text, b'?').unwrap_or(text.len());
        Self { text, path_bytes }
    }
}

impl Deref for Target {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn query_begins_behind_the_first_question_mark() {
        for (text, path, query) in [
            ("/a", "/a", None),
            ("/a?", "/a", Some("")),
            ("/a?b?c", "/a", Some("b?c")),
            ("?", "", Some("")),
            ("", "", None),
        ] {
            let target = Target::from(text.to_owned());
            assert_eq!(target.path(), path.as_bytes(), "{text}");
            assert_eq!(target.query(), query.map(str::as_bytes), "{text}");
            assert_eq!(target.into_path(), path, "{text}");
        }
    }
}
