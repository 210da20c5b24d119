//! What comes of an authorizer's word and the resource policy's, by AWS's tables.
//! <https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-authorization-flow.html>

use crate::layers::resource_policy::PolicyVerdict;

/// What one side says. A denial of the resource policy is not here: it ended the exchange before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    Allow,
    Neither,
    /// A permissions boundary or a session's policy does not allow it: the resource policy cannot either.
    Limited,
    Deny,
}

/// Which table applies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Table {
    /// Lambda authorizers, and callers of the API's own account: one side's permission suffices.
    SameAccount,
    /// User pools: where there is a resource policy, it must allow too. AWS's text says so ("an explicit allow is required"),
    /// although it points at the table for one account; the stricter reading is ours.
    Cognito,
    /// Callers of another account: both sides must allow, always.
    OtherAccount,
}

/// What comes of both.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ruling {
    Allow,
    ExplicitDeny,
    /// The authorizer does not allow it, and nobody else may.
    ImplicitDeny,
    /// The authorizer allows it; the resource policy would have to allow it too.
    PolicySilent,
}

/// Combines both sides.
pub(crate) fn combine(table: Table, authorizer: Says, policy: PolicyVerdict) -> Ruling {
    use PolicyVerdict::{Allow as PolicyAllow, Neither as PolicyNeither, Unasked};
    match (authorizer, policy, table) {
        (Says::Deny, ..) => Ruling::ExplicitDeny,
        (Says::Allow, PolicyAllow, _)
        | (Says::Allow, Unasked, Table::SameAccount | Table::Cognito)
        | (Says::Allow, PolicyNeither, Table::SameAccount)
        | (Says::Neither, PolicyAllow, Table::SameAccount) => Ruling::Allow,
        (Says::Allow, ..) => Ruling::PolicySilent,
        (Says::Neither | Says::Limited, ..) => Ruling::ImplicitDeny,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_those_of_aws() {
        use PolicyVerdict::{Allow as PolicyAllow, Neither as PolicyNeither, Unasked};
        use Ruling::{Allow, ExplicitDeny, ImplicitDeny, PolicySilent};
        let rows = [
            // authorizer, resource policy: same account, Cognito, another account
            (Says::Allow, PolicyAllow, [Allow, Allow, Allow]),
            // AWS's text contradicts its table here: for Cognito we deny.
            (Says::Allow, PolicyNeither, [Allow, PolicySilent, PolicySilent]),
            (Says::Allow, Unasked, [Allow, Allow, PolicySilent]),
            (Says::Neither, PolicyAllow, [Allow, ImplicitDeny, ImplicitDeny]),
            (Says::Neither, PolicyNeither, [ImplicitDeny; 3]),
            (Says::Neither, Unasked, [ImplicitDeny; 3]),
            (Says::Limited, PolicyAllow, [ImplicitDeny; 3]),
            (Says::Limited, PolicyNeither, [ImplicitDeny; 3]),
            (Says::Limited, Unasked, [ImplicitDeny; 3]),
            (Says::Deny, PolicyAllow, [ExplicitDeny; 3]),
            (Says::Deny, PolicyNeither, [ExplicitDeny; 3]),
            (Says::Deny, Unasked, [ExplicitDeny; 3]),
        ];
        let tables = [Table::SameAccount, Table::Cognito, Table::OtherAccount];
        for (authorizer, policy, expected) in rows {
            let ruled = tables.map(|table| combine(table, authorizer, policy));
            assert_eq!(ruled, expected, "{authorizer:?} {policy:?}");
        }
    }
}
