//! The first part of the table: the network, the data and the optimizer.

use super::{KeyInfo, LAST_EPOCH, Range, key};

pub(super) const KEYS: [KeyInfo; 24] = [
    key(
        "model.input_dim",
        Range::Only(9),
        "9",
        "entries of a truth table",
    ),
    key(
        "model.latent_dim",
        Range::Only(16),
        "16",
        "width of a latent code",
    ),
    key(
        "model.rho_min",
        Range::UNIT,
        "0.1",
        "permeability ρ in phase 1",
    )
    .next_epoch(),
    key(
        "model.rho_max",
        Range::UNIT,
        "0.7",
        "permeability ρ at the end of phase 3 and in phase 4; at least `model.rho_min`",
    )
    .next_epoch(),
    key(
        "model.lambda3_base",
        Range::ANY,
        "0.3",
        "centre of λ3, the weight of the entropy alignment",
    )
    .next_epoch(),
    key(
        "model.lambda3_amplitude",
        Range::ANY,
        "0.15",
        "swing of λ3 around its centre, period 30 epochs",
    )
    .next_epoch(),
    key(
        "model.eps_kl",
        Range::ANY,
        "0.0005",
        "constant of the KL term",
    )
    .without_effect("no term of the loss reads it"),
    key(
        "model.gradient_balance",
        Range::Flag,
        "true",
        "scale the two losses against each other by their gradient norms",
    )
    .next_batch(),
    key(
        "model.adaptive_scheduling",
        Range::Flag,
        "true",
        "let the gradient ratio steer λ1, λ2, its own momentum and the gate of ρ in phase 3",
    )
    .next_epoch(),
    key(
        "model.use_statenet",
        Range::Flag,
        "true",
        "let StateNet correct the learning rate and λ on the first batch of an epoch",
    )
    .next_epoch(),
    key(
        "model.statenet_lr_scale",
        Range::NOT_NEGATIVE,
        "0.05",
        "largest relative correction of the learning rate by StateNet",
    )
    .next_epoch(),
    key(
        "model.statenet_lambda_scale",
        Range::NOT_NEGATIVE,
        "0.01",
        "largest absolute correction of λ1, λ2 and λ3 by StateNet",
    )
    .next_epoch(),
    key(
        "ternary_dataset.num_samples",
        Range::Whole {
            min: 0,
            max: u64::MAX,
        },
        "19683",
        "number of operations",
    )
    .without_effect("the data are always all 19,683 operations"),
    key(
        "ternary_dataset.exhaustive",
        Range::Flag,
        "true",
        "whether every operation is present",
    )
    .without_effect("the data are always all 19,683 operations"),
    key(
        "ternary_dataset.seed",
        Range::Whole {
            min: 0,
            max: u64::MAX,
        },
        "42",
        "a second seed",
    )
    .without_effect("the split follows the top-level `seed`"),
    key(
        "seed",
        Range::Whole {
            min: 0,
            max: u64::MAX,
        },
        "42",
        "key of every random number of the run",
    ),
    key(
        "batch_size",
        Range::Whole {
            min: 1,
            max: 19_683,
        },
        "64",
        "operations per optimizer step",
    ),
    key(
        "num_workers",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "0",
        "loader threads",
    )
    .without_effect("all data fit in memory, nothing is loaded while training"),
    key(
        "total_epochs",
        Range::Whole {
            min: 1,
            max: LAST_EPOCH,
        },
        "400",
        "length of the run in epochs, over which τ and β are stretched",
    )
    .next_epoch(),
    key(
        "optimizer.type",
        Range::OneOf(&["adamw"]),
        "adamw",
        "the optimizer",
    )
    .without_effect("AdamW is the only optimizer there is; any other name is refused"),
    key(
        "optimizer.lr_start",
        Range::RATE,
        "0.001",
        "first learning rate",
    )
    .without_effect("the table's entry for epoch 0 replaces it before the first step"),
    key(
        "optimizer.weight_decay",
        Range::NOT_NEGATIVE,
        "0.0001",
        "decoupled weight decay of AdamW",
    )
    .next_batch(),
    key(
        "optimizer.lr_schedule.N.epoch",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "0, 50, 120, 180, 220, 250, 300, 350",
        "first epoch of a step of the learning rate; the first is 0, the rest ascend",
    )
    .next_epoch(),
    key(
        "optimizer.lr_schedule.N.lr",
        Range::RATE,
        "0.001, 0.0005, 0.0003, 0.0001, 0.00005, 0.00002, 0.00001, 0.000005",
        "learning rate from that epoch on",
    )
    .next_epoch(),
];
