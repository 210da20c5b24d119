//! What is not done is an issue, not a note in the source.

use super::source::Source;

/// Written so that this file does not complain about itself.
const NOTES: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("XX", "X:")];

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        for (number, line) in source.text.lines().enumerate() {
            if let Some(note) = NOTES.iter().find(|note| line.contains(**note)) {
                complaints.push(format!(
                    "{}:{}: `{note}`: write an issue instead",
                    source.path,
                    number + 1
                ));
            }
        }
    }
    complaints
}
