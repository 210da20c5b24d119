//! A policy document, parsed and compiled once.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>

use serde_json::Value;

use super::{
    AccessRequest, PolicyError,
    statement::{Effect, Kind, Reading, Statement},
};
use crate::strict_json;

/// The longest document, in bytes.
pub const DOCUMENT_BYTES_MAX: usize = 20 * 1024;
/// The most statements of a document.
pub const STATEMENTS_MAX: usize = 500;

/// A compiled policy.
#[derive(Clone, Debug, PartialEq)]
pub struct Policy {
    pub(super) statements: Vec<Statement>,
}

impl Policy {
    /// Reads a document of any kind: with principals or without.
    pub fn parse(json: &str) -> Result<Self, PolicyError> {
        Self::read(json, None, Kind::Other)
    }

    /// Reads a document that is attached to a user, group or role: no statement names principals.
    pub fn parse_identity_based(json: &str) -> Result<Self, PolicyError> {
        let policy = Self::read(json, None, Kind::Other)?;
        policy.check_principals(false, "an identity-based policy names no principals")
    }

    /// Reads a document that is attached to a resource: every statement names principals. Where `execute_api_arn`
    /// (`arn:aws:execute-api:REGION:ACCOUNT:API`) is given, resources may be written `execute-api:/stage/METHOD/path`.
    pub fn parse_resource_based(json: &str, execute_api_arn: Option<&str>) -> Result<Self, PolicyError> {
        let policy = Self::read(json, execute_api_arn, Kind::Other)?;
        policy.check_principals(true, "a resource-based policy names its principals")
    }

    /// Reads a role's trust policy: every statement names principals, none names resources: the role is the resource.
    pub fn parse_trust(json: &str) -> Result<Self, PolicyError> {
        let policy = Self::read(json, None, Kind::Trust)?;
        policy.check_principals(true, "a trust policy names its principals")
    }

    /// Tells whether a statement allows `request` and names its principal (or everybody), and not only the account. In one
    /// account, only such a permission replaces one of the principal's own policies.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#principal-accounts>
    pub fn allows_by_name(&self, request: &AccessRequest<'_>) -> bool {
        self.statements
            .iter()
            .any(|statement| statement.effect == Effect::Allow && statement.applies_by_name(request))
    }

    /// Returns the keys of all conditions, in lower case.
    pub fn condition_keys(&self) -> impl Iterator<Item = &str> {
        self.statements.iter().flat_map(Statement::condition_keys)
    }

    /// Returns how many statements there are.
    pub fn statement_count(&self) -> usize {
        self.statements.len()
    }

    fn read(json: &str, execute_api_arn: Option<&str>, kind: Kind) -> Result<Self, PolicyError> {
        if json.len() > DOCUMENT_BYTES_MAX {
            return Err(PolicyError::new(
                "",
                format!("the document is longer than {DOCUMENT_BYTES_MAX} bytes"),
            ));
        }
        let document = strict_json::parse_object(json.as_bytes()).ok_or_else(|| {
            PolicyError::new("", "the document is not a JSON object without duplicate names")
        })?;
        if let Some(unknown) = document
            .keys()
            .find(|name| !["Version", "Id", "Statement"].contains(&name.as_str()))
        {
            return Err(PolicyError::new(unknown, "not an element of a policy"));
        }
        if document.get("Id").is_some_and(|id| !id.is_string()) {
            return Err(PolicyError::new("Id", "expected text"));
        }
        // A document without a version is an old one, in which variables are plain text.
        let variables = match document.get("Version").map(Value::as_str) {
            None | Some(Some("2008-10-17")) => false,
            Some(Some("2012-10-17")) => true,
            _ => {
                return Err(PolicyError::new(
                    "Version",
                    "expected `2012-10-17` or `2008-10-17`",
                ));
            }
        };
        let reading = Reading {
            variables,
            execute_api_arn,
            kind,
        };
        let statements: Vec<Statement> = match document.get("Statement") {
            Some(single @ Value::Object(_)) => vec![Statement::parse(single, "Statement", reading)?],
            Some(Value::Array(list)) if list.len() <= STATEMENTS_MAX => list
                .iter()
                .enumerate()
                .map(|(index, value)| Statement::parse(value, &format!("Statement[{index}]"), reading))
                .collect::<Result<_, _>>()?,
            _ => {
                let reason = format!("expected a statement or a list of at most {STATEMENTS_MAX}");
                return Err(PolicyError::new("Statement", reason));
            }
        };
        let mut sids: Vec<&str> = statements
            .iter()
            .filter_map(|statement| statement.sid.as_deref())
            .collect();
        sids.sort_unstable();
        if let Some([sid, ..]) = sids.windows(2).find(|pair| pair.first() == pair.last()) {
            return Err(PolicyError::new(
                "Statement",
                format!("the Sid `{sid}` occurs twice"),
            ));
        }
        Ok(Self { statements })
    }

    fn check_principals(self, wanted: bool, reason: &str) -> Result<Self, PolicyError> {
        let wrong = self
            .statements
            .iter()
            .position(|statement| statement.principals.is_some() != wanted);
        match wrong {
            None => Ok(self),
            Some(index) => Err(PolicyError::new(format!("Statement[{index}].Principal"), reason)),
        }
    }
}
