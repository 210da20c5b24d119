//! `AWS::IAM::*`: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_IAM.html>

pub mod access_key;
pub mod group;
pub mod managed_policy;
pub mod policy;
pub mod role;
pub mod user;
pub mod user_to_group_addition;
mod holders;
