//! OpenAPI documents: what API does one describe, and which document describes an API? Swagger 2.0 and OpenAPI 3.0, with the
//! extensions `x-amazon-apigateway-*`. Pure: a document becomes a plan, in the words of API Gateway's own operations
//! (`PutMethod`, `CreateRoute`), which the caller carries out; an image of an API becomes a document.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-import-api.html>
//!
//! An extension that is not known here is an error with its JSON pointer: nothing that guards an API is dropped. What only
//! documents an API (`summary`, `tags`, `example`) has no effect here and is left out, as with `ignore=documentation` on AWS.

mod at;
mod base_path;
mod document;
pub mod export;
mod findings;
mod path_item;
pub mod http;
pub mod rest;

#[cfg(test)]
mod tests;

pub use base_path::BasePath;
pub use document::{DEPTH_MAX, DOCUMENT_BYTES_MAX, Document, NODES_MAX, Version};
pub use findings::PROBLEMS_MAX;

use serde_json::{Map, Value};

/// The members of an operation's input.
pub type Members = Map<String, Value>;

/// What is to be made: its name, and the members of the operation that makes it.
#[derive(Clone, Debug, PartialEq)]
pub struct Part {
    /// Where the document says so, as a JSON pointer.
    pub pointer: String,
    /// Of a model, authorizer or validator its name; of a response its status or type; of an integration nothing.
    pub name: String,
    pub members: Members,
}

/// How a document is to be read.
#[derive(Clone, Debug)]
pub struct Options<'a> {
    /// The API that references between models name.
    pub api_id: &'a str,
    pub base_path: BasePath,
}
