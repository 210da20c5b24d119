//! Identity and Access Management: users and their keys, roles: <https://docs.aws.amazon.com/IAM/latest/APIReference/>

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
mod create_role;
mod get_role;
mod list_roles;
mod listing;
mod delete_role;
mod update_assume_role_policy;
mod put_role_policy;
mod get_role_policy;
mod list_role_policies;
mod delete_role_policy;
mod access_keys;
pub mod roles;
mod users;
#[cfg(test)]
mod tests;

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
        &create_role::OPERATION,
        &get_role::OPERATION,
        &list_roles::OPERATION,
        &delete_role::OPERATION,
        &update_assume_role_policy::OPERATION,
        &put_role_policy::OPERATION,
        &get_role_policy::OPERATION,
        &list_role_policies::OPERATION,
        &delete_role_policy::OPERATION,
    ],
};
