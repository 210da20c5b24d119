//! The PROXY protocol, 1 and 2: a proxy of the operator's says, before anything else, whose connection it passes on.
//!
//! <https://www.haproxy.org/download/3.2/doc/proxy-protocol.txt>. Only read where the operator says so and from whom; a connection that
//! does not begin with it is closed.

use std::{
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use tokio::io::{AsyncRead, AsyncReadExt};

use crate::http::TlsFacts;

const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// A line of version 1 with its CRLF, as the protocol says.
const LINE_BYTES_MAX: usize = 107;
/// Addresses and facts of version 2; a certificate may be among them.
const HEADER_BYTES_MAX: usize = 16 * 1024;

/// What a proxy says of a connection.
#[derive(Debug, Default)]
pub(super) struct Announced {
    /// None: the connection is the proxy's own, for example to see whether we live.
    pub(super) source: Option<SocketAddr>,
    /// Where the proxy ended TLS.
    pub(super) tls: Option<TlsFacts>,
}

/// Reads the header, and not a byte more.
pub(super) async fn read(stream: &mut (impl AsyncRead + Unpin)) -> io::Result<Announced> {
    let invalid = |reason: &'static str| io::Error::new(io::ErrorKind::InvalidData, reason);
    let mut start = [0; 12];
    stream.read_exact(&mut start).await?;
    if start == *SIGNATURE {
        let mut head = [0; 4];
        stream.read_exact(&mut head).await?;
        let [command, family, high, low] = head;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if length > HEADER_BYTES_MAX {
            return Err(invalid("the header is too long"));
        }
        let mut rest = vec![0; length];
        stream.read_exact(&mut rest).await?;
        return version_2(command, family, &rest).map_err(invalid);
    }
    let mut line = start.to_vec();
    while !line.ends_with(b"\r\n") {
        if line.len() >= LINE_BYTES_MAX {
            return Err(invalid("the line is too long"));
        }
        // Byte by byte: what follows is the client's.
        line.push(stream.read_u8().await?);
    }
    version_1(&line).map_err(invalid)
}

/// `PROXY TCP4 192.0.2.1 198.51.100.1 56324 443`
fn version_1(line: &[u8]) -> Result<Announced, &'static str> {
    let line = line
        .strip_suffix(b"\r\n")
        .and_then(|line| std::str::from_utf8(line).ok());
    let mut words = line.ok_or("the line is no text")?.split(' ');
    if words.next() != Some("PROXY") {
        return Err("it does not begin with a PROXY header");
    }
    let family = words.next();
    if family == Some("UNKNOWN") {
        return Ok(Announced::default());
    }
    let (source, _, port, _) = match (
        words.next(),
        words.next(),
        words.next(),
        words.next(),
        words.next(),
    ) {
        (Some(source), Some(destination), Some(port), Some(to_port), None) => {
            (source, destination, port, to_port)
        }
        _ => return Err("the line has not two addresses and two ports"),
    };
    let address: IpAddr = source.parse().map_err(|_| "the source is no address")?;
    let port = port.parse().map_err(|_| "the port is no number")?;
    match (family, address) {
        (Some("TCP4"), IpAddr::V4(_)) | (Some("TCP6"), IpAddr::V6(_)) => Ok(Announced {
            source: Some(SocketAddr::new(address.to_canonical(), port)),
            tls: None,
        }),
        _ => Err("the address is not of its family"),
    }
}

fn version_2(command: u8, family: u8, rest: &[u8]) -> Result<Announced, &'static str> {
    match command {
        0x20 => return Ok(Announced::default()),
        0x21 => {}
        _ => return Err("neither LOCAL nor PROXY of version 2"),
    }
    let (source, facts) = match (family, rest) {
        (0x11, [a, b, c, d, _, _, _, _, high, low, _, _, facts @ ..]) => {
            let address = Ipv4Addr::new(*a, *b, *c, *d);
            (
                SocketAddr::new(address.into(), u16::from_be_bytes([*high, *low])),
                facts,
            )
        }
        (0x21, rest) => {
            let address = rest.first_chunk::<16>().ok_or("the addresses are cut")?;
            let ports = rest.get(32..36).ok_or("the addresses are cut")?;
            let port = ports.first_chunk::<2>().copied().unwrap_or_default();
            let address = IpAddr::from(Ipv6Addr::from(*address)).to_canonical();
            (
                SocketAddr::new(address, u16::from_be_bytes(port)),
                rest.get(36..).unwrap_or_default(),
            )
        }
        (0x11, _) => return Err("the addresses are cut"),
        _ => return Err("the connection is not TCP over IP"),
    };
    Ok(Announced {
        source: Some(source),
        tls: tls_facts(facts)?,
    })
}

const AUTHORITY: u8 = 0x02;
const SSL: u8 = 0x20;
const SSL_VERSION: u8 = 0x21;
const SSL_CIPHER: u8 = 0x23;
const SSL_CLIENT_CERTIFICATE: u8 = 0x28;

/// Reads what the proxy says of the TLS that it ended; none where it ended none.
fn tls_facts(facts: &[u8]) -> Result<Option<TlsFacts>, &'static str> {
    let mut found = TlsFacts::default();
    let mut is_encrypted = false;
    for fact in Facts(facts) {
        match fact? {
            (AUTHORITY, name) => {
                found.server_name = std::str::from_utf8(name).ok().map(str::to_ascii_lowercase)
            }
            (SSL, [client, _, _, _, _, parts @ ..]) => {
                is_encrypted = client & 1 == 1;
                for part in Facts(parts) {
                    match part? {
                        (SSL_VERSION, b"TLSv1.3") => found.version = Some("TLSv1.3"),
                        (SSL_VERSION, b"TLSv1.2") => found.version = Some("TLSv1.2"),
                        (SSL_CIPHER, name) => {
                            found.cipher_suite = std::str::from_utf8(name).ok().map(str::to_owned)
                        }
                        // Judged here like one of our own handshakes: what the proxy thinks of it does not count.
                        (SSL_CLIENT_CERTIFICATE, certificate) => {
                            found.client_certificates = vec![certificate.to_vec()]
                        }
                        _ => {}
                    }
                }
            }
            (SSL, _) => return Err("the facts of TLS are cut"),
            _ => {}
        }
    }
    Ok(is_encrypted.then_some(found))
}

/// Type, length, value; again and again.
struct Facts<'f>(&'f [u8]);

impl<'f> Iterator for Facts<'f> {
    type Item = Result<(u8, &'f [u8]), &'static str>;

    fn next(&mut self) -> Option<Self::Item> {
        let (kind, length, rest) = match self.0 {
            [] => return None,
            [kind, high, low, rest @ ..] => (*kind, usize::from(u16::from_be_bytes([*high, *low])), rest),
            _ => {
                self.0 = &[];
                return Some(Err("a fact is cut"));
            }
        };
        let Some((value, rest)) = rest.split_at_checked(length) else {
            self.0 = &[];
            return Some(Err("a fact is cut"));
        };
        self.0 = rest;
        Some(Ok((kind, value)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_from(mut bytes: &[u8]) -> (io::Result<Announced>, &[u8]) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let announced = runtime.block_on(read(&mut bytes));
        (announced, bytes)
    }

    fn header_2(command: u8, family: u8, rest: &[u8]) -> Vec<u8> {
        let length = u16::try_from(rest.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, rest].concat()
    }

    fn fact(kind: u8, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(value.len()).unwrap().to_be_bytes();
        [&[kind][..], &length, value].concat()
    }

    const V4: [u8; 12] = [192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 4, 1, 187];

    #[test]
    fn version_1_says_who_it_is_and_leaves_what_follows() {
        for (line, expected) in [
            (
                "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\n",
                Some("192.0.2.1:56324"),
            ),
            (
                "PROXY TCP6 2001:db8::1 2001:db8::2 1 443\r\n",
                Some("[2001:db8::1]:1"),
            ),
            ("PROXY UNKNOWN\r\n", None),
            ("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n", None),
        ] {
            let bytes = [line.as_bytes(), b"GET /"].concat();
            let (announced, rest) = read_from(&bytes);
            let source = announced.unwrap().source.map(|source| source.to_string());
            assert_eq!((source.as_deref(), rest), (expected, &b"GET /"[..]), "{line}");
        }
    }

    #[test]
    fn what_is_no_header_is_an_error() {
        let long = format!("PROXY TCP4 {}\r\n", "1".repeat(120));
        for line in [
            "GET / HTTP/1.1\r\nHost: a\r\n\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 56324\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443 1\r\n",
            "PROXY TCP4 2001:db8::1 2001:db8::2 1 443\r\n",
            "PROXY TCP6 192.0.2.1 198.51.100.1 1 443\r\n",
            "PROXY TCP4 a 198.51.100.1 1 443\r\n",
            "PROXY TCP4 192.0.2.1 198.51.100.1 70000 443\r\n",
            "PROXY  TCP4 192.0.2.1 198.51.100.1 1 443\r\n",
            "proxy TCP4 192.0.2.1 198.51.100.1 1 443\r\n",
            "PROXY UDP4 192.0.2.1 198.51.100.1 1 443\r\n",
            long.as_str(),
            "PROXY TCP4",
        ] {
            assert!(read_from(line.as_bytes()).0.is_err(), "{line}");
        }
        for bytes in [
            header_2(0x11, 0x11, &V4),
            header_2(0x22, 0x11, &V4),
            header_2(0x21, 0x12, &V4),
            header_2(0x21, 0x31, &[0; 216]),
            header_2(0x21, 0x11, &V4[..11]),
            header_2(0x21, 0x21, &[0; 35]),
            header_2(0x21, 0x11, &[&V4[..], &[0x20, 0, 9, 1]].concat()),
            header_2(0x21, 0x11, &[&V4[..], &fact(SSL, &[1, 0, 0])].concat()),
            header_2(0x21, 0x11, &V4)[..20].to_vec(),
        ] {
            assert!(read_from(&bytes).0.is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn version_2_says_who_it_is_and_what_tls_it_ended() {
        let (announced, _) = read_from(&header_2(0x20, 0, &[])).0.map(|one| (one, ())).unwrap();
        assert!(announced.source.is_none() && announced.tls.is_none());
        let v6: Vec<u8> = [&Ipv6Addr::LOCALHOST.octets()[..], &[0; 16], &[0, 80, 1, 187]].concat();
        let announced = read_from(&header_2(0x21, 0x21, &v6)).0.unwrap();
        assert_eq!(announced.source, Some("[::1]:80".parse().unwrap()));

        let ssl = [
            &[1, 0, 0, 0, 0][..],
            &fact(SSL_VERSION, b"TLSv1.3"),
            &fact(SSL_CIPHER, b"TLS_AES_128_GCM_SHA256"),
            &fact(SSL_CLIENT_CERTIFICATE, b"der"),
        ]
        .concat();
        let facts = [
            &V4[..],
            &fact(AUTHORITY, b"API.example"),
            &fact(0x03, b"crc!"),
            &fact(SSL, &ssl),
        ]
        .concat();
        let bytes = [&header_2(0x21, 0x11, &facts)[..], b"GET /"].concat();
        let (announced, rest) = read_from(&bytes);
        let announced = announced.unwrap();
        assert_eq!(rest, b"GET /");
        assert_eq!(announced.source, Some("192.0.2.1:56324".parse().unwrap()));
        let tls = announced.tls.unwrap();
        assert_eq!(tls.server_name.as_deref(), Some("api.example"));
        assert_eq!(
            (tls.version, tls.cipher_suite.as_deref()),
            (Some("TLSv1.3"), Some("TLS_AES_128_GCM_SHA256"))
        );
        assert_eq!(tls.client_certificates, [b"der"]);
        // Without its first bit the client did not speak TLS.
        let clear = [&V4[..], &fact(SSL, &[0, 0, 0, 0, 0])].concat();
        assert!(read_from(&header_2(0x21, 0x11, &clear)).0.unwrap().tls.is_none());
    }
}
