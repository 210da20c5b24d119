//! `GetGroupPolicy`: returns an inline policy of a group.

use portcullis_model::resources::iam::Group;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "GetGroupPolicy",
    route: None,
    access: holders::on_group("iam:GetGroupPolicy"),
    members: &["GroupName", "PolicyName"],
    call: |call| Box::pin(holders::get_policy::<Group>(call)),
};
