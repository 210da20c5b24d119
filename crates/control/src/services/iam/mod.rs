//! Identity and Access Management, users and their keys: <https://docs.aws.amazon.com/IAM/latest/APIReference/>

mod create_user;
mod get_user;
mod list_users;
mod delete_user;
mod create_access_key;
mod list_access_keys;
mod update_access_key;
mod delete_access_key;
mod put_user_policy;
mod get_user_policy;
mod list_user_policies;
mod delete_user_policy;
mod access_keys;
mod users;

use crate::operation::{Protocol, Service};

pub const SERVICE: Service = Service {
    name: "iam",
    protocol: Protocol::Query {
        version: "2010-05-08",
        namespace: "https://iam.amazonaws.com/doc/2010-05-08/",
    },
    operations: &[
        &create_user::OPERATION,
        &get_user::OPERATION,
        &list_users::OPERATION,
        &delete_user::OPERATION,
        &create_access_key::OPERATION,
        &list_access_keys::OPERATION,
        &update_access_key::OPERATION,
        &delete_access_key::OPERATION,
        &put_user_policy::OPERATION,
        &get_user_policy::OPERATION,
        &list_user_policies::OPERATION,
        &delete_user_policy::OPERATION,
    ],
};
