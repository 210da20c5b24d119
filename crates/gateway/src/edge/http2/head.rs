//! The head of a request (RFC 9113 section 8.3): malformed ones end their stream, and what two servers could understand differently
//! is refused by the same rules as in HTTP/1.1 ([`strictness`](crate::edge::strictness)).

use std::{ops::Range, sync::Arc};

use bytes::Bytes;
use portcullis_model::{HeaderList, is_cut_target, is_token};

use super::hpack::{Field, Kind};
use crate::edge::{
    EdgeLimits,
    http1::{METHOD_BYTES_MAX, host, length, method_bytes},
    limits::HEADERS_MAX,
    strictness::{self as rules, Rule},
};

/// Room for the fields of one head, before it must grow.
const FIELDS_USUAL: usize = 16;
/// The name that crumbs of cookies have together.
const COOKIE: &[u8] = b"cookie: ";

/// A head, understood.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) method: Bytes,
    /// Origin form.
    pub(super) target: Bytes,
    pub(super) authority: Arc<str>,
    pub(super) headers: HeaderList,
    /// What the client says that its body is long.
    pub(super) length: Option<u64>,
}

/// The stream must end (section 8.1.1).
#[derive(Clone, Copy, Debug)]
pub(super) struct Malformed;

/// The fields of a head, as they come.
#[derive(Debug)]
pub(super) struct Fields<'s> {
    limits: &'s EdgeLimits,
    /// The lines of those that are passed on, one behind another.
    lines: &'s mut Vec<u8>,
    list: HeaderList,
    /// Crumbs of cookies, which are one field again for whoever does not speak HTTP/2 (section 8.2.3).
    cookies: Option<Vec<u8>>,
    method: Option<Bytes>,
    target: Option<Bytes>,
    authority: Option<Arc<str>>,
    host: Option<Arc<str>>,
    length: Option<u64>,
    has_scheme: bool,
    has_authority: bool,
    bytes: usize,
    is_malformed: bool,
    refused: Option<&'static Rule>,
}

impl<'s> Fields<'s> {
    /// Returns none yet, whose lines are put together in `lines`.
    pub(super) fn new(lines: &'s mut Vec<u8>, limits: &'s EdgeLimits) -> Self {
        Self {
            limits,
            lines,
            list: HeaderList::with_capacity(FIELDS_USUAL),
            cookies: None,
            method: None,
            target: None,
            authority: None,
            host: None,
            length: None,
            has_scheme: false,
            has_authority: false,
            bytes: 0,
            is_malformed: false,
            refused: None,
        }
    }

    /// Takes the next one.
    pub(super) fn take(&mut self, field: Field<'_>) {
        let known = if field.kind.is_pseudo() {
            self.pseudo(field)
        } else {
            self.field(field)
        };
        if let Err(rule) = known {
            self.refused.get_or_insert(rule);
        }
    }

    fn pseudo(&mut self, field: Field<'_>) -> Result<(), &'static Rule> {
        let value = field.value();
        // They stand before all fields, once each.
        self.is_malformed |= self.bytes > 0
            || match field.kind {
                Kind::Method => self.method.is_some(),
                Kind::Path => self.target.is_some() || value.is_empty(),
                Kind::Scheme => std::mem::replace(&mut self.has_scheme, true),
                _ => std::mem::replace(&mut self.has_authority, true),
            };
        match field.kind {
            Kind::Method => {
                let is_method = value.len() <= METHOD_BYTES_MAX && is_token(value);
                self.method = Some(method_bytes(if is_method { value } else { b"" }));
                if is_method { Ok(()) } else { Err(rules::METHOD) }
            }
            Kind::Path if value.len() > self.limits.target_bytes_max => {
                self.target = Some(Bytes::new());
                Err(rules::TARGET_LENGTH)
            }
            Kind::Path => {
                self.target = Some(Bytes::copy_from_slice(value));
                if is_cut_target(value) {
                    Err(rules::TARGET_BYTES)
                } else {
                    Ok(())
                }
            }
            Kind::Scheme if value == b"https" || value == b"http" => Ok(()),
            Kind::Scheme => Err(rules::TARGET_FORM),
            _ => {
                self.authority = Some(host(value)?);
                Ok(())
            }
        }
    }

    fn field(&mut self, field: Field<'_>) -> Result<(), &'static Rule> {
        self.bytes += field.line.len();
        match field.kind {
            Kind::Malformed => {
                self.is_malformed = true;
                return Ok(());
            }
            _ if self.bytes > self.limits.head_bytes_max => return Err(rules::HEAD_LENGTH),
            _ if self.list.len() >= HEADERS_MAX => return Err(rules::FIELD_COUNT),
            Kind::Host if self.host.is_some() => return Err(rules::TWO_HOSTS),
            Kind::Host => self.host = Some(host(field.value())?),
            Kind::Length if self.length.is_some() => return Err(rules::TWO_LENGTHS),
            Kind::Length => self.length = Some(length(field.value())?),
            Kind::Cookie => {
                match &mut self.cookies {
                    Some(cookies) => cookies.extend([b"; ", field.value()].concat()),
                    None => self.cookies = Some(field.value().to_vec()),
                }
                return Ok(());
            }
            _ => {}
        }
        self.push(field.name_bytes, field.line);
        Ok(())
    }

    fn push(&mut self, name_bytes: usize, line: &[u8]) {
        let start = self.lines.len();
        self.lines.extend_from_slice(line);
        let Range { start, end } = start..self.lines.len();
        self.list
            .push_read(start..start + name_bytes, start + name_bytes + 2..end - 2);
    }

    /// Tells whether they can stand behind a body.
    pub(super) fn are_trailers(&self) -> bool {
        let has_pseudo =
            self.method.is_some() || self.target.is_some() || self.has_scheme || self.has_authority;
        !self.is_malformed && !has_pseudo
    }

    /// Returns the request, or why it is not taken up.
    pub(super) fn into_head(mut self) -> Result<Result<Head, &'static Rule>, Malformed> {
        let Some(method) = self.method.take().filter(|_| !self.is_malformed) else {
            return Err(Malformed);
        };
        if method == "CONNECT" {
            return Ok(Err(rules::TUNNEL));
        }
        let target = self.target.take().filter(|_| self.has_scheme);
        let target = target.ok_or(Malformed)?;
        Ok(self.understood(method, target))
    }

    fn understood(mut self, method: Bytes, target: Bytes) -> Result<Head, &'static Rule> {
        if let Some(rule) = self.refused {
            return Err(rule);
        }
        if target.first() != Some(&b'/') && !(target == "*" && method == "OPTIONS") {
            return Err(rules::TARGET_FORM);
        }
        if target.len() + self.bytes > self.limits.head_bytes_max {
            return Err(rules::HEAD_LENGTH);
        }
        // Where `:authority` and `Host` both name a host (section 8.3.1), they must agree.
        let authority = match (self.authority.take(), self.host.take()) {
            (Some(authority), Some(host)) if !authority.eq_ignore_ascii_case(&host) => {
                return Err(rules::OTHER_HOST);
            }
            (_, Some(host)) | (Some(host), None) if !host.is_empty() => host,
            _ => return Err(rules::NO_HOST),
        };
        if let Some(cookies) = self.cookies.take() {
            self.push(COOKIE.len() - 2, &[COOKIE, &cookies, b"\r\n"].concat());
        }
        // A copy of the right size.
        self.list.lie_in(Bytes::copy_from_slice(self.lines));
        Ok(Head {
            method,
            target,
            authority,
            headers: self.list,
            length: self.length,
        })
    }
}
