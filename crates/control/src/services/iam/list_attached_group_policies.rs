//! `ListAttachedGroupPolicies`: lists the managed policies of a group.

use portcullis_model::resources::iam::Group;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "ListAttachedGroupPolicies",
    route: None,
    access: holders::on_group("iam:ListAttachedGroupPolicies"),
    members: &["GroupName", "PathPrefix"],
    call: |call| Box::pin(holders::list_attached::<Group>(call)),
};
