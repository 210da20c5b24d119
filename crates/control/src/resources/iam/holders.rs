//! What users, groups and roles of a template have in common: inline policies, managed ones, a boundary, a name.

use std::collections::BTreeMap;

use portcullis_engines::{
    cloudformation::{Node, PropertySchema as P, ResourceTemplate, Shape},
    iam::{AWS_MANAGED_PREFIX, Policy, aws_managed},
};
use portcullis_model::{Problem, resources::cloudformation::StackResource};

use crate::{
    operation::AwsError,
    resources::{Maker, Properties, literal_json},
    services::iam::entities::{Entities, Holder, unknown_aws_policy},
};

/// A member of `Policies`.
pub(super) static POLICY: &[P] = &[
    P::required("PolicyDocument", Shape::Json),
    P::required(
        "PolicyName",
        Shape::TextLength {
            minimum: 1,
            maximum: 128,
        },
    ),
];

/// Returns the inline policies of an entity, by name.
pub(super) fn policies(properties: Properties<'_>) -> Result<BTreeMap<String, String>, AwsError> {
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

/// Returns the texts of a property, of properties that may be absent.
pub(super) fn given(properties: Option<Properties<'_>>, name: &str) -> Vec<String> {
    properties
        .map(|properties| properties.texts(name))
        .unwrap_or_default()
}

/// Gives an entity the inline policies that a resource names now, for those that it named before. What others gave stays.
pub(super) fn exchange_inline<H: Holder>(
    holder: &mut H,
    before: &StackResource,
    properties: Properties<'_>,
) -> Result<(), AwsError> {
    for policy in Properties::of(&before.properties).objects("Policies") {
        holder.inline_mut().remove(policy.text_or_empty("PolicyName"));
    }
    holder.inline_mut().extend(policies(properties)?);
    Ok(())
}

/// Takes from an entity what its resource gave it.
pub(super) fn take_away<H: Holder>(holder: &mut H, made: &StackResource) {
    let properties = Properties::of(&made.properties);
    for policy in properties.objects("Policies") {
        holder.inline_mut().remove(policy.text_or_empty("PolicyName"));
    }
    for arn in properties.texts("ManagedPolicyArns") {
        holder.attached_mut().remove(&arn);
    }
}

/// Attaches the managed policies that a resource names now, and detaches those that it named before. What others attached stays.
pub(super) async fn exchange_attached<H: Holder>(
    iam: &Entities<'_>,
    holder: &mut H,
    before: &StackResource,
    properties: Properties<'_>,
) -> Result<(), AwsError> {
    for arn in Properties::of(&before.properties).texts("ManagedPolicyArns") {
        holder.attached_mut().remove(&arn);
    }
    for arn in properties.texts("ManagedPolicyArns") {
        iam.attach(holder, &arn).await?;
    }
    Ok(())
}

/// Returns the permissions boundary that a resource names, if it is there.
pub(super) async fn boundary(
    iam: &Entities<'_>,
    properties: Properties<'_>,
) -> Result<Option<String>, AwsError> {
    let arn = properties.string("PermissionsBoundary");
    if let Some(arn) = &arn {
        iam.check_attachable(arn).await?;
    }
    Ok(arn)
}

/// Finds AWS's own policies whose content is not known here, before anything is made.
pub(super) fn check_managed(resource: &ResourceTemplate, path: &str, problems: &mut Vec<Problem>) {
    let property = |name: &str| resource.properties.member(name);
    let attached = property("ManagedPolicyArns")
        .into_iter()
        .flat_map(items)
        .enumerate();
    let attached = attached.map(|(at, node)| (node, format!("{path}/ManagedPolicyArns/{at}")));
    let boundary = property("PermissionsBoundary").map(|node| (node, format!("{path}/PermissionsBoundary")));
    for (node, at) in attached.chain(boundary) {
        let unknown = node
            .as_text()
            .filter(|arn| arn.starts_with(AWS_MANAGED_PREFIX) && aws_managed(arn).is_none());
        problems.extend(unknown.map(|arn| Problem::error(Some(node.place), at, unknown_aws_policy(arn))));
    }
}

/// Returns `{stack}-{logical id}-{random}` within the length of a user's or role's name.
pub(super) fn generated_name(maker: &Maker<'_>) -> String {
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

/// Says what is wrong with the inline policies of an entity.
pub(super) fn check_policies(resource: &ResourceTemplate, path: &str, problems: &mut Vec<Problem>) {
    let policies = resource.properties.member("Policies").into_iter().flat_map(items);
    for (at, policy) in policies.enumerate() {
        if let Some(document) = policy.member("PolicyDocument") {
            check_json(document, format!("{path}/Policies/{at}/PolicyDocument"), problems);
        }
    }
}

/// Says what is wrong with the document of a policy.
pub(super) fn check_document(resource: &ResourceTemplate, path: &str, problems: &mut Vec<Problem>) {
    if let Some(document) = resource.properties.member("PolicyDocument") {
        check_json(document, format!("{path}/PolicyDocument"), problems);
    }
}

/// Says that an inline policy hangs on nothing.
pub(super) fn check_held(resource: &ResourceTemplate, path: &str, problems: &mut Vec<Problem>) {
    let names = ["Groups", "Roles", "Users"];
    if names
        .iter()
        .all(|name| resource.properties.member(name).is_none())
    {
        let message = "give at least one of `Groups`, `Roles` and `Users`: the policy hangs on nothing";
        problems.push(Problem::error(None, path.to_owned(), message));
    }
}

fn check_json(document: &Node, at: String, problems: &mut Vec<Problem>) {
    let wrong = literal_json(document).and_then(|json| Policy::parse_identity_based(&json).err());
    problems.extend(wrong.map(|cause| Problem::error(Some(document.place), at, cause.to_string())));
}
