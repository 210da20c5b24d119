//! `UpdateAccount` changes what an account has set, by patch operations. Its throttle is the operator's, as on AWS.
//! <https://docs.aws.amazon.com/apigateway/latest/api/API_UpdateAccount.html>

use serde_json::Value;

use super::{SERVICE, apis, arn, patches, plans};
use crate::{
    operation::{Access, AwsError, Call, Operation, Route},
    roles,
    services::apigateway::records::account,
};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "UpdateAccount",
    route: Some(Route {
        method: "PATCH",
        path: "/account",
        query: &[],
        status: 200,
    }),
    access: Access::Signed {
        action: "apigateway:PATCH",
        resource: |call| arn(call, "/account"),
    },
    members: &["patchOperations"],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let present = apis(call).account().await?;
    let account = account::patched(&patches(call)?, present)?;
    if let Some(role) = &account.cloudwatch_role_arn {
        roles::check_pass_role(&SERVICE, call, role, "apigateway.amazonaws.com").await?;
    }
    apis(call).put_account(&account).await?;
    plans(call).shown_account().await
}
