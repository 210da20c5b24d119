//! The decision over some policies: any deny wins, else any allow, else nothing allows.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html>

use std::fmt;

use super::{Context, Policy, statement::Effect};

/// What is asked.
#[derive(Clone, Copy)]
pub struct AccessRequest<'a> {
    /// The caller's ARN, or a service's name (`apigateway.amazonaws.com`); none for an anonymous caller.
    pub principal_arn: Option<&'a str>,
    /// `service:Action`
    pub action: &'a str,
    /// The ARN.
    pub resource: &'a str,
    pub context: &'a Context<'a>,
}

/// What the policies say, with the statement that decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Allow { statement: StatementId },
    ExplicitDeny { statement: StatementId },
    ImplicitDeny,
}

impl Verdict {
    /// Tells whether the policies allow.
    pub const fn is_allow(&self) -> bool {
        matches!(self, Self::Allow { .. })
    }

    /// Tells whether a statement denies.
    pub const fn is_explicit_deny(&self) -> bool {
        matches!(self, Self::ExplicitDeny { .. })
    }
}

/// Which statement decided: counted from 0, in the order given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatementId {
    pub policy: usize,
    pub statement: usize,
    pub sid: Option<String>,
}

impl fmt::Display for StatementId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.sid {
            Some(sid) => write!(formatter, "statement `{sid}`"),
            None => write!(
                formatter,
                "statement {} of policy {}",
                self.statement + 1,
                self.policy + 1
            ),
        }
    }
}

/// Decides `request` by `policies`.
pub fn evaluate(policies: &[&Policy], request: &AccessRequest<'_>) -> Verdict {
    let mut allow = None;
    for (policy, document) in policies.iter().enumerate() {
        for (index, statement) in document.statements.iter().enumerate() {
            // An allow more changes nothing: only a deny is still of interest.
            let is_settled = statement.effect == Effect::Allow && allow.is_some();
            if is_settled || !statement.applies(request) {
                continue;
            }
            let id = StatementId {
                policy,
                statement: index,
                sid: statement.sid.clone(),
            };
            match statement.effect {
                Effect::Deny => return Verdict::ExplicitDeny { statement: id },
                Effect::Allow => allow = Some(id),
            }
        }
    }
    allow.map_or(Verdict::ImplicitDeny, |statement| Verdict::Allow { statement })
}
