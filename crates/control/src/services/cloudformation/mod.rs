//! CloudFormation: <https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/>
//!
//! One file an operation; stacks themselves are in [`crate::stacks`].

mod create_stack;
mod update_stack;
mod delete_stack;
mod describe_stacks;
mod describe_stack_events;
mod describe_stack_resource;
mod describe_stack_resources;
mod list_stack_resources;
mod get_template;
mod validate_template;
mod list_stacks;
mod list_exports;
mod describe;
mod input;
mod rights;
#[cfg(test)]
mod tests;

use input::{
    PAGE_ITEMS_MAX, any_stack, numbered, required, stack_arn, stack_request, stacks, template_body, texts,
    update_request,
};

use crate::operation::{Protocol, Service};

/// The service.
pub const SERVICE: Service = Service {
    name: "cloudformation",
    protocol: Protocol::Query {
        version: "2010-05-15",
        namespace: "http://cloudformation.amazonaws.com/doc/2010-05-15/",
    },
    operations: &[
        &create_stack::OPERATION,
        &update_stack::OPERATION,
        &delete_stack::OPERATION,
        &describe_stacks::OPERATION,
        &describe_stack_events::OPERATION,
        &describe_stack_resource::OPERATION,
        &describe_stack_resources::OPERATION,
        &list_stack_resources::OPERATION,
        &get_template::OPERATION,
        &validate_template::OPERATION,
        &list_stacks::OPERATION,
        &list_exports::OPERATION,
    ],
};
