//! `GetClientCertificate` returns a client certificate.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GetClientCertificate.html>

use serde_json::Value;

use super::{apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GetClientCertificate",
    route: Some(Route {
        method: "GET",
        path: "/clientcertificates/{clientcertificate_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:GET",
        resource: |call| arn(call, "/clientcertificates/{clientcertificate_id}"),
    },
    members: &["clientcertificate_id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let found = apis(call)
        .client_certificate(label(call, "clientcertificate_id"))
        .await?;
    Ok(wire::client_certificate(&found.value))
}
