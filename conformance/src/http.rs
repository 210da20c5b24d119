//! A blocking HTTP/1.1 client that sends exactly the bytes it is given and reads one answer.

use std::{
    io::{BufRead, BufReader, Write},
    net::{Ipv4Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail, ensure};
use socket2::{Domain, Socket, Type};

/// How long an answer may take.
const ANSWER_TIME: Duration = Duration::from_secs(60);
/// The most that an answer's body may hold.
const BODY_BYTES_MAX: usize = 64 << 20;

/// What came back.
#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

impl Answer {
    /// Returns the first value of a header.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self
            .headers
            .iter()
            .find(|(have, _)| have.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }

    /// Returns the body as text, whatever it holds.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Writes a request with the headers that every request needs, unless it brings its own.
pub fn render(method: &str, target: &str, headers: &[(String, String)], body: &[u8], host: &str) -> Vec<u8> {
    let has = |name: &str| headers.iter().any(|(have, _)| have.eq_ignore_ascii_case(name));
    let mut head = format!("{method} {target} HTTP/1.1\r\n");
    if !has("host") {
        head += &format!("Host: {host}\r\n");
    }
    for (name, value) in headers {
        head += &format!("{name}: {value}\r\n");
    }
    if !body.is_empty() && !has("content-length") && !has("transfer-encoding") {
        head += &format!("Content-Length: {}\r\n", body.len());
    }
    head += "\r\n";
    let mut bytes = head.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

/// Sends the bytes from `from`, an address of this machine, and reads one answer.
pub fn exchange_from(from: Ipv4Addr, address: SocketAddr, request: &[u8]) -> Result<Answer> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    socket.bind(&SocketAddr::from((from, 0)).into())?;
    socket
        .connect_timeout(&address.into(), ANSWER_TIME)
        .context("no connection")?;
    exchange_on(socket.into(), request)
}

/// Sends the bytes and reads one answer. `HEAD` answers have no body whatever their length says.
pub fn exchange(address: SocketAddr, request: &[u8]) -> Result<Answer> {
    exchange_on(
        TcpStream::connect_timeout(&address, ANSWER_TIME).context("no connection")?,
        request,
    )
}

fn exchange_on(mut stream: TcpStream, request: &[u8]) -> Result<Answer> {
    stream.set_read_timeout(Some(ANSWER_TIME))?;
    stream.set_write_timeout(Some(ANSWER_TIME))?;
    // A server that refuses early may close while we still write: its answer counts, not the broken pipe.
    let written = stream.write_all(request);
    read_answer(BufReader::new(stream), request.starts_with(b"HEAD "))
        .with_context(|| format!("no answer (writing: {written:?})"))
}

fn read_answer(mut reader: impl BufRead, head_only: bool) -> Result<Answer> {
    loop {
        let (status, headers) = read_head(&mut reader)?;
        if (100..200).contains(&status) {
            continue;
        }
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        if !head_only && status != 204 && status != 304 {
            answer.body = read_body(&mut reader, &answer)?;
        }
        return Ok(answer);
    }
}

fn read_head(reader: &mut impl BufRead) -> Result<(u16, Vec<(String, String)>)> {
    let line = read_line(reader)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.with_context(|| format!("`{line}` is not a status line"))?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(reader)?;
        if line.is_empty() {
            return Ok((status, headers));
        }
        let (name, value) = line
            .split_once(':')
            .with_context(|| format!("`{line}` is not a header"))?;
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
}

fn read_line(reader: &mut impl BufRead) -> Result<String> {
    let mut line = Vec::new();
    reader.read_until(b'\n', &mut line)?;
    ensure!(line.ends_with(b"\r\n"), "the connection ended in the head");
    line.truncate(line.len().saturating_sub(2));
    Ok(String::from_utf8_lossy(&line).into_owned())
}

fn read_body(reader: &mut impl BufRead, answer: &Answer) -> Result<Vec<u8>> {
    let mut body = Vec::new();
    if let Some(coding) = answer.header("transfer-encoding") {
        ensure!(
            coding.eq_ignore_ascii_case("chunked"),
            "transfer-encoding `{coding}`"
        );
        loop {
            let line = read_line(reader)?;
            let size = usize::from_str_radix(line.split(';').next().unwrap_or_default(), 16)?;
            ensure!(body.len() + size <= BODY_BYTES_MAX, "the body is too long");
            if size == 0 {
                while !read_line(reader)?.is_empty() {}
                return Ok(body);
            }
            let start = body.len();
            body.resize(start + size, 0);
            reader.read_exact(body.get_mut(start..).unwrap_or_default())?;
            ensure!(read_line(reader)?.is_empty(), "a chunk has no end");
        }
    }
    match answer.header("content-length") {
        Some(length) => {
            let length: usize = length.parse()?;
            if length > BODY_BYTES_MAX {
                bail!("the body is too long");
            }
            body.resize(length, 0);
            reader.read_exact(&mut body)?;
        }
        None => {
            reader.read_to_end(&mut body)?;
        }
    }
    Ok(body)
}
