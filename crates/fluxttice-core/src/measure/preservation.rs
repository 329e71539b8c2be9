//! Preservation of neighbourhoods: near codes should belong to similar truth tables.

use rayon::prelude::*;

use crate::space::{ENTRIES, OPERATIONS, Operation};

/// Returns the share of the k nearest codes (Euclidean) that are also among the k nearest operations by
/// Hamming distance, averaged over all 19,683 operations, for each k of `ks`.
///
/// Ties in Hamming distance count at their expected share under random tie-breaking; ties in
/// latent distance go to the smaller index. Codes without any relation to truth tables score
/// k / 19,682.
pub fn mean_preservation(codes: &[f64], dimensions: usize, ks: &[usize]) -> Vec<f64> {
    let shares: Vec<[f64; ENTRIES + 1]> = ks.iter().map(|k| hamming_shares(*k)).collect();
    let columns: Vec<Vec<f64>> = (0..dimensions)
        .map(|dimension| {
            codes
                .iter()
                .skip(dimension)
                .step_by(dimensions)
                .copied()
                .collect()
        })
        .collect();
    let kept: Vec<Vec<f64>> = Operation::all()
        .collect::<Vec<_>>()
        .par_iter()
        .map_init(Workspace::default, |work, centre| {
            work.kept(&columns, *centre, ks, &shares)
        })
        .collect();
    // Added up in order: the same on any number of threads.
    (0..ks.len())
        .map(|i| kept.iter().map(|kept| kept[i]).sum::<f64>() / OPERATIONS as f64)
        .collect()
}

/// Returns the share of all operations at each Hamming distance that fit into the k nearest.
pub(super) fn hamming_shares(k: usize) -> [f64; ENTRIES + 1] {
    // Operations at distance h: C(9, h) 2^h.
    let mut count = 1;
    let mut counts = [0; ENTRIES + 1];
    for (h, at) in counts.iter_mut().enumerate().skip(1) {
        count = count * 2 * (ENTRIES + 1 - h) / h;
        *at = count;
    }
    shares_of(counts, k)
}

/// Returns the share of the operations at each Hamming distance that fit into the k nearest, where there are so
/// many at each.
pub(super) fn shares_of(counts: [usize; ENTRIES + 1], k: usize) -> [f64; ENTRIES + 1] {
    let mut room = k;
    counts.map(|count| {
        let taken = room.min(count);
        room -= taken;
        if count == 0 {
            0.0
        } else {
            taken as f64 / count as f64
        }
    })
}

/// Buffers that one thread reuses for one centre after another.
#[derive(Default)]
struct Workspace {
    squares: Vec<f64>,
    others: Vec<(f64, Operation)>,
}

impl Workspace {
    /// Returns the share preserved around one centre, for each k. `columns` holds the codes dimension by
    /// dimension, so that the processor can add several operations at once.
    fn kept(
        &mut self,
        columns: &[Vec<f64>],
        centre: Operation,
        ks: &[usize],
        shares: &[[f64; ENTRIES + 1]],
    ) -> Vec<f64> {
        self.squares.clear();
        self.squares.resize(OPERATIONS, 0.0);
        for column in columns {
            let origin = column[centre.index()];
            for (square, x) in self.squares.iter_mut().zip(column) {
                *square += (x - origin) * (x - origin);
            }
        }
        self.others.clear();
        let all = self.squares.iter().copied().zip(Operation::all());
        self.others.extend(all);
        self.others.swap_remove(centre.index());
        let order =
            |a: &(f64, Operation), b: &(f64, Operation)| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1));
        let kept = |(k, shares): (&usize, &[f64; ENTRIES + 1])| {
            if *k < self.others.len() {
                self.others.select_nth_unstable_by(k - 1, order);
            }
            let nearest = self.others[..*k].iter();
            let kept = nearest.map(|(_, operation)| shares[centre.hamming(*operation) as usize]);
            kept.sum::<f64>() / *k as f64
        };
        ks.iter().zip(shares).map(kept).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::measure::Posteriors;
    use crate::measure::neighbours::{Cloud, Metric, preservation};

    #[test]
    fn truth_tables_as_codes_keep_every_neighbourhood() {
        let codes: Vec<f64> = Operation::all()
            .flat_map(|operation| operation.classes().map(f64::from))
            .collect();
        // Entry by entry 0, 1, 2: the nearest are those that differ by 1 in one entry.
        let found = mean_preservation(&codes, ENTRIES, &[9]);
        assert!(
            (found[0] - 0.5).abs() < 1e-12,
            "{found:?}: any 9 of 18 at distance 1"
        );
        // One-hot codes: latent distance is Hamming distance.
        let one_hot: Vec<f64> = Operation::all()
            .flat_map(Operation::classes)
            .flat_map(|class| [0, 1, 2].map(|value| f64::from(u8::from(class == value))))
            .collect();
        let found = mean_preservation(&one_hot, 3 * ENTRIES, &[18]);
        assert!((found[0] - 1.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn the_mean_is_the_mean_of_what_the_explorer_shows() {
        let codes: Vec<f64> = (0..2 * OPERATIONS)
            .map(|n| (n * 7_919 % 10_007) as f64 / 5_003.5 - 1.0)
            .collect();
        let posteriors = Posteriors {
            mu: codes.clone(),
            log_variance: vec![0.0; codes.len()],
        };
        let cloud = Cloud::new(posteriors, 2);
        let found = mean_preservation(&codes, 2, &[10, 100]);
        // Every 50th operation stands for all of them.
        for (k, found) in [10, 100].into_iter().zip(found) {
            let some: Vec<f64> = Operation::all()
                .step_by(50)
                .filter_map(|centre| preservation(&cloud, centre, Metric::Euclidean, k))
                .collect();
            let mean = some.iter().sum::<f64>() / some.len() as f64;
            assert!(
                (mean - found).abs() < 0.3 * found + 0.002,
                "k = {k}: {mean} {found}"
            );
        }
    }

    #[test]
    fn shares_use_up_the_nearest() {
        // 18 at distance 1, 144 at distance 2.
        let shares = hamming_shares(18 + 72);
        assert!((shares[1] - 1.0).abs() < 1e-12 && (shares[2] - 0.5).abs() < 1e-12);
        assert!(shares[3].abs() < 1e-12);
    }
}
