//! HTML, escaped by default: text and attribute values go in as data, names of tags and attributes are ours.

use std::fmt::Write;

/// A piece of HTML.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Html(String);

/// An element that is being written.
pub(crate) struct Element {
    name: &'static str,
    head: String,
    content: String,
}

/// Elements without content.
const VOID: [&str; 3] = ["input", "meta", "br"];

/// Begins an element.
pub(crate) fn element(name: &'static str) -> Element {
    Element {
        name,
        head: String::new(),
        content: String::new(),
    }
}

impl Element {
    /// Adds an attribute.
    #[must_use]
    pub(crate) fn with(mut self, attribute: &'static str, value: &str) -> Self {
        // Writing to a String cannot fail.
        let _ = write!(self.head, " {attribute}=\"{}\"", escaped(value));
        self
    }

    /// Adds an attribute without a value.
    #[must_use]
    pub(crate) fn flag(mut self, attribute: &'static str) -> Self {
        let _ = write!(self.head, " {attribute}");
        self
    }

    /// Adds text.
    #[must_use]
    pub(crate) fn text(mut self, text: &str) -> Self {
        self.content.push_str(&escaped(text));
        self
    }

    /// Adds a piece.
    #[must_use]
    pub(crate) fn and(mut self, piece: impl Into<Html>) -> Self {
        self.content.push_str(&piece.into().0);
        self
    }

    /// Adds a style sheet of ours, the one text that goes in as it is.
    #[must_use]
    pub(crate) fn style_sheet(mut self, sheet: &'static str) -> Self {
        self.content.push_str(sheet);
        self
    }
}

impl From<Element> for Html {
    fn from(element: Element) -> Self {
        let Element { name, head, content } = element;
        if VOID.contains(&name) {
            return Self(format!("<{name}{head}>"));
        }
        Self(format!("<{name}{head}>{content}</{name}>"))
    }
}

impl Html {
    /// Adds a piece behind this one.
    #[must_use]
    pub(crate) fn and(mut self, piece: impl Into<Self>) -> Self {
        self.0.push_str(&piece.into().0);
        self
    }

    /// Returns the whole document.
    pub(crate) fn document(self) -> Vec<u8> {
        format!("<!DOCTYPE html>\n{}\n", self.0).into_bytes()
    }
}

/// Returns text as it stands in HTML.
pub(crate) fn escaped(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_values_never_become_markup() {
        let evil = "<script>\"'&";
        let html = Html::from(element("p").with("title", evil).text(evil)).document();
        let safe = "&lt;script&gt;&quot;&#39;&amp;";
        assert_eq!(
            String::from_utf8(html).unwrap(),
            format!("<!DOCTYPE html>\n<p title=\"{safe}\">{safe}</p>\n")
        );
    }
}
