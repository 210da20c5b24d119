//! `ListAttachedRolePolicies`: lists the managed policies of a role.

use portcullis_model::resources::iam::Role;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "ListAttachedRolePolicies",
    route: None,
    access: holders::on_role("iam:ListAttachedRolePolicies"),
    members: &["RoleName", "PathPrefix"],
    call: |call| Box::pin(holders::list_attached::<Role>(call)),
};
