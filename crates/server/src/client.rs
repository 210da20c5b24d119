//! The command line's own client of a running server: plain HTTP on loopback, each call signed.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use portcullis_engines::sigv4::{self, Credentials, Options, SignableRequest};
use portcullis_model::{Clock, HeaderList, SecretText, SystemClock};

use crate::installation::{CredentialsFile, Endpoints};

/// The longest answer that is read, in bytes.
const ANSWER_BYTES_MAX: u64 = 64 << 20;
/// For one call.
const CALL_TIME: Duration = Duration::from_secs(60);

/// A server and the key that signs for it.
pub(crate) struct AdminClient {
    authority: String,
    credentials: Credentials,
    region: String,
}

/// What a call answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// An error in the form of the Query protocol.
#[derive(Debug, thiserror::Error)]
#[error("{code}: {message}")]
pub(crate) struct QueryError {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl AdminClient {
    /// Returns a client for what `endpoints.json` names.
    pub(crate) fn new(endpoints: &Endpoints) -> Result<Self> {
        let file = CredentialsFile::read(&endpoints.credentials)?;
        Self::with(&endpoints.admin, file, &endpoints.region)
    }

    /// Returns a client for an admin URL.
    pub(crate) fn with(admin: &str, file: CredentialsFile, region: &str) -> Result<Self> {
        let authority = admin
            .strip_prefix("http://")
            .with_context(|| format!("admin `{admin}` is not an http URL"))?;
        Ok(Self {
            authority: authority.to_owned(),
            credentials: Credentials {
                access_key_id: file.access_key_id,
                secret_access_key: SecretText::new(file.secret_access_key),
                session_token: None,
            },
            region: region.to_owned(),
        })
    }

    /// Makes a signed GET.
    pub(crate) fn get(&self, service: &str, path: &str) -> Result<Answer> {
        self.call(service, "GET", path, None, b"")
    }

    /// Makes a signed call of the Query protocol and returns its XML.
    pub(crate) fn query(&self, service: &str, fields: &[(&str, &str)]) -> Result<String> {
        let form = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect::<Vec<_>>()
            .join("&");
        let answer = self.call(
            service,
            "POST",
            "/",
            Some("application/x-www-form-urlencoded"),
            form.as_bytes(),
        )?;
        if answer.status == 200 {
            return Ok(answer.body);
        }
        let code = element(&answer.body, "Code").unwrap_or_else(|| format!("HTTP {}", answer.status));
        let message = element(&answer.body, "Message").unwrap_or(answer.body);
        Err(QueryError { code, message }.into())
    }

    fn call(
        &self,
        service: &str,
        method: &str,
        path: &str,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Answer> {
        let mut headers = HeaderList::new();
        headers.push("host", self.authority.clone());
        if let Some(content_type) = content_type {
            headers.push("content-type", content_type);
        }
        let (plain, query) = path.split_once('?').unwrap_or((path, ""));
        let signable = SignableRequest {
            method,
            path: plain,
            query,
            headers: &headers,
        };
        let signed = sigv4::sign(
            &signable,
            &self.credentials,
            &self.region,
            service,
            SystemClock.now(),
            body,
            &Options::default(),
        )?;
        for (name, value) in signed {
            headers.set(name, value);
        }
        let mut message = format!("{method} {path} HTTP/1.1\r\n").into_bytes();
        for (name, value) in headers.iter() {
            message.extend_from_slice(name);
            message.extend_from_slice(b": ");
            message.extend_from_slice(value);
            message.extend_from_slice(b"\r\n");
        }
        message.extend_from_slice(
            format!("content-length: {}\r\nconnection: close\r\n\r\n", body.len()).as_bytes(),
        );
        message.extend_from_slice(body);
        self.exchange(&message)
    }

    fn exchange(&self, message: &[u8]) -> Result<Answer> {
        let mut stream = TcpStream::connect(&self.authority).with_context(|| {
            format!(
                "no server answers at {}: is `portcullis up` running?",
                self.authority
            )
        })?;
        stream.set_read_timeout(Some(CALL_TIME))?;
        stream.write_all(message)?;
        let mut answer = Vec::new();
        stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer)?;
        parse_answer(&answer)
    }
}

/// Reads an answer that ends with its connection.
fn parse_answer(bytes: &[u8]) -> Result<Answer> {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text.split_once("\r\n\r\n").context("the server broke off")?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok())
        .context("not an HTTP answer")?;
    if head.to_ascii_lowercase().contains("\r\ntransfer-encoding:") {
        bail!("the server answered in chunks, which this client does not read");
    }
    Ok(Answer {
        status,
        body: body.to_owned(),
    })
}

/// Percent-encodes all but RFC 3986's unreserved characters.
fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// Returns the text of the first `<name>` of XML that our own server wrote (no attributes, no comments).
pub(crate) fn element(xml: &str, name: &str) -> Option<String> {
    let content = elements(xml, name).into_iter().next()?;
    Some(unescape(content))
}

/// Returns the content of every outermost `<name>`, in order.
pub(crate) fn elements<'a>(xml: &'a str, name: &str) -> Vec<&'a str> {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let mut found = Vec::new();
    let mut rest = xml;
    while let Some((_, after)) = rest.split_once(&open) {
        let mut depth = 1;
        let mut end = 0;
        while depth > 0 {
            let tail = after.get(end..).unwrap_or_default();
            let (Some(next_close), next_open) = (tail.find(&close), tail.find(&open)) else {
                return found;
            };
            if next_open.is_some_and(|next_open| next_open < next_close) {
                depth += 1;
                end += next_open.unwrap_or_default() + open.len();
            } else {
                depth -= 1;
                end += next_close + close.len();
            }
        }
        let content = after.get(..end.saturating_sub(close.len())).unwrap_or_default();
        found.push(content);
        rest = after.get(end..).unwrap_or_default();
    }
    found
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#xD;", "\r")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn elements_nest() {
        let xml = "<Events><member><Id>1</Id><Tags><member>x</member></Tags></member><member><Id>2</Id></member></Events>";
        let events = elements(xml, "Events");
        let members = elements(events[0], "member");
        assert_eq!(members.len(), 2);
        assert_eq!(element(members[1], "Id").as_deref(), Some("2"));
        assert_eq!(
            element("<M>a &lt;b&gt; &amp;amp;</M>", "M").as_deref(),
            Some("a <b> &amp;")
        );
    }
}
