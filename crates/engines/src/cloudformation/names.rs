//! Suggests the name that a misspelled one was meant to be.

/// Returns `; did you mean `x`?` for the known name nearest to `name`, or nothing when none is near.
pub(super) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"))
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Names longer than any real one are not worth a quadratic comparison.
    const CHARACTERS_MAX: usize = 128;
    if name.chars().count() > CHARACTERS_MAX {
        return None;
    }
    let tolerated = name.chars().count().div_ceil(4).min(3);
    known
        .filter(|candidate| candidate.len() <= CHARACTERS_MAX)
        .map(|candidate| (distance(name, candidate), candidate))
        .filter(|(distance, _)| *distance <= tolerated)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Counts the insertions, deletions and replacements between two names, letter case aside.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().map(|letter| letter.to_ascii_lowercase()).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.chars().enumerate() {
        let letter = letter.to_ascii_lowercase();
        let mut next = vec![index + 1];
        for (column, other) in right.iter().enumerate() {
            let at = |position: usize| row.get(position).copied().unwrap_or(usize::MAX - 1);
            let replaced = at(column) + usize::from(letter != *other);
            let inserted = next.last().copied().unwrap_or(usize::MAX - 1) + 1;
            next.push(replaced.min(at(column + 1) + 1).min(inserted));
        }
        row = next;
    }
    row.last().copied().unwrap_or(usize::MAX)
}
