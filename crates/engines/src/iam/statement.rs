//! One statement: an effect, and to whom, what, where and when it applies.

use serde_json::{Map, Value};

use super::{
    AccessRequest, PolicyError,
    condition::Conditions,
    pattern::{Pattern, Syntax},
    principal::Principals,
    resource::ResourcePattern,
};

const VALUES_MAX: usize = 1000;
const SID_CHARACTERS_MAX: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Effect {
    Allow,
    Deny,
}

/// An element or its negation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Set<T> {
    In(T),
    NotIn(T),
}

/// A compiled statement.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Statement {
    pub(super) sid: Option<String>,
    pub(super) effect: Effect,
    /// None: the policy is attached to the principal.
    pub(super) principals: Option<Set<Principals>>,
    actions: Set<Vec<Pattern>>,
    resources: Set<Vec<ResourcePattern>>,
    conditions: Conditions,
}

/// How a document is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reading<'a> {
    pub(super) variables: bool,
    /// What the shorthand `execute-api:/…` stands for.
    pub(super) execute_api_arn: Option<&'a str>,
    pub(super) kind: Kind,
}

/// What a document is attached to, as far as its grammar depends on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A role, as the policy that says whom it trusts: the role is the resource, so none is named.
    Trust,
    Other,
}

impl Statement {
    pub(super) fn parse(value: &Value, field: &str, reading: Reading<'_>) -> Result<Self, PolicyError> {
        let elements = value
            .as_object()
            .ok_or_else(|| PolicyError::new(field, "expected an object"))?;
        const KNOWN: [&str; 9] = [
            "Sid",
            "Effect",
            "Principal",
            "NotPrincipal",
            "Action",
            "NotAction",
            "Resource",
            "NotResource",
            "Condition",
        ];
        if let Some(unknown) = elements.keys().find(|name| !KNOWN.contains(&name.as_str())) {
            return Err(PolicyError::new(
                format!("{field}.{unknown}"),
                "not an element of a statement",
            ));
        }
        let principals = match (elements.get("Principal"), elements.get("NotPrincipal")) {
            (None, None) => None,
            _ => Some(set(
                elements,
                "Principal",
                "NotPrincipal",
                field,
                Principals::parse,
            )?),
        };
        let effect = effect(elements, field)?;
        if effect == Effect::Allow && matches!(principals, Some(Set::NotIn(_))) {
            return Err(PolicyError::new(
                format!("{field}.NotPrincipal"),
                "needs the effect `Deny`: with `Allow` it would let everybody else in, strangers too",
            ));
        }
        Ok(Self {
            sid: sid(elements, field)?,
            effect,
            principals,
            actions: set(elements, "Action", "NotAction", field, actions)?,
            resources: covered(elements, field, reading)?,
            conditions: match elements.get("Condition") {
                None => Conditions::default(),
                Some(value) => Conditions::parse(value, &format!("{field}.Condition"), reading.variables)?,
            },
        })
    }

    pub(super) fn condition_keys(&self) -> impl Iterator<Item = &str> {
        self.conditions.keys()
    }

    /// Tells whether the statement speaks about `request`.
    pub(super) fn applies(&self, request: &AccessRequest<'_>) -> bool {
        let context = request.context;
        let principal = match &self.principals {
            None => true,
            Some(Set::In(principals)) => principals.contain(request.principal_arn),
            Some(Set::NotIn(principals)) => !principals.spare(request.principal_arn),
        };
        let has = |patterns: &[Pattern]| {
            patterns
                .iter()
                .any(|pattern| pattern.matches(request.action, context))
        };
        let action = match &self.actions {
            Set::In(patterns) => has(patterns),
            Set::NotIn(patterns) => !has(patterns),
        };
        principal && action && self.covers(request) && self.conditions.hold(context, self.effect)
    }

    /// Tells whether the statement speaks about `request` and names its principal, and not only the account.
    pub(super) fn applies_by_name(&self, request: &AccessRequest<'_>) -> bool {
        let is_named = match &self.principals {
            Some(Set::In(principals)) => principals.name(request.principal_arn),
            None | Some(Set::NotIn(_)) => true,
        };
        is_named && self.applies(request)
    }

    fn covers(&self, request: &AccessRequest<'_>) -> bool {
        let (Set::In(patterns) | Set::NotIn(patterns)) = &self.resources;
        let has = patterns
            .iter()
            .any(|pattern| pattern.matches(request.resource, request.context));
        match (&self.resources, self.effect) {
            (Set::In(_), _) => has,
            (Set::NotIn(_), Effect::Deny) => !has,
            // What an exception would have covered is unknown while its variable has no value: do not allow.
            (Set::NotIn(_), Effect::Allow) => {
                !has && patterns
                    .iter()
                    .all(|pattern| pattern.is_resolvable(request.context))
            }
        }
    }
}

fn sid(elements: &Map<String, Value>, field: &str) -> Result<Option<String>, PolicyError> {
    match elements.get("Sid") {
        None => Ok(None),
        Some(Value::String(sid)) if sid.chars().count() <= SID_CHARACTERS_MAX => {
            Ok(Some(sid.clone()).filter(|sid| !sid.is_empty()))
        }
        Some(_) => Err(PolicyError::new(
            format!("{field}.Sid"),
            "expected text of at most 256 characters",
        )),
    }
}

fn effect(elements: &Map<String, Value>, field: &str) -> Result<Effect, PolicyError> {
    match elements.get("Effect").and_then(Value::as_str) {
        Some("Allow") => Ok(Effect::Allow),
        Some("Deny") => Ok(Effect::Deny),
        _ => Err(PolicyError::new(
            format!("{field}.Effect"),
            "expected `Allow` or `Deny`",
        )),
    }
}

/// Reads exactly one of an element and its negation.
fn set<T>(
    elements: &Map<String, Value>,
    name: &str,
    negated: &str,
    field: &str,
    parse: impl Fn(&Value, &str) -> Result<T, PolicyError>,
) -> Result<Set<T>, PolicyError> {
    match (elements.get(name), elements.get(negated)) {
        (Some(value), None) => Ok(Set::In(parse(value, &format!("{field}.{name}"))?)),
        (None, Some(value)) => Ok(Set::NotIn(parse(value, &format!("{field}.{negated}"))?)),
        _ => Err(PolicyError::new(
            format!("{field}.{name}"),
            format!("give either `{name}` or `{negated}`"),
        )),
    }
}

/// Reads what a statement covers; in a trust policy nothing is named, and everything is meant.
fn covered(
    elements: &Map<String, Value>,
    field: &str,
    reading: Reading<'_>,
) -> Result<Set<Vec<ResourcePattern>>, PolicyError> {
    if reading.kind == Kind::Other {
        return set(elements, "Resource", "NotResource", field, |value, field| {
            resources(value, field, reading)
        });
    }
    let mut named = ["Resource", "NotResource"].into_iter();
    match named.find(|name| elements.contains_key(*name)) {
        Some(name) => Err(PolicyError::new(
            format!("{field}.{name}"),
            "a trust policy names no resources: the role is the resource",
        )),
        None => resources(&Value::from("*"), field, reading).map(Set::In),
    }
}

fn actions(value: &Value, field: &str) -> Result<Vec<Pattern>, PolicyError> {
    let syntax = Syntax {
        wildcards: true,
        variables: false,
        ignore_case: true,
    };
    texts(value, field)?
        .iter()
        .map(|text| {
            let has_service = text.split_once(':').is_some_and(|(service, name)| {
                let is_word = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'*' | b'?');
                !service.is_empty() && !name.is_empty() && service.bytes().all(is_word)
            });
            if text != "*" && !has_service {
                return Err(PolicyError::new(
                    field,
                    format!("`{text}` is not `*` or `service:Action`"),
                ));
            }
            Pattern::compile(text, syntax).map_err(|reason| PolicyError::new(field, reason))
        })
        .collect()
}

fn resources(value: &Value, field: &str, reading: Reading<'_>) -> Result<Vec<ResourcePattern>, PolicyError> {
    let syntax = Syntax {
        wildcards: true,
        variables: reading.variables,
        ignore_case: false,
    };
    texts(value, field)?
        .into_iter()
        .map(|text| {
            let text = match (text.strip_prefix("execute-api:/"), reading.execute_api_arn) {
                (Some(path), Some(arn)) => format!("{arn}/{path}"),
                _ => text,
            };
            let may_be_arn = text.starts_with("arn:") || text.starts_with('*') || text.starts_with("${");
            if !may_be_arn {
                return Err(PolicyError::new(field, format!("`{text}` is not `*` or an ARN")));
            }
            ResourcePattern::compile(&text, syntax).map_err(|reason| PolicyError::new(field, reason))
        })
        .collect()
}

/// Reads one text or a list of them, not empty.
pub(super) fn texts(value: &Value, field: &str) -> Result<Vec<String>, PolicyError> {
    let expected = || PolicyError::new(field, "expected text or a list of texts, not empty");
    let list = match value {
        Value::String(text) => vec![text.clone()],
        Value::Array(list) => list
            .iter()
            .map(|item| item.as_str().map(str::to_owned))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(expected)?,
        _ => return Err(expected()),
    };
    if list.is_empty() {
        return Err(expected());
    }
    if list.len() > VALUES_MAX {
        return Err(PolicyError::new(field, format!("more than {VALUES_MAX} values")));
    }
    Ok(list)
}
