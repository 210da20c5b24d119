//! `UpdateApiDestination`: changes an API destination.

use portcullis_events::ApiDestinationChange;
use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "UpdateApiDestination",
    route: None,
    access: access::on_api_destination("events:UpdateApiDestination"),
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
    let name = members.required("Name", input::NAME);
    let change = ApiDestinationChange {
        description: members.text("Description", input::DESCRIPTION).map(str::to_owned),
        connection_arn: members.text("ConnectionArn", input::ARN).map(str::to_owned),
        invocation_endpoint: members
            .text("InvocationEndpoint", input::ENDPOINT)
            .map(str::to_owned),
        http_method: members.text("HttpMethod", input::NAME).map(str::to_owned),
        invocation_rate_limit_per_second: members.unsigned("InvocationRateLimitPerSecond", u32::MAX),
    };
    input::finish(members)?;
    let destination = catalogue(call).update_api_destination(name, &change).await?;
    Ok(wire::api_destination_state(&destination))
}
