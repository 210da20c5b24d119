//! `DetachUserPolicy`: detaches a managed policy from a user.

use portcullis_model::resources::iam::User;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "DetachUserPolicy",
    route: None,
    access: holders::on_user("iam:DetachUserPolicy"),
    members: &["UserName", "PolicyArn"],
    call: |call| Box::pin(holders::detach::<User>(call)),
};
