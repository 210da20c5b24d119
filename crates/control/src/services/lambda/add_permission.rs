//! `AddPermission`: lets somebody invoke a function.
//! <https://docs.aws.amazon.com/lambda/latest/api/API_AddPermission.html>

use portcullis_model::resources::lambda::function_arn;
use serde_json::{Value, json};

use super::{functions, name, on_function, permission::statement, settings};
use crate::operation::{AwsError, Call, Operation, Route};

/// The operation.
pub(super) const OPERATION: Operation = Operation {
    name: "AddPermission",
    route: Some(Route {
        method: "POST",
        path: "/2015-03-31/functions/{FunctionName}/policy",
        query: &["Qualifier"],
        status: 201,
    }),
    access: on_function("lambda:AddPermission"),
    members: &[
        "FunctionName",
        "StatementId",
        "Action",
        "Principal",
        "SourceArn",
        "SourceAccount",
        "PrincipalOrgID",
        "RevisionId",
        "Qualifier",
    ],
    call: |call| Box::pin(answer(call)),
};

async fn answer(call: &Call<'_>) -> Result<Value, AwsError> {
    let name = name(call)?;
    let sid = settings::text(call.input, "StatementId")?.unwrap_or_default();
    let statement = statement(call.input, &sid, &function_arn(call.scope, &name))?;
    let revision = settings::text(call.input, "RevisionId")?;
    functions(call)
        .add_statement(&name, revision.as_deref(), statement.clone())
        .await?;
    Ok(json!({ "Statement": statement.to_string() }))
}
