//! Just enough HTTP/1.1 to make a request and to know where an answer ends.

use anyhow::{Result, bail};

/// An answer at the beginning of some bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) head_bytes: usize,
    /// The whole answer, head included.
    pub(super) bytes: usize,
}

/// Makes a GET request.
pub(super) fn get(host: &str, path: &str, headers: &[(&str, &str)]) -> Vec<u8> {
    let mut request = format!("GET {path} HTTP/1.1\r\nhost: {host}\r\naccept: */*\r\nuser-agent: bench\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.into_bytes()
}

/// Makes a POST request with a body.
pub(super) fn post(host: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Vec<u8> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nhost: {host}\r\naccept: */*\r\nuser-agent: bench\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str("\r\n");
    request.push_str(body);
    request.into_bytes()
}

/// A request in parts.
pub(super) struct Parts<'r> {
    pub(super) method: &'r str,
    pub(super) target: &'r str,
    pub(super) host: &'r str,
    /// Without those that HTTP/2 says otherwise.
    pub(super) fields: Vec<(&'r str, &'r str)>,
    pub(super) body: &'r [u8],
}

/// Takes a request apart that was made here.
pub(super) fn request(bytes: &[u8]) -> Option<Parts<'_>> {
    let head_bytes = find(bytes, b"\r\n\r\n")?;
    let (head, body) = bytes.split_at_checked(head_bytes + 4)?;
    let mut lines = std::str::from_utf8(head).ok()?.trim_end().split("\r\n");
    let mut words = lines.next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    let (mut host, mut fields) = ("", Vec::new());
    for line in lines {
        let (name, value) = line.split_once(": ")?;
        match name {
            "host" => host = value,
            "content-length" | "connection" => {}
            _ => fields.push((name, value)),
        }
    }
    Some(Parts {
        method,
        target,
        host,
        fields,
        body,
    })
}

/// Returns the status of an answer and how many bytes it has with its body, where the head is there and says so.
pub(super) fn announced(bytes: &[u8]) -> Option<(u16, usize)> {
    let head_bytes = find(bytes, b"\r\n\r\n")? + 4;
    let head = bytes.get(..head_bytes)?;
    let status = std::str::from_utf8(head.get(9..12)?).ok()?.parse().ok()?;
    Some((status, head_bytes + content_length(head)?))
}

/// Tells whether `bytes` hold a request whole, its body by its length included.
pub(super) fn is_whole_request(bytes: &[u8]) -> bool {
    let Some(head_bytes) = find(bytes, b"\r\n\r\n").map(|at| at + 4) else {
        return false;
    };
    let head = bytes.get(..head_bytes).unwrap_or_default();
    bytes.len() >= head_bytes + content_length(head).unwrap_or(0)
}

/// Finds the end of the answer that `bytes` begin with; none while it is not all there.
pub(super) fn answer(bytes: &[u8]) -> Result<Option<Answer>> {
    let Some(head_bytes) = find(bytes, b"\r\n\r\n").map(|at| at + 4) else {
        return Ok(None);
    };
    let head = bytes.get(..head_bytes).unwrap_or_default();
    let status = head
        .get(9..12)
        .and_then(|digits| std::str::from_utf8(digits).ok()?.parse().ok());
    let Some(status) = status else {
        bail!("an answer without a status line")
    };
    let rest = bytes.get(head_bytes..).unwrap_or_default();
    let body_bytes = match content_length(head) {
        Some(length) if length <= rest.len() => length,
        Some(_) => return Ok(None),
        None if matches!(status, 204 | 304) => 0,
        // Chunks end with an empty one; none of the bodies here holds these bytes otherwise.
        None => match rest
            .starts_with(b"0\r\n\r\n")
            .then_some(0)
            .or_else(|| find(rest, b"\r\n0\r\n\r\n").map(|at| at + 2))
        {
            Some(last_chunk) => last_chunk + 5,
            None => return Ok(None),
        },
    };
    Ok(Some(Answer {
        status,
        head_bytes,
        bytes: head_bytes + body_bytes,
    }))
}

/// Returns the body of an answer, without the framing of a single chunk.
pub(super) fn body<'a>(bytes: &'a [u8], answer: &Answer) -> &'a [u8] {
    let head = bytes.get(..answer.head_bytes).unwrap_or_default();
    let body = bytes.get(answer.head_bytes..answer.bytes).unwrap_or_default();
    if content_length(head).is_some() {
        return body;
    }
    let start = find(body, b"\r\n").map_or(0, |at| at + 2);
    let end = find(body, b"\r\n0\r\n\r\n").unwrap_or(body.len());
    body.get(start..end).unwrap_or_default()
}

fn content_length(head: &[u8]) -> Option<usize> {
    head.split(|byte| *byte == b'\n').find_map(|line| {
        let (name, value) = line.split_at_checked(15)?;
        if !name.eq_ignore_ascii_case(b"content-length:") {
            return None;
        }
        std::str::from_utf8(value).ok()?.trim().parse().ok()
    })
}

fn find(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes.windows(wanted.len()).position(|window| window == wanted)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_ends_where_its_length_says() {
        let bytes = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhiHTTP/1.1";
        let found = answer(bytes).unwrap().unwrap();
        assert_eq!((found.status, found.bytes), (200, bytes.len() - 8));
        assert_eq!(body(bytes, &found), b"hi");
        assert_eq!(
            answer(b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\nhi").unwrap(),
            None
        );
        assert_eq!(
            answer(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().unwrap().bytes,
            27
        );
        assert!(answer(b"nonsense\r\n\r\n").is_err());
    }

    #[test]
    fn a_request_is_taken_apart_as_it_was_made() {
        let bytes = post("h", "/p?q", &[("x-a", "b")], "body");
        let parts = request(&bytes).unwrap();
        assert_eq!((parts.method, parts.target, parts.host), ("POST", "/p?q", "h"));
        assert!(parts.fields.contains(&("x-a", "b")) && parts.body == b"body");
        let head = b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhi";
        assert_eq!(announced(head), Some((200, head.len() + 7)));
    }

    #[test]
    fn a_chunked_answer_ends_with_its_empty_chunk() {
        let bytes = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n";
        let found = answer(bytes).unwrap().unwrap();
        assert_eq!(found.bytes, bytes.len());
        assert_eq!(body(bytes, &found), b"hi");
        assert_eq!(answer(&bytes[..bytes.len() - 1]).unwrap(), None);
    }
}
