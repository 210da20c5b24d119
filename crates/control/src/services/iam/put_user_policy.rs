//! `PutUserPolicy`: gives a user an inline policy, or replaces it.

use portcullis_model::resources::iam::User;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "PutUserPolicy",
    route: None,
    access: holders::on_user("iam:PutUserPolicy"),
    members: &["UserName", "PolicyName", "PolicyDocument"],
    call: |call| Box::pin(holders::put_policy::<User>(call)),
};
