//! `AWS::Events::ApiDestination`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-events-apidestination.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_events::{ApiDestinationChange, NewApiDestination};
use portcullis_model::resources::{cloudformation::StackResource, events::ApiDestination as Model};

use super::gone_is_fine;
use crate::resources::{Made, Maker, Making, Properties, StackedResource};

/// An API destination.
pub struct ApiDestination;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Events::ApiDestination",
    properties: &[
        P::required("ConnectionArn", Shape::Text),
        P::optional(
            "Description",
            Shape::TextLength {
                minimum: 0,
                maximum: 512,
            },
        ),
        P::required("HttpMethod", Shape::OneOf(&["POST", "PUT", "PATCH", "DELETE"])),
        P::required("InvocationEndpoint", Shape::Text),
        P::optional(
            "InvocationRateLimitPerSecond",
            Shape::Integer {
                minimum: 1,
                maximum: 300,
            },
        ),
        P::optional(
            "Name",
            Shape::Pattern {
                expression: "[A-Za-z0-9._-]{1,64}",
                says: "1 to 64 letters, digits and `._-`",
            },
        )
        .replaces(),
    ],
    attributes: &["Arn", "ArnForPolicy"],
};

fn made(destination: &Model) -> Made {
    let for_policy = destination
        .arn
        .rsplit_once('/')
        .map_or("", |(without_uuid, _)| without_uuid);
    Made::named(destination.name.as_str())
        .with("Arn", destination.arn.as_str())
        .with("ArnForPolicy", for_policy)
}

impl StackedResource for ApiDestination {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let new = NewApiDestination {
                name: properties
                    .string("Name")
                    .unwrap_or_else(|| maker.generated_name()),
                description: properties.string("Description"),
                connection_arn: properties.text_or_empty("ConnectionArn").to_owned(),
                invocation_endpoint: properties.text_or_empty("InvocationEndpoint").to_owned(),
                http_method: properties.text_or_empty("HttpMethod").to_owned(),
                invocation_rate_limit_per_second: properties.number("InvocationRateLimitPerSecond"),
            };
            Ok(made(&maker.events().create_api_destination(new).await?))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            // A stack says everything: what its template leaves out is taken away.
            let change = ApiDestinationChange {
                description: Some(properties.string("Description").unwrap_or_default()),
                connection_arn: properties.string("ConnectionArn"),
                invocation_endpoint: properties.string("InvocationEndpoint"),
                http_method: properties.string("HttpMethod"),
                invocation_rate_limit_per_second: Some(
                    properties.number("InvocationRateLimitPerSecond").unwrap_or(300),
                ),
            };
            Ok(made(
                &maker
                    .events()
                    .update_api_destination(&before.reference, &change)
                    .await?,
            ))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move { gone_is_fine(maker.events().delete_api_destination(&made.reference).await) })
    }
}
