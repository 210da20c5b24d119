//! `AttachGroupPolicy`: attaches a managed policy to a group.

use portcullis_model::resources::iam::Group;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "AttachGroupPolicy",
    route: None,
    access: holders::on_group("iam:AttachGroupPolicy"),
    members: &["GroupName", "PolicyArn"],
    call: |call| Box::pin(holders::attach::<Group>(call)),
};
