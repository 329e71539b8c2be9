//! Means over repetitions, and their confidence intervals.

/// Returns the mean of some values; NaN without a value.
pub fn mean(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let n = values.len() as f64;
    values.sum::<f64>() / n
}

/// Returns the median of some numbers; NaN without a number.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    match numbers.len() {
        0 => f64::NAN,
        n if n % 2 == 1 => numbers[n / 2],
        n => f64::midpoint(numbers[n / 2 - 1], numbers[n / 2]),
    }
}

/// Quantiles of Student's t for a two-sided 95 % interval, for 1, 2, … degrees of freedom.
const T_95: [f64; 19] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160,
    2.145, 2.131, 2.120, 2.110, 2.101, 2.093,
];

/// Largest number of values whose mean has an interval.
pub const MOST_VALUES: usize = T_95.len() + 1;

/// Returns the half width of a 95 % interval in standard errors, with so many degrees of freedom; `None` for
/// 0 and for more than are listed.
pub fn reach(freedom: usize) -> Option<f64> {
    T_95.get(freedom.checked_sub(1)?).copied()
}

/// Returns Student's 95 % interval of the mean; `None` with fewer than two values, or more than
/// [`MOST_VALUES`].
pub fn interval(values: &[f64]) -> Option<[f64; 2]> {
    let freedom = values.len().checked_sub(1)?;
    let t = reach(freedom)?;
    let centre = mean(values.iter().copied());
    let squares: f64 = values.iter().map(|value| (value - centre).powi(2)).sum();
    let error = (squares / freedom as f64 / values.len() as f64).sqrt();
    Some([centre - t * error, centre + t * error])
}

/// Returns the rank of each number, from 1; equal ones have the mean of their ranks.
pub fn ranks(numbers: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..numbers.len()).collect();
    order.sort_unstable_by(|one, other| numbers[*one].total_cmp(&numbers[*other]));
    let mut ranks = vec![0.0; numbers.len()];
    let mut before = 0;
    for alike in order.chunk_by(|one, other| numbers[*one] == numbers[*other]) {
        let rank = before as f64 + (alike.len() + 1) as f64 / 2.0;
        for place in alike {
            ranks[*place] = rank;
        }
        before += alike.len();
    }
    ranks
}

/// Returns Pearson's correlation of pairs of numbers; NaN where all of either are alike.
pub fn correlation(one: &[f64], other: &[f64]) -> f64 {
    let centres = [one, other].map(|numbers| mean(numbers.iter().copied()));
    let (mut product, mut squares) = (0.0, [0.0, 0.0]);
    for (x, y) in one.iter().zip(other) {
        let (x, y) = (x - centres[0], y - centres[1]);
        product += x * y;
        squares[0] += x * x;
        squares[1] += y * y;
    }
    product / (squares[0] * squares[1]).sqrt()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_numbers_share_a_rank_and_order_alone_is_correlated() {
        assert_eq!(ranks(&[3.0, 1.0, 3.0, 2.0]), [3.5, 1.0, 3.5, 2.0]);
        let squares = [1.0, 4.0, 9.0, 16.0];
        assert!((correlation(&ranks(&squares), &[1.0, 2.0, 3.0, 4.0]) - 1.0).abs() < 1e-12);
        // Ranks 1, 2.5, 2.5, 4 against 1, 2, 3, 4: 4.5 / √(4.5 · 5).
        let tied = correlation(&ranks(&[0.0, 1.0, 1.0, 2.0]), &[1.0, 2.0, 3.0, 4.0]);
        assert!((tied - 0.9f64.sqrt()).abs() < 1e-12);
        assert!(correlation(&[1.0, 1.0], &[1.0, 2.0]).is_nan());
    }

    #[test]
    fn the_interval_is_students() {
        // Mean 2, standard deviation 1, t(2) = 4.303: half width 4.303 / √3.
        let [low, high] = interval(&[1.0, 2.0, 3.0]).unwrap();
        assert!((low - (2.0 - 4.303 / 3f64.sqrt())).abs() < 1e-9);
        assert!((high - (2.0 + 4.303 / 3f64.sqrt())).abs() < 1e-9);
        assert_eq!(interval(&[1.0]), None);
    }
}
