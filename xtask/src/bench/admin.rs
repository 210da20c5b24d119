//! Signed calls to the admin listener and plain ones to the public one, blocking, over one connection each.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use anyhow::{Context, Result, bail};
use portcullis_engines::sigv4::{Credentials, Options, SignableRequest, sign};
use portcullis_model::{Clock, HeaderList, SystemClock};
use serde_json::Value;

use super::message;
use super::proxies::portcullis::Portcullis;

/// A keep-alive connection.
pub(super) struct Connection {
    stream: TcpStream,
    host: String,
}

impl Connection {
    pub(super) fn open(address: SocketAddr, host: &str) -> Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream,
            host: host.to_owned(),
        })
    }

    /// Sends a request and returns the JSON of its answer; fails on any status but 2xx.
    pub(super) fn call(
        &mut self,
        method: &str,
        path: &str,
        headers: &HeaderList,
        body: &[u8],
    ) -> Result<Value> {
        let mut request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\ncontent-length: {}\r\n",
            self.host,
            body.len()
        )
        .into_bytes();
        for (name, value) in headers.iter().filter(|(name, _)| *name != b"host") {
            request.extend_from_slice(&[name, b": ", value, b"\r\n"].concat());
        }
        request.extend_from_slice(b"\r\n");
        request.extend_from_slice(body);
        self.stream.write_all(&request)?;
        let mut received = Vec::new();
        let mut buffer = [0_u8; 16 * 1024];
        loop {
            let read = self.stream.read(&mut buffer)?;
            received.extend_from_slice(buffer.get(..read).unwrap_or_default());
            if let Some(answer) = message::answer(&received)? {
                let body = message::body(&received, &answer);
                if !(200..300).contains(&answer.status) {
                    bail!(
                        "{method} {path}: status {}: {}",
                        answer.status,
                        String::from_utf8_lossy(body)
                    );
                }
                return if body.is_empty() {
                    Ok(Value::Null)
                } else {
                    Ok(serde_json::from_slice(body)?)
                };
            }
            if read == 0 {
                bail!("{method} {path}: the server closed the connection");
            }
        }
    }
}

/// A connection to the admin listener with the key of the installation.
pub(super) struct Admin {
    connection: Connection,
    credentials: Credentials,
    region: String,
    host: String,
}

impl Admin {
    pub(super) fn open(server: &Portcullis) -> Result<Self> {
        let host = server.admin.to_string();
        Ok(Self {
            connection: Connection::open(server.admin, &host)?,
            credentials: server.credentials()?,
            region: server.region.clone(),
            host,
        })
    }

    /// Calls API Gateway's REST interface.
    pub(super) fn apigateway(&mut self, method: &str, path: &str, input: &Value) -> Result<Value> {
        self.send(method, path, "", &serde_json::to_vec(input)?)
    }

    /// Reads from API Gateway's REST interface.
    pub(super) fn get(&mut self, path: &str, query: &str) -> Result<Value> {
        self.send("GET", path, query, b"")
    }

    /// Imports API keys: a file of comma-separated values.
    pub(super) fn import_api_keys(&mut self, file: &str) -> Result<Value> {
        self.send("POST", "/apikeys", "format=csv&mode=import", file.as_bytes())
    }

    fn send(&mut self, method: &str, path: &str, query: &str, body: &[u8]) -> Result<Value> {
        let mut headers = HeaderList::new();
        headers.push("host", self.host.clone());
        headers.push("content-type", "application/json");
        let request = SignableRequest {
            method,
            path,
            query,
            headers: &headers,
        };
        let now = SystemClock.now();
        let added = sign(
            &request,
            &self.credentials,
            &self.region,
            "apigateway",
            now,
            body,
            &Options::default(),
        )
        .context("the call cannot be signed")?;
        for (name, value) in added {
            headers.push(name, value);
        }
        let target = match query {
            "" => path.to_owned(),
            query => format!("{path}?{query}"),
        };
        self.connection.call(method, &target, &headers, body)
    }
}
