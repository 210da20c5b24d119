//! The two templates of the laboratory, byte for byte, through reading, planning and evaluation.

use super::*;

fn template(name: &str) -> Option<String> {
    let Some(folder) = std::env::var_os("PORTCULLIS_LAB") else {
        println!("SKIPPED: PORTCULLIS_LAB is not set");
        return None;
    };
    Some(std::fs::read_to_string(std::path::Path::new(&folder).join(name)).unwrap())
}

#[test]
fn base_template_evaluates_in_order() {
    let Some(text) = template("section1-base.yaml") else {
        return;
    };
    let template = parsed(&text);
    assert_eq!(template.resources.len(), 39);
    let values = run(&text, &[("SBucketName", "bucket")]).unwrap();
    let position = |name: &str| values.iter().position(|(id, _)| id == name).unwrap();
    assert!(position("WARDSInstanceRotationSecret") < position("WADBInstance"));
    assert!(position("WADBInstance") < position("SecretRDSInstanceAttachment"));
    assert!(position("apiGatewayRootMethod") < position("apiGatewayDeployment"));
    let of = |name: &str| &values[position(name)].1;
    assert_eq!(of("WAprivateDBSubnet2")["AvailabilityZone"], "eu-west-1b");
    assert_eq!(
        of("APIGatewayURL"),
        "https://x-apiGateway.execute-api.eu-west-1.amazonaws.com/Dev/?id=1"
    );
    assert_eq!(
        of("apiGatewayRootMethod")["Integration"]["Uri"],
        "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/a-LambdaRDSTest-Arn/invocations"
    );
    let found = find_dynamic_references(of("WADBInstance"));
    let reference = "{{resolve:secretsmanager:x-WARDSInstanceRotationSecret:SecretString:password}}";
    assert_eq!(found, [("MasterUserPassword".to_owned(), reference.to_owned())]);
    let tolerated = lines(&template.problems);
    assert!(
        tolerated
            .iter()
            .any(|line| line.contains("InvokeLambdaRDSCreateTable/Version")),
        "{tolerated:?}"
    );
}

#[test]
fn security_template_evaluates_with_last_key_and_warnings() {
    let Some(text) = template("section3-enhance_security.yaml") else {
        return;
    };
    let template = parsed(&text);
    assert_eq!(template.resources.len(), 13);
    let problems = lines(&template.problems);
    assert!(
        problems[0].starts_with("67:7: warning: UserPoolId: this key is also at line 48"),
        "{problems:?}"
    );
    assert!(
        problems[1].contains("OriginVerifyHeader/Description"),
        "{problems:?}"
    );
    assert_eq!(problems.len(), 2, "{problems:?}");
    let url = "https://abcdefghij.execute-api.eu-west-1.amazonaws.com/Dev/?id=1";
    let values = run(&text, &[("SBucketName", "bucket"), ("ApiGatewayURL", url)]).unwrap();
    let of = |name: &str| &values.iter().find(|(id, _)| id == name).unwrap().1;
    assert_eq!(
        of("wafAPIGWAssociation")["ResourceArn"],
        "arn:aws:apigateway:eu-west-1::/restapis/abcdefghij/stages/Dev"
    );
    assert_eq!(
        of("WACognitoUserPoUserPoolDomain")["Domain"],
        "walab-0b5f7e5c-9d1a-4c55-8f0e-2f7a0e1d2c3b"
    );
    assert_eq!(of("wafACLR")["Rules"][0]["Priority"], "0");
    let version = &of("OriginSecretRotateExecutionRole")["AssumeRolePolicyDocument"]["Version"];
    assert_eq!(version, "2012-10-17");
}
