//! `GetRolePolicy`: returns an inline policy of a role.

use portcullis_model::resources::iam::Role;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "GetRolePolicy",
    route: None,
    access: holders::on_role("iam:GetRolePolicy"),
    members: &["RoleName", "PolicyName"],
    call: |call| Box::pin(holders::get_policy::<Role>(call)),
};
