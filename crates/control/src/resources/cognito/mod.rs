//! `AWS::Cognito::…`: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_Cognito.html>

pub mod pool_options;
pub mod user_pool;
pub mod user_pool_client;
pub mod user_pool_domain;
pub mod user_pool_group;
pub mod user_pool_resource_server;
pub mod user_pool_user;
pub mod user_pool_user_to_group_attachment;

use portcullis_identity::IdentityError;

use crate::operation::AwsError;

/// Carries identity's refusal to the stack's events.
fn refused(error: IdentityError) -> AwsError {
    error.into()
}

/// Lets a deletion pass when the thing, or the pool around it, is gone already.
fn gone_is_fine(result: Result<(), IdentityError>) -> Result<(), AwsError> {
    match result {
        Err(error)
            if matches!(
                error.name(),
                "ResourceNotFoundException" | "UserNotFoundException"
            ) =>
        {
            Ok(())
        }
        other => other.map_err(refused),
    }
}
