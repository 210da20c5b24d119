//! What an evaluation found: the action, the rule that ended it, and everything that led there.

use std::sync::Arc;

/// The outcome for one request.
#[derive(Clone, Debug, PartialEq)]
pub struct Verdict {
    pub action: VerdictAction,
    pub decided_by: DecidedBy,
    /// Every label, in the order in which rules added them.
    pub labels: Vec<Arc<str>>,
    /// Rules that matched and counted.
    pub counted: Vec<RuleName>,
    /// What SQL injection and script detection saw, of counted and of ending rules.
    pub matched: Vec<MatchDetail>,
    /// Headers to add to the request before it goes on; their names begin with `x-amzn-waf-`.
    pub insert_headers: Vec<(Arc<str>, Arc<str>)>,
}

/// What happens to the request.
#[derive(Clone, Debug, PartialEq)]
pub enum VerdictAction {
    Allow,
    /// With the answer to give; none: the protected resource's own 403.
    Block(Option<Arc<BlockResponse>>),
}

/// An answer that the web ACL defines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockResponse {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    /// Content type and content.
    pub body: Option<(&'static str, String)>,
}

/// Which rule ended the evaluation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    DefaultAction,
    Rule(RuleName),
}

/// A rule of the web ACL, or of a rule group in it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct RuleName {
    /// The rule of the web ACL.
    pub rule: Arc<str>,
    /// The rule inside the group, when that rule refers to one.
    pub group_rule: Option<Arc<str>>,
}

impl RuleName {
    /// Returns `rule`, or `rule/rule of the group`, for trails and samples.
    pub fn display(&self) -> String {
        match &self.group_rule {
            Some(inner) => format!("{}/{inner}", self.rule),
            None => self.rule.to_string(),
        }
    }
}

/// What a detecting statement saw; AWS calls it `terminatingRuleMatchDetails`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatchDetail {
    /// `SQL_INJECTION` or `XSS`.
    pub condition: &'static str,
    /// `QUERY_STRING`, `ALL_QUERY_ARGS`, `BODY`, …
    pub location: &'static str,
    /// The argument, header or cookie.
    pub field: Option<String>,
    /// The piece that gave it away, cut short.
    pub matched_data: String,
    /// Which evidence of the detector.
    pub evidence: &'static str,
}

impl Verdict {
    /// Tells whether the request ends here.
    pub fn is_block(&self) -> bool {
        matches!(self.action, VerdictAction::Block(_))
    }
}
