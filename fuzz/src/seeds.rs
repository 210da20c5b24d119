//! What to start from: the requests of `conformance/wire`, the templates and cases beside them, and a few words for the rest. Read
//! when they are asked for, so that nothing is kept twice.

use std::{fs, path::Path};

use crate::firewall;

fn files(folder: &str, ending: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../conformance")
        .join(folder);
    let mut texts = Vec::new();
    let mut folders = vec![folder];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                texts.push(fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    texts.sort();
    texts
}

fn bytes(texts: &[&str]) -> Vec<Vec<u8>> {
    texts.iter().map(|text| text.as_bytes().to_vec()).collect()
}

/// The requests of `conformance/wire`, byte by byte.
pub(crate) fn requests() -> Vec<Vec<u8>> {
    let mut requests = Vec::new();
    for text in files("wire", ".wire") {
        let lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with("# "));
        requests.extend(lines.skip(1).step_by(2).map(unescape));
    }
    requests
}

/// `\r`, `\n`, `\t`, `\0`, `\xHH` and `\\` are what they say.
fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        match rest.next() {
            Some(b'r') => bytes.push(b'\r'),
            Some(b'n') => bytes.push(b'\n'),
            Some(b't') => bytes.push(b'\t'),
            Some(b'0') => bytes.push(0),
            Some(b'x') => {
                let digits: Vec<u8> = rest.by_ref().take(2).collect();
                let digits = String::from_utf8_lossy(&digits).into_owned();
                bytes.push(u8::from_str_radix(&digits, 16).unwrap_or_default());
            }
            Some(other) => bytes.push(other),
            None => {}
        }
    }
    bytes
}

/// Answers with the fields of the requests, and some of their own.
pub(crate) fn answers() -> Vec<Vec<u8>> {
    let mut answers = bytes(&[
        "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Type: text/plain\r\n\r\nhello",
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 204 No Content\r\nConnection: close, x\r\nX: 1\r\n\r\n",
        "HTTP/1.0 304 Not Modified\r\nKeep-Alive: timeout=5, max=3\r\nETag: \"a\"\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n",
    ]);
    for request in requests() {
        if let Some(at) = request.windows(2).position(|pair| pair == b"\r\n") {
            answers.push([b"HTTP/1.1 200 OK", &request[at..]].concat());
        }
    }
    answers
}

pub(crate) fn chunks() -> Vec<Vec<u8>> {
    let mut chunks = bytes(&[
        "5\r\nhello\r\n0\r\n\r\n",
        "1;a=b\r\nx\r\nA\r\n0123456789\r\n0\r\nTrailer: yes\r\n\r\n",
        "000005\r\nhello\r\n0;last\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    ]);
    for request in requests() {
        if let Some(at) = request.windows(4).position(|four| four == b"\r\n\r\n") {
            chunks.push(request[at + 4..].to_vec());
        }
    }
    chunks
}

/// What clients of HTTP/2 say behind their greeting.
pub(crate) fn frames() -> Vec<Vec<u8>> {
    let frame = |kind: u8, flags: u8, stream: u8, payload: &[u8]| {
        let length = u8::try_from(payload.len()).unwrap_or_default();
        [&[0, 0, length, kind, flags, 0, 0, 0, stream], payload].concat()
    };
    let get = &b"\x82\x87\x84\x41\x01a\x40\x01x\x01y\x0f\x0d\x010"[..];
    let post = b"\x83\x87\x04\x02/x\x41\x8c\xf1\xe3\xc2\xe5\xf2\x3a\x6b\xa0\xab\x90\xf4\xff\x0f\x0d\x015\0\x06cookie\x03a=1\0\x06cookie\x03b=2";
    vec![
        [
            frame(1, 5, 1, get),
            frame(1, 5, 3, b"\x82\x87\x84\xbf\xbe"),
            frame(1, 5, 5, get),
        ]
        .concat(),
        [
            frame(1, 4, 1, post),
            frame(0, 0, 1, b"he"),
            frame(0, 9, 1, b"\x02llo\0\0"),
            frame(6, 0, 0, b"12345678"),
        ]
        .concat(),
        [
            frame(1, 0, 3, &post[..9]),
            frame(9, 0, 3, &post[9..20]),
            frame(9, 4, 3, &post[20..]),
            frame(1, 5, 3, b"\0\x01t\x011"),
        ]
        .concat(),
        [
            frame(4, 0, 0, b"\0\x01\0\0\0\0\0\x04\0\0\0\x03"),
            frame(1, 0x25, 7, &[b"\0\0\0\0\x10", get].concat()),
            frame(8, 0, 7, b"\0\0\x01\0"),
        ]
        .concat(),
        [
            frame(1, 4, 1, post),
            frame(3, 0, 1, b"\0\0\0\x08"),
            frame(2, 0, 3, b"\0\0\0\x01\x10"),
            frame(7, 0, 0, b"\0\0\0\0\0\0\0\0"),
            frame(4, 1, 0, b""),
        ]
        .concat(),
        frame(
            1,
            0xd,
            1,
            &[
                b"\x03\x3f\xe1\x01",
                get,
                b"\x1f\x09\x02ab\x10\x02te\x08trailers\0\0\0",
            ]
            .concat(),
        ),
        frame(1, 5, 1, b"\x02\x07OPTIONS\x87\x04\x01*\x66\x05a:443"),
    ]
}

pub(crate) fn proxy_protocol() -> Vec<Vec<u8>> {
    let mut headers = bytes(&[
        "PROXY TCP4 192.0.2.1 198.51.100.1 56324 443\r\nGET / HTTP/1.1\r\n\r\n",
        "PROXY TCP6 2001:db8::1 2001:db8::2 56324 443\r\n",
        "PROXY UNKNOWN\r\n",
    ]);
    let signature = b"\r\n\r\n\0\r\nQUIT\n";
    let addresses = [192, 0, 2, 1, 198, 51, 100, 1, 0xdc, 4, 1, 187];
    let facts = b"\x20\0\x1a\x01\0\0\0\0\x21\0\x07TLSv1.3\x22\0\x05x.com\x01\0\x02h2";
    let length = u8::try_from(addresses.len() + facts.len()).unwrap_or_default();
    headers.push([&signature[..], &[0x21, 0x11, 0, 12], &addresses].concat());
    headers.push([&signature[..], &[0x20, 0, 0, 0]].concat());
    headers.push([&signature[..], &[0x21, 0x11, 0, length], &addresses, facts].concat());
    headers
}

pub(crate) fn templates() -> Vec<Vec<u8>> {
    let mut templates = bytes(&[
        "#set($inputRoot = $input.path('$'))\n{\"a\": \"$inputRoot.f\", #foreach($x in $inputRoot.a)\"$x\"#if($foreach.hasNext),#end#end}",
        "#macro(twice $a)$a$a#end#twice(\"x\")#define($b)[$b1]#end$b $!none ${context.requestId} $util.escapeJavaScript(\"a'b\")",
        "#set($m = {\"k\": [1..3]})$m.k.size() $m.entrySet() #if($m.k[0] == 1 && !$none)yes#elseif(1 > 2)no#else#stop#end",
        "$util.base64Encode($input.body) $util.urlDecode('%41') $util.parseJson('{\"a\":1}').a ## comment\n#* block *# #[[ raw ]]#",
    ]);
    for text in files("templates", ".yaml") {
        let blocks = text.split("application/json: ").skip(1);
        templates.extend(blocks.map(|block| block.lines().next().unwrap_or_default().as_bytes().to_vec()));
    }
    templates
}

pub(crate) fn json_paths() -> Vec<Vec<u8>> {
    bytes(&[
        "$.a[2].b",
        "$..b",
        "$.a[*]",
        "$.a[0,1]",
        "$.a[1:]",
        "$['d']['e'][-1]",
        "$.a[?(@.b == 'text')]",
        "$.a.length()",
        "$.a[?(@ > 1 && @ < 9)]",
        "$.d.*",
        "$..*",
        "a.b",
        "$.a[?(@.b =~ /t.*/i)]",
        "$.a.sum()",
        "$.a[?(@.b in ['text'])]",
    ])
}

pub(crate) fn patterns() -> Vec<Vec<u8>> {
    bytes(&[
        "5\\d{2}\n500",
        ".*Error.*\nan Error here",
        "(?i)abc|[^x-z&&[a-m]]+\nABC",
        "\\p{Alpha}+\\Qa.b\\E\nxa.b",
        "(a+)+$\naaaaaaaab",
        "^(?:foo|bar){1,3}\\b\nfoobar",
    ])
}

pub(crate) fn schemas() -> Vec<Vec<u8>> {
    bytes(&[
        r#"{"type": "object", "required": ["a"], "properties": {"a": {"type": "object"}, "c": {"type": "string", "pattern": "^d"}}}"#,
        r##"{"$schema": "http://json-schema.org/draft-07/schema#", "definitions": {"x": {"minimum": 1}}, "items": {"$ref": "#/definitions/x"}}"##,
        r#"{"anyOf": [{"enum": [1, "text"]}, {"not": {"type": "null"}}], "format": "email", "maxLength": 3, "uniqueItems": true}"#,
    ])
}

pub(crate) fn json() -> Vec<Vec<u8>> {
    bytes(&[
        r#"{"a": 1, "b": [true, false, null, -1.5e3], "c": {"d": "\u00e9\n"}}"#,
        "[[[[[[1]]]]]]",
        r#""text""#,
        r#"{"a":1,"a":2}"#,
        "123456789012345678901234567890",
    ])
}

pub(crate) fn policies() -> Vec<Vec<u8>> {
    bytes(&[
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["execute-api:*","s3:Get?bject"],"Resource":"arn:aws:execute-api:*:*:api/*"}]}"#,
        r#"{"Statement":{"Sid":"a","Effect":"Deny","NotAction":"s3:*","NotResource":"*","Condition":{"IpAddress":{"aws:SourceIp":["192.0.2.0/24"]},"StringLikeIfExists":{"aws:username":"a*"}}}}"#,
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"execute-api:Invoke","Resource":"arn:aws:s3:::${aws:username}/*","Condition":{"Null":{"aws:x":"true"},"NumericLessThan":{"a":"5"},"DateGreaterThan":{"b":"2024-01-01T00:00:00Z"},"ForAllValues:StringEquals":{"c":["d"]}}}]}"#,
    ])
}

pub(crate) fn tokens() -> Vec<Vec<u8>> {
    bytes(&[
        "eyJhbGciOiJSUzI1NiIsImtpZCI6ImEifQ.eyJzdWIiOiJhZGEiLCJleHAiOjE3MDAwMDAwMDAsImF1ZCI6WyJhIl19.AAAA\n{\"keys\":[{\"kty\":\"RSA\",\"kid\":\"a\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}",
        "eyJhbGciOiJub25lIn0.e30.\n{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AAAA\",\"y\":\"AAAA\",\"alg\":\"ES256\",\"use\":\"sig\"}]}",
        "eyJhbGciOiJFZERTQSIsImNyaXQiOlsiYiJdfQ.bnVsbA.AA\n{\"keys\":[{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AAAA\"}]}",
    ])
}

pub(crate) fn signed_requests() -> Vec<Vec<u8>> {
    bytes(&[
        "GET /prod/a%20b?x=1&y=%41 HTTP/1.1\nHost: a.example\nX-Amz-Date: 20240101T000000Z\nAuthorization: AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20240101/us-east-1/execute-api/aws4_request, SignedHeaders=host;x-amz-date, Signature=0000000000000000000000000000000000000000000000000000000000000000",
        "GET /?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=AKIDEXAMPLE%2F20240101%2Fus-east-1%2Fsts%2Faws4_request&X-Amz-Date=20240101T000000Z&X-Amz-Expires=60&X-Amz-SignedHeaders=host&X-Amz-Signature=0000000000000000000000000000000000000000000000000000000000000000 HTTP/1.1\nHost: a",
        "POST / HTTP/1.1\nHost: a\nX-Amz-Security-Token: t\nx-amz-content-sha256: UNSIGNED-PAYLOAD\nDate: Mon, 01 Jan 2024 00:00:00 GMT\nAuthorization: AWS4-HMAC-SHA256 Credential=A/20240101/r/s/aws4_request,SignedHeaders=date;host,Signature=ff",
    ])
}

pub(crate) fn web_acls() -> Vec<Vec<u8>> {
    let everything = firewall::everything();
    let mut small = everything.clone();
    small["Rules"] = serde_json::json!([{
        "Name": "r", "Priority": 1, "Action": {"Block": {"CustomResponse": {"ResponseCode": 418}}},
        "VisibilityConfig": small["VisibilityConfig"],
        "Statement": {"AndStatement": {"Statements": [
            {"ByteMatchStatement": {"FieldToMatch": {"SingleHeader": {"Name": "cookie"}}, "SearchString": "YT1i", "PositionalConstraint": "CONTAINS", "TextTransformations": [{"Priority": 0, "Type": "NONE"}]}},
            {"NotStatement": {"Statement": {"GeoMatchStatement": {"CountryCodes": ["DE"]}}}},
            {"OrStatement": {"Statements": [
                {"RegexMatchStatement": {"RegexString": "a+b", "FieldToMatch": {"Method": {}}, "TextTransformations": [{"Priority": 0, "Type": "LOWERCASE"}]}},
                {"SizeConstraintStatement": {"FieldToMatch": {"UriPath": {}}, "ComparisonOperator": "GT", "Size": 5, "TextTransformations": [{"Priority": 0, "Type": "NONE"}]}}
            ]}},
            {"LabelMatchStatement": {"Scope": "LABEL", "Key": "a:b"}}
        ]}}
    }, {
        "Name": "rate", "Priority": 2, "Action": {"Block": {}}, "VisibilityConfig": small["VisibilityConfig"],
        "Statement": {"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP", "EvaluationWindowSec": 60}}
    }]);
    [everything, small]
        .iter()
        .filter_map(|acl| serde_json::to_vec(acl).ok())
        .collect()
}

pub(crate) fn event_patterns() -> Vec<Vec<u8>> {
    bytes(&[
        r#"{"source": ["a", {"prefix": "b"}], "detail": {"n": [{"numeric": [">", 1, "<=", 5]}], "x": [{"exists": false}], "y": [{"anything-but": ["z"]}]}}"#,
        r#"{"$or": [{"a": [1]}, {"b": [{"wildcard": "a*b"}]}], "c": [{"cidr": "10.0.0.0/8"}], "d": [{"equals-ignore-case": "E"}, {"suffix": "f"}]}"#,
        "eyJhbGciOiJFZERTQSJ9..AAAA",
    ])
}

pub(crate) fn cloudformation() -> Vec<Vec<u8>> {
    files("templates", ".yaml")
        .into_iter()
        .filter(|text| text.len() < 6_000)
        .map(String::into_bytes)
        .collect()
}

pub(crate) fn openapi() -> Vec<Vec<u8>> {
    let rest = include_str!("../../crates/engines/src/openapi/tests/seed.yaml");
    let http = include_str!("../../crates/engines/src/openapi/tests/seed_http.json");
    vec![rest.into(), http.into()]
}

pub(crate) fn packages() -> Vec<Vec<u8>> {
    // An archive with one stored file: local header, directory, end.
    let local = b"PK\x03\x04\x14\0\0\0\0\0\0\0\0\0\x86\xa6\x106\x05\0\0\0\x05\0\0\0\x01\0\0\0ahello";
    let entry = b"PK\x01\x02\x14\x03\x14\0\0\0\0\0\0\0\0\0\x86\xa6\x106\x05\0\0\0\x05\0\0\0\x01\0\0\0\0\0\0\0\0\0\0\0\xa4\x81\0\0\0\0a";
    let end = b"PK\x05\x06\0\0\0\0\x01\0\x01\0\x2f\0\0\0\x24\0\0\0\0\0";
    vec![[&local[..], entry, end].concat()]
}

pub(crate) const ES256_SIGNATURE_BYTES: usize = 64;

/// Signatures of the target's key, each before its message.
pub(crate) fn es256() -> Vec<Vec<u8>> {
    [
        (
            "74f77fc8927e2b63a6b6c293ec6453f579451e7205907fc13c45b434f060fa85c030b65a8399a9a78572f6470092c350b05348582b6ed1400a187d6d095a791e",
            "",
        ),
        (
            "e010b5f211ae11ec473e0e2a54a456be0d16f522f7352cc3e3d2fd23912ce73a2bed96801f0c9c1c68baf481471fa9adf86c0e0988475937d19f11ddf31bf299",
            "message",
        ),
        (
            "64494fb973f6ceb644a6f91339bdd89f0490502b2afd38b02ded546499c20357f038dc37c326349b5ad99d071afa092aacd2d9bfa3db6975ae623a36d4ab9828",
            "eyJhbGciOiJFUzI1NiJ9.e30",
        ),
    ]
    .into_iter()
    .map(|(signature, message)| {
        let digits: Vec<u8> = signature.chars().filter_map(|digit| Some(digit.to_digit(16)? as u8)).collect();
        let mut bytes: Vec<u8> = digits.chunks(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        bytes.extend_from_slice(message.as_bytes());
        bytes
    })
    .collect()
}
