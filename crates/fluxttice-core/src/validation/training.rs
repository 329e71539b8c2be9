//! The published tests of training, as the original program has them, and the test of a
//! plateau that it planned.

use super::Trial;
use super::finding::{Bound, Group, Measured, Method, Test};
use super::lab::Lab;
use super::statistics::exact;
use crate::measure::variances;
use crate::model::LATENT;
use crate::numbers::count32;
use crate::record::{Coverage, EpochRecord};
use crate::schedule::Schedule;
use crate::space::OPERATIONS;
use crate::vae::PerVae;

/// Number of epochs at the end of a run over which growth is measured.
const RECENT: usize = 5;
/// Largest relative distance from its last value at which a figure has reached its plateau.
const NEAR: f64 = 0.01;

const UNCHANGED: &str = "a run in which nothing changes";

pub(super) static TRIALS: &[Trial] = &[
    Trial {
        test: Test::new(
            Group::Training,
            "activation spectrum",
            "dimensions of 16",
            "latent dimensions in which μ varies by more than 0.01 over all operations",
            "an encoder that gives every operation the same code",
            (Bound::AtLeast(10.0), "published: at least 10", 3.0),
        ),
        measure: spectrum,
        chance: |_| PerVae::both(0.0),
    },
    Trial {
        test: Test::new(
            Group::Training,
            "held-out entries",
            "share",
            "entries of the test split that argmax decode(μ(x)) gives back, ρ = 0",
            "a decoder that ignores its code",
            (
                Bound::AtLeast(0.4),
                "published: more than 40 %, by the better of A and B",
                0.2,
            ),
        )
        .with(Method::Clustered),
        measure: |lab| lab.entries,
        chance: |_| PerVae::both(1.0 / 3.0),
    },
    Trial {
        test: Test::new(
            Group::Training,
            "smooth β",
            "per epoch",
            "largest change of β from one epoch of the run to the next; β_B's, as its warm-up ends, is intended",
            "the schedule, with nothing trained",
            (
                Bound::AtMost(0.01),
                "published: at most 0.01, of β_A's schedule computed once more, not of a run",
                0.001,
            ),
        ),
        measure: |lab| {
            largest_steps(lab.past.records.iter().map(|one| PerVae {
                a: one.beta_a,
                b: one.beta_b,
            }))
        },
        chance: scheduled,
    },
    Trial {
        test: Test::new(
            Group::Training,
            "hash-validated coverage",
            "operations of 50,000 codes",
            "distinct operations among 50,000 prior codes, every entry its most likely value; hashing them first, as the original does, cannot change the count",
            "a decoder that ignores its code",
            (
                Bound::AtLeast(1_969.0),
                "published: more than 10 % of all",
                5_000.0,
            ),
        ),
        measure: super::deciding::coverage,
        chance: |_| PerVae::both(1.0),
    },
    Trial {
        test: Test::new(
            Group::Training,
            "phase synchrony",
            "operations an epoch",
            "size of the mean growth of categorical coverage over the last five epochs; A's or B's lead is printed by the original and not asserted",
            UNCHANGED,
            (Bound::AtMost(2_000.0), "published: less than 2,000", 100.0),
        ),
        measure: |lab| of_runs(lab, |records| growth(records, categorical)),
        chance: |_| PerVae::both(0.0),
    },
    Trial {
        test: plateau(
            "plateau, categorical coverage",
            "share of the run's epochs before coverage by categorical draws comes within 1 % of its last value, to stay: how long it had something to tell",
        ),
        measure: |lab| of_runs(lab, |records| until(records, categorical)),
        chance: |_| PerVae::both(0.0),
    },
    Trial {
        test: plateau(
            "plateau, argmax coverage",
            "the same for coverage by argmax",
        ),
        measure: |lab| of_runs(lab, |records| until(records, argmax)),
        chance: |_| PerVae::both(0.0),
    },
    Trial {
        test: plateau("plateau, decode entropy", "the same for decode entropy"),
        measure: |lab| of_runs(lab, |records| until(records, |found| found.decode_entropy)),
        chance: |_| PerVae::both(0.0),
    },
];

fn categorical(coverage: &Coverage) -> f64 {
    coverage.categorical.unique.into()
}

fn argmax(coverage: &Coverage) -> f64 {
    coverage.argmax.unique.into()
}

const fn plateau(name: &'static str, definition: &'static str) -> Test {
    Test::new(
        Group::Training,
        name,
        "of the run",
        definition,
        UNCHANGED,
        (
            Bound::AtLeast(0.1),
            "ours: a tenth of the run; the original planned to look for it",
            0.1,
        ),
    )
}

fn spectrum(lab: &Lab) -> PerVae<Measured> {
    PerVae::from_fn(|vae| {
        let variances = variances(&lab.posteriors[vae].mu, LATENT).into_iter();
        exact(
            variances.filter(|variance| *variance > 0.01).count() as f64,
            OPERATIONS,
        )
    })
}

/// Returns the largest change from one epoch to the next; not a number where there are fewer than two epochs.
fn largest_steps(betas: impl Iterator<Item = PerVae<f64>> + Clone) -> PerVae<Measured> {
    let steps = betas.clone().count().saturating_sub(1);
    let pairs = betas.clone().zip(betas.skip(1));
    let found = pairs.fold(PerVae::both(f64::NAN), |largest, (one, next)| {
        // `max` ignores values that are not numbers.
        PerVae::from_fn(|vae| largest[vae].max((next[vae] - one[vae]).abs()))
    });
    found.map(|step| exact(step, steps))
}

fn scheduled(lab: &Lab) -> PerVae<f64> {
    let schedule = Schedule::new(&lab.past.config);
    let epochs = 0..count32(lab.past.records.len());
    let betas = epochs.map(|epoch| schedule.at(epoch, true));
    largest_steps(betas.map(|at| PerVae {
        a: at.beta_a,
        b: at.beta_b,
    }))
    .map(|step| step.value)
}

/// Returns a figure of a run for A and for B, from the epochs in which coverage was counted.
fn of_runs(lab: &Lab, figure: impl Fn(&[Coverage]) -> f64) -> PerVae<Measured> {
    let counted = |of: fn(&EpochRecord) -> Option<Coverage>| -> Vec<Coverage> {
        lab.past.records.iter().filter_map(of).collect()
    };
    let a = counted(|record| record.coverage.map(|pair| pair.a));
    let b = counted(|record| record.coverage.map(|pair| pair.b));
    PerVae { a, b }.map(|records| exact(figure(&records), records.len()))
}

/// Returns the absolute value of the mean growth over the last epochs.
fn growth(records: &[Coverage], figure: impl Fn(&Coverage) -> f64) -> f64 {
    let first = records.len().checked_sub(RECENT + 1);
    match (first.and_then(|first| records.get(first)), records.last()) {
        (Some(first), Some(last)) => (figure(last) - figure(first)).abs() / RECENT as f64,
        _ => f64::NAN,
    }
}

/// Returns the share of the epochs before a figure comes near to its last value and stays there.
fn until(records: &[Coverage], figure: impl Fn(&Coverage) -> f64) -> f64 {
    let Some(last) = records.last().map(&figure) else {
        return f64::NAN;
    };
    let away = |record: &Coverage| (figure(record) - last).abs() > NEAR * last.abs();
    let before = records.iter().rposition(away).map_or(0, |place| place + 1);
    before as f64 / records.len() as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::run::built_in;
    use crate::schedule::Schedule;
    use crate::validation::Past;

    #[test]
    fn the_largest_steps_of_beta_are_those_of_the_published_schedule() {
        let schedule = Schedule::new(&Config::default());
        let betas = (0..106).map(|epoch| {
            let scheduled = schedule.at(epoch, false);
            PerVae {
                a: scheduled.beta_a,
                b: scheduled.beta_b,
            }
        });
        let PerVae { a, b } = largest_steps(betas);
        assert!((a.value - 0.006).abs() < 5e-4, "{}", a.value);
        assert!((b.value - 0.212_048).abs() < 1e-6, "{}", b.value);
        assert!(
            largest_steps(std::iter::empty())
                .iter()
                .all(|none| none.value.is_nan())
        );
    }

    #[test]
    fn growth_and_plateau_are_counted_from_the_end() {
        let at = |unique: u32| {
            let records = Past::of(&built_in().unwrap().origin).unwrap().records;
            let mut coverage = records[0].coverage.unwrap().a;
            coverage.argmax.unique = unique;
            coverage
        };
        let course: Vec<Coverage> = [100, 1_000, 990, 500, 1_000, 1_005, 995, 1_001, 999, 1_000]
            .map(at)
            .to_vec();
        // After the last that is more than 1 % away, which is the fourth.
        assert!((until(&course, argmax) - 0.4).abs() < 1e-12);
        assert!(growth(&course, argmax).abs() < 1e-12);
        assert!((growth(&course[..6], argmax) - 181.0).abs() < 1e-12);
        assert!(growth(&course[..5], argmax).is_nan() && until(&[], argmax).is_nan());
        let flat = vec![at(7); 8];
        assert!(until(&flat, argmax).abs() < 1e-12);
    }
}
