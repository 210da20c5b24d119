//! Seeded mutations of the corpora through every detector, transformation and field: nothing panics, all ends.

use crate::{BodyView, NoReferences, Rates, RequestView, compile, sqli, xss};
use portcullis_model::{HeaderList, Timestamp, resources::wafv2::WebAcl};
use serde_json::{Value, json};

const CORPORA: [&str; 4] = [
    include_str!("../../tests/data/sqli_attacks.txt"),
    include_str!("../../tests/data/sqli_harmless.txt"),
    include_str!("../../tests/data/xss_attacks.txt"),
    include_str!("../../tests/data/xss_harmless.txt"),
];
const SEED: u64 = 0x5EED_0F15;
const ROUNDS: usize = 1_000;

/// A small generator of our own (xorshift), so that a failure can be repeated.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }
}

fn mutated(lines: &[&[u8]], random: &mut Random) -> Vec<u8> {
    const SPARKS: [&[u8]; 20] = [
        b"'", b"\"", b"/*", b"*/", b"--", b"#", b"(", b")", b";", b"\\", b"%27", b"%u0027", b"&#x", b"\0",
        b"\xa0", b"<", b"=", b"{", b"/*!", b"\xc3",
    ];
    let mut value = lines[random.below(lines.len())].to_vec();
    for _ in 0..random.below(6) {
        let at = random.below(value.len() + 1);
        match random.below(5) {
            0 => value.truncate(at),
            1 => drop(value.splice(at..at, SPARKS[random.below(SPARKS.len())].iter().copied())),
            2 => drop(value.splice(at..at, lines[random.below(lines.len())].iter().copied())),
            3 if at < value.len() => value[at] = random.below(256) as u8,
            _ => {
                let piece = value[at.min(value.len())..].to_vec();
                value.extend(piece);
            }
        }
    }
    value
}

/// A web ACL that looks everywhere with every transformation.
fn everything() -> WebAcl {
    let names = [
        "LOWERCASE",
        "UPPERCASE",
        "URL_DECODE",
        "URL_DECODE_UNI",
        "HTML_ENTITY_DECODE",
        "COMPRESS_WHITE_SPACE",
        "REMOVE_WHITESPACE",
        "TRIM",
        "CMD_LINE",
        "BASE64_DECODE",
        "BASE64_DECODE_EXT",
        "HEX_DECODE",
        "SQL_HEX_DECODE",
        "ESCAPE_SEQ_DECODE",
        "CSS_DECODE",
        "JS_DECODE",
        "REPLACE_COMMENTS",
        "REMOVE_COMMENTS_CHAR",
        "NORMALIZE_PATH",
        "NORMALIZE_PATH_WIN",
        "REMOVE_NULLS",
        "REPLACE_NULLS",
        "UTF8_TO_UNICODE",
    ];
    let fields = [
        json!({"AllQueryArguments": {}}),
        json!({"QueryString": {}}),
        json!({"Body": {}}),
        json!({"UriPath": {}}),
        json!({"JsonBody": {"MatchPattern": {"IncludedPaths": ["/a"]}, "MatchScope": "ALL"}}),
        json!({"Cookies": {"MatchPattern": {"All": {}}, "MatchScope": "ALL", "OversizeHandling": "CONTINUE"}}),
    ];
    let visibility =
        json!({"SampledRequestsEnabled": false, "CloudWatchMetricsEnabled": false, "MetricName": "m"});
    let mut rules = Vec::new();
    for (index, name) in names.iter().enumerate() {
        for statement in ["SqliMatchStatement", "XssMatchStatement"] {
            let priority = rules.len();
            rules.push(json!({
                "Name": format!("r{priority}"), "Priority": priority, "Action": {"Count": {}},
                "VisibilityConfig": visibility,
                "Statement": {statement: {
                    "FieldToMatch": fields[index % fields.len()],
                    "TextTransformations": [{"Priority": 0, "Type": name}],
                }},
            }));
        }
    }
    let acl: Value = json!({
        "Name": "all", "Id": "1", "ARN": "arn:aws:wafv2:us-east-1:0:regional/webacl/all/1", "Scope": "REGIONAL",
        "DefaultAction": {"Allow": {}}, "Rules": rules, "VisibilityConfig": visibility,
    });
    serde_json::from_value(acl).unwrap()
}

#[test]
fn mutated_values_neither_panic_nor_hang() {
    let lines: Vec<&[u8]> = CORPORA
        .iter()
        .flat_map(|corpus| corpus.lines())
        .map(str::as_bytes)
        .collect();
    let mut random = Random(SEED);
    let acl = compile(&everything(), &NoReferences).unwrap();
    let rates = Rates::new();
    println!("seed {SEED:#x}");
    for _ in 0..ROUNDS {
        let value = mutated(&lines, &mut random);
        for sensitivity in [sqli::Sensitivity::Low, sqli::Sensitivity::High] {
            let found = sqli::detect(&value, sensitivity);
            assert!(found.is_none_or(|finding| finding.start <= value.len()));
            sqli::detect_in_body(&value, sensitivity);
            sqli::detect_in_query(&value, sensitivity);
        }
        xss::detect(&value);
        let text = String::from_utf8_lossy(&value);
        let headers: HeaderList = [("cookie", value.clone())].into_iter().collect();
        let request = RequestView {
            method: "POST",
            path: &text,
            query: &text,
            headers: &headers,
            body: BodyView {
                prefix: &value,
                has_more: false,
            },
            source: [127, 0, 0, 1].into(),
            http_version: "HTTP/1.1",
        };
        acl.evaluate(&request, &rates, Timestamp::from_seconds(0));
    }
}

#[test]
fn high_sensitivity_finds_whatever_low_finds() {
    let lines: Vec<&[u8]> = CORPORA
        .iter()
        .flat_map(|corpus| corpus.lines())
        .map(str::as_bytes)
        .collect();
    let mut random = Random(SEED + 1);
    for _ in 0..ROUNDS {
        let value = mutated(&lines, &mut random);
        if sqli::detect(&value, sqli::Sensitivity::Low).is_some() {
            let high = sqli::detect(&value, sqli::Sensitivity::High);
            assert!(high.is_some(), "{}", String::from_utf8_lossy(&value));
        }
    }
}

#[test]
fn long_hostile_values_cost_linear_time() {
    // Each would take minutes if the time grew with the square of the length.
    let seeds: [&[u8]; 18] = [
        b"<a/href=&",
        b"<!doctype",
        b"user()+",
        b"--\n",
        b"x or 1#\n",
        b"a+--\n",
        b"'",
        b"(",
        b"1+",
        b"/*",
        b"'a' ",
        b"<a ",
        b"\"x=",
        b"&#x41;",
        b"/*!",
        b"union select ",
        b"[",
        b"1,",
    ];
    for seed in seeds {
        let value = seed.repeat(64 * 1024 / seed.len());
        sqli::detect(&value, sqli::Sensitivity::High);
        sqli::detect_in_body(&value, sqli::Sensitivity::High);
        xss::detect(&value);
    }
}
