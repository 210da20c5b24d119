//! `PutRolePolicy`: gives a role an inline policy, or replaces it.

use portcullis_model::resources::iam::Role;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "PutRolePolicy",
    route: None,
    access: holders::on_role("iam:PutRolePolicy"),
    members: &["RoleName", "PolicyName", "PolicyDocument"],
    call: |call| Box::pin(holders::put_policy::<Role>(call)),
};
