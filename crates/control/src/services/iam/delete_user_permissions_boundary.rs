//! `DeleteUserPermissionsBoundary`: takes the permissions boundary from a user.

use portcullis_model::resources::iam::User;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "DeleteUserPermissionsBoundary",
    route: None,
    access: holders::on_user("iam:DeleteUserPermissionsBoundary"),
    members: &["UserName"],
    call: |call| Box::pin(holders::delete_boundary::<User>(call)),
};
