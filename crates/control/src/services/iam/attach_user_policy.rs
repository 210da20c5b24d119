//! `AttachUserPolicy`: attaches a managed policy to a user.

use portcullis_model::resources::iam::User;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "AttachUserPolicy",
    route: None,
    access: holders::on_user("iam:AttachUserPolicy"),
    members: &["UserName", "PolicyArn"],
    call: |call| Box::pin(holders::attach::<User>(call)),
};
