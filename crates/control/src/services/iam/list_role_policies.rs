//! `ListRolePolicies`: lists the names of the inline policies of a role.

use portcullis_model::resources::iam::Role;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "ListRolePolicies",
    route: None,
    access: holders::on_role("iam:ListRolePolicies"),
    members: &["RoleName"],
    call: |call| Box::pin(holders::list_policies::<Role>(call)),
};
