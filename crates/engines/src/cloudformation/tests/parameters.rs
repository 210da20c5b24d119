//! Parameters and their constraints.

use super::*;

fn resolved(declaration: &str, value: &str) -> Result<Value, String> {
    let text = format!("Parameters:\n  P: {declaration}\nResources: {{R: {{Type: T}}}}\n");
    let template = parse_template(&text).map_err(|problems| lines(&problems).join("\n"))?;
    match template.resolve_parameters(&given(&[("P", value)])) {
        Ok(parameters) => Ok(parameters.value("P").cloned().unwrap()),
        Err(problems) => Err(lines(&problems).join("\n")),
    }
}

#[test]
fn values_are_read_by_type() {
    let cases = [
        ("{Type: String}", " a ", json!(" a ")),
        ("{Type: Number}", " 4.5 ", json!("4.5")),
        ("{Type: CommaDelimitedList}", "a, b ,c", json!(["a", "b", "c"])),
        ("{Type: CommaDelimitedList}", "", json!([])),
        ("{Type: List<Number>}", "1,2", json!(["1", "2"])),
        ("{Type: 'List<AWS::EC2::Subnet::Id>'}", "a,b", json!(["a", "b"])),
        (
            "{Type: String, AllowedPattern: '[a-z]+', MinLength: 2, MaxLength: 3}",
            "abc",
            json!("abc"),
        ),
        ("{Type: Number, AllowedValues: [1, 2.0]}", "2", json!("2")),
    ];
    for (declaration, value, expected) in cases {
        assert_eq!(resolved(declaration, value), Ok(expected), "{declaration}");
    }
}

#[test]
fn every_constraint_is_enforced() {
    let cases = [
        ("{Type: Number}", "x", "`x` is not a number"),
        ("{Type: Number}", "inf", "`inf` is not a number"),
        ("{Type: Number, MinValue: 2}", "1.5", "`1.5` is less than 2"),
        ("{Type: Number, MaxValue: 2}", "3", "`3` is greater than 2"),
        ("{Type: List<Number>}", "1,x", "item `x` is not a number"),
        (
            "{Type: String, MinLength: 3}",
            "ab",
            "`ab` is shorter than 3 characters",
        ),
        (
            "{Type: String, MaxLength: 1}",
            "ab",
            "`ab` is longer than 1 characters",
        ),
        (
            "{Type: String, AllowedValues: [a, b]}",
            "c",
            "`c` is none of the allowed values `a`, `b`",
        ),
        (
            "{Type: CommaDelimitedList, AllowedValues: [a]}",
            "a,c",
            "item `c` is none of the allowed values `a`",
        ),
        (
            "{Type: String, AllowedPattern: '[a-z]+'}",
            "abc1",
            "`abc1` does not match the allowed pattern `[a-z]+`",
        ),
        (
            "{Type: String, MinLength: 8, NoEcho: true, ConstraintDescription: eight at least}",
            "hunter2",
            "the value is shorter than 8 characters: eight at least",
        ),
    ];
    for (declaration, value, expected) in cases {
        let expected = format!("2:3: error: Parameters/P: {expected}");
        assert_eq!(resolved(declaration, value), Err(expected), "{declaration}");
    }
}

#[test]
fn missing_and_unknown_parameters_are_told_together() {
    let template = parsed("Parameters: {P: {Type: String}, Q: {Type: String}}\nResources: {R: {Type: T}}");
    let problems = template
        .resolve_parameters(&given(&[("X", "1"), ("Q", "2")]))
        .unwrap_err();
    assert_eq!(
        lines(&problems),
        [
            "error: Parameters/X: a value is given, but the template has no such parameter",
            "1:14: error: Parameters/P: has no default and must be given a value",
        ]
    );
}

#[test]
fn wrong_declarations_are_told_with_their_place() {
    let text = "
Parameters:
  A: {Type: Strin}
  B: {Type: String, Default: c, AllowedValues: [a, b]}
  C: {Type: Number, MinValue: x, Default: five}
  D: {Type: String, AllowedPattern: '('}
  E: {Type: String, NoEcho: maybe, MinLength: -1}
  F: {Type: CommaDelimitedList, Default: [a]}
Resources: {R: {Type: T}}
";
    assert_eq!(
        lines(&parse_template(text).unwrap_err()),
        [
            "3:13: error: Parameters/A/Type: unknown parameter type `Strin`; did you mean `String`?",
            "4:30: error: Parameters/B/Default: `c` is none of the allowed values `a`, `b`",
            "5:31: error: Parameters/C/MinValue: must be a number, not `x`",
            "5:43: error: Parameters/C/Default: `five` is not a number",
            "6:37: error: Parameters/D/AllowedPattern: `(` is not a regular expression that is supported",
            "7:29: error: Parameters/E/NoEcho: must be a boolean, not `maybe`",
            "7:47: error: Parameters/E/MinLength: must be a whole number, not `-1`",
            "8:42: error: Parameters/F/Default: must be a literal text, not a list",
        ]
    );
}

#[test]
fn no_echo_values_are_not_shown() {
    let template = parsed("Parameters: {P: {Type: String, NoEcho: true}}\nResources: {R: {Type: T}}");
    let parameters = template.resolve_parameters(&given(&[("P", "hunter2")])).unwrap();
    assert!(parameters.is_no_echo("P"));
    assert!(!format!("{parameters:?}").contains("hunter2"));
    assert_eq!(parameters.text("P"), Some("hunter2"));
}
