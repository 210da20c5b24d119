//! What the members of these operations must be, and what several of them read alike.

use std::collections::BTreeMap;

use portcullis_events::DEFAULT_BUS;
use portcullis_model::resources::events::{RetryPolicy, Target};

use crate::{
    input::{Input, Text},
    operation::AwsError,
};

pub(super) const NAME: Text = between(1, 256);
pub(super) const BUS: Text = between(1, 1600);
pub(super) const ARN: Text = between(1, 1600);
pub(super) const DESCRIPTION: Text = Text::up_to(512);
pub(super) const PATTERN: Text = Text::up_to(4096);
pub(super) const ENDPOINT: Text = between(1, 2048);
pub(super) const SECRET: Text = between(1, 512);
const TAG_KEY: Text = between(1, 128);
const TAG_VALUE: Text = Text::up_to(256);
const ANY: Text = Text::up_to(usize::MAX);
/// Items of a page.
const PAGE_ITEMS_MAX: u32 = 100;

const fn between(min: usize, max: usize) -> Text {
    Text {
        min,
        ..Text::up_to(max)
    }
}

/// Ends the reading of an input, in this service's own error.
pub(super) fn finish(input: Input<'_>) -> Result<(), AwsError> {
    input.finish().map_err(|error| match error.code {
        "InvalidParameterException" => AwsError {
            code: "ValidationException",
            ..error
        },
        _ => error,
    })
}

/// Reads which bus a rule is on.
pub(super) fn bus<'a>(input: &mut Input<'a>) -> &'a str {
    input.text("EventBusName", BUS).unwrap_or(DEFAULT_BUS)
}

/// Reads tags, each key once.
pub(super) fn tags(input: &mut Input<'_>) -> Result<Option<BTreeMap<String, String>>, AwsError> {
    let listed = input.structures("Tags", &["Key", "Value"], |tag| {
        let key = tag.required("Key", TAG_KEY).to_owned();
        (key, tag.text("Value", TAG_VALUE).unwrap_or_default().to_owned())
    });
    let Some(listed) = listed else { return Ok(None) };
    let mut tags = BTreeMap::new();
    for (key, value) in listed {
        if tags.insert(key.clone(), value).is_some() {
            return Err(AwsError::new(
                "ValidationException",
                400,
                format!("The tag key {key} is given more than once."),
            ));
        }
    }
    Ok(Some(tags))
}

/// Reads the targets of a rule. Members that are not acted on are refused by name.
pub(super) fn targets(input: &mut Input<'_>) -> Vec<Target> {
    let known = ["Id", "Arn", "RoleArn", "Input", "InputPath", "RetryPolicy"];
    let targets = input.structures("Targets", &known, |target| Target {
        id: target.required("Id", ANY).to_owned(),
        arn: target.required("Arn", ARN).to_owned(),
        role_arn: target.text("RoleArn", ARN).map(str::to_owned),
        input: target.text("Input", ANY).map(str::to_owned),
        input_path: target.text("InputPath", ANY).map(str::to_owned),
        retry_policy: retry_policy(target),
    });
    input.require("Targets", targets.is_some());
    targets.unwrap_or_default()
}

fn retry_policy(target: &mut Input<'_>) -> Option<RetryPolicy> {
    let known = ["MaximumEventAgeInSeconds", "MaximumRetryAttempts"];
    target.structure("RetryPolicy", &known, |policy| {
        let default = RetryPolicy::default();
        let age = policy.unsigned("MaximumEventAgeInSeconds", u32::MAX);
        let attempts = policy.unsigned("MaximumRetryAttempts", u32::MAX);
        RetryPolicy {
            maximum_event_age_in_seconds: age.unwrap_or(default.maximum_event_age_in_seconds),
            maximum_retry_attempts: attempts.unwrap_or(default.maximum_retry_attempts),
        }
    })
}

/// Which part of a listing.
pub(super) struct Paging {
    pub(super) prefix: String,
    after: Option<String>,
    limit: usize,
}

impl Paging {
    /// Reads `NextToken`, `Limit` and, where there is one, a prefix.
    pub(super) fn read(input: &mut Input<'_>) -> Self {
        let limit = input.integer("Limit", 1, i64::from(PAGE_ITEMS_MAX));
        Self {
            prefix: input.text("NamePrefix", NAME).unwrap_or_default().to_owned(),
            after: input.text("NextToken", between(1, 2048)).map(str::to_owned),
            limit: limit
                .and_then(|limit| usize::try_from(limit).ok())
                .unwrap_or(PAGE_ITEMS_MAX as usize),
        }
    }

    /// Cuts a listing, sorted by name, and returns the token of the next page.
    pub(super) fn cut<T>(&self, items: Vec<T>, name: impl Fn(&T) -> &str) -> (Vec<T>, Option<String>) {
        let after = self.after.as_deref();
        let mut rest = items
            .into_iter()
            .filter(|item| after.is_none_or(|after| name(item) > after));
        let page: Vec<T> = rest.by_ref().take(self.limit).collect();
        let more = rest.next().is_some();
        let next = page.last().filter(|_| more).map(|last| name(last).to_owned());
        (page, next)
    }
}
