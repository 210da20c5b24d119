//! `DeleteRolePermissionsBoundary`: takes the permissions boundary from a role.

use portcullis_model::resources::iam::Role;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteRolePermissionsBoundary",
    route: None,
    access: holders::on_role("iam:DeleteRolePermissionsBoundary"),
    members: &["RoleName"],
    call: |call| Box::pin(holders::delete_boundary::<Role>(call)),
};
