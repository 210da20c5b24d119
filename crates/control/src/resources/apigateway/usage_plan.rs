//! `AWS::ApiGateway::UsagePlan`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-apigateway-usageplan.html>

use std::collections::BTreeMap;

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::cloudformation::StackResource;

use super::gone_is_fine;
use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource},
    services::apigateway::records::usage_plan_settings::{
        PlanStageSettings, QuotaSettings, ThrottleSettings, UsagePlanSettings,
    },
};

/// A usage plan.
pub struct UsagePlan;

const COUNT: Shape = Shape::Integer {
    minimum: 0,
    maximum: u32::MAX as i64,
};
const THROTTLE: Shape = Shape::Object(&[
    P::required("BurstLimit", COUNT),
    P::required("RateLimit", Shape::Number),
]);

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::ApiGateway::UsagePlan",
    properties: &[
        P::optional(
            "ApiStages",
            Shape::List(&Shape::Object(&[
                P::required("ApiId", Shape::Text),
                P::required("Stage", Shape::Text),
                P::optional("Throttle", Shape::MapOf(&THROTTLE)),
            ])),
        ),
        P::optional("Description", Shape::Text),
        P::optional(
            "Quota",
            Shape::Object(&[
                P::required("Limit", COUNT),
                P::optional(
                    "Offset",
                    Shape::Integer {
                        minimum: 0,
                        maximum: 27,
                    },
                ),
                P::required("Period", Shape::OneOf(&["DAY", "WEEK", "MONTH"])),
            ]),
        ),
        P::optional("Tags", Shape::Tags),
        P::optional("Throttle", THROTTLE),
        P::optional("UsagePlanName", Shape::Text),
    ],
    attributes: &["Id"],
};

fn throttle(properties: Properties<'_>) -> Result<ThrottleSettings, AwsError> {
    properties.settings(&[("BurstLimit", "burstLimit"), ("RateLimit", "rateLimit")])
}

fn stage(properties: Properties<'_>) -> Result<PlanStageSettings, AwsError> {
    let methods = properties
        .value("Throttle")
        .and_then(|value| value.as_object())
        .into_iter()
        .flatten();
    let mut throttles = BTreeMap::new();
    for (method, limits) in methods {
        throttles.insert(method.clone(), throttle(Properties::of(limits))?);
    }
    Ok(PlanStageSettings {
        api_id: properties.text_or_empty("ApiId").to_owned(),
        stage: properties.text_or_empty("Stage").to_owned(),
        throttle: throttles,
    })
}

fn settings(maker: &Maker<'_>, properties: Properties<'_>) -> Result<UsagePlanSettings, AwsError> {
    let quota = properties.object("Quota").map(|quota| {
        quota.settings::<QuotaSettings>(&[("Limit", "limit"), ("Offset", "offset"), ("Period", "period")])
    });
    let stages = properties.objects("ApiStages").map(stage);
    Ok(UsagePlanSettings {
        name: properties
            .string("UsagePlanName")
            .unwrap_or_else(|| maker.generated_name()),
        description: properties.string("Description"),
        api_stages: stages.collect::<Result<_, _>>()?,
        throttle: properties.object("Throttle").map(throttle).transpose()?,
        quota: quota.transpose()?,
        tags: properties.tags("Tags"),
    })
}

fn made(id: &str) -> Made {
    Made::named(id).with("Id", id)
}

impl StackedResource for UsagePlan {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let settings = settings(maker, properties)?;
            Ok(made(&maker.plans().create_usage_plan(settings).await?.id))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let plans = maker.plans();
            let id = before.reference.as_str();
            let mut settings = settings(maker, properties)?;
            if properties.text("UsagePlanName").is_none() {
                settings.name = plans.usage_plan(id).await?.value.name;
            }
            plans.replace_usage_plan(id, settings).await?;
            Ok(made(id))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move { gone_is_fine(maker.plans().remove_usage_plan(&made.reference).await) })
    }
}
