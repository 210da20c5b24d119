//! The `Date` field (RFC 9110 section 6.6.1), made once a second and thread.

use std::{cell::RefCell, io::Write};

use portcullis_model::Timestamp;
use time::OffsetDateTime;

thread_local! {
    static LATEST: RefCell<(i64, Vec<u8>)> = const { RefCell::new((i64::MIN, Vec::new())) };
}

/// Appends the date, as `Sun, 06 Nov 1994 08:49:37 GMT`.
pub(super) fn append(out: &mut Vec<u8>, now: Timestamp) {
    with(now, |date| out.extend_from_slice(date));
}

/// Hands the date to `write`.
pub(super) fn with(now: Timestamp, write: impl FnOnce(&[u8])) {
    LATEST.with_borrow_mut(|(second, text)| {
        if *second != now.seconds() {
            *second = now.seconds();
            text.clear();
            let at = OffsetDateTime::from_unix_timestamp(now.seconds()).unwrap_or(OffsetDateTime::UNIX_EPOCH);
            // Writing into memory does not fail.
            let _written = write!(
                text,
                "{:.3}, {:02} {:.3} {:04} {:02}:{:02}:{:02} GMT",
                at.weekday().to_string(),
                at.day(),
                at.month().to_string(),
                at.year(),
                at.hour(),
                at.minute(),
                at.second()
            );
        }
        write(text);
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn date_is_written_as_the_rfc_does() {
        for (seconds, expected) in [
            (784_111_777, "Sun, 06 Nov 1994 08:49:37 GMT"),
            (0, "Thu, 01 Jan 1970 00:00:00 GMT"),
        ] {
            let mut out = Vec::new();
            append(&mut out, Timestamp::from_seconds(seconds));
            assert_eq!(String::from_utf8(out).unwrap(), expected);
        }
    }
}
