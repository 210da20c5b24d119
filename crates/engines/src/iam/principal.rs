//! `Principal` and `NotPrincipal`: whom a statement is about.
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>

use std::str::FromStr as _;

use portcullis_model::arn::Arn;
use serde_json::Value;

use super::{PolicyError, statement::texts};

/// Principals of a statement.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Principals {
    /// `*`, anonymous callers included.
    everyone: bool,
    /// Whole accounts, by id.
    accounts: Vec<String>,
    /// Users, roles and sessions, by ARN.
    arns: Vec<String>,
    /// Services and federated providers, by name.
    names: Vec<String>,
}

impl Principals {
    pub(super) fn parse(value: &Value, field: &str) -> Result<Self, PolicyError> {
        let mut principals = Self::default();
        let kinds = match value {
            Value::String(text) if text == "*" => {
                principals.everyone = true;
                return Ok(principals);
            }
            Value::Object(kinds) if !kinds.is_empty() => kinds,
            _ => {
                return Err(PolicyError::new(
                    field,
                    "expected `*` or an object with AWS, Service or Federated",
                ));
            }
        };
        for (kind, values) in kinds {
            let field = format!("{field}.{kind}");
            for text in texts(values, &field)? {
                match kind.as_str() {
                    "AWS" => principals.add_aws(text, &field)?,
                    "Service" | "Federated" if !text.is_empty() && !text.contains(['*', '?']) => {
                        principals.names.push(text);
                    }
                    "Service" | "Federated" => {
                        return Err(PolicyError::new(
                            field,
                            format!("`{text}` is not a name without wildcards"),
                        ));
                    }
                    _ => return Err(PolicyError::new(field, "expected AWS, Service or Federated")),
                }
            }
        }
        Ok(principals)
    }

    fn add_aws(&mut self, text: String, field: &str) -> Result<(), PolicyError> {
        if text == "*" {
            self.everyone = true;
        } else if is_account(&text) {
            self.accounts.push(text);
        } else {
            let arn = Arn::from_str(&text)
                .ok()
                .filter(|arn| matches!(arn.service.as_str(), "iam" | "sts") && is_account(&arn.account))
                .filter(|_| !text.contains(['*', '?']))
                .ok_or_else(|| {
                    PolicyError::new(
                        field,
                        format!("`{text}` is not `*`, an account id, or an IAM or STS ARN without wildcards"),
                    )
                })?;
            if arn.resource == "root" {
                self.accounts.push(arn.account);
            } else {
                self.arns.push(text);
            }
        }
        Ok(())
    }

    /// Tells whether `principal` is among them for itself, and not only because its account is: an account that is named
    /// may give the permission to its own, and gives it to nobody by that.
    pub(super) fn name(&self, principal: Option<&str>) -> bool {
        let unnamed = Self {
            accounts: Vec::new(),
            ..self.clone()
        };
        let is_root = |principal: &str| {
            Arn::from_str(principal)
                .is_ok_and(|arn| arn.resource == "root" && self.accounts.contains(&arn.account))
        };
        unnamed.contain(principal) || principal.is_some_and(is_root)
    }

    /// Tells whether a denial of everybody but these spares `principal`. Who has an account is only spared when the account is
    /// named beside him: AWS may validate the account before the user.
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>
    pub(super) fn spare(&self, principal: Option<&str>) -> bool {
        let account = principal.and_then(|principal| Arn::from_str(principal).ok());
        let is_account_named = account.is_none_or(|arn| self.accounts.contains(&arn.account));
        self.everyone || (is_account_named && self.name(principal))
    }

    /// Tells whether `principal` (an ARN, or a service's name) is among them; none is an anonymous caller.
    pub(super) fn contain(&self, principal: Option<&str>) -> bool {
        if self.everyone {
            return true;
        }
        let Some(principal) = principal else {
            return false;
        };
        let Ok(arn) = Arn::from_str(principal) else {
            return self.names.iter().any(|name| name == principal);
        };
        let role = role_of_session(&arn);
        self.accounts.contains(&arn.account)
            || self.names.iter().any(|name| name == principal)
            || self
                .arns
                .iter()
                .any(|listed| listed == principal || role.as_ref().is_some_and(|role| is_role(listed, role)))
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A session (`sts:…:assumed-role/NAME/SESSION`) counts as its role: account and name of the role.
fn role_of_session(arn: &Arn) -> Option<(String, String)> {
    let name = arn.resource.strip_prefix("assumed-role/")?.split('/').next()?;
    (arn.service == "sts").then(|| (arn.account.clone(), name.to_owned()))
}

/// Tells whether `listed` is the ARN of that role, whatever its path.
fn is_role(listed: &str, (account, name): &(String, String)) -> bool {
    Arn::from_str(listed).is_ok_and(|arn| {
        arn.service == "iam"
            && arn.account == *account
            && arn
                .resource
                .strip_prefix("role/")
                .is_some_and(|path| path.rsplit('/').next() == Some(name))
    })
}
