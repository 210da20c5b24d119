//! A loopback backend that shows what reached it, and misbehaves on demand.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
};

use anyhow::Result;
use serde_json::{Map, Value, json};

/// Starts it on a free port for the life of the process.
pub fn start() -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            thread::spawn(move || drop(serve(&stream)));
        }
    });
    Ok(address)
}

/// Returns an address that refuses connections: its listener is closed again.
pub fn refusing() -> Result<SocketAddr> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?)
}

struct Seen {
    method: String,
    target: String,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
}

fn serve(stream: &TcpStream) -> Result<()> {
    let mut reader = BufReader::new(stream);
    while let Some(seen) = read(&mut reader)? {
        answer(stream, &mut reader, &seen)?;
    }
    Ok(())
}

fn read(reader: &mut impl BufRead) -> Result<Option<Seen>> {
    let mut line = String::new();
    if reader.read_line(&mut line)? == 0 {
        return Ok(None);
    }
    let mut words = line.split_whitespace().map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut headers = Vec::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(':') else {
            break;
        };
        headers.push((name.to_owned(), value.trim().to_owned()));
    }
    let body = read_body(reader, &headers)?;
    Ok(Some(Seen {
        method,
        target,
        headers,
        body,
    }))
}

fn read_body(reader: &mut impl BufRead, headers: &[(String, String)]) -> Result<Vec<u8>> {
    let header = |name: &str| headers.iter().find(|(have, _)| have.eq_ignore_ascii_case(name));
    let mut body = Vec::new();
    if let Some((_, length)) = header("content-length") {
        reader.take(length.parse()?).read_to_end(&mut body)?;
    } else if header("transfer-encoding").is_some() {
        loop {
            let mut line = String::new();
            reader.read_line(&mut line)?;
            let size = u64::from_str_radix(line.trim(), 16)?;
            reader.take(size).read_to_end(&mut body)?;
            reader.read_line(&mut line)?;
            if size == 0 {
                break;
            }
        }
    }
    Ok(body)
}

fn answer(mut stream: &TcpStream, reader: &mut impl BufRead, seen: &Seen) -> Result<()> {
    let path = seen.target.split('?').next().unwrap_or_default();
    match path.rsplit('/').next().unwrap_or_default() {
        // Never answers; ends when the other side gives up.
        "silent" => drop(reader.read(&mut [0])?),
        "teapot" => stream.write_all(
            b"HTTP/1.1 418 I'm a teapot\r\nContent-Type: text/plain\r\nServer: kettle\r\nX-Pot: brown\r\n\
              WWW-Authenticate: Basic\r\nContent-Length: 5\r\n\r\nshort",
        )?,
        "nonsense" => {
            stream.write_all(b"nothing like HTTP\r\n\r\n")?;
            stream.shutdown(std::net::Shutdown::Both)?;
        }
        "stream" => stream_lines(stream)?,
        "invocations" => invoke(stream, path, seen)?,
        "length" => {
            let body = json!({ "length": seen.body.len() }).to_string();
            stream.write_all(plain(&body).as_bytes())?;
        }
        _ => stream.write_all(plain(&echo(seen).to_string()).as_bytes())?,
    }
    Ok(())
}

/// The functions that the server is told to find here.
pub const FUNCTIONS: [&str; 4] = ["bound-echo", "bound-judge", "bound-scripted", "bound-silent"];

/// Returns the arguments that bind [`FUNCTIONS`] to the backend at `address`.
pub fn bindings(address: SocketAddr) -> Vec<String> {
    FUNCTIONS
        .iter()
        .flat_map(|name| {
            let arn = format!("arn:aws:lambda:us-east-1:000000000000:function:{name}");
            ["--function".to_owned(), format!("{arn}=http://{address}")]
        })
        .collect()
}

/// Returns the arguments that put the backend at `address` behind VPC links: `backend` alone, `half` beside a server that is down,
/// and `down` without it.
pub fn upstreams(address: SocketAddr) -> Result<Vec<String>> {
    let down = refusing()?;
    let upstream = |kind: &str, name: &str, servers: String| {
        let arn = format!("arn:aws:elasticloadbalancing:us-east-1:000000000000:{kind}/{name}");
        ["--upstream".to_owned(), format!("{arn}={servers}")]
    };
    let (net, app) = ("loadbalancer/net", "listener/app");
    Ok([
        upstream(net, "backend/1", address.to_string()),
        upstream(net, "half/1", format!("{down},{address}")),
        upstream(net, "down/1", format!("{down}/health")),
        upstream(app, "backend/1/1", address.to_string()),
        upstream(app, "down/1/1", down.to_string()),
    ]
    .into_iter()
    .flatten()
    .collect())
}

/// The Lambda Invoke API. `bound-echo` answers with its event; `bound-scripted` returns what the body of the request, or
/// `returns` of the event, says, and fails with it where a header `fail` is there; `bound-judge` authorizes by
/// the word that it is shown; `bound-silent` never answers.
fn invoke(mut stream: &TcpStream, path: &str, seen: &Seen) -> Result<()> {
    let event: Value = serde_json::from_slice(&seen.body)?;
    let name = path.rsplit('/').nth(1).unwrap_or_default();
    let returned = match name {
        "bound-echo" => json!({ "statusCode": 200, "body": event.to_string() }).to_string(),
        "bound-judge" => judge(&event),
        "bound-scripted" => match event.get("returns") {
            Some(value) => value.to_string(),
            None => {
                let body = event.get("body").and_then(Value::as_str);
                body.unwrap_or("null").to_owned()
            }
        },
        _ => {
            let _ended = stream.read(&mut [0])?;
            return Ok(());
        }
    };
    let failed = ["/headers/Fail", "/headers/fail", "/fail"]
        .iter()
        .any(|place| event.pointer(place).is_some())
        || returned.starts_with("{\"errorMessage\"");
    let error = if failed {
        "X-Amz-Function-Error: Unhandled\r\n"
    } else {
        ""
    };
    let head = format!(
        "HTTP/1.1 200 OK\r\n{error}Content-Length: {}\r\n\r\n",
        returned.len()
    );
    stream.write_all(head.as_bytes())?;
    stream.write_all(returned.as_bytes())?;
    Ok(())
}

/// A Lambda authorizer: the token, or the header `X-Word` of a request, says what to return.
fn judge(event: &Value) -> String {
    let places = ["/authorizationToken", "/headers/X-Word", "/headers/x-word"];
    let word = places.iter().find_map(|place| event.pointer(place));
    let word = word.and_then(Value::as_str).unwrap_or_default();
    let arn = ["/methodArn", "/routeArn"]
        .iter()
        .find_map(|place| event.pointer(place));
    let arn = arn.and_then(Value::as_str).unwrap_or_default();
    let answer = |effect: &str, resource: &str, context: Value| {
        json!({
            "principalId": word,
            "policyDocument": {
                "Version": "2012-10-17",
                "Statement": [{ "Effect": effect, "Action": "execute-api:Invoke", "Resource": resource }],
            },
            "context": context,
        })
        .to_string()
    };
    // A caller that the function gives an API key.
    if let Some(key) = word.strip_prefix("key-") {
        return json!({
            "principalId": word,
            "policyDocument": {
                "Version": "2012-10-17",
                "Statement": [{ "Effect": "Allow", "Action": "execute-api:Invoke", "Resource": "*" }],
            },
            "usageIdentifierKey": key,
        })
        .to_string();
    }
    match word {
        "everything" => answer(
            "Allow",
            "*",
            json!({ "plan": "gold", "level": 7, "trusted": true }),
        ),
        "only-this" => answer("Allow", arn, json!({})),
        "nothing" => answer("Allow", "arn:aws:execute-api:*:*:other/*", json!({})),
        "denied" => answer("Deny", "*", json!({})),
        "objects" => answer("Allow", "*", json!({ "plan": { "name": "gold" } })),
        "yes" => {
            json!({ "isAuthorized": true, "context": { "plan": "gold", "level": 7, "tenants": ["a", "b"] } })
                .to_string()
        }
        "no" => r#"{"isAuthorized":false}"#.to_owned(),
        "unauthorized" => r#"{"errorMessage":"Unauthorized","errorType":"Exception"}"#.to_owned(),
        "broken" => r#"{"errorMessage":"no database","errorType":"Exception"}"#.to_owned(),
        _ => "{}".to_owned(),
    }
}

fn plain(body: &str) -> String {
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
}

fn stream_lines(mut stream: &TcpStream) -> Result<()> {
    stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")?;
    for number in 0..1000 {
        let line = format!("line {number}\n");
        stream.write_all(format!("{:x}\r\n{line}\r\n", line.len()).as_bytes())?;
    }
    stream.write_all(b"0\r\n\r\n")?;
    Ok(())
}

fn echo(seen: &Seen) -> Value {
    let mut headers = Map::new();
    for (name, value) in &seen.headers {
        let name = name.to_ascii_lowercase();
        let joined = headers
            .get(&name)
            .and_then(Value::as_str)
            .map(|before| format!("{before}, {value}"));
        headers.insert(name, joined.unwrap_or_else(|| value.clone()).into());
    }
    json!({
        "method": seen.method,
        "target": seen.target,
        "headers": headers,
        "body": String::from_utf8_lossy(&seen.body),
    })
}
