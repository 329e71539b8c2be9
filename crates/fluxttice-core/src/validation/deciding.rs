//! The deciding tests, which were named before any model was measured.

use super::Trial;
use super::finding::{Bound, Group, Measured, Method, Test};
use super::lab::Lab;
use super::statistics::{exact, share};
use crate::measure::{Estimators, Mean, mean_kl};
use crate::model::LATENT;
use crate::space::{MOST_ENTROPY, OPERATIONS};
use crate::vae::{PerVae, Vae};

/// Name of the test that reconstructs operations of the test split.
pub const HOLD_OUT: &str = "hold-out reconstruction";
/// Mean KL of a dimension to the prior, in nats, above which the dimension carries information.
const CARRIES: f64 = 0.1;

/// Baseline: a decoder that answers the same operation, or the same distribution, to every code.
const DEAF: &str = "a decoder that ignores its code";

pub(super) static TRIALS: &[Trial] = &[
    Trial {
        test: Test {
            name: HOLD_OUT,
            group: Group::Deciding,
            unit: "share",
            definition: "operations of the test split that argmax decode(μ(x)) gives back in all nine entries, at ρ = 0: neither trained on nor used to choose the epoch",
            baseline: DEAF,
            bound: Bound::AtLeast(0.9),
            source: "published: more than 90 %",
            margin: 0.5,
            interval: Method::Wilson,
        },
        measure: hold_out,
        chance: |lab| PerVae::both(1.0 / lab.past.test.len() as f64),
    },
    Trial {
        test: Test {
            name: "argmax coverage",
            group: Group::Deciding,
            unit: "operations of 50,000 codes",
            definition: "distinct operations among 50,000 prior codes, every entry its most likely value; at most 18,131 are to be expected of any generator",
            baseline: DEAF,
            bound: Bound::AtLeast(16_731.0),
            source: "85 % of all, the published 86 % less a point for the seed",
            margin: 5_000.0,
            interval: Method::None,
        },
        measure: coverage,
        chance: |_| PerVae::both(1.0),
    },
    Trial {
        test: Test {
            name: "decode entropy",
            group: Group::Deciding,
            unit: "nats",
            definition: "mean H(x | z) over 50,000 prior codes: 0 where a code means one operation, 9.8875 where it means nothing; one who always answers the same is certain too, and fails by coverage and information",
            baseline: "a decoder that ignores its code, and answers with all operations alike",
            bound: Bound::AtMost(MOST_ENTROPY / 4.0),
            source: "ours: a quarter of what a code that means nothing leaves open",
            margin: 2.0,
            interval: Method::None,
        },
        measure: decode_entropy,
        chance: |_| PerVae::both(MOST_ENTROPY),
    },
    Trial {
        test: Test {
            name: "mutual information",
            group: Group::Deciding,
            unit: "nats",
            definition: "I(z; x) = H(x) - H(x | z) over 200,000 prior codes; at most 9.8875",
            baseline: DEAF,
            bound: Bound::AtLeast(0.75 * MOST_ENTROPY),
            source: "ours: three quarters of the limit",
            margin: 2.0,
            interval: Method::Blocks,
        },
        measure: information,
        chance: |_| PerVae::both(0.0),
    },
    Trial {
        test: Test {
            name: "latent activity",
            group: Group::Deciding,
            unit: "dimensions of 16",
            definition: "latent dimensions whose posteriors are more than 0.1 nats from the prior, on average over all operations",
            baseline: "an encoder that answers with the prior",
            bound: Bound::AtLeast(9.0),
            source: "published: more than 8 effective dimensions",
            margin: 3.0,
            interval: Method::None,
        },
        measure: activity,
        chance: |_| PerVae::both(0.0),
    },
];

fn hold_out(lab: &Lab) -> PerVae<Measured> {
    let test = &lab.past.test;
    let known = |vae: Vae| lab.alone[vae].intersection(test).len();
    PerVae::from_fn(|vae| share(known(vae), test.len()))
}

pub(super) fn coverage(lab: &Lab) -> PerVae<Measured> {
    let found = |vae: Vae| lab.prior[vae].covered.first();
    PerVae::from_fn(|vae| {
        let unique = found(vae).map(|covered| covered.coverage.argmax);
        exact(
            unique.map_or(f64::NAN, |unique| f64::from(unique.unique)),
            unique.map_or(0, |unique| unique.samples as usize),
        )
    })
}

fn decode_entropy(lab: &Lab) -> PerVae<Measured> {
    let found = |vae: Vae| lab.prior[vae].covered.first();
    PerVae::from_fn(|vae| {
        let coverage = found(vae).map(|covered| covered.coverage);
        exact(
            coverage.map_or(f64::NAN, |coverage| coverage.decode_entropy),
            coverage.map_or(0, |coverage| coverage.argmax.samples as usize),
        )
    })
}

fn information(lab: &Lab) -> PerVae<Measured> {
    PerVae::from_fn(|vae| match &lab.prior[vae].generator {
        None => exact(f64::NAN, 0),
        Some(generator) => {
            let codes = generator.codes();
            match lab.estimators {
                Estimators::Plain => exact(generator.mean().mutual_information(), codes as usize),
                Estimators::Corrected => {
                    let found = generator.estimate(Mean::mutual_information).corrected;
                    Measured {
                        value: found.map_or(f64::NAN, |found| found.value),
                        interval: found.map(|found| found.interval()),
                        method: Method::Blocks,
                        samples: codes,
                    }
                }
            }
        }
    })
}

fn activity(lab: &Lab) -> PerVae<Measured> {
    PerVae::from_fn(|vae| {
        let posteriors = &lab.posteriors[vae];
        let kl = mean_kl(&posteriors.mu, &posteriors.log_variance, LATENT);
        let active = kl.iter().filter(|kl| **kl > CARRIES).count();
        exact(active as f64, OPERATIONS)
    })
}
