//! How long an answer of an origin may be kept: the TTLs of the behavior, and what the answer says of itself.
//!
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/Expiration.html>,
//! <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/custom-error-pages-expiration.html>. Stricter than
//! AWS in three places, where an answer for one viewer could reach another: an answer that sets a cookie, one that varies by
//! everything, and an error that forbids it are never kept.

use portcullis_model::{HeaderList, Timestamp};
use time::{OffsetDateTime, format_description::well_known::Rfc2822};

/// The TTLs of a behavior, in seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ttls {
    pub(crate) min: u64,
    pub(crate) default: u64,
    pub(crate) max: u64,
}

/// Whether an answer is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    No(&'static str),
    /// For so many seconds, at least one.
    For(u64),
}

/// How long errors are kept unless told otherwise, in seconds.
const ERROR_SECONDS_DEFAULT: u64 = 10;

/// The errors that a distribution may say a time for, as AWS.
pub(crate) const CONFIGURABLE: [u16; 13] = [400, 403, 404, 405, 412, 414, 415, 416, 500, 501, 502, 503, 504];

/// Decides about an answer with `status`; `error_seconds` is what the distribution says for errors with this status.
pub(crate) fn keep(
    ttls: Ttls,
    error_seconds: Option<u64>,
    status: u16,
    headers: &HeaderList,
    now: Timestamp,
) -> Keep {
    if matches!(status, 0..=199 | 206 | 304 | 416) {
        return Keep::No("its status is never kept");
    }
    if headers.get("set-cookie").is_some() {
        return Keep::No("it sets a cookie");
    }
    if headers.all("vary").any(|value| value.contains(&b'*')) {
        return Keep::No("it varies by everything");
    }
    let said = Said::of(headers, now);
    let seconds = if status >= 400 {
        match error_lifetime(ttls, error_seconds, status, said) {
            Ok(seconds) => seconds,
            Err(reason) => return Keep::No(reason),
        }
    } else {
        match said {
            Said::Nothing => ttls.default.max(ttls.min),
            Said::Seconds(seconds) => seconds.min(ttls.max).max(ttls.min),
            // AWS: a minimum TTL above zero stands above `no-store`.
            Said::Forbidden if ttls.min > 0 => ttls.min,
            Said::Forbidden => return Keep::No("it forbids it"),
        }
    };
    let age = headers.text("age").and_then(|age| age.trim().parse::<u64>().ok());
    match seconds.saturating_sub(age.unwrap_or(0)) {
        0 => Keep::No("its time to live is zero"),
        seconds => Keep::For(seconds),
    }
}

/// How long an error is kept. AWS has two lists: errors that are always kept, and refusals that are kept only where the
/// origin, or here the distribution, says so. 401 and 429 are on neither: what is refused to one viewer now, another or
/// the same may get in a moment. <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/HTTPStatusCodes.html>
fn error_lifetime(
    ttls: Ttls,
    error_seconds: Option<u64>,
    status: u16,
    said: Said,
) -> Result<u64, &'static str> {
    let least = error_seconds.unwrap_or(ERROR_SECONDS_DEFAULT);
    match (status, said) {
        (_, Said::Forbidden) => Err("it forbids it"),
        (404 | 405 | 414 | 500..=504, Said::Nothing) => Ok(least),
        (400 | 403 | 412 | 415, Said::Nothing) => {
            error_seconds.ok_or("refusals are kept only where the origin or the distribution says so")
        }
        (400 | 403 | 404 | 405 | 412 | 414 | 415 | 500..=504, Said::Seconds(seconds)) => {
            Ok(seconds.min(ttls.max).max(least))
        }
        _ => Err("errors with its status are never kept"),
    }
}

/// What an answer says of its own life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Said {
    Nothing,
    Seconds(u64),
    Forbidden,
}

impl Said {
    /// `s-maxage` before `max-age` before `Expires` (RFC 9111 section 4.2.1). What cannot be read counts as stale.
    fn of(headers: &HeaderList, now: Timestamp) -> Self {
        let (mut shared, mut own) = (None::<u64>, None::<u64>);
        let mut forbidden = false;
        for value in headers.all("cache-control") {
            for directive in String::from_utf8_lossy(value).to_ascii_lowercase().split(',') {
                let (name, argument) = directive.split_once('=').unwrap_or((directive, ""));
                let seconds = || argument.trim().trim_matches('"').parse().unwrap_or(0);
                // Of two that contradict each other the shorter counts.
                let shorter =
                    |known: Option<u64>| Some(known.map_or_else(seconds, |known| known.min(seconds())));
                match name.trim() {
                    "no-store" | "no-cache" | "private" => forbidden = true,
                    "s-maxage" => shared = shorter(shared),
                    "max-age" => own = shorter(own),
                    _ => {}
                }
            }
        }
        if forbidden {
            return Self::Forbidden;
        }
        if let Some(seconds) = shared.or(own) {
            return Self::Seconds(seconds);
        }
        match headers.get("expires") {
            None => Self::Nothing,
            Some(value) => Self::Seconds(seconds_until(value, now).unwrap_or(0)),
        }
    }
}

fn seconds_until(value: &[u8], now: Timestamp) -> Option<u64> {
    let text = std::str::from_utf8(value).ok()?;
    let at = OffsetDateTime::parse(text.trim(), &Rfc2822).ok()?;
    u64::try_from(at.unix_timestamp().saturating_sub(now.seconds())).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_445_412_000); // Wed, 21 Oct 2015 07:20:00 GMT

    fn kept(ttls: (u64, u64, u64), status: u16, headers: &[(&'static str, &'static str)]) -> Option<u64> {
        let ttls = Ttls {
            min: ttls.0,
            default: ttls.1,
            max: ttls.2,
        };
        let headers = headers.iter().copied().collect();
        match keep(ttls, None, status, &headers, NOW) {
            Keep::For(seconds) => Some(seconds),
            Keep::No(_) => None,
        }
    }

    const DEFAULTS: (u64, u64, u64) = (0, 86_400, 31_536_000);

    #[test]
    fn answers_without_a_word_live_for_the_default_or_the_minimum() {
        assert_eq!(kept(DEFAULTS, 200, &[]), Some(86_400));
        assert_eq!(kept((100, 10, 1_000), 200, &[]), Some(100));
        assert_eq!(kept((0, 0, 0), 200, &[]), None);
    }

    #[test]
    fn what_the_origin_says_is_bounded_by_the_ttls() {
        for (ttls, said, expected) in [
            (DEFAULTS, "max-age=60", Some(60)),
            (DEFAULTS, "max-age=60, s-maxage=30", Some(30)),
            (DEFAULTS, "max-age=0", None),
            ((0, 86_400, 50), "max-age=60", Some(50)),
            ((90, 86_400, 100), "max-age=60", Some(90)),
            (DEFAULTS, "no-store", None),
            ((90, 90, 90), "private, max-age=5", Some(90)),
            (DEFAULTS, "max-age=60, max-age=7", Some(7)),
            (DEFAULTS, "max-age=forever", None),
        ] {
            assert_eq!(kept(ttls, 200, &[("Cache-Control", said)]), expected, "{said}");
        }
    }

    #[test]
    fn expires_counts_where_no_age_is_given() {
        let expires = |value| kept(DEFAULTS, 200, &[("Expires", value)]);
        assert_eq!(expires("Wed, 21 Oct 2015 07:28:00 GMT"), Some(480));
        assert_eq!(expires("Wed, 21 Oct 2015 07:19:59 GMT"), None);
        assert_eq!(expires("0"), None);
        let both = [("Expires", "0"), ("Cache-Control", "max-age=5")];
        assert_eq!(kept(DEFAULTS, 200, &both), Some(5));
    }

    #[test]
    fn errors_live_ten_seconds_or_longer_where_the_origin_says_so() {
        assert_eq!(kept(DEFAULTS, 404, &[]), Some(10));
        assert_eq!(kept(DEFAULTS, 503, &[("Cache-Control", "max-age=5")]), Some(10));
        assert_eq!(kept(DEFAULTS, 404, &[("Cache-Control", "max-age=50")]), Some(50));
        assert_eq!(kept(DEFAULTS, 404, &[("Cache-Control", "no-store")]), None);
    }

    #[test]
    fn refusals_are_kept_only_where_somebody_says_so() {
        let (long, own) = ([("Cache-Control", "max-age=50")], Some(3));
        for (status, plain, said, configured) in [
            (400, None, Some(50), Some(3)),
            (401, None, None, None),
            (403, None, Some(50), Some(3)),
            (418, None, None, None),
            (429, None, None, None),
            (500, Some(10), Some(50), Some(3)),
        ] {
            assert_eq!(kept(DEFAULTS, status, &[]), plain, "{status}");
            assert_eq!(kept(DEFAULTS, status, &long), said, "{status}");
            let ttls = Ttls {
                min: 0,
                default: 60,
                max: 60,
            };
            let kept = keep(ttls, own, status, &HeaderList::new(), NOW);
            let expected = configured.map(Keep::For);
            assert!(
                expected.map_or(matches!(kept, Keep::No(_)), |expected| kept == expected),
                "{status}"
            );
        }
    }

    #[test]
    fn what_is_for_one_viewer_is_never_kept() {
        assert_eq!(kept((60, 60, 60), 200, &[("Set-Cookie", "a=b")]), None);
        assert_eq!(kept((60, 60, 60), 200, &[("Vary", "Accept, *")]), None);
        assert_eq!(kept(DEFAULTS, 206, &[]), None);
    }

    #[test]
    fn age_on_the_way_is_taken_off() {
        let headers = [("Cache-Control", "max-age=60"), ("Age", "20")];
        assert_eq!(kept(DEFAULTS, 200, &headers), Some(40));
    }
}
