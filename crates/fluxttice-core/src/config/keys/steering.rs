//! The fourth part of the table: keys that the published file does not have. All are off by default.

use super::{Bound, KeyInfo, LAST_EPOCH, Range, key};

/// Range of a weight of the KL term, or of a temperature: as far as a disruption may push it.
const UP_TO_10: Range = Range::Real {
    min: Bound::Closed(0.0),
    max: Bound::Closed(10.0),
};

pub(super) const KEYS: [KeyInfo; 32] = [
    held(
        "hold.rho",
        Range::UNIT,
        "permeability ρ, held here instead of following its schedule",
    ),
    held(
        "hold.beta_a",
        UP_TO_10,
        "β_A, held here instead of following its schedule",
    ),
    held(
        "hold.beta_b",
        UP_TO_10,
        "β_B, held here instead of following its schedule",
    ),
    held(
        "hold.temperature_a",
        UP_TO_10,
        "τ_A, held here instead of following its schedule",
    ),
    held(
        "hold.temperature_b",
        UP_TO_10,
        "τ_B, held here instead of following its schedule",
    ),
    held(
        "hold.lambda1",
        Range::UNIT,
        "λ1, held here: neither the gradient ratio nor StateNet moves it",
    ),
    held(
        "hold.lambda2",
        Range::UNIT,
        "λ2, held here: neither the gradient ratio nor StateNet moves it",
    ),
    held(
        "hold.lambda3",
        Range::UNIT,
        "λ3, held here instead of following its schedule; StateNet does not move it",
    ),
    held(
        "hold.learning_rate",
        Range::Real {
            min: Bound::Closed(0.0),
            max: Bound::Closed(0.01),
        },
        "learning rate, held here instead of following its table; StateNet does not move it",
    ),
    key(
        "stopping.by",
        Range::OneOf(&["validation_loss", "argmax_coverage", "information"]),
        "null",
        "figure that must get better within `patience` epochs; null is the published validation loss",
    )
    .optional()
    .added()
    .next_epoch(),
    key(
        "stopping.minimum_gain",
        Range::NOT_NEGATIVE,
        "null",
        "by how much it must get better to count, in nats or points of coverage; null is 0",
    )
    .optional()
    .added()
    .next_epoch(),
    key(
        "stopping.information_every",
        Range::Whole {
            min: 1,
            max: LAST_EPOCH,
        },
        "10",
        "epochs between two measurements of I(z; x), on the codes that coverage is counted from; the last one is measured as well, on 400,000; null measures none",
    )
    .optional()
    .added()
    .next_epoch(),
    key(
        "stopping.roll_back",
        Range::Whole { min: 1, max: 100 },
        "null",
        "how often a run that diverges goes back to the end of the last epoch, with half the learning rate from there on; then, and with null at once, it ends",
    )
    .optional()
    .added()
    .next_epoch(),
    key(
        "beyond.align_spread",
        Range::Flag,
        "null",
        "let λ3 weigh the difference of A's and B's Gaussian entropies as well, which has a gradient; the published alignment has none",
    )
    .optional()
    .added()
    .next_batch(),
    key(
        "beyond.statenet_rate",
        Range::RATE,
        "null",
        "learning rate of StateNet, taught once an epoch by the hypergradient of the learning rate; null leaves it untrained, as published",
    )
    .optional()
    .added()
    .next_epoch(),
    key(
        "beyond.hold_out_orbits",
        Range::Flag,
        "null",
        "make the validation and test splits of whole orbits under relabelling (values and arguments) and swap of inputs, so that nothing held out is another name of what is trained on; the published split is by single operations",
    )
    .optional()
    .added(),
    key(
        "beyond.shuffle_targets",
        Range::Flag,
        "null",
        "train every operation to be decoded to another one, by a permutation of all that is a function of the seed: what such a model knows of held-out operations leaked",
    )
    .optional()
    .added(),
    key(
        "beyond.rename_share",
        Range::UNIT,
        "null",
        "share of training operations shown, and asked for, with -, 0 and + renamed in the whole table (permutation augmentation); never as one that is held out",
    )
    .optional()
    .added()
    .next_batch(),
    key(
        "beyond.flip_rate",
        Range::UNIT,
        "null",
        "probability of each entry of a training operation to be shown with another value, while the clean operation is asked for (noise augmentation)",
    )
    .optional()
    .added()
    .next_batch(),
    key(
        "beyond.consistency",
        Range::NOT_NEGATIVE,
        "null",
        "weight in the loss of the squared distance between the codes μ(x) and μ(x'), x' being x with one entry changed, A's and B's together; never with an x' that is held out",
    )
    .optional()
    .added()
    .next_batch(),
    key(
        "beyond.composition",
        Range::NOT_NEGATIVE,
        "null",
        "weight in the loss of the squared distance between μ(a) + μ(b) and μ(a + b), a + b being the sum modulo 3 of neighbours in the batch, A's and B's together; never with a sum that is held out",
    )
    .optional()
    .added()
    .next_batch(),
    key(
        "beyond.curriculum_epochs",
        Range::Whole {
            min: 1,
            max: LAST_EPOCH,
        },
        "null",
        "epochs over which training goes from the operations with most zeros to all of them, a larger share in each epoch (curriculum); null trains on all from the start",
    )
    .optional()
    .added()
    .next_epoch(),
    key(
        "beyond.certainty",
        Range::NOT_NEGATIVE,
        "null",
        "weight in the loss of the decode entropy of prior codes, in nats, A's and B's together: that a code means one operation",
    )
    .optional()
    .added()
    .next_batch(),
    key(
        "beyond.evenness",
        Range::NOT_NEGATIVE,
        "null",
        "weight in the loss of 19,683 times the sum of squared probabilities of all operations, less 1, A's and B's together: that the operations share the prior",
    )
    .optional()
    .added()
    .next_batch(),
    key(
        "beyond.blur",
        Range::UNIT,
        "null",
        "share of each entry's probability that is spread over the three values before `evenness` is taken: dependence among k entries then counts (1 - blur) to the power of 2k; null is 0",
    )
    .optional()
    .added()
    .next_batch(),
    key(
        "beyond.prior_codes",
        Range::Whole { min: 2, max: 4_096 },
        "null",
        "prior codes of each VAE in a batch for `certainty` and `evenness`; null is 256",
    )
    .optional()
    .added()
    .next_batch(),
    key(
        "beyond.sharpening",
        Range::FACTOR,
        "null",
        "factor by which the logits of both decoders grow at the end of the run, by their last layers' weights, beside what they learn (deterministic annealing)",
    )
    .optional()
    .added()
    .next_epoch(),
    key(
        "beyond.sharpening_epochs",
        Range::Whole {
            min: 1,
            max: LAST_EPOCH,
        },
        "null",
        "last epochs of the run over which `sharpening` is spread, equal factors each; null is all epochs",
    )
    .optional()
    .added()
    .next_epoch(),
    key(
        "beyond.smooth_rate",
        Range::Flag,
        "null",
        "let the learning rate go in straight lines from one entry of `optimizer.lr_schedule` to the next, instead of in steps",
    )
    .optional()
    .added()
    .next_epoch(),
    key(
        "beyond.skip_a",
        Range::Flag,
        "null",
        "add the input of each hidden layer of VAE-A's decoder to its output, as VAE-B's residual blocks do; no parameters",
    )
    .optional()
    .added(),
    key(
        "beyond.width",
        Range::Whole { min: 1, max: 3 },
        "null",
        "how many times as wide as published every hidden layer of the two VAEs is; 2 makes 168,770 parameters 635,362",
    )
    .optional()
    .added(),
    key(
        "rules.N",
        Range::Text,
        "null",
        "a disruption that starts by itself: \"when FIGURE gains less than X in N epochs then DISRUPTION\" or \"when FIGURE above (or below) X for N epochs then DISRUPTION\"",
    )
    .added()
    .next_epoch(),
];

const fn held(name: &'static str, range: Range, meaning: &'static str) -> KeyInfo {
    key(name, range, "null", meaning)
        .optional()
        .added()
        .next_batch()
}
