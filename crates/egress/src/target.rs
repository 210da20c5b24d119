//! Where a call goes: scheme, host, port; and URLs that hold one (RFC 3986 section 3, only what HTTP needs).

use std::{
    fmt,
    net::{Ipv6Addr, SocketAddr},
};

use crate::EgressError;

const HOST_BYTES_MAX: usize = 253;

/// A server.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Target {
    pub https: bool,
    /// A name or an address; an IPv6 address without brackets.
    pub host: String,
    pub port: u16,
    /// Where it is, when the host does not say: it is then a name for TLS and `Host` alone, and is not resolved.
    pub address: Option<SocketAddr>,
}

impl Target {
    /// Returns the address where it is known without asking.
    pub(crate) fn literal_address(&self) -> Option<SocketAddr> {
        match self.address {
            Some(address) => Some(address),
            None => Some(SocketAddr::new(self.host.parse().ok()?, self.port)),
        }
    }

    /// Appends what the `Host` field names.
    pub(crate) fn push_to(&self, out: &mut Vec<u8>) {
        // The first group of an IPv6 address has four digits at most.
        if self.host.bytes().take(5).any(|byte| byte == b':') {
            out.push(b'[');
            out.extend_from_slice(self.host.as_bytes());
            out.push(b']');
        } else {
            out.extend_from_slice(self.host.as_bytes());
        }
        let usual = if self.https { 443 } else { 80 };
        if self.port != usual {
            out.push(b':');
            out.extend_from_slice(itoa::Buffer::new().format(self.port).as_bytes());
        }
    }
}

/// As the `Host` field names it (RFC 9110 section 7.2): the usual port is left out.
impl fmt::Display for Target {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(self.host.len() + 8);
        self.push_to(&mut text);
        formatter.write_str(std::str::from_utf8(&text).unwrap_or_default())
    }
}

/// An `http` or `https` URL, taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Url {
    pub target: Target,
    /// Starts with `/`.
    pub path_and_query: String,
}

impl Url {
    /// Parses `text`. User names, passwords and fragments are refused.
    pub fn parse(text: &str) -> Result<Self, EgressError> {
        let invalid = EgressError::Request;
        let (scheme, rest) = text
            .split_once("://")
            .ok_or(invalid("a URL starts with `https://`"))?;
        let https = match scheme.to_ascii_lowercase().as_str() {
            "https" => true,
            "http" => false,
            _ => return Err(invalid("a URL starts with `https://` or `http://`")),
        };
        let authority_end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let (authority, path_and_query) = rest.split_at(authority_end);
        if path_and_query.contains('#') {
            return Err(invalid("a URL to call has no fragment"));
        }
        let (host, port) = split_authority(authority)?;
        let port = match port {
            Some(digits) => parse_port(digits).ok_or(invalid("the URL's port is not a port"))?,
            None if https => 443,
            None => 80,
        };
        let separator = if path_and_query.starts_with('/') { "" } else { "/" };
        Ok(Self {
            target: Target {
                https,
                host,
                port,
                address: None,
            },
            path_and_query: format!("{separator}{path_and_query}"),
        })
    }
}

fn split_authority(authority: &str) -> Result<(String, Option<&str>), EgressError> {
    if let Some(rest) = authority.strip_prefix('[') {
        let (address, rest) = rest
            .split_once(']')
            .ok_or(EgressError::Request("the URL's host lacks its `]`"))?;
        let address: Ipv6Addr = address
            .parse()
            .map_err(|_| EgressError::Request("the URL's host is no IPv6 address"))?;
        return match rest.strip_prefix(':') {
            Some(port) => Ok((address.to_string(), Some(port))),
            None if rest.is_empty() => Ok((address.to_string(), None)),
            None => Err(EgressError::Request("the URL's host is not a host")),
        };
    }
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let named = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_');
    if host.is_empty() || host.len() > HOST_BYTES_MAX || !host.bytes().all(named) {
        return Err(EgressError::Request("the URL's host is not a host name"));
    }
    Ok((host.to_ascii_lowercase(), port))
}

fn parse_port(digits: &str) -> Option<u16> {
    let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    plain
        .then(|| digits.parse().ok())
        .flatten()
        .filter(|port| *port > 0)
}
