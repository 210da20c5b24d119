//! `AWS::Events::Rule`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-rule.html>
//!
//! The physical id is `{bus}|{rule}` on a bus of one's own, `{rule}` on the default bus, as on AWS.

use std::collections::BTreeMap;

use portcullis_engines::{
    cloudformation::{
        Node, NodeKind, PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
    },
    event_pattern::Pattern,
};
use portcullis_events::{DEFAULT_BUS, PutRule, rule_arn};
use portcullis_model::{
    Problem, Scope,
    resources::{
        cloudformation::StackResource,
        events::{RetryPolicy, RuleState, Target},
    },
};

use super::gone_is_fine;
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource, literal::literal_json},
};

/// A rule with its targets.
pub struct Rule;

static RETRY_POLICY: &[P] = &[
    P::optional(
        "MaximumEventAgeInSeconds",
        Shape::Integer {
            minimum: 60,
            maximum: 86_400,
        },
    ),
    P::optional(
        "MaximumRetryAttempts",
        Shape::Integer {
            minimum: 0,
            maximum: 185,
        },
    ),
];

const ONE_KIND: &str = "the one kind of target is an API destination";

static TARGET: &[P] = &[
    P::refused("AppSyncParameters", ONE_KIND),
    P::required("Arn", Shape::Text),
    P::refused("BatchParameters", ONE_KIND),
    P::refused("DeadLetterConfig", "there are no queues to send dead letters to"),
    P::refused("EcsParameters", ONE_KIND),
    P::refused(
        "HttpParameters",
        "headers, query and path parameters of a delivery are not there",
    ),
    P::required("Id", Shape::Text),
    P::optional("Input", Shape::Text),
    P::optional("InputPath", Shape::Text),
    P::refused("InputTransformer", "use `Input` or `InputPath`"),
    P::refused("KinesisParameters", ONE_KIND),
    P::refused("RedshiftDataParameters", ONE_KIND),
    P::optional("RetryPolicy", Shape::Object(RETRY_POLICY)),
    P::optional("RoleArn", Shape::Text),
    P::refused("RunCommandParameters", ONE_KIND),
    P::refused("SageMakerPipelineParameters", ONE_KIND),
    P::refused("SqsParameters", ONE_KIND),
];

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Events::Rule",
    properties: &[
        P::optional(
            "Description",
            Shape::TextLength {
                minimum: 0,
                maximum: 512,
            },
        ),
        P::optional("EventBusName", Shape::Text).replaces(),
        P::required("EventPattern", Shape::Json),
        P::optional(
            "Name",
            Shape::Pattern {
                expression: "[A-Za-z0-9._-]{1,64}",
                says: "1 to 64 letters, digits and `._-`",
            },
        )
        .replaces(),
        P::refused("RoleArn", "a role belongs to a target here"),
        P::refused(
            "ScheduleExpression",
            "schedules are not there: a rule matches events",
        ),
        P::optional("State", Shape::OneOf(&["ENABLED", "DISABLED"])),
        P::optional("Tags", Shape::Tags),
        P::optional("Targets", Shape::List(&Shape::Object(TARGET))),
    ],
    attributes: &["Arn"],
};

fn put_of(properties: Properties<'_>, name: &str, bus: &str) -> PutRule {
    PutRule {
        name: name.to_owned(),
        bus: bus.to_owned(),
        event_pattern: properties.json_text("EventPattern").unwrap_or_default(),
        state: match properties.text("State") {
            Some("DISABLED") => RuleState::Disabled,
            _ => RuleState::Enabled,
        },
        description: properties.string("Description"),
        tags: properties.tags("Tags"),
    }
}

fn targets_of(properties: Properties<'_>) -> Vec<Target> {
    let retry_policy = |target: Properties<'_>| {
        let default = RetryPolicy::default();
        target.object("RetryPolicy").map(|policy| RetryPolicy {
            maximum_event_age_in_seconds: policy
                .number("MaximumEventAgeInSeconds")
                .unwrap_or(default.maximum_event_age_in_seconds),
            maximum_retry_attempts: policy
                .number("MaximumRetryAttempts")
                .unwrap_or(default.maximum_retry_attempts),
        })
    };
    let targets = properties.objects("Targets").map(|target| Target {
        id: target.text_or_empty("Id").to_owned(),
        arn: target.text_or_empty("Arn").to_owned(),
        role_arn: target.string("RoleArn"),
        input: target.string("Input"),
        input_path: target.string("InputPath"),
        retry_policy: retry_policy(target),
    });
    targets.collect()
}

fn made(scope: &Scope, bus: &str, name: &str) -> Made {
    let physical_id = if bus == DEFAULT_BUS {
        name.to_owned()
    } else {
        format!("{bus}|{name}")
    };
    Made::named(physical_id).with("Arn", rule_arn(scope, bus, name))
}

/// Returns bus and rule of a physical id.
fn parts_of(reference: &str) -> (&str, &str) {
    reference.split_once('|').unwrap_or((DEFAULT_BUS, reference))
}

/// Makes the rule's targets those that `wanted` has.
async fn replace_targets(
    maker: &Maker<'_>,
    bus: &str,
    name: &str,
    wanted: &[Target],
) -> Result<(), AwsError> {
    let events = maker.events();
    let present = events.rule(bus, name).await?.targets;
    let gone: Vec<String> = present
        .into_keys()
        .filter(|id| !wanted.iter().any(|target| target.id == *id))
        .collect();
    if !gone.is_empty() {
        events.remove_targets(bus, name, &gone).await?;
    }
    if !wanted.is_empty() {
        events.put_targets(bus, name, wanted).await?;
    }
    Ok(())
}

async fn set_tags(
    maker: &Maker<'_>,
    (bus, name): (&str, &str),
    tags: BTreeMap<String, String>,
) -> Result<(), AwsError> {
    let arn = rule_arn(maker.scope, bus, name);
    Ok(maker
        .events()
        .change_tags(&arn, &|present| present.clone_from(&tags))
        .await?)
}

impl StackedResource for Rule {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties
                .string("Name")
                .unwrap_or_else(|| maker.generated_name());
            let bus = maker
                .events()
                .bus(properties.text("EventBusName").unwrap_or(DEFAULT_BUS))
                .await?
                .name;
            match maker.events().rule(&bus, &name).await {
                Err(error) if error.is_not_found() => {}
                Err(error) => return Err(error.into()),
                Ok(_) => {
                    let message = format!("Rule {name} already exists on EventBus {bus}.");
                    return Err(AwsError::new("AlreadyExistsException", 400, message));
                }
            }
            maker.events().put_rule(&put_of(properties, &name, &bus)).await?;
            replace_targets(maker, &bus, &name, &targets_of(properties)).await?;
            Ok(made(maker.scope, &bus, &name))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let (bus, name) = parts_of(&before.reference);
            maker.events().put_rule(&put_of(properties, name, bus)).await?;
            set_tags(maker, (bus, name), properties.tags("Tags")).await?;
            replace_targets(maker, bus, name, &targets_of(properties)).await?;
            Ok(made(maker.scope, bus, name))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let (bus, name) = parts_of(&made.reference);
            let events = maker.events();
            let cleared = events.change_rule(bus, name, &|rule| {
                rule.targets.clear();
                Ok(())
            });
            gone_is_fine(cleared.await)?;
            gone_is_fine(events.delete_rule(bus, name).await)
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let path = format!("Resources/{logical_id}/Properties");
        let property = |name: &str| resource.properties.member(name);
        let mut problems = Vec::new();
        if let Some(node) = property("EventPattern")
            && let Some(text) = literal_json(node)
            && let Err(cause) = Pattern::parse(&text)
        {
            let path = format!("{path}/EventPattern");
            problems.push(Problem::error(Some(node.place), path, cause.to_string()));
        }
        for (at, target) in property("Targets").into_iter().flat_map(items).enumerate() {
            if matches!(target.kind, NodeKind::Map(_)) && target.member("RoleArn").is_none() {
                let message = "`RoleArn` is required: a delivery is made in the name of a role";
                problems.push(Problem::error(
                    Some(target.place),
                    format!("{path}/Targets/{at}"),
                    message,
                ));
            }
        }
        problems
    }
}

fn items(node: &Node) -> &[Node] {
    match &node.kind {
        NodeKind::List(items) => items,
        _ => &[],
    }
}
