//! What a request claims about its signature, from either form. Nothing of it is checked against a secret yet.

use portcullis_model::{HeaderList, SecretText, Timestamp};

use super::{
    SigV4Error, SignableRequest, SigningKey,
    authorization::Authorization,
    credential::Credential,
    date::{format_date, parse_date, parse_http_date},
    error::shown,
    hexadecimal,
    presigned::{self, Presigned},
};

const AUTHORIZATION_BYTES_MAX: usize = 8 * 1024;
const QUERY_BYTES_MAX: usize = 64 * 1024;
const SIGNED_HEADERS_MAX: usize = 100;
const SESSION_TOKEN_BYTES_MAX: usize = 12 * 1024;

/// Where the signature stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// In the `Authorization` header.
    Header,
    /// In the query string, valid for so many seconds.
    Presigned { expires_seconds: u32 },
}

/// What a signed request claims.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Presented {
    pub access_key_id: String,
    pub region: String,
    pub service: String,
    pub date: Timestamp,
    pub session_token: Option<String>,
    pub form: Form,
    /// Lower case, sorted.
    pub signed_headers: Vec<String>,
    /// The date of the credential's scope, `YYYYMMDD`.
    pub(super) day: String,
    /// 64 lower-case hexadecimal digits.
    pub(super) signature: String,
}

/// Finds the signature of `request`; none when it has none of AWS's.
pub fn parse(request: &SignableRequest<'_>) -> Result<Option<Presented>, SigV4Error> {
    let authorization = single(request.headers, "authorization")?.unwrap_or_default();
    if authorization.len() > AUTHORIZATION_BYTES_MAX {
        return Err(SigV4Error::Malformed("Authorization"));
    }
    if request.query.len() > QUERY_BYTES_MAX {
        return Err(SigV4Error::Malformed("query string"));
    }
    match (
        Authorization::parse(authorization)?,
        Presigned::parse(request.query)?,
    ) {
        (None, None) => Ok(None),
        (Some(_), Some(_)) => Err(SigV4Error::TwoForms),
        (Some(authorization), None) => from_header(request.headers, &authorization).map(Some),
        (None, Some(presigned)) => from_query(&presigned).map(Some),
    }
}

impl Presented {
    /// Derives the key that belongs to the claimed day, region and service. It may be kept for
    /// [`Self::signing_key_id`].
    pub fn signing_key(&self, secret: &SecretText) -> SigningKey {
        SigningKey::derive(secret, &self.day, &self.region, &self.service)
    }

    /// Returns what a kept signing key depends on, beside the secret: key id, day, region, service.
    pub fn signing_key_id(&self) -> (&str, &str, &str, &str) {
        (&self.access_key_id, &self.day, &self.region, &self.service)
    }

    /// Checks that the signature is meant for `region` and one of `services`.
    pub fn check_scope(&self, region: &str, services: &[&str]) -> Result<(), SigV4Error> {
        if self.region != region {
            return Err(SigV4Error::WrongRegion);
        }
        if !services.contains(&self.service.as_str()) {
            let expected = services.first().copied().unwrap_or_default();
            return Err(SigV4Error::WrongService(expected.to_owned()));
        }
        Ok(())
    }

    pub(super) fn scope(&self) -> String {
        super::signing_key::scope(&self.day, &self.region, &self.service)
    }
}

fn from_header(headers: &HeaderList, authorization: &Authorization<'_>) -> Result<Presented, SigV4Error> {
    let amazon_date = single(headers, "x-amz-date")?;
    let date = match amazon_date {
        Some(date) => Some(date),
        None => single(headers, "date")?,
    };
    let absent = [
        (
            authorization.credential.is_none(),
            "Authorization header requires 'Credential' parameter.",
        ),
        (
            authorization.signature.is_none(),
            "Authorization header requires 'Signature' parameter.",
        ),
        (
            authorization.signed_headers.is_none(),
            "Authorization header requires 'SignedHeaders' parameter.",
        ),
        (
            date.is_none(),
            "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header.",
        ),
    ];
    let (Some(credential), Some(signature), Some(signed_headers), Some(date)) = (
        authorization.credential,
        authorization.signature,
        authorization.signed_headers,
        date,
    ) else {
        let sentences: Vec<_> = absent
            .iter()
            .filter(|(absent, _)| *absent)
            .map(|(_, text)| *text)
            .collect();
        return Err(SigV4Error::MissingParts(sentences.join(" ")));
    };
    let moment = parse_date(date)
        .or_else(|| parse_http_date(date).filter(|_| amazon_date.is_none()))
        .ok_or_else(|| SigV4Error::DateFormat(shown(date)))?;
    let session_token = single(headers, "x-amz-security-token")?;
    assemble(
        credential,
        moment,
        signed_headers,
        signature,
        session_token,
        Form::Header,
    )
}

fn from_query(presigned: &Presigned) -> Result<Presented, SigV4Error> {
    let required = |value: &'_ Option<String>, name| value.clone().ok_or_else(|| presigned::missing(name));
    let credential = required(&presigned.credential, "X-Amz-Credential")?;
    let date = required(&presigned.date, "X-Amz-Date")?;
    let signed_headers = required(&presigned.signed_headers, "X-Amz-SignedHeaders")?;
    let signature = required(&presigned.signature, presigned::SIGNATURE)?;
    let form = Form::Presigned {
        expires_seconds: presigned.expires_seconds()?,
    };
    let moment = parse_date(&date).ok_or_else(|| SigV4Error::DateFormat(shown(&date)))?;
    let session_token = presigned.security_token.as_deref();
    assemble(
        &credential,
        moment,
        &signed_headers,
        &signature,
        session_token,
        form,
    )
}

fn assemble(
    credential: &str,
    date: Timestamp,
    signed_headers: &str,
    signature: &str,
    session_token: Option<&str>,
    form: Form,
) -> Result<Presented, SigV4Error> {
    let credential = Credential::parse(credential)?;
    let text = format_date(date);
    let day = text.get(..8).unwrap_or_default();
    if credential.day != day {
        return Err(SigV4Error::DateMismatch {
            scope: shown(credential.day),
            day: day.to_owned(),
            date: text,
        });
    }
    if session_token.is_some_and(|token| token.is_empty() || token.len() > SESSION_TOKEN_BYTES_MAX) {
        return Err(SigV4Error::Malformed("X-Amz-Security-Token"));
    }
    if !hexadecimal::is_sha256(signature) {
        return Err(SigV4Error::SignatureMismatch);
    }
    Ok(Presented {
        access_key_id: credential.access_key_id.to_owned(),
        region: credential.region.to_owned(),
        service: credential.service.to_owned(),
        date,
        session_token: session_token.map(str::to_owned),
        form,
        signed_headers: header_names(signed_headers)?,
        day: day.to_owned(),
        signature: signature.to_owned(),
    })
}

/// Reads `host;x-amz-date`: lower case, sorted, none twice.
fn header_names(text: &str) -> Result<Vec<String>, SigV4Error> {
    let names: Vec<String> = text.split(';').map(str::to_owned).collect();
    let is_name = |name: &String| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_graphic() && !byte.is_ascii_uppercase())
    };
    let is_sorted = names.windows(2).all(|pair| pair.first() < pair.last());
    if names.len() > SIGNED_HEADERS_MAX || !is_sorted || !names.iter().all(is_name) {
        return Err(SigV4Error::Malformed("SignedHeaders"));
    }
    Ok(names)
}

/// Returns the one value of `name`; refuses two, since it would be open which of them was meant.
pub(super) fn single<'a>(headers: &'a HeaderList, name: &'static str) -> Result<Option<&'a str>, SigV4Error> {
    let mut values = headers.all(name);
    let Some(value) = values.next() else {
        return Ok(None);
    };
    if values.next().is_some() {
        return Err(SigV4Error::Duplicate(name.to_owned()));
    }
    let text = std::str::from_utf8(value).map_err(|_| SigV4Error::Malformed(name))?;
    Ok(Some(text.trim()))
}
