//! `CreateApiDestination`: makes an API destination.

use portcullis_events::NewApiDestination;
use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "CreateApiDestination",
    route: None,
    access: access::on_api_destination("events:CreateApiDestination"),
    members: &[
        "Name",
        "Description",
        "ConnectionArn",
        "InvocationEndpoint",
        "HttpMethod",
        "InvocationRateLimitPerSecond",
    ],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let new = NewApiDestination {
        name: members.required("Name", input::NAME).to_owned(),
        description: members.text("Description", input::DESCRIPTION).map(str::to_owned),
        connection_arn: members.required("ConnectionArn", input::ARN).to_owned(),
        invocation_endpoint: members.required("InvocationEndpoint", input::ENDPOINT).to_owned(),
        http_method: members.required("HttpMethod", input::NAME).to_owned(),
        invocation_rate_limit_per_second: members.unsigned("InvocationRateLimitPerSecond", u32::MAX),
    };
    input::finish(members)?;
    let destination = catalogue(call).create_api_destination(new).await?;
    Ok(wire::api_destination_state(&destination))
}
