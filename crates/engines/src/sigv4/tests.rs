use std::{fs, path::PathBuf};

use portcullis_model::{HeaderList, SecretText, Timestamp};
use serde_json::Value;

use super::*;

/// A request as a file of the suite holds it.
#[derive(Clone, Debug)]
struct Request {
    method: String,
    path: String,
    query: String,
    headers: Vec<(String, Vec<u8>)>,
    body: Vec<u8>,
}

impl Request {
    fn read(text: &str) -> Self {
        let (head, body) = text
            .split_once("\n\n")
            .unwrap_or((text.trim_end_matches('\n'), ""));
        let mut lines = head.lines();
        let first = lines.next().unwrap();
        let (method, rest) = first.split_once(' ').unwrap();
        let target = rest.strip_suffix(" HTTP/1.1").unwrap();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let mut headers: Vec<(String, Vec<u8>)> = Vec::new();
        for line in lines.filter(|line| !line.is_empty()) {
            if line.starts_with(' ') {
                // The engine sees what a parser that joins folded lines hands over.
                let (_, value) = headers.last_mut().unwrap();
                value.push(b'\n');
                value.extend_from_slice(line.as_bytes());
            } else {
                let (name, value) = line.split_once(':').unwrap();
                headers.push((name.to_owned(), value.as_bytes().to_vec()));
            }
        }
        Self {
            method: method.into(),
            path: path.into(),
            query: query.into(),
            headers,
            body: body.as_bytes().to_vec(),
        }
    }

    fn list(&self) -> HeaderList {
        self.headers.iter().cloned().collect()
    }
}

/// The clock, secret and options of a case.
struct Setting {
    now: Timestamp,
    secret: SecretText,
    options: Options,
}

fn check(request: &Request, setting: &Setting) -> Result<(), SigV4Error> {
    let headers = request.list();
    let signable = SignableRequest {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: &headers,
    };
    let presented = parse(&signable)?.ok_or(SigV4Error::MissingAuthenticationToken)?;
    presented.check_scope("us-east-1", &["service"])?;
    if presented.access_key_id != "AKIDEXAMPLE" {
        // The caller finds no secret for another key.
        return Err(SigV4Error::SignatureMismatch);
    }
    verify(
        &signable,
        &presented,
        &setting.secret,
        &request.body,
        setting.now,
        &setting.options,
    )
}

fn suite() -> Option<Vec<PathBuf>> {
    let Ok(vectors) = std::env::var("PORTCULLIS_VECTORS") else {
        println!("SKIPPED: PORTCULLIS_VECTORS is not set");
        return None;
    };
    let folder = PathBuf::from(vectors).join("sigv4/v4");
    let mut cases: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    cases.sort();
    assert!(cases.len() >= 38, "the suite is incomplete");
    Some(cases)
}

fn setting(case: &std::path::Path) -> Setting {
    let context: Value =
        serde_json::from_str(&fs::read_to_string(case.join("context.json")).unwrap()).unwrap();
    let basic: String = context["timestamp"].as_str().unwrap().replace(['-', ':'], "");
    Setting {
        now: parse_date(&basic).unwrap(),
        secret: SecretText::new(
            context["credentials"]["secret_access_key"]
                .as_str()
                .unwrap()
                .to_owned(),
        ),
        options: Options {
            normalize_path: context["normalize"].as_bool().unwrap(),
            unsigned_session_token: context["omit_session_token"].as_bool().unwrap_or(false),
            ..Options::default()
        },
    }
}

#[test]
fn every_signed_request_of_the_suite_verifies() {
    for case in suite().unwrap_or_default() {
        let setting = setting(&case);
        for form in ["header", "query"] {
            let read = |name: &str| fs::read_to_string(case.join(format!("{form}-{name}.txt"))).unwrap();
            let request = Request::read(&read("signed-request"));
            let headers = request.list();
            let signable = SignableRequest {
                method: &request.method,
                path: &request.path,
                query: &request.query,
                headers: &headers,
            };
            let at = format!("{} {form}", case.display());
            let presented = parse(&signable).unwrap().unwrap();
            let payload = BodyHash::of(&request.body, &headers, &setting.options).unwrap();
            let canonical = canonical_request::render(
                &signable,
                &presented.signed_headers,
                payload.as_str(),
                &setting.options,
            );
            assert_eq!(
                String::from_utf8(canonical.clone()).unwrap(),
                read("canonical-request"),
                "{at}"
            );
            let text = signing_key::string_to_sign(presented.date, &presented.scope(), &canonical);
            assert_eq!(text, read("string-to-sign"), "{at}");
            assert_eq!(presented.signature, read("signature"), "{at}");
            assert_eq!(check(&request, &setting), Ok(()), "{at}");
        }
    }
}

/// Replaces one byte of `text` by one that no rule of the canonical form makes equal.
fn changed(text: &str, index: usize) -> Option<String> {
    let mut bytes = text.as_bytes().to_vec();
    bytes[index] = if bytes[index] == b'X' { b'Y' } else { b'X' };
    String::from_utf8(bytes).ok()
}

#[test]
fn no_request_of_the_suite_verifies_with_one_byte_changed() {
    let mut tried = 0;
    for case in suite().unwrap_or_default() {
        let setting = setting(&case);
        for form in ["header", "query"] {
            let file = case.join(format!("{form}-signed-request.txt"));
            let request = Request::read(&fs::read_to_string(file).unwrap());
            let mutants = mutants(&request, &setting.options);
            // Method, path, query, every header (date and scope among them) and body, each byte.
            assert!(
                mutants.len() >= 200,
                "{} {form}: {}",
                case.display(),
                mutants.len()
            );
            for (what, mutant) in mutants {
                tried += 1;
                assert!(
                    check(&mutant, &setting).is_err(),
                    "{} {form}: {what}",
                    case.display()
                );
            }
        }
    }
    println!("{tried} changed requests refused");
}

fn mutants(request: &Request, options: &Options) -> Vec<(String, Request)> {
    let mut mutants = Vec::new();
    let mut add = |what: String, change: &dyn Fn(&mut Request)| {
        let mut mutant = request.clone();
        change(&mut mutant);
        mutants.push((what, mutant));
    };
    for (index, _) in request.method.bytes().enumerate() {
        let text = changed(&request.method, index).unwrap();
        add(format!("method {text}"), &|mutant| {
            mutant.method.clone_from(&text)
        });
    }
    for (index, _) in request.path.bytes().enumerate() {
        let Some(text) = changed(&request.path, index) else {
            continue;
        };
        if canonical_path(&text, options) == canonical_path(&request.path, options) {
            // A segment that `..` takes back is not signed, nor used.
            assert!(options.normalize_path && request.path.contains(".."), "{text}");
            continue;
        }
        add(format!("path {text}"), &|mutant| mutant.path.clone_from(&text));
    }
    let query_of_suite = &request.query;
    for (index, _) in request.query.bytes().enumerate() {
        let Some(text) = changed(query_of_suite, index) else {
            continue;
        };
        // A token that is not signed is the caller's to check against its key.
        let token = query_of_suite.find("X-Amz-Security-Token=");
        if options.unsigned_session_token
            && token.is_some_and(|token| index >= token && index < query_of_suite.rfind('&').unwrap())
        {
            continue;
        }
        add(format!("query {text}"), &|mutant| mutant.query.clone_from(&text));
    }
    add("query added".into(), &|mutant| mutant.query.push_str("&a=b"));
    for (position, (name, value)) in request.headers.iter().enumerate() {
        let value = String::from_utf8(value.clone()).unwrap();
        if options.unsigned_session_token && name.eq_ignore_ascii_case("x-amz-security-token") {
            continue;
        }
        for index in 0..value.len() {
            let Some(text) = changed(&value, index) else {
                continue;
            };
            add(format!("{name}: {text}"), &|mutant| {
                mutant.headers[position].1 = text.clone().into_bytes()
            });
        }
    }
    add("body".into(), &|mutant| mutant.body.push(b'x'));
    if !request.body.is_empty() {
        add("body".into(), &|mutant| mutant.body[0] ^= 1);
    }
    mutants
}

fn canonical_path(path: &str, options: &Options) -> String {
    let headers = HeaderList::new();
    let request = SignableRequest {
        method: "",
        path,
        query: "",
        headers: &headers,
    };
    String::from_utf8(canonical_request::render(&request, &[], "", options)).unwrap()
}

// The rest needs no vectors.

const SECRET: &str = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY";
const NOW: Timestamp = Timestamp::from_seconds(1_795_240_800);

fn credentials(session_token: Option<&str>) -> Credentials {
    Credentials {
        access_key_id: "AKIDEXAMPLE".into(),
        secret_access_key: SecretText::new(SECRET.into()),
        session_token: session_token.map(str::to_owned),
    }
}

fn plain() -> Request {
    Request {
        method: "POST".into(),
        path: "/a%20b/c".into(),
        query: "x=1&y=%2F".into(),
        headers: vec![
            ("Host".into(), b"api.example.com".to_vec()),
            ("X-Amz-Target".into(), b"Service.Operation".to_vec()),
            ("User-Agent".into(), b"test".to_vec()),
        ],
        body: b"{}".to_vec(),
    }
}

fn signed(request: &Request, token: Option<&str>, at: Timestamp) -> Request {
    let headers = request.list();
    let signable = SignableRequest {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: &headers,
    };
    let options = Options::default();
    let added = sign(
        &signable,
        &credentials(token),
        "us-east-1",
        "service",
        at,
        &request.body,
        &options,
    )
    .unwrap();
    let mut request = request.clone();
    request.headers.extend(
        added
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value.into_bytes())),
    );
    request
}

fn presigned(request: &Request, at: Timestamp, expires_seconds: u32) -> Request {
    let mut request = request.clone();
    request.headers.retain(|(name, _)| name == "Host");
    let headers = request.list();
    let signable = SignableRequest {
        method: &request.method,
        path: &request.path,
        query: &request.query,
        headers: &headers,
    };
    let options = Options::default();
    let token = Some("token/+=");
    request.query = presign(
        &signable,
        &credentials(token),
        "us-east-1",
        "service",
        at,
        expires_seconds,
        &request.body,
        &options,
    )
    .unwrap();
    request
}

fn check_now(request: &Request) -> Result<(), SigV4Error> {
    check_with(request, Options::default())
}

fn check_with(request: &Request, options: Options) -> Result<(), SigV4Error> {
    check(
        request,
        &Setting {
            now: NOW,
            secret: SecretText::new(SECRET.into()),
            options,
        },
    )
}

fn set(request: &mut Request, name: &str, value: &str) {
    request
        .headers
        .retain(|(existing, _)| !existing.eq_ignore_ascii_case(name));
    request.headers.push((name.to_owned(), value.as_bytes().to_vec()));
}

fn authorization(request: &Request) -> String {
    let (_, value) = request
        .headers
        .iter()
        .find(|(name, _)| name == "authorization")
        .unwrap();
    String::from_utf8(value.clone()).unwrap()
}

#[test]
fn own_signatures_verify() {
    assert_eq!(check_now(&signed(&plain(), None, NOW)), Ok(()));
    assert_eq!(check_now(&signed(&plain(), Some("token"), NOW)), Ok(()));
    assert_eq!(check_now(&presigned(&plain(), NOW, 60)), Ok(()));
}

#[test]
fn wrong_secret_is_refused() {
    let setting = Setting {
        now: NOW,
        secret: SecretText::new("other".into()),
        options: Options::default(),
    };
    let error = check(&signed(&plain(), None, NOW), &setting).unwrap_err();
    assert_eq!(error, SigV4Error::SignatureMismatch);
    assert_eq!(error.json_code(), "InvalidSignatureException");
    assert_eq!(error.query_code(), "SignatureDoesNotMatch");
}

#[test]
fn dates_may_be_five_minutes_off() {
    let rows = [(-300, true), (-301, false), (300, true), (301, false), (0, true)];
    for (seconds, expected) in rows {
        let request = signed(&plain(), None, NOW.plus_seconds(seconds));
        assert_eq!(check_now(&request).is_ok(), expected, "{seconds}");
    }
    let old = check_now(&signed(&plain(), None, NOW.plus_seconds(-301))).unwrap_err();
    let text = "Signature expired: 20261121T055459Z is now earlier than 20261121T055500Z (20261121T060000Z - 5 min.)";
    assert_eq!(old.message(), text);
    let young = check_now(&signed(&plain(), None, NOW.plus_seconds(301))).unwrap_err();
    assert!(
        young
            .message()
            .starts_with("Signature not yet current: 20261121T060501Z is still later than")
    );
}

#[test]
fn presigned_requests_end_with_their_time() {
    let rows = [
        (0, 60, true),
        (-60, 60, true),
        (-61, 60, false),
        (-604_800, 604_800, true),
        (301, 60, false),
    ];
    for (seconds, expires, expected) in rows {
        let request = presigned(&plain(), NOW.plus_seconds(seconds), expires);
        assert_eq!(check_now(&request).is_ok(), expected, "{seconds} {expires}");
    }
    let error = check_now(&presigned(&plain(), NOW.plus_seconds(-61), 60)).unwrap_err();
    assert_eq!(
        (error.json_code(), error.query_code()),
        ("InvalidSignatureException", "RequestExpired")
    );
    for expires in [0, 604_801] {
        assert_eq!(
            check_now(&presigned(&plain(), NOW, expires)),
            Err(SigV4Error::Expires)
        );
    }
}

#[test]
fn requests_without_a_signature_are_told_apart() {
    let headers: HeaderList = [("host", "h"), ("authorization", "Bearer x")]
        .into_iter()
        .collect();
    let request = SignableRequest {
        method: "GET",
        path: "/",
        query: "a=b",
        headers: &headers,
    };
    assert_eq!(parse(&request), Ok(None));
}

#[test]
fn every_amazon_header_and_host_must_be_signed() {
    let mut request = signed(&plain(), None, NOW);
    set(&mut request, "X-Amz-Meta", "added");
    assert_eq!(
        check_now(&request),
        Err(SigV4Error::HeaderNotSigned("x-amz-meta".into()))
    );
    let mut request = signed(&plain(), None, NOW);
    set(&mut request, "X-Amz-Cf-Id", "added by CloudFront");
    set(&mut request, "Accept", "anything");
    assert_eq!(check_now(&request), Ok(()));
    let mut request = signed(&plain(), None, NOW);
    let unsigned = authorization(&request).replace("host;", "");
    set(&mut request, "authorization", &unsigned);
    assert_eq!(check_now(&request), Err(SigV4Error::HostNotSigned));
    let mut request = signed(&plain(), None, NOW);
    request.headers.push(("host".into(), b"api.example.com".to_vec()));
    assert!(check_now(&request).is_err());
}

#[test]
fn plus_in_a_query_is_a_space_and_nothing_else() {
    let with_query = |request: &Request, query: &str| Request {
        query: query.into(),
        ..request.clone()
    };
    let space = signed(&with_query(&plain(), "q=a%20b"), None, NOW);
    assert_eq!(check_now(&with_query(&space, "q=a+b")), Ok(()));
    let plus = signed(&with_query(&plain(), "q=a%2Bb"), None, NOW);
    assert_eq!(check_now(&plus), Ok(()));
    assert_eq!(
        check_now(&with_query(&plus, "q=a+b")),
        Err(SigV4Error::SignatureMismatch)
    );
}

#[test]
fn payload_hash_must_be_true() {
    let hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a";
    let mut request = plain();
    set(&mut request, "X-Amz-Content-Sha256", hash);
    assert_eq!(check_now(&signed(&request, None, NOW)), Ok(()));
    let mut changed = signed(&request, None, NOW);
    changed.body = b"[]".to_vec();
    assert_eq!(check_now(&changed), Err(SigV4Error::BodyHash));
}

#[test]
fn unsigned_and_streaming_payloads_are_refused_unless_allowed() {
    let lenient = Options {
        allow_unsigned_payload: true,
        ..Options::default()
    };
    for (hash, allowed) in [
        ("UNSIGNED-PAYLOAD", true),
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", false),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", false),
        ("unsigned-payload", false),
        ("", false),
    ] {
        let mut request = plain();
        set(&mut request, "X-Amz-Content-Sha256", hash);
        let headers = request.list();
        let signable = SignableRequest {
            method: "POST",
            path: &request.path,
            query: &request.query,
            headers: &headers,
        };
        let added = sign(
            &signable,
            &credentials(None),
            "us-east-1",
            "service",
            NOW,
            b"{}",
            &lenient,
        );
        assert_eq!(added.is_ok(), allowed, "{hash}");
        let added = added.unwrap_or_default();
        request.headers.extend(
            added
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into_bytes())),
        );
        assert_eq!(check_with(&request, lenient).is_ok(), allowed, "{hash}");
        assert!(check_now(&request).is_err(), "{hash}");
    }
}

#[test]
fn scope_must_be_ours() {
    let request = signed(&plain(), None, NOW);
    let headers = request.list();
    let signable = SignableRequest {
        method: "POST",
        path: &request.path,
        query: &request.query,
        headers: &headers,
    };
    let presented = parse(&signable).unwrap().unwrap();
    assert_eq!(presented.check_scope("us-east-1", &["other", "service"]), Ok(()));
    assert_eq!(
        presented.check_scope("eu-west-1", &["service"]),
        Err(SigV4Error::WrongRegion)
    );
    let error = presented.check_scope("us-east-1", &["execute-api"]).unwrap_err();
    assert_eq!(
        error.message(),
        "Credential should be scoped to correct service: 'execute-api'."
    );
}

#[test]
#[allow(clippy::too_many_lines, reason = "a table")]
fn malformed_authorization_is_refused_with_awss_code() {
    let good = authorization(&signed(&plain(), None, NOW));
    let signature = good.rsplit_once("Signature=").unwrap().1.to_owned();
    let rows = [
        (
            good.replace("AWS4-HMAC-SHA256", "AWS4-ECDSA-P256-SHA256"),
            "IncompleteSignatureException",
        ),
        ("AWS AKIDEXAMPLE:abc".to_owned(), "IncompleteSignatureException"),
        ("AWS4-HMAC-SHA256".to_owned(), "IncompleteSignatureException"),
        (
            "AWS4-HMAC-SHA256 Credential".to_owned(),
            "IncompleteSignatureException",
        ),
        (
            format!("{good}, Signature={signature}"),
            "IncompleteSignatureException",
        ),
        (format!("{good}, Extra=1"), "IncompleteSignatureException"),
        (
            good.replace("Credential=", "credential="),
            "IncompleteSignatureException",
        ),
        (good.replace("/aws4_request", ""), "IncompleteSignatureException"),
        (
            good.replace("/aws4_request", "/aws4_request/x"),
            "IncompleteSignatureException",
        ),
        (
            good.replace("/aws4_request", "/aws5_request"),
            "InvalidSignatureException",
        ),
        (good.replace("AKIDEXAMPLE", ""), "IncompleteSignatureException"),
        (
            good.replace("AKIDEXAMPLE", &"A".repeat(129)),
            "IncompleteSignatureException",
        ),
        (
            good.replace("/20261121/", "/20261122/"),
            "InvalidSignatureException",
        ),
        (
            good.replace("host;x-amz-date;x-amz-target", "x-amz-target;x-amz-date;host"),
            "IncompleteSignatureException",
        ),
        (good.replace("host;", "Host;"), "IncompleteSignatureException"),
        (
            good.replace("host;", "host;host;"),
            "IncompleteSignatureException",
        ),
        (good.replace("host;", "absent;host;"), "InvalidSignatureException"),
        (
            good.replace(&signature, &signature.to_uppercase()),
            "InvalidSignatureException",
        ),
        (
            good.replace(&signature, signature.strip_suffix(|_: char| true).unwrap()),
            "InvalidSignatureException",
        ),
        (good.replace(&signature, ""), "InvalidSignatureException"),
        (
            format!("{good}{}", " ".repeat(9000) + "x"),
            "IncompleteSignatureException",
        ),
    ];
    for (text, code) in rows {
        let mut request = signed(&plain(), None, NOW);
        set(&mut request, "authorization", &text);
        let error = check_now(&request).expect_err(&text);
        assert_eq!(error.json_code(), code, "{text}: {error}");
    }
    let mut request = signed(&plain(), None, NOW);
    set(&mut request, "x-amz-date", "tomorrow");
    assert_eq!(
        check_now(&request),
        Err(SigV4Error::DateFormat("tomorrow".into()))
    );
    let mut request = signed(&plain(), None, NOW);
    request.headers.retain(|(name, _)| name != "x-amz-date");
    let error = check_now(&request).unwrap_err();
    assert_eq!(error.query_code(), "IncompleteSignature");
    assert!(error.message().contains("'X-Amz-Date' or a 'Date' header"));
}

#[test]
fn doubled_headers_and_parameters_are_refused() {
    for name in ["authorization", "x-amz-date"] {
        let mut request = signed(&plain(), None, NOW);
        let (_, value) = request
            .headers
            .iter()
            .find(|(existing, _)| existing == name)
            .unwrap()
            .clone();
        request.headers.push((name.to_owned(), value));
        assert_eq!(check_now(&request), Err(SigV4Error::Duplicate(name.into())));
    }
    let mut request = presigned(&plain(), NOW, 60);
    request.query.push_str("&X-Amz-Expires=60");
    assert_eq!(
        check_now(&request),
        Err(SigV4Error::Duplicate("X-Amz-Expires".into()))
    );
    let mut request = presigned(&plain(), NOW, 60);
    request.query.push_str("&X%2dAmz-Signature=0");
    assert_eq!(
        check_now(&request),
        Err(SigV4Error::Duplicate("X-Amz-Signature".into()))
    );
    let mut request = presigned(&plain(), NOW, 60);
    request.headers.extend(signed(&plain(), None, NOW).headers);
    assert_eq!(check_now(&request), Err(SigV4Error::TwoForms));
}

#[test]
fn date_header_stands_in_for_the_amazon_one() {
    for text in ["20261121T060000Z", "Sat, 21 Nov 2026 06:00:00 GMT"] {
        let mut request = plain();
        set(&mut request, "Date", text);
        let mut request = signed(&request, None, NOW);
        // Sign again without X-Amz-Date, by hand.
        request
            .headers
            .retain(|(name, _)| name != "x-amz-date" && name != "authorization");
        let headers = request.list();
        let signable = SignableRequest {
            method: "POST",
            path: &request.path,
            query: &request.query,
            headers: &headers,
        };
        let names: Vec<String> = ["date", "host", "x-amz-target"].map(str::to_owned).to_vec();
        let options = Options::default();
        let payload = BodyHash::of(b"{}", &headers, &options).unwrap();
        let canonical = canonical_request::render(&signable, &names, payload.as_str(), &options);
        let key = SigningKey::derive(
            &SecretText::new(SECRET.into()),
            "20261121",
            "us-east-1",
            "service",
        );
        let scope = signing_key::scope("20261121", "us-east-1", "service");
        let signature = key.signature(NOW, &scope, &canonical);
        let value = format!(
            "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/{scope},SignedHeaders=date;host;x-amz-target,Signature={signature}"
        );
        set(&mut request, "authorization", &value);
        assert_eq!(check_now(&request), Ok(()), "{text}");
    }
}

#[test]
fn dates_are_read_strictly() {
    assert_eq!(parse_date("19700101T000000Z"), Some(Timestamp(0)));
    for text in [
        "",
        "20150830",
        "20150830T123600",
        "20150830t123600Z",
        "20150830T123600z",
        "2015083 T123600Z",
        "20150230T123600Z",
        "20151330T123600Z",
        "20150830T243600Z",
        "+0150830T123600Z",
        "20150830T+23600Z",
        "2015083éT12360Z",
        "20150830T1236000",
    ] {
        assert_eq!(parse_date(text), None, "`{text}`");
    }
    for text in [
        "Sun, 30 Aug 2015 12:36:00 UTC",
        "Sun, 30 aug 2015 12:36:00 GMT",
        "Sun, 30-Aug-2015 12:36:00 GMT",
    ] {
        assert_eq!(date::parse_http_date(text), None, "`{text}`");
    }
}

const ALPHABET: &[char] = &[
    '=', ',', ';', '/', '%', '&', '+', ' ', '0', 'a', 'Z', 'é', '\u{0}', '?', '.',
];

/// Returns `seed` with some bytes changed, the same for the same `round`.
fn mangled(seed: &str, round: u64) -> String {
    let mut state = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state >> 33).unwrap()
    };
    let mut characters: Vec<char> = seed.chars().collect();
    for _ in 0..=next() % 4 {
        let at = next() % characters.len();
        match next() % 3 {
            0 => characters[at] = ALPHABET[next() % ALPHABET.len()],
            1 => characters.insert(at, ALPHABET[next() % ALPHABET.len()]),
            _ => drop(characters.remove(at)),
        }
    }
    characters.into_iter().collect()
}

#[test]
fn mangled_signatures_are_refused_without_panic() {
    let header = signed(&plain(), None, NOW);
    let text = authorization(&header);
    let query = presigned(&plain(), NOW, 60);
    for round in 0..10_000 {
        let mut request = header.clone();
        let changed = mangled(&text, round);
        set(&mut request, "authorization", &changed);
        // Spaces and commas between parameters mean nothing.
        let essence = |text: &str| text.replace([' ', ','], "");
        assert!(
            check_now(&request).is_err() || essence(&changed) == essence(&text),
            "{changed}"
        );
        let mut request = query.clone();
        request.query = mangled(&query.query, round);
        let _ = check_now(&request);
        let mut request = header.clone();
        request.path = mangled(&header.path, round);
        let _ = check_now(&request);
    }
}
