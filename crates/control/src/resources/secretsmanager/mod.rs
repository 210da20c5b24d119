//! `AWS::SecretsManager::…`: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_SecretsManager.html>
//!
//! Rotation schedules, target attachments and resource policies are no resources here yet: templates that have them
//! are refused by name.

pub mod secret;
