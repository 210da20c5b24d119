//! Content codings of REST APIs: what a request's body is coded as, and what an answer may be coded as.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-enable-compression.html>: `deflate`, `gzip` and
//! `identity`. `deflate` is the zlib format (RFC 9110 section 8.4.1.2).

mod crc32;
pub(crate) mod decode;
pub(crate) mod encode;

use portcullis_model::HeaderList;

/// A coding that is none of `identity`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Coding {
    Gzip,
    Deflate,
}

impl Coding {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Deflate => "deflate",
        }
    }

    /// Returns what a request's body is coded as; the error is a coding, or a list of them, that is not supported.
    pub(crate) fn of_request(headers: &HeaderList) -> Result<Option<Self>, String> {
        let mut found = None;
        for (count, value) in headers.all("content-encoding").enumerate() {
            let name = value.trim_ascii();
            let coding = if name.eq_ignore_ascii_case(b"gzip") {
                Some(Self::Gzip)
            } else if name.eq_ignore_ascii_case(b"deflate") {
                Some(Self::Deflate)
            } else if name.eq_ignore_ascii_case(b"identity") {
                None
            } else {
                return Err(String::from_utf8_lossy(name).into_owned());
            };
            if count > 0 {
                return Err("several codings".to_owned());
            }
            found = coding;
        }
        Ok(found)
    }

    /// Returns what an answer is coded as: what the client asks for first, if it is supported. Nothing where the client names
    /// no coding, or prefers one that is not supported; `*` names none.
    pub(crate) fn accepted(headers: &HeaderList) -> Option<Self> {
        let mut best: Option<(u16, &[u8])> = None;
        for value in headers.all("accept-encoding") {
            for item in value.split(|byte| *byte == b',') {
                let mut words = item.split(|byte| *byte == b';');
                let name = words.next().unwrap_or_default().trim_ascii();
                let quality = words.find_map(quality).unwrap_or(1_000);
                if quality > 0 && !name.is_empty() && best.is_none_or(|(known, _)| quality > known) {
                    best = Some((quality, name));
                }
            }
        }
        let (_, name) = best?;
        [Self::Gzip, Self::Deflate]
            .into_iter()
            .find(|coding| name.eq_ignore_ascii_case(coding.as_str().as_bytes()))
    }
}

/// Reads `q=0.5` as thousandths. What is no number is nothing that anybody wants.
fn quality(word: &[u8]) -> Option<u16> {
    let text = std::str::from_utf8(word).unwrap_or_default().trim();
    let value = text.strip_prefix("q=").or_else(|| text.strip_prefix("Q="))?;
    let number: f32 = value.trim().parse().unwrap_or(0.0);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "it is from 0 to 1000"
    )]
    let thousandths = (number.clamp(0.0, 1.0) * 1_000.0) as u16;
    Some(thousandths)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, values: &[&'static str]) -> HeaderList {
        let mut list = HeaderList::new();
        for value in values {
            list.push(name, *value);
        }
        list
    }

    #[test]
    fn coding_of_a_body_is_one_of_three() {
        let of = |values: &[&'static str]| Coding::of_request(&headers("Content-Encoding", values));
        assert_eq!(of(&[]), Ok(None));
        assert_eq!(of(&["identity"]), Ok(None));
        assert_eq!(of(&[" GZip "]), Ok(Some(Coding::Gzip)));
        assert_eq!(of(&["deflate"]), Ok(Some(Coding::Deflate)));
        for unknown in [
            &["br"][..],
            &["gzip, gzip"],
            &["gzip", "gzip"],
            &[""],
            &["x-gzip"],
            &["aws-chunked"],
        ] {
            assert!(of(unknown).is_err(), "{unknown:?}");
        }
    }

    #[test]
    fn coding_of_an_answer_is_what_the_client_wants_first() {
        let of = |values: &[&'static str]| Coding::accepted(&headers("Accept-Encoding", values));
        for (values, coding) in [
            (&["gzip"][..], Some(Coding::Gzip)),
            (&["gzip, deflate, br"], Some(Coding::Gzip)),
            (&["deflate, gzip"], Some(Coding::Deflate)),
            (&["gzip;q=0.5, deflate;q=0.8"], Some(Coding::Deflate)),
            (&["GZIP;Q=0.5", "deflate; q=0.8"], Some(Coding::Deflate)),
            (&["br, gzip"], None),
            (&["br;q=0.1, gzip"], Some(Coding::Gzip)),
            (&["identity, gzip"], None),
            (&["*"], None),
            (&["gzip;q=0"], None),
            (&["gzip;q=nan, deflate;q=x"], None),
            (&[], None),
            (&[",;,"], None),
        ] {
            assert_eq!(of(values), coding, "{values:?}");
        }
    }
}
