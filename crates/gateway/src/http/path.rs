//! Paths as others may read them: what is no more than another spelling must not lead around what guards a path.

/// Returns the path as a lenient backend may read it: unreserved octets decoded, dot segments resolved and empty segments
/// left out (RFC 3986 sections 6.2.2.2 and 6.2.2.3). None where that changes nothing.
pub(crate) fn canonical_path(path: &[u8]) -> Option<Vec<u8>> {
    let is_coded = path.iter().any(|octet| matches!(octet, b'%' | b'\\'));
    let mut pairs = path.windows(2);
    if !is_coded && !pairs.any(|pair| matches!(pair, [b'/', b'/' | b'.'])) {
        return None;
    }
    let mut decoded = Vec::with_capacity(path.len());
    let mut rest = path;
    while let [first, after @ ..] = rest {
        rest = after;
        let octet = match (first, after) {
            (b'%', [high, low, after @ ..]) => octet(*high, *low)
                .filter(|octet| octet.is_ascii_alphanumeric() || b"-._~\\".contains(octet))
                .inspect(|_| rest = after)
                .unwrap_or(b'%'),
            _ => *first,
        };
        decoded.push(if octet == b'\\' { b'/' } else { octet });
    }
    let mut segments: Vec<&[u8]> = Vec::new();
    for segment in decoded.split(|octet| *octet == b'/') {
        match segment {
            b"" | b"." => {}
            b".." => {
                segments.pop();
            }
            other => segments.push(other),
        }
    }
    let mut canonical = Vec::with_capacity(decoded.len());
    for segment in segments {
        canonical.push(b'/');
        canonical.extend_from_slice(segment);
    }
    if canonical.is_empty() {
        canonical.push(b'/');
    }
    (canonical != path).then_some(canonical)
}

/// Longer texts are searched by runs.
const SHORT_BYTES: usize = 32;

/// Returns where `octet` first stands in a target. Most are so short that a search by runs takes longer to begin than to find.
pub(crate) fn position(target: &[u8], octet: u8) -> Option<usize> {
    if target.len() > SHORT_BYTES {
        return memchr::memchr(octet, target);
    }
    target.iter().position(|known| *known == octet)
}

fn octet(high: u8, low: u8) -> Option<u8> {
    let digit = |symbol: u8| char::from(symbol).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whatever a stranger sends: what comes out is canonical, and no longer than what went in.
    #[test]
    fn normalising_twice_changes_nothing_more() {
        const SYMBOLS: &[u8] = b"/././%%2e2E5cC61aA\\;~x\xff\0";
        let mut state = 0x9e37_79b9_7f4a_7c15_u64;
        let mut next = |below: usize| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state >> 33).unwrap() % below
        };
        for _ in 0..20_000 {
            let mut path = vec![b'/'];
            for _ in 0..next(24) {
                path.push(SYMBOLS[next(SYMBOLS.len())]);
            }
            let Some(once) = canonical_path(&path) else {
                continue;
            };
            assert!(once.len() <= path.len() && once.starts_with(b"/"), "{path:?}");
            // A sequence such as `%2%65` may become an encoded octet by the first pass, as with a backend that decodes twice.
            let again = canonical_path(&once).unwrap_or_else(|| once.clone());
            assert!(again.len() <= once.len(), "{path:?}");
            let climbs = once.split(|octet| *octet == b'/').any(|segment| segment == b"..");
            assert!(!climbs, "{path:?}");
        }
    }

    #[test]
    fn octets_are_found_where_they_stand_first_in_short_and_long_targets() {
        for length in 0..2 * SHORT_BYTES {
            let mut target = vec![b'a'; length];
            assert_eq!(position(&target, b'/'), None);
            for place in (0..length).rev() {
                target[place] = b'/';
                assert_eq!(position(&target, b'/'), Some(place));
            }
        }
    }

    #[test]
    fn paths_are_normalised_as_a_lenient_backend_would() {
        for (path, meant) in [
            ("/%61dmin", "/admin"),
            ("/a//b", "/a/b"),
            ("/a/./b/../c", "/a/c"),
            ("/a/%2e%2E/b", "/b"),
            ("/../..", "/"),
            ("/a%5Cb", "/a/b"),
            ("/a\\..\\b", "/b"),
            ("/a/b//", "/a/b"),
        ] {
            let found = canonical_path(path.as_bytes());
            assert_eq!(found.as_deref(), Some(meant.as_bytes()), "{path}");
        }
        for path in [
            "/a/b",
            "/a/b/",
            "/",
            "/a%2Fb",
            "/a%20b",
            "/.well-known",
            "/a%zz",
            "/a%",
        ] {
            assert_eq!(canonical_path(path.as_bytes()), None, "{path}");
        }
    }
}
