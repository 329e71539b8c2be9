//! The known key that an unknown one was probably meant to be.

use super::keys::KEYS;

/// Longer words are noise, not typing errors.
const LONGEST: usize = 64;

/// The nearest known key or section, if any is near.
///
/// Both a misspelled name at the right place and the right name at the wrong place are found.
pub(super) fn nearest(unknown: &str) -> Option<String> {
    if unknown.chars().count() > LONGEST {
        return None;
    }
    let name = last(unknown);
    let limit = 1 + name.chars().count() / 4;
    known()
        .map(|key| {
            let whole = distance(unknown, key);
            // The right name under the wrong section counts like one typing error.
            let alone = distance(name, last(key)) + 1;
            (whole.min(alone), key)
        })
        .filter(|(cost, _)| *cost <= limit)
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, key)| key.to_owned())
}

/// Every key and every section that contains one.
fn known() -> impl Iterator<Item = &'static str> {
    KEYS.iter()
        .filter(|info| !info.key.contains(".N."))
        .flat_map(|info| {
            let section = info.key.rsplit_once('.').map(|(section, _)| section);
            [Some(info.key), section].into_iter().flatten()
        })
        .chain(["optimizer.lr_schedule"])
}

fn last(key: &str) -> &str {
    key.rsplit('.').next().unwrap_or(key)
}

/// Edits (insert, delete, replace, swap two neighbours) that turn one word into the other.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.to_lowercase().chars().collect();
    let to: Vec<char> = to.to_lowercase().chars().collect();
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=to.len()).collect();
    for i in 0..from.len() {
        let mut row = vec![i + 1];
        for j in 0..to.len() {
            let replace = above[j] + usize::from(from[i] != to[j]);
            let mut best = replace.min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && from[i] == to[j - 1] && from[i - 1] == to[j] {
                best = best.min(before[j - 1] + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut above, row);
    }
    above[to.len()]
}

#[cfg(test)]
mod tests {
    use super::{distance, nearest};

    #[test]
    fn distance_counts_edits() {
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("rho_mni", "rho_min"), 1);
        assert_eq!(distance("kitten", "sitting"), 3);
    }

    #[test]
    fn misspelled_and_misplaced_names_are_found() {
        let found = |key: &str| nearest(key).unwrap_or_default();
        assert_eq!(found("model.rho_mni"), "model.rho_min");
        assert_eq!(found("rho_min"), "model.rho_min");
        assert_eq!(found("optimizr"), "optimizer");
        assert_eq!(found("optimizer.lr_shedule"), "optimizer.lr_schedule");
        assert_eq!(found("Seed"), "seed");
        assert_eq!(found("batchsize"), "batch_size");
        assert_eq!(nearest("kangaroo"), None);
        assert_eq!(nearest(&"x".repeat(1 << 20)), None);
    }
}
