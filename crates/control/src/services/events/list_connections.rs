//! `ListConnections`: lists connections.

use serde_json::Value;

use super::{access, catalogue, input, wire};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "ListConnections",
    route: None,
    access: access::everywhere("events:ListConnections"),
    members: &["NamePrefix", "NextToken", "Limit"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut members = Input::new(call.input);
    let paging = input::Paging::read(&mut members);
    input::finish(members)?;
    let connections = catalogue(call).connections(&paging.prefix).await?;
    let (page, next) = paging.cut(connections, |connection| &connection.name);
    let listed = page
        .iter()
        .map(|connection| wire::listed_connection(connection).into())
        .collect();
    Ok(wire::page("Connections", listed, next))
}
