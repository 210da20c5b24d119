//! `AWS::CertificateManager::…`: <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/AWS_CertificateManager.html>

pub mod certificate;
