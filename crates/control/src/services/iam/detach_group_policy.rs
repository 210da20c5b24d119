//! `DetachGroupPolicy`: detaches a managed policy from a group.

use portcullis_model::resources::iam::Group;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "DetachGroupPolicy",
    route: None,
    access: holders::on_group("iam:DetachGroupPolicy"),
    members: &["GroupName", "PolicyArn"],
    call: |call| Box::pin(holders::detach::<Group>(call)),
};
