//! The pages on which a new user proves the address: by a code, or by a link that is in the mail.

use super::{
    Frame, code_field,
    html::element,
    layout::{Page, form, link},
    username_field,
};

/// Returns the page that asks for the code. Without a name it asks for that too.
pub(crate) fn by_code(frame: &Frame<'_>, username: &str) -> Vec<u8> {
    let mut hidden = vec![("_csrf", frame.csrf)];
    let mut fields = Vec::new();
    if username.is_empty() {
        fields.push(username_field(frame.pool, ""));
    } else {
        hidden.push(("username", username));
    }
    fields.push(code_field());
    let page = Page::new("Confirm your account")
        .notice(frame.notice)
        .problems(frame.problems)
        .form(&frame.to("confirm"), &hidden, &fields, "Confirm account");
    if username.is_empty() {
        return page
            .and(
                element("div")
                    .with("class", "more")
                    .and(link("", &frame.to("login"), "Back to sign in")),
            )
            .document();
    }
    page.and(again(frame, username, "Send another code")).document()
}

/// Returns the page that says that a link was mailed.
pub(crate) fn by_link(frame: &Frame<'_>, username: &str) -> Vec<u8> {
    Page::new("Confirm your account")
        .notice(frame.notice)
        .problems(frame.problems)
        .paragraph("Open the link in the email to confirm your account, then sign in.")
        .and(again(frame, username, "Send another link"))
        .document()
}

fn again(frame: &Frame<'_>, username: &str, button: &str) -> super::html::Element {
    let resend = form(
        &frame.to("resendcode"),
        &[("_csrf", frame.csrf), ("username", username)],
    );
    element("div")
        .with("class", "more")
        .and(
            element("p")
                .with("class", "quiet")
                .text("Nothing there? Look among the spam."),
        )
        .and(
            resend.and(
                element("button")
                    .with("type", "submit")
                    .with("class", "second")
                    .text(button),
            ),
        )
        .and(link("", &frame.to("login"), "Back to sign in"))
}
