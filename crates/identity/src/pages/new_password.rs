//! The page on which a user replaces a temporary password, and gives what is missing of the profile.

use super::{
    Frame,
    layout::{Field, Page},
    password_field, password_hint, sign_up,
};

/// Returns the page. `session` is what the challenge gave.
pub(crate) fn page(frame: &Frame<'_>, username: &str, session: &str, missing: &[String]) -> Vec<u8> {
    let hint = password_hint(frame.pool);
    let names: Vec<_> = missing
        .iter()
        .map(|name| {
            let field = format!("{}{name}", sign_up::ATTRIBUTE_PREFIX);
            (field, sign_up::label(name), sign_up::kind(name))
        })
        .collect();
    let mut fields = vec![password_field(
        "password",
        "New password",
        "new-password",
        Some(&hint),
    )];
    for (name, label, (kind, autocomplete)) in &names {
        fields.push(Field {
            name,
            label,
            kind,
            autocomplete,
            hint: None,
            value: "",
        });
    }
    let hidden = [
        ("_csrf", frame.csrf),
        ("username", username),
        ("session", session),
        ("missing", &missing.join(" ")),
    ];
    Page::new("Choose a new password")
        .problems(frame.problems)
        .paragraph("The password that you were sent works once. Choose your own to go on.")
        .form(
            &frame.to("changePassword"),
            &hidden,
            &fields,
            "Set password and sign in",
        )
        .document()
}
