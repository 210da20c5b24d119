//! `AWS::ApiGateway::Model`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-model.html>

use portcullis_engines::cloudformation::{
    PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template,
};
use portcullis_model::{Problem, resources::cloudformation::StackResource};

use super::{api_of, gone_is_fine, literal, problem_at};
use crate::{
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::records::model::{ModelSettings, check_schema},
};

/// A model of a REST API.
pub struct Model;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::Model",
    properties: &[
        P::optional("ContentType", Shape::Text).replaces(),
        P::optional("Description", Shape::Text),
        P::optional(
            "Name",
            Shape::Pattern {
                expression: "[A-Za-z0-9]+",
                says: "letters and digits",
            },
        )
        .replaces(),
        P::required("RestApiId", Shape::Text).replaces(),
        P::optional("Schema", Shape::Json),
    ],
    attributes: &[],
};

fn settings(properties: Properties<'_>, name: String) -> ModelSettings {
    ModelSettings {
        name,
        description: properties.string("Description"),
        schema: Some(properties.json_text("Schema").unwrap_or_else(|| "{}".into())),
        content_type: properties
            .string("ContentType")
            .unwrap_or_else(|| "application/json".into()),
    }
}

impl StackedResource for Model {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = properties
                .string("Name")
                .unwrap_or_else(|| maker.generated_name().replace('-', ""));
            let model = maker
                .apis()
                .create_model(&api_of(properties), settings(properties, name))
                .await?;
            Ok(Made::named(model.name))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let name = before.reference.clone();
            let settings = settings(properties, name.clone());
            maker
                .apis()
                .replace_model(&api_of(properties), &name, settings)
                .await?;
            Ok(Made::named(name))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let api = api_of(Properties::of(&made.properties));
            gone_is_fine(maker.apis().delete_model(&api, &made.reference).await)
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let Some((node, text)) = literal(resource, &["Schema"]) else {
            return Vec::new();
        };
        let wrong = check_schema(text).err();
        wrong
            .map(|reason| problem_at(node, logical_id, "Schema", reason))
            .into_iter()
            .collect()
    }
}
