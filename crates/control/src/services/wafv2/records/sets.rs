//! The sets that the rules of a web ACL refer to: those of its own account and scope alone.

use std::collections::{BTreeMap, BTreeSet};

use portcullis_firewall::References;
use portcullis_model::{
    Scope,
    resources::wafv2::{IpSet, RegexPatternSet, WafScope, WebAcl},
};
use portcullis_store::{Kind, RecordKey, Store, StoreError, kinds, typed};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{parse_arn, record_id};

/// Sets by their ARN.
#[derive(Default)]
pub struct Sets {
    ip_sets: BTreeMap<String, IpSet>,
    regex_pattern_sets: BTreeMap<String, RegexPatternSet>,
}

impl References for Sets {
    fn ip_set(&self, arn: &str) -> Option<&IpSet> {
        self.ip_sets.get(arn)
    }

    fn regex_pattern_set(&self, arn: &str) -> Option<&RegexPatternSet> {
        self.regex_pattern_sets.get(arn)
    }
}

/// Loads what the rules of `web_acl` refer to. What is not there is left out, and does not compile.
pub async fn load(store: &dyn Store, scope: &Scope, web_acl: &WebAcl) -> Result<Sets, StoreError> {
    let mut sets = Sets::default();
    for arn in references(&web_acl.rules) {
        if let Some((set_scope, id)) = parse_arn::<IpSet>(&arn)
            && set_scope == web_acl.scope
        {
            let found: Option<IpSet> = read(store, scope, kinds::IP_SET, set_scope, id).await?;
            if let Some(set) = found.filter(|set| set.arn == arn) {
                sets.ip_sets.insert(arn, set);
            }
        } else if let Some((set_scope, id)) = parse_arn::<RegexPatternSet>(&arn)
            && set_scope == web_acl.scope
        {
            let kind = kinds::REGEX_PATTERN_SET;
            let found: Option<RegexPatternSet> = read(store, scope, kind, set_scope, id).await?;
            if let Some(set) = found.filter(|set| set.arn == arn) {
                sets.regex_pattern_sets.insert(arn, set);
            }
        }
    }
    Ok(sets)
}

async fn read<T: DeserializeOwned>(
    store: &dyn Store,
    scope: &Scope,
    kind: Kind,
    waf_scope: WafScope,
    id: &str,
) -> Result<Option<T>, StoreError> {
    let key = RecordKey::new(scope, kind, record_id(waf_scope, id));
    Ok(typed::read_json(store, &key).await?.map(|found| found.value))
}

/// Returns every ARN that rules refer to.
pub fn references(rules: &[Value]) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    rules.iter().for_each(|rule| collect(rule, &mut found));
    found
}

fn collect(value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(arn)) = members.get("ARN") {
                found.insert(arn.clone());
            }
            members.values().for_each(|member| collect(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
        _ => {}
    }
}
