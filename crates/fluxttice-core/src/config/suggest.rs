//! Search for the known key that an unknown one was probably meant to be.

use super::keys::KEYS;
use crate::space::spelling::{most_typing_errors, typing_errors};

/// Returns the nearest known key or section, if any is near.
///
/// Both a misspelled name at the right place and the right name at the wrong place are found.
pub(super) fn nearest(unknown: &str) -> Option<String> {
    let name = last(unknown);
    most_typing_errors(unknown)?;
    let limit = most_typing_errors(name)?;
    known()
        .map(|key| {
            let whole = typing_errors(unknown, key);
            // The right name under the wrong section counts like one typing error.
            let alone = typing_errors(name, last(key)) + 1;
            (whole.min(alone), key)
        })
        .filter(|(cost, _)| *cost <= limit)
        .min_by_key(|(cost, _)| *cost)
        .map(|(_, key)| key.to_owned())
}

/// Returns every key and every section that contains one.
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

#[cfg(test)]
mod tests {
    use super::nearest;

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
