//! What a template takes of its deployer's rights. A stack acts with the server's own hands: without this, whoever may make a
//! stack could make himself a role, or lend any role to a service.
//!
//! * A template with IAM resources wants a capability, as on AWS:
//!   <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_CreateStack.html>, `Capabilities`.
//! * Its deployer must have the rights on roles himself. They are asked for every role of the account (`role/*`) before anything
//!   is evaluated, whatever the conditions say: what a parameter or a function gives is known too late to refuse without
//!   leaving half a stack.

use portcullis_engines::cloudformation::{Node, NodeKind, Template, parse_template};

use super::SERVICE;
use crate::{
    admission,
    operation::{AwsError, Call, Subject},
    stacks::StackRequest,
};

const ROLE: &str = "AWS::IAM::Role";

/// What lends a role to a service: the type, the property that names the role, the service.
const LENDERS: [(&str, &str, &str); 4] = [
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
    let roles = format!("arn:aws:iam::{}:role/*", call.scope.account);
    let on_roles = |context| Subject {
        arn: roles.clone(),
        context,
    };
    if template.resources.values().any(|made| made.resource_type == ROLE) {
        for action in ["iam:CreateRole", "iam:PutRolePolicy"] {
            admission::authorize_on(&SERVICE, call, action, &on_roles(Vec::new())).await?;
        }
    }
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

fn check_capabilities(template: &Template, given: &[String]) -> Result<(), AwsError> {
    let has = |capability: &str| given.iter().any(|given| given == capability);
    let mut roles = template
        .resources
        .values()
        .filter(|made| made.resource_type == ROLE)
        .peekable();
    if roles.peek().is_none() || has("CAPABILITY_NAMED_IAM") {
        return Ok(());
    }
    let is_named = roles.any(|made| made.properties.member("RoleName").is_some());
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
