//! The distinguished encoding rules (X.690), as far as certificates use them: definite lengths in their shortest form.

use portcullis_model::Timestamp;
use time::{Date, Month, PrimitiveDateTime, Time};

use super::CertificateError;

pub(super) const BOOLEAN: u8 = 0x01;
pub(super) const INTEGER: u8 = 0x02;
pub(super) const BIT_STRING: u8 = 0x03;
pub(super) const OCTET_STRING: u8 = 0x04;
pub(super) const OBJECT_IDENTIFIER: u8 = 0x06;
pub(super) const UTC_TIME: u8 = 0x17;
pub(super) const GENERALIZED_TIME: u8 = 0x18;
pub(super) const SEQUENCE: u8 = 0x30;
pub(super) const SET: u8 = 0x31;

/// Reads values one after another.
pub(super) struct Reader<'a> {
    rest: &'a [u8],
}

const CUT: CertificateError = CertificateError("a value is cut short");

impl<'a> Reader<'a> {
    pub(super) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Returns the next value's tag and content; none at the end.
    pub(super) fn next(&mut self) -> Result<Option<(u8, &'a [u8])>, CertificateError> {
        let Some((tag, rest)) = self.rest.split_first() else {
            return Ok(None);
        };
        if tag & 0x1f == 0x1f {
            return Err(CertificateError("a tag is too long"));
        }
        let (length, rest) = length(rest)?;
        let (content, rest) = rest.split_at_checked(length).ok_or(CUT)?;
        self.rest = rest;
        Ok(Some((*tag, content)))
    }

    /// Returns the content of the next value, which must have `tag`.
    pub(super) fn expect(&mut self, tag: u8) -> Result<&'a [u8], CertificateError> {
        match self.next()? {
            Some((found, content)) if found == tag => Ok(content),
            _ => Err(CertificateError("a value is missing or of another kind")),
        }
    }

    /// Returns the content of the next value if it has `tag`, else leaves it.
    pub(super) fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, CertificateError> {
        if self.rest.first() == Some(&tag) {
            return self.expect(tag).map(Some);
        }
        Ok(None)
    }

    /// Refuses what follows.
    pub(super) fn end(&self) -> Result<(), CertificateError> {
        if self.rest.is_empty() {
            return Ok(());
        }
        Err(CertificateError("something follows where nothing may"))
    }

    /// Returns a moment: `UTCTime` until 2049, `GeneralizedTime` from then on (RFC 5280 section 4.1.2.5).
    pub(super) fn time(&mut self) -> Result<Timestamp, CertificateError> {
        let (tag, content) = self.next()?.ok_or(CUT)?;
        let text = std::str::from_utf8(content).unwrap_or_default();
        let digits = text.strip_suffix('Z').unwrap_or_default();
        let parsed = match tag {
            UTC_TIME if digits.len() == 12 => moment(digits, 2),
            GENERALIZED_TIME if digits.len() == 14 => moment(digits, 4),
            _ => None,
        };
        parsed.ok_or(CertificateError("a time is not written as certificates do"))
    }
}

fn length(bytes: &[u8]) -> Result<(usize, &[u8]), CertificateError> {
    let (first, rest) = bytes.split_first().ok_or(CUT)?;
    if *first < 0x80 {
        return Ok((usize::from(*first), rest));
    }
    let count = usize::from(first & 0x7f);
    if count == 0 || count > 3 {
        return Err(CertificateError("a length is indefinite or too large"));
    }
    let (digits, rest) = rest.split_at_checked(count).ok_or(CUT)?;
    let length = digits
        .iter()
        .fold(0_usize, |length, digit| length << 8 | usize::from(*digit));
    if length < 0x80 || digits.first() == Some(&0) {
        return Err(CertificateError("a length is not in its shortest form"));
    }
    Ok((length, rest))
}

fn moment(digits: &str, year_digits: usize) -> Option<Timestamp> {
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = digits.split_at_checked(year_digits)?;
    let two = |at: usize| rest.get(at..at + 2)?.parse::<u8>().ok();
    let year = match (year_digits, year.parse::<i32>().ok()?) {
        (2, year) if year < 50 => year + 2000,
        (2, year) => year + 1900,
        (_, year) => year,
    };
    let date = Date::from_calendar_date(year, Month::try_from(two(0)?).ok()?, two(2)?).ok()?;
    let time = Time::from_hms(two(4)?, two(6)?, two(8)?).ok()?;
    let at = PrimitiveDateTime::new(date, time).assume_utc();
    Some(Timestamp::from_seconds(at.unix_timestamp()))
}
