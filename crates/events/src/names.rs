//! What things are called, and their ARNs.
//!
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoneventbridge.html>

use portcullis_model::{Scope, arn::Arn};

use crate::EventsError;

/// The bus that every account has.
pub const DEFAULT_BUS: &str = "default";

/// Returns a bus's ARN.
pub fn bus_arn(scope: &Scope, name: &str) -> String {
    arn(scope, &format!("event-bus/{name}"))
}

/// Returns a rule's ARN; a rule of the default bus does not name it.
pub fn rule_arn(scope: &Scope, bus: &str, name: &str) -> String {
    if bus == DEFAULT_BUS {
        arn(scope, &format!("rule/{name}"))
    } else {
        arn(scope, &format!("rule/{bus}/{name}"))
    }
}

/// Returns the name of the bus of this account and region that `name_or_arn` means; none for anybody else's.
pub fn bus_name<'a>(scope: &Scope, name_or_arn: &'a str) -> Option<&'a str> {
    if !name_or_arn.starts_with("arn:") {
        return Some(name_or_arn);
    }
    let own = bus_arn(scope, "");
    name_or_arn
        .strip_prefix(own.as_str())
        .filter(|name| !name.is_empty())
}

pub(crate) fn arn(scope: &Scope, resource: &str) -> String {
    Arn::new("events", scope.region.as_str(), scope.account.as_str(), resource).to_string()
}

/// Checks a name of `what`.
pub(crate) fn check_name(what: &str, name: &str, characters_max: usize) -> Result<(), EventsError> {
    let fits = (1..=characters_max).contains(&name.len())
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte));
    if fits {
        return Ok(());
    }
    Err(EventsError::validation(format!(
        "{what} must have 1 to {characters_max} letters, digits and .-_"
    )))
}
