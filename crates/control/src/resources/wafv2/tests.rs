//! Stacks with web ACLs: what `Ref` and `Fn::GetAtt` give, secrets inside rules, and associations that are replaced.

use std::sync::Arc;

use base64::{Engine, engine::general_purpose::STANDARD};
use portcullis_model::resources::{cloudformation::Stack, wafv2};
use portcullis_store::{Page, Store, kinds};

use crate::{
    services::wafv2::records::{Waf, sets},
    stacks::{StackRequest, Stacks, check},
    test_control::{memory, parts_over, scope},
};

const API: &str = r#"
  Api: {Type: AWS::ApiGateway::RestApi, Properties: {Name: a}}
  Get:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: GET
      AuthorizationType: NONE
      Integration: {Type: MOCK, RequestTemplates: {application/json: '{"statusCode": 200}'}, IntegrationResponses: [{StatusCode: '200'}]}
      MethodResponses: [{StatusCode: '200'}]
  Deployment: {Type: AWS::ApiGateway::Deployment, DependsOn: Get, Properties: {RestApiId: !Ref Api}}
  Stage: {Type: AWS::ApiGateway::Stage, Properties: {RestApiId: !Ref Api, DeploymentId: !Ref Deployment, StageName: prod}}
"#;

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

    async fn web_acls(&self) -> Vec<wafv2::WebAcl> {
        let parts = parts_over(Arc::clone(&self.store));
        let scope = scope();
        let waf = Waf {
            store: self.store.as_ref(),
            vault: &parts.vault,
            clock: parts.clock.as_ref(),
            entropy: parts.entropy.as_ref(),
            scope: &scope,
        };
        let mut all = Vec::new();
        for waf_scope in [wafv2::WafScope::Regional, wafv2::WafScope::CloudFront] {
            all.extend(waf.list(waf_scope, None, 100).await.unwrap().items);
        }
        all
    }

    async fn guarded(&self) -> Vec<(String, String)> {
        let kind = kinds::WEB_ACL_ASSOCIATION;
        let records = self.store.list(&scope(), kind, Page::all("")).await.unwrap();
        records
            .iter()
            .map(|record| serde_json::from_slice::<wafv2::WebAclAssociation>(&record.body).unwrap())
            .map(|found| (found.resource_arn, found.web_acl_arn))
            .collect()
    }
}

fn output<'s>(stack: &'s Stack, key: &str) -> &'s str {
    let mut outputs = stack.outputs.iter();
    &outputs
        .find(|output| output.output_key == key)
        .unwrap()
        .output_value
}

fn acl(logical_id: &str, more: &str) -> String {
    format!(
        "
  {logical_id}:
    Type: AWS::WAFv2::WebACL
    Properties:
      Name: {logical_id}
      Scope: REGIONAL
      DefaultAction: {{Allow: {{}}}}
      VisibilityConfig: {{SampledRequestsEnabled: true, CloudWatchMetricsEnabled: 'true', MetricName: m}}
{more}"
    )
}

fn association(acl: &str) -> String {
    format!(
        "
  Association:
    Type: AWS::WAFv2::WebACLAssociation
    Properties:
      ResourceArn: !Sub 'arn:aws:apigateway:${{AWS::Region}}::/restapis/${{Api}}/stages/${{Stage}}'
      WebACLArn: !GetAtt {acl}.Arn
"
    )
}

#[tokio::test]
async fn web_acl_with_a_secret_and_a_set_is_made_and_tells_neither() {
    let house = House::new();
    let rules = "
      Rules:
        - Name: verify
          Priority: '0'
          Action: {Allow: {}}
          VisibilityConfig: {SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: v}
          Statement:
            AndStatement:
              Statements:
                - ByteMatchStatement:
                    FieldToMatch: {SingleHeader: {Name: X-Origin-Verify}}
                    PositionalConstraint: EXACTLY
                    SearchString: !Join ['', ['{{resolve:secretsmanager:', !Ref Secret, ':SecretString:HEADERVALUE}}']]
                    TextTransformations: [{Priority: 0, Type: NONE}]
                - NotStatement: {Statement: {IPSetReferenceStatement: {Arn: !GetAtt Addresses.Arn}}}
";
    let template = format!(
        "Resources:{API}{}{}
  Secret:
    Type: AWS::SecretsManager::Secret
    Properties: {{GenerateSecretString: {{SecretStringTemplate: '{{}}', GenerateStringKey: HEADERVALUE, ExcludePunctuation: true}}}}
  Addresses:
    Type: AWS::WAFv2::IPSet
    Properties: {{Scope: REGIONAL, IPAddressVersion: IPV4, Addresses: [192.0.2.0/24]}}
  Words:
    Type: AWS::WAFv2::RegexPatternSet
    Properties: {{Scope: REGIONAL, RegularExpressionList: ['^a+$']}}
Outputs:
  Ref: {{Value: !Ref Acl}}
  Arn: {{Value: !GetAtt Acl.Arn}}
  Capacity: {{Value: !GetAtt Acl.Capacity}}
  Namespace: {{Value: !GetAtt Acl.LabelNamespace}}
  Set: {{Value: !Ref Addresses}}
",
        acl("Acl", rules),
        association("Acl"),
    );
    let stack = house.deploy(&template).await;
    assert_eq!(
        stack.stack_status, "CREATE_COMPLETE",
        "{:?}",
        stack.stack_status_reason
    );
    let acl = house.web_acls().await.remove(0);
    assert_eq!(output(&stack, "Ref"), format!("Acl|{}|REGIONAL", acl.id));
    assert_eq!(output(&stack, "Arn"), acl.arn);
    assert_eq!(output(&stack, "Capacity"), "3");
    assert_eq!(output(&stack, "Namespace"), "awswaf:000000000000:webacl:Acl:");
    assert!(output(&stack, "Set").starts_with("Addresses-"));
    assert!(output(&stack, "Set").ends_with("|REGIONAL"));
    assert_eq!(sets::references(&acl.rules).len(), 1);
    let search = acl.rules[0].pointer("/Statement/AndStatement/Statements/0/ByteMatchStatement/SearchString");
    let secret = String::from_utf8(STANDARD.decode(search.unwrap().as_str().unwrap()).unwrap()).unwrap();
    assert_eq!(secret.len(), 32);
    let (events, _) = house.stacks.events("quick", None, 1_000).await.unwrap();
    let told = format!("{events:?} {:?}", house.stacks.stack("quick").await.unwrap());
    assert!(!told.contains(&secret) && !told.contains(&STANDARD.encode(&secret)));
    let guarded = house.guarded().await;
    assert_eq!(guarded.len(), 1);
    assert_eq!(guarded[0].1, acl.arn);
    let started = house.stacks.delete("quick").await.unwrap().unwrap();
    assert_eq!(started.finish().await.unwrap().stack_status, "DELETE_COMPLETE");
    assert!(house.web_acls().await.is_empty());
    assert!(house.guarded().await.is_empty());
}

#[tokio::test]
async fn stage_keeps_its_guard_when_an_update_that_replaces_it_fails() {
    let house = House::new();
    let (first, second) = (acl("First", ""), acl("Second", ""));
    let template =
        |guard: &str, more: &str| format!("Resources:{API}{first}{second}{}{more}", association(guard));
    let stack = house.deploy(&template("First", "")).await;
    assert_eq!(
        stack.stack_status, "CREATE_COMPLETE",
        "{:?}",
        stack.stack_status_reason
    );
    let before = house.guarded().await;
    let failing = "
  Failing:
    Type: AWS::WAFv2::IPSet
    DependsOn: Association
    Properties: {Scope: REGIONAL, IPAddressVersion: IPV4, Addresses: [not-an-address]}
";
    let stack = house.deploy(&template("Second", failing)).await;
    assert_eq!(stack.stack_status, "UPDATE_ROLLBACK_COMPLETE");
    assert_eq!(house.guarded().await, before);
    let stack = house.deploy(&template("Second", "")).await;
    assert_eq!(
        stack.stack_status, "UPDATE_COMPLETE",
        "{:?}",
        stack.stack_status_reason
    );
    let after = house.guarded().await;
    assert_eq!((after.len(), &after[0].0), (1, &before[0].0));
    assert_ne!(after, before);
}

#[tokio::test]
async fn rules_change_in_place_and_what_cannot_be_served_rolls_back() {
    let house = House::new();
    let rule = |group: &str| {
        format!(
            "
      Rules:
        - Name: group
          Priority: 0
          OverrideAction: {{None: {{}}}}
          VisibilityConfig: {{SampledRequestsEnabled: true, CloudWatchMetricsEnabled: true, MetricName: g}}
          Statement: {{ManagedRuleGroupStatement: {{VendorName: AWS, Name: {group}}}}}
"
        )
    };
    let template = |more: &str| format!("Resources:{}", acl("Acl", more));
    house.deploy(&template("")).await;
    let before = house.web_acls().await.remove(0);
    assert!(before.rules.is_empty());
    let stack = house.deploy(&template(&rule("AWSManagedRulesSQLiRuleSet"))).await;
    assert_eq!(
        stack.stack_status, "UPDATE_COMPLETE",
        "{:?}",
        stack.stack_status_reason
    );
    let after = house.web_acls().await.remove(0);
    assert_eq!(
        (&after.id, after.rules.len(), after.capacity),
        (&before.id, 1, 200)
    );
    assert_ne!(after.lock_token, before.lock_token);
    let stack = house
        .deploy(&template(&rule("AWSManagedRulesBotControlRuleSet")))
        .await;
    assert_eq!(stack.stack_status, "UPDATE_ROLLBACK_COMPLETE");
    let (events, _) = house.stacks.events("quick", None, 1_000).await.unwrap();
    assert!(format!("{events:?}").contains("is not supported: there is AWSManagedRulesSQLiRuleSet"));
    assert_eq!(house.web_acls().await.remove(0).rules, after.rules);
}

#[test]
fn what_is_not_built_in_is_named_by_the_check() {
    let template = format!(
        "Resources:{}",
        acl(
            "Acl",
            "      CaptchaConfig: {}\n      TokenDomains: [a.example]\n"
        )
    );
    let problems: Vec<String> = check(&template, &Default::default())
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(problems.len(), 2, "{problems:?}");
}
