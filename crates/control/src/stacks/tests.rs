//! Stacks whole, in process: made, changed, rolled back, deleted, and killed at every commit.

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicUsize, Ordering},
};

use portcullis_model::{
    Scope,
    resources::{
        apigateway::{Deployment, RequestValidator, Resource, RestApi, Stage as ApiStage},
        cloudformation::Stack,
    },
};
use portcullis_store::{
    Answer, Batch, Change, Committed, Kind, Page, Record, RecordKey, Store, StoreError, kinds, typed,
};

use super::*;
use crate::test_control::{memory, parts_over, scope};

const QUICKSTART: &str = include_str!("../../../../examples/quickstart/template.yaml");
const REVERSE_PROXY: &str = include_str!("../../../../examples/reverse-proxy/template.yaml");

const EVERYTHING: [Kind; 14] = [
    kinds::REST_API,
    kinds::API_RESOURCE,
    kinds::API_AUTHORIZER,
    kinds::API_MODEL,
    kinds::API_REQUEST_VALIDATOR,
    kinds::API_GATEWAY_RESPONSE,
    kinds::API_DEPLOYMENT,
    kinds::API_STAGE,
    kinds::USER_POOL,
    kinds::USER_POOL_CLIENT,
    kinds::RESOURCE_SERVER,
    kinds::USER_POOL_DOMAIN,
    kinds::GROUP,
    kinds::USER,
];

fn over(store: &Arc<dyn Store>) -> Stacks {
    Stacks::new(parts_over(Arc::clone(store)), scope())
}

fn request(template: &str) -> StackRequest {
    StackRequest {
        stack_name: "quick".into(),
        template: Some(template.to_owned()),
        ..StackRequest::default()
    }
}

async fn left(store: &Arc<dyn Store>) -> Vec<String> {
    let mut left = Vec::new();
    for kind in EVERYTHING {
        let records = store.list(&scope(), kind, Page::all("")).await.unwrap();
        left.extend(records.iter().map(|record| record.key.to_string()));
    }
    left
}

async fn all<T: serde::de::DeserializeOwned>(store: &Arc<dyn Store>, kind: Kind) -> Vec<T> {
    let found = typed::list_json::<T>(store.as_ref(), &scope(), kind, Page::all("")).await;
    found.unwrap().into_iter().map(|found| found.value).collect()
}

fn output(stack: &Stack, key: &str) -> String {
    let output = stack.outputs.iter().find(|output| output.output_key == key);
    output
        .map(|output| output.output_value.clone())
        .unwrap_or_default()
}

/// Lets so many commits through, then none: the program dies there.
struct Dying {
    below: Arc<dyn Store>,
    left: AtomicUsize,
}

impl Dying {
    fn after(below: &Arc<dyn Store>, commits: usize) -> Arc<dyn Store> {
        Arc::new(Self {
            below: Arc::clone(below),
            left: AtomicUsize::new(commits),
        })
    }
}

impl Store for Dying {
    fn read<'a>(&'a self, key: &'a RecordKey) -> Answer<'a, Option<Record>> {
        self.below.read(key)
    }
    fn list<'a>(&'a self, scope: &'a Scope, kind: Kind, page: Page) -> Answer<'a, Vec<Record>> {
        self.below.list(scope, kind, page)
    }
    fn list_everywhere(&self, kind: Kind) -> Answer<'_, Vec<Record>> {
        self.below.list_everywhere(kind)
    }
    fn scopes(&self, kind: Kind) -> Answer<'_, Vec<portcullis_model::Scope>> {
        self.below.scopes(kind)
    }
    fn find<'a>(&'a self, kind: Kind, name: &'static str, value: &'a str) -> Answer<'a, Vec<RecordKey>> {
        self.below.find(kind, name, value)
    }
    fn commit(&self, batch: Batch) -> Answer<'_, Committed> {
        let alive = self
            .left
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match alive {
            Ok(_) => self.below.commit(batch),
            Err(_) => Box::pin(async { Err(StoreError::Failed("killed".into())) }),
        }
    }
    fn changes_since(&self, sequence: u64, limit: usize) -> Answer<'_, Vec<Change>> {
        self.below.changes_since(sequence, limit)
    }
    fn sequence(&self) -> Answer<'_, u64> {
        self.below.sequence()
    }
}

#[test]
fn examples_have_no_problems() {
    for template in [QUICKSTART, REVERSE_PROXY] {
        let problems = check(template, &BTreeMap::new());
        let bad: Vec<String> = problems
            .iter()
            .filter(|problem| problem.severity != portcullis_model::Severity::Inert)
            .map(ToString::to_string)
            .collect();
        assert_eq!(bad, Vec::<String>::new());
    }
}

#[tokio::test]
async fn quickstart_is_made_whole() {
    let store = memory();
    let events = Arc::new(Mutex::new(Vec::new()));
    let heard = Arc::clone(&events);
    let progress: Progress = Arc::new(move |event: &StackEvent| {
        heard
            .lock()
            .unwrap()
            .push(format!("{} {}", event.logical_resource_id, event.resource_status));
    });
    let stack = over(&store)
        .with_progress(progress)
        .deploy(request(QUICKSTART))
        .await
        .unwrap();
    assert_eq!(
        stack.stack_status, "CREATE_COMPLETE",
        "{:?}",
        stack.stack_status_reason
    );
    let api = output(&stack, "ApiId");
    assert_eq!(
        output(&stack, "HelloUrl"),
        format!("https://{api}.execute-api.us-east-1.amazonaws.com/prod/hello")
    );
    assert!(output(&stack, "UserPoolId").starts_with("us-east-1_"));
    let deployment = all::<Deployment>(&store, kinds::API_DEPLOYMENT).await.remove(0);
    let hello = deployment
        .image
        .resources
        .iter()
        .find(|resource| resource.path == "/hello")
        .unwrap();
    assert!(hello.methods["GET"].integration.is_some());
    let events = events.lock().unwrap().clone();
    assert_eq!(events.first().unwrap(), "quick CREATE_IN_PROGRESS");
    assert_eq!(events.last().unwrap(), "quick CREATE_COMPLETE");
    let (newest, _) = over(&store).events("quick", None, 3).await.unwrap();
    assert_eq!(newest[0].resource_status, "CREATE_COMPLETE");
    assert_eq!(newest[0].logical_resource_id, "quick");
}

#[tokio::test]
async fn reverse_proxy_is_made_whole() {
    let store = memory();
    let stack = over(&store).deploy(request(REVERSE_PROXY)).await.unwrap();
    assert_eq!(
        stack.stack_status, "CREATE_COMPLETE",
        "{:?}",
        stack.stack_status_reason
    );
}

#[tokio::test]
async fn update_of_one_property_changes_one_thing() {
    let store = memory();
    over(&store).deploy(request(QUICKSTART)).await.unwrap();
    let before = over(&store).record("quick").await.unwrap();
    let changed = QUICKSTART.replace("MinimumLength: 12", "MinimumLength: 14");
    let stack = over(&store).deploy(request(&changed)).await.unwrap();
    assert_eq!(
        stack.stack_status, "UPDATE_COMPLETE",
        "{:?}",
        stack.stack_status_reason
    );
    for (id, resource) in &before.stack.resources {
        let now = &stack.resources[id];
        assert_eq!(now.physical_resource_id, resource.physical_resource_id);
        assert_eq!(now.resource_status == "UPDATE_COMPLETE", id == "Pool", "{id}");
    }
    let again = over(&store).update(request(&changed)).await.err().unwrap();
    assert_eq!(again.message, "No updates are to be performed.");
}

#[tokio::test]
async fn replacement_makes_the_new_before_the_old_goes() {
    let store = memory();
    let first = over(&store).deploy(request(QUICKSTART)).await.unwrap();
    let changed = QUICKSTART
        .replace("PathPart: hello", "PathPart: hallo")
        .replace("GetHello", "GetHallo");
    let stack = over(&store).deploy(request(&changed)).await.unwrap();
    assert_eq!(
        stack.stack_status, "UPDATE_COMPLETE",
        "{:?}",
        stack.stack_status_reason
    );
    assert_ne!(
        first.resources["Hello"].reference,
        stack.resources["Hello"].reference
    );
    let paths: Vec<String> = all::<Resource>(&store, kinds::API_RESOURCE)
        .await
        .into_iter()
        .map(|one| one.path)
        .collect();
    assert!(
        paths.contains(&"/hallo".to_owned()) && !paths.contains(&"/hello".to_owned()),
        "{paths:?}"
    );
}

#[tokio::test]
async fn failure_in_the_middle_leaves_nothing() {
    let store = memory();
    let broken = QUICKSTART.replace(
        "ProviderARNs:\n        - !GetAtt Pool.Arn",
        "ProviderARNs:\n        - not-an-arn",
    );
    let stack = over(&store).deploy(request(&broken)).await.unwrap();
    assert_eq!(
        stack.stack_status, "ROLLBACK_COMPLETE",
        "{:?}",
        stack.stack_status_reason
    );
    assert_eq!(left(&store).await, Vec::<String>::new());
    let fixed = over(&store).deploy(request(QUICKSTART)).await.unwrap();
    assert_eq!(fixed.stack_status, "CREATE_COMPLETE");
}

#[tokio::test]
async fn failed_update_puts_everything_back() {
    let store = memory();
    let first = over(&store).deploy(request(QUICKSTART)).await.unwrap();
    let before = (left(&store).await, all::<RestApi>(&store, kinds::REST_API).await);
    let broken = QUICKSTART
        .replace("MinimumLength: 12", "MinimumLength: 14")
        .replace("Name: !Sub ${AWS::StackName}-api", "Name: another")
        .replace("PathPart: hello", "PathPart: hallo")
        .replace("HttpMethod: GET", "HttpMethod: GET\n      OperationName: cannot")
        .replace(
            "DependsOn: GetHello\n    Properties:\n",
            "DependsOn: GetHello\n    Properties:\n      StageName: extra\n",
        )
        .replace("  Deployment:", "  Deployment2:")
        .replace("!Ref Deployment", "!Ref Deployment2");
    let stack = over(&store).deploy(request(&broken)).await.unwrap();
    assert_eq!(
        stack.stack_status, "UPDATE_ROLLBACK_COMPLETE",
        "{:?}",
        stack.stack_status_reason
    );
    assert_eq!(stack.template, QUICKSTART);
    for (id, resource) in &first.resources {
        assert_eq!(stack.resources[id].properties, resource.properties, "{id}");
        assert_eq!(stack.resources[id].reference, resource.reference, "{id}");
    }
    assert_eq!(
        (left(&store).await, all::<RestApi>(&store, kinds::REST_API).await),
        before
    );
}

#[tokio::test]
async fn deletion_leaves_the_deleted_stack_only() {
    let store = memory();
    let stack = over(&store).deploy(request(QUICKSTART)).await.unwrap();
    let stacks = over(&store);
    let gone = stacks
        .delete("quick")
        .await
        .unwrap()
        .unwrap()
        .finish()
        .await
        .unwrap();
    assert_eq!(
        gone.stack_status, "DELETE_COMPLETE",
        "{:?}",
        gone.stack_status_reason
    );
    assert_eq!(left(&store).await, Vec::<String>::new());
    let missing = stacks.stack("quick").await.unwrap_err();
    assert_eq!(missing.message, "Stack with id quick does not exist");
    assert_eq!(
        stacks.stack(stack.stack_id.as_str()).await.unwrap().stack_status,
        "DELETE_COMPLETE"
    );
    assert!(stacks.delete("quick").await.unwrap().is_none());
    assert_eq!(
        stacks.deploy(request(QUICKSTART)).await.unwrap().stack_status,
        "CREATE_COMPLETE"
    );
}

#[tokio::test]
async fn killed_at_any_commit_of_a_creation_no_half_stack_stays() {
    for commits in 0.. {
        let store = memory();
        let outcome = over(&Dying::after(&store, commits))
            .deploy(request(QUICKSTART))
            .await;
        if outcome.is_ok() {
            assert!(
                commits > 10,
                "a stack of nine resources has more commits than {commits}"
            );
            return;
        }
        Stacks::recover(&parts_over(Arc::clone(&store)), None)
            .await
            .unwrap();
        match over(&store).stack("quick").await {
            Ok(stack) if stack.stack_status == "CREATE_COMPLETE" => {}
            Ok(stack) => {
                assert_eq!(stack.stack_status, "ROLLBACK_COMPLETE", "after {commits} commits");
                assert_eq!(
                    left(&store).await,
                    Vec::<String>::new(),
                    "after {commits} commits"
                );
            }
            Err(_) => assert_eq!(commits, 0),
        }
    }
}

#[tokio::test]
async fn killed_at_any_commit_of_an_update_it_is_old_or_new() {
    let changed = QUICKSTART
        .replace("MinimumLength: 12", "MinimumLength: 14")
        .replace("PathPart: hello", "PathPart: hallo")
        .replace("  Deployment:", "  Deployment2:")
        .replace("!Ref Deployment", "!Ref Deployment2");
    for commits in 0.. {
        let store = memory();
        let first = over(&store).deploy(request(QUICKSTART)).await.unwrap();
        let count = left(&store).await.len();
        let outcome = over(&Dying::after(&store, commits))
            .deploy(request(&changed))
            .await;
        let died = outcome.is_err();
        Stacks::recover(&parts_over(Arc::clone(&store)), None)
            .await
            .unwrap();
        let stack = over(&store).stack("quick").await.unwrap();
        let is_new = stack.stack_status == "UPDATE_COMPLETE";
        let is_old = ["CREATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"].contains(&stack.stack_status.as_str());
        assert!(
            is_new || is_old,
            "after {commits} commits: {} {:?}",
            stack.stack_status,
            stack.stack_status_reason
        );
        assert_eq!(
            left(&store).await.len(),
            count,
            "after {commits} commits: {}",
            stack.stack_status
        );
        let stage = all::<ApiStage>(&store, kinds::API_STAGE).await.remove(0);
        let deployment = if is_new { "Deployment2" } else { "Deployment" };
        assert_eq!(
            stage.deployment_id.as_str(),
            stack.resources[deployment].reference
        );
        if is_old {
            assert_eq!(
                stack.resources["Hello"].reference,
                first.resources["Hello"].reference
            );
        }
        if !died {
            return;
        }
    }
}

#[tokio::test]
async fn killed_at_any_commit_of_a_deletion_it_is_completed() {
    for commits in 0.. {
        let store = memory();
        over(&store).deploy(request(QUICKSTART)).await.unwrap();
        let dying = over(&Dying::after(&store, commits));
        let outcome = match dying.delete("quick").await {
            Ok(Some(started)) => started.finish().await.is_ok(),
            _ => false,
        };
        Stacks::recover(&parts_over(Arc::clone(&store)), None)
            .await
            .unwrap();
        if commits > 0 {
            assert!(
                over(&store).stack("quick").await.is_err(),
                "after {commits} commits"
            );
            assert_eq!(
                left(&store).await,
                Vec::<String>::new(),
                "after {commits} commits"
            );
        }
        if outcome {
            return;
        }
    }
}

const EXPORTING: &str = "
Resources:
  Api: {Type: 'AWS::ApiGateway::RestApi', Properties: {Name: one}}
Outputs:
  Id: {Value: !Ref Api, Export: {Name: api-id}}
";
const IMPORTING: &str = "
Resources:
  Model:
    Type: AWS::ApiGateway::Model
    Properties: {RestApiId: !ImportValue api-id, Name: Pet, ContentType: application/json, Schema: {type: object}}
";

#[tokio::test]
async fn export_in_use_can_neither_go_nor_change() {
    let store = memory();
    let stacks = over(&store);
    let named = |name: &str, template: &str| StackRequest {
        stack_name: name.into(),
        ..request(template)
    };
    stacks.deploy(named("one", EXPORTING)).await.unwrap();
    let two = stacks.deploy(named("two", IMPORTING)).await.unwrap();
    assert_eq!(
        two.stack_status, "CREATE_COMPLETE",
        "{:?}",
        two.stack_status_reason
    );
    let refused = stacks.delete("one").await.err().unwrap();
    assert_eq!(
        refused.message,
        "Export api-id cannot be deleted as it is in use by two"
    );
    let changed = EXPORTING.replace("!Ref Api,", "another,");
    let stack = stacks.deploy(named("one", &changed)).await.unwrap();
    assert_eq!(stack.stack_status, "UPDATE_ROLLBACK_COMPLETE");
    let same = stacks.deploy(named("three", EXPORTING)).await.unwrap();
    assert_eq!(same.stack_status, "ROLLBACK_COMPLETE");
    assert_eq!(stacks.list_exports(None, 10).await.unwrap().0.len(), 1);
    stacks
        .delete("two")
        .await
        .unwrap()
        .unwrap()
        .finish()
        .await
        .unwrap();
    let one = stacks
        .delete("one")
        .await
        .unwrap()
        .unwrap()
        .finish()
        .await
        .unwrap();
    assert_eq!(one.stack_status, "DELETE_COMPLETE");
    assert!(stacks.list_exports(None, 10).await.unwrap().0.is_empty());
}

#[tokio::test]
async fn secrets_stand_sealed_and_are_not_shown() {
    let template = "
Parameters:
  Name: {Type: String, NoEcho: true}
Resources:
  Api: {Type: 'AWS::ApiGateway::RestApi', Properties: {Name: plain, Description: 'about it'}}
";
    let store = memory();
    let stacks = over(&store);
    let mut request = request(template);
    request.parameters.insert("Name".into(), "hush-hush".into());
    stacks.deploy(request).await.unwrap();
    let stack = stacks.stack("quick").await.unwrap();
    assert_eq!(stack.parameters["Name"], "****");
    let records = store.list(&scope(), kinds::STACK, Page::all("")).await.unwrap();
    assert!(!String::from_utf8_lossy(&records[0].body).contains("hush-hush"));
}

#[tokio::test]
async fn stage_of_a_deployment_comes_and_goes_with_it() {
    let template = QUICKSTART
        .replace("  Stage:\n    Type: AWS::ApiGateway::Stage\n    Properties:\n      RestApiId: !Ref Api\n      DeploymentId: !Ref Deployment\n      StageName: prod\n", "")
        .replace("DependsOn: GetHello\n    Properties:\n", "DependsOn: GetHello\n    Properties:\n      StageName: prod\n      StageDescription: {Variables: {color: blue}}\n")
        .replace("/${Stage}/", "/prod/");
    let store = memory();
    let stack = over(&store).deploy(request(&template)).await.unwrap();
    assert_eq!(
        stack.stack_status, "CREATE_COMPLETE",
        "{:?}",
        stack.stack_status_reason
    );
    let stage = all::<ApiStage>(&store, kinds::API_STAGE).await.remove(0);
    assert_eq!(stage.variables["color"], "blue");
    let again = template.replace("  Deployment:", "  Deployment2:");
    let stack = over(&store).deploy(request(&again)).await.unwrap();
    let stage = all::<ApiStage>(&store, kinds::API_STAGE).await.remove(0);
    assert_eq!(
        stage.deployment_id.as_str(),
        stack.resources["Deployment2"].reference
    );
    let broken = template
        .replace("HttpMethod: GET", "HttpMethod: GET\n      OperationName: cannot")
        .replace("  Deployment:", "  Deployment3:");
    let stack = over(&store).deploy(request(&broken)).await.unwrap();
    assert_eq!(stack.stack_status, "UPDATE_ROLLBACK_COMPLETE");
    let stage = all::<ApiStage>(&store, kinds::API_STAGE).await.remove(0);
    assert_eq!(
        stage.deployment_id.as_str(),
        stack.resources["Deployment2"].reference
    );
}

#[test]
fn deployment_that_may_come_before_its_methods_is_warned_of() {
    let problems = check(
        &QUICKSTART.replace("    DependsOn: GetHello\n", ""),
        &BTreeMap::new(),
    );
    assert!(
        problems
            .iter()
            .any(|problem| problem.message.contains("DependsOn")),
        "{problems:?}"
    );
}

#[test]
fn mistakes_of_resources_are_told_with_their_place() {
    let wrong = QUICKSTART
        .replace("PathPart: hello", "PathPart: he/llo")
        .replace("Type: MOCK", "Type: LAMBDA")
        .replace("$context.authorizer.claims.email", "#foreach(")
        .replace("Types: [REGIONAL]", "Types: [GLOBAL]")
        .replace(
            "- StatusCode: 200\n            R",
            "- StatusCode: 201\n            R",
        );
    let problems = check(&wrong, &BTreeMap::new());
    let errors: Vec<String> = problems
        .iter()
        .filter(|problem| problem.is_error())
        .map(ToString::to_string)
        .collect();
    assert_eq!(errors.len(), 5, "{errors:#?}");
    assert!(
        problems.iter().all(|problem| problem.place.is_some()),
        "{errors:#?}"
    );
}

const COGNITO: &str = "
Resources:
  Pool: {Type: 'AWS::Cognito::UserPool', Properties: {Schema: [{Name: tenant, AttributeDataType: String, Mutable: true}], UserPoolTags: {team: a}}}
  Domain: {Type: 'AWS::Cognito::UserPoolDomain', Properties: {UserPoolId: !Ref Pool, Domain: some-domain}}
  Server: {Type: 'AWS::Cognito::UserPoolResourceServer', Properties: {UserPoolId: !Ref Pool, Identifier: notes, Name: Notes, Scopes: [{ScopeName: read, ScopeDescription: r}]}}
  Client: {Type: 'AWS::Cognito::UserPoolClient', Properties: {UserPoolId: !Ref Pool, GenerateSecret: 'true'}}
  User: {Type: 'AWS::Cognito::UserPoolUser', Properties: {UserPoolId: !Ref Pool, Username: ann, MessageAction: SUPPRESS, UserAttributes: [{Name: email, Value: ann@example.com}]}}
  Group: {Type: 'AWS::Cognito::UserPoolGroup', Properties: {UserPoolId: !Ref Pool, GroupName: admins, Precedence: 1}}
  Member: {Type: 'AWS::Cognito::UserPoolUserToGroupAttachment', Properties: {UserPoolId: !Ref Pool, GroupName: !Ref Group, Username: !Ref User}}
  Api: {Type: 'AWS::ApiGateway::RestApi', Properties: {Name: one}}
  Answer: {Type: 'AWS::ApiGateway::GatewayResponse', Properties: {RestApiId: !Ref Api, ResponseType: UNAUTHORIZED, StatusCode: 403}}
  Pet: {Type: 'AWS::ApiGateway::Model', Properties: {RestApiId: !Ref Api, Name: Pet, Schema: {type: object}}}
Outputs:
  Pool: {Value: !Ref Pool}
  PoolArn: {Value: !GetAtt Pool.Arn}
  ProviderName: {Value: !GetAtt Pool.ProviderName}
  ProviderUrl: {Value: !GetAtt Pool.ProviderURL}
  Domain: {Value: !Ref Domain}
  Server: {Value: !Ref Server}
  Client: {Value: !Ref Client}
  Secret: {Value: !GetAtt Client.ClientSecret}
  Name: {Value: !GetAtt Client.Name}
  User: {Value: !Ref User}
  Group: {Value: !Ref Group}
  Member: {Value: !Ref Member}
  Answer: {Value: !GetAtt Answer.Id}
  Pet: {Value: !Ref Pet}
";

#[tokio::test]
async fn references_and_attributes_are_those_of_aws() {
    let store = memory();
    let stack = over(&store).deploy(request(COGNITO)).await.unwrap();
    assert_eq!(
        stack.stack_status, "CREATE_COMPLETE",
        "{:?}",
        stack.stack_status_reason
    );
    let pool = output(&stack, "Pool");
    assert_eq!(
        output(&stack, "PoolArn"),
        format!("arn:aws:cognito-idp:us-east-1:000000000000:userpool/{pool}")
    );
    assert_eq!(
        output(&stack, "ProviderName"),
        format!("cognito-idp.us-east-1.amazonaws.com/{pool}")
    );
    assert_eq!(
        output(&stack, "ProviderUrl"),
        format!("https://cognito-idp.us-east-1.amazonaws.com/{pool}")
    );
    assert_eq!(output(&stack, "Domain"), "some-domain");
    assert_eq!(output(&stack, "Server"), "notes");
    assert_eq!(output(&stack, "Client").len(), 26);
    assert!(!output(&stack, "Secret").is_empty());
    assert!(output(&stack, "Name").starts_with("Client-"));
    assert_eq!(output(&stack, "User"), "ann");
    assert_eq!(output(&stack, "Group"), "admins");
    assert!(output(&stack, "Member").starts_with("UserToGroupAttachment-"));
    assert!(output(&stack, "Answer").ends_with(":UNAUTHORIZED"));
    assert_eq!(output(&stack, "Pet"), "Pet");
    let stacks = over(&store);
    let gone = stacks
        .delete("quick")
        .await
        .unwrap()
        .unwrap()
        .finish()
        .await
        .unwrap();
    assert_eq!(
        gone.stack_status, "DELETE_COMPLETE",
        "{:?}",
        gone.stack_status_reason
    );
    assert_eq!(left(&store).await, Vec::<String>::new());
}

#[test]
fn ten_mistakes_are_listed_at_once() {
    let template = include_str!("../../../../examples/ten-mistakes/template.yaml");
    let problems = check(template, &BTreeMap::new());
    let errors: Vec<String> = problems
        .iter()
        .filter(|problem| problem.is_error())
        .map(ToString::to_string)
        .collect();
    assert_eq!(errors.len(), 10, "{errors:#?}");
    assert!(
        problems.iter().all(|problem| problem.place.is_some()),
        "{errors:#?}"
    );
}

#[test]
fn resources_are_checked_although_another_section_is_wrong() {
    let template = format!("Parameters: {{Length: {{Type: Number, Default: 5, MinValue: 6}}}}\n{QUICKSTART}");
    let wrong = template
        .replace("PathPart: hello", "PathPart: a/b")
        .replace("Hello, $context.authorizer.claims.email", "#if(");
    let problems = check(&wrong, &BTreeMap::new());
    let errors: Vec<String> = problems
        .iter()
        .filter(|problem| problem.is_error())
        .map(ToString::to_string)
        .collect();
    assert_eq!(errors.len(), 3, "{errors:#?}");
}

const VALIDATED: &str = r#"
Resources:
  Api: {Type: "AWS::ApiGateway::RestApi", Properties: {Name: pets}}
  Tag:
    Type: AWS::ApiGateway::Model
    Properties: {RestApiId: !Ref Api, Name: Tag, ContentType: application/json, Schema: {enum: [old, new]}}
  Pet:
    Type: AWS::ApiGateway::Model
    Properties:
      RestApiId: !Ref Api
      ContentType: application/json
      Schema:
        $schema: http://json-schema.org/draft-04/schema#
        required: [name]
        properties:
          tag: {$ref: !Sub "https://apigateway.amazonaws.com/restapis/${Api}/models/${Tag}"}
  Validator:
    Type: AWS::ApiGateway::RequestValidator
    Properties: {RestApiId: !Ref Api, Name: all, ValidateRequestBody: true, ValidateRequestParameters: false}
  Post:
    Type: AWS::ApiGateway::Method
    Properties:
      RestApiId: !Ref Api
      ResourceId: !GetAtt Api.RootResourceId
      HttpMethod: POST
      RequestValidatorId: !Ref Validator
      RequestModels: {application/json: !Ref Pet}
      RequestParameters: {method.request.header.X-Client: true}
      MethodResponses: [{StatusCode: 200}]
      Integration:
        Type: MOCK
        RequestTemplates: {application/json: '{"statusCode": 200}'}
        IntegrationResponses: [{StatusCode: 200}]
  Deployment:
    Type: AWS::ApiGateway::Deployment
    DependsOn: Post
    Properties: {RestApiId: !Ref Api, StageName: prod}
"#;

#[tokio::test]
async fn validator_and_models_are_made_changed_and_deleted_with_their_stack() {
    let store = memory();
    let deploy = async |template: &str| {
        let stack = over(&store).deploy(request(template)).await.unwrap();
        (stack.stack_status.clone(), stack.stack_status_reason.clone())
    };
    assert_eq!(check(VALIDATED, &BTreeMap::new()), Vec::new());
    let (status, reason) = deploy(VALIDATED).await;
    assert_eq!(status, "CREATE_COMPLETE", "{reason:?}");
    let image = all::<Deployment>(&store, kinds::API_DEPLOYMENT)
        .await
        .remove(0)
        .image;
    let validator = image.request_validators.first().unwrap().clone();
    assert!(validator.validate_request_body && !validator.validate_request_parameters);
    let method = image.resources[0].methods["POST"].clone();
    assert_eq!(method.request_validator_id, Some(validator.id.clone()));
    let changed = VALIDATED.replace(
        "ValidateRequestParameters: false",
        "ValidateRequestParameters: true",
    );
    assert_eq!(deploy(&changed).await.0, "UPDATE_COMPLETE");
    let kept: RequestValidator = all(&store, kinds::API_REQUEST_VALIDATOR).await.remove(0);
    assert_eq!((kept.id, kept.validate_request_parameters), (validator.id, true));
    let going = over(&store).delete("quick").await.unwrap().unwrap();
    assert_eq!(going.finish().await.unwrap().stack_status, "DELETE_COMPLETE");
    assert_eq!(left(&store).await, Vec::<String>::new());
}

#[test]
fn requirements_that_nothing_checks_are_warned_of() {
    let without = VALIDATED.replace("      RequestValidatorId: !Ref Validator\n", "");
    let problems = check(&without, &BTreeMap::new());
    let told: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(told.len(), 2, "{told:#?}");
    assert!(
        told.iter()
            .all(|one| one.contains("is not checked without a `RequestValidatorId`"))
    );
    assert!(
        problems
            .iter()
            .all(|problem| problem.place.is_some() && !problem.is_error())
    );
}
