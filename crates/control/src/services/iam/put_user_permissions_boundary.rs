//! `PutUserPermissionsBoundary`: sets beyond which policy a user may nothing.

use portcullis_model::resources::iam::User;

use super::holders;
use crate::operation::Operation;

pub(super) const OPERATION: Operation = Operation {
    name: "PutUserPermissionsBoundary",
    route: None,
    access: holders::on_user("iam:PutUserPermissionsBoundary"),
    members: &["UserName", "PermissionsBoundary"],
    call: |call| Box::pin(holders::put_boundary::<User>(call)),
};
