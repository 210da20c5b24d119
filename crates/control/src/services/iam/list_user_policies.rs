//! `ListUserPolicies`: lists the names of the inline policies of a user.

use portcullis_model::resources::iam::User;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "ListUserPolicies",
    route: None,
    access: holders::on_user("iam:ListUserPolicies"),
    members: &["UserName"],
    call: |call| Box::pin(holders::list_policies::<User>(call)),
};
