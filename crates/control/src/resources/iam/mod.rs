//! `AWS::IAM::…`: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_IAM.html>

pub mod role;
