//! AWS's own managed policies, as far as their whole content is known here. One that is not in this list is refused by name
//! wherever it would be attached: what it allows would be a guess.
//! <https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html>

/// How ARNs of AWS's own policies begin.
pub const AWS_MANAGED_PREFIX: &str = "arn:aws:iam::aws:policy/";

const LOGS: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents"],"Resource":"*"}]}"#;

/// Path and name, and the document of the default version.
const POLICIES: &[(&str, &str)] = &[
    (
        "AdministratorAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}"#,
    ),
    (
        "PowerUserAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","NotAction":["iam:*","organizations:*","account:*"],"Resource":"*"},{"Effect":"Allow","Action":["account:GetAccountInformation","account:GetPrimaryEmail","account:ListRegions","iam:CreateServiceLinkedRole","iam:DeleteServiceLinkedRole","iam:ListRoles","organizations:DescribeEffectivePolicy","organizations:DescribeOrganization"],"Resource":"*"}]}"#,
    ),
    (
        "IAMFullAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:*","organizations:DescribeAccount","organizations:DescribeOrganization","organizations:DescribeOrganizationalUnit","organizations:DescribePolicy","organizations:ListChildren","organizations:ListParents","organizations:ListPoliciesForTarget","organizations:ListRoots","organizations:ListPolicies","organizations:ListTargetsForPolicy"],"Resource":"*"}]}"#,
    ),
    (
        "IAMReadOnlyAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["iam:GenerateCredentialReport","iam:GenerateServiceLastAccessedDetails","iam:Get*","iam:List*","iam:SimulateCustomPolicy","iam:SimulatePrincipalPolicy"],"Resource":"*"}]}"#,
    ),
    (
        "AmazonAPIGatewayAdministrator",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["apigateway:*"],"Resource":"arn:aws:apigateway:*::/*"}]}"#,
    ),
    (
        "AmazonAPIGatewayInvokeFullAccess",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["execute-api:Invoke","execute-api:ManageConnections"],"Resource":"arn:aws:execute-api:*:*:*"}]}"#,
    ),
    (
        "service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:DescribeLogGroups","logs:DescribeLogStreams","logs:PutLogEvents","logs:GetLogEvents","logs:FilterLogEvents"],"Resource":"*"}]}"#,
    ),
    ("service-role/AWSLambdaBasicExecutionRole", LOGS),
    (
        "service-role/AWSLambdaVPCAccessExecutionRole",
        r#"{"Version":"2012-10-17","Statement":[{"Sid":"AWSLambdaVPCAccessExecutionPermissions","Effect":"Allow","Action":["logs:CreateLogGroup","logs:CreateLogStream","logs:PutLogEvents","ec2:CreateNetworkInterface","ec2:DescribeNetworkInterfaces","ec2:DescribeSubnets","ec2:DeleteNetworkInterface","ec2:AssignPrivateIpAddresses","ec2:UnassignPrivateIpAddresses"],"Resource":"*"}]}"#,
    ),
    (
        "service-role/AWSLambdaRole",
        r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["lambda:InvokeFunction"],"Resource":["*"]}]}"#,
    ),
];

/// Returns the document of one of AWS's policies; none when its content is not known here.
pub fn aws_managed(arn: &str) -> Option<&'static str> {
    let wanted = arn.strip_prefix(AWS_MANAGED_PREFIX)?;
    let found = POLICIES.iter().find(|(name, _)| *name == wanted)?;
    Some(found.1)
}

/// Returns the ARN and document of each of AWS's policies that is known.
pub fn aws_managed_policies() -> impl Iterator<Item = (String, &'static str)> {
    POLICIES
        .iter()
        .map(|(name, document)| (format!("{AWS_MANAGED_PREFIX}{name}"), *document))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::iam::Policy;

    #[test]
    fn awss_policies_are_read_and_found_by_their_arns() {
        for (arn, document) in aws_managed_policies() {
            assert!(Policy::parse_identity_based(document).is_ok(), "{arn}");
            assert_eq!(aws_managed(&arn), Some(document));
        }
        assert_eq!(aws_managed("arn:aws:iam::aws:policy/ReadOnlyAccess"), None);
        assert_eq!(
            aws_managed("arn:aws:iam::111122223333:policy/AdministratorAccess"),
            None
        );
    }
}
