//! What an account says of all its APIs in a region: <https://docs.aws.amazon.com/apigateway/latest/api/API_Account.html>
//!
//! The role is kept and shown, and nobody takes it on: the server writes logs itself, where its operator says. It must be there all
//! the same, so that a template that works here does so on AWS.

use std::str::FromStr;

use portcullis_model::{arn::Arn, resources::iam::Role};
use portcullis_store::{Batch, Expect, kinds};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Apis, api_key::Plans, encode};
use crate::{
    operation::AwsError,
    services::apigateway::{errors::bad_request, patch::PatchOperation},
};

/// The record's id: there is one in a region.
const ID: &str = "account";

/// What an account has set.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Account {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cloudwatch_role_arn: Option<String>,
}

/// Reads the one operation that there is: `replace` or `remove` of `/cloudwatchRoleArn`. `UsagePlans` is a feature of each account.
pub fn patched(operations: &[PatchOperation], mut account: Account) -> Result<Account, AwsError> {
    for operation in operations {
        let value = operation.value.clone().filter(|value| !value.is_empty());
        match (operation.op.as_str(), operation.path.as_str()) {
            ("replace" | "add", "/cloudwatchRoleArn") => account.cloudwatch_role_arn = value,
            ("remove", "/cloudwatchRoleArn") => account.cloudwatch_role_arn = None,
            ("add", "/features") if value.as_deref() == Some("UsagePlans") => {}
            (op, path) => {
                return Err(bad_request(format!(
                    "Invalid patch path '{path}' specified for op '{op}': replace /cloudwatchRoleArn, or add UsagePlans to /features"
                )));
            }
        }
    }
    Ok(account)
}

impl Apis<'_> {
    /// Returns what the account has set.
    pub async fn account(&self) -> Result<Account, AwsError> {
        let found = self.find::<Account>(kinds::API_ACCOUNT, ID).await?;
        Ok(found.map(|kept| kept.value).unwrap_or_default())
    }

    /// Sets it.
    pub async fn put_account(&self, account: &Account) -> Result<(), AwsError> {
        if let Some(role) = &account.cloudwatch_role_arn {
            self.check_role(role).await?;
        }
        let put = Batch::new().put(
            self.key(kinds::API_ACCOUNT, ID),
            encode(account)?,
            Expect::Anything,
        );
        self.commit(put).await
    }

    async fn check_role(&self, role: &str) -> Result<(), AwsError> {
        let refused = || bad_request(format!("The role ARN '{role}' is no role of this account"));
        let arn = Arn::from_str(role).map_err(|_| refused())?;
        let name = arn.resource.strip_prefix("role/");
        let name = name
            .and_then(|path| path.rsplit('/').next())
            .ok_or_else(refused)?;
        let found = self.find::<Role>(kinds::IAM_ROLE, name).await?;
        let is_it = found.is_some_and(|kept| kept.value.arn(self.scope.account.as_str()) == role);
        if is_it { Ok(()) } else { Err(refused()) }
    }
}

impl Plans<'_> {
    /// Renders the account: its throttle is the operator's.
    pub async fn shown_account(&self) -> Result<Value, AwsError> {
        let account = self.apis.account().await?;
        let throttle = self.counters.account_throttle();
        let mut shown = json!({
            "apiKeyVersion": "4",
            "features": ["UsagePlans"],
            "throttleSettings": { "burstLimit": throttle.burst_limit, "rateLimit": throttle.rate_limit },
        });
        if let (Some(role), Some(shown)) = (account.cloudwatch_role_arn, shown.as_object_mut()) {
            shown.insert("cloudwatchRoleArn".into(), role.into());
        }
        Ok(shown)
    }
}
