//! Regular expressions that must match the whole of a text, as Java's `matches` does.

use regex::Regex;

/// Compiles `expression` to match a whole text. It must stand by itself first: `a)|(?:b` would break out of what surrounds it and
/// match a part.
pub(crate) fn whole_match(expression: &str) -> Result<Regex, regex::Error> {
    Regex::new(expression)?;
    Regex::new(&format!("^(?:{expression})$"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_whole_text_matches() {
        let expression = whole_match("a|bb").unwrap();
        for (text, matches) in [
            ("a", true),
            ("bb", true),
            ("ab", false),
            ("abb", false),
            ("xa", false),
        ] {
            assert_eq!(expression.is_match(text), matches, "{text}");
        }
        assert!(whole_match("a)|(?:b").is_err());
    }
}
