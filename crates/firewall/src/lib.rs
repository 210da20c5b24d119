//! Does this request look like an attack? Web ACLs after AWS WAF, pure: no I/O, no clock.
//!
//! [`compile`] turns a web ACL into a [`CompiledWebAcl`] and reports every problem with its path;
//! [`CompiledWebAcl::evaluate`] judges one request. Adding a statement, a field or a transformation is one file in
//! its folder and one line in that folder's `mod.rs`.

pub mod limits;
mod reader;
mod address;
mod request;
mod verdict;
mod sample;
mod rates;
mod json;
mod compiler;
mod evaluation;
mod action;
mod rule;
mod web_acl;
mod fields;
mod transformations;
mod statements;
mod managed;
pub mod sqli;
pub mod xss;
#[cfg(test)]
mod tests;

pub use address::{AddressSet, parse_cidr};
pub use compiler::{NoReferences, References};
pub use managed::{ManagedRule, ManagedRuleGroup, managed_rule_groups};
pub use rates::Rates;
pub use request::{BodyNeed, BodyView, RequestView};
pub use sample::{Sample, SampledBy};
pub use verdict::{BlockResponse, DecidedBy, MatchDetail, RuleName, Verdict, VerdictAction};
pub use web_acl::{CompiledWebAcl, check_regex_pattern_set, compile};
