//! `DetachRolePolicy`: detaches a managed policy from a role.

use portcullis_model::resources::iam::Role;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "DetachRolePolicy",
    route: None,
    access: holders::on_role("iam:DetachRolePolicy"),
    members: &["RoleName", "PolicyArn"],
    call: |call| Box::pin(holders::detach::<Role>(call)),
};
