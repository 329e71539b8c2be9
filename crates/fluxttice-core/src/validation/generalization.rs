//! The published tests of generalization, and what those leave out: the typical distance, the renamings other
//! than reversal, the operations that were trained on.

use super::Trial;
use super::finding::{Bound, Group, Measured, Method, Test};
use super::lab::{Choice, Lab};
use super::statistics::{correlation, distance, exact, mean, ratio, share};
use crate::model::LATENT;
use crate::numbers::{count16, count32};
use crate::space::symmetry::Permutation;
use crate::space::{ENTRIES, Operation};
use crate::vae::PerVae;

/// Number of compositions that are tried.
const COMPOSED: usize = 1_000;
/// Number of operations whose distances are compared before and after renaming.
const RENAMED: u32 = 300;
/// Number of operations that are changed, or added and subtracted.
const CHANGED: u32 = 5_000;

const DEAF: &str = "a decoder that ignores its code";
const TABLE: &str = "the nine entries of the table as its code";
const UNRELATED: &str = "the distance between codes of unrelated operations";

const fn noise(name: &'static str) -> Test {
    Test::new(
        Group::Generalization,
        name,
        "distance",
        "mean |μ(x) - μ(x')| where each entry of x is replaced by another value with that probability",
        UNRELATED,
        (Bound::AtMost(5.0), "published: less than 5", 0.5),
    ).with(Method::Normal)
}

pub(super) static TRIALS: &[Trial] = &[
    Trial {
        test: Test::new(
            Group::Generalization,
            "composed operations",
            "share",
            "entry-wise sums mod 3 of two training operations that are themselves in the test split, given back in all nine entries at ρ = 0",
            DEAF,
            (Bound::AtLeast(0.7), "published: more than 70 %", 0.5),
        ).with(Method::Wilson),
        measure: composed,
        chance: |lab| PerVae::both(1.0 / lab.past.test.len() as f64),
    },
    Trial {
        test: Test::new(
            Group::Generalization,
            "sparsity classes",
            "share",
            "the lowest share given back at ρ = 0 in any class of operations with equally many zeros",
            DEAF,
            (Bound::AtLeast(0.8), "published: more than 80 %", 0.5),
        ),
        measure: sparsity,
        chance: |_| PerVae::both(0.0),
    },
    Trial {
        test: Test::new(
            Group::Generalization,
            "reversal of the symbols",
            "correlation",
            "correlation of the distances between codes of 300 operations before and after - and + change places, the diagonal left out",
            TABLE,
            (Bound::AtLeast(0.7), "published: more than 0.7", 0.1),
        ),
        measure: |lab| renamed(lab, &[Permutation::NEGATION]),
        chance: |lab| table_renamed(lab, &[Permutation::NEGATION]),
    },
    Trial {
        test: Test::new(
            Group::Generalization,
            "any renaming of the symbols",
            "correlation",
            "the lowest such correlation over the five ways to rename -, 0 and + in the table, the arguments left as they are",
            TABLE,
            (
                Bound::AtLeast(0.7),
                "published for one of the five: more than 0.7",
                0.1,
            ),
        ),
        measure: |lab| renamed(lab, &RENAMINGS),
        chance: |lab| table_renamed(lab, &RENAMINGS),
    },
    Trial {
        test: noise("noise of 1 %"),
        measure: |lab| noisy(lab, 0.01),
        chance: typical,
    },
    Trial {
        test: noise("noise of 3 %"),
        measure: |lab| noisy(lab, 0.03),
        chance: typical,
    },
    Trial {
        test: noise("noise of 5 %"),
        measure: |lab| noisy(lab, 0.05),
        chance: typical,
    },
    Trial {
        test: Test::new(
            Group::Generalization,
            "one changed entry",
            "typical distances",
            "mean |μ(x) - μ(x')| where x' differs from x in one entry, as a share of the mean distance between unrelated operations",
            TABLE,
            (Bound::AtMost(0.5), "ours: half of a typical distance", 0.05),
        ).with(Method::Ratio),
        measure: one_entry,
        chance: |_| PerVae::both(table_one_entry()),
    },
    Trial {
        test: Test::new(
            Group::Generalization,
            "latent arithmetic",
            "distance",
            "mean |μ(a) + μ(b) - μ(c) - μ(d)| where d = a + b - c holds entry by entry",
            "the same with an unrelated operation in place of d",
            (Bound::AtMost(10.0), "published: less than 10", 1.0),
        ).with(Method::Normal),
        measure: |lab| arithmetic(lab, false),
        chance: |lab| arithmetic(lab, true).map(|found| found.value),
    },
    Trial {
        test: Test::new(
            Group::Generalization,
            "latent arithmetic, relative",
            "typical distances",
            "the same as a share of the mean distance between unrelated operations",
            "the same with an unrelated operation in place of d",
            (Bound::AtMost(0.5), "ours: half of a typical distance", 0.1),
        ).with(Method::Ratio),
        measure: |lab| relative(lab, arithmetic(lab, false)),
        chance: |lab| relative(lab, arithmetic(lab, true)).map(|found| found.value),
    },
];

/// All renamings except the identity.
const RENAMINGS: [Permutation; 5] = {
    let [_, a, b, c, d, e] = Permutation::ALL;
    [a, b, c, d, e]
};

fn composed(lab: &Lab) -> PerVae<Measured> {
    let train: Vec<Operation> = lab.past.train.iter().collect();
    let stream = lab.stream(Choice::Composed);
    let pick = |row: u32, column: u16| {
        let place = crate::random::pick(stream.uniform(row, column), train.len());
        train.get(place).copied()
    };
    let rows = 0..200 * count32(COMPOSED);
    let found: Vec<Operation> = rows
        .filter_map(|row| Some(pick(row, 0)?.plus(pick(row, 1)?)))
        .filter(|sum| lab.past.test.contains(*sum))
        .take(COMPOSED)
        .collect();
    PerVae::from_fn(|vae| {
        let known = found.iter().filter(|sum| lab.alone[vae].contains(**sum));
        share(known.count(), found.len())
    })
}

fn sparsity(lab: &Lab) -> PerVae<Measured> {
    PerVae::from_fn(|vae| {
        let (mut known, mut all) = ([0u32; ENTRIES + 1], [0u32; ENTRIES + 1]);
        for operation in Operation::all() {
            let class = operation.zeros();
            all[class] += 1;
            known[class] += u32::from(lab.alone[vae].contains(operation));
        }
        known
            .into_iter()
            .zip(all)
            // All of a class are tried: there is nothing to be uncertain of.
            .map(|(known, all)| exact(f64::from(known) / f64::from(all), all as usize))
            .reduce(|least, other| {
                if other.value < least.value {
                    other
                } else {
                    least
                }
            })
            .unwrap_or_else(|| exact(f64::NAN, 0))
    })
}

fn sampled(lab: &Lab) -> Vec<Operation> {
    let stream = lab.stream(Choice::Renamed);
    let rows = 0..RENAMED;
    rows.map(|row| Lab::operation(stream.uniform(row, 0)))
        .collect()
}

/// Returns the distances between all pairs of codes, each pair once.
fn pairwise(codes: &[Vec<f64>]) -> Vec<f64> {
    let pairs = codes
        .iter()
        .enumerate()
        .flat_map(|(place, one)| codes[..place].iter().map(move |other| (one, other)));
    pairs.map(|(one, other)| distance(one, other)).collect()
}

/// Returns the lowest correlation of distances before and after any of these renamings.
fn least_correlation(
    operations: &[Operation],
    renamings: &[Permutation],
    rename: fn(Operation, Permutation) -> Operation,
    code: impl Fn(Operation) -> Vec<f64>,
) -> f64 {
    let distances = |renamed: &dyn Fn(Operation) -> Operation| {
        let codes: Vec<Vec<f64>> = operations.iter().map(|one| code(renamed(*one))).collect();
        pairwise(&codes)
    };
    let before = distances(&|operation| operation);
    renamings
        .iter()
        .map(|renaming| correlation(&before, &distances(&|one| rename(one, *renaming))))
        .fold(f64::INFINITY, f64::min)
}

fn renamed(lab: &Lab, renamings: &[Permutation]) -> PerVae<Measured> {
    let operations = sampled(lab);
    PerVae::from_fn(|vae| {
        let code = |operation| lab.code(vae, operation).to_vec();
        let least = least_correlation(&operations, renamings, Operation::renamed, code);
        exact(least, operations.len())
    })
}

fn table_renamed(lab: &Lab, renamings: &[Permutation]) -> PerVae<f64> {
    let table = |operation: Operation| operation.entries().map(f64::from).to_vec();
    PerVae::both(least_correlation(
        &sampled(lab),
        renamings,
        Operation::renamed,
        table,
    ))
}

fn typical(lab: &Lab) -> PerVae<f64> {
    PerVae::from_fn(|vae| mean(&lab.typical(vae)).value)
}

/// Returns a distance as a share of the typical one, which is sampled too.
fn relative(lab: &Lab, found: PerVae<Measured>) -> PerVae<Measured> {
    PerVae::from_fn(|vae| ratio(found[vae], mean(&lab.typical(vae))))
}

fn noisy(lab: &Lab, probability: f64) -> PerVae<Measured> {
    let stream = lab.stream(Choice::Noise);
    let changed = |row: u32| {
        let operation = Lab::operation(stream.uniform(row, 0));
        let noisy = operation.noisy(probability, |entry| stream.uniform(row, 1 + count16(entry)));
        (operation, noisy)
    };
    let pairs: Vec<(Operation, Operation)> = (0..CHANGED).map(changed).collect();
    apart(lab, &pairs)
}

/// Returns the mean distance between the codes of pairs.
fn apart(lab: &Lab, pairs: &[(Operation, Operation)]) -> PerVae<Measured> {
    PerVae::from_fn(|vae| {
        let distances: Vec<f64> = pairs
            .iter()
            .map(|(one, other)| distance(lab.code(vae, *one), lab.code(vae, *other)))
            .collect();
        mean(&distances)
    })
}

fn one_entry(lab: &Lab) -> PerVae<Measured> {
    let stream = lab.stream(Choice::Noise);
    let changed = |row: u32| {
        let operation = Lab::operation(stream.uniform(row, 0));
        let changed = [1, 2].map(|column| stream.uniform(row, column));
        (operation, operation.changed_somewhere(changed))
    };
    let pairs: Vec<(Operation, Operation)> = (0..CHANGED).map(changed).collect();
    relative(lab, apart(lab, &pairs))
}

/// Returns the relative distance of one changed entry where the table is its own code, over all operations.
fn table_one_entry() -> f64 {
    // One entry changes by 1, 1 or 2 with equal chance: of the six changes of a value, four are by 1 and
    // two by 2.
    let changed = (4.0 + 2.0 * 2.0) / 6.0;
    // The squared distance of two random tables has mean 9 · 4/3 = 12; its root's mean is a little less.
    let mut typical = 0.0;
    // Each entry's squared difference is 0, 1, 4 with chances 3, 4, 2 of 9: convolve nine of them.
    let mut chances = vec![1.0];
    for _ in 0..ENTRIES {
        let mut next = vec![0.0; chances.len() + 4];
        for (square, chance) in chances.iter().enumerate() {
            for (more, share) in [(0, 3.0), (1, 4.0), (4, 2.0)] {
                next[square + more] += chance * share / 9.0;
            }
        }
        chances = next;
    }
    for (square, chance) in chances.iter().enumerate() {
        typical += chance * (square as f64).sqrt();
    }
    changed / typical
}

/// Returns the mean |μ(a) + μ(b) - μ(c) - μ(d)|, with d = a + b - c or an unrelated operation.
fn arithmetic(lab: &Lab, unrelated: bool) -> PerVae<Measured> {
    let stream = lab.stream(Choice::Arithmetic);
    let quadruple = |row: u32| {
        let mut uniforms = [0.0; 2 + ENTRIES];
        stream.uniforms(row, &mut uniforms);
        let [a, b] = [0, 1].map(|place| Lab::operation(uniforms[place]));
        // Entry by entry c lies between a and b, so that d = a + b - c is a table.
        let (a_classes, b_classes) = (a.classes(), b.classes());
        let between = |entry: usize| {
            let (low, high) = (
                a_classes[entry].min(b_classes[entry]),
                a_classes[entry].max(b_classes[entry]),
            );
            let choice = crate::random::pick(uniforms[2 + entry], usize::from(high - low + 1));
            (low..=high).nth(choice).unwrap_or(high)
        };
        let c = Operation::from_classes(std::array::from_fn(between));
        let c_classes = c.classes();
        let d = Operation::from_classes(std::array::from_fn(|entry| {
            a_classes[entry] + b_classes[entry] - c_classes[entry]
        }));
        [a, b, c, d]
    };
    let quadruples: Vec<[Operation; 4]> = (0..CHANGED).map(quadruple).collect();
    PerVae::from_fn(|vae| {
        let errors: Vec<f64> = quadruples
            .iter()
            .enumerate()
            .map(|(row, [a, b, c, d])| {
                // Another row's a is as good as any operation.
                let other = quadruples[(row + 1) % quadruples.len()][0];
                let d = if unrelated { other } else { *d };
                let [a, b, c, d] = [*a, *b, *c, d].map(|one| lab.code(vae, one));
                let square = |i: usize| (a[i] + b[i] - c[i] - d[i]).powi(2);
                (0..LATENT).map(square).sum::<f64>().sqrt()
            })
            .collect();
        mean(&errors)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::measure::Estimators;
    use crate::model::Weights;
    use crate::validation::Past;

    #[test]
    fn a_table_as_its_own_code_is_where_it_must_be() {
        // Brute force over random pairs comes to the same share.
        let stream = crate::random::Stream::new(1, crate::random::Purpose::Validation, 9, 0);
        let table = |operation: Operation| operation.entries().map(f64::from);
        let rows = 0..20_000;
        let typical: f64 = rows
            .map(|row| {
                let [a, b] = [0, 1].map(|column| Lab::operation(stream.uniform(row, column)));
                distance(&table(a), &table(b))
            })
            .sum::<f64>()
            / 20_000.0;
        let share = 4.0 / 3.0 / typical;
        assert!((table_one_entry() - share).abs() < 0.005, "{share}");
    }

    #[test]
    fn reversal_is_nothing_to_a_table_and_other_renamings_are() {
        let operations: Vec<Operation> = (0..200).filter_map(|i| Operation::new(i * 97)).collect();
        let table = |operation: Operation| operation.entries().map(f64::from).to_vec();
        let reversed = least_correlation(
            &operations,
            &[Permutation::NEGATION],
            Operation::renamed,
            table,
        );
        assert!((reversed - 1.0).abs() < 1e-12);
        assert!(least_correlation(&operations, &RENAMINGS, Operation::renamed, table) < 0.9);
    }

    /// Compares the figures of `docs/results/validation.md` for the published
    /// configuration, by renaming and by relabelling.
    #[test]
    fn the_worst_of_five_of_the_published_run_by_values_alone_and_with_arguments() {
        let bytes = include_bytes!("../../../../assets/published/weights.safetensors");
        let weights = Weights::from_bytes(bytes).unwrap();
        let past = Past::new(Config::default(), Vec::new());
        let lab = Lab::new(&weights, past, 0, Estimators::Corrected).unwrap();
        let worst = |rename: fn(Operation, Permutation) -> Operation| {
            PerVae::from_fn(|vae| {
                let code = |operation| lab.code(vae, operation).to_vec();
                let least = least_correlation(&sampled(&lab), &RENAMINGS, rename, code);
                format!("{least:.3}")
            })
        };
        assert_eq!(worst(Operation::renamed).into_array(), ["0.182", "0.146"]);
        assert_eq!(
            worst(Operation::relabelled).into_array(),
            ["0.172", "0.133"]
        );
    }
}
