use serde_json::{Value, json};

use super::*;

/// A pattern of the field `a`, its value, whether it matches.
fn detail(pattern: Value, event: Value, matches: bool) -> Row {
    (
        json!({ "detail": { "a": pattern } }),
        json!({ "detail": { "a": event } }),
        matches,
    )
}

/// Pattern, event, whether it matches. Where AWS's guide says nothing, the line says what we chose.
type Row = (Value, Value, bool);

fn table() -> Vec<Row> {
    [values(), refusals_and_numbers(), addresses_and_alternatives()].concat()
}

fn values() -> Vec<Row> {
    vec![
        // exact
        (json!({"source": ["shop"]}), json!({"source": "shop"}), true),
        (json!({"source": ["shop"]}), json!({"source": "shops"}), false),
        (json!({"source": ["shop"]}), json!({}), false),
        (
            json!({"source": ["shop"], "detail-type": ["order"]}),
            json!({"source": "shop", "detail-type": "order"}),
            true,
        ),
        (
            json!({"source": ["shop"], "detail-type": ["order"]}),
            json!({"source": "shop", "detail-type": "bill"}),
            false,
        ),
        detail(json!(["x", "y"]), json!("y"), true),
        detail(json!([300]), json!(300), true),
        detail(json!([300]), json!(300.0), false),
        detail(json!([300]), json!("300"), false),
        detail(json!(["300"]), json!(300), false),
        detail(json!([true]), json!(true), true),
        detail(json!([true]), json!("true"), false),
        detail(json!([null]), json!(null), true),
        detail(json!([null]), json!("null"), false),
        detail(json!([""]), json!(""), true),
        // lists: one element is enough
        detail(json!(["x"]), json!(["y", "x"]), true),
        detail(json!(["x"]), json!(["y"]), false),
        detail(json!(["x"]), json!([["x"]]), true),
        detail(json!(["x"]), json!({ "x": "x" }), false),
        // nested: all in the same element
        detail(
            json!({"b": [1], "c": [2]}),
            json!([{"b": 1, "c": 3}, {"b": 2, "c": 2}]),
            false,
        ),
        detail(
            json!({"b": [1], "c": [2]}),
            json!([{"b": 2}, {"b": 1, "c": 2}]),
            true,
        ),
        detail(json!({"b": [1]}), json!(1), false),
        // prefix, suffix
        detail(json!([{"prefix": "us-"}]), json!("us-east-1"), true),
        detail(json!([{"prefix": "us-"}]), json!("eu-us-"), false),
        detail(json!([{"prefix": "US-"}]), json!("us-east-1"), false),
        detail(
            json!([{"prefix": {"equals-ignore-case": "US-"}}]),
            json!("us-east-1"),
            true,
        ),
        detail(json!([{"suffix": ".png"}]), json!("a.png"), true),
        detail(json!([{"suffix": ".png"}]), json!("a.png.exe"), false),
        detail(
            json!([{"suffix": {"equals-ignore-case": ".PNG"}}]),
            json!("a.png"),
            true,
        ),
        detail(json!([{"prefix": "1"}]), json!(12), false),
        // equals-ignore-case
        detail(json!([{"equals-ignore-case": "AliCe"}]), json!("aLIcE"), true),
        detail(json!([{"equals-ignore-case": "ÄÖ"}]), json!("äö"), true),
        detail(json!([{"equals-ignore-case": "alice"}]), json!("alice2"), false),
    ]
}

fn refusals_and_numbers() -> Vec<Row> {
    vec![
        // anything-but
        detail(json!([{"anything-but": "x"}]), json!("y"), true),
        detail(json!([{"anything-but": "x"}]), json!("x"), false),
        detail(json!([{"anything-but": ["x", "y"]}]), json!("y"), false),
        detail(json!([{"anything-but": [100, 200]}]), json!(100), false),
        detail(json!([{"anything-but": [100, 200]}]), json!(300), true),
        detail(json!([{"anything-but": {"prefix": "in"}}]), json!("init"), false),
        detail(
            json!([{"anything-but": {"prefix": ["in", "out"]}}]),
            json!("stopped"),
            true,
        ),
        detail(
            json!([{"anything-but": {"suffix": ".exe"}}]),
            json!("a.exe"),
            false,
        ),
        detail(
            json!([{"anything-but": {"equals-ignore-case": ["A", "B"]}}]),
            json!("b"),
            false,
        ),
        detail(
            json!([{"anything-but": {"wildcard": "*/lib/*"}}]),
            json!("/usr/lib/x"),
            false,
        ),
        detail(
            json!([{"anything-but": {"wildcard": "*/lib/*"}}]),
            json!("/usr/bin/x"),
            true,
        ),
        // Unsure: a comparison of texts says nothing of numbers; we take them as no match.
        detail(json!([{"anything-but": {"prefix": "in"}}]), json!(5), false),
        // A field that is not there has no value that could be another.
        (
            json!({"detail": {"a": [{"anything-but": "x"}]}}),
            json!({"detail": {}}),
            false,
        ),
        // numeric
        detail(json!([{"numeric": [">", 0, "<=", 5]}]), json!(5), true),
        detail(json!([{"numeric": [">", 0, "<=", 5]}]), json!(0), false),
        detail(json!([{"numeric": [">", 0, "<=", 5]}]), json!(5.000001), false),
        detail(json!([{"numeric": ["=", 300]}]), json!(300.0), true),
        detail(json!([{"numeric": ["<", 10]}]), json!("5"), false),
        detail(json!([{"numeric": ["<", 10]}]), json!(-4.5), true),
        detail(json!([{"numeric": [">=", 10]}]), json!(6.0e9), false),
        // exists
        detail(json!([{"exists": true}]), json!("x"), true),
        detail(json!([{"exists": true}]), json!(null), true),
        detail(json!([{"exists": true}]), json!({"b": 1}), false),
        detail(json!([{"exists": true}]), json!([]), false),
        (
            json!({"detail": {"a": [{"exists": false}]}}),
            json!({"detail": {"b": 1}}),
            true,
        ),
        (
            json!({"detail": {"a": [{"exists": false}]}}),
            json!({"detail": {"a": 1}}),
            false,
        ),
        (
            json!({"detail": {"a": {"b": [{"exists": false}]}}}),
            json!({"detail": {}}),
            true,
        ),
        (
            json!({"detail": {"a": [null, {"exists": false}]}}),
            json!({"detail": {}}),
            true,
        ),
    ]
}

fn addresses_and_alternatives() -> Vec<Row> {
    vec![
        // cidr
        detail(json!([{"cidr": "10.0.0.0/24"}]), json!("10.0.0.255"), true),
        detail(json!([{"cidr": "10.0.0.0/24"}]), json!("10.0.1.0"), false),
        detail(json!([{"cidr": "0.0.0.0/0"}]), json!("1.2.3.4"), true),
        detail(json!([{"cidr": "0.0.0.0/0"}]), json!("::1"), false),
        detail(json!([{"cidr": "2001:db8::/32"}]), json!("2001:db8:1::1"), true),
        detail(json!([{"cidr": "2001:db8::/32"}]), json!("2001:db9::1"), false),
        detail(json!([{"cidr": "10.0.0.0/24"}]), json!("10.0.0"), false),
        // wildcard
        detail(json!([{"wildcard": "dir/*.png"}]), json!("dir/a.png"), true),
        detail(json!([{"wildcard": "dir/*.png"}]), json!("dir/.png"), true),
        detail(json!([{"wildcard": "dir/*.png"}]), json!("dir.png"), false),
        detail(json!([{"wildcard": "*ab*ab"}]), json!("xabab"), true),
        detail(json!([{"wildcard": "*ab*ab"}]), json!("xab"), false),
        detail(json!([{"wildcard": "a*a"}]), json!("a"), false),
        detail(json!([{"wildcard": "a\\*b"}]), json!("a*b"), true),
        detail(json!([{"wildcard": "a\\*b"}]), json!("axb"), false),
        detail(json!([{"wildcard": "*"}]), json!(""), true),
        detail(json!([{"wildcard": "ab"}]), json!("abc"), false),
        // $or
        (
            json!({"source": ["s"], "$or": [{"a": [1]}, {"b": [{"numeric": [">", 1]}]}]}),
            json!({"source": "s", "b": 2}),
            true,
        ),
        (
            json!({"source": ["s"], "$or": [{"a": [1]}, {"b": [2]}]}),
            json!({"source": "t", "a": 1}),
            false,
        ),
        (
            json!({"source": ["s"], "$or": [{"a": [1]}, {"b": [2]}]}),
            json!({"source": "s", "a": 2, "b": 1}),
            false,
        ),
        (
            json!({"detail": {"$or": [{"a": {"b": [1]}}, {"c": [{"exists": false}]}]}}),
            json!({"detail": {"c": 1, "a": {"b": 1}}}),
            true,
        ),
    ]
}

#[test]
fn the_table_of_matches() {
    for (pattern, event, expected) in table() {
        let compiled =
            Pattern::parse(&pattern.to_string()).unwrap_or_else(|cause| panic!("{pattern}: {cause}"));
        assert_eq!(compiled.matches(&event), expected, "{pattern} of {event}");
    }
}

#[test]
fn what_is_no_pattern_is_refused_by_name() {
    let table = [
        ("[]", "Filter is not an object"),
        ("nonsense", "Filter is not an object"),
        (r#"{"a":["x"],"a":["y"]}"#, "Filter is not an object"),
        ("{}", "Empty objects"),
        (r#"{"a":{}}"#, "Empty objects"),
        (r#"{"a":[]}"#, "Empty arrays"),
        (r#"{"a":"x"}"#, "`a` must be an object or an array"),
        (r#"{"a":[["x"]]}"#, "`a`: an array may hold"),
        (r#"{"a":[{"prefix":"x","suffix":"y"}]}"#, "Only one key"),
        (r#"{"a":[{}]}"#, "Only one key"),
        (
            r#"{"d":{"a":[{"regex":"x"}]}}"#,
            "`d.a`: Unrecognized match type regex",
        ),
        (r#"{"a":[{"prefix":1}]}"#, "`a`: prefix"),
        (r#"{"a":[{"suffix":{"wildcard":"x"}}]}"#, "`a`: suffix"),
        (r#"{"a":[{"anything-but":[]}]}"#, "`a`: anything-but"),
        (r#"{"a":[{"anything-but":["x",1]}]}"#, "`a`: anything-but"),
        (r#"{"a":[{"anything-but":{"cidr":"x"}}]}"#, "`a`: anything-but"),
        (r#"{"a":[{"numeric":[">"]}]}"#, "`a`: numeric"),
        (r#"{"a":[{"numeric":[">",5,"<",1]}]}"#, "`a`: numeric"),
        (r#"{"a":[{"numeric":["<",5,">",1]}]}"#, "`a`: numeric"),
        (r#"{"a":[{"numeric":["=",6000000000]}]}"#, "`a`: numeric"),
        (r#"{"a":[{"numeric":["=",1,"=",1]}]}"#, "`a`: numeric"),
        (r#"{"a":[{"exists":"true"}]}"#, "`a`: exists"),
        (r#"{"a":[{"cidr":"10.0.0.0"}]}"#, "`a`: cidr"),
        (r#"{"a":[{"cidr":"10.0.0.0/33"}]}"#, "`a`: cidr"),
        (r#"{"a":[{"wildcard":"a**b"}]}"#, "`a`: wildcard"),
        (r#"{"a":[{"wildcard":"a\\b"}]}"#, "`a`: wildcard"),
        (r#"{"$or":[{"a":[1]}]}"#, "at least two objects"),
        (r#"{"$or":{"a":[1]}}"#, "at least two objects"),
        (r#"{"$or":[{"a":[1]},["x"]]}"#, "at least two objects"),
        (r#"{"$or":[{"a":[1]},{}]}"#, "Empty objects"),
    ];
    for (pattern, expected) in table {
        let refused = Pattern::parse(pattern).expect_err(pattern).to_string();
        assert!(refused.contains(expected), "{pattern}: {refused}");
    }
}

#[test]
fn limits_have_names() {
    let long = json!({ "a": ["x".repeat(PATTERN_BYTES_MAX)] }).to_string();
    assert_eq!(Pattern::parse(&long).unwrap_err(), PatternError::TooLong);
    let deep = format!(
        "{}[1]{}",
        r#"{"a":"#.repeat(DEPTH_MAX + 1),
        "}".repeat(DEPTH_MAX + 1)
    );
    assert_eq!(Pattern::parse(&deep).unwrap_err(), PatternError::TooDeep);
    let or = json!([{"a": [1]}, {"a": [2]}, {"a": [3]}, {"a": [4]}, {"a": [5]}, {"a": [6]}]);
    let complex = json!({ "$or": or, "b": { "$or": or, "c": { "$or": or, "d": { "$or": or } } } });
    assert_eq!(
        Pattern::parse(&complex.to_string()).unwrap_err(),
        PatternError::TooComplex
    );
}

#[test]
fn hostile_wildcards_stay_linear() {
    let pattern = json!({ "a": [{ "wildcard": "*a".repeat(1_000) + "b" }] }).to_string();
    let event = json!({ "a": "a".repeat(200_000) });
    let started = std::time::Instant::now();
    assert!(!Pattern::parse(&pattern).unwrap().matches(&event));
    assert!(started.elapsed().as_secs() < 5);
}

#[test]
fn whatever_the_text_the_parser_answers() {
    let seeds: Vec<String> = table()
        .into_iter()
        .map(|(pattern, _, _)| pattern.to_string())
        .collect();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % u64::try_from(below.max(1)).unwrap()).unwrap()
    };
    let events: Vec<Value> = table().into_iter().map(|(_, event, _)| event).collect();
    for _ in 0..20_000 {
        let mut bytes = seeds[next(seeds.len())].clone().into_bytes();
        for _ in 0..=next(4) {
            let at = next(bytes.len());
            match next(4) {
                0 => bytes[at] = br#"{}[]",:*\$0-e"#[next(13)],
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, u8::try_from(next(256)).unwrap()),
                _ => {
                    let other = seeds[next(seeds.len())].as_bytes();
                    bytes.extend_from_slice(&other[next(other.len())..]);
                }
            }
            if bytes.is_empty() {
                break;
            }
        }
        let Ok(text) = String::from_utf8(bytes) else {
            continue;
        };
        if let Ok(pattern) = Pattern::parse(&text) {
            pattern.matches(&events[next(events.len())]);
        }
    }
}
