//! `UpdateClientCertificate` changes a client certificate by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateClientCertificate.html>

use serde_json::Value;

use super::{apis, arn, label, patch, patches, records::client_certificate::ClientCertificateSettings, wire};
use crate::operation::{Access, AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateClientCertificate",
    route: Some(Route {
        method: "PATCH",
        path: "/clientcertificates/{clientcertificate_id}",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/clientcertificates/{clientcertificate_id}"),
    },
    members: &["clientcertificate_id", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (apis, id) = (apis(call), label(call, "clientcertificate_id"));
    let present = ClientCertificateSettings::of(&apis.client_certificate(id).await?.value);
    let settings = patch::apply(&present, &patches(call)?, patch::CLIENT_CERTIFICATE)?;
    let changed = apis.replace_client_certificate(id, settings).await?;
    Ok(wire::client_certificate(&changed))
}
