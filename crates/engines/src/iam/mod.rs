//! May this principal do this to that resource? IAM policy documents and their evaluation.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements.html>
//!
//! An element, operator or value that we do not know makes the document an error: nothing in a policy is ignored.
//! How identity-based and resource-based policies combine across accounts is the caller's to decide.

mod aws_managed;
mod condition;
mod context;
mod error;
mod evaluate;
mod pattern;
mod policy;
mod principal;
mod principal_policies;
mod resource;
mod statement;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

pub use aws_managed::{AWS_MANAGED_PREFIX, aws_managed, aws_managed_policies};
pub use context::{Context, Facts};
pub use error::PolicyError;
pub use evaluate::{AccessRequest, StatementId, Verdict, evaluate};
pub use policy::{DOCUMENT_BYTES_MAX, Policy, STATEMENTS_MAX};
pub use principal_policies::{Permit, PolicyKind, PrincipalPolicies};
