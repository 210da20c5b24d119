//! A web ACL, ready to judge, with what every request that it lets pass says in its trail.

use std::sync::Arc;

use portcullis_firewall::{CompiledWebAcl, References};
use portcullis_model::{Problem, resources::wafv2::WebAcl};

use crate::exchange::BodyNeed;

/// A web ACL, compiled.
pub struct WebAclSnapshot {
    compiled: CompiledWebAcl,
    arn: Arc<str>,
    allowed_by_default: Arc<str>,
}

impl WebAclSnapshot {
    /// Compiles `acl` with the sets that its rules refer to. Pure; reports every problem.
    pub fn compile(acl: &WebAcl, references: &dyn References) -> Result<Self, Vec<Problem>> {
        Ok(Self {
            compiled: portcullis_firewall::compile(acl, references)?,
            arn: acl.arn.as_str().into(),
            allowed_by_default: format!("web ACL `{}`: the default action allows", acl.name).into(),
        })
    }

    /// Returns its ARN.
    pub const fn arn(&self) -> &Arc<str> {
        &self.arn
    }

    pub(crate) const fn compiled(&self) -> &CompiledWebAcl {
        &self.compiled
    }

    pub(crate) const fn allowed_by_default(&self) -> &Arc<str> {
        &self.allowed_by_default
    }

    /// Returns how much of a body it must see: one byte more than it inspects, which tells that a body is longer.
    pub(crate) fn body_need(&self) -> BodyNeed {
        match self.compiled.body_need() {
            portcullis_firewall::BodyNeed::None => BodyNeed::None,
            portcullis_firewall::BodyNeed::Prefix(bytes) => BodyNeed::Prefix(bytes.saturating_add(1)),
        }
    }
}
