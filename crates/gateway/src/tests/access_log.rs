//! Access logs: each exchange of a stage with a format leaves one line, however it ends.

use super::*;

#[test]
fn each_exchange_of_the_stage_leaves_one_line_however_it_ends() {
    let format = "$context.requestId $context.status $context.resourcePath $context.error.responseType \
                  $context.integration.status $context.responseLength";
    let mut keyed = open(mock("x"));
    merge(&mut keyed, json!({"apiKeyRequired": true}));
    let world = World::with(
        json!({"resources": [
            resource("/x", json!({"GET": open(mock("hello"))})),
            resource("/keyed", json!({"GET": keyed})),
        ]}),
        json!({"accessLogSettings": {
            "destinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:/group", "format": format,
        }}),
    );
    for path in ["/prod/x", "/prod/keyed", "/prod/nowhere", "/other/x"] {
        world.get(path);
    }
    let lines = world.lines.0.lock().unwrap();
    let ends: Vec<&str> = lines
        .iter()
        .map(|(group, line)| {
            assert_eq!(&**group, "/group");
            line.split_once(' ').unwrap().1
        })
        .collect();
    // A stage that is not there has no log.
    assert_eq!(
        ends,
        [
            "200 /x - 200 5",
            "403 /keyed INVALID_API_KEY - 23",
            "403 - MISSING_AUTHENTICATION_TOKEN - 42",
        ]
    );
}

#[test]
fn line_tells_who_was_asked_and_what_failed() {
    let format = "$context.requestId $context.authorizer.status $context.authorizer.error $context.authenticate.status \
                  $context.authorize.status $context.integrationStatus $context.integration.error";
    let mut signed = open(mock("x"));
    merge(&mut signed, json!({"authorizationType": "AWS_IAM"}));
    let world = World::with(
        json!({"resources": [
            resource("/x", json!({"GET": open(mock("hello"))})),
            resource("/signed", json!({"GET": signed})),
        ]}),
        json!({"accessLogSettings": {
            "destinationArn": "arn:aws:logs:us-east-1:000000000000:log-group:/group", "format": format,
        }}),
    );
    for path in ["/prod/x", "/prod/signed"] {
        world.get(path);
    }
    let lines = world.lines.0.lock().unwrap();
    let ends: Vec<&str> = lines
        .iter()
        .map(|(_, line)| line.split_once(' ').unwrap().1)
        .collect();
    assert_eq!(ends, ["- - - - 200 -", "- - 403 - - -"]);
}
