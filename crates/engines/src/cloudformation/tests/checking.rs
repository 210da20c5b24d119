//! Every mistake at once, with line and column.

use super::*;

fn checked(text: &str, values: &[(&str, &str)]) -> Vec<String> {
    lines(&check_text(text, &schema_of, &given(values)))
}

#[test]
fn a_good_template_has_no_problem() {
    let text = "
Parameters:
  Name: {Type: String}
  Timeout: {Type: Number, Default: 100}
Conditions:
  Named: !Equals [!Ref Name, x]
Resources:
  Gate:
    Type: Test::Gate
    Properties:
      Name: !Ref Name
      Mode: !If [Named, OPEN, !Ref AWS::NoValue]
      Enabled: 'true'
      Status: 200
      Timeout: !Ref Timeout
      Scopes: !Split [',', !Ref Name]
      Headers: {a: yes}
      Document: {Version: 2012-10-17, Statement: [{Resource: !Sub '${AWS::Region}/*', Condition: {Bool: {x: true}}}]}
      Rules: [!If [Named, {Name: a}, {Name: b, Priority: '3'}]]
      Tags: [{Key: a, Value: !Ref AWS::StackName}]
Outputs:
  Arn: {Value: !GetAtt Gate.Arn, Export: {Name: !Sub '${AWS::StackName}-arn'}}
  Address: {Value: !Sub '${Gate.Endpoint.Address}'}
";
    assert_eq!(checked(text, &[]), [""; 0]);
    assert_eq!(checked(text, &[("Name", "x")]), [""; 0]);
}

#[test]
fn many_different_mistakes_are_all_listed() {
    let text = "AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Size: {Type: Number, Default: large}
Mappings:
  Names: {prod: {Gate: front}}
Resources:
  One:
    Type: Test::Gate
    Properties:
      Nam: front
      Mode: AJAR
      Timeout: soon
      Scopes: admin
      Status: !Ref Oen
  Two:
    Type: Test::Gatee
  Three:
    Type: Test::Gate
    DependsOn: Zero
    Condition: Never
    Properties:
      Name: !GetAtt One.Arm
      Status: !FindInMap [Names, test, Gate]
      Path: !Join ['-']
      Canary: {}
      Tracing: true
      Document: [1]
      Rule: {Priority: !Select [4, [1, 2]]}
  Four:
    Type: Test::Gate
    Properties: {Name: !Ref Five}
  Five:
    Type: Test::Gate
    Properties: {Name: !Sub '${Four}', Enabled: !Ref Flags}
Outputs:
  Out: {Value: [!Ref One]}
Output: {}
";
    let expected = [
        "3:33: error: Parameters/Size/Default: `large` is not a number",
        "7:3: error: Resources/One/Properties: the required property `Name` is missing",
        "10:7: error: Resources/One/Properties/Nam: unknown property; did you mean `Name`?",
        "11:13: error: Resources/One/Properties/Mode: `AJAR` is none of `OPEN`, `CLOSED`",
        "12:16: error: Resources/One/Properties/Timeout: must be a whole number, not `soon`",
        "13:15: error: Resources/One/Properties/Scopes: must be a list, not `admin`",
        "14:15: error: Resources/One/Properties/Status: there is no parameter or resource `Oen`; did you mean `One`?",
        "16:11: error: Resources/Two/Type: the resource type `Test::Gatee` is not supported",
        "19:16: error: Resources/Three/DependsOn: there is no resource `Zero`",
        "20:16: error: Resources/Three/Condition: there is no condition `Never`",
        "22:13: error: Resources/Three/Properties/Name: `Test::Gate` has no attribute `Arm`; did you mean `Arn`?",
        "23:34: error: Resources/Three/Properties/Status: the mapping `Names` has no key `test`",
        "24:13: error: Resources/Three/Properties/Path: `Fn::Join` wants a list of a delimiter and a list, not 1 items",
        "25:7: error: Resources/Three/Properties/Canary: is not supported: there are no canaries yet",
        "26:7: inert: Resources/Three/Properties/Tracing: has no effect here: nothing is traced",
        "27:17: error: Resources/Three/Properties/Document: must be an object or a text that holds JSON, not a list",
        "28:13: error: Resources/Three/Properties/Rule: the required property `Name` is missing",
        "28:24: error: Resources/Three/Properties/Rule/Priority: `Fn::Select` wants item 4 of a list of 2, counted from 0",
        "29:3: error: Resources/Four: circular dependency: `Four` -> `Five` -> `Four`",
        "34:49: error: Resources/Five/Properties/Enabled: there is no parameter or resource `Flags`",
        "36:16: error: Outputs/Out/Value: must be a text, not a list",
        "37:1: error: Output: unknown section; did you mean `Outputs`?",
    ];
    assert_eq!(checked(text, &[]), expected);
}

#[test]
fn what_depends_on_a_parameter_without_a_value_is_not_judged() {
    let text = "
Parameters: {Mode: {Type: String}, Wide: {Type: String}}
Conditions: {IsWide: !Equals [!Ref Wide, 'true']}
Resources:
  Gate:
    Type: Test::Gate
    Properties:
      Name: gate
      Mode: !Sub '${Mode}'
      Status: !If [IsWide, a, [b]]
  Gone:
    Type: Not::Here
    Condition: IsWide
";
    let not_text = "10:31: error: Resources/Gate/Properties/Status: must be a text, not a list";
    let mode = "9:13: error: Resources/Gate/Properties/Mode: `x` is none of `OPEN`, `CLOSED`";
    let gone = "12:11: error: Resources/Gone/Type: the resource type `Not::Here` is not supported";
    assert_eq!(checked(text, &[]), [not_text, gone]);
    assert_eq!(
        checked(text, &[("Mode", "x"), ("Wide", "false")]),
        [mode, not_text]
    );
    assert_eq!(checked(text, &[("Mode", "OPEN"), ("Wide", "true")]), [gone]);
}

#[test]
fn removed_required_property_is_missing() {
    let text = "
Resources:
  Gate: {Type: Test::Gate, Properties: {Name: !Ref AWS::NoValue}}
";
    let expected = ["3:3: error: Resources/Gate/Properties: the required property `Name` is missing"];
    assert_eq!(checked(text, &[]), expected);
}

#[test]
fn serverless_resource_says_that_the_transform_is_missing() {
    let text = "Transform: AWS::Serverless-2016-10-31\nResources: {F: {Type: AWS::Serverless::Function}}";
    let problems = checked(text, &[]);
    assert!(
        problems[0].contains("the SAM transform is not supported yet"),
        "{problems:?}"
    );
}

#[test]
fn equal_export_names_are_told() {
    let text = "
Resources: {Gate: {Type: Test::Gate, Properties: {Name: a}}}
Outputs:
  A: {Value: a, Export: {Name: x}}
  B: {Value: b, Export: {Name: x}}
";
    assert_eq!(
        checked(text, &[]),
        ["5:32: error: Outputs/B/Export/Name: the output `A` has the same export name"]
    );
}

#[test]
fn json_templates_are_checked_with_places_too() {
    let text = "{\n\t\"Resources\": {\n\t\t\"Gate\": {\"Type\": \"Test::Gate\", \"Properties\": {\"Name\": {\"Ref\": \"X\"}}}\n\t}\n}";
    let expected = ["3:57: error: Resources/Gate/Properties/Name: there is no parameter or resource `X`"];
    assert_eq!(checked(text, &[]), expected);
}
