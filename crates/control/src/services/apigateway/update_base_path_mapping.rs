//! `UpdateBasePathMapping` changes a mapping by patch operations.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateBasePathMapping.html>

use serde_json::Value;

use super::{arn, domains, label, patch, patches, wire};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    services::apigateway::records::base_path_mapping::BasePathMappingSettings,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateBasePathMapping",
    route: Some(Route {
        method: "PATCH",
        path: "/domainnames/{domain_name}/basepathmappings/{base_path}",
        query: &["domainNameId"],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/domainnames/{domain_name}/basepathmappings/{base_path}"),
    },
    members: &["domain_name", "base_path", "patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let (domain, path) = (label(call, "domain_name"), label(call, "base_path"));
    let domains = domains(call);
    let present = BasePathMappingSettings::of(&domains.base_path_mapping(domain, path).await?.value);
    let settings = patch::apply(&present, &patches(call)?, patch::BASE_PATH_MAPPING)?;
    let changed = domains.replace_base_path_mapping(domain, path, settings).await?;
    Ok(wire::base_path_mapping(&changed))
}
