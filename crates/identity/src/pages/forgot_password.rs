//! The pages for who forgot the password: one asks who, one takes the code and a new password.

use super::{
    Frame, code_field,
    html::{Element, element},
    layout::{Page, link},
    password_field, password_hint, username_field,
};

/// Returns the page that asks whose password was forgotten.
pub(crate) fn ask(frame: &Frame<'_>, username: &str) -> Vec<u8> {
    Page::new("Reset your password")
        .notice(frame.notice)
        .problems(frame.problems)
        .paragraph("We send a code to the email address of your account.")
        .form(
            &frame.to("forgotPassword"),
            &[("_csrf", frame.csrf)],
            &[username_field(frame.pool, username)],
            "Send code",
        )
        .and(back(frame))
        .document()
}

/// Returns the page that takes the code and a new password.
pub(crate) fn set(frame: &Frame<'_>, username: &str) -> Vec<u8> {
    let hint = password_hint(frame.pool);
    Page::new("Set a new password")
        .notice(frame.notice)
        .problems(frame.problems)
        .form(
            &frame.to("confirmforgotPassword"),
            &[("_csrf", frame.csrf), ("username", username)],
            &[
                code_field(),
                password_field("password", "New password", "new-password", Some(&hint)),
            ],
            "Set password",
        )
        .and(back(frame).and(link("No code? ", &frame.to("forgotPassword"), "Send another")))
        .document()
}

fn back(frame: &Frame<'_>) -> Element {
    element("div")
        .with("class", "more")
        .and(link("", &frame.to("login"), "Back to sign in"))
}
