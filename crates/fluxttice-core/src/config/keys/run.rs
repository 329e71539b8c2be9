//! The third part of the table: the run itself, its measurements and its phases.

use super::{KeyInfo, LAST_EPOCH, Range, key};

pub(super) const KEYS: [KeyInfo; 23] = [
    key(
        "grad_clip",
        Range::POSITIVE,
        "1.0",
        "largest global gradient norm over all parameters",
    )
    .next_batch(),
    key(
        "patience",
        Range::Whole {
            min: 1,
            max: LAST_EPOCH,
        },
        "100",
        "epochs without a better figure after which the run stops; as published the figure is the validation loss",
    )
    .next_epoch(),
    key(
        "min_delta",
        Range::ANY,
        "0.0001",
        "smallest improvement of the validation loss; the key for one is `stopping.minimum_gain`",
    )
    .without_effect("any lower validation loss counts as better"),
    key(
        "coverage_plateau_patience",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "100",
        "epochs of flat coverage",
    )
    .without_effect("coverage ends a run only by `stopping.by`, after `patience` epochs"),
    key(
        "min_coverage_delta",
        Range::ANY,
        "0.001",
        "smallest change of coverage",
    )
    .without_effect("coverage ends a run only by `stopping.by`, with `stopping.minimum_gain`"),
    key(
        "log_interval",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "1",
        "epochs between log lines",
    )
    .without_effect("every epoch is logged"),
    key(
        "checkpoint_freq",
        Range::Whole {
            min: 1,
            max: LAST_EPOCH,
        },
        "10",
        "epochs between numbered checkpoints",
    )
    .next_epoch(),
    key(
        "checkpoint_dir",
        Range::Text,
        "sandbox-training/checkpoints/v5_5",
        "folder for checkpoints",
    )
    .without_effect("checkpoints lie in the folder of their run"),
    key(
        "eval_num_samples",
        Range::Whole {
            min: 1,
            max: 10_000_000,
        },
        "195000",
        "prior codes decoded per autoencoder to count categorical coverage; argmax coverage takes 50,000, or as many where they are fewer",
    )
    .next_epoch(),
    key(
        "eval_interval",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "1",
        "epochs between evaluations",
    )
    .without_effect("every epoch is evaluated"),
    key(
        "coverage_check_interval",
        Range::Whole {
            min: 1,
            max: LAST_EPOCH,
        },
        "1",
        "epochs between coverage counts, the last epoch is counted in any case; where the gradient ratio is balanced, λ1 and λ2 follow the newest count",
    )
    .next_epoch(),
    key(
        "train_split",
        Range::SHARE,
        "0.8",
        "share of the operations to train on, rounded down",
    ),
    key(
        "val_split",
        Range::SHARE,
        "0.1",
        "share of the operations to validate on, rounded down",
    ),
    key(
        "test_split",
        Range::SHARE,
        "0.1",
        "share held back; completes the other two to 1",
    )
    .without_effect(
        "what the other two shares leave is held back; this one is only checked to say the same",
    ),
    key(
        "target_coverage_percent",
        Range::ANY,
        "95.0",
        "coverage aimed for, in percent",
    )
    .without_effect("nothing compares a run with it"),
    key(
        "target_kld_min",
        Range::ANY,
        "0.3",
        "smallest KL aimed for, in nats",
    )
    .without_effect("nothing compares a run with it"),
    key(
        "target_kld_max",
        Range::ANY,
        "1.0",
        "largest KL aimed for, in nats",
    )
    .without_effect("nothing compares a run with it"),
    key(
        "target_recon_accuracy",
        Range::ANY,
        "85.0",
        "reconstruction accuracy aimed for, in percent",
    )
    .without_effect("nothing compares a run with it"),
    key(
        "phase_transitions.entropy_expansion_end",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "40",
        "first epoch of phase 2",
    )
    .next_epoch(),
    key(
        "phase_transitions.consolidation_end",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "120",
        "first epoch of phase 3; above `entropy_expansion_end`",
    )
    .next_epoch(),
    key(
        "phase_transitions.resonant_coupling_end",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "250",
        "first epoch of phase 4; above `consolidation_end`",
    ),
    key(
        "phase_transitions.ultra_exploration_start",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "250",
        "the same border by its other name; must equal `resonant_coupling_end`",
    ),
    key(
        "phase_transitions.statenet_warm_start",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "20",
        "epoch of StateNet's first correction",
    )
    .without_effect("StateNet corrects from epoch 0 on"),
];
