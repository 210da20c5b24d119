//! Drafts, references, limits and words.

mod suite;

use serde_json::json;

use super::*;

fn compile(schema: &Value) -> Result<Schema, SchemaProblem> {
    Schema::compile(&schema.to_string(), None, &Documents::default())
}

#[track_caller]
fn messages(schema: &Value, value: &Value) -> Vec<String> {
    let schema = compile(schema).unwrap();
    let found = schema.check(value).err().unwrap_or_default();
    found.iter().map(ToString::to_string).collect()
}

#[track_caller]
fn refused(schema: &Value, part: &str) {
    let problem = compile(schema).unwrap_err().to_string();
    assert!(problem.contains(part), "`{problem}` does not say `{part}`");
}

#[test]
fn draft_is_4_unless_the_schema_names_another() {
    let with = |draft: &str| json!({"$schema": draft, "type": "object", "properties": {"a": {"const": 1}, "b": {"minimum": 1, "exclusiveMinimum": 1}}});
    // `const` is unknown to draft 4, and `exclusiveMinimum` is a boolean there.
    let fourth = json!({"properties": {"a": {"const": 1}, "b": {"minimum": 1, "exclusiveMinimum": true}}});
    assert!(compile(&fourth).unwrap().is_valid(&json!({"a": 2, "b": 2})));
    assert!(!compile(&fourth).unwrap().is_valid(&json!({"b": 1})));
    refused(
        &with("http://json-schema.org/draft-04/schema#"),
        "exclusiveMinimum",
    );
    for draft in [
        "http://json-schema.org/draft-06/schema#",
        "http://json-schema.org/draft-07/schema#",
        "http://json-schema.org/draft-07/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "https://json-schema.org/draft/2020-12/schema",
    ] {
        let schema = compile(&with(draft)).unwrap();
        assert!(!schema.is_valid(&json!({"a": 2})), "{draft}");
        assert!(!schema.is_valid(&json!({"b": 1})), "{draft}");
    }
    refused(
        &json!({"$schema": "http://json-schema.org/draft-03/schema#"}),
        "draft-03",
    );
    refused(
        &json!({"$schema": "https://example.com/mine"}),
        "example.com/mine",
    );
    refused(&json!({"$schema": 4}), "`4`");
}

#[test]
#[allow(clippy::too_many_lines, reason = "one table, one row a message")]
fn mismatches_are_told_in_the_words_of_aws() {
    let schema = json!({
        "type": "object",
        "required": ["name", "age"],
        "properties": {
            "name": {"type": "string", "minLength": 2, "maxLength": 3, "pattern": "^[a-z]*$"},
            "age": {"type": "number", "minimum": 1, "maximum": 9},
            "kind": {"enum": ["cat", "dog"]},
            "tags": {"type": "array", "minItems": 1, "maxItems": 2, "uniqueItems": true},
            "above": {"minimum": 2, "exclusiveMinimum": true},
            "below": {"maximum": 2, "exclusiveMaximum": true},
            "size": {"minProperties": 1, "maxProperties": 1},
            "either": {"anyOf": [{"type": "null"}, {"type": "boolean"}]},
            "one": {"oneOf": [{"type": "null"}, {"type": "boolean"}]},
            "not": {"not": {"type": "null"}},
        },
        "additionalProperties": false,
    });
    let age = |value: Value| json!({"name": "abc", "age": value});
    let with = |name: &str, value: Value| {
        let mut pet = age(json!(2));
        pet[name] = value;
        pet
    };
    let cases = [
        (
            json!({}),
            r#"object has missing required properties (["age","name"])"#,
        ),
        (
            json!({"age": 2}),
            r#"object has missing required properties (["name"])"#,
        ),
        (
            json!([]),
            r#"instance type (array) does not match any allowed primitive type (allowed: ["object"])"#,
        ),
        (
            age(json!("2")),
            r#"instance type (string) does not match any allowed primitive type (allowed: ["integer","number"])"#,
        ),
        (
            age(json!(0)),
            "numeric instance is lower than the required minimum (minimum: 1, found: 0)",
        ),
        (
            age(json!(10)),
            "numeric instance is greater than the required maximum (maximum: 9, found: 10)",
        ),
        (
            with("name", json!("a")),
            r#"string "a" is too short (length: 1, required minimum: 2)"#,
        ),
        (
            with("name", json!("abcd")),
            r#"string "abcd" is too long (length: 4, maximum allowed: 3)"#,
        ),
        (
            with("name", json!("AB")),
            r#"ECMA 262 regex "^[a-z]*$" does not match input string "AB""#,
        ),
        (
            with("kind", json!("cow")),
            r#"instance value ("cow") not found in enum (possible values: ["cat","dog"])"#,
        ),
        (
            with("tags", json!([])),
            "array is too short: must have at least 1 elements but instance has 0 elements",
        ),
        (
            with("tags", json!([1, 2, 3])),
            "array is too long: must have at most 2 elements but instance has 3 elements",
        ),
        (
            with("tags", json!([1, 1])),
            "array must not contain duplicate elements",
        ),
        (
            with("above", json!(2)),
            "numeric instance is not strictly greater than the required minimum 2",
        ),
        (
            with("below", json!(2)),
            "numeric instance is not strictly lower than the required maximum 2",
        ),
        (
            with("size", json!({})),
            "object has too few properties (found 0 but schema requires at least 1)",
        ),
        (
            with("size", json!({"a": 1, "b": 2})),
            "object has too many properties (found 2 but schema requires at most 1)",
        ),
        (
            with("either", json!(1)),
            "instance failed to match at least one required schema among 2",
        ),
        (
            with("one", json!(1)),
            "instance failed to match exactly one schema (matched 0 out of 2)",
        ),
        (
            with("not", json!(null)),
            "instance matched a schema which it should not have",
        ),
        (
            with("zoo", json!(1)),
            r#"object instance has properties which are not allowed by the schema: ["zoo"]"#,
        ),
    ];
    for (value, expected) in cases {
        assert_eq!(messages(&schema, &value), [expected], "{value}");
    }
    let whole = age(json!(2));
    assert_eq!(messages(&schema, &whole), Vec::<String>::new());
}

#[test]
fn mismatch_knows_its_place_and_keyword() {
    let schema = compile(&json!({"properties": {"a": {"items": {"type": "integer"}}}})).unwrap();
    let found = schema.check(&json!({"a": [1, "x"]})).unwrap_err();
    assert_eq!(
        (found[0].pointer.as_str(), found[0].keyword.as_str()),
        ("/a/1", "type")
    );
}

#[test]
fn formats_are_checked_and_those_left_out_are_refused() {
    for (format, good, bad) in [
        ("email", "a@example.com", "nobody"),
        ("date-time", "2020-02-29T12:00:00Z", "2021-02-29T12:00:00Z"),
        ("ipv4", "192.0.2.1", "192.0.2.256"),
        ("ipv6", "2001:db8::1", "2001:db8::g"),
        ("uri", "https://example.com/", "not a uri"),
        ("hostname", "example.com", "-a.example"),
    ] {
        let schema = compile(&json!({"format": format})).unwrap();
        assert!(schema.is_valid(&json!(good)), "{format}");
        assert!(!schema.is_valid(&json!(bad)), "{format}");
    }
    refused(
        &json!({"properties": {"a": {"format": "idn-hostname"}}}),
        "`idn-hostname` is not supported",
    );
    // A word that no draft defines is a note to readers, as OpenAPI's `int32` is.
    assert!(
        compile(&json!({"type": "integer", "format": "int32"}))
            .unwrap()
            .is_valid(&json!(1))
    );
}

#[test]
fn schemas_that_are_none_are_refused_with_the_place() {
    refused(&json!([]), "must be a JSON object");
    refused(
        &json!({"type": "strin"}),
        "/type: instance value (\"strin\") not found in enum",
    );
    refused(
        &json!({"properties": {"a": {"minLength": "2"}}}),
        "/properties/a/minLength: instance type (string)",
    );
    refused(&json!({"required": []}), "/required: array is too short");
    refused(&json!({"pattern": "("}), "/pattern");
    let broken = Schema::compile("{\"type\": ", None, &Documents::default()).unwrap_err();
    assert!(broken.to_string().starts_with("the schema is not JSON: "));
    let long = format!("{{\"title\": \"{}\"}}", "x".repeat(SCHEMA_BYTES_MAX));
    assert_eq!(
        Schema::compile(&long, None, &Documents::default()).unwrap_err(),
        SchemaProblem::TooLong
    );
    let deep = format!("{}1{}", "{\"not\":".repeat(200), "}".repeat(200));
    assert!(matches!(
        Schema::compile(&deep, None, &Documents::default()),
        Err(SchemaProblem::NotJson(_))
    ));
}

#[test]
fn patterns_that_need_backtracking_are_refused() {
    for pattern in ["^(?=.*\\d).{8,}$", "a(?!b)", "(?<=a)b", "(?<!a)b", "(a)\\1"] {
        refused(&json!({"pattern": pattern}), "cannot be matched in linear time");
        refused(&json!({"patternProperties": {pattern: {}}}), "");
    }
    // What makes a backtracking engine take for ever is nothing here.
    let schema = compile(&json!({"pattern": "^(a+)+$"})).unwrap();
    assert!(!schema.is_valid(&json!("a".repeat(50_000) + "b")));
    refused(&json!({"pattern": "(((a{500}){500}){500})"}), "");
}

fn models() -> Documents {
    let url = |name| model_url("api1", name);
    Documents::new([
        (url("Name"), r#"{"type": "string", "minLength": 1}"#),
        (
            url("Pet"),
            r#"{"properties": {"name": {"$ref": "https://apigateway.amazonaws.com/restapis/api1/models/Name"}}}"#,
        ),
        (url("Parts"), r#"{"definitions": {"leg": {"enum": [4]}}}"#),
        (url("Broken"), "{"),
        (
            url("Seventh"),
            r#"{"$schema": "http://json-schema.org/draft-07/schema#", "const": 7}"#,
        ),
    ])
}

fn referring(name: &str) -> Result<Schema, SchemaProblem> {
    let schema = json!({"$ref": model_url("api1", name)});
    Schema::compile(&schema.to_string(), Some(&model_url("api1", "Own")), &models())
}

#[test]
fn references_lead_to_the_models_of_the_same_api() {
    let pet = referring("Pet").unwrap();
    assert!(pet.is_valid(&json!({"name": "x"})));
    assert!(!pet.is_valid(&json!({"name": ""})));
    let leg = referring("Parts#/definitions/leg").unwrap();
    assert!(leg.is_valid(&json!(4)) && !leg.is_valid(&json!(3)));
    let seventh = referring("Seventh").unwrap();
    assert!(seventh.is_valid(&json!(7)) && !seventh.is_valid(&json!(8)));
    assert!(referring("Broken").is_err());
    let missing = referring("None").unwrap_err().to_string();
    assert!(
        missing.contains("is no model of this API, and nothing else is read"),
        "{missing}"
    );
}

#[test]
fn model_may_refer_to_itself_by_its_address() {
    let url = model_url("api1", "Tree");
    let text = json!({"type": "object", "properties": {"left": {"$ref": url}}}).to_string();
    let tree = Schema::compile(&text, Some(&url), &Documents::default()).unwrap();
    assert!(tree.is_valid(&json!({"left": {"left": {}}})));
    assert!(!tree.is_valid(&json!({"left": {"left": 1}})));
}

#[test]
fn nothing_is_fetched() {
    for url in [
        "https://apigateway.amazonaws.com/restapis/other/models/Pet",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:1/x",
        "file:///etc/passwd",
        "https://json-schema.org/draft/next/schema",
    ] {
        refused(&json!({"$ref": url}), "nothing else is read");
    }
}

#[test]
fn first_look_lets_references_outside_pass_and_nothing_else() {
    let look = |schema: Value| Schema::compile(&schema.to_string(), None, &Documents::unknown());
    assert!(look(json!({"$ref": model_url("any", "Pet")})).is_ok());
    assert!(look(json!({"$ref": "#/definitions/none"})).is_err());
    assert!(look(json!({"type": "strin"})).is_err());
}

#[test]
fn schemas_that_reach_too_deep_are_refused() {
    let chain = |length: usize| {
        let mut definitions = serde_json::Map::new();
        for at in 0..length {
            let next = json!({"$ref": format!("#/definitions/d{}", at + 1)});
            definitions.insert(format!("d{at}"), next);
        }
        definitions.insert(format!("d{length}"), json!({"type": "string"}));
        json!({"definitions": definitions, "$ref": "#/definitions/d0"})
    };
    assert!(compile(&chain(20)).is_ok());
    refused(&chain(IN_PLACE_MAX), "more than 32 schemas apply to one value");
    refused(&chain(5_000), "more than 32 schemas apply to one value");
    for circle in [
        json!({"$ref": "#"}),
        json!({"allOf": [{"$ref": "#"}]}),
        json!({"properties": {"a": {"not": {"$ref": "#/properties/a"}}}}),
    ] {
        refused(&circle, "refers to itself without looking into the value");
    }
}

#[test]
fn reasons_that_would_multiply_are_not_told() {
    let branch = json!({"type": "object", "properties": {"a": {"$ref": "#"}}});
    let schema = compile(&json!({"anyOf": [{"type": "string"}, branch, branch]})).unwrap();
    let mut value = json!(1);
    for _ in 0..100 {
        value = json!({"a": value});
    }
    let started = std::time::Instant::now();
    let found = schema.check(&value).unwrap_err();
    assert!(started.elapsed().as_secs() < 2);
    assert_eq!(found[0].message, "instance failed to match the schema");
    let list = compile(&json!({"items": {"type": "string"}})).unwrap();
    let many = list.check(&json!([1, 2, 3].repeat(20))).unwrap_err();
    assert_eq!(many.len(), ERRORS_MAX);
    assert!(many[ERRORS_MAX - 1].message.ends_with("(and 40 more)"));
    let most = list.check(&json!([1].repeat(100_000))).unwrap_err();
    assert_eq!(most.len(), 1);
}

#[test]
fn deep_values_need_little_stack() {
    let definitions: serde_json::Map<_, _> = (0..25)
        .map(|at| {
            let next = json!({"allOf": [{"$ref": format!("#/definitions/d{}", at + 1)}]});
            (format!("d{at}"), next)
        })
        .collect();
    let mut schema =
        json!({"definitions": definitions, "properties": {"a": {"$ref": "#"}}, "type": "object"});
    schema["definitions"]["d10"] = json!({"properties": {"a": {"$ref": "#/definitions/d0"}}});
    schema["allOf"] = json!([{"$ref": "#/definitions/d0"}]);
    schema["definitions"]["d25"] = json!({});
    let schema = compile(&schema).unwrap();
    let mut value = json!(1);
    for _ in 0..126 {
        value = json!({"a": value});
    }
    let small = std::thread::Builder::new().stack_size(1 << 20);
    let checked = small.spawn(move || schema.check(&value).is_err()).unwrap();
    assert!(checked.join().unwrap());
}

#[test]
fn long_values_are_cut_in_messages() {
    let found = messages(&json!({"enum": [1]}), &json!("x".repeat(10_000)));
    assert!(found[0].len() < 400, "{}", found[0].len());
}
