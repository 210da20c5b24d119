//! Statements other than queries: which of them prove an attack, behind a value or as the value itself.

use super::{Evidence, Sensitivity, grounds::Grounds, lexer::Kind};

/// Judges the statement that began at token `start`, when token `at` has just been read.
pub(super) fn evidence(grounds: &Grounds<'_>, start: usize, at: usize) -> Option<Evidence> {
    let kind = grounds.kind_at(at)?;
    let second = grounds.kind_at(start + 1);
    let length = at - start + 1;
    let (is_complete, stands_alone) = match grounds.kind_at(start)? {
        Kind::Drop | Kind::Alter | Kind::Create => (second == Some(Kind::Object) && length == 3, false),
        Kind::Truncate => (
            is_name(kind) && length == if second == Some(Kind::Object) { 3 } else { 2 },
            false,
        ),
        Kind::Insert => (
            second == Some(Kind::Into) && length > 3 && matches!(kind, Kind::Values | Kind::Select),
            true,
        ),
        Kind::Delete => (second == Some(Kind::From) && length == 3, false),
        Kind::Update => {
            let has_set = (start + 2..at).any(|index| grounds.kind_at(index) == Some(Kind::Set));
            (has_set && kind == Kind::Compare, true)
        }
        Kind::Exec => (
            length == 2
                && (is_name(kind) || matches!(kind, Kind::Open | Kind::Variable | Kind::Text | Kind::Probe)),
            kind == Kind::Probe,
        ),
        Kind::Declare => (length == 2 && kind == Kind::Variable, true),
        Kind::Shutdown => (length == 1, false),
        Kind::Grant => (length >= 4 && kind == Kind::Clause, false),
        Kind::Merge => (length == 3 && second == Some(Kind::Into), false),
        Kind::Call => (length == 3 && kind == Kind::Open, false),
        Kind::Waitfor => (length == 3 && matches!(kind, Kind::Text | Kind::OpenText), true),
        _ => (false, false),
    };
    let follows_a_value = grounds.is_stacked || grounds.lead.is_strong();
    if is_complete && follows_a_value {
        return Some(Evidence::StackedStatement);
    }
    let is_delete_with_condition =
        grounds.kind_at(start) == Some(Kind::Delete) && second == Some(Kind::From) && kind == Kind::Where;
    let is_high = grounds.sensitivity == Sensitivity::High;
    (is_complete && (stands_alone || is_high) || is_delete_with_condition).then_some(Evidence::Statement)
}

/// Judges a statement when the value ends: `drop table x` may be a statement or tennis.
pub(super) fn evidence_at_end(grounds: &Grounds<'_>, start: usize) -> Option<Evidence> {
    let is_drop = matches!(grounds.kind_at(start), Some(Kind::Drop | Kind::Truncate));
    let is_whole = grounds.kind_at(start + 1) == Some(Kind::Object) && grounds.tokens.len() == start + 3;
    (is_drop && is_whole && grounds.sensitivity == Sensitivity::High).then_some(Evidence::Statement)
}

fn is_name(kind: Kind) -> bool {
    matches!(kind, Kind::Word | Kind::Object | Kind::Function)
}
