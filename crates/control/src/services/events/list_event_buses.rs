//! `ListEventBuses`: lists event buses.

use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListEventBuses",
    route: None,
    access: access::everywhere("events:ListEventBuses"),
    members: &["NamePrefix", "NextToken", "Limit"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let paging = input::Paging::read(&mut members);
    input::finish(members)?;
    let mut buses = catalogue(call).buses().await?;
    buses.retain(|bus| bus.name.starts_with(&paging.prefix));
    let (page, next) = paging.cut(buses, |bus| &bus.name);
    let listed = page.iter().map(|bus| wire::bus(call.scope, bus)).collect();
    Ok(wire::page("EventBuses", listed, next))
}
