//! `AWS::WAFv2::RegexPatternSet`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-wafv2-regexpatternset.html>

use portcullis_engines::cloudformation::{PropertySchema as P, ResourceSchema, Shape};
use portcullis_model::resources::{
    cloudformation::StackResource,
    wafv2::{self, RegularExpression},
};

use super::{find, find_if_there, made, name, replace_tags, scope};
use crate::resources::{Made, Maker, Making, Properties, StackedResource};

/// A set of regular expressions.
pub struct RegexPatternSet;

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::WAFv2::RegexPatternSet",
    properties: &[
        super::DESCRIPTION,
        P::optional("Name", super::NAME).replaces(),
        P::required("RegularExpressionList", Shape::List(&Shape::Text)),
        P::required("Scope", super::SCOPE).replaces(),
        P::optional("Tags", Shape::Tags),
    ],
    attributes: &["Arn", "Id"],
};

fn contents(properties: Properties<'_>) -> (Vec<RegularExpression>, Option<String>) {
    let texts = properties.texts("RegularExpressionList").into_iter();
    let expressions = texts.map(|regex_string| RegularExpression { regex_string });
    (expressions.collect(), properties.string("Description"))
}

impl StackedResource for RegexPatternSet {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            let (name, tags) = (name(maker, properties), properties.tags("Tags"));
            let set = maker
                .waf()
                .create_regex_pattern_set((scope(properties), &name), contents(properties), tags)
                .await?;
            Ok(made(&set))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            let kept = find(&maker.waf(), &before.reference).await?;
            let set = maker
                .waf()
                .update_regex_pattern_set(kept, None, contents(properties))
                .await?;
            replace_tags::<wafv2::RegexPatternSet>(&maker.waf(), &before.reference, properties).await?;
            Ok(made(&set))
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            match find_if_there(&maker.waf(), &made.reference).await? {
                Some(kept) => maker.waf().delete_regex_pattern_set(&kept, None).await,
                None => Ok(()),
            }
        })
    }
}
