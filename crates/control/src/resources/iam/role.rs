//! `AWS::IAM::Role`:
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/aws-resource-iam-role.html>

use std::collections::BTreeMap;

use portcullis_engines::{
    cloudformation::{Node, PropertySchema as P, ResourceSchema, ResourceTemplate, Shape, Template},
    iam::Policy,
};
use portcullis_model::{
    Problem, Severity,
    resources::{cloudformation::StackResource, iam::Role as Record},
};

use crate::{
    operation::AwsError,
    resources::{Made, Maker, Making, Properties, StackedResource, literal_json},
    services::iam::roles::NewRole,
};

/// A role.
pub struct Role;

static POLICY: &[P] = &[
    P::required("PolicyDocument", Shape::Json),
    P::required(
        "PolicyName",
        Shape::TextLength {
            minimum: 1,
            maximum: 128,
        },
    ),
];

static SCHEMA: ResourceSchema = ResourceSchema {
    type_name: "AWS::IAM::Role",
    properties: &[
        P::required("AssumeRolePolicyDocument", Shape::Json),
        P::optional(
            "Description",
            Shape::TextLength {
                minimum: 0,
                maximum: 1000,
            },
        ),
        P::optional("ManagedPolicyArns", Shape::List(&Shape::Text)),
        P::optional(
            "MaxSessionDuration",
            Shape::Integer {
                minimum: 3600,
                maximum: 43_200,
            },
        ),
        P::optional("Path", Shape::Text).replaces(),
        P::refused(
            "PermissionsBoundary",
            "permissions boundaries are not supported yet",
        ),
        P::optional("Policies", Shape::List(&Shape::Object(POLICY))),
        P::optional(
            "RoleName",
            Shape::TextLength {
                minimum: 1,
                maximum: 64,
            },
        )
        .replaces(),
        P::optional("Tags", Shape::Tags),
    ],
    attributes: &["Arn", "RoleId"],
};

/// AWS's own policies that allow nothing that exists here: they change nothing.
const WITHOUT_EFFECT: [(&str, &str); 3] = [
    (
        "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole",
        "functions log without a permission",
    ),
    (
        "arn:aws:iam::aws:policy/service-role/AWSLambdaVPCAccessExecutionRole",
        "functions log without a permission, and there are no VPCs",
    ),
    (
        "arn:aws:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs",
        "access logs are written without a permission",
    ),
];

fn check_managed(arn: &str) -> Result<&'static str, String> {
    let known = WITHOUT_EFFECT.iter().find(|(known, _)| *known == arn);
    known.map(|(_, reason)| *reason).ok_or_else(|| {
        format!("managed policies are not supported yet: write what `{arn}` allows into `Policies`")
    })
}

fn check_managed_of(properties: Properties<'_>) -> Result<(), AwsError> {
    let arns = properties.texts("ManagedPolicyArns");
    let refused = arns.iter().find_map(|arn| check_managed(arn).err());
    refused.map_or(Ok(()), |message| {
        Err(AwsError::new("ValidationError", 400, message))
    })
}

fn policies(properties: Properties<'_>) -> Result<BTreeMap<String, String>, AwsError> {
    let mut policies = BTreeMap::new();
    for policy in properties.objects("Policies") {
        let name = policy.text_or_empty("PolicyName");
        let document = policy.json_text("PolicyDocument").unwrap_or_default();
        if policies.insert(name.to_owned(), document).is_some() {
            let message = format!("the policy name `{name}` occurs twice");
            return Err(AwsError::new("ValidationError", 400, message));
        }
    }
    Ok(policies)
}

fn made(maker: &Maker<'_>, role: &Record) -> Made {
    Made::named(role.role_name.clone())
        .with("Arn", role.arn(maker.scope.account.as_str()))
        .with("RoleId", role.role_id.clone())
}

/// Returns `{stack}-{logical id}-{random}` within the length of a role's name.
fn generated_name(maker: &Maker<'_>) -> String {
    let random = maker.entropy.alphanumeric(12);
    let stem: String = format!("{}-{}", maker.stack_name, maker.logical_id)
        .chars()
        .take(64 - 13)
        .collect();
    format!("{stem}-{random}")
}

fn items(node: &Node) -> impl Iterator<Item = &Node> {
    node.as_list().into_iter().flatten()
}

impl StackedResource for Role {
    fn schema(&self) -> &'static ResourceSchema {
        &SCHEMA
    }

    fn create<'a>(&'a self, maker: &'a Maker<'a>, properties: Properties<'a>) -> Making<'a, Made> {
        Box::pin(async move {
            check_managed_of(properties)?;
            let name = properties.string("RoleName");
            let trust = properties.json_text("AssumeRolePolicyDocument");
            let new = NewRole {
                name: name.unwrap_or_else(|| generated_name(maker)),
                path: properties.text_or_empty("Path").to_owned(),
                trust: trust.unwrap_or_default(),
                description: properties.string("Description"),
                max_session_duration: properties.number("MaxSessionDuration"),
                tags: properties.tags("Tags"),
                policies: policies(properties)?,
            };
            Ok(made(maker, &maker.roles().create(new).await?))
        })
    }

    fn update<'a>(
        &'a self,
        maker: &'a Maker<'a>,
        before: &'a StackResource,
        properties: Properties<'a>,
    ) -> Making<'a, Made> {
        Box::pin(async move {
            check_managed_of(properties)?;
            let roles = maker.roles();
            let mut found = roles.read(&before.reference).await?;
            let role = &mut found.value;
            role.assume_role_policy_document = properties
                .json_text("AssumeRolePolicyDocument")
                .unwrap_or_default();
            role.description = properties.string("Description");
            role.max_session_duration = properties.number("MaxSessionDuration").unwrap_or(3600);
            role.tags = properties.tags("Tags");
            // Policies that others gave the role stay; those of the template before go.
            for policy in Properties::of(&before.properties).objects("Policies") {
                role.policies.remove(policy.text_or_empty("PolicyName"));
            }
            role.policies.extend(policies(properties)?);
            let changed = made(maker, role);
            roles.write(&found).await?;
            Ok(changed)
        })
    }

    fn delete<'a>(&'a self, maker: &'a Maker<'a>, made: &'a StackResource) -> Making<'a, ()> {
        Box::pin(async move {
            let roles = maker.roles();
            match roles.find(&made.reference).await? {
                Some(role) => roles.delete(&role).await,
                None => Ok(()),
            }
        })
    }

    fn check(&self, logical_id: &str, resource: &ResourceTemplate, _template: &Template) -> Vec<Problem> {
        let path = format!("Resources/{logical_id}/Properties");
        let property = |name: &str| resource.properties.member(name);
        let mut problems = Vec::new();
        for (at, arn) in property("ManagedPolicyArns")
            .into_iter()
            .flat_map(items)
            .enumerate()
        {
            let Some(text) = arn.as_text() else { continue };
            let (severity, message) = match check_managed(text) {
                Ok(reason) => (Severity::Inert, format!("`{text}` has no effect: {reason}")),
                Err(message) => (Severity::Error, message),
            };
            problems.push(Problem {
                severity,
                place: Some(arn.place),
                path: format!("{path}/ManagedPolicyArns/{at}"),
                message,
            });
        }
        let mut refuse = |node: &Node, at: String, cause: Option<String>| {
            problems.extend(cause.map(|cause| Problem::error(Some(node.place), at, cause)));
        };
        if let Some(trust) = property("AssumeRolePolicyDocument") {
            let wrong = literal_json(trust).and_then(|json| Policy::parse_trust(&json).err());
            let cause = wrong.map(|cause| cause.to_string());
            refuse(trust, format!("{path}/AssumeRolePolicyDocument"), cause);
        }
        for (at, policy) in property("Policies").into_iter().flat_map(items).enumerate() {
            let Some(document) = policy.member("PolicyDocument") else {
                continue;
            };
            let wrong = literal_json(document).and_then(|json| Policy::parse_identity_based(&json).err());
            let cause = wrong.map(|cause| cause.to_string());
            refuse(document, format!("{path}/Policies/{at}/PolicyDocument"), cause);
        }
        problems
    }
}
