//! Pages without a form: something is done, or cannot be.

use super::layout::Page;

/// Returns a page that says one thing.
pub(crate) fn page(title: &str, text: &str) -> Vec<u8> {
    Page::new(title).paragraph(text).document()
}
