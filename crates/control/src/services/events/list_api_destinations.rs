//! `ListApiDestinations`: lists API destinations.

use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListApiDestinations",
    route: None,
    access: access::everywhere("events:ListApiDestinations"),
    members: &["NamePrefix", "ConnectionArn", "NextToken", "Limit"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let connection = members.text("ConnectionArn", input::ARN);
    let paging = input::Paging::read(&mut members);
    input::finish(members)?;
    let mut destinations = catalogue(call).api_destinations(&paging.prefix).await?;
    destinations.retain(|destination| connection.is_none_or(|arn| destination.connection_arn == arn));
    let (page, next) = paging.cut(destinations, |destination| &destination.name);
    let listed = page
        .iter()
        .map(|destination| wire::listed_api_destination(destination).into())
        .collect();
    Ok(wire::page("ApiDestinations", listed, next))
}
