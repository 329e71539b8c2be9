//! Named figures, which are certified, printed and compared.

use serde::{Deserialize, Serialize};

use crate::vae::Scope;

/// Method by which figures of p(x) are estimated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Estimators {
    /// Estimates without bias correction, with the jackknife's standard error: certificates of version 0.1.0.
    #[default]
    Plain,
    /// Estimates corrected by the second-order jackknife. Operations are only named as
    /// rare where chance alone does not explain it.
    Corrected,
}

/// One measured number, with everything that is needed to measure it again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Name of the figure; [`definition`] returns its meaning.
    pub name: String,
    /// VAE or VAEs that are measured.
    pub vae: Scope,
    /// Object of the measurement, where the name leaves it open: an operation, a dimension, k, ρ.
    pub of: Option<String>,
    /// Measured number; `None` where it does not exist.
    pub value: Option<f64>,
    /// Number of samples or codes that the figure is computed from.
    pub samples: Option<u32>,
    /// Seed of codes and draws.
    pub seed: Option<u64>,
    /// Expected value of a uniform generator, or the largest possible value.
    pub ceiling: Option<f64>,
    /// Standard error of the value.
    pub standard_error: Option<f64>,
    /// Number before it was corrected for its bias; `None` where no correction was made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub raw: Option<f64>,
    /// Values from the first quarter and from the first half of the codes.
    pub trend: Option<[f64; 2]>,
    /// SHA-256 of the set of operations counted.
    pub digest: Option<String>,
}

impl Figure {
    /// Makes a figure with nothing but its value.
    pub(super) fn new(name: &str, vae: impl Into<Scope>, value: f64) -> Self {
        Self {
            name: name.to_owned(),
            vae: vae.into(),
            of: None,
            value: value.is_finite().then_some(value),
            samples: None,
            seed: None,
            ceiling: None,
            standard_error: None,
            raw: None,
            trend: None,
            digest: None,
        }
    }

    pub(super) fn of(mut self, of: impl Into<String>) -> Self {
        self.of = Some(of.into());
        self
    }

    pub(super) fn sampled(mut self, samples: u32, seed: u64) -> Self {
        self.samples = Some(samples);
        self.seed = Some(seed);
        self
    }

    pub(super) fn at_most(mut self, ceiling: f64) -> Self {
        self.ceiling = Some(ceiling);
        self
    }

    pub(super) fn digest(mut self, digest: String) -> Self {
        self.digest = Some(digest);
        self
    }

    /// Returns the name and its object, for people: `expected coverage`, `variance of dimension 3`.
    pub fn title(&self) -> String {
        match &self.of {
            Some(of) => format!("{} {of}", self.name),
            None => self.name.clone(),
        }
    }
}

/// Definition of a figure's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Definition {
    /// Name of the figure.
    pub name: &'static str,
    /// Unit of the value.
    pub unit: &'static str,
    /// Meaning, for readers who have nothing else at hand.
    pub definition: &'static str,
    /// True if untrained weights reliably score worse. Otherwise the figure alone does
    /// not show that a model has learned anything.
    pub ranks_untrained_below: bool,
}

const fn define(
    name: &'static str,
    unit: &'static str,
    ranks_untrained_below: bool,
    definition: &'static str,
) -> Definition {
    Definition {
        name,
        unit,
        definition,
        ranks_untrained_below,
    }
}

/// Every name, with its meaning in certificates of version 0.1.0.
const DEFINITIONS: &[Definition] = &[
    define(
        "argmax coverage",
        "operations",
        true,
        "distinct operations among the first N prior codes, every entry its most likely value",
    ),
    define(
        "categorical coverage",
        "operations",
        false,
        "distinct operations among the first N prior codes, every entry drawn once",
    ),
    define(
        "decode entropy",
        "nats",
        true,
        "mean H(x | z) over the first N prior codes; 0: a code means one operation, 9.8875: nothing",
    ),
    define(
        "mutual information",
        "nats",
        true,
        "I(z; x) = H(x) - H(x | z), H(x) the entropy of p(x); 9.8875 only where codes name operations and all get their equal share",
    ),
    define(
        "likeliest operation",
        "probability",
        true,
        "mean over prior codes of the largest p(x | z): how probable the operation is that a code most likely means",
    ),
    define(
        "starved operations",
        "operations",
        false,
        "operations with p(x) below a tenth of a uniform generator's 1 / 19,683",
    ),
    define(
        "operation entropy",
        "nats",
        false,
        "H(x) = -sum of p(x) ln p(x) over all operations",
    ),
    define(
        "mean log-likelihood",
        "nats",
        false,
        "mean over all operations of ln p(x); a uniform generator has -9.8875",
    ),
    define(
        "KL from uniform",
        "nats",
        false,
        "KL(uniform || p) = -9.8875 - mean log-likelihood; 0 for a uniform generator",
    ),
    define(
        "perplexity",
        "operations",
        false,
        "exp of minus the mean log-likelihood; 19,683 for a uniform generator",
    ),
    define(
        "sum of probabilities",
        "",
        false,
        "sum of p(x) over all operations: 1 by construction",
    ),
    define(
        "samples for 99.9 %",
        "samples",
        false,
        "fewest categorical draws whose expected coverage is 99.9 % of all operations",
    ),
    define(
        "expected coverage",
        "operations",
        false,
        "sum over all operations of 1 - (1 - p(x))^N: the average of categorical coverage, estimated from p(x)",
    ),
    define(
        "rarest operation",
        "probability",
        false,
        "p(x) of the operations generated least often",
    ),
    define(
        "argmax union",
        "operations",
        true,
        "operations covered by A or B by argmax; N samples of each",
    ),
    define(
        "argmax intersection",
        "operations",
        true,
        "operations covered by both by argmax; N samples of each",
    ),
    define(
        "argmax only A",
        "operations",
        false,
        "operations covered by A and not by B by argmax",
    ),
    define(
        "argmax only B",
        "operations",
        false,
        "operations covered by B and not by A by argmax",
    ),
    define(
        "argmax Jaccard distance",
        "",
        false,
        "1 - intersection / union of the operations covered by argmax",
    ),
    define(
        "categorical union",
        "operations",
        false,
        "operations covered by A or B by categorical draws; N samples of each",
    ),
    define(
        "categorical intersection",
        "operations",
        false,
        "operations covered by both by categorical draws; N samples of each",
    ),
    define(
        "categorical only A",
        "operations",
        false,
        "operations covered by A and not by B by categorical draws",
    ),
    define(
        "categorical only B",
        "operations",
        false,
        "operations covered by B and not by A by categorical draws",
    ),
    define(
        "categorical Jaccard distance",
        "",
        false,
        "1 - intersection / union of the operations covered by categorical draws",
    ),
    define(
        "reconstruction",
        "operations",
        true,
        "operations x with argmax decode(mu(x)) = x in all nine entries, at a permeability rho",
    ),
    define(
        "validation reconstruction",
        "operations",
        true,
        "the same among the validation split",
    ),
    define(
        "test reconstruction",
        "operations",
        true,
        "the same among the test split",
    ),
    define(
        "latent entropy",
        "nats",
        false,
        "entropy of a 50-bin histogram of mu over [-3, 3] over all operations, averaged over dimensions",
    ),
    define(
        "latent entropy difference",
        "nats",
        false,
        "absolute difference of A's and B's latent entropy",
    ),
    define(
        "active dimensions",
        "dimensions",
        false,
        "dimensions whose mu varies by more than 0.01 over all operations",
    ),
    define(
        "collapsed dimensions",
        "dimensions",
        false,
        "dimensions whose mu varies by less than 0.001 over all operations",
    ),
    define(
        "variance of dimension",
        "",
        false,
        "variance of mu over all operations",
    ),
    define(
        "KL of dimension",
        "nats",
        false,
        "mean KL of the posteriors to the prior over all operations, without a floor",
    ),
    define(
        "neighbourhood preservation",
        "share",
        false,
        "share of the k nearest codes that are among the k nearest by Hamming distance, ties at their expected share; mean over all operations",
    ),
];

/// Names that are new or have changed their meaning since then. *Jackknifed* means corrected for the bias by
/// the second-order jackknife over 16 blocks of codes, see `docs/reference/metrics.md`.
const CORRECTED: &[Definition] = &[
    define(
        "mutual information",
        "nats",
        true,
        "I(z; x) = H(x) - H(x | z), H(x) the entropy of p(x); 9.8875 only where codes name operations and all get their equal share; jackknifed",
    ),
    define(
        "likeliest operation",
        "probability",
        true,
        "mean over prior codes of the largest p(x | z): how probable the operation is that a code most likely means; jackknifed",
    ),
    define(
        "operation entropy",
        "nats",
        false,
        "H(x) = -sum of p(x) ln p(x) over all operations; jackknifed",
    ),
    define(
        "effective operations",
        "operations",
        false,
        "exp H(x): how many equally probable operations leave as much open; 19,683 for a uniform generator; jackknifed",
    ),
    define(
        "chi-squared divergence",
        "",
        false,
        "19,683 times the sum of p(x)^2, less 1; 0 for a uniform generator; jackknifed",
    ),
    define(
        "mean log-likelihood",
        "nats",
        false,
        "mean over all operations of ln p(x); a uniform generator has -9.8875; jackknifed",
    ),
    define(
        "KL from uniform",
        "nats",
        false,
        "KL(uniform || p) = -9.8875 - mean log-likelihood; 0 for a uniform generator; jackknifed",
    ),
    define(
        "perplexity",
        "operations",
        false,
        "exp of minus the mean log-likelihood; 19,683 for a uniform generator; jackknifed",
    ),
    define(
        "samples for 99.9 %",
        "samples",
        false,
        "categorical draws whose expected coverage is 99.9 % of all operations; 135,962 for a uniform generator; jackknifed",
    ),
    define(
        "expected coverage",
        "operations",
        false,
        "sum over all operations of 1 - (1 - p(x))^N: the average of categorical coverage, estimated from p(x); jackknifed",
    ),
    define(
        "rare operations",
        "operations",
        false,
        "operations whose p(x) lies below 1 / 19,683 by Bentkus' inequality (2004), for all 19,683 at once with 95 % confidence, and by so much that as many other codes would find each again",
    ),
    define(
        "rare operation",
        "probability",
        false,
        "p(x) of the rarest of them",
    ),
    define(
        "argmax chi-squared",
        "",
        false,
        "sum over all operations of (n - N / 19,683)^2 / (N / 19,683), n how often argmax gives it; 19,682 degrees of freedom",
    ),
    define(
        "argmax chi-squared deviation",
        "standard deviations",
        false,
        "(chi-squared - 19,682) / sqrt(2 * 19,682): about normal with mean 0 and deviation 1 for equal shares",
    ),
    define(
        "categorical chi-squared",
        "",
        false,
        "the same of categorical draws",
    ),
    define(
        "categorical chi-squared deviation",
        "standard deviations",
        false,
        "the same of categorical draws",
    ),
];

/// Names that figures no longer have.
const GIVEN_UP: [&str; 2] = ["starved operations", "rarest operation"];

/// Returns every name that a figure may have today.
pub fn definitions() -> impl Iterator<Item = &'static Definition> {
    let is_new = |old: &&Definition| CORRECTED.iter().all(|new| new.name != old.name);
    let kept = DEFINITIONS
        .iter()
        .filter(move |old| is_new(old) && !GIVEN_UP.contains(&old.name));
    CORRECTED.iter().chain(kept)
}

/// Returns the definition of a name; `None` for a name that this program does not know.
pub fn definition(name: &str) -> Option<&'static Definition> {
    definition_as(name, Estimators::Corrected)
}

/// Returns the present or former definition of a name.
pub fn definition_as(name: &str, estimators: Estimators) -> Option<&'static Definition> {
    let newer = CORRECTED
        .iter()
        .filter(|_| estimators == Estimators::Corrected);
    let mut known = newer.chain(DEFINITIONS);
    known.find(|definition| definition.name == name)
}
