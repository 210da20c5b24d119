//! `GenerateClientCertificate` makes a certificate for stages to present to their backends.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_GenerateClientCertificate.html>

use serde_json::Value;

use super::{arn, body, client_certificates, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "GenerateClientCertificate",
    route: Some(Route {
        method: "POST",
        path: "/clientcertificates",
        query: &[],
        status: 201,
    }),
    access: Access::Signed {
        action: "apigateway:POST",
        resource: |call| arn(call, "/clientcertificates"),
    },
    members: &["description", "tags"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let made = client_certificates(call).generate(body(call)?).await?;
    Ok(wire::client_certificate(&made))
}
