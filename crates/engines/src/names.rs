//! Suggests the name that a misspelled one was meant to be.

/// Returns `; did you mean `x`?` for the known name nearest to `name`, or nothing when none is near.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    nearest(name, known).map_or_else(String::new, |nearest| format!("; did you mean `{nearest}`?"))
}

fn nearest<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    // Names longer than any real one are not worth a quadratic comparison.
    const BYTES_MAX: usize = 64;
    if name.len() > BYTES_MAX {
        return None;
    }
    let tolerated = name.chars().count().div_ceil(4).min(3);
    known
        .filter(|candidate| candidate.len() <= BYTES_MAX && candidate.len().abs_diff(name.len()) <= tolerated)
        .filter_map(|candidate| Some((distance(name, candidate, tolerated)?, candidate)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// Counts the insertions, deletions, replacements and swaps of neighbours between two names, letter case aside;
/// nothing when there are more than `tolerated`.
fn distance(left: &str, right: &str, tolerated: usize) -> Option<usize> {
    let letters = |name: &str| {
        name.chars()
            .map(|letter| letter.to_ascii_lowercase())
            .collect::<Vec<char>>()
    };
    let (left, right) = (letters(left), letters(right));
    let at = |row: &[usize], column: usize| row.get(column).copied().unwrap_or(usize::MAX / 2);
    let mut above: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, letter) in left.iter().enumerate() {
        let mut next = vec![index + 1];
        for (column, other) in right.iter().enumerate() {
            let replaced = at(&row, column) + usize::from(letter != other);
            let removed = at(&row, column + 1) + 1;
            let inserted = at(&next, column) + 1;
            let neighbours = index > 0
                && column > 0
                && left.get(index - 1) == Some(other)
                && right.get(column - 1) == Some(letter);
            let swapped = if neighbours {
                at(&above, column - 1) + 1
            } else {
                usize::MAX
            };
            next.push(replaced.min(removed).min(inserted).min(swapped));
        }
        // A swap reaches back two rows, hence both must be out of reach.
        let out_of_reach = |row: &[usize]| row.iter().min().is_some_and(|least| *least > tolerated);
        if out_of_reach(&row) && out_of_reach(&next) {
            return None;
        }
        above = std::mem::replace(&mut row, next);
    }
    Some(at(&row, right.len())).filter(|distance| *distance <= tolerated)
}
