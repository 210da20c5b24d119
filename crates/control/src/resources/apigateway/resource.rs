//! `AWS::ApiGateway::Resource`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-resource.html>

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_model::{Problem, ResourceId, resources::cloudformation::StackResource};

use super::{api_of, gone_is_fine, literal, problem_at};
use crate::{
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::records::resource::is_path_part,
};

/// A path of a REST API.
pub struct Resource;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::Resource",
    properties: &[
        P::required("ParentId", Shape::Text).replaces(),
        P::required("PathPart", Shape::Text).replaces(),
        P::required("RestApiId", Shape::Text).replaces(),
    ],
    attributes: &["ResourceId"],
};

fn made(id: &str) -> Made {
    Made::named(id).with("ResourceId", id)
}

impl StackedResource for Resource {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let parent = ResourceId::from(properties.text_or_empty("ParentId"));
            let part = properties.text_or_empty("PathPart");
            let resource = maker
                .apis()
                .create_resource(&api_of(properties), &parent, part)
                .await?;
            Ok(made(resource.id.as_str()))
        })
    }

    fn update<'a>(
        &'a self,
        _maker: &'a Maker<'a>,
        before: &'a StackResource,
        _properties: Properties<'a>,
    ) -> Making<'a, Made> {
        // Every property replaces: there is nothing to change in place.
        Box::pin(async move { Ok(made(&before.reference)) })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let api = api_of(Properties::of(&made.properties));
            let id = ResourceId::from(made.reference.as_str());
            gone_is_fine(maker.apis().delete_resource(&api, &id).await)
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let part = literal(resource, &["PathPart"]).filter(|(_, part)| !is_path_part(part));
        part.map(|(node, part)| {
            let message = format!(
                "`{part}` is no path part: use letters, digits and `._-:,`, `{{name}}` or `{{name+}}`"
            );
            problem_at(node, logical_id, "PathPart", message)
        })
        .into_iter()
        .collect()
    }
}
