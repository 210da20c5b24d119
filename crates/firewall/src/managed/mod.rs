//! Managed rule groups: AWS's names and labels, content of our own.
//!
//! A rule is written as a statement of AWS WAF and compiled like any other.

mod sql_database;

use serde_json::Value;

/// A group that web ACLs can refer to.
pub struct ManagedRuleGroup {
    pub vendor: &'static str,
    pub name: &'static str,
    pub description: &'static str,
    /// Capacity units that a reference costs.
    pub capacity: u32,
    /// Comes before the labels: `awswaf:managed:aws:sql-database:`.
    pub label_namespace: &'static str,
    /// In the order of their priorities; all of them block.
    pub rules: &'static [ManagedRule],
}

/// A rule of a group.
pub struct ManagedRule {
    pub name: &'static str,
    /// Without the namespace.
    pub label: &'static str,
    pub(crate) statement: fn() -> Value,
}

static GROUPS: &[ManagedRuleGroup] = &[sql_database::GROUP];

/// Returns every group, for `ListAvailableManagedRuleGroups`.
pub fn managed_rule_groups() -> &'static [ManagedRuleGroup] {
    GROUPS
}

pub(crate) fn find(vendor: &str, name: &str) -> Option<&'static ManagedRuleGroup> {
    GROUPS
        .iter()
        .find(|group| group.vendor == vendor && group.name == name)
}
