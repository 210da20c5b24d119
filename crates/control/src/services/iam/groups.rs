//! Groups as the operations and the stacks make and describe them.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_groups.html>

use std::collections::{BTreeMap, BTreeSet};

use portcullis_model::resources::iam::Group;
use portcullis_store::typed::Versioned;
use serde_json::{Value, json};

use super::{
    entities::Entities,
    holders::{check_bare, conflict},
};
use crate::operation::{AwsError, Call};

impl Entities<'_> {
    /// Makes a group.
    pub(crate) async fn create_group(
        &self,
        name: &str,
        path: &str,
        policies: BTreeMap<String, String>,
        attached_policies: BTreeSet<String>,
    ) -> Result<Group, AwsError> {
        for arn in &attached_policies {
            self.check_attachable(arn).await?;
        }
        let group = Group {
            group_name: name.to_owned(),
            group_id: format!("AGPA{}", self.entropy.upper_base32(17)),
            path: path.to_owned(),
            create_date: self.clock.now(),
            policies,
            attached_policies,
        };
        self.create(&group).await?;
        Ok(group)
    }

    /// Deletes a group without users and policies.
    pub(crate) async fn delete_group(&self, group: &Versioned<Group>) -> Result<(), AwsError> {
        if !self.users_of(&group.value.group_name).await?.is_empty() {
            return Err(conflict("must remove users from group first"));
        }
        check_bare(&group.value)?;
        self.delete(group).await
    }
}

/// Returns the ARN of all groups.
pub(super) fn all(call: &Call<'_>) -> String {
    format!("arn:aws:iam::{}:group/", call.scope.account)
}

pub(super) fn describe(call: &Call<'_>, group: &Group) -> Value {
    json!({
        "Path": group.path,
        "GroupName": group.group_name,
        "GroupId": group.group_id,
        "Arn": group.arn(call.scope.account.as_str()),
        "CreateDate": group.create_date.iso8601(),
    })
}
