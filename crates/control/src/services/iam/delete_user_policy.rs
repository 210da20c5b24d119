//! `DeleteUserPolicy`: takes an inline policy from a user.

use portcullis_model::resources::iam::User;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteUserPolicy",
    route: None,
    access: holders::on_user("iam:DeleteUserPolicy"),
    members: &["UserName", "PolicyName"],
    call: |call| Box::pin(holders::delete_policy::<User>(call)),
};
