//! `AttachRolePolicy`: attaches a managed policy to a role.

use portcullis_model::resources::iam::Role;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "AttachRolePolicy",
    route: None,
    access: holders::on_role("iam:AttachRolePolicy"),
    members: &["RoleName", "PolicyArn"],
    call: |call| Box::pin(holders::attach::<Role>(call)),
};
