//! CloudFront: <https://docs.aws.amazon.com/cloudfront/latest/APIReference/API_Operations.html>
//!
//! One file an operation; what they do to the records stands in `records`, which stacks use too. A change is deployed when
//! the call that makes it answers, so `Status` is always `Deployed`, and an invalidation always `Completed`.

pub mod errors;
pub mod read;
pub mod records;
mod tree;
mod write;

mod create_distribution;
mod create_distribution_with_tags;
mod create_invalidation;
mod delete_distribution;
mod get_distribution;
mod get_distribution_config;
mod get_invalidation;
mod list_distributions;
mod list_invalidations;
mod list_tags_for_resource;
mod update_distribution;

use portcullis_model::resources::cloudfront::{Distribution, DistributionConfig};
use serde_json::{Map, Value, json};

use crate::operation::{AwsError, Call, Operation, Protocol, Service};

/// The service.
pub const SERVICE: Service = Service {
    name: "cloudfront",
    protocol: Protocol::RestXml {
        namespace: "http://cloudfront.amazonaws.com/doc/2020-05-31/",
    },
    operations: OPERATIONS,
};

/// Every operation.
const OPERATIONS: &[&Operation] = &[
    &create_distribution::OPERATION,
    &create_distribution_with_tags::OPERATION,
    &create_invalidation::OPERATION,
    &delete_distribution::OPERATION,
    &get_distribution::OPERATION,
    &get_distribution_config::OPERATION,
    &get_invalidation::OPERATION,
    &list_distributions::OPERATION,
    &list_invalidations::OPERATION,
    &list_tags_for_resource::OPERATION,
    &update_distribution::OPERATION,
];

/// Returns the distributions as the caller sees them.
fn distributions<'a>(call: &Call<'a>) -> records::Distributions<'a> {
    let parts = call.parts;
    records::Distributions {
        store: parts.store.as_ref(),
        vault: &parts.vault,
        scope: call.scope,
        clock: parts.clock.as_ref(),
        entropy: parts.entropy.as_ref(),
        compiler: parts.compiler.as_ref(),
    }
}

/// Returns the ARN that a permission is asked for: of the distribution that the path names, or of all.
fn arn(call: &Call<'_>) -> String {
    let named = call.text("DistributionId").or_else(|| call.text("Id"));
    Distribution::arn(call.scope.account.as_str(), named.unwrap_or("*"))
}

/// Returns a text of the path; empty when there is none.
fn label<'c>(call: &'c Call<'_>, name: &str) -> &'c str {
    call.text(name).unwrap_or_default()
}

/// Reads a configuration from the member `name` of `members`.
fn config(members: &Map<String, Value>, name: &str) -> Result<DistributionConfig, AwsError> {
    let body = members.get(name).ok_or_else(errors::missing_body)?;
    read::config(body)
}

/// What the operations that make a distribution return.
fn made(call: &Call<'_>, found: &records::Found) -> Value {
    let location = format!(
        "https://cloudfront.amazonaws.com/2020-05-31/distribution/{}",
        found.distribution.id
    );
    json!({
        "Location": location,
        "ETag": found.distribution.etag,
        "Distribution": write::distribution(call.scope.account.as_str(), found),
    })
}

/// How many items a page has, and after which it begins.
fn paging<'c>(call: &'c Call<'_>) -> Result<(usize, Option<&'c str>), AwsError> {
    /// AWS's page.
    const ITEMS_MAX: usize = 100;
    let wanted = match call.text("MaxItems") {
        None => ITEMS_MAX,
        Some(text) => text
            .parse()
            .map_err(|_| errors::invalid(format!("MaxItems: `{text}` is not a number")))?,
    };
    let marker = call.text("Marker").filter(|marker| !marker.is_empty());
    Ok((wanted.clamp(1, ITEMS_MAX), marker))
}

#[cfg(test)]
mod tests;
