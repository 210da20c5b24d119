//! `DescribeUserPoolDomain`: whose a prefix is. As on AWS, a prefix that nobody has is no error.

use serde_json::{Value, json};

use super::{access, rules};
use crate::{
    input::Input,
    operation::{AwsError, Call, Operation},
};

pub(super) const OPERATION: Operation = Operation {
    name: "DescribeUserPoolDomain",
    route: None,
    access: access::everywhere("cognito-idp:DescribeUserPoolDomain"),
    members: &["Domain"],
    call: |call| Box::pin(run(call)),
};

async fn run(call: &Call<'_>) -> Result<Value, AwsError> {
    let mut input = Input::new(call.input);
    let domain = input.required("Domain", rules::DOMAIN);
    input.finish()?;
    let found = call
        .parts
        .identity
        .describe_user_pool_domain(call.scope, domain)
        .await?;
    let description = found.map(|found| {
        json!({
            "UserPoolId": found.user_pool_id,
            "AWSAccountId": call.scope.account,
            "Domain": found.domain,
            "Status": "ACTIVE",
            "CustomDomainConfig": {},
            "ManagedLoginVersion": 1,
        })
    });
    Ok(json!({ "DomainDescription": description.unwrap_or_else(|| json!({})) }))
}
