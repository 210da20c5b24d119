//! `AWS::CloudFront::…`: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_CloudFront.html>
//!
//! Policies, functions, key groups and origin access controls are no resources here yet: templates that have them are
//! refused by name.

pub mod distribution;
