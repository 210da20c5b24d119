//! A rule of a web ACL: a statement with an action, or a rule group with an override.

use std::sync::Arc;

use indexmap::IndexMap;
use portcullis_model::resources::wafv2::CustomResponseBody;
use serde_json::Value;

use crate::{
    action::{self, Action},
    compiler::Compiler,
    limits::RULE_LABELS_MAX,
    reader::Fields,
    statements::{self, Statement},
};

const PROPERTIES: &[&str] = &[
    "Name",
    "Priority",
    "Statement",
    "Action",
    "OverrideAction",
    "RuleLabels",
    "VisibilityConfig",
    "CaptchaConfig",
    "ChallengeConfig",
];

pub(crate) struct Rule {
    pub(crate) name: Arc<str>,
    pub(crate) priority: u64,
    pub(crate) judges: Judges,
    pub(crate) is_sampled: bool,
}

/// What a rule asks.
pub(crate) enum Judges {
    Statement {
        statement: Box<dyn Statement>,
        action: Action,
        labels: Vec<Arc<str>>,
    },
    Group(RuleGroup),
}

/// A managed rule group with everything that overrides it.
pub(crate) struct RuleGroup {
    pub(crate) rules: Vec<GroupRule>,
    pub(crate) scope_down: Option<Box<dyn Statement>>,
    /// The rule that ends the group only counts.
    pub(crate) counts_only: bool,
}

pub(crate) struct GroupRule {
    pub(crate) name: Arc<str>,
    pub(crate) statement: Box<dyn Statement>,
    pub(crate) action: Action,
    pub(crate) labels: Vec<Arc<str>>,
}

/// Compiles a rule; problems go to the compiler.
pub(crate) fn compile(
    value: &Value,
    path: String,
    bodies: &IndexMap<String, CustomResponseBody>,
    web_acl: &str,
    compiler: &mut Compiler<'_>,
) -> Option<Rule> {
    let problems = compiler.problems;
    let fields = Fields::of(value, path, PROPERTIES, problems)?;
    for unsupported in ["CaptchaConfig", "ChallengeConfig"] {
        if fields.has(unsupported) {
            fields.refuse(unsupported, "is not supported: remove it");
        }
    }
    let name = name(&fields);
    let priority = fields.integer("Priority", 0, u64::from(u32::MAX));
    let is_sampled = visibility(&fields);
    let labels = labels(&fields, compiler);
    compiler.rule_identity = format!("{web_acl}\0{}", name.unwrap_or_default());
    let statement = fields.required("Statement")?;
    let way = fields.way("Statement");
    let judges = if statements::is_group(statement) {
        if fields.has("Action") {
            fields.refuse("Action", "a rule with a rule group takes OverrideAction instead");
        }
        if !labels.as_ref().is_none_or(Vec::is_empty) {
            fields.refuse(
                "RuleLabels",
                "a rule with a rule group adds only the labels of the group",
            );
        }
        let counts_only = override_action(&fields);
        let group = statements::compile_group(statement, way, bodies, compiler);
        Judges::Group(RuleGroup {
            counts_only: counts_only?,
            ..group?
        })
    } else {
        if fields.has("OverrideAction") {
            fields.refuse("OverrideAction", "is for rule groups: this rule takes Action");
        }
        let action = fields
            .required("Action")
            .and_then(|action| action::compile(action, fields.way("Action"), bodies, problems));
        let statement_compiled = compiler.statement(statement, way);
        let action = action?;
        if matches!(action, Action::Allow(_)) && statement.get("RateBasedStatement").is_some() {
            fields.refuse("Action", "a rate-based rule cannot allow: use Block or Count");
        }
        Judges::Statement {
            statement: statement_compiled?,
            action,
            labels: labels?,
        }
    };
    Some(Rule {
        name: name?.into(),
        priority: priority?,
        judges,
        is_sampled: is_sampled?,
    })
}

fn name<'a>(fields: &Fields<'a>) -> Option<&'a str> {
    let name = fields.text("Name")?;
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if name.is_empty() || name.len() > 128 || !name.bytes().all(fits) {
        fields.refuse("Name", format!("`{name}` must be 1 to 128 of A-Za-z0-9_-"));
        return None;
    }
    Some(name)
}

/// Reads `VisibilityConfig` and returns whether requests are sampled.
fn visibility(fields: &Fields<'_>) -> Option<bool> {
    let known = &["SampledRequestsEnabled", "CloudWatchMetricsEnabled", "MetricName"];
    let visibility = fields.object("VisibilityConfig", known)?;
    visibility.text("MetricName");
    let flag = |name: &str| match visibility.required(name)? {
        Value::Bool(flag) => Some(*flag),
        // Templates write booleans as texts too.
        Value::String(text) if text == "true" => Some(true),
        Value::String(text) if text == "false" => Some(false),
        _ => {
            visibility.refuse(name, "must be true or false");
            None
        }
    };
    flag("CloudWatchMetricsEnabled");
    flag("SampledRequestsEnabled")
}

fn labels(fields: &Fields<'_>, compiler: &Compiler<'_>) -> Option<Vec<Arc<str>>> {
    if !fields.has("RuleLabels") {
        return Some(Vec::new());
    }
    let mut labels = Vec::new();
    for (path, item) in fields.list("RuleLabels", 0, RULE_LABELS_MAX)? {
        let item = Fields::of(item, path, &["Name"], compiler.problems)?;
        let name = item.text("Name")?;
        labels.push(compiler.label(name, &item.way("Name"))?.into());
    }
    Some(labels)
}

fn override_action(fields: &Fields<'_>) -> Option<bool> {
    let union = fields.object("OverrideAction", &["None", "Count"])?;
    let (name, settings) = union.choice()?;
    Fields::of(settings, union.way(name), &[], fields.problems())?;
    Some(name == "Count")
}
