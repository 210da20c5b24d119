//! `AWS::WAFv2::…`: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_WAFv2.html>

pub mod ip_set;
pub mod regex_pattern_set;
mod statements;
pub mod web_acl;
pub mod web_acl_association;
#[cfg(test)]
mod tests;

use portcullis_engines::cloudformation::{PropertySchema as P, Shape};
use portcullis_model::resources::wafv2::WafScope;

use super::{Made, Maker, Properties};
use crate::{
    operation::AwsError,
    services::wafv2::{
        nonexistent,
        records::{Entity, Kept, Waf},
    },
};

const NAME: Shape = Shape::Pattern {
    expression: "[A-Za-z0-9_-]{1,128}",
    says: "1 to 128 letters, digits, `_` and `-`",
};
const SCOPE: Shape = Shape::OneOf(&["CLOUDFRONT", "REGIONAL"]);
const DESCRIPTION: P = P::optional(
    "Description",
    Shape::Pattern {
        expression: r"[\w+=:#@/,.\s-]{1,256}",
        says: "1 to 256 letters, digits, spaces and `+=:#@/-,._`",
    },
);

/// Returns the name that the template gives, or one that is generated.
fn name(maker: &Maker<'_>, properties: Properties<'_>) -> String {
    properties
        .string("Name")
        .unwrap_or_else(|| maker.generated_name())
}

fn scope(properties: Properties<'_>) -> WafScope {
    match properties.text("Scope") {
        Some("CLOUDFRONT") => WafScope::CloudFront,
        _ => WafScope::Regional,
    }
}

/// Returns `name|id|scope`, which `Ref` gives, and what all of AWS WAF have in common.
fn made<T: Entity>(made: &T) -> Made {
    let head = made.head();
    Made::named(format!("{}|{}|{}", head.name, head.id, head.scope.name()))
        .with("Arn", head.arn)
        .with("Id", head.id)
}

/// Finds what a `name|id|scope` stands for.
async fn find<T: Entity>(waf: &Waf<'_>, reference: &str) -> Result<Kept<T>, AwsError> {
    let mut parts = reference.split('|');
    let (Some(name), Some(id), Some(scope)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(nonexistent());
    };
    let scope = if scope == "CLOUDFRONT" {
        WafScope::CloudFront
    } else {
        WafScope::Regional
    };
    waf.get::<T>(scope, name, id).await
}

/// Returns what is still there; gone is fine for a deletion.
async fn find_if_there<T: Entity>(waf: &Waf<'_>, reference: &str) -> Result<Option<Kept<T>>, AwsError> {
    match find::<T>(waf, reference).await {
        Ok(kept) => Ok(Some(kept)),
        Err(error) if error.code == "WAFNonexistentItemException" => Ok(None),
        Err(error) => Err(error),
    }
}

/// Gives a thing the tags that the template says.
async fn replace_tags<T: Entity>(
    waf: &Waf<'_>,
    reference: &str,
    properties: Properties<'_>,
) -> Result<(), AwsError> {
    let kept = find::<T>(waf, reference).await?;
    waf.change_tags(kept, |tags| {
        *tags = properties.tags("Tags");
        Ok(())
    })
    .await
}
