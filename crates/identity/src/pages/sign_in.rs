//! The page that asks who you are.

use super::{
    Frame,
    html::element,
    layout::{Page, link},
    password_field, username_field,
};

/// Returns the sign-in page.
pub(crate) fn page(frame: &Frame<'_>, username: &str, offers_recovery: bool) -> Vec<u8> {
    let mut more = element("div").with("class", "more");
    if offers_recovery {
        more = more.and(link("", &frame.to("forgotPassword"), "Forgot your password?"));
    }
    let may_sign_up = !frame.pool.allow_admin_create_user_only;
    if may_sign_up {
        more = more.and(link("New here? ", &frame.to("signup"), "Create an account"));
    }
    let page = Page::new("Sign in")
        .notice(frame.notice)
        .problems(frame.problems)
        .form(
            &frame.to("login"),
            &[("_csrf", frame.csrf)],
            &[
                username_field(frame.pool, username),
                password_field("password", "Password", "current-password", None),
            ],
            "Sign in",
        );
    if offers_recovery || may_sign_up {
        page.and(more).document()
    } else {
        page.document()
    }
}
