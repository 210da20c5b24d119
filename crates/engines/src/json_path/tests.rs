use serde_json::{Value, json};

use super::*;

fn store() -> Value {
    json!({
        "store": {
            "book": [
                {"category": "reference", "title": "A", "price": 8.95},
                {"category": "fiction", "title": "B", "price": 12.99, "isbn": "x"},
                {"category": "fiction", "title": "C", "price": 8, "isbn": null},
            ],
            "bicycle": {"color": "red", "price": 19.95},
        },
        "limit": 10,
        "odd name": 1,
        "nothing": null,
        "text": "hello",
        "big": 9_007_199_254_740_993_u64,
    })
}

fn evaluate(path: &str, value: &Value) -> Option<Value> {
    let path = JsonPath::parse(path).unwrap();
    path.evaluate(value, &Limits::default())
        .unwrap()
        .map(std::borrow::Cow::into_owned)
}

#[test]
fn paths_select_what_jayway_selects() {
    let value = store();
    let cases = [
        ("$.limit", Some(json!(10))),
        ("limit", Some(json!(10))),
        ("$['limit']", Some(json!(10))),
        ("$[ \"limit\" ]", Some(json!(10))),
        ("$['odd name']", Some(json!(1))),
        ("$.nothing", Some(Value::Null)),
        ("$.missing", None),
        ("$.missing.deeper", None),
        ("$.text.deeper", None),
        ("$.store.book.title", None),
        ("$.store.bicycle.color", Some(json!("red"))),
        ("$.store.book[0].title", Some(json!("A"))),
        ("$.store.book[-1].title", Some(json!("C"))),
        ("$.store.book[3]", None),
        ("$.store.book[-4]", None),
        ("$.store.book[0,2].title", Some(json!(["A", "C"]))),
        ("$.store.book[1:3].title", Some(json!(["B", "C"]))),
        ("$.store.book[:1].title", Some(json!(["A"]))),
        ("$.store.book[-2:].title", Some(json!(["B", "C"]))),
        ("$.store.book[2:1].title", Some(json!([]))),
        ("$.store.book[*].title", Some(json!(["A", "B", "C"]))),
        ("$.store.book.*.title", Some(json!(["A", "B", "C"]))),
        ("$.store.bicycle.*", Some(json!(["red", 19.95]))),
        ("$.text.*", Some(json!([]))),
        ("$..title", Some(json!(["A", "B", "C"]))),
        ("$..price", Some(json!([8.95, 12.99, 8, 19.95]))),
        ("$..book[0].title", Some(json!(["A"]))),
        ("$..missing", Some(json!([]))),
        (
            "$.store.bicycle['color','price']",
            Some(json!({"color": "red", "price": 19.95})),
        ),
        (
            "$.store.bicycle['color','missing']",
            Some(json!({"color": "red"})),
        ),
        ("$.store['bicycle','book'].price", Some(json!([19.95]))),
        ("$.store.book.length()", Some(json!(3))),
        ("$.store.bicycle.size()", Some(json!(2))),
        ("$..title.length()", Some(json!(3))),
        ("$.text.length()", None),
        ("$.missing.length()", None),
    ];
    for (path, expected) in cases {
        assert_eq!(evaluate(path, &value), expected, "{path}");
    }
}

#[test]
fn filters_select_what_jayway_selects() {
    let value = store();
    let cases = [
        ("$.store.book[?(@.price > 8.5)].title", json!(["A", "B"])),
        (
            "$.store.book[?(@.category == 'fiction' && @.price < 10)].title",
            json!(["C"]),
        ),
        (
            "$.store.book[?(@.category=='reference'||@.price<=8)].title",
            json!(["A", "C"]),
        ),
        ("$.store.book[?(@.isbn)].title", json!(["B", "C"])),
        ("$.store.book[?(!@.isbn)].title", json!(["A"])),
        (
            "$.store.book[?(!(@.price > 8 && @.isbn))].title",
            json!(["A", "C"]),
        ),
        ("$.store.book[?(@.isbn == null)].title", json!(["C"])),
        ("$.store.book[?(@.isbn != 'x')].title", json!(["A", "C"])),
        ("$.store.book[?(@.price < $.limit)].title", json!(["A", "C"])),
        (
            "$.store.book[?(@['title'] in ['A', 'C'])].price",
            json!([8.95, 8]),
        ),
        ("$.store.book[?(@.title nin ['A', 'C'])].title", json!(["B"])),
        ("$.store.book[?(@.price == '8')].title", json!(["C"])),
        ("$.store.book[?(@.title > 5)].title", json!([])),
        ("$.store.bicycle[?(@.color == 'red')].price", json!([19.95])),
        ("$..[?(@.price > 10)].price", json!([12.99, 19.95])),
        ("$.text[?(@ == 'hello')]", json!([])),
        ("$[?(@.big == 9007199254740992)]", json!([])),
    ];
    for (path, expected) in cases {
        assert_eq!(evaluate(path, &value), Some(expected), "{path}");
    }
}

#[test]
fn functions_work_on_what_the_path_names() {
    let value =
        json!({"n": [3, 1, 2.5], "t": ["a", "b"], "o": {"x": 1, "y": 2}, "e": [], "l": [{"p": 1}, {"p": 4}]});
    for (path, expected) in [
        ("$.n.min()", Some(json!(1.0))),
        ("$.n.max()", Some(json!(3.0))),
        ("$.n.sum()", Some(json!(6.5))),
        ("$.l[*].p.avg()", Some(json!(2.5))),
        ("$..p.sum()", Some(json!(5.0))),
        ("$..p.stddev()", Some(json!(1.5))),
        ("$.o.keys()", Some(json!(["x", "y"]))),
        ("$.n.first()", Some(json!(3))),
        ("$.n.last()", Some(json!(2.5))),
        ("$.n.index(-2)", Some(json!(1))),
        ("$.t.concat()", Some(json!("ab"))),
        ("$.e.sum()", None),
        ("$.t.sum()", None),
        ("$.o.first()", None),
    ] {
        assert_eq!(evaluate(path, &value), expected, "{path}");
    }
}

#[test]
fn filters_look_into_lists_and_texts() {
    let value = json!([
        {"id": 1, "t": ["a", "b"], "s": "Abc"}, {"id": 2, "t": ["b"], "s": "xbc"}, {"id": 3, "t": [], "s": ""}, {"id": 4},
    ]);
    for (filter, ids) in [
        ("@.t contains 'a'", json!([1])),
        ("@.s contains 'bc'", json!([1, 2])),
        ("@.t size 2", json!([1])),
        ("@.s size 3", json!([1, 2])),
        ("@.t empty true", json!([3])),
        ("@.s empty false", json!([1, 2])),
        ("@.t subsetof ['b', 'c']", json!([2, 3])),
        ("@.t anyof ['a', 'c']", json!([1])),
        ("@.t noneof ['a', 'c']", json!([2, 3])),
        ("@.t all ['a', 'b']", json!([1])),
        ("@.s =~ /.b./", json!([1, 2])),
        ("@.s =~ /b/", json!([])),
        ("@.s =~ /a.*/i", json!([1])),
        ("@.id =~ /1/", json!([])),
    ] {
        let path = format!("$[?({filter})].id");
        assert_eq!(evaluate(&path, &value), Some(ids), "{filter}");
    }
}

#[test]
fn only_single_values_are_definite() {
    for (path, definite) in [
        ("$", true),
        ("$.a['b'][0]", true),
        ("$['a','b']", true),
        ("$['a','b'].c", false),
        ("$[0,1]", false),
        ("$[1:]", false),
        ("$.*", false),
        ("$..a", false),
        ("$[?(@.a)]", false),
    ] {
        assert_eq!(JsonPath::parse(path).unwrap().is_definite(), definite, "{path}");
    }
}

#[test]
fn broken_paths_are_refused_with_their_place() {
    for (path, message) in [
        ("", "the path is empty"),
        ("$.", "expected a name"),
        ("$..", "expected a name"),
        ("$[", "expected a quoted name"),
        ("$['a'", "expected `]`"),
        ("$['a", "expected a closing `'`"),
        ("$[99999999999]", "nine digits"),
        ("$[-]", "nine digits"),
        ("$[0:4:2]", "step"),
        ("$.a b", "expected `.`"),
        ("$.a.append(1)", "`append()` is not supported"),
        ("$.a.concat('x')", "takes no such argument"),
        ("$[?(@.a =~ /(?=x)/)]", "look-around"),
        ("$[?(@.a =~ /x/q)]", "the flag `q`"),
        ("$[?(@.a =~ 'x')]", "expected `/`"),
        ("$.a.length().b", "nothing may follow"),
        ("$[?(1)]", "expected an operator"),
        ("$[?@.a]", "expected `(`"),
        ("$[?(@.a == bare)]", "expected `@…`"),
    ] {
        let problem = JsonPath::parse(path).unwrap_err().to_string();
        assert!(problem.contains(message), "{path}: {problem}");
    }
    assert_eq!(JsonPath::parse("$.a b").unwrap_err().offset, 3);
}

#[test]
fn long_and_deep_paths_are_refused() {
    assert!(JsonPath::parse(&"$.a".repeat(PATH_BYTES_MAX)).is_err());
    assert!(JsonPath::parse(&format!("${}", ".a".repeat(PATH_TOKENS_MAX + 1))).is_err());
    assert!(JsonPath::parse(&format!("$[?({}@.a{})]", "(".repeat(100), ")".repeat(100))).is_err());
    assert!(JsonPath::parse(&format!("$[?(@.a == {}{})]", "[".repeat(500), "]".repeat(500))).is_err());
}

#[test]
fn costly_evaluations_are_given_up() {
    let mut nested = json!({"a": 1});
    for _ in 0..100 {
        nested = json!({"a": nested, "b": [1, 2, 3]});
    }
    let path = JsonPath::parse("$..*").unwrap();
    let limits = Limits {
        depth_max: 128,
        nodes_max: 1000,
    };
    assert_eq!(path.evaluate(&nested, &limits), Err(LimitExceeded::Nodes(1000)));
    let limits = Limits {
        depth_max: 10,
        nodes_max: 100_000,
    };
    assert_eq!(path.evaluate(&nested, &limits), Err(LimitExceeded::Depth(10)));
    let path = JsonPath::parse("$..a").unwrap();
    assert!(path.evaluate(&nested, &Limits::default()).is_ok());
    let path = JsonPath::parse("$..a..a..a..a").unwrap();
    assert_eq!(
        path.evaluate(&nested, &Limits::default()),
        Err(LimitExceeded::Nodes(1_000_000))
    );
}

#[test]
fn random_paths_neither_panic_nor_run_away() {
    let pieces = [
        "$",
        ".",
        "..",
        "[",
        "]",
        "'",
        "\"",
        "a",
        "store",
        "book",
        "*",
        "?",
        "(",
        ")",
        "@",
        "==",
        "<",
        ">=",
        "&&",
        "||",
        "!",
        "0",
        "-1",
        ":",
        ",",
        " ",
        "in ",
        "length()",
        "\\",
        "é",
        "null",
        "8.5",
        "[?(@.price",
        "[?(",
        " contains ",
        " =~ /a+/i",
        ".sum()",
        ".keys()",
        ")]",
        "[*]",
        "..a",
    ];
    let value = store();
    let limits = Limits {
        depth_max: 16,
        nodes_max: 10_000,
    };
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut parsed = 0;
    for _ in 0..20_000 {
        let mut text = String::from("$");
        for _ in 0..seed % 12 {
            seed ^= seed << 13;
            seed ^= seed >> 7;
            seed ^= seed << 17;
            text.push_str(pieces[usize::try_from(seed >> 8).unwrap() % pieces.len()]);
        }
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        if let Ok(path) = JsonPath::parse(&text) {
            parsed += 1;
            let _ = path.evaluate(&value, &limits);
        }
    }
    assert!(parsed > 100, "only {parsed} of the random paths were paths");
}
