//! What a study asks, and the retrainings that answer it.

/// A question that only training again can answer.
#[derive(Debug)]
pub struct Part {
    /// Its name on the command line.
    pub name: &'static str,
    /// The question.
    pub question: &'static str,
    /// What must come of it for the study to pass.
    pub expects: Expectation,
    /// Whether one seed is enough: a sweep, whose neighbours speak for each other.
    pub one_seed: bool,
    /// What is trained.
    pub arms: &'static [Arm],
}

/// What must come of a part's retrainings, by the tests that decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Every one passes them.
    Passes,
    /// Every one fails hold-out reconstruction: it was trained on something else.
    LearnsNothingHeldOut,
    /// The part compares, and claims nothing.
    Nothing,
}

/// A setting that is trained.
#[derive(Debug, PartialEq, Eq)]
pub struct Arm {
    /// Its name, also that of its folders.
    pub name: &'static str,
    /// What it changes of the configuration, `KEY=VALUE`.
    pub set: &'static [&'static str],
    /// The arm that it is held against, seed by seed.
    pub against: Option<&'static str>,
}

const fn arm(name: &'static str, set: &'static [&'static str]) -> Arm {
    Arm {
        name,
        set,
        against: None,
    }
}

const fn against(name: &'static str, other: &'static str, set: &'static [&'static str]) -> Arm {
    Arm {
        name,
        set,
        against: Some(other),
    }
}

/// The configuration as it is given.
const AS_GIVEN: &str = "as-given";
/// The configuration as it is given, whole orbits held out.
const ORBITS: &str = "orbits";

/// Every part, in the order in which they are made.
pub static PARTS: [Part; 6] = [
    Part {
        name: "seeds",
        question: "how much does the seed decide: start, split, order and noise of a retraining",
        expects: Expectation::Passes,
        one_seed: false,
        arms: &[arm(AS_GIVEN, &[])],
    },
    Part {
        name: "hold-out",
        question: "does reconstruction survive where whole symmetry orbits are held out",
        expects: Expectation::Passes,
        one_seed: false,
        arms: &[against(ORBITS, AS_GIVEN, &["beyond.hold_out_orbits=true"])],
    },
    Part {
        name: "targets",
        question: "does anything leak: what is known of held-out operations where targets are shuffled",
        expects: Expectation::LearnsNothingHeldOut,
        one_seed: false,
        arms: &[against(
            "shuffled-targets",
            AS_GIVEN,
            &["beyond.shuffle_targets=true"],
        )],
    },
    Part {
        name: "statenet",
        question: "what does StateNet contribute",
        expects: Expectation::Nothing,
        one_seed: false,
        arms: &[against(
            "without-statenet",
            AS_GIVEN,
            &["model.use_statenet=false"],
        )],
    },
    Part {
        name: "beta",
        question: "from which β on does the code collapse: both β held from the first epoch on",
        expects: Expectation::Nothing,
        one_seed: true,
        arms: &[
            arm("beta-0", &["hold.beta_a=0", "hold.beta_b=0"]),
            arm("beta-0.1", &["hold.beta_a=0.1", "hold.beta_b=0.1"]),
            arm("beta-0.3", &["hold.beta_a=0.3", "hold.beta_b=0.3"]),
            arm("beta-1", &["hold.beta_a=1", "hold.beta_b=1"]),
            arm("beta-2", &["hold.beta_a=2", "hold.beta_b=2"]),
            arm("beta-4", &["hold.beta_a=4", "hold.beta_b=4"]),
            arm(
                "beta-1-no-free-bits",
                &["hold.beta_a=1", "hold.beta_b=1", "free_bits=0"],
            ),
            arm(
                "beta-4-no-free-bits",
                &["hold.beta_a=4", "hold.beta_b=4", "free_bits=0"],
            ),
        ],
    },
    Part {
        name: "options",
        question: "what does each training option of the roadmap change",
        expects: Expectation::Nothing,
        one_seed: false,
        arms: &[
            against("renamed", AS_GIVEN, &["beyond.rename_share=0.5"]),
            against("noise", AS_GIVEN, &["beyond.flip_rate=0.03"]),
            against("consistency", AS_GIVEN, &["beyond.consistency=0.1"]),
            against("composition", AS_GIVEN, &["beyond.composition=0.1"]),
            against("composition-strong", AS_GIVEN, &["beyond.composition=1"]),
            against("curriculum", AS_GIVEN, &["beyond.curriculum_epochs=50"]),
            against("skip", AS_GIVEN, &["beyond.skip_a=true"]),
            against("wide", AS_GIVEN, &["beyond.width=2"]),
        ],
    },
];

/// The arm of this name.
pub(super) fn named(name: &str) -> Option<&'static Arm> {
    let arms = PARTS.iter().flat_map(|part| part.arms);
    arms.into_iter().find(|arm| arm.name == name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::config::{Config, Source};

    #[test]
    fn every_arm_is_a_configuration_of_its_own_and_held_against_one_there_is() {
        let mut names = BTreeSet::new();
        let mut digests = BTreeSet::new();
        for arm in PARTS.iter().flat_map(|part| part.arms) {
            assert!(names.insert(arm.name), "{} twice", arm.name);
            let overrides: Vec<String> = arm.set.iter().map(|set| (*set).to_owned()).collect();
            let config = Config::load(Source::BuiltIn, &overrides).unwrap().config;
            assert!(digests.insert(config.digest().unwrap()), "{}", arm.name);
            if let Some(other) = arm.against {
                assert!(named(other).is_some_and(|other| other.against.is_none()));
            }
        }
    }
}
