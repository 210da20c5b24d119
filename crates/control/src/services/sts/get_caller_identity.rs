//! `GetCallerIdentity`: who am I? AWS lets every signed caller ask; a Deny does not keep anybody from it.

use serde_json::{Value, json};

use crate::operation::{Access, AwsError, Call, Caller, Operation};

pub(super) const OPERATION: Operation = Operation {
    name: "GetCallerIdentity",
    route: None,
    access: Access::AnySigned,
    members: &[],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let user_id = match call.caller {
        Caller::User { user_id, .. } => user_id.clone(),
        Caller::Role { role_id, session, .. } => format!("{role_id}:{session}"),
        Caller::Root { .. } | Caller::Anonymous => call.scope.account.to_string(),
    };
    Ok(json!({ "Arn": call.caller.arn(call.scope), "UserId": user_id, "Account": call.scope.account }))
}
