//! `GetUserPolicy`: returns an inline policy of a user.

use portcullis_model::resources::iam::User;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "GetUserPolicy",
    route: None,
    access: holders::on_user("iam:GetUserPolicy"),
    members: &["UserName", "PolicyName"],
    call: |call| Box::pin(holders::get_policy::<User>(call)),
};
