//! `GetClientCertificates` lists the client certificates.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetClientCertificates.html>

use serde_json::Value;

use super::{apis, arn, wanted, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetClientCertificates",
    route: Some(Route {
        method: "GET",
        path: "/clientcertificates",
        query: &["limit", "position"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/clientcertificates"),
    },
    members: &["limit", "position"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let listed = apis(call).client_certificates(&wanted(call)?).await?;
    Ok(wire::list(&listed, wire::client_certificate))
}
