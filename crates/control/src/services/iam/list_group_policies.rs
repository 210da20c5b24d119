//! `ListGroupPolicies`: lists the names of the inline policies of a group.

use portcullis_model::resources::iam::Group;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "ListGroupPolicies",
    route: None,
    access: holders::on_group("iam:ListGroupPolicies"),
    members: &["GroupName"],
    call: |call| Box::pin(holders::list_policies::<Group>(call)),
};
