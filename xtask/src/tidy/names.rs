//! A file is named after the thing in it.

use super::source::Source;

const FORBIDDEN: [&str; 9] = [
    "utils", "util", "helpers", "helper", "common", "types", "misc", "shared", "stuff",
];

pub(super) fn check(sources: &[Source]) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in sources {
        let parts = source.path.trim_end_matches(".rs").split('/');
        for part in parts.filter(|part| FORBIDDEN.contains(part)) {
            complaints.push(format!("{}: `{part}` says nothing, name the thing", source.path));
        }
    }
    complaints
}
