//! `AWS::Lambda::Permission`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-lambda-permission.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::{cloudformation::StackResource, lambda::function_arn};
use serde_json::Map;

use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::lambda::{permission::statement, settings::invalid},
};

/// A statement of a function's policy.
pub struct Permission;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::Lambda::Permission",
    properties: &[
        P::required("Action", Shape::Text).replaces(),
        P::refused("EventSourceToken", "there are no Alexa skills"),
        P::required("FunctionName", Shape::Text).replaces(),
        P::refused("FunctionUrlAuthType", "functions have no URLs"),
        P::refused("InvokedViaFunctionUrl", "functions have no URLs"),
        P::required("Principal", Shape::Text).replaces(),
        P::optional("PrincipalOrgID", Shape::Text).replaces(),
        P::optional("SourceAccount", Shape::Text).replaces(),
        P::optional("SourceArn", Shape::Text).replaces(),
    ],
    attributes: &["Id"],
};

/// Returns the name in a name or an ARN of this account and region.
fn function_name(maker: &Maker<'_>, said: &str) -> Result<String, AwsError> {
    let own = function_arn(maker.scope, "");
    let name = said.strip_prefix(&own).unwrap_or(said);
    let name = name.strip_suffix(":$LATEST").unwrap_or(name);
    if name.contains(':') {
        return Err(invalid(format!(
            "`{said}` is no function of this account and region"
        )));
    }
    Ok(name.to_owned())
}

impl StackedResource for Permission {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let name = function_name(maker, properties.text_or_empty("FunctionName"))?;
            let mut said = Map::new();
            for member in [
                "Action",
                "Principal",
                "PrincipalOrgID",
                "SourceAccount",
                "SourceArn",
            ] {
                if let Some(value) = properties.value(member) {
                    said.insert(member.to_owned(), value.clone());
                }
            }
            let id = maker.generated_id();
            let statement = statement(&said, &id, &function_arn(maker.scope, &name))?;
            maker.lambda().add_statement(&name, None, statement).await?;
            Ok(Made::named(id.clone()).with("Id", id))
        })
    }

    fn update<'a>(
        &'a self,
        _maker: &'a Maker<'a>,
        before: &'a StackResource,
        _properties: Properties<'a>,
    ) -> Making<'a, Made> {
        // Whatever changes replaces it.
        Box::pin(async move { Ok(Made::named(&*before.reference).with("Id", &*before.reference)) })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let properties = Properties::of(&made.properties);
            let name = function_name(maker, properties.text_or_empty("FunctionName"))?;
            let functions = maker.lambda();
            let removed = functions.remove_statement(&name, None, &made.reference);
            match removed.await {
                Err(error) if error.code == "ResourceNotFoundException" => Ok(()),
                other => other,
            }
        })
    }
}
