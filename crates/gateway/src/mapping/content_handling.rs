//! Bodies as text or as bytes: which media types are binary, and what `CONVERT_TO_BINARY` and `CONVERT_TO_TEXT` make of them.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html>

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;

use super::template::media_type_of;

/// The media types that an API takes for binary: `image/png`, `image/*`, `*/*`.
#[derive(Clone, Debug, Default)]
pub(crate) struct BinaryTypes(Vec<Box<str>>);

impl BinaryTypes {
    pub(crate) fn of(media_types: &[String]) -> Self {
        Self(
            media_types
                .iter()
                .map(|known| known.to_ascii_lowercase().into())
                .collect(),
        )
    }

    /// Tells whether any type is binary.
    pub(crate) const fn are_any(&self) -> bool {
        !self.0.is_empty()
    }

    /// Tells whether the first media type that a header field names is binary.
    pub(crate) fn hold(&self, field: Option<&str>) -> bool {
        let first = field
            .and_then(|field| field.split(',').next())
            .unwrap_or_default();
        let wanted = media_type_of(first);
        self.0.iter().any(|known| {
            &**known == "*/*"
                || **known == *wanted
                || known
                    .strip_suffix('*')
                    .filter(|group| group.ends_with('/'))
                    .is_some_and(|group| wanted.starts_with(group))
        })
    }
}

/// What `contentHandling` says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ContentHandling {
    ToBinary,
    ToText,
}

impl ContentHandling {
    /// Parses the setting; the error says what it may be.
    pub(crate) fn parse(text: Option<&str>) -> Result<Option<Self>, String> {
        match text {
            None => Ok(None),
            Some("CONVERT_TO_BINARY") => Ok(Some(Self::ToBinary)),
            Some("CONVERT_TO_TEXT") => Ok(Some(Self::ToText)),
            Some(other) => Err(format!(
                "`{other}` is no content handling: use `CONVERT_TO_BINARY` or `CONVERT_TO_TEXT`"
            )),
        }
    }
}

/// Converts a request's body, which is `binary` by its media type.
pub(crate) fn of_request(
    handling: Option<ContentHandling>,
    binary: bool,
    body: &Bytes,
) -> Result<Bytes, String> {
    match (handling, binary) {
        (Some(ContentHandling::ToText), true) => Ok(STANDARD.encode(body).into()),
        (Some(ContentHandling::ToBinary), false) => decode(body),
        _ => Ok(body.clone()),
    }
}

/// Converts an answer's body, which is `binary` by its media type; `wanted` says that the caller accepts a binary one.
pub(crate) fn of_response(
    handling: Option<ContentHandling>,
    binary: bool,
    wanted: bool,
    body: Bytes,
) -> Result<Bytes, String> {
    match (binary, handling, wanted) {
        (true, Some(ContentHandling::ToText), _) | (true, None, false) => Ok(STANDARD.encode(&body).into()),
        (false, Some(ContentHandling::ToBinary), _) | (false, None, true) => decode(&body),
        _ => Ok(body),
    }
}

fn decode(body: &Bytes) -> Result<Bytes, String> {
    let text: Vec<u8> = body
        .iter()
        .copied()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    STANDARD
        .decode(text)
        .map(Bytes::from)
        .map_err(|cause| format!("the body is no base64 to make bytes of: {cause}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_types_match_by_name_by_group_and_all() {
        let types = BinaryTypes::of(&["image/PNG".into(), "audio/*".into()]);
        assert!(types.hold(Some("image/png; q=1")));
        assert!(types.hold(Some("audio/ogg, text/html")));
        assert!(!types.hold(Some("image/gif, image/png")));
        assert!(!types.hold(None));
        assert!(BinaryTypes::of(&["*/*".into()]).hold(None));
        assert!(!BinaryTypes::default().hold(Some("image/png")));
    }

    /// The rows of AWS's two tables: bytes `hi` are `aGk=` as text.
    #[test]
    fn bodies_are_converted_by_the_tables() {
        use ContentHandling::{ToBinary, ToText};
        for (handling, binary, body, expected) in [
            (None, false, "aGk=", "aGk="),
            (None, true, "hi", "hi"),
            (Some(ToText), false, "hi", "hi"),
            (Some(ToText), true, "hi", "aGk="),
            (Some(ToBinary), false, "aGk=", "hi"),
            (Some(ToBinary), true, "hi", "hi"),
        ] {
            let converted = of_request(handling, binary, &Bytes::from_static(body.as_bytes()));
            assert_eq!(
                converted.as_deref(),
                Ok(expected.as_bytes()),
                "{handling:?} {binary} {body}"
            );
        }
        for (binary, wanted, handling, body, expected) in [
            (false, false, None, "aGk=", "aGk="),
            (false, false, Some(ToBinary), "aGk=", "hi"),
            (false, false, Some(ToText), "aGk=", "aGk="),
            (false, true, None, "aGk=", "hi"),
            (false, true, Some(ToBinary), "aGk=", "hi"),
            (false, true, Some(ToText), "aGk=", "aGk="),
            (true, false, None, "hi", "aGk="),
            (true, false, Some(ToBinary), "hi", "hi"),
            (true, false, Some(ToText), "hi", "aGk="),
            (true, true, None, "hi", "hi"),
            (true, true, Some(ToBinary), "hi", "hi"),
            (true, true, Some(ToText), "hi", "aGk="),
        ] {
            let converted = of_response(handling, binary, wanted, Bytes::from_static(body.as_bytes()));
            assert_eq!(
                converted.as_deref(),
                Ok(expected.as_bytes()),
                "{binary} {wanted} {handling:?}"
            );
        }
        assert!(of_request(Some(ToBinary), false, &Bytes::from_static(b"?!")).is_err());
    }
}
