//! Intrinsic functions, dynamic references, coercion and comparison.

use super::schemas::GATE;
use super::*;

#[test]
fn functions_return_what_cloudformation_returns() {
    let cases = [
        ("!Ref Word", json!("word")),
        ("!Ref Words", json!(["one", "two", "three"])),
        ("!Ref Count", json!("3")),
        ("!Ref AWS::Region", json!("eu-west-1")),
        ("!Ref AWS::AccountId", json!("000000000000")),
        ("!Ref AWS::StackName", json!("demo")),
        ("!Ref AWS::Partition", json!("aws")),
        ("!Ref AWS::URLSuffix", json!("amazonaws.com")),
        (
            "!Ref AWS::NotificationARNs",
            json!(["arn:aws:sns:eu-west-1:000000000000:news"]),
        ),
        ("!Ref AWS::NoValue", json!("(removed)")),
        ("[a, !Ref AWS::NoValue, b]", json!(["a", "b"])),
        ("{k: !Ref AWS::NoValue, l: 1}", json!({"l": 1})),
        ("!Ref Other", json!("x-Other")),
        ("!GetAtt Other.Arn", json!("a-Other-Arn")),
        (
            "!GetAtt Other.Endpoint.Address",
            json!("a-Other-Endpoint.Address"),
        ),
        (
            "!GetAtt [Other, Endpoint.Address]",
            json!("a-Other-Endpoint.Address"),
        ),
        ("{Fn::GetAtt: [Other, !Ref Word]}", json!("a-Other-word")),
    ];
    returns(&cases);
}

#[test]
fn text_functions_return_what_cloudformation_returns() {
    let cases = [
        (
            "!Sub 'a ${Word} ${Other} ${Other.Arn} ${AWS::Region}'",
            json!("a word x-Other a-Other-Arn eu-west-1"),
        ),
        (
            "!Sub ['${A}-${Word}-${B}', {A: !Ref Count, Word: hidden, B: !Sub '${Word}'}]",
            json!("3-hidden-word"),
        ),
        ("!Sub '${!Literal} $${Word} ${ {'", json!("${Literal} $word ${ {")),
        ("!Sub ''", json!("")),
        ("!Join ['', []]", json!("")),
        (
            "!Join [', ', [a, 1, true, 1.50, !Ref Word]]",
            json!("a, 1, true, 1.50, word"),
        ),
        ("!Join ['-', !Ref Words]", json!("one-two-three")),
        ("!Select [1, [a, b]]", json!("b")),
        ("!Select ['1', !Ref Words]", json!("two")),
        ("!Select [0, !GetAZs '']", json!("eu-west-1a")),
        (
            "!Select [2, !Split ['/', !Ref AWS::StackId]]",
            json!("0b5f7e5c-9d1a-4c55-8f0e-2f7a0e1d2c3b"),
        ),
        ("!Split ['|', 'a||b']", json!(["a", "", "b"])),
        ("!FindInMap [Sizes, !Ref AWS::Region, Small]", json!(1)),
        ("!FindInMap [Sizes, us-east-1, Names]", json!(["c"])),
        ("!If [Yes, a, b]", json!("a")),
        ("!If [No, !Sub '${Word}', !If [Yes, x, y]]", json!("x")),
        ("!If [No, 1, !Ref AWS::NoValue]", json!("(removed)")),
        ("!Base64 word", json!("d29yZA==")),
        ("{Fn::Base64: !Sub '${Word}'}", json!("d29yZA==")),
        ("!ImportValue net", json!("e-net")),
        ("{Fn::ImportValue: !Sub '${Word}-id'}", json!("e-word-id")),
        (
            "{Fn::GetAZs: !Ref AWS::Region}",
            json!(["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
        ),
        ("!Cidr [10.0.0.0/16, 2, 8]", json!(["10.0.0.0/24", "10.0.1.0/24"])),
        (
            "!Cidr ['2001:db8::/56', 2, 64]",
            json!(["2001:db8::/64", "2001:db8:0:1::/64"]),
        ),
        (
            "{Condition: {StringEquals: {a: b}}}",
            json!({"Condition": {"StringEquals": {"a": "b"}}}),
        ),
        ("{Ref: a, Other: b}", json!({"Ref": "a", "Other": "b"})),
        ("000000000000", json!("000000000000")),
        ("2012-10-17", json!("2012-10-17")),
        (
            "'{{resolve:secretsmanager:x}}'",
            json!("{{resolve:secretsmanager:x}}"),
        ),
    ];
    returns(&cases);
}

#[track_caller]
fn returns(cases: &[(&str, Value)]) {
    for (expression, expected) in cases {
        assert_eq!(value_of(expression), Ok(expected.clone()), "{expression}");
    }
}

const WRONG: &[(&str, &str)] = &[
    ("!Ref Nothing", "there is no parameter or resource `Nothing`"),
    (
        "!Ref Wrod",
        "there is no parameter or resource `Wrod`; did you mean `Word`?",
    ),
    (
        "!Ref Othr",
        "there is no parameter or resource `Othr`; did you mean `Other`?",
    ),
    ("!Ref [a]", "`Ref` wants a literal text, not a list"),
    (
        "!GetAtt Other",
        "`Fn::GetAtt` wants `resource.attribute`, not `Other`",
    ),
    (
        "!GetAtt [Other]",
        "`Fn::GetAtt` wants a list of a resource and an attribute, not 1 items",
    ),
    ("!GetAtt Nobody.Arn", "there is no resource `Nobody`"),
    ("!Sub '${Nobody.Arn}'", "there is no resource `Nobody`"),
    (
        "!Sub '${a b}'",
        "`${a b}` in `Fn::Sub` is no name: letters, digits, `_`, `.` and `:`; write `${!a b}` for the text itself",
    ),
    (
        "!Sub [a]",
        "`Fn::Sub` wants a list of a text and an object of variables, not 1 items",
    ),
    (
        "!Sub '${Words}'",
        "`${Words}` in `Fn::Sub` must be a text, not a list",
    ),
    (
        "!Join [a]",
        "`Fn::Join` wants a list of a delimiter and a list, not 1 items",
    ),
    (
        "!Join [a, b]",
        "the second argument of `Fn::Join` must be a list, not a text",
    ),
    (
        "!Join [a, [[b]]]",
        "item 0 of `Fn::Join` must be a text, not a list",
    ),
    (
        "!Join [!Ref Word, []]",
        "`the delimiter of Fn::Join` wants a literal text, not an object",
    ),
    (
        "!Select [3, [a]]",
        "`Fn::Select` wants item 3 of a list of 1, counted from 0",
    ),
    (
        "!Select [-1, [a]]",
        "the index of `Fn::Select` must be a whole number, not `-1`",
    ),
    ("!Split ['', a]", "the delimiter of `Fn::Split` is empty"),
    (
        "!FindInMap [Sizes, a]",
        "`Fn::FindInMap` wants a list of a mapping and two keys, not 2 items",
    ),
    ("!FindInMap [Nope, a, b]", "there is no mapping `Nope`"),
    (
        "!FindInMap [Sizes, !Ref Word, b]",
        "the mapping `Sizes` has no key `word`",
    ),
    (
        "!FindInMap [Sizes, us-east-1, Smal]",
        "the mapping `Sizes` has no key `Smal` under `us-east-1`; did you mean `Small`?",
    ),
    (
        "!FindInMap [a, b, c, {DefaultValue: d}]",
        "the default value of `Fn::FindInMap` is not supported: it needs a transform",
    ),
    (
        "!If [Yes, a]",
        "`Fn::If` wants a list of a condition's name and two values, not 2 items",
    ),
    ("!If [Maybe, a, b]", "there is no condition `Maybe`"),
    (
        "!Equals [a, b]",
        "`Fn::Equals` is for `Conditions`: name the condition there and use `Fn::If` here",
    ),
    ("!ImportValue missing", "no stack exports `missing`"),
    (
        "!Cidr [10.0.0.0/16, 2]",
        "`Fn::Cidr` wants a list of a block, a count and a number of host bits, not 2 items",
    ),
    (
        "!Cidr [10.0.0.0/33, 2, 8]",
        "`10.0.0.0/33` is not an address block like `10.0.0.0/16`",
    ),
    (
        "!Cidr [10.0.0.0/24, 3, 7]",
        "`10.0.0.0/24` can be cut into 1 to 2 such blocks, not 3",
    ),
    (
        "!Cidr [10.0.0.0/24, 1, 9]",
        "the host bits of `10.0.0.0/24` must be between 1 and 8",
    ),
    (
        "{Fn::Sbu: a}",
        "unknown intrinsic function `Fn::Sbu`; did you mean `Fn::Sub`?",
    ),
    (
        "{Fn::Length: [a]}",
        "`Fn::Length` is not supported: it needs a transform",
    ),
    (
        "{Fn::Sub: a, b: c}",
        "`Fn::Sub` must stand alone, not beside other keys",
    ),
    ("!Base64 [a]", "`Fn::Base64` must be a text, not a list"),
];

#[test]
fn wrong_arguments_say_what_and_where() {
    for (expression, expected) in WRONG {
        let problems = value_of(expression).expect_err(expression);
        assert!(
            problems[0].ends_with(&format!(": {expected}")),
            "{expression}: {problems:?}"
        );
        assert!(
            problems[0].contains(":10: ") || problems[0].contains(": error: R"),
            "{problems:?}"
        );
    }
}

#[test]
fn substitutions_do_not_multiply_without_end() {
    let mut expression = "!Ref Word".to_owned();
    for _ in 0..14 {
        let many = "${A}".repeat(12);
        expression = format!("!Sub ['{many}', {{A: {expression}}}]");
    }
    let problems = value_of(&expression).unwrap_err();
    assert!(problems[0].contains("grows too large"), "{problems:?}");
}

#[test]
fn dynamic_references_are_found_anywhere() {
    let value = json!({"a": ["x {{resolve:ssm:p:1}} {{resolve:ssm-secure:q}}", "{{resolve:open"], "b": 1});
    let found = find_dynamic_references(&value);
    assert_eq!(
        found,
        [
            ("a/0".to_owned(), "{{resolve:ssm:p:1}}".to_owned()),
            ("a/0".to_owned(), "{{resolve:ssm-secure:q}}".to_owned()),
        ]
    );
}

#[test]
fn values_are_coerced_to_what_is_wanted() {
    let coerced = coerce(
        &GATE,
        json!({
            "Name": 12, "Enabled": "true", "Status": 200, "Weight": "1.5", "Timeout": "3000",
            "Scopes": ["a", 1, true], "Headers": {"x": "False"}, "Document": "{\"a\": 1}",
            "Rules": [{"Name": true, "Priority": 7.0}], "Path": "/a", "Tags": {"k": 1},
        }),
    );
    assert_eq!(
        coerced.unwrap(),
        json!({
            "Name": "12", "Enabled": true, "Status": "200", "Weight": 1.5, "Timeout": 3000,
            "Scopes": ["a", "1", "true"], "Headers": {"x": false}, "Document": "{\"a\": 1}",
            "Rules": [{"Name": "true", "Priority": 7}], "Path": "/a", "Tags": [{"Key": "k", "Value": "1"}],
        })
    );
}

#[test]
fn what_cannot_be_coerced_is_named() {
    let problems = coerce(
        &GATE,
        json!({
            "Mode": "AJAR", "Enabled": "maybe", "Status": ["a"], "Weight": "inf", "Timeout": 3.5,
            "Scopes": "a", "Headers": [], "Document": "{", "Rule": {"Priority": 101}, "Path": "/A",
            "Tags": [{"Key": ""}], "Canary": {}, "Nmae": "x",
        }),
    );
    let problems = lines(&problems.unwrap_err());
    let expected = [
        "error: Properties/Mode: `AJAR` is none of `OPEN`, `CLOSED`",
        "error: Properties/Enabled: must be a boolean, not `maybe`",
        "error: Properties/Status: must be a text, not a list",
        "error: Properties/Weight: must be a number, not `inf`",
        "error: Properties/Timeout: must be a whole number, not `3.5`",
        "error: Properties/Scopes: must be a list, not `a`",
        "error: Properties/Headers: must be an object, not a list",
        "error: Properties/Document: must be an object or a text that holds JSON: EOF while parsing an object at line 1 column 1",
        "error: Properties/Rule/Priority: must be between 0 and 100, not 101",
        "error: Properties/Rule: the required property `Name` is missing",
        "error: Properties/Path: must be a path in small letters, not `/A`",
        "error: Properties/Tags/0/Key: must have 1 to 128 characters, not 0",
        "error: Properties/Tags/0: the required property `Value` is missing",
        "error: Properties/Canary: is not supported: there are no canaries yet",
        "error: Properties/Nmae: unknown property; did you mean `Name`?",
        "error: Properties: the required property `Name` is missing",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn updates_change_only_what_differs() {
    let old =
        json!({"Name": "a", "Status": "x", "Rule": {"Name": "r", "Kind": "k"}, "Document": {"a": 1, "b": 2}});
    let with = |change: Value| {
        let mut new = old.clone();
        for (key, value) in change.as_object().unwrap() {
            new[key] = value.clone();
        }
        compare(&GATE, &old, &new)
    };
    let in_place = |names: &[&str]| Difference::InPlace {
        properties: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    let replacement = |names: &[&str]| Difference::Replacement {
        because: names.iter().map(|name| (*name).to_owned()).collect(),
    };
    assert_eq!(with(json!({})), Difference::NoChange);
    assert_eq!(with(json!({"Document": {"b": 2, "a": 1}})), Difference::NoChange);
    assert_eq!(
        with(json!({"Status": "y", "Enabled": true})),
        in_place(&["Status", "Enabled"])
    );
    assert_eq!(
        with(json!({"Rule": {"Name": "s", "Kind": "k"}})),
        in_place(&["Rule"])
    );
    assert_eq!(with(json!({"Rule": {"Name": "r"}})), replacement(&["Rule/Kind"]));
    assert_eq!(with(json!({"Name": "b", "Status": "y"})), replacement(&["Name"]));
    assert_eq!(
        compare(&GATE, &old, &json!({"Name": "a"})),
        replacement(&["Rule/Kind"])
    );
    assert_eq!(
        compare(&GATE, &json!({"Status": "x"}), &json!({})),
        in_place(&["Status"])
    );
}

#[test]
fn references_to_secrets_are_read_with_names_and_arns() {
    let arn = "arn:aws:secretsmanager:us-east-1:000000000000:secret:team/db-a1B2c3";
    let cases = [
        ("secretsmanager:s", Some(("s", None, None, None))),
        ("secretsmanager:s:SecretString", Some(("s", None, None, None))),
        ("secretsmanager:s:SecretString:::", Some(("s", None, None, None))),
        ("secretsmanager:s::key", Some(("s", Some("key"), None, None))),
        (
            "secretsmanager:ARN:SecretString:password",
            Some((arn, Some("password"), None, None)),
        ),
        ("secretsmanager:ARN", Some((arn, None, None, None))),
        (
            "secretsmanager:s:SecretString:k:AWSPREVIOUS",
            Some(("s", Some("k"), Some("AWSPREVIOUS"), None)),
        ),
        (
            "secretsmanager:s:SecretString:k::v1",
            Some(("s", Some("k"), None, Some("v1"))),
        ),
        ("secretsmanager:s:SecretString:k:AWSCURRENT:v1", None),
        ("secretsmanager:s:SecretBinary", None),
        ("secretsmanager:s:SecretString:k:a:b:c", None),
        ("secretsmanager:", None),
        ("secretsmanager:arn:aws:secretsmanager", None),
        ("ssm:p:1", None),
        ("ssm-secure:p:1", None),
        ("vault:p", None),
        ("secretsmanager", None),
    ];
    for (inner, expected) in cases {
        let reference = format!("{{{{resolve:{}}}}}", inner.replace("ARN", arn));
        let read = parse_dynamic_reference(&reference).ok();
        let read = read.as_ref().map(|read| {
            (
                read.secret_id.as_str(),
                read.json_key.as_deref(),
                read.version_stage.as_deref(),
                read.version_id.as_deref(),
            )
        });
        assert_eq!(read, expected, "{reference}");
    }
}

#[test]
fn references_are_replaced_once_and_not_within_what_they_give() {
    let text = "a {{resolve:x:1}}-{{resolve:x:2}} {{resolve:open";
    let replaced = replace_dynamic_references(text, |reference| format!("<{reference}>"));
    assert_eq!(replaced, "a <{{resolve:x:1}}>-<{{resolve:x:2}}> {{resolve:open");
}
