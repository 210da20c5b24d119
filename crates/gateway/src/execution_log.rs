//! Execution logs: what happened to a request, line by line, in the words of API Gateway.
//!
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html>. `INFO` writes every step, `ERROR` those of a
//! request that failed; bodies and headers only where the stage traces data. Values that prove who somebody is are masked, as on
//! AWS, but for their end where they are long; cookies too, which AWS shows.

use std::{fmt::Write as _, time::Instant};

use portcullis_model::{HeaderList, Timestamp, trail::Outcome};

use crate::{
    decision::{LayerName, shown},
    exchange::Exchange,
    http::{Body, Response},
    integrations::Answer,
    mapping::{context_variables::java_date, query, request::Mapped},
    refusal::Refusal,
    request_id,
};

/// The longest line, in bytes, as on AWS.
const LINE_BYTES_MAX: usize = 1_024;
/// Lines of one request.
const LINES_MAX: usize = 100;
const TRUNCATED: &str = "[TRUNCATED]";
/// Header fields and query parameters whose values prove who somebody is, by the names that are in use.
const SECRET_FIELDS: [&str; 24] = [
    "authorization",
    "proxy-authorization",
    "x-api-key",
    "x-amz-security-token",
    "cookie",
    "set-cookie",
    "x-amz-signature",
    "x-amz-credential",
    "access_token",
    "api-key",
    "api_key",
    "apikey",
    "auth",
    "client_secret",
    "code",
    "code_verifier",
    "id_token",
    "jwt",
    "password",
    "refresh_token",
    "secret",
    "sig",
    "signature",
    "token",
];
/// From how many characters on the end of a masked value is shown, and how much of it.
const SHOWN_FROM: usize = 64;
const SHOWN_CHARACTERS: usize = 6;

/// What a stage says of the logging of a method.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Logging {
    pub(crate) level: Level,
    pub(crate) traces_data: bool,
}

impl Logging {
    /// All that there is.
    pub(crate) const WHOLE: Self = Self {
        level: Level::Info,
        traces_data: true,
    };
}

/// Which requests are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Level {
    Error,
    Info,
}

/// The log of one request, on its way.
pub(crate) struct ExecutionLog {
    logging: Logging,
    id: String,
    started: Timestamp,
    started_at: Instant,
    lines: Vec<Line>,
}

struct Line {
    at: Timestamp,
    text: String,
}

impl ExecutionLog {
    pub(crate) fn start(logging: Logging, exchange: &Exchange) -> Self {
        let mut log = Self {
            logging,
            id: request_id::uuid_text(exchange.id()),
            started: exchange.started(),
            started_at: exchange.started_at(),
            lines: Vec::new(),
        };
        let (_, extended) = request_id::header_values(exchange.id());
        log.say(format!(
            "Extended Request Id: {}",
            String::from_utf8_lossy(&extended)
        ));
        log.say(format!("Starting execution for request: {}", log.id));
        let method = String::from_utf8_lossy(&exchange.request().method);
        let path = exchange
            .known_method()
            .map_or("/", |method| &method.resource_path);
        log.say(format!("HTTP Method: {}, Resource Path: {path}", shown(&method)));
        log
    }

    /// Notes what a layer decided.
    pub(crate) fn layer(&mut self, layer: LayerName, outcome: Outcome, reason: &str) {
        let outcome = match outcome {
            Outcome::Continue => "continue",
            Outcome::Answer => "answer",
            Outcome::Refuse => "refuse",
            Outcome::ObserveRefuse => "would refuse",
        };
        self.say(format!("Layer {}: {outcome}: {reason}", layer.as_str()));
    }

    /// Notes the request, and what the integration is given.
    pub(crate) fn mapped(&mut self, exchange: &Exchange) {
        if !self.logging.traces_data {
            return;
        }
        let request = exchange.request();
        let paths = exchange
            .path_parameters()
            .map(|(name, value)| (name.to_owned(), lossy(value)));
        self.say(format!("Method request path: {}", map(paths)));
        let query = request.query().unwrap_or_default();
        let parameters = query::parameters(query).map(|(name, value)| {
            let name = lossy(&query::decode(name, true));
            let value = lossy(&query::decode(value, true));
            let value = masked(&name, &value);
            (name, value)
        });
        self.say(format!("Method request query string: {}", map(parameters)));
        self.say(format!("Method request headers: {}", fields(&request.headers)));
        let body = lossy(exchange.body_read());
        self.say(format!("Method request body before transformations: {body}"));
        let Some(mapped) = exchange.mapped() else { return };
        match mapped {
            Mapped::Template { text, .. } => {
                self.say(format!(
                    "Endpoint request body after transformations: {}",
                    lossy(text)
                ));
            }
            Mapped::Event => {
                self.say("Endpoint request body after transformations: the event of a function".to_owned())
            }
            Mapped::HttpProxy {
                path_and_query,
                headers,
            } => {
                self.say(format!("Endpoint request URI: {}", masked_uri(path_and_query)));
                self.endpoint_headers(headers);
            }
            Mapped::Http {
                path_and_query,
                headers,
                content,
                ..
            } => {
                self.say(format!("Endpoint request URI: {}", masked_uri(path_and_query)));
                self.endpoint_headers(headers);
                self.say(format!(
                    "Endpoint request body after transformations: {}",
                    lossy(&content.body)
                ));
            }
        }
    }

    fn endpoint_headers(&mut self, headers: &[(bytes::Bytes, Vec<bytes::Bytes>)]) {
        let pairs = headers.iter().flat_map(|(name, values)| {
            let name = lossy(name);
            values
                .iter()
                .map(move |value| (name.clone(), masked(&name, &lossy(value))))
        });
        self.say(format!("Endpoint request headers: {}", map(pairs)));
    }

    /// Notes what the integration answered.
    pub(crate) fn answered(&mut self, answer: &Answer, latency_ms: u64) {
        let status = answer.status().unwrap_or(200);
        self.say(format!(
            "Received response. Status: {status}, Integration latency: {latency_ms} ms"
        ));
        if !self.logging.traces_data {
            return;
        }
        match answer {
            Answer::Mocked { .. } => {}
            Answer::Proxied(response) => {
                self.say(format!(
                    "Endpoint response headers: {}",
                    fields(&response.headers)
                ));
                self.say(format!(
                    "Endpoint response body before transformations: {}",
                    body_text(&response.body)
                ));
            }
            Answer::Integrated { parts, .. } => {
                self.say(format!("Endpoint response headers: {}", fields(&parts.headers)));
                self.say(format!(
                    "Endpoint response body before transformations: {}",
                    lossy(&parts.body)
                ));
            }
        }
    }

    /// Notes how it ended.
    pub(crate) fn end(&mut self, response: &Response, refusal: Option<&Refusal>) {
        match refusal {
            Some(refusal) => self.say(format!("Execution failed: {}", refusal.cause().text())),
            None => {
                if self.logging.traces_data {
                    self.say(format!(
                        "Method response body after transformations: {}",
                        body_text(&response.body)
                    ));
                    self.say(format!("Method response headers: {}", fields(&response.headers)));
                }
                self.say("Successfully completed execution".to_owned());
            }
        }
        self.say(format!("Method completed with status: {}", response.status));
    }

    /// Tells whether the stage wants it written.
    pub(crate) fn is_wanted(&self, has_failed: bool) -> bool {
        self.logging.level == Level::Info || has_failed
    }

    /// Returns the lines as a file of a log group has them.
    pub(crate) fn into_lines(self) -> impl Iterator<Item = String> {
        let id = self.id;
        self.lines
            .into_iter()
            .map(move |line| format!("{} ({id}) {}", line.at.iso8601(), line.text))
    }

    /// Returns the text as a test invocation tells it.
    pub(crate) fn text(&self) -> String {
        let mut text = format!("Execution log for request {}\n", self.id);
        for line in &self.lines {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{} : {}", java_date(line.at), line.text);
        }
        text
    }

    fn say(&mut self, text: String) {
        if self.lines.len() >= LINES_MAX {
            return;
        }
        let elapsed = i64::try_from(self.started_at.elapsed().as_millis()).unwrap_or(i64::MAX);
        let at = Timestamp(self.started.millis().saturating_add(elapsed));
        self.lines.push(Line {
            at,
            text: cut(one_line(&text)),
        });
    }
}

/// Whatever a stranger sends, a line stays one line.
fn one_line(text: &str) -> String {
    text.chars()
        .flat_map(|char| match char {
            '\n' => ['\\', 'n'].map(Some),
            '\r' => ['\\', 'r'].map(Some),
            other if other.is_control() || matches!(other, '\u{2028}' | '\u{2029}') => {
                [Some('\u{fffd}'), None]
            }
            other => [Some(other), None],
        })
        .flatten()
        .collect()
}

fn cut(mut text: String) -> String {
    if text.len() > LINE_BYTES_MAX {
        let mut end = LINE_BYTES_MAX - TRUNCATED.len();
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push_str(TRUNCATED);
    }
    text
}

fn lossy(bytes: &[u8]) -> String {
    // Cut before it is copied: a line shows no more.
    String::from_utf8_lossy(bytes.get(..LINE_BYTES_MAX).unwrap_or(bytes)).into_owned()
}

fn body_text(body: &Body) -> String {
    match body {
        Body::Empty => String::new(),
        Body::Full(bytes) => lossy(bytes),
        Body::Stream(_) | Body::Replay(..) | Body::Tunnel(_) => "[STREAMED]".to_owned(),
    }
}

/// Writes pairs as Java writes a map.
fn map(pairs: impl Iterator<Item = (String, String)>) -> String {
    let pairs: Vec<String> = pairs.map(|(name, value)| format!("{name}={value}")).collect();
    format!("{{{}}}", pairs.join(", "))
}

fn fields(headers: &HeaderList) -> String {
    map(headers.iter().map(|(name, value)| {
        let name = lossy(name);
        let value = masked(&name, &lossy(value));
        (name, value)
    }))
}

/// Renders a path with its query, whose parameters are masked as fields are.
fn masked_uri(path_and_query: &[u8]) -> String {
    let text = lossy(path_and_query);
    let Some((path, query)) = text.split_once('?') else {
        return text;
    };
    let parameters = query.split('&').map(|pair| match pair.split_once('=') {
        Some((name, value)) => {
            let decoded = lossy(&query::decode(name.as_bytes(), true));
            format!("{name}={}", masked(&decoded, value))
        }
        None => pair.to_owned(),
    });
    format!("{path}?{}", parameters.collect::<Vec<_>>().join("&"))
}

/// Masks the value of a field that proves who somebody is.
fn masked(name: &str, value: &str) -> String {
    if !SECRET_FIELDS
        .iter()
        .any(|secret| name.eq_ignore_ascii_case(secret))
    {
        return value.to_owned();
    }
    let count = value.chars().count();
    if count < SHOWN_FROM || name.eq_ignore_ascii_case("cookie") || name.eq_ignore_ascii_case("set-cookie") {
        return "*".repeat(SHOWN_FROM);
    }
    let end: String = value.chars().skip(count - SHOWN_CHARACTERS).collect();
    format!("{}{end}", "*".repeat(SHOWN_FROM))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_prove_who_somebody_is_are_masked() {
        let token = format!("eyJ{}signature", "x".repeat(200));
        assert_eq!(
            masked("Authorization", &token),
            format!("{}nature", "*".repeat(64))
        );
        for (name, value) in [
            ("authorization", "Basic YWRhOnNlY3JldA=="),
            ("X-API-Key", "a-key-of-twenty-chars"),
            ("Cookie", &token),
            ("Set-Cookie", &token),
        ] {
            assert_eq!(masked(name, value), "*".repeat(64), "{name}");
        }
        assert_eq!(masked("Accept", "text/html"), "text/html");
    }

    #[test]
    fn parameters_of_a_uri_are_masked_under_any_spelling_of_their_names() {
        let stars = "*".repeat(64);
        for (uri, shown) in [
            ("/a", "/a".to_owned()),
            ("/a?b=1&empty&c=%20", "/a?b=1&empty&c=%20".to_owned()),
            (
                "/a?b=1&access_token=abc&Token=d=e",
                format!("/a?b=1&access_token={stars}&Token={stars}"),
            ),
            ("/a?%74oken=abc", format!("/a?%74oken={stars}")),
            ("/a?x?token=abc&token=d", format!("/a?x?token=abc&token={stars}")),
        ] {
            assert_eq!(masked_uri(uri.as_bytes()), shown);
        }
    }

    #[test]
    fn line_stays_one_line_of_its_length() {
        assert_eq!(one_line("a\nb\r\u{7}\u{2028}ä"), "a\\nb\\r\u{fffd}\u{fffd}ä");
        let long = cut("ä".repeat(2_000));
        assert!(long.len() <= LINE_BYTES_MAX && long.ends_with("ä[TRUNCATED]"));
        assert_eq!(cut("short".to_owned()), "short");
    }
}
