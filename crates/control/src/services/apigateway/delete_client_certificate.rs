//! `DeleteClientCertificate` deletes a client certificate that no stage presents.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_DeleteClientCertificate.html>

use serde_json::Value;

use super::{apis, arn, label, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "DeleteClientCertificate",
    route: Some(Route {
        method: "DELETE",
        path: "/clientcertificates/{clientcertificate_id}",
        query: &[],
        status: 202,
    }),
    access: Access::Signed {
        action: "apigateway:DELETE",
        resource: |call| arn(call, "/clientcertificates/{clientcertificate_id}"),
    },
    members: &["clientcertificate_id"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    apis(call)
        .delete_client_certificate(label(call, "clientcertificate_id"))
        .await?;
    Ok(wire::nothing())
}
