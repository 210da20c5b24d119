//! Secrets in stacks: made, referred to, changed, rolled back; and never told.

use std::sync::Arc;

use portcullis_model::resources::{apigateway::RestApi, cloudformation::Stack};
use portcullis_store::{Page, Store, kinds, typed};

use super::*;
use crate::{
    stacks::{StackRequest, check},
    test_control::{memory, parts_over, scope},
};
use portcullis_vault::secrets::{NewSecret, NewValue, NewVersion, Written};

const HUNTER: &str = "hunter2-Zx9-correct-horse";

struct House {
    store: Arc<dyn Store>,
    stacks: Stacks,
}

impl House {
    fn new() -> Self {
        let store = memory();
        let stacks = Stacks::new(parts_over(Arc::clone(&store)), scope());
        Self { store, stacks }
    }

    async fn deploy(&self, template: &str) -> Stack {
        let request = StackRequest {
            stack_name: "quick".into(),
            template: Some(template.to_owned()),
            ..StackRequest::default()
        };
        self.stacks.deploy(request).await.unwrap()
    }

    async fn make(&self, name: &str, text: &str) -> Written {
        let new = NewSecret {
            name: name.into(),
            description: None,
            kms_key_id: None,
            tags: BTreeMap::new(),
            value: Some(value(text)),
        };
        self.stacks.secrets().create(&new).await.unwrap()
    }

    async fn change(&self, name: &str, text: &str) {
        let new = NewVersion {
            value: value(text),
            stages: None,
        };
        self.stacks.secrets().put_value(name, &new).await.unwrap();
    }

    async fn read(&self, id: &str) -> String {
        let opened = self.stacks.secrets().value(id, Wanted::default()).await.unwrap();
        String::from_utf8(opened.value.expose().to_vec()).unwrap()
    }

    async fn description(&self) -> String {
        let found =
            typed::list_json::<RestApi>(self.store.as_ref(), &scope(), kinds::REST_API, Page::all("")).await;
        found.unwrap().remove(0).value.description.unwrap_or_default()
    }

    /// Returns everything that a stack tells, and what its record holds when it is opened.
    async fn told(&self) -> String {
        let (events, _) = self.stacks.events("quick", None, 1000).await.unwrap();
        let record = self.stacks.record("quick").await.unwrap();
        let stack = self.stacks.stack("quick").await.unwrap();
        format!("{events:?} {record:?} {stack:?}")
    }

    async fn secrets_left(&self) -> usize {
        let mut left = 0;
        for kind in [kinds::SECRET, kinds::SECRET_VALUE] {
            left += self
                .store
                .list(&scope(), kind, Page::all(""))
                .await
                .unwrap()
                .len();
        }
        left
    }
}

fn value(text: &str) -> NewValue {
    NewValue {
        value: SecretValue::Text(SecretText::new(text.to_owned())),
        token: None,
    }
}

fn api(description: &str) -> String {
    format!(
        "Resources: {{Api: {{Type: 'AWS::ApiGateway::RestApi', Properties: {{Name: a, Description: {description}}}}}}}"
    )
}

fn secret(properties: &str) -> String {
    format!(
        "Resources: {{Key: {{Type: 'AWS::SecretsManager::Secret', Properties: {properties}}}}}\nOutputs: {{Arn: {{Value: !Ref Key}}, Id: {{Value: !GetAtt Key.Id}}}}"
    )
}

const JOINED: &str = r#"
Resources:
  Key:
    Type: AWS::SecretsManager::Secret
    Properties:
      GenerateSecretString:
        {SecretStringTemplate: '{"user": "admin", "password": "RandomHeader", "port": 3306}', GenerateStringKey: password, ExcludePunctuation: true}
  Api:
    Type: AWS::ApiGateway::RestApi
    Properties:
      Name: a
      Description: !Join ['', ['{{resolve:secretsmanager:', !Ref Key, ':SecretString:password}} for {{resolve:secretsmanager:', !Ref Key, ':SecretString:user}}@', !Sub '{{resolve:secretsmanager:${Key}:SecretString:port}}']]
Outputs: {Arn: {Value: !Ref Key}}
"#;

#[tokio::test]
async fn references_put_together_are_resolved_and_never_told() {
    let house = House::new();
    let stack = house.deploy(JOINED).await;
    assert_eq!(stack.stack_status, "CREATE_COMPLETE", "{}", house.told().await);
    let arn = stack.outputs[0].output_value.clone();
    let made: Value = serde_json::from_str(&house.read(&arn).await).unwrap();
    let password = made["password"].as_str().unwrap();
    assert_eq!(password.len(), 32);
    assert_eq!(house.description().await, format!("{password} for admin@3306"));
    let told = house.told().await;
    assert!(!told.contains(password), "the stack tells a secret");
    assert!(told.contains(&format!(
        "{{{{resolve:secretsmanager:{arn}:SecretString:password}}}} for "
    )));
    for kind in kinds::ALL.iter().filter(|kind| **kind != kinds::REST_API) {
        for record in house.store.list(&scope(), *kind, Page::all("")).await.unwrap() {
            assert!(
                !String::from_utf8_lossy(&record.body).contains(password),
                "{}",
                record.key
            );
        }
    }
    let gone = house.stacks.delete("quick").await.unwrap().unwrap();
    assert_eq!(gone.finish().await.unwrap().stack_status, "DELETE_COMPLETE");
    assert_eq!(house.secrets_left().await, 0);
}

#[tokio::test]
async fn changed_secret_changes_what_was_made_of_it() {
    let house = House::new();
    house.make("s", HUNTER).await;
    let template = api("'is {{resolve:secretsmanager:s}}'");
    house.deploy(&template).await;
    assert_eq!(house.description().await, format!("is {HUNTER}"));
    assert_eq!(
        house.deploy(&template).await.last_updated_time,
        None,
        "nothing has changed"
    );
    house.change("s", "another-value-altogether").await;
    let stack = house.deploy(&template).await;
    assert_eq!(stack.stack_status, "UPDATE_COMPLETE");
    assert_eq!(house.description().await, "is another-value-altogether");
    let previous = api("'is {{resolve:secretsmanager:s:SecretString::AWSPREVIOUS}}'");
    house.deploy(&previous).await;
    assert_eq!(house.description().await, format!("is {HUNTER}"));
    let told = house.told().await;
    assert!(
        !told.contains(HUNTER) && !told.contains("another-value"),
        "{told}"
    );
}

#[tokio::test]
async fn rollback_goes_back_to_the_version_that_was_there() {
    let house = House::new();
    house.make("s", HUNTER).await;
    let good = api("'is {{resolve:secretsmanager:s}}'");
    house.deploy(&good).await;
    house.change("s", "another-value-altogether").await;
    let bad = good.replace(
        "Resources: {",
        "Resources: {Bad: {Type: 'AWS::SecretsManager::Secret', DependsOn: Api, Properties: {GenerateSecretString: {GenerateStringKey: k}}}, ",
    );
    let stack = house.deploy(&bad).await;
    assert_eq!(stack.stack_status, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(house.description().await, format!("is {HUNTER}"));
    let told = house.told().await;
    assert!(told.contains("go together"), "{told}");
    assert!(
        !told.contains(HUNTER) && !told.contains("another-value"),
        "{told}"
    );
}

#[tokio::test]
async fn reference_that_gives_nothing_says_why() {
    let cases = [
        (
            "'{{resolve:secretsmanager:none}}'",
            "Secrets Manager can't find the specified secret.",
        ),
        (
            "'{{resolve:secretsmanager:plain:SecretString:key}}'",
            "the secret is not a JSON object, so it has no key `key`",
        ),
        (
            "'{{resolve:secretsmanager:json:SecretString:none}}'",
            "the secret has no key `none`",
        ),
        (
            "'{{resolve:secretsmanager:json:SecretString:list}}'",
            "holds no text, number or boolean",
        ),
        (
            "'{{resolve:secretsmanager:json:SecretString::AWSPENDING}}'",
            "staging label: AWSPENDING",
        ),
        (
            "!Join ['', ['{{resolve:', 'ssm:p:1}}']]",
            "is not supported: there is no parameter store here",
        ),
        (
            "!Join ['', ['{{resolve:', 'ssm-secure:p:1}}']]",
            "is not supported: there is no parameter store here",
        ),
    ];
    for (description, expected) in cases {
        let house = House::new();
        house.make("plain", HUNTER).await;
        house
            .make("json", &format!(r#"{{"password": "{HUNTER}", "list": []}}"#))
            .await;
        let stack = house.deploy(&api(description)).await;
        let told = house.told().await;
        assert_eq!(stack.stack_status, "ROLLBACK_COMPLETE", "{told}");
        assert!(told.contains(expected), "{description}: {told}");
        assert!(!told.contains(HUNTER), "{told}");
    }
}

#[tokio::test]
async fn refusal_never_repeats_a_secret() {
    let reference = "'{{resolve:secretsmanager:s}}'";
    let cases = [
        // A shape that the value does not have.
        (secret(&format!("{{GenerateSecretString: {{PasswordLength: {reference}}}}}")), "does not fit this property"),
        // A name that would carry the value around.
        (secret(&format!("{{Name: {reference}}}")), "part of the resource's identifier"),
        // An error whose message quotes a value.
        (
            "Resources: {Pool: {Type: 'AWS::Cognito::UserPool'}, Domain: {Type: 'AWS::Cognito::UserPoolDomain', Properties: {UserPoolId: !Ref Pool, Domain: '{{resolve:secretsmanager:s}}'}}}".to_owned(),
            "Domain",
        ),
        ("Resources: {Pool: {Type: 'AWS::Cognito::UserPoolUser', Properties: {UserPoolId: '{{resolve:secretsmanager:s}}', Username: u}}}".to_owned(), "Pool"),
    ];
    for (template, expected) in cases {
        let house = House::new();
        house.make("s", HUNTER).await;
        let stack = house.deploy(&template).await;
        let told = house.told().await;
        assert_eq!(stack.stack_status, "ROLLBACK_COMPLETE", "{told}");
        assert!(told.contains(expected), "{template}: {told}");
        assert!(!told.contains(HUNTER), "{template}: {told}");
        assert_eq!(house.secrets_left().await, 2, "only what was there before");
    }
}

#[test]
fn check_finds_references_where_they_may_not_be() {
    let cases = [
        (api("'{{resolve:ssm:p:1}}'"), "there is no parameter store here"),
        (
            api("'{{resolve:secretsmanager:s:SecretBinary}}'"),
            "`SecretString`",
        ),
        (
            format!(
                "{}\nOutputs: {{O: {{Value: '{{{{resolve:secretsmanager:s}}}}'}}}}",
                api("x")
            ),
            "not allowed in outputs",
        ),
        (
            format!(
                "{}\nOutputs: {{O: {{Value: !Sub '${{Api}} {{{{resolve:secretsmanager:s}}}}'}}}}",
                api("x")
            ),
            "not allowed in outputs",
        ),
        (
            format!(
                "Parameters: {{P: {{Type: String, Default: '{{{{resolve:secretsmanager:s}}}}'}}}}\n{}",
                api("!Ref P")
            ),
            "not allowed in parameters",
        ),
        (
            secret("{SecretString: a, GenerateSecretString: {}}"),
            "excludes `GenerateSecretString`",
        ),
        (secret("{ReplicaRegions: []}"), "one region is served"),
        (
            "Resources: {R: {Type: 'AWS::SecretsManager::RotationSchedule', Properties: {SecretId: s}}}"
                .into(),
            "`AWS::SecretsManager::RotationSchedule` is not supported",
        ),
    ];
    for (template, expected) in cases {
        let problems = check(&template, &BTreeMap::new());
        let said: Vec<String> = problems.iter().map(ToString::to_string).collect();
        assert!(
            said.iter().any(|problem| problem.contains(expected)),
            "{template}: {said:?}"
        );
    }
    let length = secret(
        "{GenerateSecretString: {PasswordLength: '{{resolve:secretsmanager:s:SecretString:length}}'}}",
    );
    assert_eq!(
        check(&length, &BTreeMap::new()),
        [],
        "what the reference gives is not known yet"
    );
}

#[tokio::test]
async fn output_put_together_to_a_reference_fails() {
    let house = House::new();
    house.make("s", HUNTER).await;
    let template = format!(
        "{}\nOutputs: {{O: {{Value: !Join ['', ['{{{{resolve:', 'secretsmanager:s}}}}']]}}}}",
        api("x")
    );
    assert_eq!(house.deploy(&template).await.stack_status, "ROLLBACK_COMPLETE");
    let told = house.told().await;
    assert!(
        told.contains("not allowed in outputs") && !told.contains(HUNTER),
        "{told}"
    );
}

#[tokio::test]
async fn secret_of_a_stack_changes_by_its_rules() {
    let house = House::new();
    let stack = house.deploy(&secret("{GenerateSecretString: {ExcludePunctuation: true}, Description: one, Tags: [{Key: a, Value: b}]}")).await;
    let arn = stack.outputs[0].output_value.clone();
    assert_eq!(stack.outputs[1].output_value, arn);
    assert!(
        arn.starts_with("arn:aws:secretsmanager:us-east-1:000000000000:secret:Key-"),
        "{arn}"
    );
    let first = house.read(&arn).await;
    let same_value = "{GenerateSecretString: {ExcludePunctuation: true}, Description: two}";
    assert_eq!(
        house.deploy(&secret(same_value)).await.outputs[0].output_value,
        arn
    );
    assert_eq!(
        house.read(&arn).await,
        first,
        "only what says another value makes one"
    );
    let described = house.stacks.secrets().find(&arn).await.unwrap();
    assert_eq!(
        (described.description.as_deref(), described.tags.len()),
        (Some("two"), 0)
    );
    house
        .deploy(&secret(
            "{GenerateSecretString: {ExcludePunctuation: true, PasswordLength: '12'}}",
        ))
        .await;
    let second = house.read(&arn).await;
    assert_eq!((second.len(), second == first), (12, false));
    house.deploy(&secret("{SecretString: mine}")).await;
    assert_eq!(house.read(&arn).await, "mine");
    let named = house
        .deploy(&secret("{SecretString: mine, Name: team/named}"))
        .await;
    let other = named.outputs[0].output_value.clone();
    assert!(other != arn && other.contains(":secret:team/named-"));
    assert!(
        house
            .stacks
            .secrets()
            .find(&arn)
            .await
            .unwrap_err()
            .is_not_found()
    );
    assert_eq!(house.secrets_left().await, 2);
}
