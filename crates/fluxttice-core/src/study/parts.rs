//! Questions of a study, and the retrainings that answer them.

use crate::config::{Config, ConfigError, Source};

/// A question that only training again can answer.
#[derive(Debug)]
pub struct Part {
    /// Name on the command line.
    pub name: &'static str,
    /// The question in words.
    pub question: &'static str,
    /// Result that is needed for the study to pass.
    pub expects: Expectation,
    /// True if one seed is enough, as for a sweep, whose neighbouring values confirm each other.
    pub one_seed: bool,
    /// Settings that are trained.
    pub arms: &'static [Arm],
}

/// Result that a part's retrainings must have in the deciding tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expectation {
    /// Every retraining passes the deciding tests.
    Passes,
    /// Every retraining fails hold-out reconstruction, because it was trained on other targets.
    LearnsNothingHeldOut,
    /// Any result will do: the part compares, and claims nothing.
    Nothing,
}

/// A setting that is trained.
#[derive(Debug, PartialEq, Eq)]
pub struct Arm {
    /// Name; the folders of its runs begin with it.
    pub name: &'static str,
    /// Changes of the configuration, `KEY=VALUE`.
    pub set: &'static [&'static str],
    /// Name of the arm that it is compared with, seed by seed; `None` for none.
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

/// Name of the arm that takes the configuration as it is given.
const AS_GIVEN: &str = "as-given";
/// Name of the arm in which whole orbits are held out.
const ORBITS: &str = "orbits";

/// All parts of a study, in the order in which they are made.
pub static PARTS: [Part; 7] = [
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
    Part {
        name: "ablations",
        question: "what does each part of the training contribute: taken out, or put back, one at a time",
        expects: Expectation::Nothing,
        one_seed: false,
        arms: &[
            against("coupled", AS_GIVEN, &["hold.rho=null"]),
            against("uncoupled", AS_GIVEN, &["hold.rho=0"]),
            against(
                "one-phase",
                AS_GIVEN,
                &[
                    "phase_transitions.entropy_expansion_end=999997",
                    "phase_transitions.consolidation_end=999998",
                    "phase_transitions.resonant_coupling_end=999999",
                    "phase_transitions.ultra_exploration_start=999999",
                ],
            ),
            against(
                "unbalanced",
                AS_GIVEN,
                &[
                    "model.gradient_balance=false",
                    "model.adaptive_scheduling=false",
                ],
            ),
            against("no-certainty", AS_GIVEN, &["beyond.certainty=null"]),
            against("no-evenness", AS_GIVEN, &["beyond.evenness=null"]),
            against("no-blur", AS_GIVEN, &["beyond.blur=null"]),
            against("no-sharpening", AS_GIVEN, &["beyond.sharpening=null"]),
        ],
    },
];

/// Returns the arm of this name.
pub(super) fn named(name: &str) -> Option<&'static Arm> {
    let arms = PARTS.iter().flat_map(|part| part.arms);
    arms.into_iter().find(|arm| arm.name == name)
}

impl Arm {
    /// Returns the given configuration with this arm's changes and with this seed.
    ///
    /// # Errors
    /// Fails with a [`ConfigError`] where the result is no valid configuration.
    pub(super) fn config(&self, given: &Config, seed: u64) -> Result<Config, ConfigError> {
        let source = Source::Text {
            name: "configuration of the study".to_owned(),
            text: given.to_yaml()?,
        };
        let mut overrides: Vec<String> = self.set.iter().map(|set| (*set).to_owned()).collect();
        overrides.push(format!("seed={seed}"));
        Ok(Config::load(source, &overrides)?.config)
    }

    /// Returns true if the arm differs from the one that it is compared with. It does not where it takes out
    /// a part that the configuration does not have.
    pub(super) fn is_another(&self, given: &Config) -> Result<bool, ConfigError> {
        let Some(other) = self.against.and_then(named) else {
            return Ok(true);
        };
        Ok(self.config(given, given.seed)? != other.config(given, given.seed)?)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    fn names(given: &Config) -> BTreeSet<&'static str> {
        let mut digests = BTreeSet::new();
        let mut names = BTreeSet::new();
        for arm in PARTS.iter().flat_map(|part| part.arms) {
            if arm.is_another(given).unwrap() {
                let config = arm.config(given, 42).unwrap();
                assert!(digests.insert(config.digest().unwrap()), "{}", arm.name);
                assert!(names.insert(arm.name), "{} twice", arm.name);
            }
        }
        names
    }

    #[test]
    fn every_arm_is_a_configuration_of_its_own_of_one_that_has_what_it_takes_out() {
        let published = names(&Config::default());
        let own = Config::load(Source::at("fluxttice".into()), &[]).unwrap();
        let own = names(&own.config);
        let only = |these: &BTreeSet<_>, those| -> Vec<&str> {
            these.difference(those).copied().collect()
        };
        assert_eq!(only(&published, &own), ["uncoupled"]);
        assert_eq!(
            only(&own, &published),
            [
                "coupled",
                "no-blur",
                "no-certainty",
                "no-evenness",
                "no-sharpening"
            ]
        );
        let arms = PARTS.iter().flat_map(|part| part.arms);
        let others = arms.filter_map(|arm| arm.against);
        assert!(
            others
                .map(named)
                .all(|other| other.unwrap().against.is_none())
        );
    }
}
