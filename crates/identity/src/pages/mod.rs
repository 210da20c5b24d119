//! The hosted pages: plain HTML, no script, one small style sheet. What they say; the endpoints say when.
//!
//! Every page works without JavaScript, names its fields for password managers, links each error to its field, and
//! follows the reader's choice of light or dark.

pub(crate) mod html;
pub(crate) mod layout;
mod style;
pub(crate) mod sign_in;
pub(crate) mod sign_up;
pub(crate) mod confirm;
pub(crate) mod forgot_password;
pub(crate) mod new_password;
pub(crate) mod message;

use portcullis_model::resources::cognito::UserPool;

use layout::{Field, Problem};

/// What every page with a form gets.
pub(crate) struct Frame<'a> {
    pub(crate) pool: &'a UserPool,
    /// The authorization request, encoded: links and forms carry it on.
    pub(crate) query: &'a str,
    /// What proves that a form comes from us.
    pub(crate) csrf: &'a str,
    pub(crate) problems: &'a [Problem],
    pub(crate) notice: Option<&'a str>,
}

impl Frame<'_> {
    /// Returns the address of another page of the same request. Relative, since a domain may live below a path.
    fn to(&self, page: &str) -> String {
        format!("{page}?{}", self.query)
    }
}

/// Returns a policy for the response: this page's style, forms to ourselves and on to `redirect`.
pub(crate) fn content_security_policy(redirect: Option<&str>) -> String {
    let forms = redirect
        .map(|redirect| format!(" {redirect}"))
        .unwrap_or_default();
    format!(
        "default-src 'none'; style-src {}; form-action 'self'{forms}; frame-ancestors 'none'; base-uri 'none'",
        style::source()
    )
}

/// Returns the field that names the user, called after what the pool's users sign in with.
fn username_field<'a>(pool: &UserPool, value: &'a str) -> Field<'a> {
    let by = |name: &str| {
        let names = pool.username_attributes.iter().chain(&pool.alias_attributes);
        names.into_iter().any(|attribute| attribute == name)
    };
    let (only_addresses, email, phone) = (
        !pool.username_attributes.is_empty(),
        by("email"),
        by("phone_number"),
    );
    let (label, kind) = match (only_addresses, email, phone) {
        (true, true, false) => ("Email address", "email"),
        (true, false, true) => ("Phone number", "tel"),
        (true, _, _) => ("Email address or phone number", "text"),
        (false, true, _) => ("Username or email address", "text"),
        (false, false, _) => ("Username", "text"),
    };
    Field {
        name: "username",
        label,
        kind,
        autocomplete: "username",
        hint: None,
        value,
    }
}

fn password_field<'a>(
    name: &'a str,
    label: &'a str,
    autocomplete: &'static str,
    hint: Option<&'a str>,
) -> Field<'a> {
    Field {
        name,
        label,
        kind: "password",
        autocomplete,
        hint,
        value: "",
    }
}

fn code_field() -> Field<'static> {
    Field {
        name: "code",
        label: "Code",
        kind: "text",
        autocomplete: "one-time-code",
        hint: Some("The six digits from the email."),
        value: "",
    }
}

/// Says in words what the pool's policy wants.
fn password_hint(pool: &UserPool) -> String {
    let policy = &pool.password_policy;
    let classes = [
        (policy.require_lowercase, "a lower case letter"),
        (policy.require_uppercase, "an upper case letter"),
        (policy.require_numbers, "a number"),
        (policy.require_symbols, "a symbol"),
    ];
    let wanted: Vec<&str> = classes
        .into_iter()
        .filter_map(|(wanted, name)| wanted.then_some(name))
        .collect();
    let length = format!("At least {} characters", policy.minimum_length);
    match wanted.split_last() {
        None => format!("{length}."),
        Some((last, [])) => format!("{length}, with {last}."),
        Some((last, rest)) => format!("{length}, with {} and {last}.", rest.join(", ")),
    }
}
