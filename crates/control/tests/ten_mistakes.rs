//! The example with ten mistakes, checked against the schemas of the resources.

use std::collections::BTreeMap;

use portcullis_control::resources::schema;
use portcullis_engines::cloudformation::check_text;

const TEMPLATE: &str = include_str!("../../../examples/ten-mistakes/template.yaml");

#[test]
fn all_ten_mistakes_are_listed_with_their_place() {
    let problems = check_text(TEMPLATE, &schema, &BTreeMap::new());
    let found: Vec<String> = problems
        .iter()
        .filter(|problem| problem.is_error())
        .map(ToString::to_string)
        .collect();
    let expected = [
        "8:14: error: Parameters/Stage/Default: `live` is none of the allowed values `test`, `prod`",
        "22:7: error: Resources/People/Properties/UserPoolNam: unknown property; did you mean `UserPoolName`?",
        "25:26: error: Resources/People/Properties/Policies/PasswordPolicy/MinimumLength: must be between 6 and 99, not 4",
        "30:19: error: Resources/App/Properties/UserPoolId: there is no parameter or resource `Persons`",
        "31:51: error: Resources/App/Properties/AccessTokenValidity: the mapping `Lifetimes` has no key `dev`",
        "39:3: error: Resources/Hello/Properties: the required property `PathPart` is missing",
        "43:17: error: Resources/Hello/Properties/ParentId: `AWS::ApiGateway::RestApi` has no attribute `RootResource`; did you mean `RootResourceId`?",
        "47:16: error: Resources/GetHello/Condition: there is no condition `IsProduction`",
        "55:3: error: Resources/Deployment: circular dependency: `Deployment` -> `Live` -> `Deployment`",
        "70:12: error: Outputs/Url/Value: `Fn::Sub` wants a list of a text and an object of variables, not 1 items",
    ];
    assert_eq!(found, expected);
}
