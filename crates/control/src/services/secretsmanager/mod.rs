//! AWS Secrets Manager: <https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_Operations.html>
//!
//! Thin: the wire on one side, [`portcullis_vault::secrets::Secrets`] on the other. Rotation is refused until there
//! are functions to rotate with; resource policies and replicas are not there.

mod access;
mod batch_get_secret_value;
mod cancel_rotate_secret;
mod create_secret;
mod delete_secret;
mod describe_secret;
mod filter;
mod get_random_password;
mod get_resource_policy;
mod get_secret_value;
mod list_secret_version_ids;
mod list_secrets;
mod put_secret_value;
mod restore_secret;
mod rotate_secret;
mod rules;
mod tag_resource;
#[cfg(test)]
mod tests;
mod untag_resource;
mod update_secret;
mod update_secret_version_stage;
mod wire;

use portcullis_vault::secrets::Secrets;

use crate::operation::{Call, Protocol, Service};

pub const SERVICE: Service = Service {
    name: "secretsmanager",
    protocol: Protocol::Json11 {
        target_prefix: "secretsmanager",
    },
    operations: &[
        &batch_get_secret_value::OPERATION,
        &cancel_rotate_secret::OPERATION,
        &create_secret::OPERATION,
        &delete_secret::OPERATION,
        &describe_secret::OPERATION,
        &get_random_password::OPERATION,
        &get_resource_policy::OPERATION,
        &get_secret_value::OPERATION,
        &list_secret_version_ids::OPERATION,
        &list_secrets::OPERATION,
        &put_secret_value::OPERATION,
        &restore_secret::OPERATION,
        &rotate_secret::OPERATION,
        &tag_resource::OPERATION,
        &untag_resource::OPERATION,
        &update_secret::OPERATION,
        &update_secret_version_stage::OPERATION,
    ],
};

/// Returns the secrets of the caller's account.
fn secrets<'a>(call: &'a Call<'_>) -> Secrets<'a> {
    Secrets {
        store: call.parts.store.as_ref(),
        vault: &call.parts.vault,
        clock: call.parts.clock.as_ref(),
        entropy: call.parts.entropy.as_ref(),
        scope: call.scope,
    }
}
