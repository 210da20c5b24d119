//! Medians and percentiles.

/// Returns the middle of some numbers, the mean of the two middle ones when their count is even; 0 of none.
pub(super) fn median(numbers: &[f64]) -> f64 {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let upper = sorted.get(sorted.len() / 2).copied().unwrap_or_default();
    let lower = sorted
        .get(sorted.len().saturating_sub(1) / 2)
        .copied()
        .unwrap_or_default();
    f64::midpoint(lower, upper)
}

/// Returns the value that `per_mille` thousandths of the sorted ones do not exceed.
pub(super) fn percentile(sorted: &[u32], per_mille: usize) -> u32 {
    let place = (sorted.len() * per_mille).div_ceil(1000).saturating_sub(1);
    sorted.get(place).or(sorted.last()).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle_is_the_middle() {
        assert!((median(&[3.0, 1.0, 2.0]) - 2.0).abs() < 1e-9);
        assert!((median(&[4.0, 1.0, 2.0, 3.0]) - 2.5).abs() < 1e-9);
        let sorted: Vec<u32> = (1..=200).collect();
        assert_eq!((percentile(&sorted, 500), percentile(&sorted, 990)), (100, 198));
        assert_eq!(percentile(&[], 500), 0);
    }
}
