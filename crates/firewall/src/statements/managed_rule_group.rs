//! `ManagedRuleGroupStatement`: the rules of a managed group, with overrides and a scope-down statement.
//!
//! <https://docs.aws.amazon.com/waf/latest/APIReference/API_ManagedRuleGroupStatement.html>

use std::sync::Arc;

use indexmap::IndexMap;
use portcullis_model::resources::wafv2::CustomResponseBody;
use serde_json::Value;

use crate::{
    action::{self, Action},
    compiler::Compiler,
    managed::{self, ManagedRuleGroup},
    reader::Fields,
    rule::{GroupRule, RuleGroup},
};

pub(super) const NAME: &str = "ManagedRuleGroupStatement";

const PROPERTIES: &[&str] = &[
    "VendorName",
    "Name",
    "Version",
    "ExcludedRules",
    "ScopeDownStatement",
    "ManagedRuleGroupConfigs",
    "RuleActionOverrides",
];
const OVERRIDES_MAX: usize = 100;

/// Compiles the group; whether it only counts is the rule's to say.
pub(super) fn compile(
    value: &Value,
    path: String,
    bodies: &IndexMap<String, CustomResponseBody>,
    compiler: &mut Compiler<'_>,
) -> Option<RuleGroup> {
    let fields = Fields::of(value, path, PROPERTIES, compiler.problems)?;
    let group = find(&fields);
    if let Some(version) = fields.optional_text("Version") {
        compiler.problems.warning(
            &fields.way("Version"),
            format!("`{version}` is ignored: the group has one version, with content of our own"),
        );
    }
    if fields.has("ManagedRuleGroupConfigs") {
        fields.refuse(
            "ManagedRuleGroupConfigs",
            "is not supported: no group that is built in takes it",
        );
    }
    let overrides = overrides(&fields, group, bodies, compiler);
    let scope_down = fields
        .optional("ScopeDownStatement")
        .map(|statement| compiler.statement(statement, fields.way("ScopeDownStatement")));
    let (group, overrides) = (group?, overrides?);
    Some(RuleGroup {
        rules: rules(group, &overrides, fields.path(), compiler)?,
        scope_down: match scope_down {
            Some(compiled) => Some(compiled?),
            None => None,
        },
        counts_only: false,
    })
}

fn find(fields: &Fields<'_>) -> Option<&'static ManagedRuleGroup> {
    let (vendor, name) = (fields.text("VendorName"), fields.text("Name"));
    let (vendor, name) = (vendor?, name?);
    let group = managed::find(vendor, name);
    if group.is_none() {
        let known: Vec<_> = managed::managed_rule_groups()
            .iter()
            .map(|group| group.name)
            .collect();
        fields.refuse(
            "Name",
            format!(
                "the managed group `{name}` of `{vendor}` is not supported: there is {}",
                known.join(", ")
            ),
        );
    }
    group
}

/// Reads `ExcludedRules` (which count) and `RuleActionOverrides`, by the name of the rule.
fn overrides(
    fields: &Fields<'_>,
    group: Option<&ManagedRuleGroup>,
    bodies: &IndexMap<String, CustomResponseBody>,
    compiler: &Compiler<'_>,
) -> Option<IndexMap<String, Action>> {
    let mut overrides = IndexMap::new();
    let mut add = |item: &Fields<'_>, action: Action| {
        let Some(name) = item.text("Name") else { return };
        if group.is_some_and(|group| group.rules.iter().all(|rule| rule.name != name)) {
            // AWS ignores the name in silence; a rule that is renamed would lose its override unseen.
            compiler.problems.warning(
                &item.way("Name"),
                format!("`{name}` is not a rule of the group: ignored"),
            );
        }
        if overrides.insert(name.to_owned(), action).is_some() {
            item.refuse("Name", format!("`{name}` is overridden twice"));
        }
    };
    if fields.has("ExcludedRules") {
        for (path, item) in fields.list("ExcludedRules", 0, OVERRIDES_MAX)? {
            let item = Fields::of(item, path, &["Name"], compiler.problems)?;
            add(&item, Action::Count(Vec::new()));
        }
    }
    if fields.has("RuleActionOverrides") {
        for (path, item) in fields.list("RuleActionOverrides", 0, OVERRIDES_MAX)? {
            let item = Fields::of(item, path, &["Name", "ActionToUse"], compiler.problems)?;
            let action = item.required("ActionToUse")?;
            let action = action::compile(action, item.way("ActionToUse"), bodies, compiler.problems)?;
            add(&item, action);
        }
    }
    Some(overrides)
}

fn rules(
    group: &ManagedRuleGroup,
    overrides: &IndexMap<String, Action>,
    path: &str,
    compiler: &mut Compiler<'_>,
) -> Option<Vec<GroupRule>> {
    let label_prefix = std::mem::replace(&mut compiler.label_prefix, group.label_namespace.to_owned());
    let capacity = compiler.capacity;
    let mut rules = Vec::with_capacity(group.rules.len());
    for rule in group.rules {
        let statement = compiler.statement(&(rule.statement)(), format!("{path}/{}", rule.name));
        let label: Arc<str> = format!("{}{}", group.label_namespace, rule.label).into();
        let action = overrides.get(rule.name).cloned().unwrap_or(Action::Block(None));
        rules.extend(statement.map(|statement| GroupRule {
            name: rule.name.into(),
            statement,
            action,
            labels: vec![label],
        }));
    }
    compiler.label_prefix = label_prefix;
    // A group costs what its vendor says, whatever is in it.
    compiler.capacity = capacity.saturating_add(group.capacity);
    (rules.len() == group.rules.len()).then_some(rules)
}
