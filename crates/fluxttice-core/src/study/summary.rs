//! Summary of the retrainings of one arm.

use serde::Serialize;

use super::outcome::Outcome;
use super::parts::{Arm, Expectation, Part};
use crate::statistics::{interval, mean};
use crate::vae::Vae;
use crate::validation::{Group, HOLD_OUT, Score, Verdict};

/// Results of an arm over its seeds.
#[derive(Clone, Debug, Serialize)]
pub struct Summary {
    /// Name of the part.
    pub part: &'static str,
    /// Name of the arm.
    pub arm: &'static str,
    /// Changes of the configuration, `KEY=VALUE`.
    pub set: &'static [&'static str],
    /// Name of the arm that it is compared with; `None` for none.
    pub against: Option<&'static str>,
    /// Seeds, in the order of every list of values.
    pub seeds: Vec<u64>,
    /// Number of trained epochs, by seed.
    pub epochs: Vec<u32>,
    /// Seed of codes, draws and choices of the tests; `None` without a retraining.
    pub measure_seed: Option<u64>,
    /// Results of every test, for A and for B.
    pub tested: Vec<Tested>,
    /// Verdicts that the part did not expect.
    pub surprises: Vec<Surprise>,
}

/// Results of a test over the seeds.
#[derive(Clone, Debug, Serialize)]
pub struct Tested {
    /// Name of the test.
    pub test: String,
    /// Group of tests that it belongs to.
    pub group: Group,
    /// VAE that is tested.
    pub which: Vae,
    /// Values by seed; `None` where a value is not a number.
    pub values: Vec<Option<f64>>,
    /// Mean of the values; `None` where one is missing.
    pub mean: Option<f64>,
    /// Student's 95 % interval of the mean; `None` with one seed.
    pub interval: Option<[f64; 2]>,
    /// Number of seeds that pass.
    pub passes: usize,
    /// Difference from the arm that it is compared with; `None` without one, or where a value is missing.
    pub difference: Option<Difference>,
}

/// A difference between two arms, seed by seed.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Difference {
    /// Mean difference over the seeds.
    pub mean: f64,
    /// Student's 95 % interval of the mean; `None` with one seed.
    pub interval: Option<[f64; 2]>,
}

impl Difference {
    fn of(differences: &[f64]) -> Self {
        Self {
            mean: mean(differences.iter().copied()),
            interval: interval(differences),
        }
    }

    /// Returns true if there is an interval and it does not contain 0.
    pub fn is_shown(&self) -> bool {
        self.interval
            .is_some_and(|[low, high]| low > 0.0 || high < 0.0)
    }
}

/// A verdict that the part did not expect.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Surprise {
    /// Name of the test.
    pub test: String,
    /// VAE that is tested.
    pub which: Vae,
    /// Seed of the retraining.
    pub seed: u64,
    /// Verdict that was found.
    pub verdict: Verdict,
}

impl Summary {
    /// Summarizes an arm of a part over these seeds; `found` returns the outcome of an arm and a seed.
    pub(super) fn new<'a>(
        part: &'static Part,
        arm: &'static Arm,
        seeds: &[u64],
        found: &impl Fn(&str, u64) -> Option<&'a Outcome>,
    ) -> Self {
        let outcomes = |name: &str| -> Vec<&'a Outcome> {
            seeds.iter().filter_map(|seed| found(name, *seed)).collect()
        };
        let own = outcomes(arm.name);
        let others = arm.against.map(outcomes);
        let scores = own.first().map_or(&[][..], |first| &first.scores);
        let tested = |score: &Score| tested(score, &own, others.as_deref());
        Self {
            part: part.name,
            arm: arm.name,
            set: arm.set,
            against: arm.against,
            seeds: seeds.to_vec(),
            epochs: own.iter().map(|outcome| outcome.epochs).collect(),
            measure_seed: own.first().map(|outcome| outcome.seed),
            tested: scores.iter().map(tested).collect(),
            surprises: surprises(part.expects, seeds, &own),
        }
    }

    /// Returns the results of a test for one VAE; `None` where there are none.
    pub fn tested(&self, test: &str, which: Vae) -> Option<&Tested> {
        let wanted = |tested: &&Tested| tested.test == test && tested.which == which;
        self.tested.iter().find(wanted)
    }
}

fn tested(score: &Score, own: &[&Outcome], others: Option<&[&Outcome]>) -> Tested {
    let scores = |outcomes: &[&Outcome]| -> Vec<Option<Score>> {
        let of = |outcome: &&Outcome| outcome.score(&score.test, score.which).cloned();
        outcomes.iter().map(of).collect()
    };
    let value = |score: &Option<Score>| score.as_ref().and_then(|score| score.value);
    let own = scores(own);
    let all: Vec<Option<f64>> = own.iter().map(value).collect();
    let numbers: Option<Vec<f64>> = all.iter().copied().collect();
    let difference = others.and_then(|others| {
        let others = scores(others);
        let pairs = all.iter().zip(others.iter().map(value));
        let differences: Option<Vec<f64>> =
            pairs.map(|(own, other)| Some((*own)? - other?)).collect();
        differences.as_deref().map(Difference::of)
    });
    let passes = |score: &&Score| score.verdict == Verdict::Passes;
    Tested {
        test: score.test.clone(),
        group: score.group,
        which: score.which,
        mean: numbers.as_ref().map(|all| mean(all.iter().copied())),
        interval: numbers.as_deref().and_then(interval),
        passes: own.iter().flatten().filter(passes).count(),
        values: all,
        difference,
    }
}

fn surprises(expects: Expectation, seeds: &[u64], own: &[&Outcome]) -> Vec<Surprise> {
    let surprising = |score: &&Score| match expects {
        Expectation::Passes => score.group == Group::Deciding && score.verdict != Verdict::Passes,
        Expectation::LearnsNothingHeldOut => {
            score.test == HOLD_OUT && score.verdict != Verdict::Fails
        }
        Expectation::Nothing => false,
    };
    let of_seed = |(seed, outcome): (&u64, &&Outcome)| {
        let seed = *seed;
        let found = outcome.scores.iter().filter(surprising);
        found
            .map(|score| Surprise {
                test: score.test.clone(),
                which: score.which,
                seed,
                verdict: score.verdict,
            })
            .collect::<Vec<_>>()
    };
    seeds.iter().zip(own).flat_map(of_seed).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::EndReason;

    fn outcome(value: f64, verdict: Verdict) -> Outcome {
        Outcome {
            version: 1,
            program: String::new(),
            weights: String::new(),
            epochs: 5,
            end: EndReason::Finished,
            seed: 0,
            scores: vec![Score {
                test: HOLD_OUT.to_owned(),
                group: Group::Deciding,
                which: Vae::A,
                value: Some(value),
                untrained: None,
                baseline: None,
                bound: String::new(),
                verdict,
            }],
        }
    }

    static ARM: Arm = Arm {
        name: "own",
        set: &[],
        against: Some("other"),
    };

    fn summary(expects: Expectation, verdict: Verdict) -> Summary {
        let part = Box::leak(Box::new(Part {
            name: "part",
            question: "",
            expects,
            one_seed: false,
            arms: &[],
        }));
        let own = [0.5, 0.7, 0.9].map(|value| outcome(value, verdict));
        // The seeds differ by far more than the arms do.
        let other = [0.4, 0.61, 0.79].map(|value| outcome(value, verdict));
        Summary::new(part, &ARM, &[3, 1, 2], &|arm: &str, seed: u64| {
            let place = [3, 1, 2].iter().position(|own| *own == seed)?;
            let all = if arm == "own" { &own } else { &other };
            // The closure gives what outlives it.
            Some(&*Box::leak(Box::new(all[place].clone())))
        })
    }

    #[test]
    fn arms_are_compared_seed_by_seed() {
        let found = summary(Expectation::Nothing, Verdict::Passes);
        let tested = found.tested(HOLD_OUT, Vae::A).unwrap();
        assert_eq!((found.seeds.len(), tested.passes), (3, 3));
        assert!((tested.mean.unwrap() - 0.7).abs() < 1e-12);
        let difference = tested.difference.as_ref().unwrap();
        // 0.10, 0.09, 0.11.
        assert!((difference.mean - 0.1).abs() < 1e-12);
        let [low, high] = difference.interval.unwrap();
        assert!((high - low - 2.0 * 4.303 * 0.01 / 3f64.sqrt()).abs() < 1e-9);
        assert!(difference.is_shown() && found.surprises.is_empty());
    }

    #[test]
    fn what_a_part_does_not_expect_is_named() {
        use Verdict::{DoesNotDiscriminate, Fails, Passes};
        for (expects, verdict, surprising) in [
            (Expectation::Passes, Passes, &[][..]),
            (Expectation::Passes, Fails, &[3, 1, 2]),
            (Expectation::Passes, DoesNotDiscriminate, &[3, 1, 2]),
            (Expectation::LearnsNothingHeldOut, Fails, &[]),
            (Expectation::LearnsNothingHeldOut, Passes, &[3, 1, 2]),
            (Expectation::Nothing, Fails, &[]),
        ] {
            let found = summary(expects, verdict).surprises;
            let seeds: Vec<u64> = found.into_iter().map(|surprise| surprise.seed).collect();
            assert_eq!(seeds, surprising, "{expects:?} {verdict:?}");
        }
    }
}
