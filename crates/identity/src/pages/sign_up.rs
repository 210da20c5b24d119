//! The page on which a stranger makes an account.

use portcullis_model::resources::cognito::UserPool;

use super::{
    Frame,
    html::element,
    layout::{Field, Page, link},
    password_field, password_hint, username_field,
};

/// What a form's field of an attribute is called, before the attribute's name.
pub(crate) const ATTRIBUTE_PREFIX: &str = "attribute.";

/// Returns the sign-up page. `values` are what was typed before.
pub(crate) fn page(frame: &Frame<'_>, username: &str, values: &dyn Fn(&str) -> String) -> Vec<u8> {
    let hint = password_hint(frame.pool);
    let names = asked_attributes(frame.pool);
    let asked: Vec<_> = names
        .iter()
        .map(|name| {
            (
                format!("{ATTRIBUTE_PREFIX}{name}"),
                label(name),
                values(name),
                kind(name),
            )
        })
        .collect();
    let mut first = username_field(frame.pool, username);
    if frame.pool.username_attributes.is_empty() {
        first.label = "Username";
    }
    let mut fields = vec![first];
    for (name, label, value, (kind, autocomplete)) in &asked {
        fields.push(Field {
            name,
            label,
            kind,
            autocomplete,
            hint: None,
            value,
        });
    }
    fields.push(password_field(
        "password",
        "Password",
        "new-password",
        Some(&hint),
    ));
    Page::new("Create an account")
        .problems(frame.problems)
        .form(
            &frame.to("signup"),
            &[("_csrf", frame.csrf)],
            &fields,
            "Create account",
        )
        .and(element("div").with("class", "more").and(link(
            "Have an account? ",
            &frame.to("login"),
            "Sign in",
        )))
        .document()
}

/// Returns the attributes that a new user must give: those that the schema requires, and the address that is verified.
/// What the username is already is not asked twice.
pub(crate) fn asked_attributes(pool: &UserPool) -> Vec<String> {
    let by_username = |name: &str| {
        pool.username_attributes
            .first()
            .is_some_and(|first| first == name)
    };
    let verified = |name: &str| pool.auto_verified_attributes.iter().any(|there| there == name);
    pool.schema_attributes
        .iter()
        .filter(|schema| schema.name != "sub" && (schema.required || verified(&schema.name)))
        .filter(|schema| !by_username(&schema.name))
        .map(|schema| schema.name.clone())
        .collect()
}

/// Returns an attribute's name for people.
pub(crate) fn label(name: &str) -> String {
    let known = match name {
        "email" => "Email address",
        "phone_number" => "Phone number",
        "name" => "Full name",
        "given_name" => "First name",
        "family_name" => "Last name",
        _ => "",
    };
    if !known.is_empty() {
        return known.to_owned();
    }
    let plain = name
        .strip_prefix("custom:")
        .unwrap_or(name)
        .replace(['_', '-'], " ");
    let mut letters = plain.chars();
    match letters.next() {
        Some(first) => first.to_uppercase().chain(letters).collect(),
        None => plain,
    }
}

/// Returns the type of an attribute's input, and what browsers may fill in.
pub(crate) fn kind(name: &str) -> (&'static str, &'static str) {
    match name {
        "email" => ("email", "email"),
        "phone_number" => ("tel", "tel"),
        "name" => ("text", "name"),
        "given_name" => ("text", "given-name"),
        "family_name" => ("text", "family-name"),
        "birthdate" => ("date", "bday"),
        "website" | "picture" | "profile" => ("url", "off"),
        "nickname" => ("text", "nickname"),
        _ => ("text", "off"),
    }
}
