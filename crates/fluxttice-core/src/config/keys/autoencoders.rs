//! The second part of the table: the two autoencoders and their controller.

use super::{KeyInfo, LAST_EPOCH, Range, key};

pub(super) const KEYS: [KeyInfo; 20] = [
    key(
        "vae_a.beta_start",
        Range::NOT_NEGATIVE,
        "0.3",
        "β_A at the end of its warm-up",
    )
    .next_epoch(),
    key(
        "vae_a.beta_end",
        Range::NOT_NEGATIVE,
        "0.8",
        "β_A at the end of the run",
    )
    .next_epoch(),
    key(
        "vae_a.beta_warmup_epochs",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "50",
        "epochs in which β_A rises from 0 to `vae_a.beta_start`",
    )
    .next_epoch(),
    key(
        "vae_a.temp_start",
        Range::POSITIVE,
        "1.0",
        "τ_A at epoch 0, before the cosine",
    )
    .next_epoch(),
    key(
        "vae_a.temp_end",
        Range::POSITIVE,
        "0.3",
        "τ_A at the end of the run, before the cosine",
    )
    .next_epoch(),
    key(
        "vae_a.temp_cyclic",
        Range::Flag,
        "true",
        "add a cosine with a period of 30 epochs to τ_A",
    )
    .next_epoch(),
    key(
        "vae_a.temp_boost_amplitude",
        Range::NOT_NEGATIVE,
        "0.5",
        "amplitude of that cosine in phase 4; null keeps the tenth of τ_A of the other phases",
    )
    .optional()
    .next_epoch(),
    key(
        "vae_b.beta_start",
        Range::NOT_NEGATIVE,
        "0.0",
        "β_B at the end of its warm-up",
    )
    .next_epoch(),
    key(
        "vae_b.beta_end",
        Range::NOT_NEGATIVE,
        "0.5",
        "β_B at the end of the run",
    )
    .without_effect(
        "after its warm-up β_B follows β_A, times abs(sin) of `controller.beta_phase_lag`",
    ),
    key(
        "vae_b.beta_warmup_epochs",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "50",
        "epochs in which β_B rises from 0 to `vae_b.beta_start`; after them it follows β_A",
    )
    .next_epoch(),
    key(
        "vae_b.temp_start",
        Range::POSITIVE,
        "0.9",
        "τ_B until `controller.temp_lag` epochs have passed",
    )
    .next_epoch(),
    key(
        "vae_b.temp_end",
        Range::POSITIVE,
        "0.2",
        "τ_B towards which the run is heading",
    )
    .next_epoch(),
    key(
        "vae_b.temp_phase4",
        Range::POSITIVE,
        "0.3",
        "τ_B in phase 4; null lets it go on towards `vae_b.temp_end`",
    )
    .optional()
    .next_epoch(),
    key(
        "vae_b.entropy_weight",
        Range::NOT_NEGATIVE,
        "0.05",
        "weight w_H of the output entropy S_B, in nats, which lowers the loss",
    )
    .next_batch(),
    key(
        "vae_b.repulsion_weight",
        Range::NOT_NEGATIVE,
        "0.01",
        "weight w_R of the repulsion R_B between the codes of a batch",
    )
    .next_batch(),
    key(
        "free_bits",
        Range::NOT_NEGATIVE,
        "0.5",
        "floor of every latent element of the KL term, in nats; 0 turns it off",
    )
    .next_batch(),
    key(
        "controller.temp_lag",
        Range::Whole {
            min: 0,
            max: LAST_EPOCH,
        },
        "30",
        "epochs by which τ_B trails τ_A",
    )
    .next_epoch(),
    key(
        "controller.beta_phase_lag",
        Range::ANY,
        "0.785",
        "angle φ in radians in β_B = β_A · abs(sin φ)",
    )
    .next_epoch(),
    key(
        "controller.entropy_ema_alpha",
        Range::ANY,
        "0.9",
        "momentum of an entropy average",
    )
    .without_effect("no entropy average is kept"),
    key(
        "controller.dH_dt_threshold",
        Range::ANY,
        "0.05",
        "threshold of an entropy slope",
    )
    .without_effect("no entropy slope is computed"),
];
