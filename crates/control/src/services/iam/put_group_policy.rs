//! `PutGroupPolicy`: gives a group an inline policy, or replaces it.

use portcullis_model::resources::iam::Group;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "PutGroupPolicy",
    route: None,
    access: holders::on_group("iam:PutGroupPolicy"),
    members: &["GroupName", "PolicyName", "PolicyDocument"],
    call: |call| Box::pin(holders::put_policy::<Group>(call)),
};
