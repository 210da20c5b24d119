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
mod attach_user_policy;
mod detach_user_policy;
mod list_attached_user_policies;
mod put_user_permissions_boundary;
mod delete_user_permissions_boundary;
mod put_group_policy;
mod get_group_policy;
mod list_group_policies;
mod delete_group_policy;
mod attach_group_policy;
mod detach_group_policy;
mod list_attached_group_policies;
mod attach_role_policy;
mod detach_role_policy;
mod list_attached_role_policies;
mod put_role_permissions_boundary;
mod delete_role_permissions_boundary;
mod create_group;
mod get_group;
mod delete_group;
mod list_groups;
mod add_user_to_group;
mod remove_user_from_group;
mod list_groups_for_user;
mod create_policy;
mod get_policy;
mod delete_policy;
mod list_policies;
mod create_policy_version;
mod get_policy_version;
mod list_policy_versions;
mod set_default_policy_version;
mod delete_policy_version;
mod list_entities_for_policy;
mod access_keys;
pub mod entities;
mod groups;
mod holders;
pub mod managed;
pub mod roles;
pub mod users;
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
        &attach_user_policy::OPERATION,
        &detach_user_policy::OPERATION,
        &list_attached_user_policies::OPERATION,
        &put_user_permissions_boundary::OPERATION,
        &delete_user_permissions_boundary::OPERATION,
        &put_group_policy::OPERATION,
        &get_group_policy::OPERATION,
        &list_group_policies::OPERATION,
        &delete_group_policy::OPERATION,
        &attach_group_policy::OPERATION,
        &detach_group_policy::OPERATION,
        &list_attached_group_policies::OPERATION,
        &attach_role_policy::OPERATION,
        &detach_role_policy::OPERATION,
        &list_attached_role_policies::OPERATION,
        &put_role_permissions_boundary::OPERATION,
        &delete_role_permissions_boundary::OPERATION,
        &create_group::OPERATION,
        &get_group::OPERATION,
        &delete_group::OPERATION,
        &list_groups::OPERATION,
        &add_user_to_group::OPERATION,
        &remove_user_from_group::OPERATION,
        &list_groups_for_user::OPERATION,
        &create_policy::OPERATION,
        &get_policy::OPERATION,
        &delete_policy::OPERATION,
        &list_policies::OPERATION,
        &create_policy_version::OPERATION,
        &get_policy_version::OPERATION,
        &list_policy_versions::OPERATION,
        &set_default_policy_version::OPERATION,
        &delete_policy_version::OPERATION,
        &list_entities_for_policy::OPERATION,
    ],
};
