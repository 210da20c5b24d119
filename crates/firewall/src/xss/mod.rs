//! Would a value run as script when a page shows it? Our own method after the HTML standard's tokenization
//! (<https://html.spec.whatwg.org/multipage/parsing.html#tokenization>).
//!
//! A value may land between tags, inside a quoted attribute, inside an unquoted one, or in a link. It is read once
//! for each: tags that load or run something, attributes that do, and addresses with a script scheme are evidence.
//! Script inside `<script>` and templates of client frameworks are not looked at.

mod names;
mod tags;
#[cfg(test)]
mod tests;

/// What gave a value away.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    pub evidence: &'static str,
    pub start: usize,
}

/// Looks at one value.
pub fn detect(value: &[u8]) -> Option<Finding> {
    let mut from = 0;
    let mut reach = tags::Reach::default();
    while let Some(start) = memchr::memchr(b'<', value.get(from..).unwrap_or_default()).map(|at| at + from) {
        let (found, end) = tags::tag(value, start, &mut reach);
        if let Some(evidence) = found {
            return Some(Finding { evidence, start });
        }
        from = end.max(start + 1);
    }
    if tags::is_script_link(value) {
        return Some(Finding {
            evidence: "script address",
            start: 0,
        });
    }
    outside_tags(value, &mut reach)
}

/// The value may continue a tag that the page opened: behind a quote, or right away.
fn outside_tags(value: &[u8], reach: &mut tags::Reach) -> Option<Finding> {
    memchr::memchr(b'=', value)?;
    if let Some(evidence) = tags::unquoted_attributes(value, reach) {
        return Some(Finding { evidence, start: 0 });
    }
    for quote in [b'"', b'\'', b'`'] {
        let mut from = 0;
        // Each quote may be the one that closes the attribute, but an attack needs no more than a few.
        for _ in 0..QUOTES_TRIED_MAX {
            let Some(at) = memchr::memchr(quote, value.get(from..).unwrap_or_default()).map(|at| at + from)
            else {
                break;
            };
            from = at + 1;
            if let Some(evidence) = tags::attributes(value, from, reach) {
                return Some(Finding { evidence, start: at });
            }
        }
    }
    None
}

/// Quotes of one kind that are tried as the end of an attribute.
const QUOTES_TRIED_MAX: usize = 16;
