//! `DeleteRolePolicy`: takes an inline policy from a role.

use portcullis_model::resources::iam::Role;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteRolePolicy",
    route: None,
    access: holders::on_role("iam:DeleteRolePolicy"),
    members: &["RoleName", "PolicyName"],
    call: |call| Box::pin(holders::delete_policy::<Role>(call)),
};
