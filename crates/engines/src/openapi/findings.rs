//! What is wrong with a document, collected as it is read.

use portcullis_model::{Problem, Severity};

use super::{at::At, document::Document};

/// Problems that are told of one document.
pub const PROBLEMS_MAX: usize = 100;

const EXTENSION: &str = "x-amazon-apigateway-";

/// The problems of one document.
pub(super) struct Findings<'d> {
    document: &'d Document,
    pub(super) problems: Vec<Problem>,
}

impl<'d> Findings<'d> {
    pub(super) fn of(document: &'d Document) -> Self {
        Self {
            document,
            problems: Vec::new(),
        }
    }

    /// Notes what refuses the document.
    pub(super) fn error(&mut self, at: &At<'_>, message: impl Into<String>) {
        let place = self.document.place(&at.pointer);
        self.note(Problem::error(place, at.pointer.clone(), message));
    }

    /// Notes what does not.
    pub(super) fn warning(&mut self, at: &At<'_>, message: impl Into<String>) {
        let place = self.document.place(&at.pointer);
        self.note(Problem::warning(place, at.pointer.clone(), message));
    }

    /// Notes what has no effect here, and on AWS neither.
    pub(super) fn inert(&mut self, at: &At<'_>, message: impl Into<String>) {
        let place = self.document.place(&at.pointer);
        self.note(Problem {
            severity: Severity::Inert,
            ..Problem::warning(place, at.pointer.clone(), message)
        });
    }

    fn note(&mut self, problem: Problem) {
        // Errors decide, so none of them gives way to a warning.
        if self.problems.len() >= PROBLEMS_MAX {
            if !problem.is_error() || self.problems.iter().any(Problem::is_error) {
                return;
            }
            self.problems.pop();
        }
        self.problems.push(problem);
    }

    /// Refuses an extension that means nothing at this place, or that is not known.
    pub(super) fn check_extensions(&mut self, at: &At<'_>, known: &[&str]) {
        for (name, member) in at.members() {
            if let Some(rest) = name.strip_prefix(EXTENSION)
                && !known.contains(&rest)
            {
                self.error(&member, format!("`{name}` is not supported at this place"));
            }
        }
    }

    /// Refuses a member that nobody reads.
    pub(super) fn check_members(&mut self, at: &At<'_>, known: &[&str]) {
        for (name, member) in at.members() {
            if !known.contains(&name) {
                self.error(&member, format!("`{name}` is not supported at this place"));
            }
        }
    }

    /// Follows `$ref` into the document; a chain of them ends after a few steps.
    pub(super) fn resolve(&mut self, at: At<'d>) -> Option<At<'d>> {
        const STEPS_MAX: usize = 8;
        let mut found = at;
        for _ in 0..STEPS_MAX {
            let Some(reference) = found.value.get("$ref").and_then(|target| target.as_str()) else {
                return Some(found);
            };
            match self.document.at(reference) {
                Some(next) => found = next,
                None => {
                    self.error(&found, format!("`{reference}` leads to nothing in this document"));
                    return None;
                }
            }
        }
        self.error(&found, "references lead to references without end");
        None
    }
}
