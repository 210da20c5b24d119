//! What a template takes of its deployer's rights. A stack acts with the server's own hands: without this, whoever may make a
//! stack could make himself a role, or lend any role to a service.
//!
//! * A template with IAM resources wants a capability, as on AWS:
//!   <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>, `Capabilities`.
//! * Its deployer must have the rights on IAM himself. They are asked for every role of the account (`role/*`), every user, group
//!   and policy, before anything is evaluated, whatever the conditions say: what a parameter or a function gives is known too
//!   late to refuse without leaving half a stack.
//! * An update asks for what the template before did too: to take a policy away may allow what it denied. For the same reason
//!   `DeleteStack` asks for the rights on policies and groups; roles, users and their keys go with their stack.

use portcullis_engines::cloudformation::{Node, NodeKind, Template, parse_template};

use super::SERVICE;
use crate::{
    admission,
    operation::{AwsError, Call, Subject},
    stacks::StackRequest,
};

/// What IAM resources take: the type, the property that takes it (`` for the type itself), the actions, on what.
const TAKEN: &[(&str, &str, &[&str], &str)] = &[
    (
        "AWS::IAM::Role",
        "",
        &["iam:CreateRole", "iam:PutRolePolicy"],
        "role/*",
    ),
    (
        "AWS::IAM::Role",
        "ManagedPolicyArns",
        &["iam:AttachRolePolicy"],
        "role/*",
    ),
    (
        "AWS::IAM::Role",
        "PermissionsBoundary",
        &["iam:PutRolePermissionsBoundary"],
        "role/*",
    ),
    ("AWS::IAM::User", "", &["iam:CreateUser"], "user/*"),
    ("AWS::IAM::User", "Policies", &["iam:PutUserPolicy"], "user/*"),
    (
        "AWS::IAM::User",
        "ManagedPolicyArns",
        &["iam:AttachUserPolicy"],
        "user/*",
    ),
    (
        "AWS::IAM::User",
        "PermissionsBoundary",
        &["iam:PutUserPermissionsBoundary"],
        "user/*",
    ),
    ("AWS::IAM::User", "Groups", &["iam:AddUserToGroup"], "group/*"),
    ("AWS::IAM::AccessKey", "", &["iam:CreateAccessKey"], "user/*"),
    ("AWS::IAM::Group", "", &["iam:CreateGroup"], "group/*"),
    ("AWS::IAM::Group", "Policies", &["iam:PutGroupPolicy"], "group/*"),
    (
        "AWS::IAM::Group",
        "ManagedPolicyArns",
        &["iam:AttachGroupPolicy"],
        "group/*",
    ),
    (
        "AWS::IAM::UserToGroupAddition",
        "",
        &["iam:AddUserToGroup"],
        "group/*",
    ),
    ("AWS::IAM::Policy", "Roles", &["iam:PutRolePolicy"], "role/*"),
    ("AWS::IAM::Policy", "Users", &["iam:PutUserPolicy"], "user/*"),
    ("AWS::IAM::Policy", "Groups", &["iam:PutGroupPolicy"], "group/*"),
    (
        "AWS::IAM::ManagedPolicy",
        "",
        &["iam:CreatePolicy", "iam:CreatePolicyVersion"],
        "policy/*",
    ),
    (
        "AWS::IAM::ManagedPolicy",
        "Roles",
        &["iam:AttachRolePolicy"],
        "role/*",
    ),
    (
        "AWS::IAM::ManagedPolicy",
        "Users",
        &["iam:AttachUserPolicy"],
        "user/*",
    ),
    (
        "AWS::IAM::ManagedPolicy",
        "Groups",
        &["iam:AttachGroupPolicy"],
        "group/*",
    ),
];

/// What goes with its stack without a right on it.
const GO_WITH_THEIR_STACK: [&str; 3] = ["AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::AccessKey"];

/// The property that gives an entity its name, which then wants `CAPABILITY_NAMED_IAM`.
const NAMES: [(&str, &str); 4] = [
    ("AWS::IAM::Role", "RoleName"),
    ("AWS::IAM::User", "UserName"),
    ("AWS::IAM::Group", "GroupName"),
    ("AWS::IAM::ManagedPolicy", "ManagedPolicyName"),
];

/// What lends a role to a service: the type, the property that names the role, the service.
const LENDERS: [(&str, &str, &str); 6] = [
    (
        "AWS::ApiGateway::Account",
        "CloudWatchRoleArn",
        "apigateway.amazonaws.com",
    ),
    (
        "AWS::ApiGateway::Method",
        "Credentials",
        "apigateway.amazonaws.com",
    ),
    // Of an integration in a document under `Body`, whose keys a template always writes out.
    (
        "AWS::ApiGateway::RestApi",
        "credentials",
        "apigateway.amazonaws.com",
    ),
    // What a document in a bucket holds is known when it is read: too late to ask.
    (
        "AWS::ApiGateway::RestApi",
        "BodyS3Location",
        "apigateway.amazonaws.com",
    ),
    ("AWS::Events::Rule", "RoleArn", "events.amazonaws.com"),
    ("AWS::Lambda::Function", "Role", "lambda.amazonaws.com"),
];

/// Checks that the caller of `request` acknowledges and may do what its template, or else `previous`, does to roles.
pub(super) async fn check(
    call: &Call<'_>,
    request: &StackRequest,
    previous: Option<&str>,
) -> Result<(), AwsError> {
    let text = request.template.as_deref().or(previous).unwrap_or_default();
    // What is no template is refused, with its problems, by whoever makes the stack.
    let Ok(template) = parse_template(text) else {
        return Ok(());
    };
    check_capabilities(&template, &request.capabilities)?;
    let previous = previous.and_then(|text| parse_template(text).ok());
    for template in [Some(&template), previous.as_ref()].into_iter().flatten() {
        check_taken(call, template, |_| true).await?;
    }
    let roles = format!("arn:aws:iam::{}:role/*", call.scope.account);
    let on_roles = |context| Subject {
        arn: roles.clone(),
        context,
    };
    for (resource_type, property, principal) in LENDERS {
        let lends = template
            .resources
            .values()
            .any(|made| made.resource_type == resource_type && names(&made.properties, property));
        if lends {
            let context = vec![("iam:PassedToService".to_owned(), principal.to_owned())];
            admission::authorize_on(&SERVICE, call, "iam:PassRole", &on_roles(context)).await?;
        }
    }
    Ok(())
}

/// Checks that the caller may take away what a stack's template made of policies and groups.
pub(super) async fn check_deletion(call: &Call<'_>, template: &str) -> Result<(), AwsError> {
    let Ok(template) = parse_template(template) else {
        return Ok(());
    };
    check_taken(call, &template, |kind| !GO_WITH_THEIR_STACK.contains(&kind)).await
}

async fn check_taken(
    call: &Call<'_>,
    template: &Template,
    concerns: impl Fn(&str) -> bool,
) -> Result<(), AwsError> {
    for (kind, property, actions, on) in TAKEN.iter().filter(|(kind, ..)| concerns(kind)) {
        let takes = template.resources.values().any(|made| {
            made.resource_type == *kind && (property.is_empty() || names(&made.properties, property))
        });
        if !takes {
            continue;
        }
        let subject = Subject {
            arn: format!("arn:aws:iam::{}:{on}", call.scope.account),
            context: Vec::new(),
        };
        for action in *actions {
            admission::authorize_on(&SERVICE, call, action, &subject).await?;
        }
    }
    Ok(())
}

fn check_capabilities(template: &Template, given: &[String]) -> Result<(), AwsError> {
    let has = |capability: &str| given.iter().any(|given| given == capability);
    let mut entities = template
        .resources
        .values()
        .filter(|made| TAKEN.iter().any(|(kind, ..)| made.resource_type == *kind))
        .peekable();
    if entities.peek().is_none() || has("CAPABILITY_NAMED_IAM") {
        return Ok(());
    }
    let is_named = entities.any(|made| {
        let mut names = NAMES.iter().filter(|(kind, _)| made.resource_type == *kind);
        names.any(|(_, name)| made.properties.member(name).is_some())
    });
    if !is_named && has("CAPABILITY_IAM") {
        return Ok(());
    }
    let wanted = if is_named {
        "CAPABILITY_NAMED_IAM"
    } else {
        "CAPABILITY_IAM"
    };
    Err(AwsError::new(
        "InsufficientCapabilitiesException",
        400,
        format!("Requires capabilities : [{wanted}]"),
    ))
}

/// Tells whether a property of this name stands anywhere in `node`, inside functions too.
fn names(node: &Node, property: &str) -> bool {
    match &node.kind {
        NodeKind::Map(entries) => entries
            .iter()
            .any(|(key, value)| key.text == property || names(value, property)),
        NodeKind::List(items) => items.iter().any(|item| names(item, property)),
        _ => false,
    }
}
