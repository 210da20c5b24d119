//! What a principal may by policies of its own: those that allow, the permissions boundary, and those of a session. Whatever
//! kind is there must allow; a denial of any kind wins.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics.html>

use std::fmt;

use super::{AccessRequest, Policy, StatementId, Verdict, evaluate};

/// The policies of a principal, by kind.
#[derive(Clone, Debug, Default)]
pub struct PrincipalPolicies<'a> {
    /// Inline ones, attached ones, and those of groups: any of them allows.
    pub identity: Vec<&'a Policy>,
    /// The permissions boundary: it limits, and allows nothing by itself.
    pub boundary: Option<&'a Policy>,
    /// What was given when the session was made: any of them allows, nothing beyond them is allowed. Empty: no limit.
    pub session: Vec<&'a Policy>,
}

/// Which policies decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PolicyKind {
    Identity,
    Boundary,
    Session,
}

/// What a principal's own policies say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Permit {
    Allow(StatementId),
    /// No policy speaks of it; a policy of the resource may.
    Neither,
    /// The boundary or the session's policies do not allow it: nothing else may.
    Limited(PolicyKind),
    Deny(PolicyKind, StatementId),
}

impl PrincipalPolicies<'_> {
    /// Decides `request`.
    pub fn evaluate(&self, request: &AccessRequest<'_>) -> Permit {
        let identity = evaluate(&self.identity, request);
        let boundary = self.boundary.map(|policy| evaluate(&[policy], request));
        let session = (!self.session.is_empty()).then(|| evaluate(&self.session, request));
        let limits = [(PolicyKind::Boundary, boundary), (PolicyKind::Session, session)];
        let mut limited = None;
        if let Verdict::ExplicitDeny { statement } = identity {
            return Permit::Deny(PolicyKind::Identity, statement);
        }
        for (kind, verdict) in limits {
            match verdict {
                Some(Verdict::ExplicitDeny { statement }) => return Permit::Deny(kind, statement),
                Some(Verdict::ImplicitDeny) => limited = limited.or(Some(kind)),
                None | Some(Verdict::Allow { .. }) => {}
            }
        }
        match (limited, identity) {
            (Some(kind), _) => Permit::Limited(kind),
            (None, Verdict::Allow { statement }) => Permit::Allow(statement),
            (None, _) => Permit::Neither,
        }
    }
}

impl PolicyKind {
    const fn plural(self) -> &'static str {
        match self {
            Self::Identity => "the principal's policies",
            Self::Boundary => "the limits of the permissions boundary",
            Self::Session => "the session's policies",
        }
    }
}

impl fmt::Display for Permit {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Allow(statement) => write!(formatter, "{statement} allows it"),
            Self::Neither => formatter.write_str("no statement allows it"),
            Self::Limited(kind) => write!(formatter, "{} do not allow it", kind.plural()),
            Self::Deny(kind, statement) => write!(formatter, "{statement} of {} denies it", kind.plural()),
        }
    }
}
