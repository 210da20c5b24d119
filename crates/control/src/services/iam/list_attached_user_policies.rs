//! `ListAttachedUserPolicies`: lists the managed policies of a user.

use portcullis_model::resources::iam::User;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "ListAttachedUserPolicies",
    route: None,
    access: holders::on_user("iam:ListAttachedUserPolicies"),
    members: &["UserName", "PathPrefix"],
    call: |call| Box::pin(holders::list_attached::<User>(call)),
};
