//! `DeleteGroupPolicy`: takes an inline policy from a group.

use portcullis_model::resources::iam::Group;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteGroupPolicy",
    route: None,
    access: holders::on_group("iam:DeleteGroupPolicy"),
    members: &["GroupName", "PolicyName"],
    call: |call| Box::pin(holders::delete_policy::<Group>(call)),
};
