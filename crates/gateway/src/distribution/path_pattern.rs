//! Path patterns of cache behaviors: `*` stands for any characters, `?` for exactly one; case counts.
//!
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/DownloadDistValuesCacheBehavior.html>, "Path
//! pattern".

use std::borrow::Cow;

/// A path pattern; always begins with `/` or a wildcard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct PathPattern(Box<[u8]>);

/// Characters of a pattern, as AWS.
const PATTERN_CHARACTERS_MAX: usize = 255;

impl PathPattern {
    /// Reads a pattern; the leading slash may be left out.
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"_-.*$/~\"'@:+&?!,;=()".contains(&byte);
        if text.is_empty() || text.len() > PATTERN_CHARACTERS_MAX {
            return Err(format!(
                "`{text}` has not from 1 to {PATTERN_CHARACTERS_MAX} characters"
            ));
        }
        if let Some(odd) = text
            .chars()
            .find(|symbol| !u8::try_from(*symbol).is_ok_and(plain))
        {
            return Err(format!("`{odd}` may not stand in a path pattern"));
        }
        let slash = if text.starts_with(['/', '*']) { "" } else { "/" };
        Ok(Self(format!("{slash}{text}").into_bytes().into()))
    }

    /// Tells whether `path`, as [`comparable`] returns it, fits.
    pub(crate) fn matches(&self, path: &[u8]) -> bool {
        wildcards_match(&self.0, path)
    }
}

/// Tells whether `pattern` covers the whole of `text`. Never more than `pattern` × `text` steps.
pub(crate) fn wildcards_match(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at_pattern, mut at_text) = (0, 0);
    // Where the last `*` was, and up to where it reaches so far.
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(at_text) {
        match pattern.get(at_pattern) {
            Some(b'*') => {
                star = Some((at_pattern, at_text));
                at_pattern += 1;
            }
            Some(wanted) if *wanted == b'?' || wanted == byte => {
                at_pattern += 1;
                at_text += 1;
            }
            _ => {
                let Some((place, reach)) = star.as_mut() else {
                    return false;
                };
                *reach += 1;
                (at_pattern, at_text) = (*place + 1, *reach);
            }
        }
    }
    let rest = pattern.get(at_pattern..).unwrap_or_default();
    rest.iter().all(|byte| *byte == b'*')
}

/// Returns the path as patterns see it: what is encoded without need is decoded (RFC 3986 section 6.2.2.2), so that no
/// spelling of a path leads around the behavior that guards it.
pub(crate) fn comparable(path: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'%', path).is_none() {
        return Cow::Borrowed(path);
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let Some((byte, after)) = rest.split_first() {
        rest = after;
        match encoded(*byte, after) {
            Some(plain) if is_unreserved(plain) => {
                decoded.push(plain);
                rest = after.get(2..).unwrap_or_default();
            }
            _ => decoded.push(*byte),
        }
    }
    Cow::Owned(decoded)
}

/// Tells whether a path has a segment `.` or `..` in any spelling that some server might understand.
pub(crate) fn has_dot_segments(path: &[u8]) -> bool {
    let mut segment = Vec::new();
    let mut rest = path;
    loop {
        let (byte, width) = match rest.split_first() {
            None => return is_dots(&segment),
            Some((byte, after)) => encoded(*byte, after).map_or((*byte, 1), |plain| (plain, 3)),
        };
        rest = rest.get(width..).unwrap_or_default();
        if matches!(byte, b'/' | b'\\') {
            if is_dots(&segment) {
                return true;
            }
            segment.clear();
        } else if segment.len() <= 2 {
            segment.push(byte);
        }
    }
}

fn is_dots(segment: &[u8]) -> bool {
    matches!(segment, b"." | b"..")
}

/// Returns the byte that `%` and the next two stand for.
fn encoded(byte: u8, after: &[u8]) -> Option<u8> {
    let [high, low, ..] = after else { return None };
    if byte != b'%' {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_cover_any_or_one() {
        let fits = |pattern: &str, path: &str| PathPattern::parse(pattern).unwrap().matches(path.as_bytes());
        for (pattern, path) in [
            ("*", "/"),
            ("/images/*", "/images/a/b.jpg"),
            ("images/*.jpg", "/images/a.jpg"),
            ("/a??.jpg", "/a12.jpg"),
            ("*.gif", "/x/y.gif"),
            ("/a*b*c", "/axxbyybzzc"),
            ("/images/*", "/images/"),
        ] {
            assert!(fits(pattern, path), "{pattern} {path}");
        }
        for (pattern, path) in [
            ("/images/*", "/images"),
            ("/a??.jpg", "/a1.jpg"),
            ("/Images/*", "/images/a"),
            ("*.gif", "/x.gif/y"),
            ("/a", "/ab"),
            ("/a", "/"),
        ] {
            assert!(!fits(pattern, path), "{pattern} {path}");
        }
    }

    #[test]
    fn hostile_pattern_ends_soon() {
        let pattern = PathPattern::parse(&"*a".repeat(120)).unwrap();
        let path = "a".repeat(10_000);
        assert!(!pattern.matches(format!("/{path}b").as_bytes()));
    }

    #[test]
    fn needless_encoding_is_undone_and_nothing_else() {
        assert_eq!(comparable(b"/%61dmin/%2e%7E").as_ref(), b"/admin/.~");
        assert_eq!(comparable(b"/a%2fb%").as_ref(), b"/a%2fb%");
        assert_eq!(comparable(b"/a%2").as_ref(), b"/a%2");
    }

    #[test]
    fn dot_segments_are_seen_in_every_spelling() {
        for path in [
            "/..",
            "/a/../b",
            "/a/.",
            "/./a",
            "/%2e%2E/x",
            "/a/.%2e",
            "/a%2f..%2fb",
            "/a\\..\\b",
            "/a%5c%2e%2e",
        ] {
            assert!(has_dot_segments(path.as_bytes()), "{path}");
        }
        for path in ["/", "/a.b", "/...", "/a/..b", "/.well-known/x", "/a%2eb", "/%"] {
            assert!(!has_dot_segments(path.as_bytes()), "{path}");
        }
    }
}
