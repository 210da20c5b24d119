//! YAML and JSON into trees and sections.

use super::*;
use crate::cloudformation::limits::BOUNDS;
use crate::document;

fn tree(text: &str) -> Node {
    let (root, problems) = document::read(text, &BOUNDS);
    root.unwrap_or_else(|| panic!("unreadable: {:?}", lines(&problems)))
}

fn unreadable(text: &str) -> String {
    let (root, problems) = document::read(text, &BOUNDS);
    assert!(root.is_none(), "read: {root:?}");
    lines(&problems).join("\n")
}

/// A tree without its places.
fn bare(node: &Node) -> Value {
    match &node.kind {
        NodeKind::Null => Value::Null,
        NodeKind::Bool(boolean) => json!(boolean),
        NodeKind::Number(text) => json!({ "number": text }),
        NodeKind::String { text, .. } => json!(text),
        NodeKind::List(items) => items.iter().map(bare).collect(),
        NodeKind::Map(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, value)| (key.text.clone(), bare(value)))
                .collect(),
        ),
    }
}

#[test]
fn short_forms_become_long_ones() {
    let cases = [
        ("!Ref A", json!({"Ref": "A"})),
        ("!Condition A", json!({"Condition": "A"})),
        ("!GetAtt A.B", json!({"Fn::GetAtt": "A.B"})),
        ("!GetAtt [A, B]", json!({"Fn::GetAtt": ["A", "B"]})),
        ("!Sub x", json!({"Fn::Sub": "x"})),
        (
            "!Sub [x, {y: !Ref z}]",
            json!({"Fn::Sub": ["x", {"y": {"Ref": "z"}}]}),
        ),
        (
            "!Join ['', [a, !Ref b]]",
            json!({"Fn::Join": ["", ["a", {"Ref": "b"}]]}),
        ),
        (
            "!Select [2, !Split ['/', x]]",
            json!({"Fn::Select": [{"number": "2"}, {"Fn::Split": ["/", "x"]}]}),
        ),
        ("!GetAZs ''", json!({"Fn::GetAZs": ""})),
        ("!GetAZs", json!({"Fn::GetAZs": ""})),
        ("!If [A, b, c]", json!({"Fn::If": ["A", "b", "c"]})),
        ("!Base64 7", json!({"Fn::Base64": "7"})),
        ("!ImportValue x", json!({"Fn::ImportValue": "x"})),
        ("!Cidr [a, b, c]", json!({"Fn::Cidr": ["a", "b", "c"]})),
        ("!Transform {Name: x}", json!({"Fn::Transform": {"Name": "x"}})),
        ("!FindInMap [a, b, c]", json!({"Fn::FindInMap": ["a", "b", "c"]})),
        ("!And [a, b]", json!({"Fn::And": ["a", "b"]})),
        ("!Or [a, b]", json!({"Fn::Or": ["a", "b"]})),
        ("!Not [a]", json!({"Fn::Not": ["a"]})),
        ("!Equals [a, b]", json!({"Fn::Equals": ["a", "b"]})),
    ];
    for (text, expected) in cases {
        assert_eq!(bare(&tree(&format!("V: {text}")))["V"], expected, "{text}");
    }
}

#[test]
fn scalars_keep_what_they_are_written_as() {
    let cases = [
        ("000000000000", json!({"number": "000000000000"})),
        ("2012-10-17", json!("2012-10-17")),
        ("2010-09-09", json!("2010-09-09")),
        ("1.10", json!({"number": "1.10"})),
        ("1.0.0", json!("1.0.0")),
        ("0x1F", json!("0x1F")),
        ("0o17", json!("0o17")),
        ("1_000", json!("1_000")),
        ("12:30:45", json!("12:30:45")),
        (".inf", json!(".inf")),
        ("-3.5e2", json!({"number": "-3.5e2"})),
        ("e5", json!("e5")),
        ("-", json!([null])),
        ("yes", json!("yes")),
        ("Off", json!("Off")),
        ("True", json!(true)),
        ("FALSE", json!(false)),
        ("'true'", json!("true")),
        ("~", json!(null)),
        ("!!str 5", json!("5")),
        ("! 5", json!("5")),
    ];
    for (text, expected) in cases {
        let text = if text == "-" { "\n  -" } else { text };
        assert_eq!(bare(&tree(&format!("V: {text}")))["V"], expected, "{text}");
    }
}

#[test]
fn json_reads_as_json_with_places() {
    let root =
        tree("{\n\t\"A\":\t{\"b\": [1, -2.50, true, null, \"\\ud83d\\ude00\\/\"]},\r\n\t\"C\" : \"x\"\n}");
    assert_eq!(
        bare(&root),
        json!({"A": {"b": [{"number": "1"}, {"number": "-2.5"}, true, null, "😀/"]}, "C": "x"})
    );
    let place = root.member("C").unwrap().place;
    assert_eq!((place.line, place.column), (3, 8));
}

#[test]
fn yaml_in_braces_is_yaml() {
    assert_eq!(bare(&tree("{A: !Ref b}")), json!({"A": {"Ref": "b"}}));
}

#[test]
fn wrong_json_says_where() {
    let cases = [
        (
            "{\"a\": 1,}",
            "1:9: error: a key in double quotes should stand here",
        ),
        ("{\"a\" 1}", "1:6: error: `:` should stand here"),
        ("{\"a\": [1 2]}", "1:10: error: `,` or `]` should stand here"),
        ("{\"a\": 01}", "1:7: error: `01` is not a number"),
        ("{\"a\": nul}", "1:7: error: a value should stand here"),
        (
            "{\"a\": \"x\n\"}",
            "1:7: error: this text holds a wrong escape or a raw control character",
        ),
        ("{\"a\": \"x", "1:7: error: this text has no closing quote"),
        (
            "{\"a\": 1} x",
            "1:10: error: text follows the end of the template",
        ),
        (
            "{\"a\":",
            "1:6: error: the template ends where a value should stand",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(unreadable(text), expected, "{text}");
    }
}

#[test]
fn wrong_yaml_says_where() {
    let cases = [
        ("", "1:1: error: the template is empty"),
        (
            "a: 1\n---\nb: 2\n",
            "2:1: error: the template is one YAML document, a second one begins here",
        ),
        (
            "a: !Reff b",
            "1:4: error: unknown short form `!Reff`; did you mean `Ref`?",
        ),
        (
            "a: &x 1\nb:\n  <<: *x\n",
            "3:3: error: merge keys are not supported: repeat the keys here",
        ),
        (
            "a: !!binary x",
            "1:4: error: the tag `!!binary` is not supported here",
        ),
        (
            "a: &x [*x]",
            "1:8: error: this alias stands inside what it names, or names nothing",
        ),
        (
            "? [a]\n: b",
            "1:3: error: a key must be a text, not a list or an object",
        ),
    ];
    for (text, expected) in cases {
        assert_eq!(unreadable(text), expected, "{text}");
    }
    assert!(unreadable("a: [1").contains("error: not YAML: "));
    assert!(unreadable("a: *nothing").contains("error: not YAML: "));
}

#[test]
fn last_duplicate_key_wins_and_is_told() {
    for text in ["a: {x: 1, x: 2}", "{\"a\": {\"x\": 1, \"x\": 2}}"] {
        let (root, problems) = document::read(text, &BOUNDS);
        assert_eq!(bare(&root.unwrap())["a"], json!({"x": {"number": "2"}}));
        assert!(lines(&problems)[0].contains("warning: x: this key is also at line 1; the last one wins"));
    }
}

#[test]
fn aliases_repeat_what_they_name() {
    assert_eq!(
        bare(&tree("a: &x {k: !Ref b}\nc: *x"))["c"],
        json!({"k": {"Ref": "b"}})
    );
}

#[test]
fn sections_are_read_and_mistakes_told() {
    let text = "
AWSTemplateFormatVersion: 2011-01-01
Descriptions: x
Rules: {}
Transform: AWS::LanguageExtensions
Metadata: {Anything: ~}
Parameters:
  P: {Typo: String}
  Q: {Type: AWS::SSM::Parameter::Value<String>}
  S: {Type: AWS::EC2::VPC::Id}
Mappings:
  M: {a: {b: {c: d}}}
Resources:
  Bad-Name: {Type: T}
  N:
  R: {Type: T, DependsOn: 5, Description: x, Properties: {V: ~}, DeletionPolicy: Keep, UpdatePolicy: {}}
  S: {Properties: {}}
  U: {Type: T}
Outputs:
  O: {Vale: x}
  P: {Value: x, Export: {}}
";
    let problems = parse_template(text).unwrap_err();
    assert_eq!(
        lines(&problems),
        [
            "2:27: error: AWSTemplateFormatVersion: the only version there is is `2010-09-09`",
            "3:1: error: Descriptions: unknown section; did you mean `Description`?",
            "4:1: error: Rules: this section is not supported",
            "5:12: error: Transform: the transform `AWS::LanguageExtensions` is not supported",
            "8:7: error: Parameters/P/Typo: unknown key; did you mean `Type`?",
            "8:3: error: Parameters/P: the required key `Type` is missing",
            "9:13: error: Parameters/Q/Type: `AWS::SSM::Parameter::Value<String>` is not supported: there is no parameter store",
            "10:13: inert: Parameters/S/Type: nobody checks that what it names exists",
            "12:14: error: Mappings/M/a/b: must be a literal text or a list of literal texts",
            "15:3: error: Resources/N: has no value (null): give one or remove the key",
            "16:59: error: Resources/R/Properties/V: has no value (null): give one or remove the key",
            "14:3: error: Resources/Bad-Name: a name is 1 to 255 letters and digits",
            "16:30: warning: Resources/R/Description: is no attribute of a resource and has no effect",
            "16:82: error: Resources/R/DeletionPolicy: `Keep` is none of `Delete`, `Retain`",
            "16:88: inert: Resources/R/UpdatePolicy: nothing here waits for signals or rolls instances",
            "17:3: error: Resources/S: the required key `Type` is missing",
            "20:7: error: Outputs/O/Vale: unknown key; did you mean `Value`?",
            "20:3: error: Outputs/O: the required key `Value` is missing",
            "21:25: error: Outputs/P/Export: the required key `Name` is missing",
        ]
    );
}

#[test]
fn template_without_resources_is_refused() {
    let refused = |text: &str| lines(&parse_template(text).unwrap_err()).join("\n");
    assert_eq!(refused("[]"), "1:1: error: a template is an object, not a list");
    assert!(refused("{}").contains("Resources: the section is missing"));
    assert!(refused("Resources: {}").contains("is empty"));
    assert!(refused("Resources: x").contains("must be an object, not a text"));
}

#[test]
fn serverless_transform_without_such_resource_changes_nothing() {
    let template = parsed("Transform: AWS::Serverless-2016-10-31\nResources: {R: {Type: T}}");
    assert_eq!(template.transforms[0].text, "AWS::Serverless-2016-10-31");
}
