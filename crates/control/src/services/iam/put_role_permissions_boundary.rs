//! `PutRolePermissionsBoundary`: sets beyond which policy a role may nothing.

use portcullis_model::resources::iam::Role;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "PutRolePermissionsBoundary",
    route: None,
    access: holders::on_role("iam:PutRolePermissionsBoundary"),
    members: &["RoleName", "PermissionsBoundary"],
    call: |call| Box::pin(holders::put_boundary::<Role>(call)),
};
