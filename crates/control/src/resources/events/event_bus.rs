//! `AWS::Events::EventBus`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-eventbus.html>

use portcullis_engines::cloudformation::{
    NodeKind, PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_events::{bus_arn, check_producer_tags};
use portcullis_model::{Problem, Scope, resources::cloudformation::StackResource};

use super::gone_is_fine;
use crate::resources::{Made, Maker, Making, Properties, StackedResource};

/// An event bus. Its tags name the producers whose signatures it wants.
pub struct EventBus;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Events::EventBus",
    properties: &[
        P::refused("DeadLetterConfig", "there are no queues to send dead letters to"),
        P::optional(
            "Description",
            Shape::TextLength {
                minimum: 0,
                maximum: 512,
            },
        ),
        P::refused("EventSourceName", "there are no partner event sources"),
        P::refused(
            "KmsKeyIdentifier",
            "events are sealed under this installation's root key",
        ),
        P::refused("LogConfig", "logs of a bus are not there"),
        P::required(
            "Name",
            Shape::Pattern {
                expression: "[A-Za-z0-9._-]{1,256}",
                says: "1 to 256 letters, digits and `._-`",
            },
        )
        .replaces(),
        P::refused(
            "Policy",
            "resource policies of buses are not there: allow callers by their own policies",
        ),
        P::optional("Tags", Shape::Tags),
    ],
    attributes: &["Arn", "Name"],
};

fn made(scope: &Scope, name: &str) -> Made {
    Made::named(name)
        .with("Arn", bus_arn(scope, name))
        .with("Name", name)
}

impl StackedResource for EventBus {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties.text_or_empty("Name");
            let (description, tags) = (properties.string("Description"), properties.tags("Tags"));
            maker.events().create_bus(name, description, tags).await?;
            Ok(made(maker.scope, name))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let (description, tags) = (properties.string("Description"), properties.tags("Tags"));
            let change = |bus: &mut portcullis_model::resources::events::EventBus| {
                bus.description.clone_from(&description);
                bus.tags.clone_from(&tags);
                Ok(())
            };
            maker.events().change_bus(&before.reference, &change).await?;
            Ok(made(maker.scope, &before.reference))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move { gone_is_fine(maker.events().delete_bus(&made.reference).await) })
    }

    /// A tag that means to name a producer and does not would fail when the stack is made.
    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let tags = resource.properties.member("Tags");
        let Some(NodeKind::List(tags)) = tags.map(|tags| &tags.kind) else {
            return Vec::new();
        };
        let mut problems = Vec::new();
        for (at, tag) in tags.iter().enumerate() {
            let text = |name: &str| tag.member(name).and_then(|node| node.as_text());
            let (Some(key), Some(value)) = (text("Key"), text("Value")) else {
                continue;
            };
            if let Err(cause) = check_producer_tags(&[(key.to_owned(), value.to_owned())].into()) {
                let path = format!("Resources/{logical_id}/Properties/Tags/{at}");
                problems.push(Problem::error(Some(tag.place), path, cause.message()));
            }
        }
        problems
    }
}
